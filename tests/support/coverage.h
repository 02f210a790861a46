// How often intervals hold the truth: data sets drawn from a model, each fitted, each interval compared.
#pragma once

#include <jensen/em/fit.h>
#include <jensen/em/inference/profile.h>
#include <jensen/em/inference/standard_errors.h>
#include <jensen/execution/workers.h>
#include <jensen/models/gaussian_mixture.h>

#include <string>
#include <vector>

#include "support/inference_models.h"

namespace jensen::support {

struct CoverageOptions {
  int data_sets = 500;
  std::int64_t rows = 500;
  int columns = 1;
  std::uint64_t seed = 1;
  int threads = 0;
  bool profile = true;
};

/// Shares of the data sets in which the 95% interval of a parameter held its true value. A data set where a fit did not
/// converge, or an interval is not available, counts as not held.
struct Coverage {
  std::string parameter;
  double truth = 0;
  double oakes = 0;
  double sandwich = 0;
  double profile = 0;
};

template <class M>
std::vector<Coverage> coverage_of(const M& truth, const CoverageOptions& options) {
  const auto names = truth.parameter_names();
  const auto values = truth.parameters();
  const std::size_t count = values.size();
  // One line a data set: for each parameter whether Wald's by Oakes, Wald's by the sandwich, and the profile held it.
  std::vector<std::vector<int>> held(static_cast<std::size_t>(options.data_sets), std::vector<int>(3 * count));
  Workers workers(options.threads);
  workers.run(options.data_sets, [&](int set, int) {
    const Table data = sample_of(truth, options.rows, options.columns, restart_seed(options.seed, set + 1));
    const auto fitted = fit(truth, data, {.tolerance = 1e-10, .max_iterations = 100000, .threads = 1});
    if (!fitted.report.converged()) return;
    auto& mine = held[static_cast<std::size_t>(set)];
    const auto note = [&](std::size_t method, const std::vector<Interval>& intervals) {
      for (std::size_t i = 0; i < count; ++i) {
        const auto& [lower, upper] = intervals[i];
        mine[method * count + i] = lower && upper && *lower <= values[i] && values[i] <= *upper ? 1 : 0;
      }
    };
    note(0, wald_intervals(standard_errors(fitted.model, data, {.threads = 1})));
    note(1,
         wald_intervals(standard_errors(fitted.model, data, {.method = StandardErrorMethod::sandwich, .threads = 1})));
    if (options.profile) note(2, profile_intervals(fitted.model, data, {.threads = 1}));
  });
  std::vector<Coverage> result;
  for (std::size_t i = 0; i < count; ++i) {
    const auto share = [&](std::size_t method) {
      double total = 0;
      for (const auto& one : held) total += one[method * count + i];
      return total / options.data_sets;
    };
    result.push_back({names[i], values[i], share(0), share(1), share(2)});
  }
  return result;
}

/// Two normals in one column.
inline GaussianMixture two_normals() {
  Gaussian normals(2, 1, Covariance::full);
  normals.set({0, 4}, {1, 2.25});
  return GaussianMixture({0.4, 0.6}, std::move(normals));
}

}  // namespace jensen::support
