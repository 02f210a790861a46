#include "data/csv_cells.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "data/short_decimal.h"
#include "data/text.h"

namespace jensen {
namespace {

// A decimal that from_chars finds out of range is either far above 1 or far below: the power of ten of its first
// significant digit tells which.
bool far_above_one(std::string_view number) {
  const std::size_t e = std::min(number.find_first_of("eE"), number.size());
  const std::string_view mantissa = number.substr(0, e);
  const auto point = static_cast<std::int64_t>(std::min(mantissa.find('.'), mantissa.size()));
  const auto first = static_cast<std::int64_t>(std::min(mantissa.find_first_of("123456789"), mantissa.size()));
  std::int64_t exponent = 0;
  if (e < number.size()) {
    const char* begin = number.data() + e + 1;
    const char* end = number.data() + number.size();
    const bool negative = begin != end && *begin == '-';
    if (begin != end && *begin == '+') ++begin;
    if (std::from_chars(begin, end, exponent).ec == std::errc::result_out_of_range) return !negative;
  }
  // No text is long enough to balance an exponent this large.
  constexpr std::int64_t longest = std::int64_t{1} << 60;
  return std::clamp(exponent, -longest, longest) + (point - first) > 0;
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  const auto space = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && space(text.front())) text.remove_prefix(1);
  while (!text.empty() && space(text.back())) text.remove_suffix(1);
  return text;
}

CellKind read_number(std::string_view text, double& value) {
  const char* const behind = text.data() + text.size();
  if (double decimal = 0; read_short_decimal(text.data(), behind, decimal) == behind && !text.empty()) {
    value = decimal;
    return CellKind::number;
  }
  text = trimmed(text);
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  const char* end = text.data() + text.size();
  double read = 0;
  const auto [stop, error] = std::from_chars(text.data(), end, read);
  if (stop != end || error == std::errc::invalid_argument || text.empty()) return CellKind::text;
  if (error == std::errc::result_out_of_range) {
    if (far_above_one(text)) return CellKind::too_large;
    value = text[0] == '-' ? -0.0 : 0.0;
    return CellKind::number;
  }
  if (std::isnan(read)) return CellKind::text;
  if (std::isinf(read)) return CellKind::infinite;
  value = read;
  return CellKind::number;
}

CsvCells::CsvCells(const std::vector<std::string>& missing) {
  for (const std::string& marker : missing) {
    missing_.emplace_back(trimmed(marker));
    double value = 0;
    number_is_missing_ |= read_number(marker, value) != CellKind::text;
  }
}

bool CsvCells::is_missing(std::string_view text) const {
  return std::find(missing_.begin(), missing_.end(), trimmed(text)) != missing_.end();
}

CellKind CsvCells::read(std::string_view text, double& value) const {
  // Markers are rarely numbers, so most cells need not be compared with them.
  CellKind kind = CellKind::text;
  if (!number_is_missing_) kind = read_number(text, value);
  if (kind == CellKind::text && is_missing(text)) {
    value = std::numeric_limits<double>::quiet_NaN();
    return CellKind::missing;
  }
  return number_is_missing_ ? read_number(text, value) : kind;
}

std::string describe(CellKind kind, std::string_view text) {
  if (trimmed(text).empty()) return "the cell is empty";
  switch (kind) {
    case CellKind::missing: return "the value is missing";
    case CellKind::infinite: return excerpt(text) + " is not finite";
    case CellKind::too_large: return excerpt(text) + " is too large for a double";
    default: return excerpt(text) + " is not a number";
  }
}

}  // namespace jensen
