// From log p(x_t | z_t = k) to weighted responsibilities of a hidden Markov chain, under any rule: the E-step of every
// model whose latent is a chain of states. The counterpart of discrete_posterior.h for sequences.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <jensen/concepts.h>
#include <jensen/models/markov_chain.h>

namespace jensen {

/// Memory of one worker; no meaning between calls.
struct ChainScratch {
  std::vector<double> density, filtered, predicted, shift, normalizer, transitions, counts, log_density;
  std::vector<std::int32_t> path;
  /// Of recursions by segments (chain_segments.h).
  struct Segments {
    std::vector<double> panel, density, filtered, smoothed, checkpoints, shift, normalizer, rows, transitions,
        transposed, counts;
    std::size_t size() const;
  } segments;
  Segments other_end;  ///< for a sequence that is worked on from its last row, too
  /// Who works on that end; null: the worker alone.
  Helpers* helpers = nullptr;

  /// Numbers that it holds.
  std::size_t size() const;
};

/// In place: turns log p(x_t | k) (−∞ legal; rows × K) into w q(z_t = k) for each sequence of the block (a block
/// without sequences is one), q chosen by `rule` among the paths through the states that the block allows:
///
///   Posterior   p(z_1 … z_T | x)^(1 / temperature), by forward and backward recursion
///   Mode        the most probable path (Viterbi 1967)
///   Draws       paths drawn backwards from the filtered distributions; row t of a sequence uses stream (…, t) alone
///   Given       independent z_t with these responsibilities; transitions that the chain forbids get none of the mass
///
/// Adds Σ w × (expected first states, expected transitions) to `counts` (MarkovChain's statistics). Returns
/// Σ w log p(x; θ), the entropy of q (of the empirical distribution of paths for draws), and Σ w over all rows; w is
/// the sequence's weight. A sequence that no path can explain gets q = 0 and log-likelihood −∞.
///
/// Recursions are linear and scaled: emissions are shifted by their largest, predictions and filtered distributions sum
/// to 1 (Rabiner 1989, eq. 92 ff.). A sequence in which a state is lost to underflow that its rows make likely again
/// goes through recursions in logs instead. O(T K²) time.
///
/// Where log_joint_matters(rule) is false the densities need not be there, and the log-likelihood returned is NaN.
///
/// Errors: as discrete_posterior.
Evidence chain_posterior(const Block& x, const Rule& rule, const MarkovChain& chain, Panel log_density,
                         std::span<double> counts, ChainScratch& scratch);

/// out[t] = log p(x_t | x_1 … x_{t−1}; θ), which sum to the sequences' log-likelihoods; −∞ at the first row that the
/// past makes impossible, and 0 after it. log_density is used up.
void chain_score(const Block& x, const MarkovChain& chain, Panel log_density, std::span<double> out,
                 ChainScratch& scratch);

/// In place: turns log p(x_t | k) into p(z_t = k | x_1 … x_t; θ), sequence by sequence; 0 from the first row on that
/// the past makes impossible.
void chain_filter(const Block& x, const MarkovChain& chain, Panel log_density, ChainScratch& scratch);

/// In place: turns log p(x_t | k) into p(z_t = k | x_1 … x_{t−1}; θ), sequence by sequence; 0 from the first row on
/// whose past is impossible.
void chain_predict(const Block& x, const MarkovChain& chain, Panel log_density, ChainScratch& scratch);

/// Whether a chain can what a model over it is asked for: what it does not speak of, it can.
template <class Chain>
bool chain_can(const Chain& chain, Capability capability) {
  if constexpr (requires { chain.can(capability); }) return chain.can(capability);
  return true;
}
/// Whether the last M-step of a chain was a step on an expansion of Q (concepts.h, HasTentative).
template <class Chain>
bool chain_tentative(const Chain& chain) {
  if constexpr (requires { chain.tentative(); }) return chain.tentative();
  return false;
}

// Optional functions of chains. One that keeps an expansion of Q has reference_size() numbers about which it is, writes
// its own with reference(about), and takes Slices, sums with what they are about, where others take sums alone.

template <class Chain>
std::size_t chain_reference_size(const Chain& chain) {
  if constexpr (requires { chain.reference_size(); }) return chain.reference_size();
  return 0;
}
template <class Chain>
void chain_reference(const Chain& chain, std::span<double> about) {
  if constexpr (requires { chain.reference(about); }) chain.reference(about);
}
template <class Chain>
void chain_maximize(Chain& chain, ConstSlice s) {
  if constexpr (requires { chain.maximize(s); }) return chain.maximize(s);
  if constexpr (!requires { chain.maximize(s); }) chain.maximize(s.sum);
}
template <class Chain>
double chain_expected_log_density(const Chain& chain, ConstSlice s) {
  if constexpr (requires { chain.expected_log_density(s); }) return chain.expected_log_density(s);
  if constexpr (!requires { chain.expected_log_density(s); }) return chain.expected_log_density(s.sum);
}
template <class Chain>
Evidence chain_expect(const Block& x, const Rule& rule, const Chain& chain, Panel log_density, Slice s,
                      ChainScratch& scratch) {
  constexpr bool takes_slice = requires { chain.reference_size(); };
  if constexpr (takes_slice) return chain_posterior(x, rule, chain, log_density, s, scratch);
  if constexpr (!takes_slice) return chain_posterior(x, rule, chain, log_density, s.sum, scratch);
}
/// The next state of a path, into row `row` of x; row < 0 is a row that is not there. A path whose chain does not look
/// at rows has next(stream), others next(stream, x, row).
template <class Path>
int chain_next(Path& path, Stream& stream, const ConstPanel& x, std::int64_t row) {
  if constexpr (requires { path.next(stream, x, row); }) return path.next(stream, x, row);
  if constexpr (!requires { path.next(stream, x, row); }) return path.next(stream);
}

}  // namespace jensen
