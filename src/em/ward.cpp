#include <jensen/em/ward.h>

#include <algorithm>
#include <limits>
#include <numeric>

namespace jensen {

namespace {

struct Cluster {
  std::vector<double> center;
  double weight = 0;
};

struct Merge {
  int left, right;  // rows that represent the clusters
  double cost;
};

double merge_cost(const Cluster& a, const Cluster& b) {
  double squares = 0;
  for (std::size_t j = 0; j < a.center.size(); ++j) {
    const double difference = a.center[j] - b.center[j];
    squares += difference * difference;
  }
  return a.weight * b.weight / (a.weight + b.weight) * squares;
}

void absorb(Cluster& into, const Cluster& other) {
  const double weight = into.weight + other.weight;
  for (std::size_t j = 0; j < into.center.size(); ++j) {
    into.center[j] += other.weight / weight * (other.center[j] - into.center[j]);
  }
  into.weight = weight;
}

// Follows nearest neighbours until two clusters are each other's nearest; those merge. Ward's cost is reducible, so the
// merges found this way are those of the greedy algorithm, in another order.
std::vector<Merge> all_merges(std::vector<Cluster> clusters) {
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
    double cost = before < 0 ? std::numeric_limits<double>::infinity() : merge_cost(at(tip), at(before));
    for (int other : active) {
      if (other == tip) continue;
      const double candidate = merge_cost(at(tip), at(other));
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
    absorb(at(std::min(tip, before)), at(std::max(tip, before)));
    active.erase(std::find(active.begin(), active.end(), std::max(tip, before)));
    chain.resize(chain.size() - 2);
  }
  return merges;
}

}  // namespace

std::vector<int> ward_clusters(const std::vector<std::vector<double>>& rows, std::span<const double> weights,
                               int clusters) {
  std::vector<Cluster> singletons;
  for (std::size_t i = 0; i < rows.size(); ++i) singletons.push_back({rows[i], weights[i]});
  auto merges = all_merges(std::move(singletons));
  std::stable_sort(merges.begin(), merges.end(), [](const Merge& a, const Merge& b) { return a.cost < b.cost; });

  std::vector<int> parent(rows.size());
  std::iota(parent.begin(), parent.end(), 0);
  const auto root = [&](int i) {
    while (parent[static_cast<std::size_t>(i)] != i) i = parent[static_cast<std::size_t>(i)];
    return i;
  };
  const auto wanted = static_cast<std::ptrdiff_t>(merges.size()) - (clusters - 1);
  for (std::ptrdiff_t m = 0; m < wanted; ++m) {
    const auto& merge = merges[static_cast<std::size_t>(m)];
    const int a = root(merge.left);
    const int b = root(merge.right);
    parent[static_cast<std::size_t>(std::max(a, b))] = std::min(a, b);
  }
  std::vector<int> numbers(rows.size(), -1);
  std::vector<int> result;
  int next = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    int& number = numbers[static_cast<std::size_t>(root(static_cast<int>(i)))];
    if (number < 0) number = next++;
    result.push_back(number);
  }
  return result;
}

}  // namespace jensen
