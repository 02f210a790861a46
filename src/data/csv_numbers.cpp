#include "data/csv_numbers.h"

#include "data/short_decimal.h"

namespace jensen {

CsvNumbers::CsvNumbers(char delimiter, std::size_t fields, const std::vector<int>& wanted, const CsvCells& cells)
    : delimiter_(delimiter), target_(fields, -1), cells_(cells) {
  for (std::size_t i = 0; i < wanted.size(); ++i) target_[static_cast<std::size_t>(wanted[i])] = static_cast<int>(i);
}

std::size_t CsvNumbers::read(std::string_view text, double* values) const {
  const char* at = text.data();
  const char* const end = at + text.size();
  for (std::size_t j = 0; j < target_.size(); ++j) {
    if (j > 0) {
      if (*at != delimiter_) return 0;
      ++at;
    }
    at = target_[j] < 0 ? pass_over_cell(at, end) : read_cell(at, end, values[target_[j]]);
    if (at == nullptr) return 0;
  }
  if (*at == '\r') ++at;
  if (at == end || *at != '\n') return 0;
  return static_cast<std::size_t>(at + 1 - text.data());
}

// Both return where the cell ends, before `end`; nullptr where it does not or is not as it should be.

const char* CsvNumbers::read_cell(const char* at, const char* end, double& value) const {
  if (!cells_.number_is_missing()) {
    const char* stop = read_short_decimal(at, end, value);
    if (stop != nullptr && stop != end && ends_cell(*stop)) return stop;
  }
  const char* stop = pass_over_cell(at, end);
  if (stop == nullptr) return nullptr;
  const CellKind kind = cells_.read({at, static_cast<std::size_t>(stop - at)}, value);
  return kind == CellKind::number || kind == CellKind::missing ? stop : nullptr;
}

const char* CsvNumbers::pass_over_cell(const char* at, const char* end) const {
  for (; at != end && !ends_cell(*at); ++at) {
    if (*at == '"' || *at == '\0') return nullptr;
  }
  return at == end ? nullptr : at;
}

}  // namespace jensen
