// One source for all instruction sets, as kernels.cpp.
#include <jensen/math/panel_kernels.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "math/posterior_moments.h"
#include "math/product.h"

#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV | HWY_AVX3_DL | HWY_SSSE3)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "math/panel_kernels.cpp"
// foreach_target.h must come before highway.h
// clang-format off
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "math/lanes-inl.h"
#include "math/normalize-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace jensen::kernels::HWY_NAMESPACE {

template <class T>
constexpr std::size_t group_rows_of =
    register_vectors* lanes_of<T>;  // rows that one pass of a density kernel holds in registers

void center_rows(ConstPanel x, const double* point, double* to, std::size_t stride, std::size_t padded) {
  const Lane d;
  const auto rows = static_cast<std::size_t>(x.rows);
  for (int j = 0; j < x.columns; ++j) {
    const double* HWY_RESTRICT source = x.column(j);
    double* HWY_RESTRICT target = to + static_cast<std::size_t>(1 + j) * stride;
    const Vector shift = hn::Set(d, point[j]);
    std::size_t i = 0;
    for (; i + lanes <= rows; i += lanes) hn::Store(hn::Sub(hn::LoadU(d, source + i), shift), d, target + i);
    for (; i < rows; ++i) target[i] = source[i] - point[j];
    for (; i < padded; ++i) target[i] = 0;
  }
}

void center_rows_single(ConstPanel x, const double* point, const double* scale, float* to, std::size_t stride,
                        std::size_t padded) {
  const Lane d;
  const hn::Rebind<float, Lane> single;
  const auto rows = static_cast<std::size_t>(x.rows);
  for (int j = 0; j < x.columns; ++j) {
    const double* HWY_RESTRICT source = x.column(j);
    float* HWY_RESTRICT target = to + static_cast<std::size_t>(1 + j) * stride;
    const Vector shift = hn::Set(d, point[j]);
    const Vector unit = hn::Set(d, scale[j]);
    std::size_t i = 0;
    for (; i + lanes <= rows; i += lanes) {
      hn::Store(hn::DemoteTo(single, hn::Mul(hn::Sub(hn::LoadU(d, source + i), shift), unit)), single, target + i);
    }
    for (; i < rows; ++i) target[i] = static_cast<float>((source[i] - point[j]) * scale[j]);
    for (; i < padded; ++i) target[i] = 0;
  }
}

// out[i] += constant − ½ squares for the rows of V vectors, of which `count` exist.
template <std::size_t V, class T>
HWY_INLINE void add_to_output(const VectorOf<T>* squares, T constant, T* out, std::size_t count) {
  const LaneOf<T> d;
  constexpr std::size_t width = lanes_of<T>;
  const auto top = hn::Set(d, constant);
  const auto minus_half = hn::Set(d, static_cast<T>(-0.5));
  if (count >= V * width) {
    for (std::size_t v = 0; v < V; ++v) {
      T* to = out + v * width;
      hn::StoreU(hn::Add(hn::LoadU(d, to), hn::MulAdd(minus_half, squares[v], top)), d, to);
    }
    return;
  }
  alignas(64) T values[V * width];
  for (std::size_t v = 0; v < V; ++v) hn::Store(hn::MulAdd(minus_half, squares[v], top), d, values + v * width);
  for (std::size_t i = 0; i < count; ++i) out[i] += values[i];
}

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

template <std::size_t D, std::size_t V, class T>
HWY_INLINE void triangular_group(const T* columns, std::size_t stride, std::size_t dimensions,
                                 const TriangularTermOf<T>& term, T* out, std::size_t count) {
  VectorOf<T> squares[V];
  triangular_squares<D, V>(columns, stride, dimensions, term, squares);
  add_to_output<V>(squares, term.constant, out, count);
}

template <std::size_t D, class T>
void triangular_of(const T* columns, std::size_t stride, std::size_t dimensions, std::size_t rows,
                   const TriangularTermOf<T>* terms, std::size_t count) {
  std::size_t i = 0;
  for (; i + group_rows_of<T> / 2 < rows; i += group_rows_of<T>) {
    for (std::size_t t = 0; t < count; ++t) {
      triangular_group<D, register_vectors>(columns + i, stride, dimensions, terms[t], terms[t].out + i, rows - i);
    }
  }
  for (; i < rows; i += lanes_of<T>) {  // few rows
    for (std::size_t t = 0; t < count; ++t) {
      triangular_group<D, 1>(columns + i, stride, dimensions, terms[t], terms[t].out + i, rows - i);
    }
  }
}

template <class T>
HWY_INLINE void triangular(const T* columns, std::size_t stride, std::size_t dimensions, std::size_t rows,
                           const TriangularTermOf<T>* terms, std::size_t count) {
  switch (dimensions) {
    case 1: return triangular_of<1>(columns, stride, dimensions, rows, terms, count);
    case 2: return triangular_of<2>(columns, stride, dimensions, rows, terms, count);
    case 3: return triangular_of<3>(columns, stride, dimensions, rows, terms, count);
    case 4: return triangular_of<4>(columns, stride, dimensions, rows, terms, count);
    default: return triangular_of<0>(columns, stride, dimensions, rows, terms, count);
  }
}

