// A Markov chain over K hidden states: p(z_1 … z_T) = π(z_1) Π_t A(z_{t−1}, z_t).
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <jensen/math/random.h>

namespace jensen {

/// Zeros given at construction are structural: they have no coordinate, and no M-step moves them. A probability that an
/// M-step makes 0 stays free: it keeps its coordinate (log 1e-300 for log 0) and counts as a parameter.
///
/// Statistics: K expected first states, then K × K expected transitions, from × to.
class MarkovChain {
 public:
  class Path;

  /// π and every row of A uniform. states ≥ 1.
  explicit MarkovChain(int states);
  /// initial: K probabilities; transitions: K × K, row by row. Each distribution sums to 1 within 1e-9 and is scaled
  /// to. Throws ArgumentError naming the row that is none.
  MarkovChain(std::vector<double> initial, std::vector<double> transitions);

  /// Starts in the first state; each state stays or goes on to the next one: π = e_1, A(k, k) = A(k, k+1) = ½.
  static MarkovChain left_to_right(int states);
  /// A(i, j) uniform over |i − j| ≤ width, zero beyond. width ≥ 0.
  static MarkovChain banded(int states, int width);

  int states() const { return static_cast<int>(initial_.size()); }
  std::span<const double> initial() const { return initial_; }
  std::span<const double> transitions() const { return transitions_; }
  double transition(int from, int to) const { return transitions_[index(from, to)]; }
  /// 1 where a probability is free, 0 where it is zero by structure; K, and K × K.
  std::span<const double> initial_support() const { return initial_support_; }
  std::span<const double> transition_support() const { return transition_support_; }

  /// A distribution that is fixed is left as it is by M-steps and counts no parameters.
  void fix_initial(bool fixed) { initial_fixed_ = fixed; }
  void fix_transitions(bool fixed) { transitions_fixed_ = fixed; }
  bool initial_fixed() const { return initial_fixed_; }
  bool transitions_fixed() const { return transitions_fixed_; }

  /// From here on π is the stationary distribution of A (stationary.h), wherever A moves: π counts no parameters, and
  /// M-steps climb Σ first_k log π_k(A) + Σ transitions_ij log A_ij. Throws ArgumentError where the structural zeros
  /// leave more than one stationary distribution, or forbid a first state that it has.
  void make_initial_stationary();
  bool initial_stationary() const { return initial_stationary_; }

  /// Dirichlet priors, given as pseudo-counts c ≥ 0 added to every entry that is not a structural zero:
  ///   log p(π, A) = c_initial Σ log π_k + c_transitions Σ log A_ij  (+ a constant that is left out).
  /// Throws ArgumentError for a count that is negative or not finite.
  void set_pseudo_counts(double initial, double transitions);
  double initial_pseudo_count() const { return initial_count_; }
  double transition_pseudo_count() const { return transition_count_; }

  /// The same chain with state k being what state order[k] was.
  MarkovChain reordered(std::span<const int> order) const;

  std::size_t statistics_size() const { return initial_.size() * (initial_.size() + 1); }
  /// π ∝ first states, A(i, ·) ∝ transitions from i (plus pseudo-counts). A state that is never left, because its
  /// expected count is 0, keeps its row; without any first state π stays. A stationary π follows from A.
  void maximize(std::span<const double> statistics);
  /// E_q[log p(z)] = Σ first_k log π_k + Σ transitions_ij log A_ij, with 0 log 0 = 0.
  double expected_log_density(std::span<const double> statistics) const;
  double log_prior() const;

  int free_parameters() const;
  /// Log-ratios (simplex.h) of π, then of each row of A; what is fixed has none.
  std::vector<double> unconstrained() const;
  void set_unconstrained(std::span<const double> u);
  std::vector<double> parameters() const;  ///< π, then A row by row
  /// A stationary π is taken as given within 1e-9 of what follows from A, else it is what follows. Throws ArgumentError
  /// for what is no distribution, and for probabilities where there is a structural zero.
  void set_parameters(std::span<const double> v);
  std::vector<std::string> parameter_names() const;  ///< initial[k], transition[i,j]

 private:
  std::size_t index(int from, int to) const {
    return static_cast<std::size_t>(from) * initial_.size() + static_cast<std::size_t>(to);
  }
  bool initial_is_free() const { return !initial_fixed_ && !initial_stationary_; }
  void maximize_stationary(std::span<const double> first, std::span<const double> counts);
  std::span<const double> row(const std::vector<double>& matrix, std::size_t from) const {
    return std::span<const double>(matrix).subspan(from * initial_.size(), initial_.size());
  }

  std::vector<double> initial_;
  std::vector<double> transitions_;
  std::vector<double> initial_support_;  // 1 where a probability is free, 0 where it is zero by structure
  std::vector<double> transition_support_;
  bool initial_fixed_ = false;
  bool transitions_fixed_ = false;
  bool initial_stationary_ = false;
  double initial_count_ = 0;
  double transition_count_ = 0;
};

/// A path drawn from left to right. Refers to the chain.
class MarkovChain::Path {
 public:
  explicit Path(const MarkovChain& chain) : chain_(chain) {}
  /// Goes on from the row before, whose state is this.
  Path(const MarkovChain& chain, int state) : chain_(chain), state_(state) {}
  /// The state of the next row; uses one number of the stream.
  int next(Stream& stream);

 private:
  const MarkovChain& chain_;
  int state_ = -1;
};

}  // namespace jensen
