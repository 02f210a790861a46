// A whole selection: every number of components and covariance structure, with restarts.
#include <jensen/select_gaussian_mixture.h>

#include <benchmark/benchmark.h>

#include "clusters.h"

namespace jensen::benchmarks {
namespace {

void select(benchmark::State& state) {
  const Table& table = overlapping_clusters(state.range(0), static_cast<int>(state.range(1)), 3);
  Options options = from_data();
  options.max_iterations = 50;
  options.threads = static_cast<int>(state.range(2));
  for (auto _ : state) benchmark::DoNotOptimize(select_gaussian_mixture(table, {}, options));
}
BENCHMARK(select)
    ->ArgNames({"n", "d", "threads"})
    ->ArgsProduct({{500, 20000}, {3}, {1, 2}})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace jensen::benchmarks
