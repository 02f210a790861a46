#include <jensen/data/missing_patterns.h>

#include <cmath>
#include <map>

namespace jensen {

std::vector<MissingPattern> missing_patterns(const Block& x) {
  std::map<std::vector<bool>, std::vector<std::int64_t>> rows_by_holes;
  std::vector<bool> holes(static_cast<std::size_t>(x.columns()));
  for (std::int64_t i = 0; i < x.rows(); ++i) {
    for (int j = 0; j < x.columns(); ++j) holes[static_cast<std::size_t>(j)] = std::isnan(x.x(i, j));
    rows_by_holes[holes].push_back(i);
  }
  std::vector<MissingPattern> patterns;
  for (auto& [pattern_holes, rows] : rows_by_holes) {
    MissingPattern pattern;
    for (int j = 0; j < x.columns(); ++j) {
      (pattern_holes[static_cast<std::size_t>(j)] ? pattern.missing : pattern.observed).push_back(j);
    }
    pattern.rows = std::move(rows);
    patterns.push_back(std::move(pattern));
  }
  return patterns;
}

}  // namespace jensen
