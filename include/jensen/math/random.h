// Random numbers that are a function of what they are for: counter-based streams (Random123's Philox4x64-10; Salmon,
// Moraes, Dror and Shaw 2011), so that restarts, rows and threads cannot disturb one another.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace jensen {

/// What a stream is used for; part of its key. Values are fixed: a seed gives the same numbers in every version.
enum class Purpose : std::uint64_t {
  start = 1,
  restart_seed = 2,
  draws = 3,
  sample = 4,
  test = 5,
  batch_order = 6,
  bootstrap = 7
};

/// The stream of one (seed, purpose, restart, iteration, row). Cheap to construct.
class Stream {
 public:
  Stream(std::uint64_t seed, Purpose purpose, std::uint64_t restart = 0, std::uint64_t iteration = 0,
         std::uint64_t row = 0);

  std::uint64_t bits();  ///< 64 uniform bits
  double uniform();      ///< in (0, 1), a multiple of 2^-53 plus 2^-54
  double normal();       ///< standard normal, by Box and Muller (1958)
  double exponential();  ///< mean 1, by inversion
  /// Gamma(shape, 1): Marsaglia and Tsang (2000), a shape below 1 through shape + 1. 0 for a shape that is not above 0.
  double gamma(double shape);
  /// Index k with probability weights[k] / Σ weights; weights ≥ 0, not all 0. Never an index of weight 0.
  int choice(std::span<const double> weights);

 private:
  std::array<std::uint64_t, 2> key_;
  std::array<std::uint64_t, 4> counter_;
  std::array<std::uint64_t, 4> buffer_{};
  int used_ = 4;
  double spare_ = 0;
  bool has_spare_ = false;
};

}  // namespace jensen
