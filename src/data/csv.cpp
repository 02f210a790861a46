#include <jensen/data/csv.h>
#include <jensen/data/mapped_file.h>
#include <jensen/error.h>

#include <algorithm>
#include <memory>
#include <ostream>
#include <utility>

#include "data/csv_labels.h"
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

}  // namespace

CsvTable read_csv_text(std::string_view text, const std::string& name, const CsvOptions& options) {
  if (!options.labels.empty() && options.states < 1) {
    throw ArgumentError("read_csv", "states", "labels need the number of states, at least 1");
  }
  CsvSource source(text, name, options);
  const CsvColumns& columns = source.columns();
  Columns data(most_rows(source.records().remaining(), columns.names.size()), static_cast<int>(columns.data.size()));
  std::vector<double> weights;
  CsvLabels labels;
  while (source.next()) {
    double* row = data.next_row();
    for (const int column : columns.data) *row++ = source.number(column);
    if (columns.weights >= 0) weights.push_back(read_weight(source));
    if (columns.labels >= 0) read_label(source, labels);
  }
  std::vector<std::string> names;
  for (const int column : columns.data) names.push_back(columns.names[static_cast<std::size_t>(column)]);
  CsvTable result{Table(data.finish(), std::move(names)), {}, columns.header, source.records().delimiter()};
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
    result.table = result.table.with_labels(labels.states(), options.states);
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
  const char* kept = text.data();
  while (source.next()) {
    for (const auto& [position, column] : order) {
      const double cell = source.number(position);
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
      out << shortest(*filled);
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
