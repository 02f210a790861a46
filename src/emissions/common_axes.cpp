#include "emissions/common_axes.h"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <numeric>

namespace jensen {

using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

// (Π_j v_jj)^(1/d)
double geometric_mean(const MatrixXd& v) { return std::exp(v.diagonal().array().log().mean()); }

class Sweeps {
 public:
  Sweeps(bool equal_volumes, std::span<const double> weights, std::vector<MatrixXd> rotated, MatrixXd axes)
      : equal_volumes_(equal_volumes), weights_(weights), rotated_(std::move(rotated)), axes_(std::move(axes)) {
    for (auto& v : rotated_) v = axes_.transpose() * v * axes_;
  }

  // The largest sine of an angle turned by.
  double sweep() {
    double largest = 0;
    const auto d = static_cast<int>(axes_.rows());
    for (int j = 0; j < d; ++j) {
      for (int l = j + 1; l < d; ++l) {
        for (int tries = 0; tries < 8; ++tries) {
          const double sine = turn(j, l);
          largest = std::max(largest, std::abs(sine));
          if (!(std::abs(sine) > 1e-4)) break;
        }
      }
    }
    return largest;
  }

  const MatrixXd& axes() const { return axes_; }

 private:
  // Minimises Σ_k α_kj v_jj + α_kl v_ll over rotations of axes j and l. With angle t the entries are
  // v_jj(t) = mean + cos 2t (v_jj − v_ll)/2 + sin 2t v_jl and v_ll(t) = 2 mean − v_jj(t): one cosine in 2t.
  double turn(int j, int l) {
    double p = 0;
    double q = 0;
    for (std::size_t k = 0; k < rotated_.size(); ++k) {
      const MatrixXd& v = rotated_[k];
      if (!(weights_[k] > 0)) continue;
      const double share = equal_volumes_ ? geometric_mean(v) : weights_[k];
      const double difference = share / v(j, j) - share / v(l, l);
      p += difference * 0.5 * (v(j, j) - v(l, l));
      q += difference * v(j, l);
    }
    if (!(std::hypot(p, q) > 0) || !std::isfinite(p) || !std::isfinite(q)) return 0;
    const double angle = 0.5 * std::atan2(-q, -p);
    const double c = std::cos(angle);
    const double s = std::sin(angle);
    rotate_columns(axes_, j, l, c, s);
    for (auto& v : rotated_) {
      rotate_columns(v, j, l, c, s);
      const VectorXd row = v.row(j);
      v.row(j) = c * v.row(j) + s * v.row(l);
      v.row(l) = c * v.row(l) - s * row.transpose();
    }
    return s;
  }
  static void rotate_columns(MatrixXd& m, int j, int l, double c, double s) {
    const VectorXd old = m.col(j);
    m.col(j) = c * m.col(j) + s * m.col(l);
    m.col(l) = c * m.col(l) - s * old;
  }

  bool equal_volumes_;
  std::span<const double> weights_;
  std::vector<MatrixXd> rotated_;
  MatrixXd axes_;
};

}  // namespace

double axes_criterion(bool equal_volumes, std::span<const double> weights, std::span<const MatrixXd> matrices,
                      const MatrixXd& axes) {
  double total = 0;
  for (std::size_t k = 0; k < matrices.size(); ++k) {
    if (!(weights[k] > 0)) continue;
    const MatrixXd v = axes.transpose() * matrices[k] * axes;
    total += equal_volumes ? geometric_mean(v) : weights[k] * v.diagonal().array().log().sum();
  }
  return total;
}

MatrixXd common_axes(bool equal_volumes, std::span<const double> weights, std::vector<MatrixXd> matrices,
                     MatrixXd start) {
  Sweeps sweeps(equal_volumes, weights, std::move(matrices), std::move(start));
  for (int i = 0; i < 500 && sweeps.sweep() > 1e-11; ++i) {
  }
  // Thousands of rotations lose orthogonality by rounding: one step of Newton's iteration restores it.
  const MatrixXd& d = sweeps.axes();
  return 1.5 * d - 0.5 * d * (d.transpose() * d);
}

MatrixXd simultaneous_axes(std::span<const MatrixXd> matrices) {
  // Axes of a combination with unequal weights, then rotations towards a common diagonal: the criterion of VVE is
  // smallest where all are diagonal (Hadamard's inequality).
  MatrixXd combination = MatrixXd::Zero(matrices[0].rows(), matrices[0].rows());
  std::vector<MatrixXd> scaled;
  for (std::size_t k = 0; k < matrices.size(); ++k) {
    scaled.emplace_back(matrices[k] / matrices[k].trace());
    combination += scaled.back() / (1 + 0.1 * static_cast<double>(k));
  }
  const Eigen::SelfAdjointEigenSolver<MatrixXd> solver(combination);
  const std::vector<double> ones(matrices.size(), 1.0);
  const MatrixXd axes = common_axes(false, ones, scaled, solver.eigenvectors());
  const auto d = static_cast<int>(axes.rows());
  VectorXd size = VectorXd::Zero(d);
  for (const auto& m : scaled) size += (axes.transpose() * m * axes).diagonal().array().log().matrix();
  std::vector<int> order(static_cast<std::size_t>(d));
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int a, int b) { return size(a) != size(b) ? size(a) > size(b) : a < b; });
  return axes(Eigen::all, order);
}

}  // namespace jensen
