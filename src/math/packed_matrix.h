// Packed symmetric and triangular matrices as Eigen's, and back.
#pragma once

#include <Eigen/Core>
#include <span>
#include <vector>

#include <jensen/math/cholesky.h>

namespace jensen {

inline Eigen::MatrixXd unpack_symmetric(std::span<const double> packed, int d) {
  Eigen::MatrixXd m(d, d);
  for (int a = 0; a < d; ++a) {
    for (int b = 0; b <= a; ++b) m(a, b) = m(b, a) = packed[packed_index(a, b)];
  }
  return m;
}

inline Eigen::MatrixXd unpack_lower(std::span<const double> packed, int d) {
  Eigen::MatrixXd m = Eigen::MatrixXd::Zero(d, d);
  for (int a = 0; a < d; ++a) {
    for (int b = 0; b <= a; ++b) m(a, b) = packed[packed_index(a, b)];
  }
  return m;
}

/// The lower triangle of m.
inline void pack(const Eigen::MatrixXd& m, std::span<double> packed) {
  for (int a = 0; a < m.rows(); ++a) {
    for (int b = 0; b <= a; ++b) packed[packed_index(a, b)] = m(a, b);
  }
}

inline std::vector<double> pack(const Eigen::MatrixXd& m) {
  std::vector<double> packed(packed_size(static_cast<int>(m.rows())));
  pack(m, packed);
  return packed;
}

}  // namespace jensen
