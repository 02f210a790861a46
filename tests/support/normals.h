// Normal numbers that only depend on a seed.
#pragma once

#include <cstdint>
#include <vector>

#include <jensen/math/random.h>

namespace jensen::support {

inline std::vector<double> normals(std::size_t count, std::uint64_t seed, double scale = 1, double shift = 0) {
  Stream stream(seed, Purpose::test);
  std::vector<double> v(count);
  for (double& x : v) x = shift + scale * stream.normal();
  return v;
}

}  // namespace jensen::support
