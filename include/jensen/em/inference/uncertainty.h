// What can be said about the uncertainty of parameters, or why nothing can.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <jensen/math/cholesky.h>

namespace jensen {

/// A number, or one clause that says why there is none. Never NaN.
struct Available {
  std::optional<double> value;
  std::string why_not;  ///< empty where there is a value

  static Available number(double value) { return {value, {}}; }
  static Available not_available(std::string why) { return {std::nullopt, std::move(why)}; }
  explicit operator bool() const { return value.has_value(); }
  double operator*() const { return *value; }
};

enum class StandardErrorMethod {
  oakes,                 ///< inverse observed information by Oakes' identity (1999)
  louis,                 ///< the same by Louis' identity (1982)
  supplemented,          ///< the same by the EM map's rate matrix (Meng and Rubin 1991)
  sandwich,              ///< A⁻¹ B A⁻¹ (Huber 1967; White 1982): right where the model is not
  parametric_bootstrap,  ///< refits to samples of the fitted model (Efron 1979)
  weighted_bootstrap,    ///< refits under random weights of the rows: the Bayesian bootstrap (Rubin 1981)
};
std::string to_string(StandardErrorMethod method);
/// The method of that name; "bootstrap" is parametric_bootstrap. Throws ArgumentError listing the names there are.
StandardErrorMethod standard_error_method_named(std::string_view name);

/// One of the model's parameters.
struct ParameterUncertainty {
  std::string name;
  double estimate = 0;
  Available standard_error;
};

struct Interval {
  Available lower, upper;
};

struct StandardErrors {
  StandardErrorMethod method = StandardErrorMethod::oakes;
  std::vector<ParameterUncertainty> parameters;  ///< in the order of parameters()
  /// Of the parameters, packed; 0 in the rows of those that have no standard error.
  std::vector<double> covariance;
  /// Log-likelihood that a Newton step from here is still expected to gain: 0 at an optimum. NaN for the bootstraps.
  double gain_left = 0;
  double observations = 0;
  int evaluations = 0;  ///< E-steps made (bootstraps: by all refits)

  // Bootstraps only.
  int replicates = 0;  ///< asked for
  int failed = 0;      ///< that did not converge, or ended degenerate: left out
  /// parameters by replicate, row by row, components matched with those of the fit
  std::vector<double> draws;

  double correlation(int i, int j) const;  ///< 0 where either has no standard error
};

/// estimate ± z standard errors, P(|Z| ≤ z) = level. Throws ArgumentError unless 0 < level < 1.
std::vector<Interval> wald_intervals(const StandardErrors& errors, double level = 0.95);
/// From the (1 − level)/2 quantile of the draws to the (1 + level)/2 quantile (type 7, interpolated between order
/// statistics). Throws ArgumentError for errors without draws.
std::vector<Interval> percentile_intervals(const StandardErrors& errors, double level = 0.95);

}  // namespace jensen
