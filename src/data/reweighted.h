// Data seen under other weights: bootstrap replicates, folds of a cross-validation.
#pragma once

#include <jensen/data/data.h>

#include <utility>
#include <vector>

namespace jensen {

/// The same rows with weights of one's own, one a row. The data must outlive it.
class Reweighted final : public Data {
 public:
  Reweighted(const Data& data, std::vector<double> weights) : data_(data), weights_(std::move(weights)) {}
  std::int64_t rows() const override { return data_.rows(); }
  int columns() const override { return data_.columns(); }
  std::span<const std::int64_t> sequences() const override { return data_.sequences(); }
  WeightKind weight_kind() const override { return data_.weight_kind(); }
  std::string column_name(int j) const override { return data_.column_name(j); }
  Block block(std::int64_t first, std::int64_t count, BlockBuffer& buffer) const override {
    Block block = data_.block(first, count, buffer);
    block.weights = std::span(weights_).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
    return block;
  }

 private:
  const Data& data_;
  std::vector<double> weights_;
};

}  // namespace jensen
