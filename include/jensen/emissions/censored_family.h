// Cells that are only partly seen, of families that censored.h's location and scale do not cover; for Independent<…>. A
// row is the lower and the upper end of where y lies, as there: equal ends, one end missing, two ends, or none.
#pragma once

#include <jensen/emissions/censored.h>
#include <jensen/emissions/independent.h>

namespace jensen {

/// Parameters, distribution function F and its complement.
enum class PartlySeen {
  gamma,              ///< shape a, rate b: F = P(a, b y)
  beta,               ///< a, b: F = I_y(a, b)
  poisson,            ///< rate λ: F = Q(y + 1, λ)
  geometric,          ///< probability p of y = 0, 1, …: 1 − F = (1 − p)^(y + 1)
  negative_binomial,  ///< mean m, size a: F = I_{a/(a + m)}(a, y + 1)
};

/// log p is log f(y) where y was seen, log(F(upper) − F(lower)) where it was not, of counts log P(lower ≤ y ≤ upper);
/// minus log P(truncation), of counts log P(truncation.lower < y < truncation.upper): a Poisson above 0 is the
/// zero-truncated one. The exact likelihood, no midpoints; logarithms of the smaller of the two tails are taken, so
/// that a cell far from where the distribution lies has its likelihood, however small. Beta cells lie in (0, 1), where
/// "at least 0.8" ends at 1.
///
/// The E-step keeps value, gradient and curvature of Q in the logarithms of the parameters (log-odds of p), by
/// differences of fourth order; the M-step is one Newton step, to be kept only if the objective did not fall:
/// tentative. The first step of a family that has no parameters yet matches the moments of midpoints.
class CensoredFamily {
 public:
  explicit CensoredFamily(PartlySeen kind, Truncation truncation = {});

  std::string name() const;  ///< "censored-gamma", …
  PartlySeen kind() const { return kind_; }
  int columns() const { return 2; }
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
  std::vector<double> parameters() const { return parameters_; }
  void set_parameters(std::span<const double> v);
  ParameterGroups groups() const;

 private:
  bool counts() const { return kind_ != PartlySeen::gamma && kind_ != PartlySeen::beta; }
  double draw(Stream& stream) const;
  double log_likelihood(std::span<const double> row, std::span<const double> theta) const;
  double log_between(double lower, double upper, std::span<const double> theta) const;
  double midpoint(std::span<const double> row) const;
  void match_moments(double mean, double variance);

  PartlySeen kind_;
  Truncation truncation_;
  std::vector<double> parameters_;
  bool fresh_ = true;
};

extern template class Independent<CensoredFamily>;

}  // namespace jensen
