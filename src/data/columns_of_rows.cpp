// One source for all instruction sets, as math/kernels.cpp.
#include "data/columns_of_rows.h"

#include <algorithm>
#include <cstddef>

#include "data/instruction_sets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "data/columns_of_rows.cpp"
// foreach_target.h must come before highway.h
// clang-format off
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "data/turn-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace jensen::HWY_NAMESPACE {

// Two or three columns that are all there are, from contiguous rows. Returns how many rows are done.
template <class T>
std::size_t few_columns([[maybe_unused]] const T* from, [[maybe_unused]] std::size_t rows,
                        [[maybe_unused]] std::size_t columns, [[maybe_unused]] double* to,
                        [[maybe_unused]] std::size_t stride) {
  std::size_t i = 0;
#if HWY_MAX_BYTES >= 16
  if constexpr (sizeof(T) == sizeof(double)) {
    const hn::ScalableTag<double> d;
    const std::size_t lanes = hn::Lanes(d);
    for (; i + lanes <= rows; i += lanes) {
      hn::Vec<decltype(d)> a, b, c;
      if (columns == 2) {
        hn::LoadInterleaved2(d, from + 2 * i, a, b);
      } else {
        hn::LoadInterleaved3(d, from + 3 * i, a, b, c);
        hn::StoreU(c, d, to + 2 * stride + i);
      }
      hn::StoreU(a, d, to + i);
      hn::StoreU(b, d, to + stride + i);
    }
  }
#endif
  return i;
}

// A few rows at a time fill whole cache lines of each column while the rows read stay in cache.
template <class T>
HWY_INLINE void turn_all(const T* from, std::ptrdiff_t row_stride, std::size_t rows, std::size_t columns, double* to,
                         std::size_t stride) {
  constexpr std::size_t step = 32;
  const bool few = (columns == 2 || columns == 3) && row_stride == static_cast<std::ptrdiff_t>(columns);
  for (std::size_t begin = few ? few_columns(from, rows, columns, to, stride) : 0; begin < rows; begin += step) {
    const std::size_t end = std::min(rows, begin + step);
    const std::size_t whole = begin + (end - begin) / side * side;
    const auto row = [&](std::size_t i) { return from + static_cast<std::ptrdiff_t>(i) * row_stride; };
    std::size_t j = 0;
    for (; j + side <= columns; j += side) {
      double* column = to + j * stride;
      for (std::size_t i = begin; i < whole; i += side) turn(row(i) + j, row_stride, column + i, stride);
      for (std::size_t i = whole; i < end; ++i) {
        for (std::size_t c = 0; c < side; ++c) column[c * stride + i] = static_cast<double>(row(i)[j + c]);
      }
    }
    for (std::size_t i = begin; i < end; ++i) {
      for (std::size_t c = j; c < columns; ++c) to[c * stride + i] = static_cast<double>(row(i)[c]);
    }
  }
}

void turn_doubles(const double* from, std::ptrdiff_t row_stride, std::size_t rows, std::size_t columns, double* to,
                  std::size_t stride) {
  turn_all(from, row_stride, rows, columns, to, stride);
}

void turn_floats(const float* from, std::ptrdiff_t row_stride, std::size_t rows, std::size_t columns, double* to,
                 std::size_t stride) {
  turn_all(from, row_stride, rows, columns, to, stride);
}

}  // namespace jensen::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace jensen {

HWY_EXPORT(turn_doubles);
HWY_EXPORT(turn_floats);

void columns_of_rows(const double* rows, std::int64_t row_stride, Panel out) {
  HWY_DYNAMIC_DISPATCH(turn_doubles)
  (rows, row_stride, static_cast<std::size_t>(out.rows), static_cast<std::size_t>(out.columns), out.data,
   static_cast<std::size_t>(out.stride));
}

void columns_of_rows(const float* rows, std::int64_t row_stride, Panel out) {
  HWY_DYNAMIC_DISPATCH(turn_floats)
  (rows, row_stride, static_cast<std::size_t>(out.rows), static_cast<std::size_t>(out.columns), out.data,
   static_cast<std::size_t>(out.stride));
}

}  // namespace jensen
#endif  // HWY_ONCE
