// Loaded data, put in order and cut into sequences.
#include <jensen/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "data_source.h"

namespace {

using jensen::Block;
using jensen::DataError;

// Columns of the loaded table that say where a row belongs; −1 where there is none.
struct Keys {
  int columns = 0;  // of the model
  int sequence = -1;
  int order = -1;
};

Keys keys_of(const jensen::Table& table, const DataArguments& arguments) {
  Keys keys;
  keys.columns = table.columns();
  const bool ordered = arguments.order && !arguments.order->empty();
  if (ordered && !arguments.timed) keys.order = --keys.columns;
  if (arguments.sequence && !arguments.sequence->empty()) keys.sequence = --keys.columns;
  if (!ordered || !arguments.timed) return keys;
  for (int j = 0; j < keys.columns; ++j) {
    if (table.column_name(j) == *arguments.order) keys.order = j;
  }
  return keys;
}

class Cutting {
 public:
  Cutting(LoadedData& data, const DataArguments& arguments, const ChainColumns& read)
      : data_(data),
        arguments_(arguments),
        read_(read),
        keys_(keys_of(data.table, arguments)),
        all_(data.table.block(0, data.table.rows(), buffer_)) {}

  void run() {
    if (all_.rows() == 0) throw DataError(fmt::format("{}: there are no rows", arguments_.path));
    check_keys();
    sort();
    cut();
    check_read();
    jensen::Table table = columns_in_order();
    if (!all_.allowed.empty()) table = table.with_allowed(in_order(all_.allowed), *all_.state_sets);
    if (!all_.weights.empty()) table = table.with_weights(in_order(all_.weights), data_.table.weight_kind());
    name_sequences();
    data_.table = table.with_sequences(std::move(begins_));
    data_.file_rows = std::move(rows_);
  }

 private:
  const char* unit() const { return arguments_.group ? "group" : "sequence"; }

  [[noreturn]] void refuse(std::int64_t row, int column, const std::string& problem) const {
    throw DataError(
        fmt::format("{}: row {}, column '{}': {}", arguments_.path, row + 1, data_.table.column_name(column), problem));
  }

  void check_keys() const {
    for (std::int64_t i = 0; i < all_.rows(); ++i) {
      if (keys_.sequence >= 0 && std::isnan(all_.x(i, keys_.sequence))) {
        refuse(i, keys_.sequence, fmt::format("the {} is missing", unit()));
      }
      if (keys_.order >= 0 && std::isnan(all_.x(i, keys_.order))) refuse(i, keys_.order, "the order is missing");
    }
  }

  double sequence(std::int64_t row) const { return keys_.sequence < 0 ? 0 : all_.x(row, keys_.sequence); }
  double order(std::int64_t row) const { return keys_.order < 0 ? 0 : all_.x(row, keys_.order); }

  void sort() {
    rows_.resize(static_cast<std::size_t>(all_.rows()));
    std::iota(rows_.begin(), rows_.end(), std::int64_t{0});
    const auto before = [&](std::int64_t a, std::int64_t b) {
      return sequence(a) != sequence(b) ? sequence(a) < sequence(b) : order(a) < order(b);
    };
    if (!std::is_sorted(rows_.begin(), rows_.end(), before)) std::stable_sort(rows_.begin(), rows_.end(), before);
  }

  void cut() {
    begins_ = {0};
    for (std::size_t t = 1; t < rows_.size(); ++t) {
      const std::int64_t a = rows_[t - 1];
      const std::int64_t b = rows_[t];
      if (sequence(a) != sequence(b)) {
        begins_.push_back(static_cast<std::int64_t>(t));
        continue;
      }
      if (keys_.order >= 0 && order(a) == order(b)) {
        refuse(std::max(a, b), keys_.order,
               fmt::format("{} comes twice in a sequence: in row {} already", order(b), std::min(a, b) + 1));
      }
      if (all_.weight(a) != all_.weight(b)) {
        throw DataError(fmt::format("{}: rows {} and {} are of one {}, but have different weights, {} and {}",
                                    arguments_.path, a + 1, b + 1, unit(), all_.weight(a), all_.weight(b)));
      }
    }
    begins_.push_back(all_.rows());
  }

  void check_read() const {
    const auto among = [](const std::string& name, const std::vector<std::string>& names) {
      return std::find(names.begin(), names.end(), name) != names.end();
    };
    for (int j = 0; j < keys_.columns; ++j) {
      const bool first = among(data_.table.column_name(j), read_.first);
      const bool moves = among(data_.table.column_name(j), read_.moves);
      if (!first && !moves) continue;
      const auto check = [&](std::int64_t row, const char* what) {
        if (std::isnan(all_.x(row, j))) refuse(row, j, fmt::format("is missing, on which the {} depend", what));
      };
      for (std::size_t s = 0; s + 1 < begins_.size(); ++s) {
        auto t = static_cast<std::size_t>(begins_[s]);
        if (first) check(rows_[t], "first states");
        while (moves && ++t < static_cast<std::size_t>(begins_[s + 1])) check(rows_[t], "transitions");
      }
    }
  }

  template <class Value>
  std::vector<Value> in_order(std::span<const Value> values) const {
    std::vector<Value> result;
    for (const std::int64_t row : rows_) result.push_back(values[static_cast<std::size_t>(row)]);
    return result;
  }

  jensen::Table columns_in_order() const {
    std::vector<double> values;
    values.reserve(rows_.size() * static_cast<std::size_t>(keys_.columns));
    std::vector<std::string> names;
    for (int j = 0; j < keys_.columns; ++j) {
      names.push_back(data_.table.column_name(j));
      for (const std::int64_t row : rows_) values.push_back(all_.x(row, j));
    }
    return {std::move(values), all_.rows(), keys_.columns, std::move(names)};
  }

  void name_sequences() {
    data_.sequence_names.clear();
    if (keys_.sequence < 0) return;
    const auto& levels =
        *std::find_if(data_.reading.levels.begin(), data_.reading.levels.end(),
                      [&](const auto& known) { return known.first == data_.table.column_name(keys_.sequence); });
    for (std::size_t s = 0; s + 1 < begins_.size(); ++s) {
      const std::int64_t row = rows_[static_cast<std::size_t>(begins_[s])];
      data_.sequence_names.push_back(levels.second.at(static_cast<std::size_t>(sequence(row))));
    }
  }

  LoadedData& data_;
  const DataArguments& arguments_;
  const ChainColumns& read_;
  jensen::BlockBuffer buffer_;
  Keys keys_;
  Block all_;
  std::vector<std::int64_t> rows_;
  std::vector<std::int64_t> begins_;
};

}  // namespace

void cut_into_sequences(LoadedData& data, const DataArguments& arguments, const ChainColumns& read) {
  Cutting(data, arguments, read).run();
}
