// p(x, z = k; θ) = π_k p(x | z = k; θ_k): a mixture over any emissions.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include <jensen/concepts.h>
#include <jensen/data/rows_of.h>
#include <jensen/emissions/optional.h>
#include <jensen/error.h>
#include <jensen/math/kernels.h>
#include <jensen/math/random.h>
#include <jensen/models/discrete_posterior.h>
#include <jensen/models/simplex.h>

namespace jensen {

/// Statistics: Σ r(i, k) for the weights, then those of the emissions. A component of weight 0 stays at 0. A missing
/// cell is the emissions' business: they integrate it out, or throw DataError naming row and column.
template <Emissions E>
class Mixture {
 public:
  struct Scratch {
    std::vector<double> panel, log_weights, columns;
    typename E::Scratch emissions;
    /// States whose share of a row is below this times their weight may count as 0 under Posterior{1}. Whoever sets it
    /// asks resolved() of the sum, and takes less where that says no. 0: every state is looked at.
    double negligible = 0;
    std::span<std::uint16_t> likely;  ///< Model::Scratch::note_likely_states()
    std::vector<double> left_out;     ///< by the last E-step, at most: Σ r(i, k) that counted as 0; empty: nothing
  };

  /// Equal weights.
  explicit Mixture(E emissions)
      : emissions_(std::move(emissions)),
        weights_(static_cast<std::size_t>(emissions_.states()), 1.0 / emissions_.states()) {}

  /// weights: K numbers ≥ 0 that sum to 1 within 1e-9.
  Mixture(std::vector<double> weights, E emissions) : Mixture(std::move(emissions)) {
    weights_ = checked_simplex(std::move(weights), states(), "Mixture");
  }

  int states() const { return emissions_.states(); }
  int columns() const { return emissions_.columns(); }
  std::span<const double> weights() const { return weights_; }
  const E& emissions() const { return emissions_; }
  E& emissions() { return emissions_; }
  std::string name() const { return "mixture"; }
  /// A mixture can what its emissions can.
  bool can(Capability capability) const { return optional::can(emissions_, capability); }
  bool tentative() const { return optional::tentative(emissions_); }
  /// The relative error of a log-likelihood summed over rows.
  double rounding() const {
    if constexpr (requires { emissions_.rounding(); }) return emissions_.rounding();
    return std::numeric_limits<double>::epsilon();
  }

  Statistics no_statistics() const {
    const Layout layout = emissions_.layout();
    Statistics s{std::vector<double>(weights_.size() + layout.sum, 0.0), std::vector<double>(layout.about)};
    emissions_.reference(s.about);
    return s;
  }

  /// Whether expect() needs no columns under this rule: where the emissions say so (takes_rows()) and no state is
  /// known.
  bool takes_rows(const Rule& rule) const {
    if constexpr (requires { emissions_.takes_rows(); }) return is_plain(rule) && emissions_.takes_rows();
    return false;
  }

  Evidence expect(const Block& x, const Rule& rule, Statistics& s, Scratch& scratch) const {
    scratch.left_out.clear();
    if constexpr (requires(std::span<double> sums, Slice own) {
                    emissions_.expect_posterior(x, scratch.log_weights, 0.0, sums, own, scratch.emissions);
                  }) {
      if (is_plain(rule) && x.allowed.empty()) {
        take_log_weights(scratch);
        const auto sums = std::span<double>(s.sum).first(weights_.size());
        const Slice own{std::span<double>(s.sum).subspan(weights_.size()), s.about};
        if constexpr (requires { scratch.emissions.likely = scratch.likely; }) {
          scratch.emissions.likely = scratch.likely;
        }
        const auto done =
            emissions_.expect_posterior(x, scratch.log_weights, scratch.negligible, sums, own, scratch.emissions);
        if (done) {
          scratch.left_out = scratch.emissions.left_out;
          return *done;
        }
      }
    }
    const std::int64_t at_once = x.columns() <= 128 ? 1024 : 256;  // long blocks would not stay in the cache
    if (!is_plain(rule) || x.rows() <= at_once) return expect_by_steps(x, rule, s, scratch);
    Evidence evidence;
    for (std::int64_t first = 0; first < x.rows(); first += at_once) {
      evidence += expect_by_steps(rows_of(x, first, std::min(at_once, x.rows() - first)), rule, s, scratch);
    }
    return evidence;
  }

