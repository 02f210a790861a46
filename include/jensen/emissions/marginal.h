// How one column is distributed in one state, and in a mixture of states: moments, distribution function, quantiles.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include <jensen/emissions/any.h>

namespace jensen {

/// A distribution on the line.
struct Marginal {
  double mean = 0;                      ///< NaN where there is none (a t with ν ≤ 1)
  double deviation = 0;                 ///< NaN where there is none (a t with ν ≤ 2)
  bool whole = false;                   ///< on whole numbers from 0
  std::function<double(double)> up_to;  ///< P(X ≤ x)

  /// P(X < x)
  double below(double x) const;
};

/// Column `column` of the block that the emissions read, in state k: exact for the families of continuous.h, counts.h
/// and categories.h (a category counts by the number of its level), for Gaussians, Student's t and factor analysers.
/// Empty where there is none: angles and directions, which have no order; a column that is given, not modelled; one
/// that depends on such a column (an exposure, a covariate).
std::optional<Marginal> marginal_of(const AnyEmissions& emissions, int k, int column);

/// Σ_k p_k Marginal_k. weights sum to 1; all marginals are of one column.
class MixedMarginal {
 public:
  MixedMarginal(std::vector<double> weights, std::vector<Marginal> marginals);

  double mean() const;
  double deviation() const;
  double up_to(double x) const;  ///< P(X ≤ x)
  double below(double x) const;  ///< P(X < x)
  /// The smallest x with P(X ≤ x) ≥ p: exact for whole numbers, else to about 1e-12 relative. Throws ArgumentError
  /// unless 0 < p < 1.
  double quantile(double p) const;

 private:
  double whole_quantile(double p) const;

  std::vector<double> weights_;
  std::vector<Marginal> marginals_;
};

}  // namespace jensen
