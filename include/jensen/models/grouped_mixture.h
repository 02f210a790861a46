// p(x_g, z_g = k; θ) = π_k Π_{t in g} p(x_t | z = k; θ_k): a mixture whose rows come in groups that share their
// component: repeated measurements of a person, patients of a centre (random effects of finite support; as flexmix's
// "y ~ x | group").
#pragma once

#include <cmath>
#include <limits>
#include <utility>

#include <jensen/math/special.h>
#include <jensen/models/mixture.h>

namespace jensen {

/// Its units are the sequences of the data (Data::sequences), in which the order of rows does not matter; a block
/// without sequences is taken as one group. Statistics and parameters are those of Mixture, the weights' being the
/// groups' Σ_g w_g q_g(k). States known for some rows hold for their whole group. Weight counts rows (Σ w_g T_g), so
/// that tolerances and BIC speak of observations.
template <Emissions E>
class GroupedMixture {
 public:
  struct Scratch {
    std::vector<double> rows, groups;
    typename E::Scratch emissions;
  };

  explicit GroupedMixture(E emissions) : mixture_(std::move(emissions)) {}
  GroupedMixture(std::vector<double> weights, E emissions) : mixture_(std::move(weights), std::move(emissions)) {}
  explicit GroupedMixture(Mixture<E> rows) : mixture_(std::move(rows)) {}

  int states() const { return mixture_.states(); }
  int columns() const { return mixture_.columns(); }
  bool sequential() const { return true; }
  std::string name() const { return "grouped mixture"; }
  bool can(Capability capability) const { return mixture_.can(capability); }
  bool tentative() const { return mixture_.tentative(); }
  std::span<const double> weights() const { return mixture_.weights(); }
  const E& emissions() const { return mixture_.emissions(); }
  E& emissions() { return mixture_.emissions(); }

  Statistics no_statistics() const { return mixture_.no_statistics(); }

  Evidence expect(const Block& x, const Rule& rule, Statistics& s, Scratch& scratch) const {
    const std::vector<Group> groups = groups_of(x);
    const Panel rows = panel(x.rows(), scratch.rows);
    const Panel joint = panel(static_cast<std::int64_t>(groups.size()), scratch.groups);
    if (log_joint_matters(rule)) log_joint(x, groups, rows, joint, scratch);
    std::vector<double> weights;
    for (const Group& g : groups) weights.push_back(x.weight(g.first));
    Block units;
    units.x = {nullptr, joint.rows, 0, joint.rows};
    units.first_row = x.first_row;  // groups are no more than rows: no two share a random stream
    units.weights = weights;
    Evidence evidence;
    if (const auto* given = std::get_if<Given>(&rule)) {
      given->responsibilities(x, rows);
      const Given shared{[&](const Block&, Panel q) { average(x, groups, rows, q); }, given->statistics_only};
      evidence = discrete_posterior(units, shared, joint);
    } else {
      evidence = discrete_posterior(units, rule, joint);
    }
    evidence.weight = 0;
    for (std::size_t g = 0; g < groups.size(); ++g) {
      evidence.weight += weights[g] * static_cast<double>(groups[g].end - groups[g].first);
    }
    for (int k = 0; k < states(); ++k) {
      for (std::size_t g = 0; g < groups.size(); ++g) {
        const double share = joint(static_cast<std::int64_t>(g), k);
        s.sum[static_cast<std::size_t>(k)] += share;
        std::fill(rows.column(k) + groups[g].first, rows.column(k) + groups[g].end, share);
      }
    }
    const Slice own{std::span<double>(s.sum).subspan(static_cast<std::size_t>(states())), s.about};
    evidence.entropy += emissions().accumulate(x, rows, own, scratch.emissions);
    return evidence;
  }

  void maximize(const Statistics& s) { mixture_.maximize(s); }
  int parts() const { return mixture_.parts(); }
  void maximize(const Statistics& s, int part) { mixture_.maximize(s, part); }
  double expected_log_joint(const Statistics& s) const { return mixture_.expected_log_joint(s); }
  double log_prior() const { return mixture_.log_prior(); }
  std::vector<Degeneracy> degeneracies() const { return mixture_.degeneracies(); }
  Statistics move(const Statistics& s) const { return mixture_.move(s); }

  /// log p(x_t | the rows before it in its group; θ).
  void score(const Block& x, std::span<double> log_density) const {
    double before = 0;
    for_each_row(x, [&](std::int64_t i, bool first, std::span<const double>, std::span<const double> with_row) {
      const double now = log_sum_exp(with_row);
      log_density[static_cast<std::size_t>(i)] = now - (first ? 0 : before);
      before = now;
    });
  }

  /// p(i, k) = p(z = k | the rows before i in its group; θ).
  void predicted(const Block& x, Panel p) const {
    for_each_row(x, [&](std::int64_t i, bool, std::span<const double> without_row, std::span<const double>) {
      const double total = log_sum_exp(without_row);
      for (int k = 0; k < states(); ++k) {
        p(i, k) = std::isinf(total) ? 0 : std::exp(without_row[static_cast<std::size_t>(k)] - total);
      }
    });
  }

