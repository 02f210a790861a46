#include "emissions/rotation.h"

#include <Eigen/LU>

namespace jensen {

using Eigen::MatrixXd;

std::vector<double> cayley_coordinates(const MatrixXd& axes) {
  const auto d = static_cast<int>(axes.rows());
  // Elimination of D − diag(s) without pivoting: with s_j opposite to the pivot's sign every pivot is at least 1.
  MatrixXd work = axes;
  MatrixXd signed_axes = axes;
  for (int j = 0; j < d; ++j) {
    const double sign = work(j, j) > 0 ? -1 : 1;
    work(j, j) -= sign;
    signed_axes.col(j) *= -sign;
    const int rest = d - j - 1;
    if (rest == 0) break;
    const Eigen::VectorXd multipliers = work.col(j).tail(rest) / work(j, j);
    work.bottomRightCorner(rest, rest) -= multipliers * work.row(j).tail(rest);
  }
  const MatrixXd identity = MatrixXd::Identity(d, d);
  // S = (I − D)(I + D)⁻¹ = (I + D)⁻¹ (I − D)
  const MatrixXd skew = (identity + signed_axes).partialPivLu().solve(identity - signed_axes);
  std::vector<double> coordinates;
  for (int a = 0; a < d; ++a) {
    for (int b = 0; b < a; ++b) coordinates.push_back(0.5 * (skew(a, b) - skew(b, a)));
  }
  return coordinates;
}

MatrixXd cayley_axes(std::span<const double> coordinates, int d) {
  MatrixXd skew = MatrixXd::Zero(d, d);
  std::size_t next = 0;
  for (int a = 0; a < d; ++a) {
    for (int b = 0; b < a; ++b) {
      skew(a, b) = coordinates[next++];
      skew(b, a) = -skew(a, b);
    }
  }
  const MatrixXd identity = MatrixXd::Identity(d, d);
  return (identity + skew).partialPivLu().solve(identity - skew);
}

}  // namespace jensen
