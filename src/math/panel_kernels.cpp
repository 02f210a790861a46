// One source for all instruction sets, as kernels.cpp.
#include <jensen/math/panel_kernels.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "math/product.h"

#include "data/instruction_sets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "math/panel_kernels.cpp"
// foreach_target.h must come before highway.h
// clang-format off
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "math/lanes-inl.h"
#include "math/densities-inl.h"
#include "math/product-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace jensen::kernels::HWY_NAMESPACE {

void center_rows(ConstPanel x, const double* point, double* to, std::size_t stride, std::size_t padded) {
  center_rows_on(x, point, to, stride, padded);
}

void center_chosen_rows(RowsInMemory x, const std::int32_t* chosen, std::size_t rows, std::size_t columns,
                        const double* point, double* to, std::size_t stride, std::size_t padded) {
  center_rows_on(x, chosen, rows, columns, point, to, stride, padded);
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

void add_product(const Product<double>& p, std::size_t rows, double* memory) { product(p, rows, memory); }

void add_product_single(const Product<float>& p, std::size_t rows, float* memory) { product(p, rows, memory); }

}  // namespace jensen::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace jensen::kernels {

HWY_EXPORT(center_rows);
HWY_EXPORT(center_chosen_rows);
HWY_EXPORT(center_rows_single);
HWY_EXPORT(add_triangular);
HWY_EXPORT(add_triangular_single);
HWY_EXPORT(add_diagonal);
HWY_EXPORT(add_diagonal_single);
HWY_EXPORT(add_product);
HWY_EXPORT(add_product_single);
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
void CenteredRowsOf<T>::assign(RowsInMemory x, int columns, const double* point,
                               std::span<const std::int32_t> rows) requires std::is_same_v<T, double> {
  if constexpr (std::is_same_v<T, double>) {
    T* values = prepare(static_cast<std::int64_t>(rows.size()), columns);
    HWY_DYNAMIC_DISPATCH(center_chosen_rows)
    (x, rows.data(), rows.size(), static_cast<std::size_t>(columns), point, values, stride_, padded_rows());
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
  alignas(64) double memory[2 * 8 * product_rows_of<double>(true)];
  HWY_DYNAMIC_DISPATCH(add_product)
  (Product<double>{x.data(), x.stride(), pairs.data(), pairs.size(), r.data(), r.size(), sums}, x.rows(), memory);
}

void add_pair_moments(const SingleCenteredRows& x, std::span<const ColumnPair> pairs, std::span<const float* const> r,
                      double* sums) {
  alignas(64) float memory[2 * 8 * product_rows_of<float>(true)];
  HWY_DYNAMIC_DISPATCH(add_product_single)
  (Product<float>{x.data(), x.stride(), pairs.data(), pairs.size(), r.data(), r.size(), sums}, x.rows(), memory);
}

}  // namespace jensen::kernels
#endif  // HWY_ONCE
