// Rows that miss the same cells, gathered for the kernels.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include <jensen/data/block.h>

namespace jensen {

/// The given rows, the given columns only, as a panel in `values`.
inline Panel gather(ConstPanel x, std::span<const std::int64_t> rows, std::span<const int> columns,
                    std::vector<double>& values) {
  values.resize(std::max<std::size_t>(1, rows.size() * columns.size()));
  const Panel panel{values.data(), static_cast<std::int64_t>(rows.size()), static_cast<int>(columns.size()),
                    static_cast<std::int64_t>(rows.size())};
  for (int j = 0; j < panel.columns; ++j) {
    const double* source = x.column(columns[static_cast<std::size_t>(j)]);
    for (std::size_t i = 0; i < rows.size(); ++i) panel.column(j)[i] = source[rows[i]];
  }
  return panel;
}

/// Elements of `from` at `columns`.
inline std::vector<double> pick(std::span<const double> from, std::span<const int> columns) {
  std::vector<double> picked;
  for (int j : columns) picked.push_back(from[static_cast<std::size_t>(j)]);
  return picked;
}

}  // namespace jensen
