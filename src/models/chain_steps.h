// A hidden chain as the rules for q see it, one step after the other: what is common to all chains without memory
// beyond the last state, whether their transitions are the same at every step or not.
#pragma once

#include <memory>

#include <jensen/models/viterbi.h>

#include "models/chain_recursions.h"

namespace jensen {

/// p(z_1 … z_T) = initial(z_1) Π_t into_t(z_{t−1}, z_t) for the rows of one block, and where expected states and moves
/// are counted. The counts of a chain are linear in the weights that come with them.
class ChainSteps {
 public:
  ChainSteps() = default;
  ChainSteps(const ChainSteps&) = delete;
  ChainSteps& operator=(const ChainSteps&) = delete;
  virtual ~ChainSteps() = default;

  virtual int states() const = 0;
  /// p(z_row = k), K numbers, for a row of the block with which a sequence begins. Valid until the next call.
  virtual std::span<const double> initial(std::int64_t row) = 0;
  /// p(z_row = j | z_{row−1} = i), K × K row by row, for a row of the block that is not the first of its sequence.
  /// Valid until the next call.
  virtual std::span<const double> into(std::int64_t row) = 0;
  /// Its logarithm.
  virtual std::span<const double> log_into(std::int64_t row);
  /// As jensen::filter (chain_recursions.h).
  virtual double filter(const Stretch& x, ChainScratch& scratch, double* step);

  /// For the first row of a sequence.
  virtual void add_first(std::int64_t row, int state, double weight) = 0;
  /// `weight` in all for the move from one state into another at this row.
  virtual void add_move(std::int64_t row, int from, int to, double weight) = 0;
  /// Weights of all moves into this row, K × K row by row.
  virtual void add_moves(std::int64_t row, std::span<const double> weights);

 private:
  std::vector<double> logs_;
};

/// One sequence of a block.
struct Sequence {
  const Block& x;
  Stretch rows;
  double weight;
};
/// rule(sequence, evidence) for each sequence, with what they have in common.
template <class ByRule>
Evidence by_sequence(const Block& x, Panel log_density, ByRule rule) {
  Evidence evidence;
  const auto bounds = sequence_bounds(x);
  for (std::size_t s = 0; s + 1 < bounds.size(); ++s) {
    const Sequence sequence{x, {log_density, bounds[s], bounds[s + 1] - bounds[s]}, x.weight(bounds[s])};
    evidence.weight += sequence.weight * static_cast<double>(sequence.rows.steps);
    rule(sequence, evidence);
  }
  evidence.state_entropy = evidence.entropy;
  return evidence;
}
/// q = 0.
void clear(const Stretch& x);

/// The same chain with every potential to the power 1 / temperature, which is finite and > 0 (ArgumentError). What is
/// counted is counted by `steps`, which must outlive it.
std::unique_ptr<ChainSteps> tempered(ChainSteps& steps, double temperature);
/// Throws ArgumentError unless a temperature is finite and > 0.
void check_temperature(double temperature);

// The functions of chain_posterior.h and viterbi.h.

/// Counts go to `steps`.
Evidence posterior_by_steps(const Block& x, const Rule& rule, ChainSteps& steps, Panel log_density,
                            ChainScratch& scratch);
void score_by_steps(const Block& x, ChainSteps& steps, Panel log_density, std::span<double> out, ChainScratch& scratch);
void filter_by_steps(const Block& x, ChainSteps& steps, Panel log_density, ChainScratch& scratch);
void predict_by_steps(const Block& x, ChainSteps& steps, Panel log_density, ChainScratch& scratch);
void viterbi_by_steps(const Block& x, ChainSteps& steps, Panel log_density, std::span<std::int32_t> path,
                      std::span<double> value = {});

}  // namespace jensen
