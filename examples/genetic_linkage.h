// Genetic linkage (Rao 1973; Dempster, Laird and Rubin 1977, section 1): each animal falls into one of four cells with
// probabilities 1/2 + π/4, (1−π)/4, (1−π)/4, π/4. Unseen is which animals of the first cell owe it to the π/4.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include <jensen/concepts.h>
#include <jensen/error.h>
#include <jensen/models/discrete_posterior.h>

/// One column: the cell, 0 … 3. State 1 is "owed to π/4", state 0 everything else. Statistics: one count for each part.
struct GeneticLinkage {
  double pi = 0.5;

  jensen::Statistics no_statistics() const { return {std::vector<double>(4), {}}; }
  jensen::Evidence expect(const jensen::Block& x, const jensen::Rule& rule, jensen::Statistics& s) const {
    std::vector<double> values(static_cast<std::size_t>(2 * x.rows()));
    const jensen::Panel q{values.data(), x.rows(), 2, x.rows()};
    log_joint(x, q);
    const jensen::Evidence evidence = jensen::discrete_posterior(x, rule, q);  // q(i, z) is now w_i q_i(z)
    for (int z = 0; z < 2; ++z)
      for (std::int64_t i = 0; i < x.rows(); ++i) s.sum[part(x, i, z)] += q(i, z);
    return evidence;
  }
  void maximize(const jensen::Statistics& s) { pi = s.sum[linked] / (s.sum[linked] + s.sum[unlinked]); }

  // Optional: the bound, restarts, and the gradient that backs the verdict "converged".
  double expected_log_joint(const jensen::Statistics& s) const {
    double total = 0;
    for (std::size_t p = 0; p < 4; ++p) total += s.sum[p] > 0 ? s.sum[p] * std::log(probability(p)) : 0;
    return total;
  }
  int states() const { return 2; }
  void responsibilities(jensen::Block x, jensen::Panel p) const {
    x.weights = {};
    log_joint(x, p);
    jensen::discrete_posterior(x, jensen::Posterior{}, p);
  }
  std::vector<double> unconstrained() const { return {std::log(pi / (1 - pi))}; }
  void set_unconstrained(std::span<const double> u) { pi = 1 / (1 + std::exp(-u[0])); }

  enum Part : std::size_t { half, linked, unlinked, impossible };
  static Part part(const jensen::Block& x, std::int64_t i, int z) {
    constexpr Part parts[4][2] = {{half, linked}, {unlinked, impossible}, {unlinked, impossible}, {impossible, linked}};
    const double c = x.x(i, 0);
    if (c == 0 || c == 1 || c == 2 || c == 3) return parts[static_cast<int>(c)][z];
    throw jensen::DataError("row " + std::to_string(x.first_row + i + 1) + " holds no cell from 0 to 3");
  }
  double probability(std::size_t p) const { return std::vector{0.5, pi / 4, (1 - pi) / 4, 0.0}[p]; }
  void log_joint(const jensen::Block& x, jensen::Panel p) const {
    for (int z = 0; z < 2; ++z)
      for (std::int64_t i = 0; i < x.rows(); ++i) p(i, z) = std::log(probability(part(x, i, z)));
  }
};
