// M-step of the Gaussian emissions, its prior, and the expected log-density that it maximises.
#include <jensen/emissions/gaussian.h>
#include <jensen/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "emissions/covariance_maximum.h"

namespace jensen {

double Gaussian::weight_of(ConstSlice s, int factor) const {
  const int first = factor * components_of_factor();
  double weight = 0;
  for (int k = first; k < first + components_of_factor(); ++k) weight += s.sum[static_cast<std::size_t>(k)];
  return weight;
}

std::vector<double> Gaussian::scatter(ConstSlice s, int factor, std::span<const double> centers) const {
  const auto d = static_cast<std::size_t>(columns_);
  const auto size = shape_size();
  const double* second =
      s.sum.data() + static_cast<std::size_t>(components_) * (1 + d) + static_cast<std::size_t>(factor) * size;
  std::vector<double> result(second, second + size);
  const int first_component = factor * components_of_factor();
  for (int k = first_component; k < first_component + components_of_factor(); ++k) {
    const auto at = static_cast<std::size_t>(k);
    const double weight = s.sum[at];
    const double* first = s.sum.data() + static_cast<std::size_t>(components_) + at * d;
    // Σ r (x − c)(x − c)ᵀ = Σ r (x − a)(x − a)ᵀ − f δᵀ − δ fᵀ + N δ δᵀ, δ = c − a
    std::vector<double> delta(d);
    for (std::size_t j = 0; j < d; ++j) delta[j] = centers[at * d + j] - s.about[at * d + j];
    const auto correction = [&](std::size_t a, std::size_t b) {
      return weight * delta[a] * delta[b] - first[a] * delta[b] - delta[a] * first[b];
    };
    for (std::size_t a = 0; a < d; ++a) {
      if (has_matrices()) {
        for (std::size_t b = 0; b <= a; ++b) result[a * (a + 1) / 2 + b] += correction(a, b);
      } else {
        result[has_variances() ? a : 0] += correction(a, a);
      }
    }
  }
  return result;
}

std::vector<double> Gaussian::maximizing_means(ConstSlice s) const {
  const auto d = static_cast<std::size_t>(columns_);
  std::vector<double> means = means_;
  for (std::size_t k = 0; k < static_cast<std::size_t>(components_); ++k) {
    if (!(s.sum[k] > 0)) continue;
    for (std::size_t j = 0; j < d; ++j) {
      means[k * d + j] = s.about[k * d + j] + s.sum[static_cast<std::size_t>(components_) + k * d + j] / s.sum[k];
    }
  }
  return means;
}

void Gaussian::maximize(ConstSlice s) {
  degeneracies_.clear();
  for (int k = 0; k < components_; ++k) {
    if (!(s.sum[static_cast<std::size_t>(k)] > 0)) {
      degeneracies_.push_back({k, false, "no observation belongs to it; its parameters are those of before"});
    }
  }
  means_ = maximizing_means(s);
  if (is_coupled(structure_)) {
    for (int g = 0; g < groups_; ++g) maximize_together(g, s);
  } else {
    for (int f = 0; f < factors(); ++f) maximize_factor(f, s);
  }
  derive();
}

double Gaussian::prior_variance(std::size_t i) const {
  if (has_matrices()) return prior_.scale[i];
  if (has_variances()) {
    const int j = static_cast<int>(i);
    return prior_.scale[packed_index(j, j)];
  }
  double total = 0;
  for (int j = 0; j < columns_; ++j) total += prior_.scale[packed_index(j, j)];
  return total / columns_;
}

// Σ = (S + c S₀) / (N + c), S the scatter about the new means; in each structure's shape.
void Gaussian::maximize_factor(int factor, ConstSlice s) {
  const double weight = weight_of(s, factor);
  if (!(weight > 0)) return;
  std::vector<double> own = scatter(s, factor, means_);
  for (double& v : own) v /= shape_ == CovarianceShape::spherical ? weight * columns_ : weight;
  std::vector<double> candidate = own;
  const double share = prior_.rows / (weight + prior_.rows);
  for (std::size_t i = 0; i < own.size() && share > 0; ++i) {
    candidate[i] = (1 - share) * own[i] + share * prior_variance(i);
  }
  const auto degenerate = [&](bool fatal, const std::string& reason) {
    const char* whose = !is_shared(structure_) ? ""
                      : groups_ == 1           ? "(the covariance of all components) "
                                               : "(the covariance of its whole group) ";
    degeneracies_.push_back({factor * components_of_factor(), fatal, whose + reason});
  };
  if (const std::string reason = collapse(candidate); !reason.empty()) {
    degenerate(true, reason);
    return;
  }
  if (const std::string few = too_few_rows(weight); !few.empty()) {
    degenerate(false, few);
  } else if (share > 0) {
    const std::string reason = held_by_prior(own, candidate, share);
    if (!reason.empty()) degenerate(false, reason + "; the prior keeps it from collapsing");
  }
  std::copy(candidate.begin(), candidate.end(),
            covariances_.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(factor) * shape_size()));
}