void add_triangular(const double* columns, std::size_t stride, std::size_t dimensions, std::size_t rows,
                    const TriangularTerm* terms, std::size_t count) {
  triangular(columns, stride, dimensions, rows, terms, count);
}

void add_triangular_single(const float* columns, std::size_t stride, std::size_t dimensions, std::size_t rows,
                           const SingleTriangularTerm* terms, std::size_t count) {
  triangular(columns, stride, dimensions, rows, terms, count);
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

template <std::size_t V, class T>
HWY_INLINE void diagonal_rows(const T* columns, std::size_t stride, std::size_t dimensions, std::size_t i,
                              std::size_t rows, const DiagonalTermOf<T>* terms, std::size_t count) {
  diagonal_groups<V>(columns + i, stride, dimensions, terms, count,
                     [&](std::size_t t, const VectorOf<T>* squares)
                         HWY_ATTR { add_to_output<V>(squares, terms[t].constant, terms[t].out + i, rows - i); });
}

template <class T>
HWY_INLINE void diagonal(const T* columns, std::size_t stride, std::size_t dimensions, std::size_t rows,
                         const DiagonalTermOf<T>* terms, std::size_t count) {
  std::size_t i = 0;
  for (; i + group_rows_of<T> / 2 < rows; i += group_rows_of<T>) {
    diagonal_rows<register_vectors>(columns, stride, dimensions, i, rows, terms, count);
  }
  for (; i < rows; i += lanes_of<T>) {  // few rows
    diagonal_rows<1>(columns, stride, dimensions, i, rows, terms, count);
  }
}

void add_diagonal(const double* columns, std::size_t stride, std::size_t dimensions, std::size_t rows,
                  const DiagonalTerm* terms, std::size_t count) {
  diagonal(columns, stride, dimensions, rows, terms, count);
}

void add_diagonal_single(const float* columns, std::size_t stride, std::size_t dimensions, std::size_t rows,
                         const SingleDiagonalTerm* terms, std::size_t count) {
  diagonal(columns, stride, dimensions, rows, terms, count);
}

void largest_states(ConstPanel p, double* largest, std::int32_t* state) {
  const Lane d;
  const auto rows = static_cast<std::size_t>(p.rows);
  std::size_t i = 0;
  for (; i + lanes <= rows; i += lanes) {
    Vector best = hn::LoadU(d, p.column(0) + i);
    Vector at = hn::Zero(d);
    for (int k = 1; k < p.columns; ++k) {
      const Vector value = hn::LoadU(d, p.column(k) + i);
      const auto better = hn::Gt(value, best);
      best = hn::IfThenElse(better, value, best);
      at = hn::IfThenElse(better, hn::Set(d, static_cast<double>(k)), at);
    }
    hn::StoreU(best, d, largest + i);
    alignas(64) double states[lanes];
    hn::Store(at, d, states);
    for (std::size_t lane = 0; lane < lanes; ++lane) state[i + lane] = static_cast<std::int32_t>(states[lane]);
  }
  for (; i < rows; ++i) {
    const auto row = static_cast<std::int64_t>(i);
    state[i] = 0;
    for (int k = 1; k < p.columns; ++k) {
      if (p(row, k) > p(row, state[i])) state[i] = k;
    }
    largest[i] = p(row, state[i]);
  }
}

void select_at_least(const double* v, const double* floor, std::size_t count, std::int32_t* indices,
                     std::size_t* selected) {
  const Lane d;
  std::size_t found = 0;
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto chosen = hn::Ge(hn::LoadU(d, v + i), hn::LoadU(d, floor + i));
    if (hn::AllFalse(d, chosen)) continue;
    std::uint8_t bits[8] = {};
    hn::StoreMaskBits(d, chosen, bits);
    for (unsigned rest = bits[0]; rest != 0; rest &= rest - 1) {
      indices[found++] = static_cast<std::int32_t>(i) + std::countr_zero(rest);
    }
  }
  for (; i < count; ++i) {
    if (v[i] >= floor[i]) indices[found++] = static_cast<std::int32_t>(i);
  }
  *selected = found;
}

// Rows that a product over rows runs through at once: what a tile reads stays in the first-level cache.
template <class T>
constexpr std::size_t product_rows_of = 2048 / sizeof(T);

// Responsibilities of C components, virtual lanes by virtual lanes: one stream with fixed distances, which needs one
// pointer.
template <std::size_t C, class T>
void pack(const Product<T>& p, std::size_t k, std::size_t first, std::size_t end, T* to) {
  const LaneOf<T> d;
  constexpr std::size_t together = virtual_lanes_of<T>;
  for (std::size_t c = 0; c < C; ++c) {
    const T* r = p.r[k + c];
    std::size_t i = first;
    for (; i + together <= end; i += together) {
      T* group = to + (i - first) * C + c * together;
      for (std::size_t part = 0; part < together; part += lanes_of<T>) {
        hn::Store(hn::LoadU(d, r + i + part), d, group + part);
      }
    }
    if (i < end) {
      T* group = to + (i - first) * C + c * together;
      for (std::size_t lane = 0; lane < together; ++lane) group[lane] = i + lane < end ? r[i + lane] : T{0};
    }
  }
}

