#include "data/csv_columns.h"

#include <jensen/error.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "data/text.h"

namespace jensen {
namespace {

std::vector<CellKind> kinds(std::span<const CsvField> fields, const CsvCells& cells) {
  std::vector<CellKind> kinds;
  std::string scratch;
  double value = 0;
  for (const CsvField& field : fields) kinds.push_back(cells.read(field.text(scratch), value));
  return kinds;
}

bool holds(std::span<const CellKind> kinds, CellKind kind) {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

// `records` stands at its first record.
bool detect_header(CsvRecords records, const CsvCells& cells) {
  const std::vector<CellKind> first = kinds(records.fields(), cells);
  if (!holds(first, CellKind::text)) return false;
  if (!holds(first, CellKind::number)) return true;
  constexpr int enough = 100;
  for (int count = 0; count < enough && records.next(); ++count) {
    const std::vector<CellKind> below = kinds(records.fields(), cells);
    for (std::size_t j = 0; j < std::min(first.size(), below.size()); ++j) {
      if (first[j] == CellKind::text && below[j] == CellKind::number) return true;
    }
  }
  throw DataError(records.name() +
                  ": the first record mixes numbers and text, so it may be a header or data; say which it is");
}

class Chooser {
 public:
  Chooser(const CsvRecords& records, const CsvOptions& options, bool header)
      : file_(records.name()), options_(options) {
    chosen_.header = header;
    std::string scratch;
    for (const CsvField& field : records.fields()) {
      std::string name;
      if (header) name = field.quoted ? field.text(scratch) : trimmed(field.raw);
      unnamed_.push_back(header && name.empty());
      if (name.empty()) name.append("x").append(std::to_string(chosen_.names.size() + 1));
      chosen_.names.push_back(std::move(name));
    }
  }

  CsvColumns choose() {
    for (const std::string& name : options_.columns) {
      const int column = find(name, "as data");
      if (used(column)) refuse(column, "is chosen twice");
      chosen_.data.push_back(column);
    }
    if (!options_.weights.empty()) chosen_.weights = special(options_.weights, "as weights");
    if (!options_.labels.empty()) chosen_.labels = special(options_.labels, "as labels");
    std::vector<bool> excluded(chosen_.names.size(), false);
    for (const std::string& name : options_.exclude) exclude(name, excluded);
    if (options_.columns.empty()) take_all(excluded);
    return std::move(chosen_);
  }

 private:
  bool used(int column) const {
    return std::find(chosen_.data.begin(), chosen_.data.end(), column) != chosen_.data.end();
  }

  [[noreturn]] void refuse(int column, const std::string& problem) const {
    throw DataError(file_ + ": column " + excerpt(chosen_.names[static_cast<std::size_t>(column)]) + " " + problem);
  }

  std::vector<int> positions(const std::string& name) const {
    std::vector<int> found;
    for (std::size_t j = 0; j < chosen_.names.size(); ++j) {
      if (chosen_.names[j] == name) found.push_back(static_cast<int>(j));
    }
    if (!found.empty() || chosen_.header) return found;
    std::size_t number = 0;
    const auto [stop, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    const bool whole = error == std::errc{} && stop == name.data() + name.size();
    if (whole && number >= 1 && number <= chosen_.names.size()) found.push_back(static_cast<int>(number) - 1);
    return found;
  }

  std::vector<int> existing(const std::string& name, const std::string& purpose) const {
    std::vector<int> found = positions(name);
    if (!found.empty()) return found;
    throw DataError(file_ + ": there is no column " + excerpt(name) + " (" + purpose + "); the columns are " +
                    listing(chosen_.names) + (chosen_.header ? "" : " (the file has no header)"));
  }

  int find(const std::string& name, const std::string& purpose) const {
    const std::vector<int> found = existing(name, "asked for " + purpose);
    if (found.size() > 1) {
      refuse(found[0], "is asked for " + purpose + ", but " + std::to_string(found.size()) + " columns bear that name");
    }
    return found[0];
  }

  int special(const std::string& name, const std::string& purpose) const {
    const int column = find(name, purpose);
    if (used(column)) refuse(column, "is asked for " + purpose + " and as data");
    if (column == chosen_.weights) refuse(column, "is asked for " + purpose + " and as weights");
    return column;
  }

  void exclude(const std::string& name, std::vector<bool>& excluded) const {
    for (const int column : existing(name, "to be excluded")) {
      if (used(column)) refuse(column, "is both chosen and excluded");
      excluded[static_cast<std::size_t>(column)] = true;
    }
  }

  void take_all(const std::vector<bool>& excluded) {
    for (int j = 0; j < static_cast<int>(chosen_.names.size()); ++j) {
      const auto column = static_cast<std::size_t>(j);
      if (excluded[column] || j == chosen_.weights || j == chosen_.labels) continue;
      if (unnamed_[column]) {
        refuse(j, "has no name in the header, as row numbers often do; exclude it or choose columns by name");
      }
      chosen_.data.push_back(j);
    }
    if (chosen_.data.empty()) throw DataError(file_ + ": no column is left for the data");
    std::vector<std::string> names;
    for (const int j : chosen_.data) names.push_back(chosen_.names[static_cast<std::size_t>(j)]);
    std::sort(names.begin(), names.end());
    const auto twin = std::adjacent_find(names.begin(), names.end());
    if (twin == names.end()) return;
    throw DataError(file_ + ": several columns are named " + excerpt(*twin) + "; rename or exclude them");
  }

  std::string file_;
  const CsvOptions& options_;
  CsvColumns chosen_;
  std::vector<bool> unnamed_;
};

}  // namespace

CsvColumns choose_columns(CsvRecords records, const CsvCells& cells, const CsvOptions& options) {
  if (!records.next()) throw DataError(records.name() + ": the file is empty");
  const bool header = options.header ? *options.header : detect_header(records, cells);
  return Chooser(records, options, header).choose();
}

}  // namespace jensen
