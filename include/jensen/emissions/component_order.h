// The order of components: numbers that mean the same in every fit.
#pragma once

#include <span>
#include <vector>

#include <jensen/emissions/any.h>

namespace jensen {

/// The same emissions with state k being what state order[k] was. False, and no change, where they are of a type that
/// this function does not know, or Gaussians in groups that the order would tear apart.
bool reorder(AnyEmissions& emissions, std::span<const int> order);

/// What places the states: for every state the expected value of the first column that has one, then of the second and
/// so on; a categorical column counts by the expected number of its level, a regression by its
/// coefficients. Empty where nothing is known.
std::vector<std::vector<double>> expected_values(const AnyEmissions& emissions);

/// The states in ascending order of expected_values(); equals stay in theirs.
std::vector<int> canonical_order(const AnyEmissions& emissions);

/// Expected value, and standard deviation, of one column of emissions in state k; NaN where the family has none. Of a
/// direction the value is the mean direction's, of a Student-t with ν ≤ 1 the location.
struct Moments {
  double mean;
  double deviation;
};
Moments moments_of(const AnyEmissions& emissions, int k, int column = 0);

}  // namespace jensen