// The products of the columns of F pairs, from `f` on. Pairs beyond the last are formed and thrown away, so that no
// remainder needs code.
template <std::size_t F, class T>
struct FormedFeatures {
  const T* left[F];
  const T* right[F];

  HWY_INLINE FormedFeatures(const Product<T>& p, std::size_t f, std::size_t first) {
    for (std::size_t t = 0; t < F; ++t) {
      const ColumnPair pair = f + t < p.pair_count ? p.pairs[f + t] : ColumnPair{};
      left[t] = p.columns + static_cast<std::size_t>(pair.a) * p.stride + first;
      right[t] = p.columns + static_cast<std::size_t>(pair.b) * p.stride + first;
    }
  }
  HWY_INLINE VectorOf<T> operator()(std::size_t t, std::size_t i) const {
    const LaneOf<T> d;
    return hn::Mul(hn::Load(d, left[t] + i), hn::Load(d, right[t] + i));
  }
};

// F columns from b on, of which `count` exist. The last one stands for those beyond it.
template <std::size_t F, class T>
struct PlainColumns {
  const T* column[F];

  HWY_INLINE PlainColumns(const Product<T>& p, std::size_t b, std::size_t first, std::size_t count) {
    for (std::size_t t = 0; t < F; ++t) column[t] = p.columns + (b + std::min(t, count - 1)) * p.stride + first;
  }
  HWY_INLINE VectorOf<T> operator()(std::size_t t, std::size_t i) const {
    return in_register(hn::Load(LaneOf<T>(), column[t] + i));
  }
};

// `packed` holds packed_states components, of which the first C are meant: sums[f · states + c] += … for C
// components from `k` on and F pairs from `f` on, of which those before `end` count, over as many rows as there are
// virtual lanes at a time.
template <std::size_t C, std::size_t F, class T, class Features>
HWY_INLINE void add_tile(const Product<T>& p, const T* packed, std::size_t packed_states, std::size_t k, std::size_t f,
                         std::size_t end, std::size_t rows, const Features& features) {
  const LaneOf<T> d;
  constexpr std::size_t together = virtual_lanes_of<T>, width = lanes_of<T>;
  VectorOf<T> sums[F][C][parts_of<T>];
  for (std::size_t part = 0; part < parts_of<T>; ++part) {
    VectorOf<T> tile[C][F];
    for (auto& row : tile) {
      for (auto& s : row) s = hn::Zero(d);
    }
    for (std::size_t i = part * width; i < rows; i += together) {
      VectorOf<T> feature[F];
      for (std::size_t t = 0; t < F; ++t) feature[t] = features(t, i);
      const T* r = packed + (i - part * width) * packed_states + part * width;
      for (std::size_t c = 0; c < C; ++c) {
        const auto weight = in_register(hn::Load(d, r + c * together));
        for (std::size_t t = 0; t < F; ++t) tile[c][t] = hn::MulAdd(weight, feature[t], tile[c][t]);
      }
    }
    for (std::size_t c = 0; c < C; ++c) {
      for (std::size_t t = 0; t < F; ++t) sums[t][c][part] = tile[c][t];
    }
  }
  for (std::size_t t = 0; t < F && f + t < end; ++t) add_sums<C>(sums[t], p.sums + (f + t) * p.states + k);
}

template <std::size_t C, std::size_t F, class T>
void add_formed_tile(const Product<T>& p, const T* packed, std::size_t packed_states, std::size_t k, std::size_t f,
                     std::size_t first, std::size_t rows) {
  add_tile<C, F>(p, packed, packed_states, k, f, p.pair_count, rows, FormedFeatures<F, T>(p, f, first));
}

// A product (r c_a) c_b costs a multiplication for each component and a, r (c_a c_b) one for each pair: the former is
// for many columns and few components. Never for those that have tiles of their own (most_few_states).
template <class T>
bool weighs_first(const Product<T>& p) {
  constexpr std::size_t most_few_pairs = 15;
  if (p.pair_count <= most_few_pairs) return false;
  std::size_t runs = 0;  // of pairs with the same a
  for (std::size_t f = 0; f < p.pair_count; ++f) runs += f == 0 || p.pairs[f].a != p.pairs[f - 1].a ? 1 : 0;
  return 2 * runs * p.states <= p.pair_count;
}

// to ← packed responsibilities of C components times a column.
template <std::size_t C, class T>
void weigh(const T* packed, const T* column, std::size_t rows, T* to) {
  const LaneOf<T> d;
  constexpr std::size_t together = virtual_lanes_of<T>;
  for (std::size_t i = 0; i < rows; i += lanes_of<T>) {
    const auto value = hn::Load(d, column + i);
    const std::size_t at = i / together * together * C + i % together;
    for (std::size_t c = 0; c < C; ++c) {
      hn::Store(hn::Mul(hn::Load(d, packed + at + c * together), value), d, to + at + c * together);
    }
  }
}

