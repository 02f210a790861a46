// What the gradient of Q says is still to be had at θ: backs the verdict "converged".
#pragma once

#include <jensen/em/model.h>

namespace jensen {

/// At q = p(z | x; θ), ∇Q(θ | θ) = ∇ℓ(θ): if a step along some coordinate of the unconstrained parameters still raises
/// Q(· | θ) + log p(·), then ℓ is not stationary, whatever an M-step that failed to move makes it look like. Returns
/// the largest such rise (≥ 0) over all coordinates, or over some of them, picked at random but reproducibly, where
/// there are many; NaN where the model has no Q in unconstrained coordinates. Needs no pass over the data.
double promised_gain(const Model& theta, const Statistics& statistics, double weight);

}  // namespace jensen
