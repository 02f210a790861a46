// An owned copy of data that laws rearrange: repeat, drop and reorder rows, weigh and label them anew.
#pragma once

#include <jensen/data/data.h>

namespace jensen {

class Rows final : public Data {
 public:
  explicit Rows(const Data& data);

  std::int64_t rows() const override { return rows_; }
  int columns() const override { return columns_; }
  Block block(std::int64_t first, std::int64_t count, BlockBuffer& buffer) const override;
  WeightKind weight_kind() const override { return kind_; }
  std::string column_name(int j) const override { return names_[static_cast<std::size_t>(j)]; }

  Block all() const;
  double weight(std::int64_t i) const { return weights.empty() ? 1 : weights[static_cast<std::size_t>(i)]; }
  double total_weight() const;
  double& cell(std::int64_t i, int j) { return values_[static_cast<std::size_t>(i + j * rows_)]; }
  double cell(std::int64_t i, int j) const { return values_[static_cast<std::size_t>(i + j * rows_)]; }

  /// The rows named, in that order; a row may come several times.
  Rows picked(std::span<const std::int64_t> rows) const;
  Rows with_weights(std::vector<double> new_weights) const;
  Rows with_labels(std::vector<std::int32_t> new_allowed, StateSets new_sets) const;
  Rows without_labels() const;

  std::vector<double> weights;  ///< empty: all 1
  std::vector<std::int32_t> allowed;
  StateSets sets;

 private:
  std::int64_t rows_ = 0;
  int columns_ = 0;
  WeightKind kind_;
  std::vector<double> values_;
  std::vector<std::string> names_;
};

}  // namespace jensen
