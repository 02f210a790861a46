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

// One column of a group of rows: V vectors of them.
template <std::size_t V, class T>
HWY_INLINE void load_group(const T* column, VectorOf<T>* x) {
  unrolled<V>([&](auto v) JENSEN_INLINED { x[v] = in_register(hn::Load(LaneOf<T>(), column + v * lanes_of<T>)); });
}

// squares[i] += Σ (W c_i − offset)_a² for A consecutive rows of W.
template <std::size_t A, std::size_t V, class T>
HWY_INLINE void add_squares(const T* columns, std::size_t stride, const TriangularTermOf<T>& term, std::size_t a,
                            VectorOf<T>* squares) {
  const LaneOf<T> d;
  VectorOf<T> product[A][V];
  const T* row[A];
  VectorOf<T> x[V];
  load_group<V>(columns, x);
  unrolled<A>([&](auto r) JENSEN_INLINED {
    row[r] = term.inverse_factor + (a + r) * (a + r + 1) / 2;
    const auto factor = hn::Set(d, row[r][0]);
    const auto offset = hn::Set(d, term.offset[a + r]);
    unrolled<V>([&](auto v) JENSEN_INLINED { product[r][v] = hn::MulSub(factor, x[v], offset); });
  });
  // Column b, which is one of the triangle's from row `from` on.
  const auto add_column = [&](std::size_t b, auto from) JENSEN_INLINED {
    load_group<V>(columns + b * stride, x);
    unrolled<A - from>([&](auto t) JENSEN_INLINED {
      constexpr std::size_t r = from + t;
      const auto factor = hn::Set(d, row[r][b]);
      unrolled<V>([&](auto v) JENSEN_INLINED { product[r][v] = hn::MulAdd(factor, x[v], product[r][v]); });
    });
  };
  for (std::size_t b = 1; b <= a; ++b) add_column(b, std::integral_constant<std::size_t, 0>());
  unrolled<A - 1>([&](auto r) JENSEN_INLINED { add_column(a + r + 1, std::integral_constant<std::size_t, r + 1>()); });
  unrolled<A>([&](auto r) JENSEN_INLINED {
    unrolled<V>([&](auto v) JENSEN_INLINED { squares[v] = hn::MulAdd(product[r][v], product[r][v], squares[v]); });
  });
}

// squares ← ‖W c_i − offset‖² of one group of rows; D columns where that is known at compile time, else 0.
template <std::size_t D, std::size_t V, class T>
HWY_INLINE void triangular_squares(const T* columns, std::size_t stride, std::size_t dimensions,
                                   const TriangularTermOf<T>& term, VectorOf<T>* squares) {
  unrolled<V>([&](auto v) JENSEN_INLINED { squares[v] = hn::Zero(LaneOf<T>()); });
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

// One group of rows, V vectors of them, and C components: finish(c, squares) gets Σ_j (scale[j] c_ij − offset[j])², or
// Σ_j (scale[j] (c_ij − offset[j]))² where offsets are means.
template <std::size_t C, std::size_t V, bool Means, class T, class Terms, class Finish>
HWY_INLINE void diagonal_group(const T* columns, std::size_t stride, std::size_t dimensions, Terms terms,
                               const Finish& finish) {
  const LaneOf<T> d;
  VectorOf<T> squares[C][V];
  const T* scale[C];
  const T* offset[C];
  unrolled<C>([&](auto c) JENSEN_INLINED {
    scale[c] = terms[c].scale;
    offset[c] = terms[c].offset;
    unrolled<V>([&](auto v) JENSEN_INLINED { squares[c][v] = hn::Zero(d); });
  });
  for (std::size_t j = 0; j < dimensions; ++j) {
    VectorOf<T> x[V];
    load_group<V>(columns + j * stride, x);
    unrolled<C>([&](auto c) JENSEN_INLINED {
      const auto s = hn::Set(d, scale[c][j]);
      const auto t = hn::Set(d, offset[c][j]);
      unrolled<V>([&](auto v) JENSEN_INLINED {
        const auto z = Means ? hn::Mul(s, hn::Sub(x[v], t)) : hn::MulSub(s, x[v], t);
        squares[c][v] = hn::MulAdd(z, z, squares[c][v]);
      });
    });
  }
  unrolled<C>([&](auto c) JENSEN_INLINED { finish(c, squares[c]); });
}

// All components: finish(t, squares). terms[t] is a DiagonalTermOf<T>.
template <std::size_t V, bool Means = false, class T, class Terms, class Finish>
HWY_INLINE void diagonal_groups(const T* columns, std::size_t stride, std::size_t dimensions, Terms terms,
                                std::size_t count, const Finish& finish) {
  std::size_t t = 0;
  const auto shifted = [&](std::size_t c, const VectorOf<T>* squares) JENSEN_INLINED { finish(t + c, squares); };
  for (; t + 4 <= count; t += 4) diagonal_group<4, V, Means>(columns, stride, dimensions, terms + t, shifted);
  for (; t + 2 <= count; t += 2) diagonal_group<2, V, Means>(columns, stride, dimensions, terms + t, shifted);
  for (; t < count; ++t) diagonal_group<1, V, Means>(columns, stride, dimensions, terms + t, shifted);
}

}  // namespace jensen::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
