// Quadratic forms of centred rows, several vectors of rows at a time. Included once for each instruction set.
#if defined(JENSEN_MATH_DENSITIES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef JENSEN_MATH_DENSITIES_INL_H_
#undef JENSEN_MATH_DENSITIES_INL_H_
#else
#define JENSEN_MATH_DENSITIES_INL_H_
#endif

#include <hwy/highway.h>
#include <jensen/data/panel.h>
#include <jensen/math/panel_kernels.h>

#include <cstddef>

#include "math/center_rows-inl.h"
#include "math/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace jensen::kernels::HWY_NAMESPACE {

template <class T>
constexpr std::size_t group_rows_of =
    register_vectors* lanes_of<T>;  // rows that one pass of a density kernel holds in registers

// One column of a group of rows, V vectors of them: one, or as many as the registers are for. Named members, not an
// array: GCC keeps an array that is read in a loop in memory.
template <class T, std::size_t V>
struct GroupOfRows;

template <class T>
struct GroupOfRows<T, 1> {
  VectorOf<T> x0;

  HWY_INLINE explicit GroupOfRows(const T* column) : x0(in_register(hn::Load(LaneOf<T>(), column))) {}
  // sums += factor x
  HWY_INLINE void multiply_add(VectorOf<T> factor, VectorOf<T>* sums) const {
    sums[0] = hn::MulAdd(factor, x0, sums[0]);
  }
  // sums += (scale x − offset)²
  HWY_INLINE void add_squares(VectorOf<T> scale, VectorOf<T> offset, VectorOf<T>* sums) const {
    const auto z = hn::MulSub(scale, x0, offset);
    sums[0] = hn::MulAdd(z, z, sums[0]);
  }
};

template <class T>
struct GroupOfRows<T, register_vectors> {
  VectorOf<T> x0, x1;
#if HWY_MAX_BYTES == 64
  VectorOf<T> x2, x3;
#endif

  HWY_INLINE explicit GroupOfRows(const T* column) {
    const LaneOf<T> d;
    constexpr std::size_t width = lanes_of<T>;
    x0 = in_register(hn::Load(d, column));
    x1 = in_register(hn::Load(d, column + width));
#if HWY_MAX_BYTES == 64
    x2 = in_register(hn::Load(d, column + 2 * width));
    x3 = in_register(hn::Load(d, column + 3 * width));
#endif
  }

  HWY_INLINE void multiply_add(VectorOf<T> factor, VectorOf<T>* sums) const {
    sums[0] = hn::MulAdd(factor, x0, sums[0]);
    sums[1] = hn::MulAdd(factor, x1, sums[1]);
#if HWY_MAX_BYTES == 64
    sums[2] = hn::MulAdd(factor, x2, sums[2]);
    sums[3] = hn::MulAdd(factor, x3, sums[3]);
#endif
  }

  // sums += (scale x − offset)²
  HWY_INLINE void add_squares(VectorOf<T> scale, VectorOf<T> offset, VectorOf<T>* sums) const {
    const auto add = [&](VectorOf<T> x, VectorOf<T>& sum) HWY_ATTR {
      const auto z = hn::MulSub(scale, x, offset);
      sum = hn::MulAdd(z, z, sum);
    };
    add(x0, sums[0]);
    add(x1, sums[1]);
#if HWY_MAX_BYTES == 64
    add(x2, sums[2]);
    add(x3, sums[3]);
#endif
  }
};

