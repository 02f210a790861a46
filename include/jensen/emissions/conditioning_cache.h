// Patterns of holes recur in block after block: what depends on (Σ, pattern) alone is kept while Σ stays the same.
#pragma once

#include <functional>
#include <map>
#include <span>
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
  /// Conditioning on `observed` of `count` packed matrices, the i-th being covariance(i).
  const std::vector<Conditioning>& of(const std::vector<int>& observed, const std::vector<int>& missing, int count,
                                      const std::function<std::vector<double>(int)>& covariance) {
    constexpr std::size_t most_kept = std::size_t{1} << 18;  // numbers: 2 MiB
    if (kept_ > most_kept) forget();
    auto& found = conditionings_[observed];
    for (int i = 0; found.size() < static_cast<std::size_t>(count); ++i) {
      found.push_back(condition(covariance(i), observed, missing));
      kept_ += found.back().size();
    }
    return found;
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
