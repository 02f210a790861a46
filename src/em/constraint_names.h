// Constraints by name turned into constraints by index.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <jensen/em/constraints.h>

namespace jensen {

/// Entry i is about parameter i.
struct ResolvedConstraints {
  std::vector<std::optional<double>> fixed;
  std::vector<std::size_t> group;  ///< tied parameters share the smallest index among them
  std::vector<double> lower, upper;
  std::vector<bool> touched;
  std::vector<std::pair<std::size_t, std::size_t>> rising;  ///< first ≤ second
};

/// Throws ArgumentError for names that are not there and values that contradict each other. `values` are the model's.
ResolvedConstraints resolve(const Constraints& constraints, const std::vector<std::string>& names,
                            const std::vector<double>& values);

}  // namespace jensen
