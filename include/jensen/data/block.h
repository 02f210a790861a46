// One block of observations: the only form in which a model ever sees data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <jensen/data/panel.h>

namespace jensen {

/// Sets of hidden states that a row may be in; a label is a set of one.
struct StateSets {
  int states = 0;
  std::vector<std::uint8_t> allowed;  ///< sets × states, row by row; 1 where the state is allowed

  int sets() const { return states == 0 ? 0 : static_cast<int>(allowed.size()) / states; }
  bool allows(std::int32_t set, int state) const {
    return set < 0 || allowed[static_cast<std::size_t>(set) * static_cast<std::size_t>(states) +
                              static_cast<std::size_t>(state)] != 0;
  }
};

/// A view of consecutive units. A unit is a row, or a sequence of rows where the data have sequences; units are
/// independent and never cut between blocks.
struct Block {
  ConstPanel x;                ///< rows × columns; NaN is a missing cell
  RowsInMemory by_row;         ///< instead of x, whose data are null: where whoever asked for the block wants no more
                               ///< (BlockBuffer::by_row). Never with missing cells
  bool has_missing = false;    ///< false promises that x holds no NaN
  std::int64_t first_row = 0;  ///< index of the first row in the whole data: keys random streams
  std::span<const double> weights;        ///< ≥ 0, one per row; empty means that every row weighs 1
  std::span<const std::int32_t> allowed;  ///< index into state_sets, −1 for "any state"; empty means all −1
  const StateSets* state_sets = nullptr;
  /// Where sequences begin, as rows of the whole data, and the end of the last one; empty: rows are units of their own.
  /// All rows of a sequence bear the same weight, that of the sequence.
  std::span<const std::int64_t> sequences;
  /// Memory that the rows after these will be read from, where that is one piece: for whoever works long on a block to
  /// fetch in time. May be empty, and says nothing.
  std::span<const std::byte> ahead;

  std::int64_t rows() const { return x.rows; }
  int columns() const { return x.columns; }
  double weight(std::int64_t i) const { return weights.empty() ? 1.0 : weights[static_cast<std::size_t>(i)]; }
  bool allows(std::int64_t i, int state) const {
    return allowed.empty() || state_sets->allows(allowed[static_cast<std::size_t>(i)], state);
  }
};

/// The block with its columns in x, which lie in `memory` where they were not.
Block with_columns(const Block& block, std::vector<double>& memory);

}  // namespace jensen
