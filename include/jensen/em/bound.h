// The lower bound as values: F(q, θ) for any q and any θ.
#pragma once

#include <jensen/data/data.h>
#include <jensen/em/model.h>
#include <jensen/em/result.h>

namespace jensen {

/// F(q, θ) with q chosen by `rule` from the posterior at `at` (or given by it), evaluated at `theta`:
///   F(q, θ) = E_q[log p(x, z; θ)] + H(q) = ℓ(θ) − Σ w_i KL(q_i ‖ p(z | x_i; θ)) ≤ ℓ(θ).
/// Two passes over the data. Needs Capability::rules of `at` and global_bound of `theta`.
Bound lower_bound(const Model& at, const Rule& rule, const Model& theta, const Data& data, int threads = 0);

/// The same with q and θ from one model: one pass; the gap is 0 to rounding for the posterior rule.
Bound lower_bound(const Model& theta, const Rule& rule, const Data& data, int threads = 0);

template <LatentModel M>
Bound lower_bound(const M& at, const Rule& rule, const M& theta, const Data& data, int threads = 0) {
  return lower_bound(static_cast<const Model&>(Erased<M>(at)), rule, static_cast<const Model&>(Erased<M>(theta)), data,
                     threads);
}
template <LatentModel M>
Bound lower_bound(const M& theta, const Rule& rule, const Data& data, int threads = 0) {
  return lower_bound(static_cast<const Model&>(Erased<M>(theta)), rule, data, threads);
}

}  // namespace jensen
