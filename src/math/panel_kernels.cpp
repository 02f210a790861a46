// One source for all instruction sets, as kernels.cpp.
#include <jensen/math/panel_kernels.h>

#include <algorithm>
#include <bit>
#include <cstdint>

#include "math/product.h"

#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV | HWY_AVX3_DL | HWY_SSSE3)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "math/panel_kernels.cpp"
// foreach_target.h must come before highway.h
// clang-format off
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "math/lanes-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace jensen::kernels::HWY_NAMESPACE {

constexpr std::size_t group_rows =
    register_vectors * lanes;  // rows that one pass of a density kernel holds in registers

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

// out[i] += constant − ½ squares for the rows of V vectors, of which `count` exist.
template <std::size_t V>
HWY_INLINE void add_to_output(const Vector* squares, double constant, double* out, std::size_t count) {
  const Lane d;
  const Vector top = hn::Set(d, constant);
  const Vector minus_half = hn::Set(d, -0.5);
  if (count >= V * lanes) {
    for (std::size_t v = 0; v < V; ++v) {
      double* to = out + v * lanes;
      hn::StoreU(hn::Add(hn::LoadU(d, to), hn::MulAdd(minus_half, squares[v], top)), d, to);
    }
    return;
  }
  alignas(64) double values[V * lanes];
  for (std::size_t v = 0; v < V; ++v) hn::Store(hn::MulAdd(minus_half, squares[v], top), d, values + v * lanes);
  for (std::size_t i = 0; i < count; ++i) out[i] += values[i];
}

// One column of a group of rows, V vectors of them: one, or as many as the registers are for. Named members, not an
// array: GCC keeps an array that is read in a loop in memory.
template <std::size_t V>
struct GroupOfRows;

template <>
struct GroupOfRows<1> {
  Vector x0;

  HWY_INLINE explicit GroupOfRows(const double* column) : x0(in_register(hn::Load(Lane(), column))) {}
  // sums += factor x
  HWY_INLINE void multiply_add(Vector factor, Vector* sums) const { sums[0] = hn::MulAdd(factor, x0, sums[0]); }
};

template <>
struct GroupOfRows<register_vectors> {
  Vector x0, x1;
#if HWY_MAX_BYTES == 64
  Vector x2, x3;
#endif

  HWY_INLINE explicit GroupOfRows(const double* column) {
    const Lane d;
    x0 = in_register(hn::Load(d, column));
    x1 = in_register(hn::Load(d, column + lanes));
#if HWY_MAX_BYTES == 64
    x2 = in_register(hn::Load(d, column + 2 * lanes));
    x3 = in_register(hn::Load(d, column + 3 * lanes));
#endif
  }

  HWY_INLINE void multiply_add(Vector factor, Vector* sums) const {
    sums[0] = hn::MulAdd(factor, x0, sums[0]);
    sums[1] = hn::MulAdd(factor, x1, sums[1]);
#if HWY_MAX_BYTES == 64
    sums[2] = hn::MulAdd(factor, x2, sums[2]);
    sums[3] = hn::MulAdd(factor, x3, sums[3]);
#endif
  }

