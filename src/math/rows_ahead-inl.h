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
  RowsAhead(const PosteriorMoments& p, std::size_t first, std::size_t rows) {
    if (p.ahead.empty()) {
      address_ = reinterpret_cast<std::uintptr_t>(p.x.data + first + product_rows_of<double>);
      apart_ = static_cast<std::size_t>(p.x.stride) * sizeof(double);
      lines_ = static_cast<std::size_t>(p.x.columns) * lines_of_piece;
    } else {
      const std::size_t bytes = p.ahead.size() / static_cast<std::size_t>(p.x.rows);
      const std::size_t begin = std::min(p.ahead.size(), first * bytes);
      address_ = reinterpret_cast<std::uintptr_t>(p.ahead.data()) + begin;
      apart_ = lines_of_piece * line;
      lines_ = (std::min(p.ahead.size() - begin, rows * bytes) + line - 1) / line;
    }
  }

  // Of all lines, a share for each group of rows, if `tiles` pieces are left to the tiles.
  std::size_t share_of_group(std::size_t tiles) const {
    constexpr std::size_t groups = product_rows_of<double> / group_rows_of<double>;
    return (lines_ - std::min(lines_, tiles * lines_of_piece) + groups - 1) / groups;
  }

  void fetch(std::size_t lines) {
    for (const std::size_t end = std::min(lines_, at_ + lines); at_ < end; ++at_) here().fetch();
  }

  // For a tile, which fetches a line with each group of virtual lanes.
  LinesAhead next_piece() {
    if (at_ >= lines_) return {address_, 0};
    const LinesAhead piece = here();
    at_ = (at_ / lines_of_piece + 1) * lines_of_piece;
    return piece;
  }

 private:
  static constexpr std::size_t line = 64, lines_of_piece = product_rows_of<double> / virtual_lanes;

  LinesAhead here() const { return {address_ + at_ / lines_of_piece * apart_ + at_ % lines_of_piece * line, line}; }

  std::uintptr_t address_;
  std::size_t apart_, lines_, at_ = 0;
};

}  // namespace jensen::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
