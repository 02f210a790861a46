// Covariances of a structure ↔ as many unconstrained coordinates as it has free parameters.
#pragma once

#include <span>
#include <vector>

#include <jensen/emissions/covariance.h>

namespace jensen {

/// Volumes are log λ_k, shapes the first d − 1 of log A_k's diagonal (the sum of all is 0), orientations the d(d − 1)/2
/// numbers of Cayley's transform. Where shape and orientation are of one kind (E or V), the log-Cholesky factor of Σ,
/// or of Σ / λ with unit determinant, is used instead, which has no angles. Covariances must be positive definite;
/// those that do not follow the structure give the coordinates of some that do.
std::vector<double> to_coordinates(Covariance covariance, int components, int columns,
                                   std::span<const double> covariances);
std::vector<double> to_covariances(Covariance covariance, int components, int columns, std::span<const double> u);

}  // namespace jensen
