// K states, each with its own parameters of one family p(x; θ): Emissions from a small class.
//
// A family of your own over one column is three functions:
//
//   struct Rayleigh {
//     double scale_squared = 1;
//     double log_density(double x) const { return std::log(x / scale_squared) - x * x / (2 * scale_squared); }
//     static std::array<double, 1> statistics(double x) { return {x * x}; }          // T(x)
//     void fit(double weight, std::span<const double> sums) { scale_squared = sums[0] / (2 * weight); }
//   };
//   fit(Mixture(Independent<Rayleigh>(2)), data, options);
//
// `fit` is the weighted maximum likelihood fit from Σ r and Σ r T(x). A missing cell drops out. What else a family may
// offer is listed at Family below.
#pragma once

#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include <jensen/concepts.h>
#include <jensen/emissions/optional.h>
#include <jensen/emissions/parameter_group.h>
#include <jensen/error.h>

namespace jensen {

/// How a weighted fit ended: an empty reason is a sound fit.
struct FamilyFit {
  std::string reason;
  bool fatal = true;  ///< no valid fit exists; what the object holds afterwards does not matter
};

// Laid out by hand: clang-format 14 does not know concepts.
// clang-format off

/// One column, statistics that do not depend on θ.
template <class F>
concept PlainFamily = std::copy_constructible<F> && requires(const F f, F next, double x, double weight, std::span<const double> sums) {
  { f.log_density(x) } -> std::convertible_to<double>;
  f.statistics(x).size();  // a std::array
  next.fit(weight, sums);
};

/// The general form: rows of several columns, statistics about reference points, latents of its own.
template <class F>
concept RowFamily = std::copy_constructible<F> && requires(const F f, F next, double weight, std::span<const double> row, Slice s, ConstSlice c) {
  { f.columns() } -> std::convertible_to<int>;
  { f.layout() } -> std::same_as<Layout>;
  { f.log_density(row) } -> std::convertible_to<double>;
  f.add(row, weight, s);    // adds weight · T(row) to s.sum; returns weight × the entropy of its own latents, or void
  next.fit(weight, c);      // argmax of Σ r log p(x; θ), given Σ r; returns FamilyFit, or void
};

/// Optional, in either form: expected_log_density(weight, sums), parameters(), set_parameters(v), groups() (the
/// parameters' names and domains), sample(Stream&) or sample(Stream&, row), problem(x) or problem(row) (why a cell is
/// outside the family's domain; empty if it is not), missing(row), name(), tentative(), move(weight, from, to),
/// `static constexpr bool can_collapse` (the likelihood of some data is unbounded, so that a prior is wanted).
template <class F>
concept Family = PlainFamily<F> || RowFamily<F>;
// clang-format on

template <Family F>
class Independent {
 public:
  struct Scratch {
    std::vector<double> row;
  };

  /// K states with the same parameters. Throws ArgumentError unless states ≥ 1.
  explicit Independent(int states, F family = F()) {
    if (states < 1) throw ArgumentError("Independent", "states", "must be ≥ 1, got " + std::to_string(states));
    families_.assign(static_cast<std::size_t>(states), std::move(family));
  }
  /// One family by state; they differ in parameters alone.
  explicit Independent(std::vector<F> families) : families_(std::move(families)) {
    if (families_.empty()) throw ArgumentError("Independent", "families", "are none");
  }

  const F& operator[](int k) const { return families_[static_cast<std::size_t>(k)]; }
  F& operator[](int k) { return families_[static_cast<std::size_t>(k)]; }

  std::string name() const { return optional::name(families_.front()); }
  int states() const { return static_cast<int>(families_.size()); }
  int columns() const {
    if constexpr (RowFamily<F>) return families_.front().columns();
    return 1;
  }
  bool can(Capability capability) const {
    switch (capability) {
      case Capability::expected_log_joint:
      case Capability::global_bound: return has_expected_log_density;
      case Capability::unconstrained:
      case Capability::parameters:
      case Capability::free_parameters: return has_parameters;
      case Capability::move: return moves();
      case Capability::sample: return samples_rows || samples_cells;
      default: return true;
    }
  }

  // Statistics: Σ r of all states, then T of state 0, of state 1, …; reference points likewise.
  Layout layout() const {
    const Layout own = family_layout();
    return {families_.size() * (1 + own.sum), families_.size() * own.about};
  }
  void reference(std::span<double> about) const {
    if constexpr (requires { families_.front().reference(about); }) {
      const auto size = family_layout().about;
      for (std::size_t k = 0; k < families_.size(); ++k) families_[k].reference(about.subspan(k * size, size));
    }
  }

