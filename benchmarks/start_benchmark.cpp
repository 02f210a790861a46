// What comes before the first iteration: the summary of the data and the start, beside one iteration of the same shape.
#include <jensen/em/e_step.h>
#include <jensen/em/starts.h>
#include <jensen/em/summary.h>
#include <jensen/fit_gaussian_mixture.h>

#include <benchmark/benchmark.h>

#include "clusters.h"

namespace jensen::benchmarks {
namespace {

constexpr int one_thread = 1;

const Table& table_of(const benchmark::State& state) {
  return overlapping_clusters(state.range(0), static_cast<int>(state.range(1)), static_cast<int>(state.range(2)));
}

void count_bytes(benchmark::State& state) {
  state.SetBytesProcessed(state.iterations() * state.range(0) * state.range(1) *
                          static_cast<std::int64_t>(sizeof(double)));
}

void summary(benchmark::State& state) {
  const Table& table = table_of(state);
  Workers workers(one_thread);
  for (auto _ : state) benchmark::DoNotOptimize(summarize(table, workers));
  count_bytes(state);
}

// From data to the model that the first iteration begins with.
void start(benchmark::State& state, Start kind) {
  const Table& table = table_of(state);
  const GaussianMixtureOptions model{static_cast<int>(state.range(2)), Covariance::full, Prior::none};
  Options options;
  options.max_iterations = 0;
  options.start = kind;
  options.threads = one_thread;
  for (auto _ : state) benchmark::DoNotOptimize(fit_gaussian_mixture(table, model, options));
  count_bytes(state);
}

void shapes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"n", "d", "K"})->Unit(benchmark::kMillisecond);
  benchmark->Args({1000000, 2, 5})->Args({1000000, 16, 16})->Args({200000, 64, 32});
}

BENCHMARK(summary)->Apply(shapes);
// Each of these includes the one pass that says the likelihood of the start.
BENCHMARK_CAPTURE(start, k_means_plus_plus, Start::k_means_plus_plus)->Apply(shapes);
BENCHMARK_CAPTURE(start, hierarchical, Start::hierarchical)->Apply(shapes);
BENCHMARK_CAPTURE(start, random, Start::random)->Apply(shapes);

}  // namespace
}  // namespace jensen::benchmarks