  /// Whether statistics of an E-step that left out Σ r(i, k) = left_out[k] at most are those of the whole one to
  /// rounding: of each state that must be nothing, 2⁻⁵⁴, beside what it received. Empty left_out: nothing.
  bool resolved(const Statistics& s, std::span<const double> left_out) const {
    for (std::size_t k = 0; k < left_out.size(); ++k) {
      if (!(left_out[k] <= rounded_away * s.sum[k])) return false;
    }
    return true;
  }

  /// The share of a state's weight below which all that is left out leaves these statistics resolved(), whatever it is.
  double negligible_beside(const Statistics& s) const {
    const double total = std::accumulate(s.sum.begin(), s.sum.begin() + states(), 0.0);
    double share = rounded_away;
    for (std::size_t k = 0; k < weights_.size(); ++k) {
      if (weights_[k] > 0) share = std::min(share, rounded_away * s.sum[k] / (weights_[k] * total));
    }
    return share;
  }

  void maximize(const Statistics& s) {
    maximize_weights(s);
    emissions_.maximize(emission_part(s));
  }

  double expected_log_joint(const Statistics& s) const {
    double total = optional::expected_log_density(emissions_, emission_part(s));
    for (std::size_t k = 0; k < weights_.size(); ++k) {
      if (s.sum[k] > 0) total += s.sum[k] * std::log(weights_[k]);
    }
    return total;
  }

  /// Conditional maximisation: the weights are part 0, the emissions part 1. Emissions with parts of their own have
  /// these, the weights going with the first.
  int parts() const {
    if constexpr (HasEmissionParts<E>) return emissions_.parts();
    return 2;
  }
  bool augments_by_part() const { return HasEmissionParts<E>; }
  void maximize(const Statistics& s, int part) {
    if (part == 0) maximize_weights(s);
    if constexpr (HasEmissionParts<E>) {
      emissions_.maximize(emission_part(s), part);
    } else {
      if (part == 1) emissions_.maximize(emission_part(s));
    }
  }

  double log_prior() const { return optional::log_prior(emissions_); }
  std::vector<Degeneracy> degeneracies() const { return optional::degeneracies(emissions_); }

  Statistics move(const Statistics& s) const {
    Statistics moved = no_statistics();
    std::copy_n(s.sum.begin(), weights_.size(), moved.sum.begin());
    optional::move(emissions_, emission_part(s), {std::span<double>(moved.sum).subspan(weights_.size()), moved.about});
    return moved;
  }

  void score(const Block& x, std::span<double> log_density) const {
    Scratch scratch;
    const Panel panel = log_joint(x, scratch);
    kernels::normalize(panel, {}, log_density.data());
  }

  /// p(i, k) = p(z_i = k | x_i; θ), among the states that the block allows.
  void responsibilities(const Block& x, Panel p) const {
    Scratch scratch;
    discrete_responsibilities(x, log_joint(x, scratch), p);
  }

  /// Columns that the emissions take as given (exposures, covariates) are read from x and stay.
  void sample(std::uint64_t seed, std::int64_t first_row, Panel x, std::span<std::int32_t> z) const {
    std::vector<double> row;
    for (std::int64_t i = 0; i < x.rows; ++i) {
      Stream stream(seed, Purpose::sample, 0, 0, static_cast<std::uint64_t>(first_row + i));
      const int k = stream.choice(weights_);
      optional::sample_row(emissions_, k, stream, x, i, row);
      if (!z.empty()) z[static_cast<std::size_t>(i)] = k;
    }
  }

  /// x with missing cells at what the emissions expect there under p(z | x; θ); `filled` has the block's shape.
  void impute(const Block& x, Panel filled) const {
    optional::fill_holes(emissions_, x, filled, [&](const Block& block, Panel p) { responsibilities(block, p); });
  }

  int free_parameters() const { return states() - 1 + optional::free_parameters(emissions_); }

