// A random-intercept logistic model: centres differ in their risk, and a treatment changes its logit by the same amount
// in all of them.
#pragma once

#include <cmath>

#include <jensen/models/continuous_latent.h>

/// Columns: events and subjects without treatment, events and subjects under it; a row is a centre. z is the centre's
/// risk in standard deviations.
inline auto random_intercept() {
  jensen::Parameters theta;
  const auto intercept = theta.real("intercept", -2);
  const auto effect = theta.real("effect", 0);
  const auto spread = theta.positive("spread", 1);
  return jensen::continuous_latent<1>(theta, [=](const auto& at, std::span<const double> row, const auto& z) {
    const auto binomial = [](double events, double subjects, const auto& logit) {
      return events * logit - subjects * jensen::log1p_exp(logit) + jensen::log_gamma(subjects + 1) -
             jensen::log_gamma(events + 1) - jensen::log_gamma(subjects - events + 1);
    };
    const auto logit = at[intercept] + at[spread] * z[0];
    return binomial(row[0], row[1], logit) + binomial(row[2], row[3], logit + at[effect]) +
           jensen::normal_log_density(z[0], 0.0, 1.0);
  });
}
