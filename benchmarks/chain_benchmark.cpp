// Time of one EM iteration (one pass over the sequences and an M-step) of a hidden Markov model.
#include <jensen/em/e_step.h>

#include <benchmark/benchmark.h>

#include <utility>

#include "chains.h"

namespace jensen::benchmarks {
namespace {

template <class E>
void iterate(benchmark::State& state, HiddenMarkov<E> start, std::int64_t sequences, std::int64_t length) {
  const Table table = sequences_of(start, sequences, length);
  Erased<HiddenMarkov<E>> model(std::move(start));
  Workers workers(static_cast<int>(state.range(3)));
  EStep e_step(table, workers);
  for (auto _ : state) {
    const Expected expected = e_step(model);
    model.maximize(expected.statistics);
    benchmark::DoNotOptimize(expected.evidence.log_likelihood);
  }
  state.counters["rows"] =
      benchmark::Counter(static_cast<double>(table.rows()), benchmark::Counter::kIsIterationInvariantRate);
}

void chain_iteration_gaussian(benchmark::State& state) {
  iterate(state, gaussian_chain(static_cast<int>(state.range(2)), 8), state.range(0), state.range(1));
}
void chain_iteration_categorical(benchmark::State& state) {
  iterate(state, categorical_chain(static_cast<int>(state.range(2)), 16), state.range(0), state.range(1));
}

void with_threads(benchmark::internal::Benchmark* benchmark, std::int64_t sequences, std::int64_t length, int states) {
  benchmark->ArgNames({"sequences", "T", "K", "threads"})->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();
  for (const int threads : {1, 2}) benchmark->UseRealTime()->Args({sequences, length, states, threads});
}
void gaussian(benchmark::internal::Benchmark* benchmark) {
  with_threads(benchmark, 100, 10'000, 8);
  with_threads(benchmark, 1, 1'000'000, 64);
}
void categorical(benchmark::internal::Benchmark* benchmark) { with_threads(benchmark, 1, 1'000'000, 16); }

BENCHMARK(chain_iteration_gaussian)->Apply(gaussian);
BENCHMARK(chain_iteration_categorical)->Apply(categorical);

}  // namespace
}  // namespace jensen::benchmarks
