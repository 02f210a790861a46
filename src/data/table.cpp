#include <jensen/data/table.h>
#include <jensen/error.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include "data/matrix.h"
#include "data/text.h"

namespace jensen {
namespace {

void validate(const MatrixView& m, std::size_t names) {
  const auto refuse = [](const std::string& problem) { throw ArgumentError("Table", "matrix", problem); };
  if (m.rows < 0) refuse("the number of rows is negative (" + std::to_string(m.rows) + ")");
  if (m.columns < 1) refuse("at least one column is needed, there are " + std::to_string(m.columns));
  if (m.rows > 0 && m.data == nullptr) refuse("there are rows, but data is null");
  const std::size_t alignment = m.single ? alignof(float) : alignof(double);
  if (reinterpret_cast<std::uintptr_t>(m.data) % alignment != 0) {
    refuse("data does not lie at a multiple of " + std::to_string(alignment) + " bytes; copy it first");
  }
  if (names != 0 && names != static_cast<std::size_t>(m.columns)) {
    throw ArgumentError("Table", "column_names",
                        "there are " + std::to_string(names) + " names for " + std::to_string(m.columns) + " columns");
  }
}

MatrixView own(std::vector<double> values, std::int64_t rows, int columns, bool by_row) {
  const std::size_t size = values.size();
  const bool fits = rows >= 0 && columns >= 1 && size % static_cast<std::size_t>(columns) == 0 &&
                    size / static_cast<std::size_t>(columns) == static_cast<std::size_t>(rows);
  if (!fits) {
    throw ArgumentError("Table", "values",
                        "there are " + std::to_string(size) + " values for " + std::to_string(rows) + " rows of " +
                            std::to_string(columns) + " columns");
  }
  auto owner = std::make_shared<const std::vector<double>>(std::move(values));
  return {.data = owner->data(),
          .single = false,
          .rows = rows,
          .columns = columns,
          .row_stride = by_row ? columns : 1,
          .column_stride = by_row ? 1 : rows,
          .owner = owner};
}

std::string row_name(std::size_t index) { return "row " + std::to_string(index + 1); }

void check_length(const char* function, const char* argument, std::size_t length, std::int64_t rows) {
  if (length == static_cast<std::size_t>(rows)) return;
  throw ArgumentError(function, argument,
                      "there are " + std::to_string(length) + " for " + std::to_string(rows) + " rows");
}

}  // namespace

Table::Table(MatrixView matrix, std::vector<std::string> column_names)
    : matrix_(std::move(matrix)), names_(std::move(column_names)) {
  validate(matrix_, names_.size());
  // Strides along an axis of one cell mean nothing; settled here, they cannot stand in the way of a view.
  if (matrix_.rows <= 1) matrix_.row_stride = 1;
  if (matrix_.columns == 1) matrix_.column_stride = std::max<std::int64_t>(matrix_.rows, 1);
  if (matrix_.rows == 0) return;
  const Oddities found = scan(matrix_);
  has_missing_ = found.missing;
  if (!found.infinite) return;
  for (std::int64_t i = 0; i < matrix_.rows; ++i) {
    for (int j = 0; j < matrix_.columns; ++j) {
      if (!std::isinf(cell(i, j))) continue;
      throw DataError("row " + std::to_string(i + 1) + ", column '" + column_name(j) + "': the value is infinite");
    }
  }
}

Table::Table(std::vector<double> column_major, std::int64_t rows, int columns, std::vector<std::string> column_names)
    : Table(own(std::move(column_major), rows, columns, false), std::move(column_names)) {}

Table Table::from_rows(std::span<const double> row_major, std::int64_t rows, int columns) {
  const MatrixView by_row = own({row_major.begin(), row_major.end()}, rows, columns, true);
  std::vector<double> by_column(row_major.size());
  gather(by_row, 0, {by_column.data(), rows, columns, rows});
  return Table(std::move(by_column), rows, columns);
}

Table Table::with_weights(std::vector<double> weights, WeightKind kind) const {
  check_length("Table::with_weights", "weights", weights.size(), rows());
  double total = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (!std::isfinite(weights[i])) throw DataError(row_name(i) + ": the weight is not a finite number");
    if (weights[i] < 0) throw DataError(row_name(i) + ": the weight " + shortest(weights[i]) + " is negative");
    total += weights[i];
  }
  if (!std::isfinite(total)) throw DataError("the sum of the weights is too large for a double");
  if (total == 0 && !weights.empty()) throw DataError("all weights are zero");
  Table weighted = *this;
  weighted.weights_ = std::make_shared<const std::vector<double>>(std::move(weights));
  weighted.kind_ = kind;
  weighted.check_sequence_weights();
  return weighted;
}

