// A chain of hidden states whose transitions, or first states, depend on covariates (input–output hidden Markov model).
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
/// Likewise p(z_1 = k | u_1) = exp(δ_k0 + Σ_c δ_kc u_1c) / Σ_l exp(δ_l0 + Σ_c δ_lc u_1c), over the states l in which a
/// sequence may begin; δ = 0 for the first of them. u_1 are covariates of the first row of a sequence, its initial
/// inputs; those of other rows are not looked at. Without initial inputs π is that of the form, without inputs of the
/// transitions A is.
///
/// Covariates are columns of the block, and must be there (DataError naming row and column, where the weight is not 0).
///
/// E_q[log p(z)] has no sums of fixed size: for the first states, if they depend on inputs, and for each state that is
/// left for more than one other the E-step keeps the value, gradient and curvature of its part about the current δ, γ;
/// the M-step takes one Newton step on them, to be kept only if the objective did not fall: tentative. Before them
/// stand the sums of what does not depend on inputs: K expected first states, or K × K expected transitions.
class InputChain {
 public:
  class Path;

  /// The chain `form` without any influence of the inputs yet: its initial distribution and whether that is fixed, its
  /// zeros, its transitions (1e-300 for an estimated zero). inputs, of the transitions, and initial_inputs: columns of
  /// the block, each once in either; not both are empty. Throws ArgumentError for a stationary π, and for what
  /// transitions, or an initial distribution, with inputs cannot be: fixed, or with pseudo-counts.
  InputChain(const MarkovChain& form, std::vector<int> inputs, std::vector<int> initial_inputs = {});

  int states() const { return start_.states(); }
  const MarkovChain& form() const { return start_; }  ///< what does not depend on inputs, and zeros of what does
  std::span<const int> inputs() const { return inputs_; }
  std::span<const int> initial_inputs() const { return initial_inputs_; }
  int reference(int from) const;
  /// The first state in which a sequence may begin.
  int initial_reference() const { return first_.to.front(); }
  /// γ_ij: intercept, then a number for each input; zeros for the reference. Throws ArgumentError for a move that the
  /// chain forbids, and where transitions have no inputs.
  std::vector<double> coefficients(int from, int to) const;
  void set_coefficients(int from, int to, std::span<const double> gamma);
  /// δ_k, likewise.
  std::vector<double> initial_coefficients(int state) const;
  void set_initial_coefficients(int state, std::span<const double> delta);
  /// p(z_t = · | z_{t−1} = from, u_t = inputs); inputs are none where transitions have none.
  std::vector<double> transitions(int from, std::span<const double> inputs) const;
  /// p(z_1 = · | u_1 = inputs); inputs are none where there are no initial ones.
  std::vector<double> initial(std::span<const double> inputs) const;

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
  std::vector<double> parameters() const;  ///< π, A (what has no inputs), then δ, γ
  void set_parameters(std::span<const double> v);
  /// initial[k], transition[i,j], initial_logit[k,c], logit[i,j,c]: c = 0 the intercept, then the inputs.
  std::vector<std::string> parameter_names() const;

 private:
  friend class InputSteps;
  // The states that may follow one state, or come first: the reference, then the others, which have coefficients.
  struct Moves {
    std::vector<int> to;
    std::size_t gamma = 0;  // where its coefficients begin
    std::size_t sums = 0;   // where its sums begin
    int terms = 0;          // intercept and inputs; 0: without inputs

    bool is_logit() const { return terms > 0 && to.size() > 1; }
    std::size_t coefficients() const;
    std::size_t size() const;  // of its sums
  };
  template <class Visit>
  void for_each_logit(Visit visit) const;
  void add(Moves& moves, std::span<const double> form);
  const Moves& checked(int from, int to) const;
  const Moves& checked_first(int state) const;
  std::vector<double> coefficients(const Moves& moves, int to) const;
  void set_coefficients(const Moves& moves, int to, std::span<const double> values);
  void set_gamma(std::span<const double> gamma);
  std::vector<double> probabilities(const Moves& moves, std::span<const double> inputs) const;
  // Statistics of start_, zero for what depends on inputs; and where they begin among those of the chain.
  std::vector<double> plain_statistics(std::span<const double> sum) const;
  std::size_t plain_first() const;
  std::size_t plain_moves() const;

  MarkovChain start_;  // what depends on inputs is fixed, and says which states there are
  std::vector<int> inputs_, initial_inputs_;
  Moves first_;
  std::vector<Moves> moves_;
  std::vector<double> gamma_;
};

/// A path drawn from left to right. Refers to the chain.
class InputChain::Path {
 public:
  explicit Path(const InputChain& chain) : chain_(chain) {}
  Path(const InputChain& chain, int state) : chain_(chain), state_(state) {}
  /// The state of the next row, whose covariates are those of row `row` of x. Throws UnsupportedError for row < 0 (a
  /// row that is not there) where it depends on them.
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