  /// Log-ratios of the weights (simplex.h), then the emissions' coordinates.
  std::vector<double> unconstrained() const {
    std::vector<double> u = simplex_to_logits(weights_);
    const auto own = optional::unconstrained(emissions_);
    u.insert(u.end(), own.begin(), own.end());
    return u;
  }
  void set_unconstrained(std::span<const double> u) {
    const std::size_t logits = simplex_to_logits(weights_).size();
    optional::set_unconstrained(emissions_, u.subspan(std::min(logits, u.size())));
    weights_ = logits_to_simplex(u.first(logits), weights_);
  }

  std::vector<double> parameters() const {
    std::vector<double> v = weights_;
    const auto own = optional::parameters(emissions_);
    v.insert(v.end(), own.begin(), own.end());
    return v;
  }
  void set_parameters(std::span<const double> v) {
    const std::size_t count = std::min(weights_.size(), v.size());
    auto weights = checked_simplex({v.begin(), v.begin() + static_cast<std::ptrdiff_t>(count)}, states(), "Mixture");
    optional::set_parameters(emissions_, v.subspan(count));
    weights_ = std::move(weights);
  }
  std::vector<std::string> parameter_names() const {
    std::vector<std::string> names;
    for (int k = 0; k < states(); ++k) names.push_back("weight[" + std::to_string(k) + "]");
    const auto own = optional::parameter_names(emissions_);
    names.insert(names.end(), own.begin(), own.end());
    return names;
  }

 private:
  static constexpr double rounded_away = 0x1p-54;  // beside 1

  void maximize_weights(const Statistics& s) {
    const double total = std::accumulate(s.sum.begin(), s.sum.begin() + states(), 0.0);
    for (std::size_t k = 0; k < weights_.size() && total > 0; ++k) weights_[k] = s.sum[k] / total;
  }
  ConstSlice emission_part(const Statistics& s) const {
    return {std::span<const double>(s.sum).subspan(weights_.size()), s.about};
  }

  // Columns lie a cache line further apart than they are long, so that equal rows of all states do not fall into one
  // set of the cache.
  Panel panel_for(const Block& x, Scratch& scratch) const {
    const auto stride = static_cast<std::size_t>(x.rows()) + 8;
    scratch.panel.resize(stride * weights_.size());
    return {scratch.panel.data(), x.rows(), states(), static_cast<std::int64_t>(stride)};
  }

  void take_log_weights(Scratch& scratch) const {
    scratch.log_weights.resize(weights_.size());
    for (std::size_t k = 0; k < weights_.size(); ++k) scratch.log_weights[k] = std::log(weights_[k]);
  }

  static bool is_plain(const Rule& rule) {
    const auto* posterior = std::get_if<Posterior>(&rule);
    return posterior != nullptr && posterior->temperature == 1;
  }

  // Log-densities, posterior and statistics one after the other.
  Evidence expect_by_steps(const Block& block, const Rule& rule, Statistics& s, Scratch& scratch) const {
    const Block x = with_columns(block, scratch.columns);
    const Panel panel = log_joint_matters(rule) ? log_joint(x, scratch) : panel_for(x, scratch);
    Evidence evidence = discrete_posterior(x, rule, panel);
    for (int k = 0; k < states(); ++k) {
      s.sum[static_cast<std::size_t>(k)] += kernels::sum({panel.column(k), static_cast<std::size_t>(panel.rows)});
    }
    const Slice own{std::span<double>(s.sum).subspan(weights_.size()), s.about};
    evidence.entropy += emissions_.accumulate(x, panel, own, scratch.emissions);
    return evidence;
  }

  // log π_k + log p(x_i | k)
  Panel log_joint(const Block& x, Scratch& scratch) const {
    const auto rows = static_cast<std::size_t>(x.rows());
    const Panel panel = panel_for(x, scratch);
    take_log_weights(scratch);
    for (int k = 0; k < states(); ++k) {
      std::fill_n(panel.column(k), rows, scratch.log_weights[static_cast<std::size_t>(k)]);
    }
    rule_out_states(x, panel);
    emissions_.add_log_density(x, panel, scratch.emissions);
    return panel;
  }

  E emissions_;
  std::vector<double> weights_;
};

}  // namespace jensen
