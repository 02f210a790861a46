// Passes over a table, block by block, with sequences left whole.
#pragma once

#include <jensen/data/table.h>

#include <algorithm>
#include <cmath>
#include <vector>

constexpr std::int64_t rows_at_once = 512;

template <class Visit>
void for_each_block(const jensen::Table& table, Visit visit) {
  const auto sequences = table.sequences();
  const auto end_after = [&](std::int64_t first) {
    const std::int64_t wanted = std::min(first + rows_at_once, table.rows());
    return sequences.empty() ? wanted : *std::lower_bound(sequences.begin(), sequences.end(), wanted);
  };
  jensen::BlockBuffer buffer;
  for (std::int64_t first = 0; first < table.rows();) {
    const std::int64_t end = end_after(first);
    visit(table.block(first, end - first, buffer));
    first = end;
  }
}

// Memory for a panel that is filled anew for every block.
class PanelBuffer {
 public:
  jensen::Panel of(std::int64_t rows, int columns) {
    values_.resize(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns));
    return {values_.data(), rows, columns, rows};
  }

 private:
  std::vector<double> values_;
};

// Sum that does not lose the small terms among the large (Neumaier).
class Sum {
 public:
  void add(double value) {
    const double next = sum_ + value;
    if (std::isfinite(next)) {
      lost_ += std::abs(sum_) >= std::abs(value) ? (sum_ - next) + value : (value - next) + sum_;
    }
    sum_ = next;
  }
  double value() const { return std::isfinite(sum_) ? sum_ + lost_ : sum_; }

 private:
  double sum_ = 0;
  double lost_ = 0;
};
