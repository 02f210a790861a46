// Known states, as a column of a CSV file names them.
#pragma once

#include <jensen/data/block.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace jensen {

class CsvLabels {
 public:
  void add(std::string_view label);
  void add_unknown() { codes_.push_back(-1); }

  /// Finds out what the labels mean and returns the states' names (see CsvTable). Throws DataError, begun with `where`,
  /// when there are more distinct labels than states, or nothing on one side of a |.
  std::vector<std::string> settle(int states, const std::string& where);
  /// By row: a set of `sets`, −1 where the state is unknown.
  const std::vector<std::int32_t>& codes() const { return codes_; }
  const StateSets& sets() const { return sets_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  std::unordered_map<std::string, std::int32_t, Hash, std::equal_to<>> code_of_;
  std::vector<std::int32_t> codes_;
  StateSets sets_;
};

}  // namespace jensen
