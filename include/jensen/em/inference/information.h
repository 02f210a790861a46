// Information about θ in its unconstrained coordinates u, by three routes that agree where all are open.
#pragma once

#include <vector>

#include <jensen/data/data.h>
#include <jensen/em/model.h>

namespace jensen {

/// The missing-information principle (Orchard and Woodbury 1972): observed = complete − missing. Matrices are p × p,
/// packed (math/cholesky.h), of the objective ℓ + log p(θ) as fitted: weights of either kind count as they stand.
struct Information {
  std::vector<double> coordinates;  ///< û
  std::vector<double> complete;     ///< −∂²[Q(u | û) + log p(u)]/∂u∂uᵀ
  std::vector<double> missing;      ///< what not seeing z costs
  std::vector<double> gradient;     ///< ∂(ℓ + log p)/∂u, zero at an optimum
  /// By coordinate: Q does not change along it, the data say nothing.
  std::vector<bool> silent;
  /// Largest difference between mirrored entries of the mixed derivative before it was made symmetric, relative to the
  /// complete information's diagonal: how far differences can be trusted. 0 for Louis, whose form is symmetric.
  double asymmetry = 0;
  double observations = 0;  ///< n as standard errors count it: Σ w, or rows of positive weight for sampling weights
  double weight = 0;        ///< Σ w
  int evaluations = 0;      ///< E-steps made

  std::size_t size() const { return coordinates.size(); }
  std::vector<double> observed() const;
};

/// Oakes (1999): observed information = −[∂²Q(u' | u)/∂u'∂u'ᵀ + ∂²Q(u' | u)/∂u'∂uᵀ] at u' = u = û. The second term
/// moves the E-step's u: 1 + 4p E-steps for p coordinates (±h and ±h/2 of each), 32 of them in one pass over the data.
/// Needs unconstrained and expected_log_joint. Errors: UnsupportedError; ArgumentError where the data do not fit the
/// model; DataError where they have no rows or the likelihood at θ is not finite.
Information oakes_information(const Model& theta, const Data& data, int threads = 0);

/// Louis (1982): missing information = Σ_i w_i Var_q(s_i(z)), s_i(z) the gradient of log p(x_i, z; θ), found by E-steps
/// on single rows with all mass on one state. Two passes, the second with 4 p K evaluations of Q a row. Needs rules and
/// states too, and that states are all the model's latents: a row with missing cells, or any other latent, is refused.
Information louis_information(const Model& theta, const Data& data, int threads = 0);

/// Supplemented EM (Meng and Rubin 1991): missing = DM · complete, DM_ij = ∂M_j/∂u_i the rate matrix of the EM map M,
/// by central differences about θ (Jamshidian and Jennrich 2000) instead of along a sequence of iterates. 1 + 4p
/// E-steps and 4p M-steps. Right where the M-step reaches the maximum of Q; refused for a model that says it does not.
Information supplemented_information(const Model& theta, const Data& data, int threads = 0);

}  // namespace jensen