// All pairs, for C components from `k` on: for each a, r c_a is formed, in `weighted`, and multiplied with c_0, c_1, …
template <std::size_t C, std::size_t F, class T>
void add_weighted_tiles(const Product<T>& p, const T* packed, std::size_t k, std::size_t first, std::size_t rows,
                        T* weighted) {
  for (std::size_t f = 0; f < p.pair_count;) {
    const auto a = static_cast<std::size_t>(p.pairs[f].a);
    const std::size_t end = f + 1 + a;
    weigh<C>(packed, p.columns + a * p.stride + first, rows, weighted);
    for (std::size_t b = 0; f < end; f += F, b += F) {
      add_tile<C, F>(p, weighted, C, k, f, end, rows, PlainColumns<F, T>(p, b, first, end - f));
    }
    f = end;
  }
}

constexpr std::size_t most_states_of_tile = HWY_MAX_BYTES == 64 ? 8 : 4;

// Components and pairs that one tile serves: as many as the registers hold sums for.
template <std::size_t C, std::size_t F>
struct Tile {
  static constexpr std::size_t states = C, pairs = F;
};

// visit(k, tile) for tiles of neighbouring components, from k on, that cover all of them.
template <class Visit>
HWY_INLINE void in_tiles(std::size_t components, const Visit& visit) {
  std::size_t k = 0;
  const auto visited = [&](std::size_t from, auto tile) HWY_ATTR {
    visit(from, tile);
    return from + tile.states;
  };
  while (k < components) {
    const std::size_t left = components - k;
#if HWY_MAX_BYTES == 64  // 32 registers
    if (left >= 8 && left != 9 && left != 10) {
      k = visited(k, Tile<8, 3>());
    } else if (left >= 5) {
      k = visited(k, Tile<5, 4>());
    } else if (left == 4) {
      k = visited(k, Tile<4, 5>());
    } else if (left == 3) {
      k = visited(k, Tile<3, 6>());
    } else if (left == 2) {
      k = visited(k, Tile<2, 6>());
    }
#else
    if (left >= 4) {
      k = visited(k, Tile<4, 2>());
    } else if (left >= 2) {
      k = visited(k, Tile<2, 4>());
    }
#endif
    else {
      k = visited(k, Tile<1, 8>());
    }
  }
}

// `memory`: room for 2 × 8 × product_rows_of<T> numbers.
template <class T>
HWY_INLINE void product(const Product<T>& p, std::size_t rows, T* memory) {
  const bool weighing = weighs_first(p);
  T* packed = memory;
  T* weighted = memory + 8 * product_rows_of<T>;
  for (std::size_t first = 0; first < rows; first += product_rows_of<T>) {
    const std::size_t end = std::min(rows, first + product_rows_of<T>);
    in_tiles(p.states, [&](std::size_t k, auto tile) HWY_ATTR {
      constexpr std::size_t states = decltype(tile)::states, pairs = decltype(tile)::pairs;
      pack<states>(p, k, first, end, packed);
      if (weighing) return add_weighted_tiles<states, pairs>(p, packed, k, first, end - first, weighted);
      for (std::size_t f = 0; f < p.pair_count; f += pairs) {
        add_formed_tile<states, pairs>(p, packed, states, k, f, first, end - first);
      }
    });
  }
}

void add_product(const Product<double>& p, std::size_t rows, double* memory) { product(p, rows, memory); }

void add_product_single(const Product<float>& p, std::size_t rows, float* memory) { product(p, rows, memory); }

// Up to four columns and so many components, moments have tiles of their own: what the others leave over would weigh
// too much.
constexpr std::size_t most_few_states = 16;

// Where the responsibilities of a component lie: those of row i at offset + ⌊i / virtual_lanes⌋ distance +
// i mod virtual_lanes.
struct Place {
  std::size_t offset, distance;
};

// A component and the rows of a vector to which it matters.
struct Hit {
  std::uint32_t state;
  std::uint16_t row;   // the first one
  std::uint16_t rows;  // a bit each
};

constexpr std::size_t whole_lanes(std::size_t count) {
  return (count + virtual_lanes - 1) / virtual_lanes * virtual_lanes;
}

// What a portion of rows needs: centred columns, responsibilities as pack() lays them out, weights, and the log-joints
// of one group, what weigh() makes of a tile; and where few components matter to a row, which, the centred rows one by
// one, and the moments.
struct PosteriorMemory {
  static constexpr std::size_t rows = product_rows_of<double>, stride = rows + virtual_lanes;
  static constexpr std::size_t small_part = 4;  // a quarter of all pairs of rows and components
  PosteriorMemory(double* memory, std::size_t dimensions, std::size_t states)
      : length(whole_lanes(dimensions)),
        most_hits(rows * states / small_part),
        columns(memory),
        packed(columns + (1 + dimensions) * stride),
        weights(packed + rows * states),
        log_joint(weights + rows),
        weighted(log_joint + group_rows_of<double> * states),
        by_row(weighted + most_states_of_tile * rows),
        moments(by_row + rows * length),
        hits(reinterpret_cast<Hit*>(moments + states * (2 * length + virtual_lanes))) {}
  std::size_t length, most_hits;
  double* columns;
  double* packed;
  double* weights;
  double* log_joint;
  double* weighted;
  double* by_row;
  double* moments;  // of a component: first ones, second ones, weight
  Hit* hits;
};

