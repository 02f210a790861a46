#include "data/csv_levels.h"

#include <algorithm>
#include <utility>

#include "data/csv_cells.h"

namespace jensen {

CsvLevels::CsvLevels(std::vector<std::string> names) : names_(std::move(names)) {
  for (const std::string& name : names_) {
    code_of_.emplace(name, static_cast<int>(code_of_.size()));
    double value = 0;
    if (read_number(name, value) == CellKind::number) values_.push_back(value);
  }
  if (values_.size() != names_.size()) values_.clear();
}

void CsvLevels::add(std::string_view word) {
  word = trimmed(word);
  if (code_of_.find(word) != code_of_.end()) return;
  code_of_.emplace(std::string(word), 0);
  names_.emplace_back(word);
}

void CsvLevels::settle() {
  std::sort(names_.begin(), names_.end());
  const auto value = [](const std::string& name) {
    double read = 0;
    read_number(name, read);
    return read;
  };
  const bool numbers = std::all_of(names_.begin(), names_.end(), [](const std::string& name) {
    double read = 0;
    return read_number(name, read) == CellKind::number;
  });
  if (numbers) {
    std::stable_sort(names_.begin(), names_.end(), [&](const auto& a, const auto& b) { return value(a) < value(b); });
    names_.erase(
        std::unique(names_.begin(), names_.end(), [&](const auto& a, const auto& b) { return value(a) == value(b); }),
        names_.end());
  }
  *this = CsvLevels(std::move(names_));
}

int CsvLevels::code(std::string_view word) const {
  word = trimmed(word);
  if (const auto found = code_of_.find(word); found != code_of_.end()) return found->second;
  double value = 0;
  if (values_.empty() || read_number(word, value) != CellKind::number) return -1;
  const auto at = std::find(values_.begin(), values_.end(), value);
  return at == values_.end() ? -1 : static_cast<int>(at - values_.begin());
}

}  // namespace jensen
