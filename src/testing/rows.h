// An owned copy of data that laws rearrange: repeat, drop and reorder units (rows, or sequences of them), weigh and
// label them anew.
#pragma once

#include <jensen/data/data.h>

namespace jensen {

class Rows final : public Data {
 public:
  explicit Rows(const Data& data);

  std::int64_t rows() const override { return rows_; }
  std::span<const std::int64_t> sequences() const override { return begins_; }
  int columns() const override { return columns_; }
  Block block(std::int64_t first, std::int64_t count, BlockBuffer& buffer) const override;
  WeightKind weight_kind() const override { return kind_; }
  std::string column_name(int j) const override { return names_[static_cast<std::size_t>(j)]; }

  Block all() const;
  double weight(std::int64_t i) const { return weights.empty() ? 1 : weights[static_cast<std::size_t>(i)]; }
  double total_weight() const;
  double& cell(std::int64_t i, int j) { return values_[static_cast<std::size_t>(i + j * rows_)]; }
  double cell(std::int64_t i, int j) const { return values_[static_cast<std::size_t>(i + j * rows_)]; }

  /// Units: sequences where there are some, else rows.
  std::int64_t units() const { return begins_.empty() ? rows_ : static_cast<std::int64_t>(begins_.size()) - 1; }
  std::int64_t first_row(std::int64_t unit) const {
    return begins_.empty() ? unit : begins_[static_cast<std::size_t>(unit)];
  }
  std::int64_t size(std::int64_t unit) const { return begins_.empty() ? 1 : first_row(unit + 1) - first_row(unit); }
  Block unit(std::int64_t unit) const { return units_from(unit, 1); }
  Block units_from(std::int64_t unit, std::int64_t count) const;

  /// The units named, in that order; a unit may come several times.
  Rows picked(std::span<const std::int64_t> units) const;
  /// One weight a unit, borne by all its rows.
  Rows with_unit_weights(const std::vector<double>& weights_of_units) const;
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
  std::vector<std::int64_t> begins_;  // as Data::sequences
  std::vector<double> values_;
  std::vector<std::string> names_;
};

}  // namespace jensen
