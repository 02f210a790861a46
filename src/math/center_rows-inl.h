// Rows about a point, as columns. Included once for each instruction set.
#if defined(JENSEN_MATH_CENTER_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef JENSEN_MATH_CENTER_ROWS_INL_H_
#undef JENSEN_MATH_CENTER_ROWS_INL_H_
#else
#define JENSEN_MATH_CENTER_ROWS_INL_H_
#endif

#include <hwy/highway.h>
#include <jensen/data/panel.h>

#include <cstddef>
#include <cstdint>

#include "math/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace jensen::kernels::HWY_NAMESPACE {

// Column 1 + j of `to` ← x_j − point[j], rows up to `padded` being 0.
HWY_INLINE void center_rows_on(ConstPanel x, const double* point, double* to, std::size_t stride, std::size_t padded) {
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

#if HWY_MAX_BYTES >= 16
// Two neighbouring cells of as many rows as there are lanes, as two columns: cells(row) says where they lie. Pairs of
// cells are put side by side by loads and blends: shuffles have fewer ports.
template <class Cells>
HWY_INLINE void two_columns(const Cells& cells, Vector& left, Vector& right) {
  const Lane d;
  const auto pair = [&](std::size_t row) HWY_ATTR { return hn::LoadDup128(d, cells(row)); };
#if HWY_MAX_BYTES == 64
  const auto pairs = [&](std::size_t row) HWY_ATTR {
    return hn::ConcatUpperLower(d, hn::OddEvenBlocks(pair(row + 6), pair(row + 4)),
                                hn::OddEvenBlocks(pair(row + 2), pair(row)));
  };
#elif HWY_MAX_BYTES == 32
  const auto pairs = [&](std::size_t row) HWY_ATTR { return hn::OddEvenBlocks(pair(row + 2), pair(row)); };
#else
  const auto& pairs = pair;
#endif
  const Vector even = pairs(0);
  const Vector odd = pairs(1);
  left = hn::InterleaveLower(d, even, odd);
  right = hn::InterleaveUpper(d, even, odd);
}
#endif

// The same of rows that lie side by side in memory.
HWY_INLINE void center_rows_on(RowsInMemory x, std::size_t rows, std::size_t columns, const double* point, double* to,
                               std::size_t stride, std::size_t padded) {
  std::size_t i = 0;
#if HWY_MAX_BYTES >= 16
  const Lane d;
  const bool side_by_side = columns == 2 && x.stride == 2;
  for (; columns > 1 && i + lanes <= rows; i += lanes) {
    const double* from = x.row(static_cast<std::int64_t>(i));
    for (std::size_t j = 0; j < columns; j += 2) {
      if (j + 1 == columns) --j;  // the last column of an odd number goes with the one before once more
      Vector left, right;
      if (side_by_side) {
        hn::LoadInterleaved2(d, from, left, right);
      } else {
        const auto cells = [&](std::size_t row)
                               HWY_ATTR { return from + j + static_cast<std::ptrdiff_t>(row) * x.stride; };
        two_columns(cells, left, right);
      }
      double* target = to + (1 + j) * stride + i;
      hn::Store(hn::Sub(left, hn::Set(d, point[j])), d, target);
      hn::Store(hn::Sub(right, hn::Set(d, point[j + 1])), d, target + stride);
    }
  }
#endif
  for (; i < rows; ++i) {
    const double* from = x.row(static_cast<std::int64_t>(i));
    for (std::size_t j = 0; j < columns; ++j) to[(1 + j) * stride + i] = from[j] - point[j];
  }
  for (std::size_t j = 0; j < columns; ++j) {
    for (std::size_t k = rows; k < padded; ++k) to[(1 + j) * stride + k] = 0;
  }
}

// The same of the rows of these indices, in this order.
HWY_INLINE void center_rows_on(RowsInMemory x, const std::int32_t* chosen, std::size_t rows, std::size_t columns,
                               const double* point, double* to, std::size_t stride, std::size_t padded) {
  std::size_t i = 0;
#if HWY_MAX_BYTES >= 16
  const Lane d;
  for (; columns > 1 && i + lanes <= rows; i += lanes) {
    const double* from[lanes];
    for (std::size_t row = 0; row < lanes; ++row) from[row] = x.row(chosen[i + row]);
    for (std::size_t j = 0; j < columns; j += 2) {
      if (j + 1 == columns) --j;
      Vector left, right;
      two_columns([&](std::size_t row) HWY_ATTR { return from[row] + j; }, left, right);
      double* target = to + (1 + j) * stride + i;
      hn::Store(hn::Sub(left, hn::Set(d, point[j])), d, target);
      hn::Store(hn::Sub(right, hn::Set(d, point[j + 1])), d, target + stride);
    }
  }
#endif
  for (; i < rows; ++i) {
    const double* from = x.row(chosen[i]);
    for (std::size_t j = 0; j < columns; ++j) to[(1 + j) * stride + i] = from[j] - point[j];
  }
  for (std::size_t j = 0; j < columns; ++j) {
    for (std::size_t k = rows; k < padded; ++k) to[(1 + j) * stride + k] = 0;
  }
}

}  // namespace jensen::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
