#include "data/csv_source.h"

#include <jensen/error.h>

#include "data/text.h"

namespace jensen {
namespace {

CsvRecords open_records(std::string_view text, const std::string& name, char delimiter) {
  return {text, name, delimiter != 0 ? delimiter : CsvRecords::detect_delimiter(text, name)};
}

}  // namespace

CsvSource::CsvSource(std::string_view text, const std::string& name, const CsvOptions& options)
    : cells_(options.missing),
      records_(open_records(text, name, options.delimiter)),
      columns_(choose_columns(records_, cells_, options)),
      first_(records_) {
  if (!columns_.header) return;
  records_.next();
  first_ = records_;
}

bool CsvSource::next() {
  if (!records_.next()) return false;
  ++row_;
  const std::size_t found = records_.fields().size();
  if (found == columns_.names.size()) return true;
  const std::string expected = std::to_string(columns_.names.size());
  const bool blank = found == 1 && trimmed(records_.fields()[0].raw).empty();
  const std::string problem =
      blank ? "a blank line where " + expected + " fields are expected"
            : std::to_string(found) + (found == 1 ? " field" : " fields") + " where " + expected + " are expected";
  throw DataError(records_.name() + ": line " + std::to_string(records_.line()) + ": " + problem);
}

void CsvSource::refuse(int column, const std::string& problem) const {
  throw DataError(records_.name() + ": row " + std::to_string(row_ + 1) + " (line " + std::to_string(records_.line()) +
                  "), column " + excerpt(columns_.names[static_cast<std::size_t>(column)]) + ": " + problem);
}

void CsvSource::refuse_number(int column, CellKind kind) {
  std::string problem = describe(kind, text(column));
  if (kind == CellKind::text && holds_text_only(column)) {
    problem += "; the column holds text: exclude the column or choose columns by name";
  }
  refuse(column, problem);
}

bool CsvSource::holds_text_only(int column) const {
  constexpr int enough = 1000;
  const auto position = static_cast<std::size_t>(column);
  CsvRecords records = first_;
  std::string scratch;
  try {
    for (int count = 0; count < enough && records.next(); ++count) {
      double value = 0;
      if (records.fields().size() <= position) continue;
      if (cells_.read(records.fields()[position].text(scratch), value) == CellKind::number) return false;
    }
  } catch (const DataError&) {
    // Text that turns out malformed further down does not change what this cell holds.
  }
  return true;
}

}  // namespace jensen
