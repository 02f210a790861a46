// The cheapest one-to-one assignment: which component of one fit is which of another.
#pragma once

#include <span>
#include <vector>

namespace jensen {

/// The permutation a of 0 … n−1 that minimises Σ_i cost[i n + a(i)], by shortest augmenting paths (Kuhn 1955; Jonker
/// and Volgenant 1987), O(n³). Costs are finite. Throws ArgumentError where there are not n² of them.
std::vector<int> cheapest_assignment(std::span<const double> cost, int n);

}  // namespace jensen
