// Some columns of data, as data of their own.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "data/data_view.h"

namespace jensen {

/// The same rows and weights, these columns alone. Labels are left out: they are the whole rows'. The data must outlive
/// it.
class SelectedColumns final : public DataView {
 public:
  SelectedColumns(const Data& data, std::vector<int> columns) : DataView(data), columns_(std::move(columns)) {}
  int columns() const override { return static_cast<int>(columns_.size()); }
  std::string column_name(int j) const override { return data().column_name(columns_[static_cast<std::size_t>(j)]); }
  Block block(std::int64_t first, std::int64_t count, BlockBuffer& buffer) const override {
    BlockBuffer whole;
    Block block = data().block(first, count, whole);
    buffer.x.resize(static_cast<std::size_t>(count) * columns_.size());
    double* to = buffer.x.data();
    for (const int j : columns_) to = std::copy_n(block.x.column(j), count, to);
    block.x = {buffer.x.data(), count, columns(), count};
    block.allowed = {};
    block.state_sets = nullptr;
    return block;
  }

 private:
  std::vector<int> columns_;
};

}  // namespace jensen
