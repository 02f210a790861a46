#include <jensen/error.h>
#include <jensen/math/quadrature.h>

#include <Eigen/Eigenvalues>
#include <cmath>
#include <numbers>
#include <string>

namespace jensen {

GaussHermite gauss_hermite(int points) {
  if (points < 1 || points > 100) {
    throw ArgumentError("gauss_hermite", "points", "must be 1 … 100, got " + std::to_string(points));
  }
  Eigen::VectorXd diagonal = Eigen::VectorXd::Zero(points);
  Eigen::VectorXd beside(std::max(points - 1, 0));
  for (int k = 0; k + 1 < points; ++k) beside(k) = std::sqrt((k + 1) / 2.0);
  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> jacobi;
  jacobi.computeFromTridiagonal(diagonal, beside, Eigen::EigenvaluesOnly);
  GaussHermite rule;
  for (int i = 0; i < points; ++i) {
    double t = points % 2 == 1 && i == points / 2 ? 0 : jacobi.eigenvalues()(i);
    // h_n times exp(−t²/2), which cannot overflow: log weight + t² = −log(n h_(n−1)²).
    double last = 0;
    for (int polish = 0; polish < 3; ++polish) {
      double before = 0;
      double now = std::pow(std::numbers::pi, -0.25) * std::exp(-0.5 * t * t);
      for (int k = 0; k < points; ++k) {
        const double next =
            (std::sqrt(2.0) * t * now - std::sqrt(static_cast<double>(k)) * before) / std::sqrt(k + 1.0);
        before = now;
        now = next;
      }
      last = before;
      t -= now / (std::sqrt(2.0 * points) * last);  // h_n' = √(2n) h_(n−1) at a root
    }
    rule.node.push_back(t);
    rule.log_weight.push_back(-std::log(points * last * last));
  }
  return rule;
}

}  // namespace jensen
