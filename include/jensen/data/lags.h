// Columns that hold what another column was some rows earlier in the same sequence.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <jensen/data/table.h>

namespace jensen {

/// A column that is to hold y some rows earlier, for the distribution of `response` given the past.
struct Lag {
  int column = 0;    ///< holds y itself, and gets y lagged
  int steps = 1;     ///< ≥ 1
  int response = 0;  ///< the column whose distribution depends on it
};

/// The table, cut into sequences, with y_{t−steps} in the place of y_t in the column of each lag. The first `steps`
/// rows of a sequence have no such y: the response is missing there, so that likelihoods are those given the first
/// rows, and the lag is 0, which nothing looks at. Where the response is missing anyway a missing lag becomes 0 as
/// well.
///
/// Throws DataError, naming the row (file_rows[t] + 1 for row t, where given) and column, for a missing y that a
/// response depends on: it cannot be integrated out row by row. Throws ArgumentError for columns that there are not,
/// steps < 1, and a table without sequences.
Table with_lags(const Table& table, std::span<const Lag> lags, std::span<const std::int64_t> file_rows = {});

}  // namespace jensen
