// Where observations lie, as an algorithm sees it: rows that can be asked for block by block.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <jensen/data/block.h>

namespace jensen {

/// What a weight means. It does not change a fit, but it changes how many observations there are: BIC's n and
/// standard errors.
enum class WeightKind {
  frequency,  ///< a row of weight w stands for w identical observations: n = Σ w
  sampling,   ///< a row of weight w is one observation that represents w of a population: n = number of rows
};

/// Memory of one worker that a Data may use to lay a block out; its content means nothing between calls.
struct BlockBuffer {
  std::vector<double> x;
  bool by_row = false;  ///< whoever asks is content with Block::by_row
};

/// Observations. Implementations are immutable and safe to read from several threads at once.
class Data {
 public:
  virtual ~Data() = default;
  virtual std::int64_t rows() const = 0;
  virtual int columns() const = 0;
  /// Rows [first, first + count). The view stays valid until the buffer is used again. Where that cuts a sequence the
  /// block carries none: rows may be looked at, but are no units.
  virtual Block block(std::int64_t first, std::int64_t count, BlockBuffer& buffer) const = 0;
  /// The first row of each sequence, ascending from 0, and rows() at the end; empty: rows are independent.
  virtual std::span<const std::int64_t> sequences() const { return {}; }
  virtual WeightKind weight_kind() const { return WeightKind::frequency; }
  /// Name of column j as the user knows it, for messages.
  virtual std::string column_name(int j) const { return std::string("x").append(std::to_string(j + 1)); }
};

}  // namespace jensen