  // sums += (scale x − offset)²
  HWY_INLINE void add_squares(Vector scale, Vector offset, Vector* sums) const {
    const auto add = [&](Vector x, Vector& sum) HWY_ATTR {
      const Vector z = hn::MulSub(scale, x, offset);
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
template <std::size_t A, std::size_t V>
HWY_INLINE void add_squares(const double* columns, std::size_t stride, const TriangularTerm& term, std::size_t a,
                            Vector* squares) {
  const Lane d;
  Vector product[A][V];
  const double* row[A];
  for (std::size_t r = 0; r < A; ++r) {
    row[r] = term.inverse_factor + (a + r) * (a + r + 1) / 2;
    const Vector start = hn::Set(d, -term.offset[a + r]);
    for (std::size_t v = 0; v < V; ++v) product[r][v] = start;
  }
  for (std::size_t b = 0; b <= a; ++b) {
    const GroupOfRows<V> x(columns + b * stride);
    for (std::size_t r = 0; r < A; ++r) x.multiply_add(hn::Set(d, row[r][b]), product[r]);
  }
  for (std::size_t r = 1; r < A; ++r) {  // the corner of the triangle
    for (std::size_t b = 1; b <= r; ++b) {
      GroupOfRows<V>(columns + (a + b) * stride).multiply_add(hn::Set(d, row[r][a + b]), product[r]);
    }
  }
  for (std::size_t r = 0; r < A; ++r) {
    for (std::size_t v = 0; v < V; ++v) squares[v] = hn::MulAdd(product[r][v], product[r][v], squares[v]);
  }
}

// One group of rows and one component; D columns where that is known at compile time, else 0.
template <std::size_t D, std::size_t V>
HWY_INLINE void triangular_group(const double* columns, std::size_t stride, std::size_t dimensions,
                                 const TriangularTerm& term, double* out, std::size_t count) {
  const Lane lane;
  Vector squares[V];
  for (auto& s : squares) s = hn::Zero(lane);
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
  add_to_output<V>(squares, term.constant, out, count);
}

template <std::size_t D>
void triangular_of(const double* columns, std::size_t stride, std::size_t dimensions, std::size_t rows,
                   const TriangularTerm* terms, std::size_t count) {
  std::size_t i = 0;
  for (; i + group_rows / 2 < rows; i += group_rows) {
    for (std::size_t t = 0; t < count; ++t) {
      triangular_group<D, register_vectors>(columns + i, stride, dimensions, terms[t], terms[t].out + i, rows - i);
    }
  }
  for (; i < rows; i += lanes) {  // few rows
    for (std::size_t t = 0; t < count; ++t) {
      triangular_group<D, 1>(columns + i, stride, dimensions, terms[t], terms[t].out + i, rows - i);
    }
  }
}

void add_triangular(const double* columns, std::size_t stride, std::size_t dimensions, std::size_t rows,
                    const TriangularTerm* terms, std::size_t count) {
  switch (dimensions) {
    case 1: return triangular_of<1>(columns, stride, dimensions, rows, terms, count);
    case 2: return triangular_of<2>(columns, stride, dimensions, rows, terms, count);
    case 3: return triangular_of<3>(columns, stride, dimensions, rows, terms, count);
    case 4: return triangular_of<4>(columns, stride, dimensions, rows, terms, count);
    default: return triangular_of<0>(columns, stride, dimensions, rows, terms, count);
  }
}

// One group of rows and C components.
template <std::size_t C>
HWY_INLINE void diagonal_group(const double* columns, std::size_t stride, std::size_t dimensions,
                               const DiagonalTerm* terms, std::size_t i, std::size_t count) {
  const Lane d;
  Vector squares[C][register_vectors];
  const double* scale[C];
  const double* offset[C];
  for (std::size_t c = 0; c < C; ++c) {
    scale[c] = terms[c].scale;
    offset[c] = terms[c].offset;
    for (auto& s : squares[c]) s = hn::Zero(d);
  }
  for (std::size_t j = 0; j < dimensions; ++j) {
    const GroupOfRows<register_vectors> x(columns + j * stride);
    for (std::size_t c = 0; c < C; ++c) {
      x.add_squares(hn::Set(d, scale[c][j]), hn::Set(d, offset[c][j]), squares[c]);
    }
  }
  for (std::size_t c = 0; c < C; ++c)
    add_to_output<register_vectors>(squares[c], terms[c].constant, terms[c].out + i, count);
}

void add_diagonal(const double* columns, std::size_t stride, std::size_t dimensions, std::size_t rows,
                  const DiagonalTerm* terms, std::size_t count) {
  for (std::size_t i = 0; i < rows; i += group_rows) {
    std::size_t t = 0;
    for (; t + 4 <= count; t += 4) diagonal_group<4>(columns + i, stride, dimensions, terms + t, i, rows - i);
    for (; t + 2 <= count; t += 2) diagonal_group<2>(columns + i, stride, dimensions, terms + t, i, rows - i);
    for (; t < count; ++t) diagonal_group<1>(columns + i, stride, dimensions, terms + t, i, rows - i);
  }
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
constexpr std::size_t product_rows = 256;

// Responsibilities of C components, eight rows by eight rows: one stream with fixed distances, which needs one pointer.
template <std::size_t C>
void pack(const Product& p, std::size_t k, std::size_t first, std::size_t end, double* to) {
  const Lane d;
  for (std::size_t c = 0; c < C; ++c) {
    const double* r = p.r[k + c];
    std::size_t i = first;
    for (; i + virtual_lanes <= end; i += virtual_lanes) {
      double* group = to + (i - first) * C + c * virtual_lanes;
      for (std::size_t part = 0; part < virtual_lanes; part += lanes) {
        hn::Store(hn::LoadU(d, r + i + part), d, group + part);
      }
    }
    if (i < end) {
      double* group = to + (i - first) * C + c * virtual_lanes;
      for (std::size_t lane = 0; lane < virtual_lanes; ++lane) group[lane] = i + lane < end ? r[i + lane] : 0.0;
    }
  }
}

// sums[c · pair_count + f] += … for C components from `k` on and F pairs from `f` on, over rows from `first` on, eight
// by eight. Pairs beyond the last are formed and thrown away, so that no remainder needs code.
template <std::size_t C, std::size_t F>
void add_tile(const Product& p, const double* packed, std::size_t k, std::size_t f, std::size_t first,
              std::size_t rows) {
  const Lane d;
  const double* left[F];
  const double* right[F];
  for (std::size_t t = 0; t < F; ++t) {
    const ColumnPair pair = f + t < p.pair_count ? p.pairs[f + t] : ColumnPair{};
    left[t] = p.columns + static_cast<std::size_t>(pair.a) * p.stride + first;
    right[t] = p.columns + static_cast<std::size_t>(pair.b) * p.stride + first;
  }
  Vector sums[C][F][parts];
  for (std::size_t part = 0; part < parts; ++part) {
    Vector tile[C][F];
    for (auto& row : tile) {
      for (auto& s : row) s = hn::Zero(d);
    }
    for (std::size_t i = part * lanes; i < rows; i += virtual_lanes) {
      Vector feature[F];
      for (std::size_t t = 0; t < F; ++t) feature[t] = hn::Mul(hn::Load(d, left[t] + i), hn::Load(d, right[t] + i));
      const double* r = packed + (i - part * lanes) * C + part * lanes;
      for (std::size_t c = 0; c < C; ++c) {
        const Vector weight = in_register(hn::Load(d, r + c * virtual_lanes));
        for (std::size_t t = 0; t < F; ++t) tile[c][t] = hn::MulAdd(weight, feature[t], tile[c][t]);
      }
    }
    for (std::size_t c = 0; c < C; ++c) {
      for (std::size_t t = 0; t < F; ++t) sums[c][t][part] = tile[c][t];
    }
  }
  double spare[2] = {};
  for (std::size_t c = 0; c < C; ++c) {
    double* to = p.sums + (k + c) * p.pair_count + f;
    for (std::size_t t = 0; t < F; t += 2) {
      double* one = f + t < p.pair_count ? to + t : spare;
      double* two = t + 1 < F && f + t + 1 < p.pair_count ? to + t + 1 : spare + 1;
      add_two_sums(sums[c][t], sums[c][t + 1 < F ? t + 1 : t], one, two);
    }
  }
}

template <std::size_t C, std::size_t F>
void add_tiles(const Product& p, std::size_t& k, std::size_t first, std::size_t end, double* packed) {
  pack<C>(p, k, first, end, packed);
  for (std::size_t f = 0; f < p.pair_count; f += F) add_tile<C, F>(p, packed, k, f, first, end - first);
  k += C;
}

// `packed`: room for product_rows × 8 numbers.
void add_product(const Product& p, std::size_t components, std::size_t rows, double* packed) {
  for (std::size_t first = 0; first < rows; first += product_rows) {
    const std::size_t end = std::min(rows, first + product_rows);
    std::size_t k = 0;
    while (k < components) {
      const std::size_t left = components - k;
#if HWY_MAX_BYTES == 64  // 32 registers
      if (left >= 8 && left != 9 && left != 10) {
        add_tiles<8, 3>(p, k, first, end, packed);
      } else if (left >= 5) {
        add_tiles<5, 4>(p, k, first, end, packed);
      } else if (left == 4) {
        add_tiles<4, 5>(p, k, first, end, packed);
      } else if (left == 3) {
        add_tiles<3, 6>(p, k, first, end, packed);
      } else if (left == 2) {
        add_tiles<2, 6>(p, k, first, end, packed);
      }
#else
      if (left >= 4) {
        add_tiles<4, 2>(p, k, first, end, packed);
      } else if (left >= 2) {
        add_tiles<2, 4>(p, k, first, end, packed);
      }
#endif
      else {
        add_tiles<1, 8>(p, k, first, end, packed);
      }
    }
  }
}

}  // namespace jensen::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace jensen::kernels {

HWY_EXPORT(center_rows);
HWY_EXPORT(add_triangular);
HWY_EXPORT(add_diagonal);
HWY_EXPORT(add_product);
HWY_EXPORT(largest_states);
HWY_EXPORT(select_at_least);

double* CenteredRows::prepare(std::int64_t rows, int columns) {
  constexpr std::size_t tile = 32;
  rows_ = static_cast<std::size_t>(rows);
  columns_ = columns;
  const std::size_t padded = (rows_ + tile - 1) / tile * tile;
  const bool as_before = stride_ == padded + gap;
  stride_ = padded + gap;
  const std::size_t size = static_cast<std::size_t>(columns_ + 1) * stride_ + 8;
  const std::size_t before = values_.size();
  if (before < size) values_.resize(size);
  const std::size_t start = (64 - reinterpret_cast<std::uintptr_t>(values_.data()) % 64) % 64 / sizeof(double);
  if (!as_before || values_.size() != before || start != offset_) {  // else the ones are there already
    offset_ = start;
    std::fill_n(values_.data() + offset_, padded, 1.0);
  }
  return values_.data() + offset_;
}

void CenteredRows::assign(ConstPanel x, const double* point) {
  double* values = prepare(x.rows, x.columns);
  HWY_DYNAMIC_DISPATCH(center_rows)(x, point, values, stride_, padded_rows());
}

void CenteredRows::assign(ConstPanel x, const double* point, std::span<const std::int32_t> rows) {
  double* values = prepare(static_cast<std::int64_t>(rows.size()), x.columns);
  for (int j = 0; j < x.columns; ++j) {
    const double* source = x.column(j);
    double* to = values + static_cast<std::size_t>(1 + j) * stride_;
    for (std::size_t i = 0; i < rows.size(); ++i) to[i] = source[rows[i]] - point[j];
    std::fill(to + rows.size(), to + padded_rows(), 0.0);
  }
}

void add_triangular_log_densities(const CenteredRows& x, std::span<const TriangularTerm> terms) {
  HWY_DYNAMIC_DISPATCH(add_triangular)
  (x.column(1), x.stride(), static_cast<std::size_t>(x.columns()), x.rows(), terms.data(), terms.size());
}

void add_diagonal_log_densities(const CenteredRows& x, int columns, std::span<const DiagonalTerm> terms) {
  HWY_DYNAMIC_DISPATCH(add_diagonal)
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
  alignas(64) double packed[256 * 8];
  HWY_DYNAMIC_DISPATCH(add_product)
  (Product{x.data(), x.stride(), pairs.data(), pairs.size(), r.data(), sums}, r.size(), x.rows(), packed);
}

}  // namespace jensen::kernels
#endif  // HWY_ONCE
