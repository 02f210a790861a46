#include <jensen/data/csv.h>
#include <jensen/data/csv_writer.h>
#include <jensen/data/mapped_file.h>
#include <jensen/error.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <ostream>
#include <utility>

#include "data/csv_labels.h"
#include "data/csv_levels.h"
#include "data/csv_source.h"
#include "data/text.h"

namespace jensen {
namespace {

// Columns that grow row by row. Room for as many rows as the text can hold is asked for at once; memory that no row
// reaches is never touched. Rows gather in a tile first, so that columns are written a cache line at a time.
class Columns {
 public:
  Columns(std::int64_t most_rows, int columns)
      : columns_(columns),
        capacity_(most_rows),
        tile_rows_(std::clamp(32768 / columns, 8, 256)),
        values_(std::make_shared_for_overwrite<double[]>(static_cast<std::size_t>(capacity_ * columns))),
        tile_(static_cast<std::size_t>(tile_rows_) * static_cast<std::size_t>(columns)) {}

  /// Place for the columns of the next row.
  double* next_row() {
    if (in_tile_ == tile_rows_) flush();
    return tile_.data() + std::int64_t{in_tile_++} * columns_;
  }

  /// No row came: the place asked for last is not used.
  void take_back_row() { --in_tile_; }

  MatrixView finish() {
    flush();
    return {.data = values_.get(),
            .single = false,
            .rows = rows_,
            .columns = columns_,
            .row_stride = 1,
            .column_stride = capacity_,
            .owner = values_};
  }

 private:
  void flush() {
    for (int j = 0; j < columns_; ++j) {
      double* column = values_.get() + (j * capacity_ + rows_);
      const double* cell = tile_.data() + j;
      for (int i = 0; i < in_tile_; ++i, cell += columns_) column[i] = *cell;
    }
    rows_ += in_tile_;
    in_tile_ = 0;
  }

