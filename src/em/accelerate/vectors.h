// Small dense algebra for the accelerators.
#pragma once

#include <cstddef>
#include <vector>

#include <jensen/em/state.h>

namespace jensen {

inline double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t j = 0; j < a.size(); ++j) sum += a[j] * b[j];
  return sum;
}

inline std::vector<double> minus(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> difference(a.size());
  for (std::size_t j = 0; j < a.size(); ++j) difference[j] = a[j] - b[j];
  return difference;
}

inline void put(StateWriter& out, const std::vector<std::vector<double>>& vectors) {
  out.put(static_cast<std::int64_t>(vectors.size()));
  for (const auto& v : vectors) out.put(v);
}
inline std::vector<std::vector<double>> get_vectors(StateReader& in) {
  std::vector<std::vector<double>> vectors(static_cast<std::size_t>(in.integer()));
  for (auto& v : vectors) v = in.reals();
  return vectors;
}

}  // namespace jensen
