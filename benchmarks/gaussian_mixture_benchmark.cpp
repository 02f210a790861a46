// Time of one EM iteration (one pass over the data and an M-step) of a Gaussian mixture.
#include <jensen/data/table.h>
#include <jensen/em/e_step.h>
#include <jensen/fit_gaussian_mixture.h>
#include <jensen/math/random.h>

#include <benchmark/benchmark.h>

#include <map>

namespace jensen {
namespace {

// K overlapping clusters, means a few standard deviations apart; the same data for the same shape.
const Table& overlapping_clusters(std::int64_t rows, int columns, int components) {
  static std::map<std::vector<std::int64_t>, Table> tables;
  const std::vector<std::int64_t> key{rows, columns, components};
  const auto found = tables.find(key);
  if (found != tables.end()) return found->second;
  Gaussian gaussian(components, columns, Covariance::spherical);
  Stream means(7, Purpose::test);
  std::vector<double> centers(static_cast<std::size_t>(components * columns));
  for (double& c : centers) c = 2 * means.normal();
  gaussian.set(std::move(centers), std::vector<double>(static_cast<std::size_t>(components), 1.0));
  std::vector<double> values(static_cast<std::size_t>(rows * columns));
  GaussianMixture(std::move(gaussian)).sample(1, 0, {values.data(), rows, columns, rows}, {});
  return tables.emplace(key, Table(std::move(values), rows, columns)).first->second;
}

void one_iteration(benchmark::State& state, Covariance structure) {
  const auto rows = state.range(0);
  const auto columns = static_cast<int>(state.range(1));
  const auto components = static_cast<int>(state.range(2));
  const Table& table = overlapping_clusters(rows, columns, components);
  Options options;
  options.max_iterations = 1;
  options.start = Start::k_means_plus_plus;
  options.tolerance = 0;
  options.threads = static_cast<int>(state.range(3));
  Erased<GaussianMixture> model(
      fit(gaussian_mixture_for(table, {components, structure, Prior::none}), table, options).model);
  Workers workers(options.threads);
  EStep e_step(table, workers);
  for (auto _ : state) {
    const Expected expected = e_step(model);
    model.maximize(expected.statistics);
    benchmark::DoNotOptimize(expected.evidence.log_likelihood);
  }
  // Multiply-adds of the density and of the moments, both triangles of a symmetric matrix counted once.
  const double pairs = structure == Covariance::full ? columns * (columns + 1) / 2.0 : columns;
  const double flops = 4.0 * static_cast<double>(rows) * components * pairs;
  state.counters["flops"] = benchmark::Counter(flops, benchmark::Counter::kIsIterationInvariantRate);
  state.SetItemsProcessed(state.iterations() * rows);
}

void shapes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"n", "d", "K", "threads"})->Unit(benchmark::kMillisecond)->UseRealTime();
  for (const int threads : {1, 2}) {
    benchmark->Args({1000000, 2, 5, threads});
    benchmark->Args({1000000, 16, 16, threads});
    benchmark->Args({200000, 64, 32, threads});
  }
}

BENCHMARK_CAPTURE(one_iteration, full, Covariance::full)->Apply(shapes);
BENCHMARK_CAPTURE(one_iteration, diagonal, Covariance::diagonal)->Apply(shapes);

}  // namespace
}  // namespace jensen