// Q + log prior = −½ Σ_k [(N_k + c) log|Σ_k| + tr((S_k + c S₀) Σ_k⁻¹)] + constant: the prior is c rows more for each.
void Gaussian::maximize_together(int group, ConstSlice s) {
  const std::size_t size = shape_size();
  const int first = group * group_size();
  const int end = first + group_size();
  std::vector<double> weights, own, scatters;
  for (int k = first; k < end; ++k) {
    const auto mine = scatter(s, k, means_);
    own.insert(own.end(), mine.begin(), mine.end());
    weights.push_back(s.sum[static_cast<std::size_t>(k)] + prior_.rows);
    for (std::size_t i = 0; i < size; ++i) {
      scatters.push_back(mine[i] + (prior_.rows > 0 ? prior_.rows * prior_variance(i) : 0));
    }
  }
  if (std::all_of(weights.begin(), weights.end(), [](double w) { return w == 0; })) return;
  const auto part = [&](const std::vector<double>& of, int k) {
    return std::span<const double>(of).subspan(static_cast<std::size_t>(k - first) * size, size);
  };
  for (int k = first; k < end; ++k) {
    if (!(s.sum[static_cast<std::size_t>(k)] > 0) || structure_ == Covariance::eev) continue;
    if (!on_one_point(part(scatters, k), weights[static_cast<std::size_t>(k - first)])) continue;
    degeneracies_.push_back({k, true, "no column varies within it beyond rounding"});
    return;
  }
  const auto candidates = maximizing_covariances(structure_, columns_, weights, scatters, covariances_of(group));
  bool fatal = false;
  for (int k = first; k < end; ++k) {
    const double weight = s.sum[static_cast<std::size_t>(k)];
    if (const std::string reason = collapse(part(candidates, k)); !reason.empty()) {
      fatal = true;
      degeneracies_.push_back({k, true, reason});
    } else if (!(weight > 0)) {
      continue;
    } else if (const std::string few = too_few_rows(weight); !few.empty()) {
      degeneracies_.push_back({k, false, few});
    } else if (prior_.rows > 0) {
      const std::string held = own_part_held_by_prior(part(own, k), part(candidates, k), weight);
      if (!held.empty()) degeneracies_.push_back({k, false, held + "; the prior keeps it from collapsing"});
    }
  }
  if (fatal) return;
  std::copy(candidates.begin(), candidates.end(),
            covariances_.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(first) * size));
}

bool Gaussian::on_one_point(std::span<const double> scattered, double weight) const {
  for (int j = 0; j < columns_; ++j) {
    const double floor = resolution_.granularity.empty() ? 0 : resolution_.granularity[static_cast<std::size_t>(j)];
    const double sum = scattered[has_matrices() ? packed_index(j, j) : static_cast<std::size_t>(j)];
    if (sum > weight * floor * floor) return false;
  }
  return true;
}

// What a component has for itself under a coupled structure: everything, the variances along its axes, or its volume.
std::string Gaussian::own_part_held_by_prior(std::span<const double> scattered, std::span<const double> covariance,
                                             double weight) const {
  std::vector<double> added;
  for (std::size_t i = 0; i < scattered.size(); ++i) added.push_back(prior_.rows * prior_variance(i));
  if (structure_ == Covariance::evv || structure_ == Covariance::evi) {
    std::vector<double> own(scattered.begin(), scattered.end());
    std::vector<double> both = own;
    for (std::size_t i = 0; i < own.size(); ++i) {
      both[i] = (own[i] + added[i]) / (weight + prior_.rows);
      own[i] /= weight;
    }
    return held_by_prior(own, both, prior_.rows / (weight + prior_.rows));
  }
  const bool by_axis = structure_ == Covariance::eve || structure_ == Covariance::vve;
  if (by_axis && smaller_along_an_axis(columns_, covariance, scattered, added)) {
    return "it hardly varies along one of the common axes";
  }
  if (by_axis || structure_ == Covariance::eev) return {};
  double mine = 0;
  double its = 0;
  if (has_matrices()) {
    const Cholesky factor = cholesky(covariance, columns_);
    mine = trace_of_product(factor, scattered);
    its = trace_of_product(factor, added);
  } else {
    for (std::size_t j = 0; j < added.size(); ++j)
      mine += scattered[j] / covariance[j], its += added[j] / covariance[j];
  }
  return mine < its ? "it hardly varies" : "";
}

// The prior holds a covariance up where more than half of some column's variance, given the columns before it, is the
// prior's.
std::string Gaussian::held_by_prior(std::span<const double> own, std::span<const double> candidate,
                                    double share) const {
  std::string reason = collapse(own);
  if (!reason.empty()) return reason;
  const auto narrow = [&](int j, double mine, double all) {
    return (1 - share) * mine < 0.5 * all ? fmt::format("column {} hardly varies within it", j + 1) : std::string();
  };
  const Cholesky mine = has_matrices() ? cholesky(own, columns_) : Cholesky();
  const Cholesky all = has_matrices() ? cholesky(candidate, columns_) : Cholesky();
  for (int j = 0; j < columns_; ++j) {
    const std::size_t at = has_variances() ? static_cast<std::size_t>(j) : 0;
    std::string found = has_matrices() ? narrow(j, mine.pivot(j), all.pivot(j)) : narrow(j, own[at], candidate[at]);
    if (!found.empty()) return found;
  }
  return {};
}

