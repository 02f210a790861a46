// Time of one EM iteration (one pass over the data and an M-step) of a Gaussian mixture.
#include <jensen/em/e_step.h>
#include <jensen/fit_gaussian_mixture.h>

#include <benchmark/benchmark.h>

#include <utility>

#include "clusters.h"
#include "machine_limits.h"

namespace jensen::benchmarks {
namespace {

void iterate(benchmark::State& state, GaussianMixture start, const Table& table, int threads) {
  const int columns = table.columns(), components = start.states();
  const Covariance structure = start.emissions().covariance_structure();
  Erased<GaussianMixture> model(std::move(start));
  Workers workers(threads);
  EStep e_step(table, workers);
  for (auto _ : state) {
    const Expected expected = e_step(model);
    model.maximize(expected.statistics);
    benchmark::DoNotOptimize(expected.evidence.log_likelihood);
  }
  const Work work = work_of_an_iteration(table.rows(), columns, components, structure);
  const MachineLimits& machine = machine_limits(threads);
  const auto rate = benchmark::Counter::kIsIterationInvariantRate;
  state.counters["bytes"] = benchmark::Counter(static_cast<double>(table.rows()) * columns * sizeof(double), rate,
                                               benchmark::Counter::OneK::kIs1024);
  state.counters["flops"] = benchmark::Counter(work.flops, rate);
  state.counters["of_peak"] = benchmark::Counter(work.flops / machine.product_flops, rate);
  state.counters["of_limit"] = benchmark::Counter(work.seconds(machine), rate);
}

void one_iteration(benchmark::State& state, Covariance structure, Precision precision) {
  const auto components = static_cast<int>(state.range(2));
  const auto threads = static_cast<int>(state.range(3));
  const Table& table = overlapping_clusters(state.range(0), static_cast<int>(state.range(1)), components);
  Options options;
  options.max_iterations = 1;
  options.start = Start::k_means_plus_plus;
  options.tolerance = 0;
  options.threads = threads;
  GaussianMixture start = fit(gaussian_mixture_for(table, {components, structure, Prior::none}), table, options).model;
  start.emissions().set_precision(precision);
  iterate(state, std::move(start), table, threads);
}

// What an iteration costs once components are where the clusters are, and most responsibilities nothing.
void separated(benchmark::State& state, Covariance structure) {
  const auto columns = static_cast<int>(state.range(1)), components = static_cast<int>(state.range(2));
  const auto scatter = static_cast<int>(state.range(3));
  const Table& table = rows_of_clusters(state.range(0), columns, components, scatter);
  iterate(state, clusters(columns, components, structure, scatter), table, 1);
}

using Shapes = std::vector<std::vector<std::int64_t>>;

void with_threads(benchmark::internal::Benchmark* benchmark, const Shapes& shapes) {
  benchmark->ArgNames({"n", "d", "K", "threads"})->Unit(benchmark::kMillisecond)->UseRealTime();
  for (auto shape : shapes) {
    for (const int threads : {1, 2}) {
      benchmark->Args({shape[0], shape[1], shape[2], threads});
    }
  }
}

void full(benchmark::internal::Benchmark* benchmark) {
  with_threads(benchmark, {{1000000, 2, 5}, {1000000, 16, 16}, {200000, 64, 32}, {100000, 128, 10}});
}
void diagonal(benchmark::internal::Benchmark* benchmark) {
  with_threads(benchmark, {{1000000, 16, 16}, {1000000, 64, 64}});
}

void scattered(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"n", "d", "K", "scatter"})->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();
  for (const int scatter : {1, 2, 4, 16}) benchmark->Args({1000000, 16, 64, scatter});
}

BENCHMARK_CAPTURE(one_iteration, full, Covariance::full, Precision::float64)->Apply(full);
BENCHMARK_CAPTURE(one_iteration, full_float32, Covariance::full, Precision::float32)->Apply(full);
BENCHMARK_CAPTURE(one_iteration, diagonal, Covariance::diagonal, Precision::float64)->Apply(diagonal);
BENCHMARK_CAPTURE(one_iteration, diagonal_float32, Covariance::diagonal, Precision::float32)->Apply(diagonal);
BENCHMARK_CAPTURE(separated, full, Covariance::full)->Apply(scattered);
BENCHMARK_CAPTURE(separated, diagonal, Covariance::diagonal)->Apply(scattered);

}  // namespace
}  // namespace jensen::benchmarks
