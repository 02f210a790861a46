// A chain of hidden states whose transitions depend on covariates (input–output hidden Markov model).
#pragma once

#include <span>
#include <string>
#include <vector>

#include <jensen/models/chain_posterior.h>
#include <jensen/models/markov_chain.h>

namespace jensen {

/// p(z_t = j | z_{t−1} = i, u_t) = exp(γ_ij0 + Σ_c γ_ijc u_tc) / Σ_l exp(γ_il0 + Σ_c γ_ilc u_tc), over the states l
/// that may follow i; γ = 0 for the reference of i, which is staying (l = i), or the last state that may follow where i
/// may not stay (multinomial logit: Bengio and Frasconi 1995; Visser and Speekenbrink 2010). The move INTO row t uses
/// the covariates of row t, those of the first row of a sequence are not looked at. Structural zeros stay zero.
///
/// Covariates are columns of the block, and must be there (DataError naming row and column, where the weight is not 0).
///
/// E_q[log p(z)] has no sums of fixed size: the E-step keeps K expected first states, then for each state that is left
/// for more than one other the value, gradient and curvature of its part about the current γ; the M-step takes one
/// Newton step on them, to be kept only if the objective did not fall: tentative.
class InputChain {
 public:
  class Path;

  /// The chain `form` without any influence of the inputs yet: its initial distribution and whether that is fixed, its
  /// zeros, its transitions (1e-300 for an estimated zero). inputs: columns of the block, each once, ≥ 1. Throws
  /// ArgumentError for what transitions with inputs cannot be: fixed, with pseudo-counts, or with a stationary π.
  InputChain(const MarkovChain& form, std::vector<int> inputs);

  int states() const { return start_.states(); }
  std::span<const double> initial() const { return start_.initial(); }
  const MarkovChain& form() const { return start_; }  ///< initial distribution, and zeros of the transitions
  std::span<const int> inputs() const { return inputs_; }
  int reference(int from) const;
  /// γ_ij: intercept, then a number for each input; zeros for the reference. Throws ArgumentError for a move that the
  /// chain forbids.
  std::vector<double> coefficients(int from, int to) const;
  void set_coefficients(int from, int to, std::span<const double> gamma);
  /// p(z_t = · | z_{t−1} = from, u_t = inputs).
  std::vector<double> transitions(int from, std::span<const double> inputs) const;

  /// As MarkovChain's. Two chains that differ in the states' order have the same probabilities.
  InputChain reordered(std::span<const int> order) const;
  bool can(Capability capability) const {
    return capability != Capability::move && capability != Capability::global_bound;
  }
  bool tentative() const { return true; }

  std::size_t statistics_size() const;
  std::size_t reference_size() const { return gamma_.size(); }
  void reference(std::span<double> about) const;
  void maximize(ConstSlice statistics);
  double expected_log_density(ConstSlice statistics) const;
  double log_prior() const { return start_.log_prior(); }

  int free_parameters() const { return start_.free_parameters() + static_cast<int>(gamma_.size()); }
  std::vector<double> unconstrained() const;
  void set_unconstrained(std::span<const double> u);
  std::vector<double> parameters() const;  ///< π, then γ
  void set_parameters(std::span<const double> v);
  std::vector<std::string> parameter_names() const;  ///< initial[k], logit[i,j,c]: c = 0 the intercept, then the inputs

 private:
  friend class InputSteps;
  // The moves from one state: its reference, then the others that have coefficients.
  struct Moves {
    std::vector<int> to;
    std::size_t gamma = 0;  // where its coefficients begin
    std::size_t sums = 0;   // where its sums begin
  };
  int terms() const { return static_cast<int>(inputs_.size()) + 1; }
  const Moves& checked(int from, int to) const;
  void set_gamma(std::span<const double> gamma);

  MarkovChain start_;  // its transitions say which moves there are, and are fixed
  std::vector<int> inputs_;
  std::vector<Moves> moves_;
  std::vector<double> gamma_;
};

/// A path drawn from left to right. Refers to the chain.
class InputChain::Path {
 public:
  explicit Path(const InputChain& chain) : chain_(chain) {}
  Path(const InputChain& chain, int state) : chain_(chain), state_(state) {}
  /// The state of the next row, whose covariates are those of row `row` of x. Throws UnsupportedError for row < 0 (a
  /// row that is not there).
  int next(Stream& stream, const ConstPanel& x, std::int64_t row);

 private:
  const InputChain& chain_;
  int state_ = -1;
};

// As for MarkovChain; counts are the statistics about statistics.about.
Evidence chain_posterior(const Block& x, const Rule& rule, const InputChain& chain, Panel log_density, Slice statistics,
                         ChainScratch& scratch);
void chain_score(const Block& x, const InputChain& chain, Panel log_density, std::span<double> out,
                 ChainScratch& scratch);
void chain_filter(const Block& x, const InputChain& chain, Panel log_density, ChainScratch& scratch);
void chain_predict(const Block& x, const InputChain& chain, Panel log_density, ChainScratch& scratch);
void viterbi(const Block& x, const InputChain& chain, Panel log_density, std::span<std::int32_t> path,
             std::span<double> value = {});

}  // namespace jensen
