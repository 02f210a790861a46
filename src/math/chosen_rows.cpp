// One source for all instruction sets, as kernels.cpp.
#include "math/chosen_rows.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "math/aligned.h"

#include "data/instruction_sets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "math/chosen_rows.cpp"
// foreach_target.h must come before highway.h
// clang-format off
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "math/lanes-inl.h"
#include "math/densities-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace jensen::kernels::HWY_NAMESPACE {

// The first `count` lanes of v, up to all, to memory that may end after them; add() adds them to what is there.
HWY_INLINE void store(Vector v, double* to, std::size_t count) {
  const Lane d;
  if (count >= lanes) return hn::StoreU(v, d, to);
  alignas(64) double values[lanes];
  hn::Store(v, d, values);
  for (std::size_t lane = 0; lane < count; ++lane) to[lane] = values[lane];
}
HWY_INLINE void add(Vector v, double* to, std::size_t count) {
  const Lane d;
  if (count >= lanes) return hn::StoreU(hn::Add(hn::LoadU(d, to), v), d, to);
  alignas(64) double values[lanes];
  hn::Store(v, d, values);
  for (std::size_t lane = 0; lane < count; ++lane) to[lane] += values[lane];
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

struct Rows {
  std::size_t count;
  std::size_t length;  // of a row, in whole virtual lanes, filled up with zeros
  double* centered;
  double* weighted;
};

// Fills the rows, and adds them to the first moments.
HWY_INLINE void take_rows(RowsInMemory x, const std::int32_t* chosen, const double* r, const double* point,
                          std::size_t columns, const Rows& rows, double* first) {
  const Lane d;
  for (std::size_t i = 0; i < rows.count; ++i) {
    const double* from = x.row(chosen[i]);
    double* centered = rows.centered + i * rows.length;
    double* weighted = rows.weighted + i * rows.length;
    const Vector weight = hn::Set(d, r[i]);
    std::size_t j = 0;
    for (; j + lanes <= columns; j += lanes) {
      const Vector value = hn::Sub(hn::LoadU(d, from + j), hn::LoadU(d, point + j));
      hn::Store(value, d, centered + j);
      hn::Store(hn::Mul(weight, value), d, weighted + j);
    }
    for (; j < columns; ++j) {
      centered[j] = from[j] - point[j];
      weighted[j] = r[i] * centered[j];
    }
    for (; j < rows.length; ++j) centered[j] = weighted[j] = 0;
  }
  for (std::size_t j = 0; j < columns; j += lanes) {
    Vector sum = hn::Zero(d);
    for (std::size_t i = 0; i < rows.count; ++i) sum = hn::Add(sum, hn::Load(d, rows.weighted + i * rows.length + j));
    add(sum, first + j, columns - j);
  }
}

// Rows a … a + A − 1 of the triangle, vectors of its columns b … b + B − 1.
template <std::size_t A, std::size_t B>
HWY_INLINE void add_triangle_tile(const Rows& rows, std::size_t columns, std::size_t a, std::size_t b, double* second) {
  const Lane d;
  Vector sums[A][B];
  for (auto& row : sums) {
    for (auto& sum : row) sum = hn::Zero(d);
  }
  const double* weighted = rows.weighted + a;
  const double* centered = rows.centered + b * lanes;
  for (std::size_t i = 0; i < rows.count; ++i, weighted += rows.length, centered += rows.length) {
    Vector right[B];
    for (std::size_t v = 0; v < B; ++v) right[v] = in_register(hn::Load(d, centered + v * lanes));
    for (std::size_t t = 0; t < A; ++t) {
      const Vector left = hn::Set(d, weighted[t]);
      for (std::size_t v = 0; v < B; ++v) sums[t][v] = hn::MulAdd(left, right[v], sums[t][v]);
    }
  }
  for (std::size_t t = 0; t < A && a + t < columns; ++t) {
    double* row = second + (a + t) * (a + t + 1) / 2;
    for (std::size_t v = 0; v < B; ++v) {
      const std::size_t at = (b + v) * lanes;
      if (at > a + t) break;
      add(sums[t][v], row + at, a + t + 1 - at);
    }
  }
}

HWY_INLINE void add_triangle(const Rows& rows, std::size_t columns, double* second) {
  constexpr std::size_t tall = lanes == 8 ? 8 : 4;
  for (std::size_t a = 0; a < columns; a += tall) {
    const std::size_t end = (a + tall + lanes - 1) / lanes;
    std::size_t b = 0;
    for (; b + 3 <= end; b += 3) add_triangle_tile<tall, 3>(rows, columns, a, b, second);
    if (end - b == 2) add_triangle_tile<tall, 2>(rows, columns, a, b, second);
    if (end - b == 1) add_triangle_tile<tall, 1>(rows, columns, a, b, second);
  }
}

void moments_of_rows(RowsInMemory x, std::size_t columns, std::span<const std::int32_t> chosen, const double* r,
                     const double* point, double* first, double* second, double* memory) {
  const std::size_t length = (columns + virtual_lanes - 1) / virtual_lanes * virtual_lanes;
  const std::size_t at_once = std::max<std::size_t>(1, cells_at_once / length);
  for (std::size_t i = 0; i < chosen.size(); i += at_once) {
    const Rows rows{std::min(at_once, chosen.size() - i), length, memory, memory + at_once * length};
    take_rows(x, chosen.data() + i, r + i, point, columns, rows, first);
    add_triangle(rows, columns, second);
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

void add_moments_of_rows(RowsInMemory x, int columns, std::span<const std::int32_t> chosen, const double* r,
                         const double* point, double* weight, double* first, double* second, Workspace& workspace) {
  const auto count = static_cast<std::size_t>(columns);
  constexpr std::size_t line = 8;
  double* memory = aligned(workspace, 2 * std::max(cells_at_once, (count + line - 1) / line * line));
  for (std::size_t i = 0; i < chosen.size(); ++i) *weight += r[i];
  HWY_DYNAMIC_DISPATCH(moments_of_rows)(x, count, chosen, r, point, first, second, memory);
}

}  // namespace jensen::kernels
#endif  // HWY_ONCE
