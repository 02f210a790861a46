#include <jensen/data/lags.h>
#include <jensen/error.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace jensen {

namespace {

void check(const Table& table, std::span<const Lag> lags) {
  const auto refuse = [](const char* argument, const std::string& problem) {
    throw ArgumentError("with_lags", argument, problem);
  };
  if (table.sequences().empty()) refuse("table", "must be cut into sequences");
  for (const Lag& lag : lags) {
    for (const int column : {lag.column, lag.response}) {
      if (column < 0 || column >= table.columns()) refuse("lags", "there is no column " + std::to_string(column));
    }
    if (lag.steps < 1) refuse("lags", "steps must be at least 1, got " + std::to_string(lag.steps));
  }
}

class Lagging {
 public:
  Lagging(const Table& table, std::span<const std::int64_t> file_rows) : table_(table), file_rows_(file_rows) {
    BlockBuffer buffer;
    const Block all = table.block(0, table.rows(), buffer);
    for (int j = 0; j < table.columns(); ++j) {
      before_.insert(before_.end(), all.x.column(j), all.x.column(j) + all.rows());
    }
    after_ = before_;
    weights_.assign(all.weights.begin(), all.weights.end());
    allowed_.assign(all.allowed.begin(), all.allowed.end());
    if (!allowed_.empty()) sets_ = *all.state_sets;
  }

  // The first rows are given.
  void mask(const Lag& lag) {
    for_each_row([&](std::int64_t row, std::int64_t place) {
      if (place < lag.steps) after_[at(row, lag.response)] = std::numeric_limits<double>::quiet_NaN();
    });
  }

  void shift(const Lag& lag) {
    for_each_row([&](std::int64_t row, std::int64_t place) {
      const double y = place < lag.steps ? 0 : before_[at(row - lag.steps, lag.column)];
      if (std::isnan(y) && !std::isnan(after_[at(row, lag.response)])) refuse(row, lag);
      after_[at(row, lag.column)] = std::isnan(y) ? 0 : y;
    });
  }

  Table table() && {
    Table result(std::move(after_), table_.rows(), table_.columns(), table_.column_names());
    if (!weights_.empty()) result = result.with_weights(std::move(weights_), table_.weight_kind());
    if (!allowed_.empty()) result = result.with_allowed(std::move(allowed_), std::move(sets_));
    return result.with_sequences({table_.sequences().begin(), table_.sequences().end()});
  }

 private:
  // f(row, its place in its sequence)
  template <class F>
  void for_each_row(F f) const {
    const auto begins = table_.sequences();
    for (std::size_t s = 0; s + 1 < begins.size(); ++s) {
      for (std::int64_t row = begins[s]; row < begins[s + 1]; ++row) f(row, row - begins[s]);
    }
  }
  std::size_t at(std::int64_t row, int column) const {
    return static_cast<std::size_t>(row) + static_cast<std::size_t>(column) * static_cast<std::size_t>(table_.rows());
  }
  [[noreturn]] void refuse(std::int64_t row, const Lag& lag) const {
    const auto named = [&](std::int64_t r) {
      return std::to_string((file_rows_.empty() ? r : file_rows_[static_cast<std::size_t>(r)]) + 1);
    };
    throw DataError("row " + named(row - lag.steps) + ", column '" + table_.column_name(lag.column) + "': what row " +
                    named(row) + " depends on is missing");
  }

  const Table& table_;
  std::span<const std::int64_t> file_rows_;
  std::vector<double> before_, after_, weights_;
  std::vector<std::int32_t> allowed_;
  StateSets sets_;
};

}  // namespace

Table with_lags(const Table& table, std::span<const Lag> lags, std::span<const std::int64_t> file_rows) {
  check(table, lags);
  Lagging lagging(table, file_rows);
  for (const Lag& lag : lags) lagging.mask(lag);
  for (const Lag& lag : lags) lagging.shift(lag);
  return std::move(lagging).table();
}

}  // namespace jensen
