// Zero-inflated Poisson regression (Lambert 1992): with probability π a count is zero whatever happens, else it is
// Poisson; both π and the rate depend on covariates.
#pragma once

#include <cmath>
#include <limits>
#include <vector>

#include <jensen/models/discrete_latent.h>

/// Columns: the count, then d covariates. States: 0 always zero, 1 Poisson. Parameters: "count", "zero": an intercept
/// and d slopes each, of the log rate and the logit of π.
inline auto zero_inflated_poisson(std::size_t covariates) {
  jensen::Parameters theta;
  const auto count = theta.real("count", std::vector<double>(1 + covariates, 0.0));
  const auto zero = theta.real("zero", std::vector<double>(1 + covariates, 0.0));
  return jensen::discrete_latent(2, theta, [count, zero](const auto& at, std::span<const double> row, int z) {
    using T = jensen::ScalarOf<decltype(at)>;
    using std::exp;
    const auto predictor = [&](std::span<const T> beta) {
      T total = beta[0];
      for (std::size_t j = 1; j < beta.size(); ++j) total += beta[j] * row[j];
      return total;
    };
    const T logit = predictor(at[zero]);
    if (z == 0) return row[0] == 0 ? -jensen::log1p_exp(-logit) : T(-std::numeric_limits<double>::infinity());
    const T log_rate = predictor(at[count]);
    return row[0] * log_rate - exp(log_rate) - jensen::log_gamma(row[0] + 1) - jensen::log1p_exp(logit);
  });
}
