// Fetching the next rows into the cache while others are worked on. Included once for each instruction set.
#if defined(JENSEN_MATH_ROWS_AHEAD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef JENSEN_MATH_ROWS_AHEAD_INL_H_
#undef JENSEN_MATH_ROWS_AHEAD_INL_H_
#else
#define JENSEN_MATH_ROWS_AHEAD_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "math/densities-inl.h"
#include "math/posterior_moments.h"
#include "math/product-inl.h"

HWY_BEFORE_NAMESPACE();
namespace jensen::kernels::HWY_NAMESPACE {

// Lines of memory, one with each group of rows: of many at a time the processor would forget some.
struct LinesAhead {
  std::uintptr_t address;
  std::size_t step;  // 0 where everything is fetched

  HWY_INLINE void fetch() {
    __builtin_prefetch(reinterpret_cast<const void*>(address), 0, 2);
    address += step;
  }
};

// The rows after a portion, to be fetched while it is worked on. Columns are far apart in memory and a portion of each
// is short, so that the processor does not foresee them; and where they are gathered from rows, it would wait for each
// block at its beginning. What is not there does no harm.
class RowsAhead {
 public:
  // Portions are of `portion` rows, of which there may be fewer.
  RowsAhead(const PosteriorMoments& p, std::size_t first, std::size_t rows, std::size_t portion)
      : groups_(portion / group_rows_of<double>), lines_of_piece_(portion / virtual_lanes) {
    if (p.x.data == nullptr) {  // rows read where they lie, of this block or the one after it
      if (p.by_row.stride != p.x.columns) return;
      const auto row = sizeof(double) * static_cast<std::size_t>(p.by_row.stride);
      const std::size_t end = static_cast<std::size_t>(p.x.rows) * row + p.ahead.size();
      const std::size_t distance = p.x.columns <= 64 ? 1024 : portion;
      const std::size_t begin = std::min(end, (first + distance) * row);
      address_ = reinterpret_cast<std::uintptr_t>(p.by_row.data) + begin;
      apart_ = lines_of_piece_ * line;
      lines_ = (std::min(end - begin, portion * row) + line - 1) / line;
    } else if (p.ahead.empty()) {
      address_ = reinterpret_cast<std::uintptr_t>(p.x.data + first + portion);
      apart_ = static_cast<std::size_t>(p.x.stride) * sizeof(double);
      lines_ = static_cast<std::size_t>(p.x.columns) * lines_of_piece_;
    } else {
      const std::size_t bytes = p.ahead.size() / static_cast<std::size_t>(p.x.rows);
      const std::size_t begin = std::min(p.ahead.size(), first * bytes);
      address_ = reinterpret_cast<std::uintptr_t>(p.ahead.data()) + begin;
      apart_ = lines_of_piece_ * line;
      lines_ = (std::min(p.ahead.size() - begin, rows * bytes) + line - 1) / line;
    }
  }

  // Of all lines, a share for each group of rows, if `tiles` pieces are left to the tiles.
  std::size_t share_of_group(std::size_t tiles) const {
    return (lines_ - std::min(lines_, tiles * lines_of_piece_) + groups_ - 1) / groups_;
  }

  void fetch(std::size_t lines) {
    for (const std::size_t end = std::min(lines_, at_ + lines); at_ < end; ++at_) here().fetch();
  }

  // For a tile, which fetches a line with each group of virtual lanes.
  LinesAhead next_piece() {
    if (at_ >= lines_) return {address_, 0};
    const LinesAhead piece = here();
    at_ = (at_ / lines_of_piece_ + 1) * lines_of_piece_;
    return piece;
  }

 private:
  static constexpr std::size_t line = 64;

  LinesAhead here() const { return {address_ + at_ / lines_of_piece_ * apart_ + at_ % lines_of_piece_ * line, line}; }

  std::size_t groups_, lines_of_piece_;
  std::uintptr_t address_ = 0;
  std::size_t apart_ = 0, lines_ = 0, at_ = 0;
};

}  // namespace jensen::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
