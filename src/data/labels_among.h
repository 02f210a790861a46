// Labels of some states as labels of more, or of fewer.
#pragma once

#include <jensen/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

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
    const auto empty = [&](std::int32_t set) {
      for (int k = 0; k < states; ++k) {
        if (sets_.allows(set, k)) return false;
      }
      return true;
    };
    for (std::int64_t i = 0; i < all.rows(); ++i) {
      if (!empty(all.allowed[static_cast<std::size_t>(i)])) continue;
      throw ArgumentError("labels", "states",
                          fmt::format("row {} is labelled as of a state beyond the {}", i + 1, states));
    }
    // Sets that no row uses may say anything but that nothing is allowed.
    for (std::int32_t set = 0; set < sets_.sets(); ++set) {
      if (!empty(set)) continue;
      std::fill_n(sets_.allowed.begin() + static_cast<std::ptrdiff_t>(set) * states, states, std::uint8_t{1});
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
