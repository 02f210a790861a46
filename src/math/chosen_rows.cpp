// One source for all instruction sets, as kernels.cpp.
#include "math/chosen_rows.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>

#include "math/aligned.h"
#include "math/listed_moments.h"

#include "data/instruction_sets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "math/chosen_rows.cpp"
// foreach_target.h must come before highway.h
// clang-format off
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "math/lanes-inl.h"
#include "math/densities-inl.h"
#include "math/listed_rows-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace jensen::kernels::HWY_NAMESPACE {

// The first `count` lanes of v, up to all, to memory that may end after them.
HWY_INLINE void store(Vector v, double* to, std::size_t count) {
  const Lane d;
  if (count >= lanes) return hn::StoreU(v, d, to);
  alignas(64) double values[lanes];
  hn::Store(v, d, values);
  for (std::size_t lane = 0; lane < count; ++lane) to[lane] = values[lane];
}

// V vectors of rows, from row i on, and C terms.
template <std::size_t C, std::size_t V>
HWY_INLINE void direction_group(const CenteredRows& x, std::size_t i, const DirectionTerm* terms) {
  const Lane d;
  Vector projection[C][V];
  const double* direction[C];
  unrolled<C>([&](auto c) JENSEN_INLINED {
    direction[c] = terms[c].direction;
    unrolled<V>([&](auto v) JENSEN_INLINED { projection[c][v] = hn::Set(d, terms[c].distance); });
  });
  const auto columns = static_cast<std::size_t>(x.columns());
  const double* column = x.column(1) + i;
  for (std::size_t j = 0; j < columns; ++j, column += x.stride()) {
    Vector rows[V];
    load_group<V>(column, rows);
    unrolled<C>([&](auto c) JENSEN_INLINED {
      const Vector factor = hn::Set(d, direction[c][j]);
      unrolled<V>([&](auto v) JENSEN_INLINED { projection[c][v] = hn::MulAdd(factor, rows[v], projection[c][v]); });
    });
  }
  const Vector minus_half = hn::Set(d, -0.5 * (1 - 0x1p-32));
  const Vector infinity = hn::Set(d, std::numeric_limits<double>::infinity());
  for (std::size_t c = 0; c < C; ++c) {
    const Vector top = hn::Set(d, terms[c].constant);
    for (std::size_t v = 0; v < V; ++v) {
      const std::size_t at = i + v * lanes;
      const Vector square = hn::Mul(projection[c][v], projection[c][v]);
      const Vector bound = hn::IfThenElse(hn::Lt(square, infinity), hn::MulAdd(minus_half, square, top), top);
      if (at < x.rows()) store(bound, terms[c].out + at, x.rows() - at);
    }
  }
}

template <std::size_t C, std::size_t V>
HWY_INLINE void direction_groups(const CenteredRows& x, std::size_t i, const DirectionTerm* terms, std::size_t count) {
  std::size_t t = 0;
  for (; t + C <= count; t += C) direction_group<C, V>(x, i, terms + t);
  for (; t < count; ++t) direction_group<1, V>(x, i, terms + t);
}

void directions(const CenteredRows& x, const DirectionTerm* terms, std::size_t count) {
  constexpr std::size_t group = group_rows_of<double>;
  std::size_t i = 0;
  for (; i + group / 2 < x.rows(); i += group) direction_groups<4, register_vectors>(x, i, terms, count);
  for (; i < x.rows(); i += lanes) direction_groups<8, 1>(x, i, terms, count);  // few rows
}

void moments_of_rows(RowsInMemory x, const ListedShape& shape, std::span<const std::int32_t> chosen, const double* r,
                     const double* point, double* first, double* second, double* memory) {
  const std::size_t columns = shape.dimensions;
  const std::size_t length = shape.length();
  double* rows = memory;
  double* sums = rows + shape.by_row_size();
  double* products = sums + length;
  auto* list = reinterpret_cast<std::uint16_t*>(products + shape.second_size());
  std::fill(sums, products + shape.second_size(), 0.0);
  std::iota(list, list + std::min(shape.rows, chosen.size()), std::uint16_t{0});  // each row of a few
  for (std::size_t i = 0; i < chosen.size(); i += shape.rows) {
    const std::size_t count = std::min(shape.rows, chosen.size() - i);
    const auto row = [&](std::size_t t) HWY_ATTR { return x.row(chosen[i + t]); };
    center_in_rows(row, count, point, columns, length, rows);
    const ListedRows listed{rows, length, list, count, r + i, virtual_lanes};
    if (shape.triangular) {
      add_listed_triangle(listed, sums, products);
    } else {
      add_listed_squares(listed, sums, products);
    }
  }
  for (std::size_t a = 0; a < columns; ++a) {
    first[a] += sums[a];
    if (!shape.triangular) {
      second[a] += products[a];
      continue;
    }
    const double* row = products + padded_triangle(a);
    for (std::size_t b = 0; b <= a; ++b) *second++ += row[b];
  }
}

}  // namespace jensen::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace jensen::kernels {

HWY_EXPORT(directions);
HWY_EXPORT(moments_of_rows);

void bound_along_directions(const CenteredRows& x, std::span<const DirectionTerm> terms) {
  HWY_DYNAMIC_DISPATCH(directions)(x, terms.data(), terms.size());
}

namespace {

void add_moments(RowsInMemory x, const ListedShape& shape, std::span<const std::int32_t> chosen, const double* r,
                 const double* point, double* weight, double* first, double* second, Workspace& workspace) {
  if (chosen.empty()) return;
  double* memory = aligned(workspace, shape.size());
  for (std::size_t i = 0; i < chosen.size(); ++i) *weight += r[i];
  HWY_DYNAMIC_DISPATCH(moments_of_rows)(x, shape, chosen, r, point, first, second, memory);
}

}  // namespace

void add_moments_of_rows(RowsInMemory x, int columns, std::span<const std::int32_t> chosen, const double* r,
                         const double* point, double* weight, double* first, double* second, Workspace& workspace) {
  const ListedShape shape = shape_of_chosen(static_cast<std::size_t>(columns), true);
  add_moments(x, shape, chosen, r, point, weight, first, second, workspace);
}

void add_squares_of_rows(RowsInMemory x, int columns, std::span<const std::int32_t> chosen, const double* r,
                         const double* point, double* weight, double* first, double* second, Workspace& workspace) {
  const ListedShape shape = shape_of_chosen(static_cast<std::size_t>(columns), false);
  add_moments(x, shape, chosen, r, point, weight, first, second, workspace);
}

}  // namespace jensen::kernels
#endif  // HWY_ONCE