// After so many rows, again and again, it is judged whether few components matter.
constexpr std::size_t trial_rows = 32;

// Writes down who matters, as long as that is a small part.
struct HitList {
  static constexpr bool by_vector = true;
  double lowest;
  std::size_t first_row;  // of the group
  std::size_t end;        // of the rows that there are
  const PosteriorMemory& own;
  std::size_t& hits;
  std::size_t& pairs;

  HWY_INLINE void found(std::size_t k, std::size_t v, hn::Mask<Lane> rows) const {
    const Lane d;
    std::uint8_t bits[8] = {};
    hn::StoreMaskBits(d, rows, bits);
    const std::size_t first = first_row + v * lanes;
    const std::size_t count = std::min(lanes, end - std::min(end, first));
    const unsigned existing = bits[0] & ((1U << count) - 1);
    pairs += static_cast<std::size_t>(std::popcount(existing));
    if (pairs > own.most_hits || existing == 0) return;
    own.hits[hits++] = {static_cast<std::uint32_t>(k), static_cast<std::uint16_t>(first),
                        static_cast<std::uint16_t>(existing)};
  }
};

// Adds the moments of the rows of each hit to own.moments, one row after the other.
void add_hits(const PosteriorMemory& own, std::size_t dimensions, std::size_t rows, const std::vector<Place>& place,
              std::size_t hits) {
  const Lane d;
  for (std::size_t i = 0; i < rows; ++i) {
    double* row = own.by_row + i * own.length;
    const double* column = own.columns + own.stride + i;
    for (std::size_t j = 0; j < dimensions; ++j) row[j] = column[j * own.stride];
  }
  for (std::size_t h = 0; h < hits; ++h) {
    const Hit hit = own.hits[h];
    double* moments = own.moments + hit.state * (2 * own.length + virtual_lanes);
    const double* responsibilities = own.packed + place[hit.state].offset;
    for (unsigned rest = hit.rows; rest != 0; rest &= rest - 1) {
      const std::size_t i = hit.row + static_cast<std::size_t>(std::countr_zero(rest));
      const double r = responsibilities[i / virtual_lanes * place[hit.state].distance + i % virtual_lanes];
      const Vector weight = hn::Set(d, r);
      const double* row = own.by_row + i * own.length;
      for (std::size_t j = 0; j < own.length; j += lanes) {
        const Vector value = hn::Load(d, row + j);
        const Vector weighted = hn::Mul(weight, value);
        hn::Store(hn::Add(hn::Load(d, moments + j), weighted), d, moments + j);
        double* second = moments + own.length + j;
        hn::Store(hn::MulAdd(weighted, value, hn::Load(d, second)), d, second);
      }
      moments[2 * own.length] += r;
    }
  }
}

// Moments of variances alone, in the order 1, c_1, c_1², c_2, …
void add_hit_moments(const PosteriorMemory& own, std::size_t dimensions, std::size_t states, double* sums) {
  for (std::size_t k = 0; k < states; ++k) {
    const double* moments = own.moments + k * (2 * own.length + virtual_lanes);
    sums[k] += moments[2 * own.length];
    for (std::size_t j = 0; j < dimensions; ++j) {
      sums[(1 + 2 * j) * states + k] += moments[j];
      sums[(2 + 2 * j) * states + k] += moments[own.length + j];
    }
  }
}

// Log-joints of one group of rows: out[k · group + i].
template <std::size_t D>
HWY_INLINE void log_joint_of_group(const PosteriorMoments& p, const double* columns, std::size_t stride, double* out) {
  const Lane d;
  constexpr std::size_t group = group_rows_of<double>;
  const auto dimensions = static_cast<std::size_t>(p.x.columns);
  const auto finish = [&](std::size_t k, double constant, const Vector* squares) HWY_ATTR {
    const Vector start = hn::Set(d, p.log_weights[k]);
    const Vector top = hn::Set(d, constant);
    for (std::size_t v = 0; v < register_vectors; ++v) {
      hn::Store(hn::Add(start, hn::MulAdd(hn::Set(d, -0.5), squares[v], top)), d, out + k * group + v * lanes);
    }
  };
  for (std::size_t k = 0; k < p.triangular.size(); ++k) {
    Vector squares[register_vectors];
    triangular_squares<D, register_vectors>(columns, stride, dimensions, p.triangular[k], squares);
    finish(k, p.triangular[k].constant, squares);
  }
  diagonal_groups<register_vectors>(columns, stride, dimensions, p.diagonal.data(), p.diagonal.size(),
                                    [&](std::size_t k, const Vector* squares)
                                        HWY_ATTR { finish(k, p.diagonal[k].constant, squares); });
}

