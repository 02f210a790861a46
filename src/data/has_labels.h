#pragma once

#include <jensen/data/data.h>

namespace jensen {

/// Whether the states of some rows are known: labels belong to all rows of the data or to none.
inline bool has_labels(const Data& data) {
  BlockBuffer buffer;
  return data.rows() > 0 && !data.block(0, 1, buffer).allowed.empty();
}

}  // namespace jensen
