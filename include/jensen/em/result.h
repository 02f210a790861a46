// What a fit reports: how it ended, the certificate of its ascent, and every start that it tried.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <jensen/concepts.h>

namespace jensen {

/// How a fit ended.
enum class Outcome {
  converged,          ///< the gain still to come is estimated below the tolerance, and the gradient agrees
  iteration_limit,    ///< max_iterations M-steps done
  stopped_by_caller,  ///< the callback said so
  degenerate,         ///< a component has no valid M-step: the likelihood is unbounded there
  objective_fell,     ///< an M-step lowered the objective beyond rounding: the model's M-step or Q is wrong
  not_finite,         ///< the likelihood is −∞ or not a number
  stalled,            ///< the M-step no longer moves, yet the gradient is not zero
  completed,          ///< a stochastic algorithm did all that it was asked to; there is no claim of convergence
};
std::string to_string(Outcome outcome);

/// F(q, θ) and its parts (all of them sums over weighted observations).
struct Bound {
  double log_likelihood = 0;      ///< ℓ(θ) = Σ w_i log p(x_i; θ)
  double expected_log_joint = 0;  ///< Q = E_q[log p(x, z; θ)]
  double entropy = 0;             ///< H(q)

  double value() const { return expected_log_joint + entropy; }  ///< F(q, θ) ≤ ℓ(θ)
  double gap() const { return log_likelihood - value(); }        ///< Σ w_i KL(q_i ‖ p(z | x_i; θ)) ≥ 0
};

/// The objective at one θ. Readings of different epochs (a new temperature, say) do not compare.
struct Reading {
  int epoch = 0;
  double log_likelihood = 0;
  double log_prior = 0;
  /// What is climbed in place of ℓ(θ): F(q, θ) where q is not the posterior (classification, restricted, incremental,
  /// sparse), F with the entropy times T (annealed); in the passes of online EM Σ w_i log p(x_i; θ), each batch at the
  /// θ of its turn. NaN: nothing, it is ℓ(θ) itself. Where it is not, ℓ(θ) may be unknown and NaN.
  double surrogate = std::numeric_limits<double>::quiet_NaN();
  double objective() const { return (std::isnan(surrogate) ? log_likelihood : surrogate) + log_prior; }
};

/// One accepted θ. NaN stands for what is not known yet or what the model cannot measure.
struct Step {
  int iteration = 0;    ///< M-steps behind this θ
  int evaluations = 0;  ///< passes over the data so far
  Reading reading;
  double bound = 0;      ///< F(q_old, θ) + log p(θ): what the M-step promised; lies between the two objectives
  double gain = 0;       ///< objective minus the previous step's
  double remaining = 0;  ///< Aitken's estimate of the gain still to come
  double seconds = 0;    ///< since the start of the fit
};

/// What a callback sees.
struct Progress {
  int restart = 0;
  int restarts = 1;
  const Step& step;
};

/// One start and where it led.
struct RestartReport {
  std::uint64_t seed = 0;  ///< with restarts = 1 this seed repeats the start alone
  Outcome outcome = Outcome::not_finite;
  std::string message;
  double log_likelihood = 0;
  double log_prior = 0;
  int iterations = 0;
  int evaluations = 0;
  bool degenerate = false;  ///< some component ended degenerate: ranked behind the starts without one
};

/// An optimum and how many starts reached it (objectives within 1e-6 per observation of each other).
struct Optimum {
  double objective = 0;
  int starts = 0;
};

struct Report {
  Outcome outcome = Outcome::not_finite;
  std::string message;  ///< one sentence for people
  bool converged() const { return outcome == Outcome::converged; }

  double log_likelihood = 0;  ///< at the parameters returned
  double log_prior = 0;       ///< 0 without a prior
  double objective() const { return log_likelihood + log_prior; }
  int iterations = 0;
  int evaluations = 0;  ///< passes over the data by the returned start

  double observations = 0;  ///< n as BIC counts it: Σ w (frequency weights) or rows of positive weight (sampling)
  double total_weight = 0;  ///< Σ w
  std::int64_t rows = 0;
  int free_parameters = -1;  ///< −1 where the model does not say

  Bound bound;           ///< at the parameters returned; entropy and Q are NaN where the model lacks them
  bool monotone = true;  ///< every step that had to climb did: ℓ_old ≤ F(q_old, θ_new) ≤ ℓ_new, to rounding
  double gradient = 0;   ///< largest gain per observation that a Newton step along one coordinate of Q promises at the
                         ///< end; NaN where the model has no Q in unconstrained coordinates

  std::vector<Degeneracy> degeneracies;
  std::vector<std::vector<std::int64_t>> degenerate_rows;  ///< for each: up to ten rows (from 0) that it rests on
  std::vector<Step> trace;                                 ///< of the returned start, step 0 being the start itself
  int best_restart = 0;
  std::vector<RestartReport> restarts;
  std::vector<Optimum> optima;  ///< best first; starts that ended degenerate, fell or were not finite do not count

  double start_seconds = 0;  ///< finding the returned start
  double fit_seconds = 0;    ///< everything, all restarts

  // With ℓ* = ℓ for frequency weights and ℓ n / Σ w for sampling weights; lower is better. NaN without a parameter
  // count.
  double aic() const;        ///< −2 ℓ* + 2 p
  double bic() const;        ///< −2 ℓ* + p ln n
  double icl() const;        ///< bic + 2 H(z | x): Biernacki, Celeux and Govaert (2000), with the posterior's entropy
  double state_entropy = 0;  ///< H(z | x) of the discrete latents alone; NaN where the model has none
};

}  // namespace jensen
