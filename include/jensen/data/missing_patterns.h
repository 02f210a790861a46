// Rows of a block grouped by which of their cells are missing, so that what depends on the pattern alone is done once.
#pragma once

#include <vector>

#include <jensen/data/block.h>

namespace jensen {

struct MissingPattern {
  std::vector<int> observed;       ///< columns, ascending
  std::vector<int> missing;        ///< columns, ascending
  std::vector<std::int64_t> rows;  ///< of the block, ascending
};

/// Every row of the block in exactly one pattern; the order of patterns depends on the block's holes alone.
std::vector<MissingPattern> missing_patterns(const Block& x);

}  // namespace jensen
