#include <jensen/data/rows_of.h>

namespace jensen {

Block rows_of(const Block& x, std::int64_t first, std::int64_t count) {
  Block rows = x;
  const auto at = static_cast<std::size_t>(first);
  const auto size = static_cast<std::size_t>(count);
  if (x.by_row.data == nullptr) {
    rows.x = {x.x.data + first, count, x.x.columns, x.x.stride};
  } else {
    rows.x.rows = count;
    rows.by_row.data = x.by_row.row(first);
  }
  rows.first_row = x.first_row + first;
  if (!x.weights.empty()) rows.weights = x.weights.subspan(at, size);
  if (!x.allowed.empty()) rows.allowed = x.allowed.subspan(at, size);
  rows.sequences = {};
  return rows;
}

}  // namespace jensen
