// Two biased coins (Do and Batzoglou 2008, "What is the expectation maximization algorithm?"): several runs of tosses,
// each with one of two coins picked with probability 1/2; which coin it was is unseen.
#pragma once

#include <cmath>
#include <vector>

#include <jensen/concepts.h>
#include <jensen/models/discrete_posterior.h>

/// Columns: heads, tails. State z is the coin. Statistics: heads of either coin, tails of either, runs.
struct TwoCoins {
  double bias[2] = {0.6, 0.5};

  jensen::Statistics no_statistics() const { return {std::vector<double>(5), {}}; }
  jensen::Evidence expect(const jensen::Block& x, const jensen::Rule& rule, jensen::Statistics& s) const {
    std::vector<double> values(static_cast<std::size_t>(2 * x.rows()));
    const jensen::Panel q{values.data(), x.rows(), 2, x.rows()};
    log_joint(x, q);
    const jensen::Evidence evidence = jensen::discrete_posterior(x, rule, q);  // q(i, z) is now w_i q_i(z)
    for (int z = 0; z < 2; ++z) {
      for (std::int64_t i = 0; i < x.rows(); ++i) {
        for (int side = 0; side < 2; ++side) s.sum[static_cast<std::size_t>(2 * side + z)] += q(i, z) * x.x(i, side);
        s.sum[4] += q(i, z);
      }
    }
    return evidence;
  }
  void maximize(const jensen::Statistics& s) {
    for (std::size_t z = 0; z < 2; ++z)
      if (s.sum[z] + s.sum[2 + z] > 0) bias[z] = s.sum[z] / (s.sum[z] + s.sum[2 + z]);  // else no toss is this coin's
  }

  // Optional: the bound and restarts.
  double expected_log_joint(const jensen::Statistics& s) const {
    double total = s.sum[4] * std::log(0.5);
    for (std::size_t z = 0; z < 2; ++z) total += term(s.sum[z], bias[z]) + term(s.sum[2 + z], 1 - bias[z]);
    return total;
  }
  int states() const { return 2; }
  void responsibilities(jensen::Block x, jensen::Panel p) const {
    x.weights = {};
    log_joint(x, p);
    jensen::discrete_posterior(x, jensen::Posterior{}, p);
  }

  static double term(double count, double p) { return count > 0 ? count * std::log(p) : 0; }  // 0 log 0 = 0
  void log_joint(const jensen::Block& x, jensen::Panel p) const {
    for (int z = 0; z < 2; ++z)
      for (std::int64_t i = 0; i < x.rows(); ++i)
        p(i, z) = std::log(0.5) + term(x.x(i, 0), bias[z]) + term(x.x(i, 1), 1 - bias[z]);
  }
};
