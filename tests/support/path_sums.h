// What a sum over all K^T paths of hidden states says, however long it takes.
#pragma once

#include <cmath>
#include <functional>
#include <limits>
#include <vector>

namespace jensen::support {

using StatePath = std::vector<int>;

struct PathSums {
  double log_sum = -std::numeric_limits<double>::infinity();
  double entropy = 0;             // of p(path) ∝ exp log_joint
  std::vector<double> marginals;  // steps × K, column by column
  std::vector<StatePath> paths;
  std::vector<double> probability;  // of each
  StatePath best;
  double best_value = -std::numeric_limits<double>::infinity();

  double expected(const std::function<double(const StatePath&)>& f) const {
    double total = 0;
    for (std::size_t p = 0; p < paths.size(); ++p) {
      if (probability[p] > 0) total += probability[p] * f(paths[p]);
    }
    return total;
  }
};

inline PathSums sum_over_paths(int states, int steps, const std::function<double(const StatePath&)>& log_joint) {
  PathSums sums;
  long count = 1;
  for (int t = 0; t < steps; ++t) count *= states;
  std::vector<double> values;
  for (long number = 0; number < count; ++number) {
    StatePath path;
    long rest = number;
    for (int t = 0; t < steps; ++t, rest /= states) path.push_back(static_cast<int>(rest % states));
    values.push_back(log_joint(path));
    if (values.back() > sums.best_value) {
      sums.best_value = values.back();
      sums.best = path;
    }
    sums.paths.push_back(std::move(path));
  }
  double total = 0;
  for (const double value : values) total += std::exp(value - sums.best_value);
  sums.log_sum = sums.best_value + std::log(total);
  sums.marginals.assign(static_cast<std::size_t>(states * steps), 0);
  for (std::size_t p = 0; p < values.size(); ++p) {
    const double q = std::exp(values[p] - sums.log_sum);
    sums.probability.push_back(q);
    if (q > 0) sums.entropy -= q * (values[p] - sums.log_sum);
    for (int t = 0; t < steps; ++t) {
      sums.marginals[static_cast<std::size_t>(t + sums.paths[p][static_cast<std::size_t>(t)] * steps)] += q;
    }
  }
  return sums;
}

}  // namespace jensen::support
