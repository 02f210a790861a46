// From information in unconstrained coordinates to the variance of parameters, with reasons where there is none.
#pragma once

#include <jensen/em/inference/information.h>
#include <jensen/em/inference/uncertainty.h>

#include <Eigen/Core>
#include <vector>

#include "em/inference/neighbourhood.h"

namespace jensen {

/// The observed information of Σ w rescaled to n observations, taken apart: what of it can be inverted, and what not.
class DeltaMethod {
 public:
  DeltaMethod(const Neighbourhood& around, const Information& information);

  /// Variance of all parameters under V = A⁻¹, or A⁻¹ B A⁻¹ for a B given, without regard to reasons.
  Eigen::MatrixXd covariance() const;
  Eigen::MatrixXd covariance(const Eigen::MatrixXd& products) const;
  /// Covariance of the parameters if all z had been seen.
  Eigen::MatrixXd complete_covariance() const;
  /// Why parameter i has no standard error; empty where it has. `variance` is its own, to judge its range.
  std::string reason(std::size_t i, double variance) const;
  /// Whether a standard error's move in u, `variance` being its square, leads parameter i a thousand standard errors
  /// away: it hugs the edge of its range.
  bool at_the_edge(std::size_t i, double variance) const;
  /// ½ gᵀ A⁻¹ g
  double gain_left() const;

  const Eigen::VectorXd& spectrum() const { return spectrum_; }  ///< of the observed, complete's diagonal being 1
  const Eigen::MatrixXd& directions() const { return directions_; }
  const Eigen::MatrixXd& jacobian() const { return jacobian_; }

 private:
  const Neighbourhood& around_;
  const Information& information_;
  Eigen::MatrixXd jacobian_;
  Eigen::MatrixXd inverse_;  // pseudo-inverse of the observed information over its sound directions
  Eigen::MatrixXd complete_inverse_;
  std::vector<Eigen::Index> heard_;  // coordinates that the data say something about
  Eigen::VectorXd scale_;            // of these: 1/√complete
  Eigen::VectorXd spectrum_;
  Eigen::MatrixXd directions_;  // in scaled coordinates
  double rescale_ = 1;
};

/// Throws ArgumentError where a parameter's estimate is not finite.
std::vector<ParameterUncertainty> named_parameters(const Model& theta);

}  // namespace jensen
