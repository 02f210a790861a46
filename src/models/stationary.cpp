#include <jensen/models/stationary.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace jensen {

namespace {

constexpr int most_steps = 500;
constexpr int most_halvings = 40;
constexpr double negligible = 1e-15;  // of |f|: what a step has to gain

std::size_t at(std::size_t size, std::size_t i, std::size_t j) { return i * size + j; }

// reach(i, j): j can be met after i, in any number of steps.
std::vector<bool> reachable(std::span<const double> a, std::size_t size) {
  std::vector<bool> reach(size * size);
  for (std::size_t e = 0; e < a.size(); ++e) reach[e] = a[e] > 0;
  for (std::size_t k = 0; k < size; ++k) {
    for (std::size_t i = 0; i < size; ++i) {
      for (std::size_t j = 0; reach[at(size, i, k)] && j < size; ++j) {
        if (reach[at(size, k, j)]) reach[at(size, i, j)] = true;
      }
    }
  }
  return reach;
}

// The states that are never left once met, where they all reach each other; empty where there are several such sets.
std::vector<std::size_t> closed_states(std::span<const double> a, std::size_t size) {
  const auto reach = reachable(a, size);
  std::vector<std::size_t> closed;
  for (std::size_t i = 0; i < size; ++i) {
    bool recurrent = true;
    for (std::size_t j = 0; j < size; ++j) recurrent = recurrent && (!reach[at(size, i, j)] || reach[at(size, j, i)]);
    if (recurrent) closed.push_back(i);
  }
  for (const std::size_t i : closed) {
    for (const std::size_t j : closed) {
      if (i != j && !reach[at(size, i, j)]) return {};
    }
  }
  return closed;
}

// x with M x = b, by elimination with pivots; M and b are used up. M is regular.
std::vector<double> solved(std::vector<double> m, std::vector<double> b) {
  const std::size_t size = b.size();
  for (std::size_t k = 0; k < size; ++k) {
    std::size_t pivot = k;
    for (std::size_t i = k + 1; i < size; ++i) {
      if (std::abs(m[at(size, i, k)]) > std::abs(m[at(size, pivot, k)])) pivot = i;
    }
    for (std::size_t j = 0; pivot != k && j < size; ++j) std::swap(m[at(size, k, j)], m[at(size, pivot, j)]);
    std::swap(b[k], b[pivot]);
    for (std::size_t i = k + 1; i < size; ++i) {
      const double factor = m[at(size, i, k)] / m[at(size, k, k)];
      for (std::size_t j = k; j < size; ++j) m[at(size, i, j)] -= factor * m[at(size, k, j)];
      b[i] -= factor * b[k];
    }
  }
  for (std::size_t k = size; k-- > 0;) {
    for (std::size_t j = k + 1; j < size; ++j) b[k] -= m[at(size, k, j)] * b[j];
    b[k] /= m[at(size, k, k)];
  }
  return b;
}

double cross_entropy(std::span<const double> counts, std::span<const double> p) {
  double total = 0;
  for (std::size_t k = 0; k < counts.size(); ++k) {
    if (counts[k] > 0) total += counts[k] * std::log(p[k]);
  }
  return total;
}

class StationaryClimb {
 public:
  StationaryClimb(std::span<double> transitions, std::span<const double> first, std::span<const double> counts)
      : transitions_(transitions), first_(first), counts_(counts), size_(first.size()) {
    value_ = objective(transitions_, stationary_);
  }

  std::vector<double> run() {
    for (int step = 0; step < most_steps && climbs(); ++step) {
    }
    return stationary_;
  }

 private:
  double objective(std::span<const double> a, std::vector<double>& stationary) const {
    stationary = stationary_distribution(a, static_cast<int>(size_));
    if (stationary.empty()) return -std::numeric_limits<double>::infinity();
    return cross_entropy(first_, stationary) + cross_entropy(counts_, a);
  }

  // v = Z (first / π)
  std::vector<double> pulls() const {
    std::vector<double> m(size_ * size_);
    std::vector<double> b(size_);
    for (std::size_t i = 0; i < size_; ++i) {
      for (std::size_t j = 0; j < size_; ++j) {
        m[at(size_, i, j)] = (i == j ? 1 : 0) - transitions_[at(size_, i, j)] + stationary_[j];
      }
      b[i] = first_[i] > 0 ? first_[i] / stationary_[i] : 0;
    }
    return solved(std::move(m), std::move(b));
  }

