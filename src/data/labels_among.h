// Labels of some states as labels of more, or of fewer.
#pragma once

#include <jensen/error.h>

#include <fmt/format.h>

#include <utility>

#include "data/data_view.h"

namespace jensen {

/// The same data with labels about `states` states. A label allows the states that it did; those beyond are open to
/// rows without a label alone. Throws ArgumentError where a row's label allows none of them. The data must outlive it.
class LabelsAmong final : public DataView {
 public:
  LabelsAmong(const Data& data, int states) : DataView(data) {
    BlockBuffer buffer;
    const Block all = data.block(0, data.rows(), buffer);
    if (all.allowed.empty()) return;
    const StateSets& before = *all.state_sets;
    sets_ = {states, {}};
    for (std::int32_t set = 0; set < before.sets(); ++set) {
      for (int k = 0; k < states; ++k) sets_.allowed.push_back(k < before.states && before.allows(set, k) ? 1 : 0);
    }
    for (std::int64_t i = 0; i < all.rows(); ++i) {
      bool any = false;
      for (int k = 0; k < states; ++k) any = any || sets_.allows(all.allowed[static_cast<std::size_t>(i)], k);
      if (any) continue;
      throw ArgumentError("labels", "states",
                          fmt::format("row {} is labelled as of a state beyond the {}", i + 1, states));
    }
  }
  Block block(std::int64_t first, std::int64_t count, BlockBuffer& buffer) const override {
    Block block = data().block(first, count, buffer);
    if (block.state_sets != nullptr) block.state_sets = &sets_;
    return block;
  }

 private:
  StateSets sets_;
};

}  // namespace jensen
