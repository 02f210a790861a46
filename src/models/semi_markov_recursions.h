// Recursions over the stays of one sequence, whatever the emissions. What is kept of a row is in logs; sums over the
// durations of stays are sums of products where that is safe (stay_window.h).
#pragma once

#include <jensen/models/semi_markov_chain.h>

#include "models/chain_recursions.h"

namespace jensen {

/// Logarithms of the potentials of a path of stays, not necessarily normalised (tempering divides them by the
/// temperature).
struct StayPotentials {
  std::size_t states = 0;
  std::size_t longest = 0;            ///< D
  std::vector<double> initial;        ///< K
  std::vector<double> transitions;    ///< K × K, row by row
  std::vector<double> ended;          ///< of a stay of d rows: K × D
  std::vector<double> unfinished;     ///< of the last stay, of d rows so far: K × D
  std::vector<std::uint8_t> forever;  ///< K; 1: a state never left, ended −∞ and unfinished 0 for every d

  /// Of d rows, d ≥ 1; −∞ beyond D.
  double of_ended(std::size_t state, std::size_t rows) const;
  double of_unfinished(std::size_t state, std::size_t rows) const;
};
StayPotentials potentials(const SemiMarkovChain& chain, double temperature = 1);

/// What the recursions know of each row, T × K, all in logs. Emissions are divided by what they are worth given the
/// past: the row's scale, p(x_t | x_1 … x_{t−1}) where the potentials are probabilities.
struct Stays {
  std::vector<double> entered;    ///< p(a stay in k begins at t | x_1 … x_{t−1})
  std::vector<double> predicted;  ///< p(z_t = k | x_1 … x_{t−1})
  std::vector<double> left;       ///< p(a stay in k ends with t, x_t | x_1 … x_{t−1}) / scale
  std::vector<double> stayed;     ///< of a state never left: p(z_t = k | x_1 … x_t)
  std::vector<double> scale;      ///< T
};

/// The scales' logarithms are subtracted from the rows of x; returns their sum, the logarithm of the sum over all
/// paths. −∞ where no path has positive potential: the first row that is impossible has scale −∞; predictions after it
/// are −∞.
double forward(const StayPotentials& chain, const Stretch& x, Stays& stays);

/// After forward(): p(z_t = k | x_1 … x_T) in `smoothed` (K × T), and the expected first states, transitions, ended and
/// unfinished stays in `counts` (the statistics of SemiMarkovChain), both set rather than added to.
void backward(const StayPotentials& chain, const Stretch& x, const Stays& stays, std::span<double> smoothed,
              std::span<double> counts);

/// The most probable path and the logarithm of its potential; −1 throughout at −∞.
double best_path(const StayPotentials& chain, const Stretch& x, std::span<std::int32_t> path);

}  // namespace jensen
