// Tiny models whose every step can be written down: what the engine is tested on without a mixture.
#pragma once

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <jensen/concepts.h>

namespace jensen::support {

/// "Likelihood" −½ N (θ − θ*)²; its M-step covers the share 1 − rate of the way to θ*: EM with a known linear rate of
/// convergence, so that gains form an exact geometric series with ratio rate².
struct Geometric {
  double theta = 1;
  double target = 0;
  double rate = 0.5;

  std::string name() const { return "geometric"; }
  Statistics no_statistics() const { return {{0}, {}}; }
  double expect(const Block& x, Statistics& s) const {
    double weight = 0;
    for (std::int64_t i = 0; i < x.rows(); ++i) weight += x.weight(i);
    s.sum[0] += weight;
    return -0.5 * weight * (theta - target) * (theta - target);
  }
  void maximize(const Statistics&) { theta = target + rate * (theta - target); }
};

/// The same hill with a Q that can be looked at in unconstrained coordinates, and an M-step that stays where it is.
struct Stuck {
  double theta = 1;
  Statistics no_statistics() const { return {{0}, {}}; }
  double expect(const Block& x, Statistics& s) const {
    const auto weight = static_cast<double>(x.rows());
    s.sum[0] += weight;
    return -0.5 * weight * theta * theta;
  }
  void maximize(const Statistics&) {}
  double expected_log_joint(const Statistics& s) const { return -0.5 * s.sum[0] * theta * theta; }
  std::vector<double> unconstrained() const { return {theta}; }
  void set_unconstrained(std::span<const double> u) { theta = u[0]; }
};

/// An M-step that goes downhill after `good` good steps.
struct Falling {
  double theta = 1;
  int good = 3;
  int done = 0;
  Statistics no_statistics() const { return {{0}, {}}; }
  double expect(const Block& x, Statistics&) const { return -0.5 * static_cast<double>(x.rows()) * theta * theta; }
  void maximize(const Statistics&) { theta *= ++done > good ? 3 : 0.5; }
};

/// One normal of unit variance: closed form, all optional functions left out.
struct UnitNormal {
  double mean = 0;
  int columns() const { return 1; }
  Statistics no_statistics() const { return {{0, 0}, {}}; }
  double expect(const Block& x, Statistics& s) const {
    double log_likelihood = 0;
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      const double deviation = x.x(i, 0) - mean;
      s.sum[0] += x.weight(i);
      s.sum[1] += x.weight(i) * x.x(i, 0);
      log_likelihood -= 0.5 * x.weight(i) * (deviation * deviation + std::log(2 * 3.141592653589793));
    }
    return log_likelihood;
  }
  void maximize(const Statistics& s) { mean = s.sum[1] / s.sum[0]; }
};

}  // namespace jensen::support
