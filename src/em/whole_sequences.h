// Data in sequences, so many whole ones at a time that a block is worth its call.
#pragma once

#include <jensen/data/data.h>

#include <cstddef>

namespace jensen {

/// visit(number of the first sequence, block) for all sequences in their order.
template <class Visit>
void visit_whole_sequences(const Data& data, Visit visit) {
  constexpr std::int64_t rows_at_once = 4096;
  const auto begins = data.sequences();
  BlockBuffer buffer;
  for (std::size_t first = 0, last = 0; first + 1 < begins.size(); first = last) {
    while (last + 1 < begins.size() && (last == first || begins[last + 1] - begins[first] <= rows_at_once)) ++last;
    visit(first, data.block(begins[first], begins[last] - begins[first], buffer));
  }
}

}  // namespace jensen
