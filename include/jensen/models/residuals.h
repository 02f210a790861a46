// How far rows are from what a model expects of them, on the scale of a standard normal.
#pragma once

#include <span>

#include <jensen/models/any_grouped_mixture.h>
#include <jensen/models/any_hidden_markov.h>
#include <jensen/models/any_mixture.h>
#include <jensen/models/gated_mixture.h>

namespace jensen {

/// Quantile residuals of one column (Dunn and Smyth 1996; of sequences the forecast pseudo-residuals of Zucchini,
/// MacDonald and Langrock 2016, section 6.2.2): Φ⁻¹(u_t) with
///
///   u_t = ½ P(X_t < x_t | c_t) + ½ P(X_t ≤ x_t | c_t),
///
/// standard normal where the model is right and the column continuous; NaN for a missing cell and where c_t itself is
/// impossible, ±∞ where x_t lies beyond all that c_t allows. c_t are the rows before t in its sequence or group, and
/// what the model takes as given in row t: covariates, exposures, the columns of a gate. The row's other cells and
/// labels are not looked at.
///
/// Throws UnsupportedError where the column has no distribution on the line (emissions/marginal.h), or where in a row
/// whose cell is there something is missing that it depends on.
void pseudo_residuals(const AnyHiddenMarkov& model, const Block& x, int column, std::span<double> out);
void pseudo_residuals(const AnyMixture& model, const Block& x, int column, std::span<double> out);
void pseudo_residuals(const GatedMixture& model, const Block& x, int column, std::span<double> out);
void pseudo_residuals(const AnyGroupedMixture& model, const Block& x, int column, std::span<double> out);

}  // namespace jensen
