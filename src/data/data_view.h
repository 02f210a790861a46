// Data that are other data but for what a view changes.
#pragma once

#include <jensen/data/data.h>

namespace jensen {

/// Answers everything as `data` does, which must outlive it; a view overrides what it is there for.
class DataView : public Data {
 public:
  explicit DataView(const Data& data) : data_(data) {}
  std::int64_t rows() const override { return data_.rows(); }
  int columns() const override { return data_.columns(); }
  std::span<const std::int64_t> sequences() const override { return data_.sequences(); }
  WeightKind weight_kind() const override { return data_.weight_kind(); }
  std::string column_name(int j) const override { return data_.column_name(j); }
  Block block(std::int64_t first, std::int64_t count, BlockBuffer& buffer) const override {
    return data_.block(first, count, buffer);
  }

 protected:
  const Data& data() const { return data_; }

 private:
  const Data& data_;
};

}  // namespace jensen
