// A panel of which few entries count.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <jensen/math/kernels.h>

namespace jensen::kernels {

/// Entries of a rows × columns panel, column by column: those of column k are begin[k] … begin[k + 1], of which rows[e]
/// and values[e] say row and value. What has no entry counts as −∞. A row comes at most once in a column.
struct SparsePanel {
  std::vector<std::size_t> begin{0};
  std::vector<std::int32_t> rows;
  std::vector<double> values;

  void clear() {
    begin.assign(1, 0);
    rows.clear();
    values.clear();
  }
  void add(std::int32_t row, double value) {
    rows.push_back(row);
    values.push_back(value);
  }
  void end_column() { begin.push_back(rows.size()); }
};

/// What normalize() of a whole panel does, with sums over rows in their order: values[e] ← w_i q_ik.
Normalized normalize(SparsePanel& p, std::size_t rows, std::span<const double> weights, Workspace& workspace);

}  // namespace jensen::kernels
