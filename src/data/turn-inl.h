// A square of numbers, its rows turned into columns. Included once for each instruction set.
#if defined(JENSEN_DATA_TURN_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef JENSEN_DATA_TURN_INL_H_
#undef JENSEN_DATA_TURN_INL_H_
#else
#define JENSEN_DATA_TURN_INL_H_
#endif

#include <hwy/highway.h>

#include <cstddef>

HWY_BEFORE_NAMESPACE();
namespace jensen::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Square = hn::CappedTag<double, 4>;  // as many rows and columns at a time as it has lanes
constexpr std::size_t side = hn::MaxLanes(Square());
using Cells = hn::Vec<Square>;

HWY_INLINE Cells load(const double* from) { return hn::LoadU(Square(), from); }
HWY_INLINE Cells load(const float* from) {
  const hn::Rebind<float, Square> single;
  return hn::PromoteTo(Square(), hn::LoadU(single, from));
}

// `side` rows and columns.
template <class T>
HWY_INLINE void turn(const T* from, std::ptrdiff_t row_stride, double* to, [[maybe_unused]] std::ptrdiff_t stride) {
  const Square d;
  Cells row[side];
  for (std::size_t i = 0; i < side; ++i) row[i] = load(from + static_cast<std::ptrdiff_t>(i) * row_stride);
#if HWY_MAX_BYTES >= 32
  const Cells even_left = hn::InterleaveLower(d, row[0], row[1]);
  const Cells odd_left = hn::InterleaveUpper(d, row[0], row[1]);
  const Cells even_right = hn::InterleaveLower(d, row[2], row[3]);
  const Cells odd_right = hn::InterleaveUpper(d, row[2], row[3]);
  hn::StoreU(hn::ConcatLowerLower(d, even_right, even_left), d, to);
  hn::StoreU(hn::ConcatLowerLower(d, odd_right, odd_left), d, to + stride);
  hn::StoreU(hn::ConcatUpperUpper(d, even_right, even_left), d, to + 2 * stride);
  hn::StoreU(hn::ConcatUpperUpper(d, odd_right, odd_left), d, to + 3 * stride);
#elif HWY_MAX_BYTES == 16
  hn::StoreU(hn::InterleaveLower(d, row[0], row[1]), d, to);
  hn::StoreU(hn::InterleaveUpper(d, row[0], row[1]), d, to + stride);
#else
  hn::StoreU(row[0], d, to);
#endif
}

}  // namespace jensen::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