  std::vector<double> target() const {
    const auto v = pulls();
    const double least = *std::min_element(v.begin(), v.end());
    std::vector<double> result(transitions_.begin(), transitions_.end());
    for (std::size_t i = 0; i < size_; ++i) {
      std::vector<double> row(size_);
      double total = 0;
      for (std::size_t j = 0; j < size_; ++j) {
        const std::size_t e = at(size_, i, j);
        total += row[j] = counts_[e] + transitions_[e] * stationary_[i] * (v[j] - least);
      }
      for (std::size_t j = 0; total > 0 && j < size_; ++j) result[at(size_, i, j)] = row[j] / total;
    }
    return result;
  }

  // One step; false where none leads up.
  bool climbs() {
    if (!std::isfinite(value_)) return climbs_from_nowhere();
    const auto goal = target();
    std::vector<double> candidate(goal.size());
    std::vector<double> stationary;
    double share = 1;
    for (int halving = 0; halving < most_halvings; ++halving, share /= 2) {
      for (std::size_t e = 0; e < goal.size(); ++e) {
        candidate[e] = share == 1 ? goal[e] : transitions_[e] + share * (goal[e] - transitions_[e]);
      }
      const double value = objective(candidate, stationary);
      if (!(value > value_)) continue;
      const bool matters = value - value_ > negligible * std::abs(value);
      std::copy(candidate.begin(), candidate.end(), transitions_.begin());
      stationary_ = stationary;
      value_ = value;
      return matters;
    }
    return false;
  }

  // f is −∞ here (a probability is 0 whose state was met): the shares of the counts, mixed with what is there.
  bool climbs_from_nowhere() {
    std::vector<double> candidate(transitions_.begin(), transitions_.end());
    for (std::size_t i = 0; i < size_; ++i) {
      double total = 0;
      for (std::size_t j = 0; j < size_; ++j) total += counts_[at(size_, i, j)];
      for (std::size_t j = 0; total > 0 && j < size_; ++j) {
        candidate[at(size_, i, j)] = (candidate[at(size_, i, j)] + counts_[at(size_, i, j)] / total) / 2;
      }
    }
    std::vector<double> stationary;
    const double value = objective(candidate, stationary);
    if (!(value > value_)) return false;
    std::copy(candidate.begin(), candidate.end(), transitions_.begin());
    stationary_ = stationary;
    value_ = value;
    return true;
  }

  std::span<double> transitions_;
  std::span<const double> first_;
  std::span<const double> counts_;
  std::size_t size_;
  std::vector<double> stationary_;
  double value_ = 0;
};

}  // namespace

std::vector<double> stationary_distribution(std::span<const double> transitions, int states) {
  const auto size = static_cast<std::size_t>(states);
  const auto closed = closed_states(transitions, size);
  if (closed.empty()) return {};
  const std::size_t n = closed.size();
  std::vector<double> a(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) a[at(n, i, j)] = transitions[at(size, closed[i], closed[j])];
  }
  for (std::size_t k = n; k-- > 1;) {
    double leaves = 0;
    for (std::size_t j = 0; j < k; ++j) leaves += a[at(n, k, j)];
    for (std::size_t i = 0; i < k; ++i) {
      a[at(n, i, k)] /= leaves;
      for (std::size_t j = 0; j < k; ++j) a[at(n, i, j)] += a[at(n, i, k)] * a[at(n, k, j)];
    }
  }
  std::vector<double> own(n, 1.0);
  double total = 1;
  for (std::size_t k = 1; k < n; ++k) {
    own[k] = 0;
    for (std::size_t i = 0; i < k; ++i) own[k] += own[i] * a[at(n, i, k)];
    total += own[k];
  }
  std::vector<double> stationary(size, 0.0);
  for (std::size_t k = 0; k < n; ++k) stationary[closed[k]] = own[k] / total;
  return stationary;
}

std::vector<double> climb_to_stationary(std::span<double> transitions, std::span<const double> first,
                                        std::span<const double> counts) {
  return StationaryClimb(transitions, first, counts).run();
}

}  // namespace jensen
