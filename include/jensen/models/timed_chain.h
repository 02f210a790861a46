// A Markov process of hidden states in continuous time, seen at irregular times.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <jensen/models/chain_posterior.h>
#include <jensen/models/markov_chain.h>

namespace jensen {

/// p(z_t = j | z_{t−1} = i) = exp(Q Δ_t)_ij, Δ_t the time from row t − 1 to row t of a sequence: q_ij ≥ 0 is the rate
/// of jumps from i to j, q_ii = −Σ_j q_ij. Zeros among the rates are structural (the states may still follow one
/// another, by way of others). Times are a column of the block; they must be there and ascend within a sequence
/// (DataError naming row and column).
///
/// The latent is the whole path of states in continuous time. Its M-step is closed: q_ij = N_ij / R_i, expected jumps
/// over expected time (Metzner, Dittmer, Jahnke and Schütte 2007; Hobolth and Jensen 2011), where
///   N_ij = q_ij M_ij,  R_i = M_ii,  M = Σ_t ∫_0^Δ exp(Q s)ᵀ W_t exp(Q (Δ − s))ᵀ ds,  W_t(a, b) = q(a, b at t) / exp(Q
///   Δ)_ab,
/// the integral being a block of one exponential of twice the size (Van Loan 1978), taken once for each distinct Δ of a
/// block. The entropy of q is that of the states at the rows, and that of the paths between them, relative to the
/// measure with respect to which log p(path) = Σ N_ij log q_ij − Σ R_i Σ_j q_ij.
///
/// Statistics: K expected first states, then K × K: N_ij, with R_i in the diagonal.
class TimedChain {
 public:
  class Path;

  /// The chain `form` as what happens in a time `unit`: its initial distribution and whether that is fixed, its zeros
  /// and q_ij = its transition from i to j / unit. time: a column of the block. Throws ArgumentError for a unit that is
  /// not above 0, and for what rates cannot be: fixed, with pseudo-counts, or with a stationary π.
  TimedChain(const MarkovChain& form, int time, double unit = 1);

  int states() const { return start_.states(); }
  std::span<const double> initial() const { return start_.initial(); }
  const MarkovChain& form() const { return start_; }  ///< initial distribution, and zeros of the rates
  int time() const { return time_; }
  double rate(int from, int to) const { return rates_[index(from, to)]; }  ///< 0 in the diagonal
  double leaving(int from) const;                                          ///< Σ_j q_ij
  std::vector<double> generator() const;                                   ///< Q, K × K row by row
  std::vector<double> transitions(double elapsed) const;                   ///< exp(Q elapsed)
  /// Throws ArgumentError for a rate that is negative, not finite or not 0 where the form has a zero.
  void set_rates(std::span<const double> off_diagonal);  ///< K × K, the diagonal is not looked at

  TimedChain reordered(std::span<const int> order) const;

  std::size_t statistics_size() const { return initial().size() * (initial().size() + 1); }
  /// A state in which no time is spent keeps its rates.
  void maximize(std::span<const double> statistics);
  double expected_log_density(std::span<const double> statistics) const;
  double log_prior() const { return start_.log_prior(); }

  int free_parameters() const;
  std::vector<double> unconstrained() const;  ///< of π, then log q_ij; log 1e-300 for an estimated zero
  void set_unconstrained(std::span<const double> u);
  std::vector<double> parameters() const;  ///< π, then q_ij, i ≠ j, row by row
  void set_parameters(std::span<const double> v);
  std::vector<std::string> parameter_names() const;  ///< initial[k], rate[i,j]

 private:
  friend class TimedSteps;
  std::size_t index(int from, int to) const {
    return static_cast<std::size_t>(from) * initial().size() + static_cast<std::size_t>(to);
  }
  bool is_free(std::size_t entry) const;  // of K × K

  MarkovChain start_;  // its transitions say which rates there are, and are fixed
  int time_;
  std::vector<double> rates_;  // K × K, zeros in the diagonal
};

/// A path drawn from left to right. Refers to the chain.
class TimedChain::Path {
 public:
  explicit Path(const TimedChain& chain) : chain_(chain) {}
  Path(const TimedChain& chain, int state) : chain_(chain), state_(state) {}
  /// The state of the next row, at the time in row `row` of x. Throws UnsupportedError for row < 0 (a row that is not
  /// there), DataError for times that do not ascend.
  int next(Stream& stream, const ConstPanel& x, std::int64_t row);

 private:
  const TimedChain& chain_;
  int state_ = -1;
};

// As for MarkovChain.
Evidence chain_posterior(const Block& x, const Rule& rule, const TimedChain& chain, Panel log_density,
                         std::span<double> counts, ChainScratch& scratch);
void chain_score(const Block& x, const TimedChain& chain, Panel log_density, std::span<double> out,
                 ChainScratch& scratch);
void chain_filter(const Block& x, const TimedChain& chain, Panel log_density, ChainScratch& scratch);
void chain_predict(const Block& x, const TimedChain& chain, Panel log_density, ChainScratch& scratch);
void viterbi(const Block& x, const TimedChain& chain, Panel log_density, std::span<std::int32_t> path,
             std::span<double> value = {});

}  // namespace jensen
