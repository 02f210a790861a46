// Profile-likelihood intervals: those that need no parabola.
#pragma once

#include <concepts>
#include <vector>

#include <jensen/data/data.h>
#include <jensen/em/inference/uncertainty.h>
#include <jensen/em/model.h>

namespace jensen {

struct ProfileOptions {
  double level = 0.95;  ///< in (0, 1)
  int threads = 0;
  int max_iterations = 500;  ///< E-steps for one end of one interval
};

/// {c : 2 [ℓ(θ̂) − max {ℓ(θ) : θ_i = c}] ≤ χ²₁ quantile}, with ℓ + log p where there is a prior and sampling weights
/// scaled to sum to the number of rows. θ must be a maximum.
///
/// The inner maximum is found by sequential quadratic programming in unconstrained coordinates, with ∇ℓ = ∇Q(· | θ)
/// from one E-step an iteration and a BFGS approximation that starts as the observed information; the ends c by regula
/// falsi on the signed root of the likelihood ratio, which is nearly linear in c. Equivariant: the interval of a
/// function of θ_i is the function of the interval. An end is not available, with the reason, where the parameter has
/// no standard error, where the likelihood does not fall far enough before the edge of its range, or where the search
/// finds no end. Costs some 20 to 60 E-steps an interval, beside those of oakes_information. Needs and throws as
/// standard_errors(), and ArgumentError for an index that is no parameter.
Interval profile_interval(const Model& theta, const Data& data, int parameter, const ProfileOptions& options = {});
std::vector<Interval> profile_intervals(const Model& theta, const Data& data, const ProfileOptions& options = {});

template <LatentModel M>
std::vector<Interval> profile_intervals(const M& theta, const Data& data, const ProfileOptions& options = {}) {
  if constexpr (std::derived_from<M, Model>) {
    return profile_intervals(static_cast<const Model&>(theta), data, options);
  } else {
    return profile_intervals(static_cast<const Model&>(Erased<M>(theta)), data, options);
  }
}

}  // namespace jensen
