// Regression emissions p(y | x, z): each state its own coefficients, for Independent<…>. A row is y, then a second
// column where there is one (offset, trials), then the covariates. η = β₀ + Σ_j β_j x_j. A row whose y is missing says
// nothing about its state; a missing covariate beside a y that is seen is refused by problem().
#pragma once

#include <jensen/emissions/independent.h>

namespace jensen {

struct RegressionDesign {
  int covariates = 1;
  bool intercept = true;
  bool second_column = false;  ///< an offset, or the numbers of trials, after y

  int terms() const { return covariates + (intercept ? 1 : 0); }
  int columns() const { return 1 + (second_column ? 1 : 0) + covariates; }
};

/// y ~ N(η, σ²), η = βᵀx (+ offset). β = weighted least squares from moments of the residuals about the current β,
/// σ² = mean squared residual (divisor N). None where the residuals vanish to rounding.
class LinearRegression {
 public:
  static constexpr bool can_collapse = true;
  explicit LinearRegression(RegressionDesign design);
  std::span<const double> coefficients() const { return coefficients_; }
  double variance() const { return variance_; }
  double linear_predictor(std::span<const double> row) const;  ///< η of a row, with its offset; row[0] is not looked at

  std::string name() const { return "linear-regression"; }
  int columns() const { return design_.columns(); }
  Layout layout() const;  // Σ r xxᵀ, Σ r x e, Σ r e², e = y − η at the reference coefficients
  void reference(std::span<double> about) const;
  double log_density(std::span<const double> row) const;
  void add(std::span<const double> row, double r, Slice s) const;
  FamilyFit fit(double weight, ConstSlice s);
  double expected_log_density(double weight, ConstSlice s) const;
  void move(double weight, ConstSlice from, Slice to) const;
  void sample(Stream& stream, std::span<double> row) const;
  bool missing(std::span<const double> row) const { return std::isnan(row[0]); }
  CellProblem problem(std::span<const double> row) const;
  std::vector<double> parameters() const;
  void set_parameters(std::span<const double> v);
  ParameterGroups groups() const;

 private:
  RegressionDesign design_;
  std::vector<double> coefficients_;
  double variance_ = 1;
};

enum class Response {
  poisson,   ///< y ~ Poisson(exp η); offset: added to η, log of the exposure
  binomial,  ///< y ~ Binomial(n, 1 / (1 + exp(−η))); n the second column, or 1: logistic regression
  gamma,     ///< y ~ Gamma with mean exp η and shape a (variance mean² / a), y > 0; offset: added to η
};

/// A generalized linear regression. There are no finite sufficient statistics: the E-step keeps value, gradient and
/// curvature of Q in β about the reference coefficients, and the M-step is one Newton step (iteratively reweighted
/// least squares; McCullagh and Nelder 1989, section 2.5), to be kept only if the objective did not fall: tentative.
/// The shape of a gamma response follows exactly: log a − ψ(a) = ⟨η + y exp(−η)⟩ − 1 − ⟨log y⟩. The first step of a
/// family that has no coefficients yet is the least-squares fit of the link of y.
class GeneralizedRegression {
 public:
  GeneralizedRegression(Response response, RegressionDesign design);
  std::span<const double> coefficients() const { return coefficients_; }
  double shape() const { return shape_; }
  Response response() const { return response_; }
  double linear_predictor(std::span<const double> row) const;  ///< η of a row, with its offset; row[0] is not looked at
  double trials(std::span<const double> row) const {           ///< n of a binomial response
    return design_.second_column ? row[1] : 1;
  }

  std::string name() const;
  int columns() const { return design_.columns(); }
  Layout layout() const;
  void reference(std::span<double> about) const;
  double log_density(std::span<const double> row) const;
  void add(std::span<const double> row, double r, Slice s) const;
  FamilyFit fit(double weight, ConstSlice s);
  double expected_log_density(double weight, ConstSlice s) const;
  bool tentative() const { return true; }
  void sample(Stream& stream, std::span<double> row) const;
  bool missing(std::span<const double> row) const { return std::isnan(row[0]); }
  CellProblem problem(std::span<const double> row) const;
  std::vector<double> parameters() const;
  void set_parameters(std::span<const double> v);
  ParameterGroups groups() const;

 private:
  // The part of log p that depends on η, with two derivatives; for gamma without its factor a.
  struct Kernel {
    double value, slope, curvature;
  };
  Kernel kernel(std::span<const double> row, double eta) const;
  double constant(std::span<const double> row) const;
  double kernel_at(ConstSlice s) const;  // Σ r kernel at the coefficients, by the expansion

  Response response_;
  RegressionDesign design_;
  std::vector<double> coefficients_;
  double shape_ = 1;
  bool fresh_ = true;  // no fit and no parameters yet
};

extern template class Independent<LinearRegression>;
extern template class Independent<GeneralizedRegression>;

}  // namespace jensen
