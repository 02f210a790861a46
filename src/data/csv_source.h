// The rows of data of a CSV file, checked one by one.
#pragma once

#include <jensen/data/csv.h>
#include <jensen/data/csv_records.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "data/csv_cells.h"
#include "data/csv_columns.h"
#include "data/csv_numbers.h"

namespace jensen {

class CsvSource {
 public:
  CsvSource(std::string_view text, const std::string& name, const CsvOptions& options);

  const CsvColumns& columns() const { return columns_; }
  const CsvRecords& records() const { return records_; }
  const CsvCells& cells() const { return cells_; }

  /// Moves to the next row; a record of another length than the first is an error.
  bool next();
  /// Moves to the next row and reads it as `numbers` says, where that needs no more than a look at each character;
  /// false, and nothing moves, for the last line, quotes, whatever is an error, and text without rows: next() sees to
  /// those.
  bool next_numbers(const CsvNumbers& numbers, double* values) {
    const std::string_view rest = records_.rest();
    const std::size_t length = numbers.read(rest, values);
    if (length == 0) return false;
    records_.pass_over(length);
    ++row_;
    return true;
  }
  /// Index of the current row, from 0.
  std::int64_t row() const { return row_; }
  const CsvField& field(int column) const { return records_.fields()[static_cast<std::size_t>(column)]; }
  /// Content of a cell; valid until the next call.
  std::string_view text(int column) { return field(column).text(scratch_); }
  /// Value of a cell, NaN where it is missing; an error where it is neither.
  double number(int column) {
    double value = 0;
    const CellKind kind = cells_.read(text(column), value);
    if (kind != CellKind::number && kind != CellKind::missing) refuse_number(column, kind);
    return value;
  }
  /// Throws a DataError that names file, row, line and column.
  [[noreturn]] void refuse(int column, const std::string& problem) const;

 private:
  [[noreturn]] void refuse_number(int column, CellKind kind);
  bool holds_text_only(int column) const;

  CsvCells cells_;
  CsvRecords records_;
  CsvColumns columns_;
  CsvRecords first_;  // where the data begin
  std::int64_t row_ = -1;
  std::string scratch_;
};

}  // namespace jensen
