// A few rows of a block, and responsibilities that can be asked for a few rows at a time.
#pragma once

#include <functional>

#include <jensen/data/block.h>

namespace jensen {

/// Rows [first, first + count) of a block, as a block without sequences.
Block rows_of(const Block& x, std::int64_t first, std::int64_t count);

/// What Given (concepts.h) may hold where the responsibilities of a row depend on that row alone: those of a long
/// sequence need not lie in memory all at once.
struct ByRow {
  std::function<void(const Block&, Panel)> responsibilities;

  void operator()(const Block& x, Panel q) const { responsibilities(x, q); }
};
inline bool is_by_row(const std::function<void(const Block&, Panel)>& responsibilities) {
  return responsibilities.target<ByRow>() != nullptr;
}

}  // namespace jensen
