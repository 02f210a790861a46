// Orthogonal axes shared by several matrices.
#pragma once

#include <Eigen/Core>
#include <span>
#include <vector>

namespace jensen {

/// Orthogonal D, climbing from `start` to a local minimum of
///   Σ_k N_k Σ_j log (Dᵀ W_k D)_jj          (variable volumes, VVE), or of
///   Σ_k (Π_j (Dᵀ W_k D)_jj)^(1/d)          (equal volumes, EVE).
/// Both are concave in the diagonal entries, so that a linear function with weights α_kj touches them from above
/// (Browne and McNicholas 2014); in the plane of two axes its minimum over rotations is known in closed form. Jacobi
/// sweeps over the planes, as in Flury and Gautschi (1986), thus never rise. W_k symmetric, positive semi-definite.
Eigen::MatrixXd common_axes(bool equal_volumes, std::span<const double> weights, std::vector<Eigen::MatrixXd> matrices,
                            Eigen::MatrixXd start);
/// The function that common_axes lowers.
double axes_criterion(bool equal_volumes, std::span<const double> weights, std::span<const Eigen::MatrixXd> matrices,
                      const Eigen::MatrixXd& axes);

/// Axes in which all matrices are diagonal, if they have such; otherwise nearly. Largest first, signs fixed.
Eigen::MatrixXd simultaneous_axes(std::span<const Eigen::MatrixXd> matrices);

}  // namespace jensen