// The moments of C components from `k` on.
template <std::size_t C, std::size_t D>
HWY_INLINE void few_columns_tiles(const Product<double>& p, const double* packed, std::size_t states, std::size_t k,
                                  std::size_t rows) {
  constexpr std::size_t pairs = (D + 1) * (D + 2) / 2;
#if HWY_MAX_BYTES == 64
  constexpr std::size_t at_once = C > 4 || pairs == 3 ? 3 : pairs == 6 ? 6 : 5;
#else
  constexpr std::size_t at_once = C > 2 ? 2 : pairs == 10 ? 4 : 3;
#endif
  for (std::size_t f = 0; f < p.pair_count; f += at_once) {
    add_formed_tile<C, at_once>(p, packed + k * virtual_lanes, states, k, f, 0, rows);
  }
}

template <std::size_t D>
HWY_INLINE void few_columns_moments(const Product<double>& p, const double* packed, std::size_t states,
                                    std::size_t rows) {
  constexpr std::size_t most = HWY_MAX_BYTES == 64 ? 8 : 4;
  for (std::size_t k = 0; k < states; k += most) {
    switch (std::min(most, states - k)) {
      case 1: few_columns_tiles<1, D>(p, packed, states, k, rows); break;
      case 2: few_columns_tiles<2, D>(p, packed, states, k, rows); break;
      case 3: few_columns_tiles<3, D>(p, packed, states, k, rows); break;
#if HWY_MAX_BYTES == 64
      case 5: few_columns_tiles<5, D>(p, packed, states, k, rows); break;
      case 6: few_columns_tiles<6, D>(p, packed, states, k, rows); break;
      case 7: few_columns_tiles<7, D>(p, packed, states, k, rows); break;
      case 8: few_columns_tiles<8, D>(p, packed, states, k, rows); break;
#endif
      default: few_columns_tiles<4, D>(p, packed, states, k, rows); break;
    }
  }
}

// Asks for memory that will be wanted soon. What is not there does no harm.
HWY_INLINE void fetch_ahead(std::uintptr_t address, std::size_t bytes) {
  constexpr std::size_t line = 64;
  for (std::size_t at = 0; at < bytes; at += line)
    __builtin_prefetch(reinterpret_cast<const void*>(address + at), 0, 2);
}

// Rows to come. Columns are far apart in memory and a portion of each is short, so that the processor does not foresee
// them; and where they are gathered from rows, it would wait for each block at its beginning.
HWY_INLINE void fetch_rows(const PosteriorMoments& p, std::size_t row, std::size_t count, std::size_t distance) {
  if (p.ahead.empty()) {
    for (int j = 0; j < p.x.columns; ++j) {
      const auto column = reinterpret_cast<std::uintptr_t>(p.x.column(j));
      fetch_ahead(column + (row + distance) * sizeof(double), count * sizeof(double));
    }
    return;
  }
  const std::size_t bytes = p.ahead.size() / static_cast<std::size_t>(p.x.rows);
  const std::size_t begin = row * bytes;
  if (begin >= p.ahead.size()) return;
  fetch_ahead(reinterpret_cast<std::uintptr_t>(p.ahead.data()) + begin,
              std::min(p.ahead.size() - begin, count * bytes));
}

// Moments of the components in own.packed, laid out tile by tile, or as for few columns.
template <std::size_t D>
HWY_INLINE void dense_moments(const Product<double>& p, const PosteriorMemory& own, bool few, std::size_t rows) {
  if (few) return few_columns_moments<D>(p, own.packed, p.states, rows);
  const bool weighing = weighs_first(p);
  in_tiles(p.states, [&](std::size_t k, auto tile) HWY_ATTR {
    constexpr std::size_t states = decltype(tile)::states, pairs = decltype(tile)::pairs;
    const double* packed = own.packed + k * own.rows;
    if (weighing) return add_weighted_tiles<states, pairs>(p, packed, k, 0, rows, own.weighted);
    for (std::size_t f = 0; f < p.pair_count; f += pairs) {
      add_formed_tile<states, pairs>(p, packed, states, k, f, 0, rows);
    }
  });
}