  void add_log_density(const Block& x, Panel p, Scratch& w) const {
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      const auto row = row_of(x, i, w);
      if (is_missing(row)) continue;
      for (int k = 0; k < p.columns; ++k) {
        if (p(i, k) > -std::numeric_limits<double>::infinity()) p(i, k) += log_density((*this)[k], row);
      }
    }
  }

  double accumulate(const Block& x, ConstPanel r, Slice s, Scratch& w) const {
    double entropy = 0;
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      const auto row = row_of(x, i, w);
      if (is_missing(row)) continue;
      if constexpr (PlainFamily<F>) {
        const auto t = families_.front().statistics(row[0]);
        for (int k = 0; k < r.columns; ++k) {
          const double weight = r(i, k);
          if (weight == 0) continue;
          s.sum[static_cast<std::size_t>(k)] += weight;
          double* own = part(s, k).sum.data();
          for (std::size_t j = 0; j < t.size(); ++j) own[j] += weight * t[j];
        }
      } else {
        for (int k = 0; k < r.columns; ++k) {
          const double weight = r(i, k);
          if (weight == 0) continue;
          s.sum[static_cast<std::size_t>(k)] += weight;
          if constexpr (std::is_void_v<decltype((*this)[k].add(row, weight, part(s, k)))>) {
            (*this)[k].add(row, weight, part(s, k));
          } else {
            entropy += (*this)[k].add(row, weight, part(s, k));
          }
        }
      }
    }
    return entropy;
  }

  void maximize(ConstSlice s) {
    degeneracies_.clear();
    for (int k = 0; k < states(); ++k) {
      if (!(weight_of(s, k) > 0)) {
        degeneracies_.push_back({k, false, "no observation belongs to it; its parameters are those of before"});
        continue;
      }
      F next = (*this)[k];
      FamilyFit fit = fitted(next, weight_of(s, k), part(s, k));
      if (prior_rows_ > 0) fit = fitted_with_prior(next, std::move(fit), weight_of(s, k), part(s, k));
      if (!fit.reason.empty()) degeneracies_.push_back({k, fit.fatal, fit.reason});
      if (fit.reason.empty() || !fit.fatal) (*this)[k] = std::move(next);
    }
  }

  double expected_log_density(ConstSlice s) const {
    double total = 0;
    for (int k = 0; k < states(); ++k) {
      if (weight_of(s, k) > 0) total += expected((*this)[k], weight_of(s, k), part(s, k));
    }
    return total;
  }

  /// Σ_k c (E₀[log p(x; θ_k)] − E₀[log p(x; θ₀)]) ≤ 0: as if c further observations, distributed as the whole data, had
  /// been seen by each state; θ₀ fits the whole data. No prior (0) until regularize().
  double log_prior() const {
    if (!(prior_rows_ > 0)) return 0;
    double total = 0;
    for (const F& family : families_) total += expected(family, pooled_weight_, pooled()) - pooled_best_;
    return total * prior_rows_ / pooled_weight_;
  }

  /// Takes that prior, and the fit of the whole data as the parameters of every state. False, and no change, where the
  /// family's likelihood is bounded anyway, or the whole data have no fit.
  bool regularize(ConstSlice pooled_statistics, double rows) {
    if constexpr (!collapses) {
      return false;
    } else {
      F best = families_.front();
      const double weight = weight_of(pooled_statistics, 0);
      if (!(weight > 0) || !fitted(best, weight, part(pooled_statistics, 0)).reason.empty()) return false;
      const ConstSlice own = part(pooled_statistics, 0);
      pooled_.assign(own.sum.begin(), own.sum.end());
      pooled_about_.assign(own.about.begin(), own.about.end());
      pooled_weight_ = weight;
      pooled_best_ = expected(best, weight, own);
      prior_rows_ = rows;
      families_.assign(families_.size(), best);
      return true;
    }
  }

  std::vector<Degeneracy> degeneracies() const { return degeneracies_; }
  bool tentative() const {
    for (const F& family : families_) {
      if (optional::tentative(family)) return true;
    }
    return false;
  }

  void move(ConstSlice from, Slice to) const {
    if (!moves()) optional::refuse(*this, Capability::move);
    std::copy_n(from.sum.begin(), families_.size(), to.sum.begin());
    for (int k = 0; k < states(); ++k) move_part((*this)[k], weight_of(from, k), part(from, k), part(to, k));
  }

  void sample(int k, Stream& stream, std::span<double> row) const {
    if constexpr (samples_rows) {
      (*this)[k].sample(stream, row);
    } else if constexpr (samples_cells) {
      row[0] = (*this)[k].sample(stream);
    } else {
      optional::refuse(*this, Capability::sample);
    }
  }

  std::optional<CellProblem> problem(const Block& x) const {
    Scratch w;
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      const auto row = row_of(x, i, w);
      if constexpr (requires { families_.front().problem(row); }) {
        if (CellProblem found = families_.front().problem(row); !found.text.empty()) {
          found.row = x.first_row + i;
          return found;
        }
      } else if constexpr (requires { families_.front().problem(row[0]); }) {
        if (is_missing(row)) continue;
        if (std::string text = families_.front().problem(row[0]); !text.empty()) {
          return CellProblem{x.first_row + i, 0, std::move(text)};
        }
      }
    }
    return std::nullopt;
  }

  int free_parameters() const {
    if constexpr (has_parameters) return states() * jensen::free_parameters(families_.front().groups());
    optional::refuse(*this, Capability::free_parameters);
  }
  std::vector<double> parameters() const {
    if constexpr (has_parameters) {
      std::vector<double> all;
      for (const F& family : families_) {
        const auto own = family.parameters();
        all.insert(all.end(), own.begin(), own.end());
      }
      return all;
    } else {
      optional::refuse(*this, Capability::parameters);
    }
  }
  /// Throws ArgumentError for numbers outside a parameter's domain, or too few or many of them.
  void set_parameters(std::span<const double> v) {
    if constexpr (has_parameters) {
      const ParameterGroups groups = families_.front().groups();
      const std::size_t count = parameter_count(groups);
      if (v.size() != count * families_.size()) {
        throw ArgumentError(
            name() + "::set_parameters", "v",
            "must hold " + std::to_string(count * families_.size()) + " numbers, got " + std::to_string(v.size()));
      }
      std::vector<F> next = families_;
      for (std::size_t k = 0; k < next.size(); ++k) {
        check_parameters(groups, v.subspan(k * count, count), name());
        next[k].set_parameters(v.subspan(k * count, count));
      }
      families_ = std::move(next);
    } else {
      optional::refuse(*this, Capability::parameters);
    }
  }
  std::vector<std::string> parameter_names() const {
    if constexpr (has_parameters) {
      std::vector<std::string> all;
      for (int k = 0; k < states(); ++k) {
        for (auto& own : jensen::parameter_names(families_.front().groups(), k)) all.push_back(std::move(own));
      }
      return all;
    } else {
      optional::refuse(*this, Capability::parameters);
    }
  }
  std::vector<double> unconstrained() const {
    if constexpr (has_parameters) {
      std::vector<double> all;
      for (const F& family : families_) {
        const auto own = to_unconstrained(family.groups(), family.parameters());
        all.insert(all.end(), own.begin(), own.end());
      }
      return all;
    } else {
      optional::refuse(*this, Capability::unconstrained);
    }
  }
  void set_unconstrained(std::span<const double> u) {
    if constexpr (has_parameters) {
      std::vector<F> next = families_;
      for (F& family : next) {
        const auto values = family.parameters();
        const std::size_t count = to_unconstrained(family.groups(), values).size();
        family.set_parameters(from_unconstrained(family.groups(), u.first(std::min(count, u.size())), values));
        u = u.subspan(std::min(count, u.size()));
      }
      if (!u.empty()) throw ArgumentError(name() + "::set_unconstrained", "u", "holds too many numbers");
      families_ = std::move(next);
    } else {
      optional::refuse(*this, Capability::unconstrained);
    }
  }

 private:
  static constexpr bool has_parameters = requires(const F f, F next, std::span<const double> v) {
    { f.parameters() } -> std::convertible_to<std::vector<double>>;
    { f.groups() } -> std::convertible_to<ParameterGroups>;
    next.set_parameters(v);
  };
  static constexpr bool has_expected_log_density = requires(const F f, ConstSlice s) { f.expected_log_density(1.0, s); }
  || requires(const F f, std::span<const double> s) { f.expected_log_density(1.0, s); };
  static constexpr bool samples_rows = requires(const F f, Stream& stream, std::span<double> row) {
    f.sample(stream, row);
  };
  static constexpr bool samples_cells = requires(const F f, Stream& stream) {
    { f.sample(stream) } -> std::convertible_to<double>;
  };
  static constexpr bool collapses = has_expected_log_density && requires { requires F::can_collapse; };
  static constexpr bool moves_family = requires(const F f, ConstSlice from, Slice to) { f.move(1.0, from, to); };

  bool moves() const { return moves_family || family_layout().about == 0; }

  Layout family_layout() const {
    if constexpr (RowFamily<F>) {
      return families_.front().layout();
    } else {
      return {std::tuple_size_v<std::decay_t<decltype(families_.front().statistics(0.0))>>, 0};
    }
  }

  std::span<const double> row_of(const Block& x, std::int64_t i, Scratch& w) const {
    if (x.columns() == 1) return {&x.x(i, 0), 1};
    w.row.resize(static_cast<std::size_t>(x.columns()));
    for (int j = 0; j < x.columns(); ++j) w.row[static_cast<std::size_t>(j)] = x.x(i, j);
    return w.row;
  }
  // By default a row with a hole.
  bool is_missing(std::span<const double> row) const {
    if constexpr (requires { families_.front().missing(row); }) {
      return families_.front().missing(row);
    } else {
      for (double v : row) {
        if (std::isnan(v)) return true;
      }
      return false;
    }
  }
  static double log_density(const F& family, std::span<const double> row) {
    if constexpr (RowFamily<F>) {
      return family.log_density(row);
    } else {
      return family.log_density(row[0]);
    }
  }

  double weight_of(ConstSlice s, int k) const { return s.sum[static_cast<std::size_t>(k)]; }
  template <class S>
  S part(S s, int k) const {
    const Layout own = family_layout();
    const auto at = static_cast<std::size_t>(k);
    return {s.sum.subspan(families_.size() + at * own.sum, own.sum), s.about.subspan(at * own.about, own.about)};
  }
  ConstSlice pooled() const { return {pooled_, pooled_about_}; }

  static FamilyFit fitted(F& family, double weight, ConstSlice s) {
    const auto run = [&](auto statistics) -> FamilyFit {
      if constexpr (std::is_same_v<decltype(family.fit(weight, statistics)), FamilyFit>) {
        return family.fit(weight, statistics);
      } else {
        family.fit(weight, statistics);
        return {};
      }
    };
    if constexpr (RowFamily<F>) {
      return run(s);
    } else {
      return run(s.sum);
    }
  }
  static double expected(const F& family, double weight, ConstSlice s) {
    if constexpr (requires { family.expected_log_density(weight, s); }) {
      return family.expected_log_density(weight, s);
    } else if constexpr (has_expected_log_density) {
      return family.expected_log_density(weight, s.sum);
    } else {
      throw UnsupportedError(optional::name(family), describe(Capability::expected_log_joint), "this call");
    }
  }
  static void move_part(const F& family, double weight, ConstSlice from, Slice to) {
    if constexpr (moves_family) {
      family.move(weight, from, to);
    } else {
      std::copy(from.sum.begin(), from.sum.end(), to.sum.begin());
    }
  }

  // `next` and `alone`: the fit without the prior. A state owes its shape to the prior where that costs it more per
  // observation than doubling the variance of a Gaussian would.
  FamilyFit fitted_with_prior(F& next, FamilyFit alone, double weight, ConstSlice s) const {
    const double share = prior_rows_ / pooled_weight_;
    std::vector<double> sum(s.sum.size());
    const std::vector<double> about(s.about.begin(), s.about.end());
    move_part(next, pooled_weight_, pooled(), Slice{sum, about});
    for (std::size_t j = 0; j < sum.size(); ++j) sum[j] = s.sum[j] + share * sum[j];
    F held = next;
    FamilyFit both = fitted(held, weight + prior_rows_, {sum, about});
    if (!both.reason.empty()) return both;
    constexpr double price_of_doubling = 0.0966;  // ½ (log 2 − ½)
    if (alone.reason.empty() && expected(next, weight, s) - expected(held, weight, s) > price_of_doubling * weight) {
      alone.reason = "it is much narrower than the data";
    }
    next = std::move(held);
    if (!alone.reason.empty()) alone.reason += "; the prior keeps it from collapsing";
    alone.fatal = false;
    return alone;
  }

  std::vector<F> families_;
  std::vector<Degeneracy> degeneracies_;
  double prior_rows_ = 0;
  double pooled_weight_ = 0;
  double pooled_best_ = 0;
  std::vector<double> pooled_, pooled_about_;
};

}  // namespace jensen
