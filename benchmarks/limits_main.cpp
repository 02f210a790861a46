// jensen_limits THREADS n,d,K,STRUCTURE...: what the machine can do with so many threads, and the seconds that an
// iteration of each shape would take at that speed, as JSON.
#include <jensen/emissions/gaussian.h>
#include <jensen/math/kernels.h>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <sstream>
#include <string>

#include "machine_limits.h"

int main(int argc, char** argv) {
  using namespace jensen;
  try {
    const int threads = argc > 1 ? std::stoi(argv[1]) : 1;
    const auto limits = benchmarks::measure_machine_limits(threads);
    std::cout << "{\"instruction_set\": \"" << kernels::instruction_set() << "\", \"threads\": " << threads
              << ", \"product_gflops\": " << limits.product_flops / 1e9 << ", \"exp_ns\": " << 1e9 / limits.exps
              << ", \"seconds\": [";
    for (int i = 2; i < argc; ++i) {
      std::istringstream shape(argv[i]);
      std::int64_t rows = 0;
      int columns = 0;
      int components = 0;
      char comma = 0;
      std::string structure;
      shape >> rows >> comma >> columns >> comma >> components >> comma >> structure;
      const auto work = benchmarks::work_of_an_iteration(rows, columns, components, covariance_named(structure));
      std::cout << (i > 2 ? ", " : "") << work.seconds(limits);
    }
    std::cout << "]}\n";
  } catch (const std::exception& error) {
    std::cerr << "jensen_limits: " << error.what() << "\n";
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
