// Data seen under other weights: bootstrap replicates, folds of a cross-validation.
#pragma once

#include <utility>
#include <vector>

#include "data/data_view.h"

namespace jensen {

/// The same rows with weights of one's own, one a row. The data must outlive it.
class Reweighted final : public DataView {
 public:
  Reweighted(const Data& data, std::vector<double> weights) : DataView(data), weights_(std::move(weights)) {}
  Block block(std::int64_t first, std::int64_t count, BlockBuffer& buffer) const override {
    Block block = data().block(first, count, buffer);
    block.weights = std::span(weights_).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
    return block;
  }

 private:
  std::vector<double> weights_;
};

}  // namespace jensen
