#include "em/inference/delta_method.h"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <array>
#include <cmath>

#include "em/inference/setting.h"

namespace jensen {

namespace {

// Of the observed information where the complete one is 1: beyond it nearly all is missing, and differences do not
// tell it from zero.
constexpr double singular = 1e-7;

Eigen::MatrixXd inverse_of(const Eigen::VectorXd& spectrum, const Eigen::MatrixXd& directions) {
  Eigen::VectorXd inverse = spectrum;
  const double least = singular * std::max(1.0, spectrum.size() > 0 ? spectrum.maxCoeff() : 1.0);
  for (double& value : inverse) value = value > least ? 1 / value : 0;
  return directions * inverse.asDiagonal() * directions.transpose();
}

}  // namespace

DeltaMethod::DeltaMethod(const Neighbourhood& around, const Information& information)
    : around_(around), information_(information), jacobian_(around.jacobian()) {
  const auto p = static_cast<Eigen::Index>(information.size());
  rescale_ = information.weight > 0 ? information.observations / information.weight : 1;
  const Eigen::MatrixXd complete = rescale_ * unpacked(information.complete, information.size());
  const Eigen::MatrixXd observed = rescale_ * unpacked(information.observed(), information.size());
  for (Eigen::Index j = 0; j < p; ++j) {
    if (!information.silent[static_cast<std::size_t>(j)] && complete(j, j) > 0) heard_.push_back(j);
  }
  scale_ = complete.diagonal()(heard_).array().rsqrt().matrix();
  const auto scaled = [&](const Eigen::MatrixXd& matrix) -> Eigen::MatrixXd {
    return scale_.asDiagonal() * matrix(heard_, heard_) * scale_.asDiagonal();
  };
  const auto unscaled_inverse = [&](const Eigen::VectorXd& spectrum, const Eigen::MatrixXd& directions) {
    Eigen::MatrixXd inverse = Eigen::MatrixXd::Zero(p, p);
    inverse(heard_, heard_) = scale_.asDiagonal() * inverse_of(spectrum, directions) * scale_.asDiagonal();
    return inverse;
  };
  if (heard_.empty()) {
    inverse_ = complete_inverse_ = Eigen::MatrixXd::Zero(p, p);
    return;
  }
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> own(scaled(observed));
  spectrum_ = own.eigenvalues();
  directions_ = own.eigenvectors();
  inverse_ = unscaled_inverse(spectrum_, directions_);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> all(scaled(complete));
  complete_inverse_ = unscaled_inverse(all.eigenvalues(), all.eigenvectors());
}

Eigen::MatrixXd DeltaMethod::covariance() const { return jacobian_ * inverse_ * jacobian_.transpose(); }

Eigen::MatrixXd DeltaMethod::covariance(const Eigen::MatrixXd& products) const {
  // The information is of n observations, the products are of the weights as they stand.
  return rescale_ * rescale_ * jacobian_ * inverse_ * products * inverse_ * jacobian_.transpose();
}

Eigen::MatrixXd DeltaMethod::complete_covariance() const {
  return jacobian_ * complete_inverse_ * jacobian_.transpose();
}

double DeltaMethod::gain_left() const {
  const Eigen::Map<const Eigen::VectorXd> g(information_.gradient.data(),
                                            static_cast<Eigen::Index>(information_.gradient.size()));
  return 0.5 * rescale_ * rescale_ * g.dot(inverse_ * g);
}

std::string DeltaMethod::reason(std::size_t parameter, double variance) const {
  const auto i = static_cast<Eigen::Index>(parameter);
  const double estimate = around_.centre().parameters()[parameter];
  const Eigen::VectorXd row = jacobian_.row(i);
  if (row.isZero(0)) {
    return estimate == 0 ? "it is 0, at the boundary of its range" : "it is fixed: no free coordinate moves it";
  }
  for (Eigen::Index j = 0; j < row.size(); ++j) {
    const bool heard = std::find(heard_.begin(), heard_.end(), j) != heard_.end();
    if (heard || !(std::abs(row(j)) > 1e-10 * row.norm())) continue;
    return around_.held(static_cast<std::size_t>(j)) ? "it lies at a bound" : "the data say nothing about it";
  }
  const Eigen::VectorXd scaled = scale_.asDiagonal() * row(heard_);
  const Eigen::VectorXd along = directions_.transpose() * scaled;
  const double least = singular * std::max(1.0, spectrum_.maxCoeff());
  for (Eigen::Index k = 0; k < along.size(); ++k) {
    if (spectrum_(k) > least || along(k) * along(k) <= 1e-8 * scaled.squaredNorm()) continue;
    return spectrum_(k) < -10 * least
             ? "the log-likelihood has no maximum here in a direction that moves it"
             : "the data do not identify it: the information is singular in a direction that moves it";
  }
  if (!(variance > 0) || !std::isfinite(variance)) return "its variance is not positive";
  // There the delta method's straight line means nothing.
  if (at_the_edge(parameter, variance)) return "it lies at the edge of its range, where the likelihood is no parabola";
  return {};
}

bool DeltaMethod::at_the_edge(std::size_t parameter, double variance) const {
  if (!(variance > 0) || !std::isfinite(variance)) return false;
  const double estimate = around_.centre().parameters()[parameter];
  const double error = std::sqrt(variance);
  const Eigen::VectorXd move = inverse_ * jacobian_.row(static_cast<Eigen::Index>(parameter)).transpose() / error;
  return std::ranges::any_of(std::array{1.0, -1.0}, [&](double sign) {
    try {
      return !(std::abs(around_.moved_by(move, sign)->parameters()[parameter] - estimate) < 1e3 * error);
    } catch (const ArgumentError&) {  // beyond what numbers can hold
      return true;
    }
  });
}

std::vector<ParameterUncertainty> named_parameters(const Model& theta) {
  const auto names = theta.parameter_names();
  const auto values = theta.parameters();
  std::vector<ParameterUncertainty> parameters;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) throw ArgumentError("standard_errors", "theta", names[i] + " is not finite");
    parameters.push_back({names[i], values[i], {}});
  }
  return parameters;
}

}  // namespace jensen
