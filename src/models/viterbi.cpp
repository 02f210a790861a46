#include <jensen/models/viterbi.h>

namespace jensen {

std::vector<std::int64_t> sequence_bounds(const Block& x) {
  if (x.sequences.empty()) return x.rows() == 0 ? std::vector<std::int64_t>{0} : std::vector<std::int64_t>{0, x.rows()};
  std::vector<std::int64_t> bounds;
  for (const std::int64_t row : x.sequences) bounds.push_back(row - x.first_row);
  return bounds;
}

}  // namespace jensen
