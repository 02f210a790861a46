#include <jensen/em/ward.h>

#include <algorithm>
#include <limits>
#include <numeric>

namespace jensen {

struct WardTree::Cluster {
  std::vector<double> center;
  double weight = 0;

  double cost_of_merging(const Cluster& other) const;
  void absorb(const Cluster& other);
};

double WardTree::Cluster::cost_of_merging(const Cluster& other) const {
  double squares = 0;
  for (std::size_t j = 0; j < center.size(); ++j) {
    const double difference = center[j] - other.center[j];
    squares += difference * difference;
  }
  return weight * other.weight / (weight + other.weight) * squares;
}

void WardTree::Cluster::absorb(const Cluster& other) {
  const double total = weight + other.weight;
  for (std::size_t j = 0; j < center.size(); ++j) center[j] += other.weight / total * (other.center[j] - center[j]);
  weight = total;
}

// Follows nearest neighbours until two clusters are each other's nearest; those merge. Ward's cost is reducible, so the
// merges found this way are those of the greedy algorithm, in another order.
std::vector<WardTree::Merge> WardTree::all_merges(std::vector<Cluster> clusters) {
  const int count = static_cast<int>(clusters.size());
  std::vector<int> active(clusters.size());
  std::iota(active.begin(), active.end(), 0);
  std::vector<Merge> merges;
  std::vector<int> chain;
  while (static_cast<int>(merges.size()) < count - 1) {
    if (chain.empty()) chain.push_back(active.front());
    const int tip = chain.back();
    const int before = chain.size() > 1 ? chain[chain.size() - 2] : -1;
    const auto at = [&](int c) -> Cluster& { return clusters[static_cast<std::size_t>(c)]; };
    int nearest = before;  // wins ties, or the chain could run in circles
    double cost = before < 0 ? std::numeric_limits<double>::infinity() : at(tip).cost_of_merging(at(before));
    for (int other : active) {
      if (other == tip) continue;
      const double candidate = at(tip).cost_of_merging(at(other));
      if (candidate < cost) {
        cost = candidate;
        nearest = other;
      }
    }
    if (nearest != before) {
      chain.push_back(nearest);
      continue;
    }
    merges.push_back({std::min(tip, before), std::max(tip, before), cost});
    at(std::min(tip, before)).absorb(at(std::max(tip, before)));
    active.erase(std::find(active.begin(), active.end(), std::max(tip, before)));
    chain.resize(chain.size() - 2);
  }
  return merges;
}

WardTree::WardTree(const std::vector<std::vector<double>>& rows, std::span<const double> weights) : rows_(rows.size()) {
  std::vector<Cluster> singletons;
  for (std::size_t i = 0; i < rows.size(); ++i) singletons.push_back({rows[i], weights[i]});
  merges_ = all_merges(std::move(singletons));
  std::stable_sort(merges_.begin(), merges_.end(), [](const Merge& a, const Merge& b) { return a.cost < b.cost; });
}

std::vector<int> WardTree::clusters(int clusters) const {
  std::vector<int> parent(rows_);
  std::iota(parent.begin(), parent.end(), 0);
  const auto root = [&](int i) {
    while (parent[static_cast<std::size_t>(i)] != i) i = parent[static_cast<std::size_t>(i)];
    return i;
  };
  const auto wanted = static_cast<std::ptrdiff_t>(merges_.size()) - (clusters - 1);
  for (std::ptrdiff_t m = 0; m < wanted; ++m) {
    const Merge& merge = merges_[static_cast<std::size_t>(m)];
    const int a = root(merge.left);
    const int b = root(merge.right);
    parent[static_cast<std::size_t>(std::max(a, b))] = std::min(a, b);
  }
  std::vector<int> numbers(rows_, -1);
  std::vector<int> result;
  int next = 0;
  for (std::size_t i = 0; i < rows_; ++i) {
    int& number = numbers[static_cast<std::size_t>(root(static_cast<int>(i)))];
    if (number < 0) number = next++;
    result.push_back(number);
  }
  return result;
}

}  // namespace jensen
