// The M-step of covariances that share a part of their structure.
#pragma once

#include <span>
#include <vector>

#include <jensen/emissions/covariance.h>

namespace jensen {

/// Covariances of a coupled structure that maximise
///   −½ Σ_k [N_k log|Σ_k| + tr(W_k Σ_k⁻¹)],
/// from weights N_k ≥ 0 and scatters W_k (K × shape_size), by Celeux and Govaert (1995), section 5: in closed form for
/// EVI, EEV and EVV; by alternating between volumes and the rest for VEI, VEE and VEV, and over the common axes for EVE
/// and VVE (common_axes.h), to convergence, from `current` (K × shape_size), never lowering the function. Components of
/// weight 0 keep what is theirs alone. Where no maximum exists numbers come out that are not finite or not positive.
std::vector<double> maximizing_covariances(Covariance covariance, int columns, std::span<const double> weights,
                                           std::span<const double> scatters, std::span<const double> current);

/// Whether along some axis (eigenvector) of `covariance` the scatter is smaller than `other`. All packed.
bool smaller_along_an_axis(int columns, std::span<const double> covariance, std::span<const double> scatter,
                           std::span<const double> other);

}  // namespace jensen
