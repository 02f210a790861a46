// Patterns of holes recur in block after block: what depends on (Σ, pattern) alone is kept while Σ stays the same.
#pragma once

#include <algorithm>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include <jensen/math/cholesky.h>

namespace jensen {

/// Memory of one worker, part of a Scratch.
class ConditioningCache {
 public:
  /// Forgets what belongs to other covariances.
  void keep_for(std::span<const double> covariances) {
    if (std::equal(covariances.begin(), covariances.end(), covariances_.begin(), covariances_.end())) return;
    covariances_.assign(covariances.begin(), covariances.end());
    forget();
  }
  /// Conditioning on `observed` of `count` packed matrices, the i-th being covariance(i). Stays where it is until
  /// another pattern is asked for.
  template <class CovarianceAt>
  const std::vector<Conditioning>& of(const std::vector<int>& observed, const std::vector<int>& missing, int count,
                                      const CovarianceAt& covariance) {
    if (const auto known = conditionings_.find(observed); known != conditionings_.end()) return known->second;
    constexpr std::size_t most_kept = std::size_t{1} << 18;  // numbers: 2 MiB
    if (kept_ > most_kept) forget();
    std::vector<Conditioning> found;
    for (int i = 0; i < count; ++i) {
      found.push_back(condition(covariance(i), observed, missing));
      kept_ += found.back().size();
    }
    return conditionings_.emplace(observed, std::move(found)).first->second;
  }

 private:
  void forget() {
    conditionings_.clear();
    kept_ = 0;
  }
  std::vector<double> covariances_;
  std::map<std::vector<int>, std::vector<Conditioning>> conditionings_;
  std::size_t kept_ = 0;
};

}  // namespace jensen
