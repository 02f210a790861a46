// Responses that are only partly seen: right-, left- and interval-censored, truncated, with or without covariates; for
// Independent<…>. A row is the lower and the upper end of where y lies, then the covariates:
//   equal ends            y itself was seen
//   one end missing       (NaN or infinite) y lies beyond the other: 5, NaN is "at least 5", censored on the right
//   two different ends    y lies between them
//   both ends missing     nothing is known of y
#pragma once

#include <limits>

#include <jensen/emissions/independent.h>
#include <jensen/emissions/regression.h>

namespace jensen {

/// y or log y is η + σ ε, η = βᵀx.
enum class Lifetime {
  normal,       ///< y = η + σ ε, ε ~ N(0, 1)
  log_normal,   ///< log y = η + σ ε, ε ~ N(0, 1)
  exponential,  ///< log y = η + ε, P(ε > z) = exp(−exp z): rate exp(−η)
  weibull,      ///< log y = η + σ ε with the same ε: shape 1/σ, scale exp η
};

/// Only y within (lower, upper) could get into the data at all: densities are divided by the probability of that.
struct Truncation {
  double lower = -std::numeric_limits<double>::infinity();
  double upper = std::numeric_limits<double>::infinity();
};

/// log p is log f(y) where y was seen, log(F(upper) − F(lower)) where it was not, minus log P(truncation): the exact
/// likelihood, no midpoints (Kalbfleisch and Prentice 2002, section 3.2; Meeker and Escobar 1998, section 8). The
/// E-step keeps value, gradient and curvature of Q in (β, log σ), the derivatives in (η, log σ) by differences of
/// fourth order; the M-step is one Newton step, to be kept only if the objective did not fall: tentative. The first
/// step of a family that has no coefficients yet is least squares on midpoints and ends. None where every y was seen
/// and the regression leaves no residuals.
class CensoredRegression {
 public:
  /// design.covariates may be 0; second_column must be false (the upper end is the second column).
  explicit CensoredRegression(Lifetime lifetime, RegressionDesign design = {0, true, false},
                              Truncation truncation = {});
  std::span<const double> coefficients() const { return coefficients_; }
  double sigma() const { return sigma_; }

  std::string name() const;
  int columns() const { return design_.covariates + 2; }
  Layout layout() const;
  void reference(std::span<double> about) const;
  double log_density(std::span<const double> row) const;
  void add(std::span<const double> row, double r, Slice s) const;
  FamilyFit fit(double weight, ConstSlice s);
  double expected_log_density(double weight, ConstSlice s) const;
  bool tentative() const { return true; }
  /// Draws y itself: both ends.
  void sample(Stream& stream, std::span<double> row) const;
  bool missing(std::span<const double> row) const;
  CellProblem problem(std::span<const double> row) const;
  std::vector<double> parameters() const;
  void set_parameters(std::span<const double> v);
  ParameterGroups groups() const;

 private:
  bool logarithmic() const { return lifetime_ != Lifetime::normal; }
  bool scaled() const { return lifetime_ != Lifetime::exponential; }
  std::size_t coordinates() const { return coefficients_.size() + (scaled() ? 1 : 0); }
  double eta(std::span<const double> row, std::span<const double> coefficients) const;
  double log_likelihood(std::span<const double> row, double eta, double sigma) const;
  double log_between(double lower, double upper, double eta, double sigma) const;
  double at(ConstSlice s) const;  // Σ r log p at the parameters, by the expansion

  Lifetime lifetime_;
  RegressionDesign design_;
  Truncation truncation_;
  std::vector<double> coefficients_;
  double sigma_ = 1;
  bool fresh_ = true;
};

extern template class Independent<CensoredRegression>;

}  // namespace jensen
