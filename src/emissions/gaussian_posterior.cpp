// E-step and statistics under a mixture's posterior at one go: in float, and for few columns, where the traffic between
// passes over a block costs as much as its arithmetic.
#include <jensen/emissions/gaussian.h>

#include "math/few_columns.h"

namespace jensen {

std::optional<Evidence> Gaussian::expect_posterior(const Block& x, std::span<const double> log_weights,
                                                   std::span<double> weights, Slice s, Scratch& scratch) const {
  if (!about_own_means(s.about)) return std::nullopt;
  if (precision_ == Precision::float32) {
    refuse_missing(x);
    return expect_single(x, log_weights, weights, s, scratch);
  }
  const bool few = columns_ <= kernels::most_few_columns &&
                   static_cast<std::size_t>(components_) <= kernels::most_few_states && has_matrices();
  if (!few || !far_.empty() || x.has_missing) return std::nullopt;

  const auto d = static_cast<std::size_t>(columns_);
  std::vector<kernels::TriangularTerm> terms;
  for (int k = 0; k < components_; ++k) {
    const auto at = static_cast<std::size_t>(k);
    terms.push_back({factors_[static_cast<std::size_t>(factor_of(k))].inverse.data(), offsets_.data() + at * d,
                     constants_[at], nullptr});
  }
  scratch.moments.assign(terms.size() * pairs_.size(), 0.0);
  const auto normalized =
      kernels::add_posterior_moments({x.x, pivot_.data(), terms, log_weights.data(),
                                      x.weights.empty() ? nullptr : x.weights.data(), pairs_, scratch.moments.data()},
                                     scratch.workspace);
  for (int k = 0; k < components_; ++k) {
    const double* moments = scratch.moments.data() + static_cast<std::size_t>(k) * pairs_.size();
    weights[static_cast<std::size_t>(k)] += moments[0];
    add_recentered(moments, pivot_.data(), k, s);
  }
  return Evidence{normalized.log_likelihood, normalized.entropy, normalized.entropy, normalized.weight};
}

}  // namespace jensen