// squares[i] += Σ (W c_i − offset)_a² for A consecutive rows of W.
template <std::size_t A, std::size_t V, class T>
HWY_INLINE void add_squares(const T* columns, std::size_t stride, const TriangularTermOf<T>& term, std::size_t a,
                            VectorOf<T>* squares) {
  const LaneOf<T> d;
  VectorOf<T> product[A][V];
  const T* row[A];
  for (std::size_t r = 0; r < A; ++r) {
    row[r] = term.inverse_factor + (a + r) * (a + r + 1) / 2;
    const auto start = hn::Set(d, -term.offset[a + r]);
    for (std::size_t v = 0; v < V; ++v) product[r][v] = start;
  }
  for (std::size_t b = 0; b <= a; ++b) {
    const GroupOfRows<T, V> x(columns + b * stride);
    for (std::size_t r = 0; r < A; ++r) x.multiply_add(hn::Set(d, row[r][b]), product[r]);
  }
  for (std::size_t r = 1; r < A; ++r) {  // the corner of the triangle
    for (std::size_t b = 1; b <= r; ++b) {
      GroupOfRows<T, V>(columns + (a + b) * stride).multiply_add(hn::Set(d, row[r][a + b]), product[r]);
    }
  }
  for (std::size_t r = 0; r < A; ++r) {
    for (std::size_t v = 0; v < V; ++v) squares[v] = hn::MulAdd(product[r][v], product[r][v], squares[v]);
  }
}

// squares ← ‖W c_i − offset‖² of one group of rows; D columns where that is known at compile time, else 0.
template <std::size_t D, std::size_t V, class T>
HWY_INLINE void triangular_squares(const T* columns, std::size_t stride, std::size_t dimensions,
                                   const TriangularTermOf<T>& term, VectorOf<T>* squares) {
  for (std::size_t v = 0; v < V; ++v) squares[v] = hn::Zero(LaneOf<T>());
  if constexpr (D > 0) {
    add_squares<D, V>(columns, stride, term, 0, squares);
  } else {
    std::size_t a = 0;
    for (; a + 4 <= dimensions; a += 4) add_squares<4, V>(columns, stride, term, a, squares);
    if (a + 2 <= dimensions) {
      add_squares<2, V>(columns, stride, term, a, squares);
      a += 2;
    }
    if (a < dimensions) add_squares<1, V>(columns, stride, term, a, squares);
  }
}

// One group of rows, V vectors of them, and C components: finish(c, squares) gets Σ_j (scale[j] c_ij − offset[j])².
template <std::size_t C, std::size_t V, class T, class Finish>
HWY_INLINE void diagonal_group(const T* columns, std::size_t stride, std::size_t dimensions,
                               const DiagonalTermOf<T>* terms, const Finish& finish) {
  const LaneOf<T> d;
  VectorOf<T> squares[C][V];
  const T* scale[C];
  const T* offset[C];
  for (std::size_t c = 0; c < C; ++c) {
    scale[c] = terms[c].scale;
    offset[c] = terms[c].offset;
    for (auto& s : squares[c]) s = hn::Zero(d);
  }
  for (std::size_t j = 0; j < dimensions; ++j) {
    const GroupOfRows<T, V> x(columns + j * stride);
    for (std::size_t c = 0; c < C; ++c) {
      x.add_squares(hn::Set(d, scale[c][j]), hn::Set(d, offset[c][j]), squares[c]);
    }
  }
  for (std::size_t c = 0; c < C; ++c) finish(c, squares[c]);
}

// All components: finish(t, squares).
template <std::size_t V, class T, class Finish>
HWY_INLINE void diagonal_groups(const T* columns, std::size_t stride, std::size_t dimensions,
                                const DiagonalTermOf<T>* terms, std::size_t count, const Finish& finish) {
  std::size_t t = 0;
  const auto shifted = [&](std::size_t c, const VectorOf<T>* squares) HWY_ATTR { finish(t + c, squares); };
  for (; t + 4 <= count; t += 4) diagonal_group<4, V>(columns, stride, dimensions, terms + t, shifted);
  for (; t + 2 <= count; t += 2) diagonal_group<2, V>(columns, stride, dimensions, terms + t, shifted);
  for (; t < count; ++t) diagonal_group<1, V>(columns, stride, dimensions, terms + t, shifted);
}

}  // namespace jensen::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
