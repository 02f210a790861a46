// Rows of plain numbers, read in one look at their characters: what nearly all rows of nearly all files are.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "data/csv_cells.h"

namespace jensen {

class CsvNumbers {
 public:
  /// Of records with so many `fields`, those at the positions `wanted` are numbers.
  CsvNumbers(char delimiter, std::size_t fields, const std::vector<int>& wanted, const CsvCells& cells);

  /// Reads the record with which `text` begins: values[i] is the field at position wanted[i], NaN where it holds a
  /// missing marker. Returns the record's length with its line feed; 0, and anything in `values`, for a record that
  /// holds a quote, is malformed, has another number of fields or a wanted one that is neither number nor missing, or
  /// that no line feed ends. CsvRecords and CsvCells say what those mean.
  std::size_t read(std::string_view text, double* values) const;

 private:
  const char* read_cell(const char* at, const char* end, double& value) const;
  const char* pass_over_cell(const char* at, const char* end) const;
  bool ends_cell(char c) const { return c == delimiter_ || c == '\n' || c == '\r'; }

  char delimiter_;
  std::vector<int> target_;  // by field: where its value goes, −1 if nowhere
  const CsvCells& cells_;
};

}  // namespace jensen
