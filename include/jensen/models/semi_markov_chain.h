// A chain over K hidden states whose stays have distributions of their own: explicit durations.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <jensen/concepts.h>
#include <jensen/math/random.h>
#include <jensen/models/chain_posterior.h>
#include <jensen/models/duration.h>
#include <jensen/models/markov_chain.h>

namespace jensen {

/// The moves of a chain between different states: each row of A without its diagonal, scaled to sum to 1; a row with
/// nothing else becomes a one on the diagonal. Zeros, pseudo-counts and a fixed π stay. Throws ArgumentError where π is
/// stationary.
MarkovChain jumps_of(const MarkovChain& chain);

/// The path visits states k_1, k_2, … for d_1, d_2, … rows, n stays in all (Guédon 2003):
///
///   p(z_1 … z_T) = π(k_1) Π_{i<n} p_{k_i}(d_i) A(k_i, k_{i+1}) · P(stay in k_n ≥ d_n),   A(k, k) = 0
///
/// The first stay begins with the first row; the last one goes on beyond the last row, nobody knows how long: it is
/// right-censored. A state that leads nowhere, A(k, k) = 1, is never left and has no duration; a single state is one.
/// With geometric durations this is the Markov chain with A(k, k) = 1 − p_k, up to the mass beyond D.
///
/// Statistics: those of the Markov chain of jumps (expected first states, K; expected transitions, K × K), then the
/// expected number of stays that ended after d rows and of those unfinished after d, K × D each.
class SemiMarkovChain {
 public:
  class Path;

  /// π uniform, all other states equally likely to follow. states ≥ 1, 1 ≤ longest.
  SemiMarkovChain(int states, DurationFamily family, int longest);
  /// jumps: π and A with zeros, by structure, on the diagonal, or a one. A duration for each state, that of a state
  /// never left without effect; all with the same D. Throws ArgumentError where that is not so.
  SemiMarkovChain(MarkovChain jumps, std::vector<Duration> durations);

  /// The jumps of a Markov chain, jumps_of(), all stays alike:
  ///   SemiMarkovChain(MarkovChain::left_to_right(5), DurationFamily::poisson, 100)
  SemiMarkovChain(const MarkovChain& chain, DurationFamily family, int longest);

  int states() const { return jumps_.states(); }
  int longest() const { return durations_.front().longest(); }  ///< D
  /// π and A. Its fixed distributions and pseudo-counts are those of this chain.
  const MarkovChain& jumps() const { return jumps_; }
  MarkovChain& jumps() { return jumps_; }
  const Duration& duration(int state) const { return durations_[static_cast<std::size_t>(state)]; }
  /// Whether the state is never left.
  bool absorbing(int state) const { return jumps_.transition(state, state) > 0; }

  /// The same chain with state k being what state order[k] was.
  SemiMarkovChain reordered(std::span<const int> order) const;

  std::size_t statistics_size() const;
  /// π and A as in markov_chain.h, durations as in duration.h.
  void maximize(std::span<const double> statistics);
  double expected_log_density(std::span<const double> statistics) const;
  double log_prior() const { return jumps_.log_prior(); }

  int free_parameters() const;
  /// Those of the jumps, then of each duration.
  std::vector<double> unconstrained() const;
  void set_unconstrained(std::span<const double> u);
  std::vector<double> parameters() const;
  void set_parameters(std::span<const double> v);
  /// initial[k], transition[i,j]; duration.rate[k] and the like, duration[k,d] where free.
  std::vector<std::string> parameter_names() const;

 private:
  // Of one state, D each.
  struct Stays {
    std::span<const double> ended, unfinished;
  };
  Stays stays(std::span<const double> statistics, int state) const;
  void check() const;

  MarkovChain jumps_;
  std::vector<Duration> durations_;
};

/// A path drawn from left to right. Refers to the chain.
class SemiMarkovChain::Path {
 public:
  explicit Path(const SemiMarkovChain& chain) : chain_(chain), jumps_(chain.jumps_) {}
  /// The state of the next row; uses two numbers of the stream where a stay begins, else none.
  int next(Stream& stream);

 private:
  const SemiMarkovChain& chain_;
  MarkovChain::Path jumps_;
  int state_ = -1;
  int left_ = 0;  // rows of the stay to come
};

/// As for a Markov chain (chain_posterior.h, viterbi.h), exact however small; O(T (K D + K²)) time, O(T K) memory (Yu
/// and Kobayashi 2003; Guédon 2003). With `Given` states stays longer than D get none of the mass, nor do other
/// transitions than those of the chain.
Evidence chain_posterior(const Block& x, const Rule& rule, const SemiMarkovChain& chain, Panel log_density,
                         std::span<double> counts, ChainScratch& scratch);
void chain_score(const Block& x, const SemiMarkovChain& chain, Panel log_density, std::span<double> out,
                 ChainScratch& scratch);
void chain_filter(const Block& x, const SemiMarkovChain& chain, Panel log_density, ChainScratch& scratch);
void chain_predict(const Block& x, const SemiMarkovChain& chain, Panel log_density, ChainScratch& scratch);
void viterbi(const Block& x, const SemiMarkovChain& chain, Panel log_density, std::span<std::int32_t> path,
             std::span<double> value = {});

}  // namespace jensen