std::string Gaussian::too_few_rows(double weight) const {
  if (is_shared(structure_)) return {};
  const int needed = structure_ == Covariance::full || structure_ == Covariance::evv ? columns_ + 1 : 2;
  const double rows = weight / resolution_.row_weight;
  if (!(rows < needed)) return {};
  return fmt::format("it rests on {:.3g} observations, fewer than the {} that a {} covariance needs", rows, needed,
                     to_string(structure_));
}

// The variance of each column given the columns before it decides: too small means that the rows (nearly) lie in a
// subspace, where the likelihood is unbounded.
std::string Gaussian::collapse(std::span<const double> shape) const {
  std::vector<double> variances(static_cast<std::size_t>(columns_),
                                shape_ == CovarianceShape::spherical ? shape[0] : 0);
  for (int j = 0; j < columns_; ++j) {
    double& variance = variances[static_cast<std::size_t>(j)];
    if (has_matrices()) variance = shape[packed_index(j, j)];
    if (has_variances()) variance = shape[static_cast<std::size_t>(j)];
    const double floor = resolution_.granularity.empty() ? 0 : resolution_.granularity[static_cast<std::size_t>(j)];
    if (!(variance > floor * floor) || !std::isfinite(1 / variance)) {
      return fmt::format("column {} does not vary within it beyond rounding", j + 1);
    }
  }
  if (!has_matrices()) return {};
  const Cholesky candidate = cholesky(shape, columns_);
  if (!candidate.positive_definite()) return "its covariance is singular: its rows lie in a subspace";
  for (int j = 0; j < columns_; ++j) {
    if (candidate.pivot(j) <= 1e-13 * variances[static_cast<std::size_t>(j)]) {
      return fmt::format("column {} is a linear combination of the columns before it within it", j + 1);
    }
  }
  return {};
}

double Gaussian::expected_log_density(ConstSlice s) const {
  double total = 0;
  for (int k = 0; k < components_; ++k) {
    const double weight = s.sum[static_cast<std::size_t>(k)];
    if (weight > 0) total += weight * constants_[static_cast<std::size_t>(k)];
  }
  const auto d = static_cast<std::size_t>(columns_);
  for (int f = 0; f < factors(); ++f) {
    if (!(weight_of(s, f) > 0)) continue;
    const auto scattered = scatter(s, f, means_);
    if (has_matrices()) {
      total -= 0.5 * trace_of_product(factors_[static_cast<std::size_t>(f)], scattered);
    } else {
      for (std::size_t i = 0; i < scattered.size(); ++i) {
        total -= 0.5 * precisions_[static_cast<std::size_t>(f * components_of_factor()) * d + i] * scattered[i];
      }
    }
  }
  return total;
}

double Gaussian::log_prior() const {
  if (prior_.rows == 0) return 0;
  const double prior_log_determinant = has_matrices() ? cholesky(prior_.scale, columns_).log_determinant : 0;
  double total = 0;
  for (int f = 0; f < factors(); ++f) {
    double trace = 0;
    double log_ratio = 0;  // log|S₀ Σ⁻¹|
    if (has_matrices()) {
      const auto& factor = factors_[static_cast<std::size_t>(f)];
      trace = trace_of_product(factor, prior_.scale);
      log_ratio = prior_log_determinant - factor.log_determinant;
    } else {
      const int first = f * components_of_factor() * columns_;
      for (int j = 0; j < columns_; ++j) {
        const double ratio = prior_variance(static_cast<std::size_t>(has_variances() ? j : 0)) *
                             precisions_[static_cast<std::size_t>(first + j)];
        trace += ratio;
        log_ratio += std::log(ratio);
      }
    }
    total -= 0.5 * prior_.rows * (trace - log_ratio - columns_);
  }
  return total;
}

void Gaussian::move(ConstSlice from, Slice to) const {
  const auto d = static_cast<std::size_t>(columns_);
  const auto components = static_cast<std::size_t>(components_);
  std::copy(from.sum.begin(), from.sum.begin() + static_cast<std::ptrdiff_t>(components), to.sum.begin());
  for (std::size_t i = 0; i < components * d; ++i) {
    to.sum[components + i] = from.sum[components + i] + from.sum[i / d] * (from.about[i] - to.about[i]);
  }
  for (int f = 0; f < factors(); ++f) {
    const auto moved = scatter(from, f, to.about);
    std::copy(moved.begin(), moved.end(),
              to.sum.begin() +
                  static_cast<std::ptrdiff_t>(components * (1 + d) + static_cast<std::size_t>(f) * shape_size()));
  }
}

}  // namespace jensen
