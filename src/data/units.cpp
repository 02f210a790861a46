#include <jensen/data/units.h>
#include <jensen/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace jensen {

namespace {

// The rows of each group.
std::vector<std::vector<std::int64_t>> groups_of(const Block& x, int group_column) {
  std::vector<std::vector<std::int64_t>> groups;
  std::map<double, std::size_t> number;
  for (std::int64_t i = 0; i < x.rows(); ++i) {
    const double value = x.x(i, group_column);
    if (std::isnan(value)) throw DataError(fmt::format("units: row {} has no group", i + 1));
    const auto [at, fresh] = number.try_emplace(value, groups.size());
    if (fresh) groups.emplace_back();
    auto& members = groups[at->second];
    if (!fresh && x.weight(i) != x.weight(members.front())) {
      throw DataError(fmt::format("units: rows {} and {} are of one group, but have different weights",
                                  members.front() + 1, i + 1));
    }
    members.push_back(i);
  }
  return groups;
}

}  // namespace

Table units(const Data& data, int group_column) {
  if (group_column < 0 || group_column >= data.columns()) {
    throw ArgumentError("units", "group_column", fmt::format("{} is not in 0 … {}", group_column, data.columns() - 1));
  }
  BlockBuffer buffer;
  const Block x = data.block(0, data.rows(), buffer);
  if (!x.allowed.empty()) throw DataError("units: the data have labels, which belong to rows and not to groups");
  const auto groups = groups_of(x, group_column);
  std::size_t longest = 0;
  for (const auto& members : groups) longest = std::max(longest, members.size());
  const auto others = static_cast<std::size_t>(data.columns() - 1);
  std::vector<double> values(groups.size() * longest * others, std::numeric_limits<double>::quiet_NaN());
  std::vector<std::string> names;
  std::vector<double> weights;
  for (std::size_t r = 0; r < longest; ++r) {
    std::size_t next = r * others;
    for (int j = 0; j < data.columns(); ++j) {
      if (j == group_column) continue;
      names.push_back(fmt::format("{}.{}", data.column_name(j), r));
      for (std::size_t g = 0; g < groups.size(); ++g) {
        if (r < groups[g].size()) values[next * groups.size() + g] = x.x(groups[g][r], j);
      }
      ++next;
    }
  }
  for (const auto& members : groups) weights.push_back(x.weight(members.front()));
  Table table(std::move(values), static_cast<std::int64_t>(groups.size()), static_cast<int>(longest * others),
              std::move(names));
  return x.weights.empty() ? table : table.with_weights(std::move(weights), data.weight_kind());
}

}  // namespace jensen
