// Reading matrices of any layout.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <jensen/data/panel.h>
#include <jensen/data/table.h>

namespace jensen {

/// Which cells of a matrix are not finite.
struct Oddities {
  bool missing = false;
  bool infinite = false;
};

/// Looks at every cell. A matrix of one row, or of one column, must have the strides that Table gives it.
Oddities scan(const MatrixView& matrix);

bool all_finite(const double* x, std::int64_t count);

/// A panel in `memory` for a block.
Panel block_panel(std::int64_t rows, int columns, std::vector<double>& memory);

/// Copies rows [first, first + out.rows) into a column-major panel, widened to double.
void gather(const MatrixView& matrix, std::int64_t first, Panel out);

/// Where the rows [first, first + count), as far as there are any, lie in memory; empty where they lie scattered.
std::span<const std::byte> memory_of_rows(const MatrixView& matrix, std::int64_t first, std::int64_t count);

double read_cell(const MatrixView& matrix, std::int64_t row, int column);

}  // namespace jensen
