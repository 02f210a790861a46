// Probabilities of categories that depend on covariates, and their M-step: a part of models whose weights or moves do.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace jensen {

/// log π_c(v) = γ_c · v − log Σ_d exp(γ_d · v), γ_0 = 0: multinomial logit of `categories` over designs v of `terms`
/// numbers, v_0 = 1 for the intercept. γ is (categories − 1) × terms, row by row.
///
/// E_q[log π] has no sums of fixed size, so the E-step keeps its value, gradient and curvature about a reference γ:
/// they are linear in the weights. One Newton step on them is the M-step (tentative).
struct MultinomialLogit {
  int categories = 0;
  int terms = 0;

  std::size_t coefficients() const;
  std::size_t sums() const;  ///< 1 + coefficients + packed lower triangle

  void log_probabilities(std::span<const double> gamma, std::span<const double> v, std::span<double> out) const;
  /// Adds Σ_c weights_c log π_c(v) and its derivatives at the γ of which π is `probabilities`.
  void add(std::span<const double> weights, std::span<const double> v, std::span<const double> probabilities,
           std::span<const double> log_probabilities, std::span<double> sum) const;
  /// gamma ← about + a Newton step on the sums. Where probabilities are all but certain the curvature says little: the
  /// log-odds of a row move by some units at most.
  void climb(std::span<const double> sum, std::span<const double> about, std::span<double> gamma) const;
  /// The expansion about `about`, at gamma.
  double expected(std::span<const double> sum, std::span<const double> about, std::span<const double> gamma) const;
};

}  // namespace jensen
