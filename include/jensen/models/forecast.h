// What a hidden Markov model says about rows that come, before they are seen.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <jensen/emissions/marginal.h>
#include <jensen/models/any_hidden_markov.h>

namespace jensen {

/// p(x_{T+h, column} | x_1 … x_T) = Σ_k p(z_{T+h} = k | …) p(x_column | k), given those probabilities, which
/// HiddenMarkov::forecast computes. Throws UnsupportedError where the column has no distribution on the line
/// (emissions/marginal.h).
MixedMarginal column_forecast(const AnyEmissions& emissions, std::span<const double> state_probabilities, int column);

/// The same given the cells of that row which the emissions do not model, covariates, exposures and the like; its other
/// cells are not looked at. Throws UnsupportedError as well where one of them is missing.
MixedMarginal column_forecast(const AnyEmissions& emissions, std::span<const double> state_probabilities, int column,
                              std::span<const double> row);

/// A column that holds what another column of the block was so many rows before: lag(source, steps).
struct Feedback {
  int column = 0;
  int source = 0;
  int steps = 1;  ///< ≥ 1
};

/// Draws a whole sequence. As HiddenMarkov::sample(seed, 0, x, z), but that columns may feed back: from row `steps` on
/// they hold what was drawn, in rows before that what x holds. Modelled cells of x that are there (not NaN) stay, and
/// say nothing of the states: what the first rows of an autoregression are. Throws ArgumentError for columns that there
/// are not and for steps < 1.
void sample_with_feedback(const AnyHiddenMarkov& model, std::span<const Feedback> feedback, std::uint64_t seed, Panel x,
                          std::span<std::int32_t> z);

/// One draw of the rows that follow on a sequence: p(x_{T+1} … x_{T+H} | x_1 … x_T), given p(z_{T+1} = k | x_1 … x_T)
/// as HiddenMarkov::forecast says it. z_{T+1} is drawn from that, z_{T+2} … from the chain, rows given their states.
/// ahead: H rows that hold what is given, for the chain as well; the draw fills the others as sample_with_feedback
/// does. Draw d of a seed is the same however many there are. Beyond one row an autoregression is a mixture over K^h
/// paths, which draws are the way to. Errors as above; UnsupportedError for a chain that does not go on from a state
/// alone (AnyChain::Path).
void draw_ahead(const AnyHiddenMarkov& model, std::span<const double> next_state, std::span<const Feedback> feedback,
                std::uint64_t seed, std::uint64_t draw, Panel ahead, std::span<std::int32_t> z = {});

}  // namespace jensen
