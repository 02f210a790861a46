// Symmetric matrices and their Cholesky factors, packed: the lower triangle row by row, element (a, b) with b ≤ a at
// a(a+1)/2 + b. Statistics, parameters and kernels all use this layout.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace jensen {

inline std::size_t packed_size(int d) { return static_cast<std::size_t>(d) * static_cast<std::size_t>(d + 1) / 2; }
inline std::size_t packed_index(int a, int b) {  // any order of a and b
  const auto i = static_cast<std::size_t>(a > b ? a : b);
  const auto j = static_cast<std::size_t>(a > b ? b : a);
  return i * (i + 1) / 2 + j;
}

/// Σ = L Lᵀ and what follows from it.
struct Cholesky {
  int d = 0;
  std::vector<double> factor;   ///< L, packed; empty where Σ is not positive definite
  std::vector<double> inverse;  ///< L⁻¹, packed
  double log_determinant = 0;   ///< log|Σ|

  bool positive_definite() const { return !factor.empty() || d == 0; }
  /// L_jj², the variance of coordinate j given the coordinates before it.
  double pivot(int j) const { return factor[packed_index(j, j)] * factor[packed_index(j, j)]; }
};

/// Factorises a packed symmetric d × d matrix. A matrix that is not positive definite, or not finite, gives an empty
/// factor, never an exception. Uses the lower triangle alone.
Cholesky cholesky(std::span<const double> matrix, int d);

/// Column j such that its variance given the columns before it is below `ratio` times its own; −1 where there is none
/// (the matrix is well conditioned in that sense). Diagonal entries must be positive.
int first_collinear_column(std::span<const double> matrix, int d, double ratio);

/// tr(Σ⁻¹ S) from L⁻¹ and a symmetric S, both packed.
double trace_of_product(const Cholesky& sigma, std::span<const double> s);

/// Gaussian conditioning of Σ on the coordinates `observed`: with m the others (`missing`),
///   regression = Σ_mo Σ_oo⁻¹ (|m| × |o|, row-major), residual = Σ_mm − Σ_mo Σ_oo⁻¹ Σ_om (packed).
struct Conditioning {
  Cholesky observed;
  std::vector<double> regression;
  std::vector<double> residual;
  double residual_log_determinant = 0;

  std::size_t size() const {
    return observed.factor.size() + observed.inverse.size() + regression.size() + residual.size();
  }
};
Conditioning condition(std::span<const double> matrix, std::span<const int> observed, std::span<const int> missing);

}  // namespace jensen
