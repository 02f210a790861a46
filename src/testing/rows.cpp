#include "testing/rows.h"

#include <algorithm>
#include <cmath>

namespace jensen {

Rows::Rows(const Data& data) : rows_(data.rows()), columns_(data.columns()), kind_(data.weight_kind()) {
  BlockBuffer buffer;
  const Block block = data.block(0, rows_, buffer);
  for (int j = 0; j < columns_; ++j) {
    values_.insert(values_.end(), block.x.column(j), block.x.column(j) + rows_);
    names_.push_back(data.column_name(j));
  }
  weights.assign(block.weights.begin(), block.weights.end());
  allowed.assign(block.allowed.begin(), block.allowed.end());
  if (block.state_sets != nullptr) sets = *block.state_sets;
  begins_.assign(data.sequences().begin(), data.sequences().end());
}

Block Rows::block(std::int64_t first, std::int64_t count, BlockBuffer&) const {
  Block block;
  block.first_row = first;
  block.x = {values_.data() + first, count, columns_, rows_};
  for (int j = 0; j < columns_ && !block.has_missing; ++j) {
    block.has_missing =
        std::any_of(block.x.column(j), block.x.column(j) + count, [](double value) { return std::isnan(value); });
  }
  const auto begin = static_cast<std::size_t>(first);
  const auto length = static_cast<std::size_t>(count);
  if (!weights.empty()) block.weights = std::span(weights).subspan(begin, length);
  if (!allowed.empty()) {
    block.allowed = std::span(allowed).subspan(begin, length);
    block.state_sets = &sets;
  }
  if (!begins_.empty()) {
    const auto from = std::lower_bound(begins_.begin(), begins_.end(), first);
    const auto to = std::lower_bound(from, begins_.end(), first + count);
    block.sequences = {from, to + 1};
  }
  return block;
}

Block Rows::units_from(std::int64_t unit, std::int64_t count) const {
  BlockBuffer unused;
  const std::int64_t last = std::min(units(), unit + count) - 1;
  return block(first_row(unit), first_row(last) + size(last) - first_row(unit), unused);
}

Block Rows::all() const {
  BlockBuffer unused;
  return block(0, rows_, unused);
}

double Rows::total_weight() const {
  double total = 0;
  for (std::int64_t i = 0; i < rows_; ++i) total += weight(i);
  return total;
}

Rows Rows::picked(std::span<const std::int64_t> units) const {
  Rows result = *this;
  std::vector<std::int64_t> rows;
  if (!begins_.empty()) result.begins_ = {0};
  for (const std::int64_t unit : units) {
    for (std::int64_t i = 0; i < size(unit); ++i) rows.push_back(first_row(unit) + i);
    if (!begins_.empty()) result.begins_.push_back(static_cast<std::int64_t>(rows.size()));
  }
  result.rows_ = static_cast<std::int64_t>(rows.size());
  result.values_.clear();
  const auto at = [](std::int64_t i) { return static_cast<std::size_t>(i); };
  for (int j = 0; j < columns_; ++j) {
    for (std::int64_t i : rows) result.values_.push_back(cell(i, j));
  }
  if (!weights.empty()) result.weights.clear();
  if (!allowed.empty()) result.allowed.clear();
  for (std::int64_t i : rows) {
    if (!weights.empty()) result.weights.push_back(weights[at(i)]);
    if (!allowed.empty()) result.allowed.push_back(allowed[at(i)]);
  }
  return result;
}

Rows Rows::with_weights(std::vector<double> new_weights) const {
  Rows result = *this;
  result.weights = std::move(new_weights);
  return result;
}

Rows Rows::with_unit_weights(const std::vector<double>& weights_of_units) const {
  std::vector<double> by_row;
  for (std::int64_t u = 0; u < units(); ++u) {
    by_row.insert(by_row.end(), static_cast<std::size_t>(size(u)), weights_of_units[static_cast<std::size_t>(u)]);
  }
  return with_weights(std::move(by_row));
}

Rows Rows::with_labels(std::vector<std::int32_t> new_allowed, StateSets new_sets) const {
  Rows result = *this;
  result.allowed = std::move(new_allowed);
  result.sets = std::move(new_sets);
  return result;
}

Rows Rows::without_labels() const { return with_labels({}, {}); }

}  // namespace jensen
