#include <jensen/em/accelerate/acceleration.h>

#include <Eigen/SVD>

#include <algorithm>
#include <cmath>

#include "em/accelerate/vectors.h"

namespace jensen {

namespace {

constexpr double base = 1.2;
constexpr int half_way = 25;  // κ: after so many successes half of ‖γ‖² is allowed

// γ of the damped least squares.
Eigen::VectorXd damped_solution(const std::vector<std::vector<double>>& columns, const std::vector<double>& f,
                                int successes) {
  const auto rows = static_cast<Eigen::Index>(f.size());
  Eigen::MatrixXd matrix(rows, static_cast<Eigen::Index>(columns.size()));
  for (std::size_t c = 0; c < columns.size(); ++c) {
    matrix.col(static_cast<Eigen::Index>(c)) = Eigen::Map<const Eigen::VectorXd>(columns[c].data(), rows);
  }
  const Eigen::JacobiSVD<Eigen::MatrixXd> svd(matrix, Eigen::ComputeThinU | Eigen::ComputeThinV);
  const Eigen::VectorXd& d = svd.singularValues();
  const Eigen::VectorXd uy = svd.matrixU().transpose() * Eigen::Map<const Eigen::VectorXd>(f.data(), rows);
  const auto weights = [&](double lambda) {
    Eigen::VectorXd w = Eigen::VectorXd::Zero(d.size());
    for (Eigen::Index i = 0; i < d.size(); ++i) {
      if (d(i) > 1e-14 * d(0)) w(i) = d(i) * uy(i) / (d(i) * d(i) + lambda);
    }
    return w;
  };
  const double target = weights(0).squaredNorm() / (1 + std::pow(base, half_way - successes));
  double low = 0;
  double high = d(0) * d(0);
  for (int tries = 0; tries < 200 && weights(high).squaredNorm() > target; ++tries) high *= 4;
  for (int tries = 0; tries < 100; ++tries) {
    const double middle = 0.5 * (low + high);
    (weights(middle).squaredNorm() > target ? low : high) = middle;
  }
  return svd.matrixV() * weights(high);
}

}  // namespace

Proposal Anderson::propose(const Model& accepted, std::unique_ptr<Model> next) {
  const auto u = accepted.unconstrained();
  const auto there = next->unconstrained();
  // A coordinate is gone where a probability has become 0: what was seen before is about another space.
  if (there.size() != u.size() || (!x_columns_.empty() && x_columns_.front().size() != u.size())) restart();
  if (there.size() != u.size()) return {std::move(next)};
  const auto f = minus(there, u);
  if (leapt_) ++successes_;
  leapt_ = false;
  order_ = std::min(10, std::max(1, static_cast<int>(u.size() + 1) / 2));
  if (static_cast<int>(x_columns_.size()) == order_) {
    x_columns_.clear();
    f_columns_.clear();
  }
  const bool first = u_.size() != u.size();
  if (!first) {
    x_columns_.push_back(minus(u, u_));
    f_columns_.push_back(minus(f, f_));
  }
  u_ = u;
  f_ = f;
  if (first || dot(f_columns_.back(), f_columns_.back()) == 0) return {std::move(next)};
  const Eigen::VectorXd gamma = damped_solution(f_columns_, f, successes_);
  auto leap = there;
  for (std::size_t c = 0; c < x_columns_.size(); ++c) {
    const double share = gamma(static_cast<Eigen::Index>(c));
    for (std::size_t j = 0; j < leap.size(); ++j) leap[j] -= share * (x_columns_[c][j] + f_columns_[c][j]);
  }
  auto model = at_coordinates(*next, leap);
  if (!model) return {std::move(next)};
  fallback_ = std::move(next);
  leapt_ = true;
  return {std::move(model), true};
}

Proposal Anderson::retreat() {
  leapt_ = false;
  successes_ = std::max(successes_ - order_, -2 * half_way);
  return {std::move(fallback_)};
}

void Anderson::restart() {
  u_.clear();
  f_.clear();
  x_columns_.clear();
  f_columns_.clear();
  leapt_ = false;
}

void Anderson::save(StateWriter& out) const {
  out.put(u_);
  out.put(f_);
  put(out, x_columns_);
  put(out, f_columns_);
  out.put(successes_);
  out.put(leapt_);
}

void Anderson::load(StateReader& in) {
  u_ = in.reals();
  f_ = in.reals();
  x_columns_ = get_vectors(in);
  f_columns_ = get_vectors(in);
  successes_ = in.number();
  leapt_ = in.flag();
}

}  // namespace jensen
