// What this machine can do at best, measured, and the work of an EM iteration in the same units.
#pragma once

#include <jensen/emissions/gaussian.h>

#include <cstdint>

namespace jensen::benchmarks {

struct MachineLimits {
  double product_flops = 0;  ///< per second: products of blocks that lie packed in the second-level cache
  double exps = 0;           ///< per second: Highway's exp on doubles in the first-level cache
};

/// Of `threads` threads together, best of several tries; takes about 0.3 s.
MachineLimits measure_machine_limits(int threads);
/// The same, measured once in a process.
const MachineLimits& machine_limits(int threads);

/// What an iteration cannot do without when all of it is done: with p = 1 + d + d(d+1)/2 features of a row
/// (1 + 2 d for variances alone) one product n × p × K for the log-densities, one p × n × K for the moments, and n K
/// exps.
struct Work {
  double flops = 0;
  double exps = 0;
  double seconds(const MachineLimits& machine) const { return flops / machine.product_flops + exps / machine.exps; }
};
Work work_of_an_iteration(std::int64_t rows, int columns, int components, Covariance structure);

}  // namespace jensen::benchmarks
