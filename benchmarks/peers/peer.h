// What every program in C++ does around its fit: read the task, time the runs, print the answer.
#pragma once

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

struct Task {
  std::size_t rows, columns, components;
  bool full;
  std::vector<int> iterations;
  std::vector<double> x;          // row by row
  std::vector<double> weights;    // K
  std::vector<double> means;      // K × d, row by row
  std::vector<double> variances;  // K × d, row by row: the diagonals of the covariances
};

inline std::vector<double> read_numbers(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) throw std::runtime_error(path + " cannot be read");
  std::vector<double> numbers(static_cast<std::size_t>(file.tellg()) / sizeof(double));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(numbers.data()), static_cast<std::streamsize>(numbers.size() * sizeof(double)));
  return numbers;
}

// FOLDER rows,columns,components,structure ITERATIONS...
inline Task read_task(int argc, char** argv) {
  if (argc < 4) throw std::runtime_error("usage: FOLDER n,d,K,STRUCTURE ITERATIONS...");
  Task task;
  char structure[16] = "";
  if (std::sscanf(argv[2], "%zu,%zu,%zu,%15s", &task.rows, &task.columns, &task.components, structure) != 4) {
    throw std::runtime_error("the shape cannot be read");
  }
  task.full = std::string(structure) == "full";
  for (int i = 3; i < argc; ++i) task.iterations.push_back(std::atoi(argv[i]));
  const std::string folder = argv[1];
  task.x = read_numbers(folder + "/data.bin");
  const std::vector<double> start = read_numbers(folder + "/start.bin");
  const auto part = [&](std::size_t begin, std::size_t count) {
    return std::vector<double>(start.data() + begin, start.data() + begin + count);
  };
  const std::size_t cells = task.components * task.columns;
  task.weights = part(0, task.components);
  task.means = part(task.components, cells);
  task.variances = part(task.components + cells, cells);
  return task;
}

// fit(iterations) begins anew each time and returns a function that says the log-likelihood, which is not timed.
template <class Fit>
void answer(const Task& task, const std::string& version, Fit fit) {
  std::printf("{\"version\": \"%s\", \"runs\": [", version.c_str());
  for (std::size_t i = 0; i < task.iterations.size(); ++i) {
    const auto begun = std::chrono::steady_clock::now();
    const auto log_likelihood = fit(task.iterations[i]);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begun;
    std::printf("%s{\"iterations\": %d, \"seconds\": %.9g, \"log_likelihood\": %.17g}", i > 0 ? ", " : "",
                task.iterations[i], seconds.count(), log_likelihood());
  }
  std::printf("]}\n");
}
