// Orthogonal matrices ↔ d(d − 1)/2 numbers.
#pragma once

#include <Eigen/Core>
#include <span>
#include <vector>

namespace jensen {

/// The strict lower triangle, by rows, of the skew S with D E = (I − S)(I + S)⁻¹, Cayley's transform. E = diag(±1) is
/// chosen so that I + D E is well conditioned (as in Ballard et al. 2014, section 5): axes have no sign of their own.
std::vector<double> cayley_coordinates(const Eigen::MatrixXd& axes);
/// (I − S)(I + S)⁻¹, which holds the same axes with other signs perhaps.
Eigen::MatrixXd cayley_axes(std::span<const double> coordinates, int d);

}  // namespace jensen
