// How one column is distributed in one state, and in a mixture of states: moments, distribution function, quantiles.
#pragma once

#include <functional>
#include <optional>
#include <span>
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
/// and categories.h (a category counts by the number of its level), for Gaussians, Student's t and factor analysers,
/// and mixtures of these within a state.
/// Empty where there is none: angles and directions, which have no order; a column that is given, not modelled; one
/// that depends on such a column (an exposure, a covariate).
std::optional<Marginal> marginal_of(const AnyEmissions& emissions, int k, int column);

/// The same given the other cells of a row, as many as the emissions have columns, of which only those are looked at
/// that are given: of a regression (regression.h) its covariates, offset and trials, of counts their exposure or their
/// trials. Empty as well where one of those is missing (NaN).
std::optional<Marginal> marginal_of(const AnyEmissions& emissions, int k, int column, std::span<const double> row);

/// The same in every state. Throws UnsupportedError, "column 1 cannot give a distribution function, which `purpose`
/// needs", where one of them is empty.
std::vector<Marginal> marginals_of(const AnyEmissions& emissions, int column, std::span<const double> row,
                                   const char* purpose);

/// Σ_k p_k Marginal_k. weights sum to 1; all marginals are of one column. Where no weight is positive (a row that
/// cannot follow those before it leaves none) nothing is known, and all answers but most_probable() are NaN.
class MixedMarginal {
 public:
  MixedMarginal(std::vector<double> weights, std::vector<Marginal> marginals);

  double mean() const;
  double deviation() const;
  double up_to(double x) const;  ///< P(X ≤ x)
  double below(double x) const;  ///< P(X < x)
  /// The smallest x with P(X ≤ x) ≥ p: exact for whole numbers, else to about 1e-12 relative; ∞ where it is too large
  /// for a number, or where the weights sum to less than p. Throws ArgumentError unless 0 < p < 1.
  double quantile(double p) const;

  /// The most probable of the whole numbers 0 … levels − 1 (the first of equals).
  struct Level {
    int level = 0;
    double probability = 0;
  };
  Level most_probable(int levels) const;

 private:
  bool known() const;  // some weight is positive
  double whole_quantile(double p) const;

  std::vector<double> weights_;
  std::vector<Marginal> marginals_;
};

}  // namespace jensen
