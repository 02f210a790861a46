// What a cell of a CSV file holds.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace jensen {

enum class CellKind { number, missing, text, infinite, too_large };

/// `text` without spaces around it, nor tabs.
std::string_view trimmed(std::string_view text);

/// Reads the whole of `text`; `value` is set where the answer is CellKind::number.
CellKind read_number(std::string_view text, double& value);

class CsvCells {
 public:
  explicit CsvCells(const std::vector<std::string>& missing);

  /// As read_number, but knows the missing markers; `value` is NaN for those.
  CellKind read(std::string_view text, double& value) const;
  bool is_missing(std::string_view text) const;
  /// Whether a marker is a number, so that a cell must be compared with the markers before it is read as one.
  bool number_is_missing() const { return number_is_missing_; }

 private:
  std::vector<std::string> missing_;
  bool number_is_missing_ = false;
};

/// What is wrong with a cell that is no number: "'abc' is not a number".
std::string describe(CellKind kind, std::string_view text);

}  // namespace jensen
