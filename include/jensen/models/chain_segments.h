// The posterior of hidden chains a segment of rows at a time: what is computed of a segment stays in the processor's
// cache until its statistics are taken, and memory need not grow with the length of a sequence.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <jensen/data/rows_of.h>
#include <jensen/error.h>
#include <jensen/models/chain_posterior.h>
#include <jensen/models/discrete_posterior.h>

namespace jensen {

/// The rows of a block as a chain asks for them.
class ChainSegments {
 public:
  ChainSegments() = default;
  ChainSegments(const ChainSegments&) = delete;
  ChainSegments& operator=(const ChainSegments&) = delete;
  virtual ~ChainSegments() = default;

  /// Adds log p(x_t | k) for the p.rows rows of the block from `first` on (−∞ for states that are ruled out). May be
  /// asked several times for the same rows.
  virtual void add_log_density(std::int64_t first, Panel p) = 0;
  /// Told w q(z_t = k) for those rows, once for every row.
  virtual void take(std::int64_t first, ConstPanel q) = 0;
  /// The same rows for another thread, which asks and tells at the same time as the one that has this.
  virtual ChainSegments& other_end() = 0;
};

/// What is kept of a sequence: between its forward and its backward recursion, in scores, and in most probable paths.
/// Results are the same bits.
enum class ChainMemory {
  log_densities,  ///< T × K numbers, so that emissions are asked once
  checkpoints,    ///< K numbers for each segment of 64 to 512 rows; emissions are asked twice but for scores
};
/// "all" or "checkpoints".
std::string to_string(ChainMemory memory);
/// Throws ArgumentError for another name.
ChainMemory chain_memory_named(std::string_view name);

/// How the posterior of a sequence is computed. `memory` changes no bits; both_ends_from changes roundings.
struct ChainPlan {
  ChainMemory memory = ChainMemory::log_densities;
  /// Sequences of at least so many rows (≥ 2) are worked on from both ends at once, by two threads where there are two.
  std::int64_t both_ends_from = std::int64_t{1} << 14;
};

/// chain_posterior() of a whole block at once, T × K numbers.
template <class Chain>
Evidence chain_posterior_at_once(const Block& x, const Rule& rule, const Chain& chain, ChainSegments& segments,
                                 Slice statistics, ChainScratch& scratch) {
  // Out of the scratch meanwhile: a chain made of other chains hands it on.
  std::vector<double> panel = std::move(scratch.segments.panel);
  panel.assign(static_cast<std::size_t>(x.rows()) * static_cast<std::size_t>(chain.states()), 0.0);
  const Panel p{panel.data(), x.rows(), chain.states(), x.rows()};
  if (log_joint_matters(rule)) segments.add_log_density(0, p);
  const Evidence evidence = chain_expect(x, rule, chain, p, statistics, scratch);
  segments.take(0, p);
  scratch.segments.panel = std::move(panel);
  return evidence;
}

/// chain_posterior() segment by segment under Posterior, and under Given for statistics alone that is ByRow
/// (rows_of.h); other rules take a block at once. A sequence that needs recursions in logs, because a state was lost to
/// underflow that its rows make likely again, takes T × K numbers whatever is asked for.
Evidence chain_posterior(const Block& x, const Rule& rule, const MarkovChain& chain, ChainSegments& segments,
                         const ChainPlan& plan, Slice statistics, ChainScratch& scratch);

/// chain_score() (chain_posterior.h) to the same bits, K numbers for each segment; a sequence that needs recursions in
/// logs takes T × K.
void chain_score(const Block& x, const MarkovChain& chain, ChainSegments& segments, std::span<double> out,
                 ChainScratch& scratch);
/// viterbi() (viterbi.h) to the same bits: K numbers for each 512 rows, from which the states before are found again
/// when the path is followed back. Emissions are asked twice.
void viterbi(const Block& x, const MarkovChain& chain, ChainSegments& segments, std::span<std::int32_t> path,
             std::span<double> value);

// For chains that see whole sequences only: they throw UnsupportedError.
template <class Chain>
void chain_score(const Block&, const Chain&, ChainSegments&, std::span<double>, ChainScratch&) {
  throw UnsupportedError("this chain", "work from checkpoints", "ChainMemory::checkpoints");
}
template <class Chain>
void viterbi(const Block&, const Chain&, ChainSegments&, std::span<std::int32_t>, std::span<double>) {
  throw UnsupportedError("this chain", "work from checkpoints", "ChainMemory::checkpoints");
}

/// For chains that see whole sequences only, from one end. Throws UnsupportedError for checkpoints.
template <class Chain>
Evidence chain_posterior(const Block& x, const Rule& rule, const Chain& chain, ChainSegments& segments,
                         const ChainPlan& plan, Slice statistics, ChainScratch& scratch) {
  if (plan.memory == ChainMemory::checkpoints) {
    throw UnsupportedError("this chain", "work from checkpoints", "ChainMemory::checkpoints");
  }
  return chain_posterior_at_once(x, rule, chain, segments, statistics, scratch);
}

}  // namespace jensen
