// Hidden Markov models from a given start. FOLDER KIND,sequences,length,columns,K THREADS ITERATIONS...
#include <jensen/data/table.h>
#include <jensen/em/fit.h>
#include <jensen/emissions/categories.h>
#include <jensen/emissions/gaussian.h>
#include <jensen/models/hidden_markov.h>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <utility>

#include "peer.h"

namespace {

using namespace jensen;

struct ChainTask : Task {
  std::string kind;
  std::size_t sequences = 0;
  std::size_t length = 0;
  int threads = 1;
  std::vector<double> initial, transitions, emissions;  // emissions: means and variances, or probabilities by state
};

ChainTask read_chain_task(int argc, char** argv) {
  ChainTask task;
  char kind[16] = "";
  if (argc < 5 || std::sscanf(argv[2], "%15[a-z],%zu,%zu,%zu,%zu", kind, &task.sequences, &task.length, &task.columns,
                              &task.components) != 5) {
    throw std::runtime_error("usage: FOLDER KIND,sequences,length,d,K THREADS ITERATIONS...");
  }
  task.kind = kind;
  task.rows = task.sequences * task.length;
  task.threads = std::atoi(argv[3]);
  for (int i = 4; i < argc; ++i) task.iterations.push_back(std::atoi(argv[i]));
  const std::string folder = argv[1];
  task.x = read_numbers(folder + "/data.bin");
  const auto start = read_numbers(folder + "/start.bin");
  const auto states = static_cast<std::ptrdiff_t>(task.components);
  task.initial.assign(start.begin(), start.begin() + states);
  task.transitions.assign(start.begin() + states, start.begin() + states + states * states);
  task.emissions.assign(start.begin() + states + states * states, start.end());
  return task;
}

Table table_of(const ChainTask& task) {
  std::vector<std::int64_t> begins;
  for (std::size_t s = 0; s <= task.sequences; ++s) begins.push_back(static_cast<std::int64_t>(s * task.length));
  return Table::from_rows(task.x, static_cast<std::int64_t>(task.rows), static_cast<int>(task.columns))
      .with_sequences(std::move(begins));
}

template <class E>
void run(const ChainTask& task, E emissions) {
  const Table table = table_of(task);
  const HiddenMarkov<E> start(MarkovChain(task.initial, task.transitions), std::move(emissions));
  Options options;
  options.tolerance = 0;
  options.threads = task.threads;
  answer(task, JENSEN_VERSION, [&](int iterations) {
    options.max_iterations = iterations;
    const double log_likelihood = fit(start, table, options).report.log_likelihood;
    return [log_likelihood] { return log_likelihood; };
  });
}

void run(const ChainTask& task) {
  const auto states = static_cast<std::ptrdiff_t>(task.components);
  if (task.kind == "gaussian") {
    const auto cells = states * static_cast<std::ptrdiff_t>(task.columns);
    Gaussian gaussian(static_cast<int>(states), static_cast<int>(task.columns), Covariance::diagonal);
    gaussian.set({task.emissions.begin(), task.emissions.begin() + cells},
                 {task.emissions.begin() + cells, task.emissions.end()});
    return run(task, std::move(gaussian));
  }
  const auto levels = static_cast<std::ptrdiff_t>(task.emissions.size()) / states;
  std::vector<Categorical> families;
  for (auto row = task.emissions.begin(); row != task.emissions.end(); row += levels) {
    families.emplace_back(std::vector<double>(row, row + levels));
  }
  run(task, Independent<Categorical>(std::move(families)));
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(read_chain_task(argc, argv));
  } catch (const std::exception& error) {
    std::cerr << "jensen_chain_peer: " << error.what() << "\n";
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
