// Ward's agglomerative clustering.
#pragma once

#include <span>
#include <vector>

namespace jensen {

/// Cluster number (0 … clusters−1, numbered by first appearance) of each row after merging, step by step, the pair of
/// clusters whose union raises the weighted within-cluster sum of squares least (Ward 1963), by nearest-neighbour
/// chains: O(n² d) time, O(n d) memory. Weights > 0. With fewer rows than clusters each row is its own.
std::vector<int> ward_clusters(const std::vector<std::vector<double>>& rows, std::span<const double> weights,
                               int clusters);

}  // namespace jensen