// D: the number of columns, if that is at most four, else 0.
template <std::size_t D>
void posterior_of(const PosteriorMoments& p, double* memory, PosteriorSums* result) {
  const Lane d;
  constexpr std::size_t group = group_rows_of<double>;
  const std::size_t states = p.triangular.size() + p.diagonal.size();
  const auto dimensions = static_cast<std::size_t>(p.x.columns);
  const PosteriorMemory own(memory, dimensions, states);
  const bool few = D > 0 && states <= most_few_states;
  std::vector<Place> place;
  if (few) {
    for (std::size_t k = 0; k < states; ++k) place.push_back({k * virtual_lanes, states * virtual_lanes});
  } else {
    in_tiles(states, [&](std::size_t k, auto tile) HWY_ATTR {
      for (std::size_t c = 0; c < tile.states; ++c) {
        place.push_back({k * own.rows + c * virtual_lanes, tile.states * virtual_lanes});
      }
    });
  }
  std::fill_n(own.columns, own.stride, 1.0);
  const Product<double> moments{own.columns, own.stride, p.pairs.data(), p.pairs.size(), nullptr, states, p.sums};
  NormalizedSums total(p.weights == nullptr);
  bool sparse = !p.diagonal.empty() && p.span < -lowest_exponent;
  bool any_hits = false;
  const auto all = static_cast<std::size_t>(p.x.rows);
  for (std::size_t first = 0; first < all; first += own.rows) {
    const std::size_t rows = std::min(own.rows, all - first);
    constexpr std::size_t whole = std::max(group, virtual_lanes);
    const std::size_t padded = (rows + whole - 1) / whole * whole;
    const ConstPanel x{p.x.data + first, static_cast<std::int64_t>(rows), p.x.columns, p.x.stride};
    center_rows(x, p.point, own.columns, own.stride, padded);
    for (std::size_t i = 0; i < rows; ++i) own.weights[i] = p.weights == nullptr ? 1.0 : p.weights[first + i];
    std::fill(own.weights + rows, own.weights + padded, 0.0);
    std::size_t hits = 0;
    std::size_t pairs = 0;
    for (std::size_t i = 0; i < padded; i += group) {
      if (sparse && i % trial_rows == 0 && pairs * own.small_part > i * states) {  // no small part, as it seems
        result->left_out |= pairs < std::min(i, rows) * states;
        sparse = false;
      }
      fetch_rows(p, first + i, group, own.rows);
      log_joint_of_group<D>(p, own.columns + own.stride + i, own.stride, own.log_joint);
      Vector weight[register_vectors];
      RowVector<double> row[register_vectors];
      for (std::size_t v = 0; v < register_vectors; ++v) weight[v] = hn::Load(d, own.weights + i + v * lanes);
      const auto store = [&](std::size_t k, std::size_t v, Vector r) HWY_ATTR {
        const std::size_t at = i + v * lanes;
        double* to = own.packed + place[k].offset + at / virtual_lanes * place[k].distance;
        hn::Store(r, d, to + at % virtual_lanes);
      };
      if (sparse) {
        const HitList relevant{-p.span, i, rows, own, hits, pairs};
        normalize_rows<register_vectors>(own.log_joint, group, states, weight, row, store, relevant);
      } else {
        normalize_rows<register_vectors>(own.log_joint, group, states, weight, row, store);
      }
      for (std::size_t v = 0; v < register_vectors; ++v) total.add(first + i + v * lanes, weight[v], row[v]);
    }
    result->left_out |= sparse && pairs < rows * states;
    sparse = sparse && pairs <= own.most_hits;
    if (sparse) {
      if (!any_hits) std::fill(own.by_row, reinterpret_cast<double*>(own.hits), 0.0);
      add_hits(own, dimensions, rows, place, hits);
      any_hits = true;
    } else {
      dense_moments<D>(moments, own, few, (rows + virtual_lanes - 1) / virtual_lanes * virtual_lanes);
    }
  }
  if (any_hits) add_hit_moments(own, dimensions, states, p.sums);
  total.write(&result->sums);
}

void posterior(const PosteriorMoments& p, double* memory, PosteriorSums* result) {
  switch (p.x.columns) {
    case 1: return posterior_of<1>(p, memory, result);
    case 2: return posterior_of<2>(p, memory, result);
    case 3: return posterior_of<3>(p, memory, result);
    case 4: return posterior_of<4>(p, memory, result);
    default: return posterior_of<0>(p, memory, result);
  }
}

}  // namespace jensen::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace jensen::kernels {

HWY_EXPORT(center_rows);
HWY_EXPORT(center_rows_single);
HWY_EXPORT(add_triangular);
HWY_EXPORT(add_triangular_single);
HWY_EXPORT(add_diagonal);
HWY_EXPORT(add_diagonal_single);
HWY_EXPORT(add_product);
HWY_EXPORT(add_product_single);
HWY_EXPORT(posterior);
HWY_EXPORT(largest_states);
HWY_EXPORT(select_at_least);

template <class T>
T* CenteredRowsOf<T>::prepare(std::int64_t rows, int columns) {
  constexpr std::size_t tile = 256 / sizeof(T);
  rows_ = static_cast<std::size_t>(rows);
  columns_ = columns;
  const std::size_t padded = (rows_ + tile - 1) / tile * tile;
  const bool as_before = stride_ == padded + gap;
  stride_ = padded + gap;
  const std::size_t size = static_cast<std::size_t>(columns_ + 1) * stride_ + 64 / sizeof(T);
  const std::size_t before = values_.size();
  if (before < size) values_.resize(size);
  const std::size_t start = (64 - reinterpret_cast<std::uintptr_t>(values_.data()) % 64) % 64 / sizeof(T);
  if (!as_before || values_.size() != before || start != offset_) {  // else the ones are there already
    offset_ = start;
    std::fill_n(values_.data() + offset_, padded, T{1});
  }
  return values_.data() + offset_;
}

