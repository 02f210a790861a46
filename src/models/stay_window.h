// The stays in one state that are open at a row, and sums over them: the inner loop of semi_markov_recursions.h.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace jensen {

/// Potentials of the durations of one state, d falling from D to 1, so that they lie beside the stays of a window: in
/// logs, and as numbers, 0 where below 1e-300.
struct FallingDurations {
  std::vector<double> logs;
  std::vector<double> values;

  /// log_by_duration: d from 1 to D.
  explicit FallingDurations(std::span<const double> log_by_duration);
};

/// Stays of at most D rows that share one end and a state, in the order of the other end. A row that they go on for
/// gives all of them the same log-density, which is added to what they have in common: nothing is done for each.
///
/// Weights are kept in logs, and as multiples of a reference that moves with the largest. Sums over stays, weighted by
/// their durations, are sums of products of these wherever they are not small enough (1e-200) for what was lost below
/// 1e-300 to matter, and in logs elsewhere.
class StayWindow {
 public:
  /// D, and how many stays are added in all.
  StayWindow(std::size_t longest, std::size_t stays);

  /// One more stay; it has one row from here on, each of the others one more.
  void add(double log_weight);
  /// Of a row that all stays go on for; −∞ ends them all.
  void gain(double log_density);

  /// Those of at most D rows, of all that were added: [begin(), end()).
  std::size_t begin() const;
  std::size_t end() const { return added_; }

  /// log Σ_i weight_i ended_i and log Σ_i weight_i unfinished_i over them.
  struct LogSums {
    double ended, unfinished;
  };
  LogSums log_sums(const FallingDurations& ended, const FallingDurations& unfinished);

  /// The products of a sum over [begin(), end()), which is log_sum: weight_i factor_i over their sum `sum`.
  struct Products {
    const double* weight = nullptr;
    const double* factor = nullptr;
    double sum = 0;
    double log_sum = 0;
  };
  /// Valid until the next call.
  Products products(const FallingDurations& durations);

 private:
  double log_of(double sum, const FallingDurations& durations);
  double sum_in_logs(const FallingDurations& durations);
  void refer_to(double log_weight);

  std::size_t longest_;
  std::size_t added_ = 0;
  std::size_t first_open_ = 0;  // those before it have ended
  double shared_ = 0;           // logarithm of what all have gained
  double reference_;
  std::vector<double> logs_, values_;  // weight = exp(logs_ + shared_) = values_ exp(reference_ + shared_)
  std::vector<double> terms_, ones_;
};

}  // namespace jensen
