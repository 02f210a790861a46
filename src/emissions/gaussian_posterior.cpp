// E-step and statistics under a mixture's posterior at one go: what passes over a block cost in loads and stores is
// saved, which is as much as their arithmetic where columns are few.
#include <jensen/emissions/gaussian.h>

#include <cmath>
#include <numeric>

#include "math/posterior_moments.h"

namespace jensen {

// scratch.triangular or scratch.diagonal: all components, whose offsets are d numbers each.
void Gaussian::list_terms(const double* offsets, Scratch& scratch) const {
  const auto d = static_cast<std::size_t>(columns_);
  scratch.triangular.clear();
  scratch.diagonal.clear();
  for (int k = 0; k < components_; ++k) {
    const auto at = static_cast<std::size_t>(k);
    const double* offset = offsets + at * d;
    if (has_matrices()) {
      const auto& factor = factors_[static_cast<std::size_t>(factor_of(k))];
      scratch.triangular.push_back({factor.inverse.data(), offset, constants_[at], nullptr});
    } else {
      scratch.diagonal.push_back({scales_.data() + at * d, offset, constants_[at], nullptr});
    }
  }
}

std::optional<Evidence> Gaussian::expect_posterior(const Block& x, std::span<const double> log_weights,
                                                   double negligible, std::span<double> weights, Slice s,
                                                   Scratch& scratch) const {
  scratch.left_out.assign(static_cast<std::size_t>(components_), 0.0);
  if (!about_own_means(s.about)) return std::nullopt;
  if (precision_ == Precision::float32) refuse_missing(x);
  if (x.has_missing) return std::nullopt;
  if (const auto evidence = expect_among_neighbours(x, log_weights, negligible, weights, s, scratch)) return evidence;
  if (const auto evidence = expect_relevant(x, log_weights, negligible, weights, s, scratch)) return evidence;
  if (precision_ == Precision::float32) return expect_single(x, log_weights, weights, s, scratch);

  const Negligible too_little = negligible_beside(log_weights, negligible);
  const bool pivoted = far_.empty();
  list_terms(pivoted ? offsets_.data() : means_.data(), scratch);
  scratch.moments.assign(static_cast<std::size_t>(components_) * pairs_.size(), 0.0);
  const double* point = pivoted ? pivot_.data() : nullptr;
  const auto normalized =
      kernels::add_posterior_moments({x.x, x.by_row, point, scratch.triangular, scratch.diagonal, log_weights.data(),
                                      x.weights.empty() ? nullptr : x.weights.data(), pairs_, scratch.moments.data(),
                                      scratch.left_out.data(), x.ahead, too_little.span, too_little.near},
                                     scratch.workspace);
  for (std::size_t k = 0; k < static_cast<std::size_t>(components_); ++k) weights[k] += scratch.moments[k];
  scratch.states.resize(static_cast<std::size_t>(components_));
  std::iota(scratch.states.begin(), scratch.states.end(), 0);
  add_recentered(scratch.moments, scratch.states, point, s, scratch);
  return Evidence{normalized.log_likelihood, normalized.entropy, normalized.entropy, normalized.weight};
}

}  // namespace jensen