// The instantiations below make Clang 14 compile members whose constraint does not hold, too.
template <class T>
void CenteredRowsOf<T>::assign(ConstPanel x, const double* point) requires std::is_same_v<T, double> {
  if constexpr (std::is_same_v<T, double>) {
    T* values = prepare(x.rows, x.columns);
    HWY_DYNAMIC_DISPATCH(center_rows)(x, point, values, stride_, padded_rows());
  }
}

template <class T>
void CenteredRowsOf<T>::assign(ConstPanel x, const double* point,
                               std::span<const std::int32_t> rows) requires std::is_same_v<T, double> {
  T* values = prepare(static_cast<std::int64_t>(rows.size()), x.columns);
  for (int j = 0; j < x.columns; ++j) {
    const double* source = x.column(j);
    T* to = values + static_cast<std::size_t>(1 + j) * stride_;
    for (std::size_t i = 0; i < rows.size(); ++i) to[i] = static_cast<T>(source[rows[i]] - point[j]);
    std::fill(to + rows.size(), to + padded_rows(), T{0});
  }
}

template <class T>
void CenteredRowsOf<T>::assign(ConstPanel x, const double* point,
                               const double* scale) requires std::is_same_v<T, float> {
  if constexpr (std::is_same_v<T, float>) {
    T* values = prepare(x.rows, x.columns);
    HWY_DYNAMIC_DISPATCH(center_rows_single)(x, point, scale, values, stride_, padded_rows());
  }
}

template class CenteredRowsOf<double>;
template class CenteredRowsOf<float>;

void add_triangular_log_densities(const CenteredRows& x, std::span<const TriangularTerm> terms) {
  HWY_DYNAMIC_DISPATCH(add_triangular)
  (x.column(1), x.stride(), static_cast<std::size_t>(x.columns()), x.rows(), terms.data(), terms.size());
}

void add_triangular_log_densities(const SingleCenteredRows& x, std::span<const SingleTriangularTerm> terms) {
  HWY_DYNAMIC_DISPATCH(add_triangular_single)
  (x.column(1), x.stride(), static_cast<std::size_t>(x.columns()), x.rows(), terms.data(), terms.size());
}

void add_diagonal_log_densities(const CenteredRows& x, int columns, std::span<const DiagonalTerm> terms) {
  HWY_DYNAMIC_DISPATCH(add_diagonal)
  (x.column(1), x.stride(), static_cast<std::size_t>(columns), x.rows(), terms.data(), terms.size());
}

void add_diagonal_log_densities(const SingleCenteredRows& x, int columns, std::span<const SingleDiagonalTerm> terms) {
  HWY_DYNAMIC_DISPATCH(add_diagonal_single)
  (x.column(1), x.stride(), static_cast<std::size_t>(columns), x.rows(), terms.data(), terms.size());
}

void largest_states(ConstPanel p, double* largest, std::int32_t* state) {
  HWY_DYNAMIC_DISPATCH(largest_states)(p, largest, state);
}

std::size_t select_at_least(std::span<const double> v, const double* floor, std::int32_t* indices) {
  std::size_t selected = 0;
  HWY_DYNAMIC_DISPATCH(select_at_least)(v.data(), floor, v.size(), indices, &selected);
  return selected;
}

void add_pair_moments(const CenteredRows& x, std::span<const ColumnPair> pairs, std::span<const double* const> r,
                      double* sums) {
  alignas(64) double memory[2 * 8 * 256];
  HWY_DYNAMIC_DISPATCH(add_product)
  (Product<double>{x.data(), x.stride(), pairs.data(), pairs.size(), r.data(), r.size(), sums}, x.rows(), memory);
}

void add_pair_moments(const SingleCenteredRows& x, std::span<const ColumnPair> pairs, std::span<const float* const> r,
                      double* sums) {
  alignas(64) float memory[2 * 8 * 512];
  HWY_DYNAMIC_DISPATCH(add_product_single)
  (Product<float>{x.data(), x.stride(), pairs.data(), pairs.size(), r.data(), r.size(), sums}, x.rows(), memory);
}

PosteriorSums add_posterior_moments(const PosteriorMoments& p, Workspace& workspace) {
  constexpr std::size_t portion = 256, line = 8, most_group = 32;
  const auto columns = static_cast<std::size_t>(p.x.columns);
  const std::size_t states = p.triangular.size() + p.diagonal.size();
  const std::size_t length = (columns + line - 1) / line * line;
  constexpr std::size_t tile = 8;
  const std::size_t size = (1 + columns) * (portion + line) + portion * (states + 1 + tile) + most_group * states +
                           portion * length + states * (2 * length + line) + portion * states / 4 + line;
  if (workspace.size() < size + line) workspace.resize(size + line);
  const auto address = reinterpret_cast<std::uintptr_t>(workspace.data());
  PosteriorSums result;
  HWY_DYNAMIC_DISPATCH(posterior)(p, workspace.data() + (64 - address % 64) % 64 / sizeof(double), &result);
  return result;
}

}  // namespace jensen::kernels
#endif  // HWY_ONCE
