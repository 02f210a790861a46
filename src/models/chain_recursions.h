// Filtering of one sequence of hidden states, whatever the emissions: by the linear recursion where it is safe
// (chain_smoother.h), in logs where it is not; and smoothing in logs.
#pragma once

#include <functional>

#include <jensen/models/chain_posterior.h>

namespace jensen {

/// Potentials of a path, not necessarily normalised (tempering raises them to a power): initial(z_1)
/// Π transitions(z_{t−1}, z_t) Π exp log_density(t, z_t).
struct ChainPotentials {
  int states = 0;
  std::vector<double> initial;      ///< K
  std::vector<double> transitions;  ///< K × K, row by row
};
ChainPotentials potentials(const MarkovChain& chain, double temperature = 1);
/// Of the transitions read from the last row to the first: initial = 1, transitions transposed.
ChainPotentials reversed(const ChainPotentials& chain);

/// The rows of one sequence within a panel.
struct Stretch {
  Panel log_density;
  std::int64_t first = 0;
  std::int64_t steps = 0;
};

/// Filtering: scratch.filtered (steps × chain_width) receives p(z_t | x_1 … x_t), `step` (if not null, one number a
/// step) log Σ of the step's scale: their sum, which is returned, is the log of the sum over all paths. −∞ where no
/// path has positive potential. Sets `in_logs` where the linear recursion was not safe.
double filter(const ChainPotentials& chain, const Stretch& x, ChainScratch& scratch, double* step, bool& in_logs);

// Parts that chains whose transitions differ from step to step (chain_steps.h) share.

/// scratch.density(t, k) = exp(log p(x_t | k) − shift_t), shift_t the row's largest, in scratch.shift; false where a
/// row has no possible state.
bool scale_emissions(const Stretch& x, ChainScratch& scratch);

/// Logs of the potentials of the move into step t ≥ 1 of the stretch, K × K row by row; valid until the next call.
using LogMoves = std::function<std::span<const double>(std::int64_t t)>;
/// Told p(z_{t−1} = i, z_t = j | x_1 … x_T), K × K row by row, for every t ≥ 1.
using MovesSink = std::function<void(std::int64_t t, std::span<const double> pairs)>;
/// The same at every step.
LogMoves log_moves(const ChainPotentials& chain);
/// filter in logs, exact however small; scratch.log_density (steps × K) keeps log p(z_t | x_1 … x_t).
double filter_in_logs(std::span<const double> initial, const LogMoves& moves, const Stretch& x, ChainScratch& scratch,
                      double* step);
/// After it: p(z_t | x_1 … x_T) in scratch.density (steps × chain_width).
void smooth_in_logs(const LogMoves& moves, const Stretch& x, const MovesSink& sink, ChainScratch& scratch);

}  // namespace jensen
