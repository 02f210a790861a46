// Standard errors of a fitted model's parameters.
#pragma once

#include <concepts>
#include <cstdint>

#include <jensen/data/data.h>
#include <jensen/em/inference/uncertainty.h>
#include <jensen/em/model.h>

namespace jensen {

struct StandardErrorOptions {
  StandardErrorMethod method = StandardErrorMethod::oakes;
  int threads = 0;

  // Of the bootstraps.
  int replicates = 200;       ///< ≥ 2
  std::uint64_t seed = 0;     ///< the same seed gives the same draws, to the bit, for any number of threads
  double tolerance = 1e-8;    ///< of each refit (em/options.h)
  int max_iterations = 5000;  ///< of each refit; one that is not done by then is left out
};

/// Standard errors of parameters() at `theta`, which should be where a fit to `data` has ended, prior included.
///
/// Information methods invert the observed information in unconstrained coordinates and carry it over to the
/// parameters by the delta method, J V Jᵀ; probabilities, fixed parameters and zeros are treated as their map is. A
/// parameter gets no standard error, and a reason, where no free coordinate moves it (fixed, or zero at a boundary),
/// where the data say nothing about it or the information is singular in a direction that moves it, where θ is no
/// maximum in such a direction, and where it lies at the edge of its range. Others are not affected.
///
/// Weights: of frequency w count as w rows. Sampling weights are scaled to sum to the number of rows, as in BIC; the
/// sandwich, which takes the score of a row times its weight, is the method that is right for them.
///
/// Bootstraps refit from θ, relabel each refit by the cheapest matching of its responsibilities with those of θ, and
/// give the standard deviation of the draws. The parametric one draws as many rows as there are observations (a sum of
/// frequency weights that is no whole number is refused), with the data's holes and known states; the weighted one
/// gives each row an exponential weight (Gamma(w) for frequency weight w, w times exponential for sampling weights).
///
/// Needs parameters; the information methods need unconstrained and expected_log_joint, see information.h; parametric
/// bootstrap needs sample. Throws UnsupportedError, ArgumentError, DataError accordingly.
StandardErrors standard_errors(const Model& theta, const Data& data, const StandardErrorOptions& options = {});

template <LatentModel M>
StandardErrors standard_errors(const M& theta, const Data& data, const StandardErrorOptions& options = {}) {
  if constexpr (std::derived_from<M, Model>) {
    return standard_errors(static_cast<const Model&>(theta), data, options);
  } else {
    return standard_errors(static_cast<const Model&>(Erased<M>(theta)), data, options);
  }
}

}  // namespace jensen
