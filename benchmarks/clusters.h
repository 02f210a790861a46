// Data that the benchmarks share.
#pragma once

#include <jensen/data/table.h>

namespace jensen::benchmarks {

/// K overlapping clusters, means a few standard deviations apart; made once in a process for each shape.
const Table& overlapping_clusters(std::int64_t rows, int columns, int components);

}  // namespace jensen::benchmarks
