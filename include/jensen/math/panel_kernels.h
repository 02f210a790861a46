// Kernels over a whole block and many components at once: the arithmetic of a Gaussian E-step. docs/kernels.md says
// which one serves which case, and why each is as accurate as it is.
//
// As in kernels.h, results depend neither on the vector width nor on how work is tiled.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include <jensen/data/panel.h>
#include <jensen/math/kernels.h>

namespace jensen::kernels {

/// A block about a point: column 0 is all ones, column 1 + j holds x_j − point[j]; laid out so that columns neither
/// share cache sets nor need a remainder loop. Memory is kept from one block to the next. T is double or float.
template <class T>
class CenteredRowsOf {
 public:
  /// x holds no NaN.
  void assign(ConstPanel x, const double* point) requires std::is_same_v<T, double>;
  /// The rows of these indices alone, in this order.
  void assign(ConstPanel x, const double* point, std::span<const std::int32_t> rows) requires std::is_same_v<T, double>;
  void assign(RowsInMemory x, int columns, const double* point,
              std::span<const std::int32_t> rows) requires std::is_same_v<T, double>;
  /// Column 1 + j holds (x_j − point[j]) scale[j], formed in double and rounded once.
  void assign(ConstPanel x, const double* point, const double* scale) requires std::is_same_v<T, float>;

  std::size_t rows() const { return rows_; }
  std::size_t padded_rows() const { return stride_ - gap; }  ///< a multiple of 256 bytes; rows beyond rows() are 0
  std::size_t stride() const { return stride_; }
  int columns() const { return columns_; }  ///< without the ones
  const T* data() const { return values_.data() + offset_; }
  const T* column(int j) const { return data() + static_cast<std::size_t>(j) * stride_; }

 private:
  T* prepare(std::int64_t rows, int columns);  // memory for them, with its ones

  static constexpr std::size_t gap =
      64 / sizeof(T);  // one cache line: equal rows of neighbouring columns fall into different sets
  std::vector<T> values_;
  std::size_t offset_ = 0, rows_ = 0, stride_ = gap;
  int columns_ = 0;
};
using CenteredRows = CenteredRowsOf<double>;
using SingleCenteredRows = CenteredRowsOf<float>;

/// out[i] += constant − ½ ‖W c_i − offset‖², c_i row i about the point and W lower triangular, packed by rows. With
/// offset = W (mean − point) this is the log-density of N(mean, (WᵀW)⁻¹); the error of each element of W c_i − offset
/// is a few roundings of |W| (|c_i| + |mean − point|).
template <class T>
struct TriangularTermOf {
  const T* inverse_factor;
  const T* offset;
  T constant;
  T* out;
};
using TriangularTerm = TriangularTermOf<double>;
using SingleTriangularTerm = TriangularTermOf<float>;
void add_triangular_log_densities(const CenteredRows& x, std::span<const TriangularTerm> terms);
void add_triangular_log_densities(const SingleCenteredRows& x, std::span<const SingleTriangularTerm> terms);

/// out[i] += constant − ½ Σ_j (scale[j] c_ij − offset[j])², over the first `columns` of x.
template <class T>
struct DiagonalTermOf {
  const T* scale;
  const T* offset;
  T constant;
  T* out;
};
using DiagonalTerm = DiagonalTermOf<double>;
using SingleDiagonalTerm = DiagonalTermOf<float>;
void add_diagonal_log_densities(const CenteredRows& x, int columns, std::span<const DiagonalTerm> terms);
void add_diagonal_log_densities(const SingleCenteredRows& x, int columns, std::span<const SingleDiagonalTerm> terms);

/// Two columns of CenteredRows, so that {0, 0} stands for 1, {1 + j, 0} for c_j and {1 + a, 1 + b} for c_a c_b.
struct ColumnPair {
  int a = 0;
  int b = 0;
};
/// sums[f · r.size() + k] += Σ_i r_k(i) c_{i, a_f} c_{i, b_f}: moments of all components as one product of the
/// responsibilities (columns r_k of x.rows() numbers ≥ 0) with products of columns, each formed once.
void add_pair_moments(const CenteredRows& x, std::span<const ColumnPair> pairs, std::span<const double* const> r,
                      double* sums);
/// The same of floats: products are rounded to float, and so are sums of up to 32 of them; these are added in double.
void add_pair_moments(const SingleCenteredRows& x, std::span<const ColumnPair> pairs, std::span<const float* const> r,
                      double* sums);

/// normalize() (kernels.h) in float, but for sums over rows, which are in double: p(i, k) ← (w_i / weight_unit) q_ik.
/// Entries below the row's largest by 87 or more count as −∞. Columns have room for the next multiple of 16 rows; what
/// lies there changes.
Normalized normalize(BasicPanel<float> p, std::span<const double> weights, double weight_unit);

/// largest[i] = max_k p(i, k), state[i] = the first k that attains it. p holds no NaN.
void largest_states(ConstPanel p, double* largest, std::int32_t* state);

/// Writes the i with v[i] ≥ floor[i], in increasing order, and returns how many there are. `indices` has room for all.
std::size_t select_at_least(std::span<const double> v, const double* floor, std::int32_t* indices);

}  // namespace jensen::kernels