Table Table::with_sequences(std::vector<std::int64_t> begins) const {
  const auto refuse = [](const std::string& problem) {
    throw ArgumentError("Table::with_sequences", "begins", problem);
  };
  if (begins.size() < 2 || begins.front() != 0 || begins.back() != rows()) {
    refuse("must go from 0 to the number of rows, " + std::to_string(rows()) + ", with a sequence at least");
  }
  for (std::size_t s = 1; s < begins.size(); ++s) {
    if (begins[s] > begins[s - 1]) continue;
    refuse("sequence " + std::to_string(s) + " has no rows: it begins at " + std::to_string(begins[s - 1]) +
           ", the next one at " + std::to_string(begins[s]));
  }
  Table cut = *this;
  cut.sequences_ = std::make_shared<const std::vector<std::int64_t>>(std::move(begins));
  cut.check_sequence_weights();
  return cut;
}

void Table::check_sequence_weights() const {
  if (!weights_ || !sequences_) return;
  for (std::size_t s = 1; s < sequences_->size(); ++s) {
    const auto begin = static_cast<std::size_t>((*sequences_)[s - 1]);
    for (std::size_t i = begin; i < static_cast<std::size_t>((*sequences_)[s]); ++i) {
      if ((*weights_)[i] == (*weights_)[begin]) continue;
      throw DataError(row_name(i) + ": the weight " + shortest((*weights_)[i]) + " differs from that of " +
                      row_name(begin) + ", " + shortest((*weights_)[begin]) +
                      "; a sequence has one weight, the same in all its rows");
    }
  }
}

Table Table::with_labels(std::span<const std::int32_t> labels, int states) const {
  // The sets of one are a states × states table whose size must be an int (StateSets::sets).
  constexpr int most_states = 46340;
  if (states < 1 || states > most_states) {
    throw ArgumentError("Table::with_labels", "states",
                        std::to_string(states) + " is not in 1 ... " + std::to_string(most_states));
  }
  check_length("Table::with_labels", "labels", labels.size(), rows());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] >= -1 && labels[i] < states) continue;
    throw DataError(row_name(i) + ": the label " + std::to_string(labels[i]) + " is not in 0 ... " +
                    std::to_string(states - 1) + ", nor -1 for unknown");
  }
  const auto side = static_cast<std::size_t>(states);
  StateSets singletons{states, std::vector<std::uint8_t>(side * side, 0)};
  for (std::size_t s = 0; s < side; ++s) singletons.allowed[s * side + s] = 1;
  return with_allowed({labels.begin(), labels.end()}, std::move(singletons));
}

