// What every latent-variable model obeys, as a kit to run on a model of your own: no test framework needed.
//
//   LawSubject subject(MyModel{…}, data);          // at any parameters but an optimum; some hundred rows at most
//   const LawReport report = check_laws(subject);
//   std::cout << report;                           // one line per law
//   return report.holds() ? 0 : 1;
//
// A law that needs something the model lacks is reported as not applicable, with what it lacks; none is left out.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <jensen/data/data.h>
#include <jensen/em/model.h>

namespace jensen {

/// Under which changes of units, x → shift + scale · x, a model keeps its form.
enum class Scaling {
  by_column,  ///< every column its own positive scale
  common,     ///< one positive scale for all columns (spherical covariances)
};

/// A model and data to try it on, with what the laws cannot find out by themselves.
struct LawSubject {
  template <LatentModel M>
  LawSubject(M at, const Data& tried_on) : LawSubject(static_cast<const Model&>(Erased<M>(std::move(at))), tried_on) {}
  LawSubject(const Model& at, const Data& tried_on) : model(at.clone()), data(&tried_on) {}

  std::shared_ptr<const Model> model;  ///< at parameters where the M-step still moves
  const Data* data;                    ///< must outlive the subject; weights, labels and missing cells are tried too

  /// log p(x_row; θ) at the model's θ by other means than the model's own code: a sum over all z, say.
  /// Where units are sequences: of the sequence that begins with that row.
  std::function<double(const Block& x, std::int64_t row)> log_density;
  /// log p(x_row, z = state; θ): checks the posterior too, and makes log_density unnecessary.
  std::function<double(const Block& x, std::int64_t row, int state)> log_joint;
  /// A model for other data, as a user would make one: opens the law of equivariance.
  std::function<std::unique_ptr<Model>(const Data&)> make;
  Scaling scaling = Scaling::by_column;

  bool accepts_missing = false;  ///< NaN cells are integrated out: a row of them changes nothing
  bool exact_m_step = true;      ///< maximize() reaches the maximum of Q (+ log prior), rather than climb towards it

  std::uint64_t seed = 1;  ///< of the random perturbations, responsibilities and draws
  int steps = 20;          ///< EM steps of the law of ascent
};

enum class LawOutcome { held, broken, not_applicable };
std::string to_string(LawOutcome outcome);

struct LawResult {
  std::string law;
  LawOutcome outcome = LawOutcome::not_applicable;
  double discrepancy = 0;  ///< the worst found, relative to the natural scale of what is compared
  double tolerance = 0;    ///< what rounding may make of it
  std::string detail;      ///< one sentence: where the worst was found, or what the law lacks
};

struct LawReport {
  std::vector<LawResult> laws;

  bool holds() const;                                       ///< no law is broken
  std::vector<std::string> broken() const;                  ///< names of the broken laws
  const LawResult& operator[](std::string_view law) const;  ///< throws ArgumentError for a law that was not checked
};
std::string to_string(const LawReport& report);
std::ostream& operator<<(std::ostream& out, const LawReport& report);

/// Checks all laws, or those named. Throws ArgumentError for data without rows and names that are not law_names().
///
///   evidence             Σ w as reported; every number finite
///   ascent               objective never falls in `steps` EM steps (taken on trial where the model is tentative)
///   certificate          ℓ_old ≤ F(q_old, θ_new) ≤ ℓ_new in each of them (with the log prior added)
///   m_step_maximizes     ∇(Q + log prior) = 0 where the M-step ends
///   tight_bound          F(q_θ, θ) = ℓ(θ), the entropy being measured
///   bound_below          F(q_θ, θ') ≤ ℓ(θ') at the next iterate and at random θ'
///   rules                F(q, θ) ≤ ℓ(θ) for tempered, modal, drawn and given q
///   entropy_of_rules     the state entropy of each of these q is what its responsibilities say
///   gradient             ∇Q(θ | θ) = ∇ℓ(θ) by central differences
///   stationary           the gradient of the objective vanishes where a fit has converged
///   weights              integer weights ≡ repeated rows: statistics, ℓ, and after EM steps
///   zero_weight          weight 0 ≡ no such row
///   order                the order of rows does not matter
///   blocks               statistics and evidence add over blocks, on top of what is there, with used scratch memory
///   scale                c · statistics give the same M-step (models without a prior)
///   move                 moved statistics give the same Q, and move back
///   threads              1, 2, 3 and 7 threads give the same bits
///   parameters           set_parameters(parameters()) keeps every bit; as many names as numbers, all different
///   unconstrained        set_unconstrained(unconstrained()) keeps θ to rounding; as many as free parameters
///   brute_force          ℓ row by row against log_density or log_joint
///   score                score() against the E-step row by row
///   responsibilities     sum to 1, and match log_joint
///   sample               the same rows for the same seed however they are cut; others for another seed
///   sample_distribution  E[∇ log p(x; θ)] = 0 over a sample, within six standard errors
///   clone                an M-step on a copy leaves the original alone
///   random_start         random responsibilities lead to a finite likelihood that climbs
///   missing_row          a row of missing cells adds nothing to ℓ
///   free_labels          allowing every state ≡ no labels
///   fixed_labels         known states leave no state entropy, and Σ_k p(x, z = k) = p(x)
///   equivariance         other units and origins of x: ℓ changes by the Jacobian, responsibilities stay
LawReport check_laws(const LawSubject& subject, std::span<const std::string> only = {});
std::vector<std::string> law_names();

}  // namespace jensen
