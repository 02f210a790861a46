// Data in memory (or mapped into it): a matrix of float64 or float32 in any layout, with weights and known states.
#pragma once

#include <memory>
#include <optional>
#include <span>

#include <jensen/data/data.h>

namespace jensen {

/// A rows × columns matrix of double or float, read in place. Strides count elements and may be negative.
struct MatrixView {
  const void* data = nullptr;
  bool single = false;  ///< true: float32, widened block by block; false: float64
  std::int64_t rows = 0;
  int columns = 0;
  std::int64_t row_stride = 0;
  std::int64_t column_stride = 0;
  std::shared_ptr<const void> owner;  ///< keeps the memory alive; null when the caller does
};

/// A table of observations. NaN is a missing cell. Construction checks every cell: an infinite one is a DataError that
/// names row and column (rows are counted from 1 in messages). There may be no rows; there is at least one column.
///
/// Blocks of a float64 matrix with row stride 1 and a positive column stride are views of its memory. Other layouts are
/// copied into the buffer, block by block. Copies of a table share its memory.
class Table final : public Data {
 public:
  explicit Table(MatrixView matrix, std::vector<std::string> column_names = {});
  /// Takes column-major values; values.size() must be rows × columns.
  Table(std::vector<double> column_major, std::int64_t rows, int columns, std::vector<std::string> column_names = {});
  /// Copies row-major values: convenient in examples and tests.
  static Table from_rows(std::span<const double> row_major, std::int64_t rows, int columns);

  /// The same table with observation weights: one per row, finite, ≥ 0, not all zero.
  Table with_weights(std::vector<double> weights, WeightKind kind = WeightKind::frequency) const;
  /// The same table with known states: labels[i] in 0 … states−1, or −1 where unknown.
  Table with_labels(std::span<const std::int32_t> labels, int states) const;
  /// The same table with sets of allowed states: allowed[i] is an index into sets, or −1 for any state.
  Table with_allowed(std::vector<std::int32_t> allowed, StateSets sets) const;

  /// The same table cut into sequences: `begins` holds the first row of each, ascending from 0, and rows() at the end.
  /// Observation weights must be the same in all rows of a sequence.
  Table with_sequences(std::vector<std::int64_t> begins) const;

  std::int64_t rows() const override { return matrix_.rows; }
  std::span<const std::int64_t> sequences() const override {
    return sequences_ ? std::span<const std::int64_t>(*sequences_) : std::span<const std::int64_t>();
  }
  int columns() const override { return matrix_.columns; }
  Block block(std::int64_t first, std::int64_t count, BlockBuffer& buffer) const override;
  WeightKind weight_kind() const override { return kind_; }
  std::string column_name(int j) const override;

  double cell(std::int64_t row, int column) const;
  bool has_missing() const { return has_missing_; }
  const std::vector<std::string>& column_names() const { return names_; }

 private:
  void check_sequence_weights() const;

  MatrixView matrix_;
  std::vector<std::string> names_;
  std::shared_ptr<const std::vector<double>> weights_;
  std::shared_ptr<const std::vector<std::int32_t>> allowed_;
  std::shared_ptr<const StateSets> sets_;
  std::shared_ptr<const std::vector<std::int64_t>> sequences_;
  WeightKind kind_ = WeightKind::frequency;
  bool has_missing_ = false;
};

}  // namespace jensen