Table Table::with_allowed(std::vector<std::int32_t> allowed, StateSets sets) const {
  const auto refuse = [](const std::string& problem) { throw ArgumentError("Table::with_allowed", "sets", problem); };
  if (sets.states < 1) refuse("the number of states, " + std::to_string(sets.states) + ", is less than 1");
  const auto states = static_cast<std::size_t>(sets.states);
  if (sets.allowed.size() % states != 0 || sets.allowed.size() > std::numeric_limits<int>::max()) {
    refuse("a table of " + std::to_string(sets.allowed.size()) + " cells does not hold sets of " +
           std::to_string(states) + " states");
  }
  for (auto set = sets.allowed.begin(); set != sets.allowed.end(); set += sets.states) {
    if (std::any_of(set, set + sets.states, [](std::uint8_t allows) { return allows != 0; })) continue;
    refuse("set " + std::to_string((set - sets.allowed.begin()) / sets.states) + " allows no state");
  }
  check_length("Table::with_allowed", "allowed", allowed.size(), rows());
  for (std::size_t i = 0; i < allowed.size(); ++i) {
    if (allowed[i] >= -1 && allowed[i] < sets.sets()) continue;
    throw DataError(row_name(i) + ": there is no set " + std::to_string(allowed[i]) + " among " +
                    std::to_string(sets.sets()) + " sets of allowed states");
  }
  Table restricted = *this;
  restricted.allowed_ = std::make_shared<const std::vector<std::int32_t>>(std::move(allowed));
  restricted.sets_ = std::make_shared<const StateSets>(std::move(sets));
  return restricted;
}

Block Table::block(std::int64_t first, std::int64_t count, BlockBuffer& buffer) const {
  if (first < 0 || count < 0 || first > rows() || count > rows() - first) {
    throw ArgumentError("Table::block", "first, count",
                        "rows " + std::to_string(first) + " + " + std::to_string(count) + " do not lie within " +
                            std::to_string(rows()));
  }
  Block block;
  block.first_row = first;
  if (!matrix_.single && matrix_.row_stride == 1 && matrix_.column_stride > 0) {
    const auto* data = static_cast<const double*>(matrix_.data);
    block.x = {data == nullptr ? nullptr : data + first, count, columns(), matrix_.column_stride};
  } else {
    if (buffer.by_row && !matrix_.single && !has_missing_ && matrix_.column_stride == 1) {
      block.x = {nullptr, count, columns(), 0};
      block.by_row = {static_cast<const double*>(matrix_.data) + first * matrix_.row_stride, matrix_.row_stride};
    } else {
      const Panel panel = block_panel(count, columns(), buffer.x);
      gather(matrix_, first, panel);
      block.x = panel;
    }
    block.ahead = memory_of_rows(matrix_, first + count, count);
  }
  for (int j = 0; has_missing_ && !block.has_missing && j < columns(); ++j) {
    block.has_missing = !all_finite(block.x.column(j), count);
  }
  const auto begin = static_cast<std::size_t>(first);
  const auto length = static_cast<std::size_t>(count);
  if (weights_) block.weights = std::span(*weights_).subspan(begin, length);
  if (allowed_) {
    block.allowed = std::span(*allowed_).subspan(begin, length);
    block.state_sets = sets_.get();
  }
  if (sequences_) {
    const auto from = std::lower_bound(sequences_->begin(), sequences_->end(), first);
    const auto to = std::lower_bound(from, sequences_->end(), first + count);
    const bool whole = from != sequences_->end() && *from == first && to != sequences_->end() && *to == first + count;
    if (whole) block.sequences = {from, to + 1};
  }
  return block;
}

std::string Table::column_name(int j) const {
  if (j < 0 || j >= columns()) {
    throw ArgumentError("Table::column_name", "j",
                        std::to_string(j) + " is not one of " + std::to_string(columns()) + " columns");
  }
  return names_.empty() ? Data::column_name(j) : names_[static_cast<std::size_t>(j)];
}

double Table::cell(std::int64_t row, int column) const {
  if (row < 0 || row >= rows() || column < 0 || column >= columns()) {
    throw ArgumentError("Table::cell", "row, column",
                        "(" + std::to_string(row) + ", " + std::to_string(column) + ") does not lie within " +
                            std::to_string(rows()) + " x " + std::to_string(columns()));
  }
  return read_cell(matrix_, row, column);
}

}  // namespace jensen
