// What a hidden Markov model says about rows that come, before they are seen.
#pragma once

#include <span>
#include <vector>

#include <jensen/emissions/marginal.h>
#include <jensen/models/any_hidden_markov.h>

namespace jensen {

/// p(x_{T+h, column} | x_1 … x_T) = Σ_k p(z_{T+h} = k | …) p(x_column | k), given those probabilities, which
/// HiddenMarkov::forecast computes. Throws UnsupportedError where the column has no distribution on the line
/// (emissions/marginal.h).
MixedMarginal column_forecast(const AnyEmissions& emissions, std::span<const double> state_probabilities, int column);

/// Forecast pseudo-residuals (Zucchini, MacDonald and Langrock 2016, section 6.2.2) of one column: Φ⁻¹(u_t) with
///
///   u_t = ½ P(X_t < x_t | x_1 … x_{t−1}) + ½ P(X_t ≤ x_t | x_1 … x_{t−1}),
///
/// standard normal where the model is right and the column continuous; NaN for a missing cell, ±∞ where x_t lies beyond
/// all that the past allows. Errors as column_forecast.
void pseudo_residuals(const AnyHiddenMarkov& model, const Block& x, int column, std::span<double> out);

}  // namespace jensen
