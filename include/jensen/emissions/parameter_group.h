// Named groups of parameters with their domains: from these follow unconstrained coordinates, counts and checks.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace jensen {

enum class Domain {
  real,      ///< ℝ: the coordinate is the value
  positive,  ///< (0, ∞): log; 0 is structural and has no coordinate
  unit,      ///< (0, 1): log-odds; 0 and 1 are structural and have no coordinate
  simplex,   ///< probabilities: log-ratios to the last positive one (models/simplex.h); zeros are structural
  fixed,     ///< not estimated: no coordinate, not counted
};

/// `count` numbers of one domain under one name.
struct ParameterGroup {
  std::string name;
  Domain domain = Domain::real;
  int count = 1;
};
using ParameterGroups = std::vector<ParameterGroup>;

std::size_t parameter_count(const ParameterGroups& groups);
int free_parameters(const ParameterGroups& groups);
/// "rate[k]", or "probability[k,j]" in a group of several.
std::vector<std::string> parameter_names(const ParameterGroups& groups, int k);
std::vector<double> to_unconstrained(const ParameterGroups& groups, std::span<const double> values);
/// The inverse; what is structural or fixed stays as in `values`. Throws ArgumentError where a coordinate is beyond
/// what numbers can hold, or there are not as many as to_unconstrained(values) has.
std::vector<double> from_unconstrained(const ParameterGroups& groups, std::span<const double> u,
                                       std::span<const double> values);
/// Throws ArgumentError naming `function` and the parameter whose value lies outside its domain (its closure, for
/// positive and unit), or where there are not as many as the groups hold.
void check_parameters(const ParameterGroups& groups, std::span<const double> values, std::string_view function);

}  // namespace jensen
