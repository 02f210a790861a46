// Ward's agglomerative clustering.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace jensen {

/// Rows that merge, step by step, into one cluster: each time the pair of clusters whose union raises the weighted
/// within-cluster sum of squares least (Ward 1963), found by nearest-neighbour chains in O(n² d) time and O(n d)
/// memory.
class WardTree {
 public:
  /// Weights > 0.
  WardTree(const std::vector<std::vector<double>>& rows, std::span<const double> weights);

  /// Cluster number (0 … clusters−1, numbered by first appearance) of each row where so many clusters are left: O(n log
  /// n). With fewer rows than clusters each row is its own.
  std::vector<int> clusters(int clusters) const;

 private:
  struct Merge {
    int left, right;  // rows that represent the clusters
    double cost;
  };
  struct Cluster;
  static std::vector<Merge> all_merges(std::vector<Cluster> clusters);

  std::size_t rows_;
  std::vector<Merge> merges_;  // by cost
};

/// Some rows of data, in units of the columns' standard deviations, and their tree.
struct Agglomeration {
  std::vector<std::int64_t> rows;  ///< their numbers
  std::vector<double> weights;
  std::vector<std::vector<double>> points;
  WardTree tree;
};

}  // namespace jensen