  /// p(i, k) = p(z = k | the whole group of row i; θ), among the states that the block allows all its rows.
  void responsibilities(const Block& x, Panel p) const {
    Scratch scratch;
    const std::vector<Group> groups = groups_of(x);
    const Panel rows = panel(x.rows(), scratch.rows);
    const Panel joint = panel(static_cast<std::int64_t>(groups.size()), scratch.groups);
    log_joint(x, groups, rows, joint, scratch);
    std::vector<double> values;
    const Panel q = panel(joint.rows, values);
    Block units;
    units.x = {nullptr, joint.rows, 0, joint.rows};
    discrete_responsibilities(units, joint, q);
    for (int k = 0; k < states(); ++k) {
      for (std::size_t g = 0; g < groups.size(); ++g) {
        std::fill(p.column(k) + groups[g].first, p.column(k) + groups[g].end, q(static_cast<std::int64_t>(g), k));
      }
    }
  }

  /// One group: all rows of x come from one component, which the seed alone chooses. Columns that the emissions take as
  /// given are read from x and stay.
  void sample(std::uint64_t seed, std::int64_t first_row, Panel x, std::span<std::int32_t> z) const {
    Stream chooses(seed, Purpose::sample, 0, 1, 0);
    const int k = chooses.choice(weights());
    std::vector<double> row;
    for (std::int64_t i = 0; i < x.rows; ++i) {
      Stream stream(seed, Purpose::sample, 0, 0, static_cast<std::uint64_t>(first_row + i));
      optional::sample_row(emissions(), k, stream, x, i, row);
    }
    std::fill(z.begin(), z.end(), k);
  }

  /// x with missing cells at what the emissions expect there under p(z | the whole group; θ).
  void impute(const Block& x, Panel filled) const {
    optional::fill_holes(emissions(), x, filled, [&](const Block& block, Panel p) { responsibilities(block, p); });
  }

  int free_parameters() const { return mixture_.free_parameters(); }
  std::vector<double> unconstrained() const { return mixture_.unconstrained(); }
  void set_unconstrained(std::span<const double> u) { mixture_.set_unconstrained(u); }
  std::vector<double> parameters() const { return mixture_.parameters(); }
  void set_parameters(std::span<const double> v) { mixture_.set_parameters(v); }
  std::vector<std::string> parameter_names() const { return mixture_.parameter_names(); }

 private:
  // Rows [first, end) of the block.
  struct Group {
    std::int64_t first, end;
  };

  static std::vector<Group> groups_of(const Block& x) {
    if (x.sequences.empty()) return x.rows() > 0 ? std::vector<Group>{{0, x.rows()}} : std::vector<Group>{};
    std::vector<Group> groups;
    for (std::size_t g = 0; g + 1 < x.sequences.size(); ++g) {
      groups.push_back({x.sequences[g] - x.first_row, x.sequences[g + 1] - x.first_row});
    }
    return groups;
  }

  static bool allows(const Block& x, const Group& group, int state) {
    for (std::int64_t i = group.first; i < group.end; ++i) {
      if (!x.allows(i, state)) return false;
    }
    return true;
  }

  double log_weight(int k) const { return std::log(weights()[static_cast<std::size_t>(k)]); }

  // visit(row, first of its group, log p(z = k, the rows before it in its group), the same with the row).
  template <class Visit>
  void for_each_row(const Block& x, Visit visit) const {
    Scratch scratch;
    const Panel rows = panel(x.rows(), scratch.rows);
    emissions().add_log_density(x, rows, scratch.emissions);
    std::vector<double> without(static_cast<std::size_t>(states())), with(without.size());
    for (const Group& g : groups_of(x)) {
      for (int k = 0; k < states(); ++k) without[static_cast<std::size_t>(k)] = log_weight(k);
      for (std::int64_t i = g.first; i < g.end; ++i) {
        for (int k = 0; k < states(); ++k) {
          with[static_cast<std::size_t>(k)] = without[static_cast<std::size_t>(k)] + rows(i, k);
        }
        visit(i, i == g.first, std::span<const double>(without), std::span<const double>(with));
        without.swap(with);
      }
    }
  }

  // Zeros.
  Panel panel(std::int64_t rows, std::vector<double>& values) const {
    values.assign(std::max<std::size_t>(1, static_cast<std::size_t>(rows) * static_cast<std::size_t>(states())), 0.0);
    return {values.data(), rows, states(), rows};
  }

  // log π_k + Σ_t log p(x_t | k) by group, −∞ where a row forbids the state.
  void log_joint(const Block& x, const std::vector<Group>& groups, Panel rows, Panel joint, Scratch& scratch) const {
    emissions().add_log_density(x, rows, scratch.emissions);
    for (int k = 0; k < states(); ++k) {
      for (std::size_t g = 0; g < groups.size(); ++g) {
        double total = log_weight(k);
        for (std::int64_t i = groups[g].first; i < groups[g].end; ++i) total += rows(i, k);
        joint(static_cast<std::int64_t>(g), k) =
            allows(x, groups[g], k) ? total : -std::numeric_limits<double>::infinity();
      }
    }
  }

  // What the rows of a group were given, on average, among the states that all of them allow.
  void average(const Block& x, const std::vector<Group>& groups, ConstPanel rows, Panel q) const {
    for (std::size_t g = 0; g < groups.size(); ++g) {
      const auto at = static_cast<std::int64_t>(g);
      double total = 0;
      for (int k = 0; k < states(); ++k) {
        q(at, k) = 0;
        if (!allows(x, groups[g], k)) continue;
        for (std::int64_t i = groups[g].first; i < groups[g].end; ++i) q(at, k) += rows(i, k);
        total += q(at, k);
      }
      for (int k = 0; k < states() && total > 0; ++k) q(at, k) /= total;
    }
  }

  Mixture<E> mixture_;
};

}  // namespace jensen
