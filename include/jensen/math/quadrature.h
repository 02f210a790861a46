// Gauss–Hermite quadrature.
#pragma once

#include <vector>

namespace jensen {

/// ∫ exp(−t²) f(t) dt ≈ Σ weight_i f(node_i), exact for polynomials of degree 2n − 1.
struct GaussHermite {
  std::vector<double> node;        ///< rising
  std::vector<double> log_weight;  ///< log weight_i + node_i²: for integrands that hold their own exp(−t²)
};

/// Nodes by Golub and Welsch (1969), polished by Newton's method on the orthonormal Hermite polynomial. 1 ≤ points ≤
/// 100, else ArgumentError.
GaussHermite gauss_hermite(int points);

}  // namespace jensen
