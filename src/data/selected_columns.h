// Some columns of data, as data of their own.
#pragma once

#include <jensen/data/data.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace jensen {

/// The same rows and weights, these columns alone. Labels are left out: they are the whole rows'. The data must outlive
/// it.
class SelectedColumns final : public Data {
 public:
  SelectedColumns(const Data& data, std::vector<int> columns) : data_(data), columns_(std::move(columns)) {}
  std::int64_t rows() const override { return data_.rows(); }
  int columns() const override { return static_cast<int>(columns_.size()); }
  std::span<const std::int64_t> sequences() const override { return data_.sequences(); }
  WeightKind weight_kind() const override { return data_.weight_kind(); }
  std::string column_name(int j) const override { return data_.column_name(columns_[static_cast<std::size_t>(j)]); }
  Block block(std::int64_t first, std::int64_t count, BlockBuffer& buffer) const override {
    BlockBuffer whole;
    Block block = data_.block(first, count, whole);
    buffer.x.resize(static_cast<std::size_t>(count) * columns_.size());
    double* to = buffer.x.data();
    for (const int j : columns_) to = std::copy_n(block.x.column(j), count, to);
    block.x = {buffer.x.data(), count, columns(), count};
    block.allowed = {};
    block.state_sets = nullptr;
    return block;
  }

 private:
  const Data& data_;
  std::vector<int> columns_;
};

}  // namespace jensen