  int columns_;
  std::int64_t capacity_;
  int tile_rows_;
  std::shared_ptr<double[]> values_;
  std::vector<double> tile_;
  std::int64_t rows_ = 0;
  int in_tile_ = 0;
};

// A row takes a line end, but for the last, and all of its delimiters.
std::int64_t most_rows(std::string_view text, std::size_t fields) {
  const std::int64_t lines = std::count(text.begin(), text.end(), '\n');
  return std::min(lines, static_cast<std::int64_t>(text.size() / fields)) + 1;
}

double read_weight(CsvSource& source) {
  const int column = source.columns().weights;
  const double weight = source.number(column);
  if (weight != weight) source.refuse(column, "the weight is missing");
  if (weight < 0) source.refuse(column, "the weight " + excerpt(source.text(column)) + " is negative");
  return weight;
}

void read_label(CsvSource& source, CsvLabels& labels) {
  const std::string_view label = source.text(source.columns().labels);
  source.cells().is_missing(label) ? labels.add_unknown() : labels.add(label);
}

bool levels_given(const CsvOptions& options, const CsvColumns& columns, std::size_t j) {
  const std::string& column = columns.names[static_cast<std::size_t>(columns.data[j])];
  return std::any_of(options.levels.begin(), options.levels.end(),
                     [&](const auto& known) { return known.first == column && !known.second.empty(); });
}

// By column of the table: what its words mean; nullptr where it holds numbers.
std::vector<std::unique_ptr<CsvLevels>> levels_of(CsvSource source, const CsvOptions& options) {
  const CsvColumns& columns = source.columns();
  std::vector<std::unique_ptr<CsvLevels>> levels(columns.data.size());
  bool unknown = false;
  for (const auto& [name, words] : options.levels) {
    bool found = false;
    for (std::size_t j = 0; j < columns.data.size(); ++j) {
      if (columns.names[static_cast<std::size_t>(columns.data[j])] != name) continue;
      levels[j] = std::make_unique<CsvLevels>(words);
      unknown = unknown || words.empty();
      found = true;
    }
    if (!found) throw ArgumentError("read_csv", "levels", excerpt(name) + " is no column of the table");
  }
  while (unknown && source.next()) {
    for (std::size_t j = 0; j < columns.data.size(); ++j) {
      if (levels[j] == nullptr || levels_given(options, columns, j)) continue;
      const std::string_view word = source.text(columns.data[j]);
      if (!source.cells().is_missing(word)) levels[j]->add(word);
    }
  }
  for (std::size_t j = 0; j < columns.data.size(); ++j) {
    if (levels[j] != nullptr && !levels_given(options, columns, j)) levels[j]->settle();
  }
  return levels;
}

double read_level(CsvSource& source, int column, const CsvLevels& levels) {
  const std::string_view word = source.text(column);
  if (source.cells().is_missing(word)) return std::numeric_limits<double>::quiet_NaN();
  const int code = levels.code(word);
  if (code < 0) source.refuse(column, excerpt(word) + " is none of the levels " + listing(levels.names(), 10));
  return code;
}

}  // namespace

CsvTable read_csv_text(std::string_view text, const std::string& name, const CsvOptions& options) {
  if (!options.labels.empty() && options.states < 1) {
    throw ArgumentError("read_csv", "states", "labels need the number of states, at least 1");
  }
  CsvSource source(text, name, options);
  const CsvColumns& columns = source.columns();
  Columns data(most_rows(source.records().remaining(), columns.names.size()), static_cast<int>(columns.data.size()));
  const auto levels = options.levels.empty() ? std::vector<std::unique_ptr<CsvLevels>>{} : levels_of(source, options);
  std::vector<double> weights;
  CsvLabels labels;
  const bool numbers_alone = levels.empty() && columns.weights < 0 && columns.labels < 0;
  const CsvNumbers numbers(source.records().delimiter(), columns.names.size(), columns.data, source.cells());
  for (;;) {
    double* row = data.next_row();
    if (numbers_alone && source.next_numbers(numbers, row)) continue;
    if (!source.next()) {
      data.take_back_row();
      break;
    }
    if (levels.empty()) {
      for (const int column : columns.data) *row++ = source.number(column);
    } else {
      for (std::size_t j = 0; j < columns.data.size(); ++j) {
        const int column = columns.data[j];
        *row++ = levels[j] == nullptr ? source.number(column) : read_level(source, column, *levels[j]);
      }
    }
    if (columns.weights >= 0) weights.push_back(read_weight(source));
    if (columns.labels >= 0) read_label(source, labels);
  }
  std::vector<std::string> names;
  for (const int column : columns.data) names.push_back(columns.names[static_cast<std::size_t>(column)]);
  CsvTable result{Table(data.finish(), std::move(names)), {}, {}, columns.header, source.records().delimiter()};
  result.levels.resize(columns.data.size());
  for (std::size_t j = 0; j < levels.size(); ++j) {
    if (levels[j] != nullptr) result.levels[j] = levels[j]->names();
  }
  const auto where = [&](const std::string& column) { return name + ": column " + excerpt(column); };
  if (columns.weights >= 0) {
    try {
      result.table = result.table.with_weights(std::move(weights));
    } catch (const DataError& error) {
      throw DataError(where(options.weights) + ": " + error.what());
    }
  }
  if (columns.labels >= 0) {
    result.label_names = labels.settle(options.states, where(options.labels));
    result.table = result.table.with_allowed(labels.codes(), labels.sets());
  }
  return result;
}

CsvTable read_csv(const std::string& path, const CsvOptions& options) {
  const MappedFile file(path);
  return read_csv_text(file.text(), file.name(), options);
}

void fill_csv_text(std::string_view text, const std::string& name, const CsvOptions& options, std::ostream& out,
                   const CsvFill& value) {
  CsvSource source(text, name, options);
  const std::vector<int>& data = source.columns().data;
  const auto write = [&](const char* begin, const char* end) { out.write(begin, end - begin); };
  // Fields come in the order of the text, the table's columns in that of the options.
  std::vector<std::pair<int, int>> order;
  for (std::size_t j = 0; j < data.size(); ++j) order.emplace_back(data[j], static_cast<int>(j));
  std::sort(order.begin(), order.end());
  const auto levels = options.levels.empty() ? std::vector<std::unique_ptr<CsvLevels>>(data.size())
                                             : levels_of(CsvSource(text, name, options), options);
  const char* kept = text.data();
  while (source.next()) {
    for (const auto& [position, column] : order) {
      const auto& known = levels[static_cast<std::size_t>(column)];
      const double cell = known == nullptr ? source.number(position) : read_level(source, position, *known);
      if (cell == cell) continue;
      const std::optional<double> filled = value(source.row(), column);
      if (!filled) continue;
      if (!(*filled - *filled == 0)) {
        throw ArgumentError("fill_csv", "value",
                            "row " + std::to_string(source.row() + 1) + ", column " +
                                excerpt(source.columns().names[static_cast<std::size_t>(position)]) + ": " +
                                shortest(*filled) + " is not finite");
      }
      const std::string_view raw = source.field(position).raw;
      write(kept, raw.data());
      if (known == nullptr) {
        out << shortest(*filled);
      } else {
        CsvWriter(out, source.records().delimiter()).field(known->names().at(static_cast<std::size_t>(*filled)));
      }
      kept = raw.data() + raw.size();
    }
  }
  write(kept, text.data() + text.size());
  if (!out) throw Error("fill_csv: " + name + ": the output cannot be written");
}

void fill_csv(const std::string& path, const CsvOptions& options, std::ostream& out, const CsvFill& value) {
  const MappedFile file(path);
  fill_csv_text(file.text(), file.name(), options, out, value);
}

}  // namespace jensen
