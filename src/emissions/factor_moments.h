// What the E-step and the M-step of factor analysers share.
#pragma once

#include <jensen/emissions/factor_analyzers.h>
#include <jensen/math/cholesky.h>

namespace jensen {

struct FactorAnalyzers::Posterior {
  std::vector<double> covariance;  // V, packed
  std::vector<double> gain;        // V Λ_oᵀ Ψ_o⁻¹, q × |o| row by row
  double log_determinant = 0;      // log|Σ_oo|
  double log_determinant_v = 0;    // log|V|
};

/// By component the statistics hold N, Σ r m, Σ r (m mᵀ + V), Σ r (x − a), Σ r (x − a) fᵀ and Σ r (x − a)², each an
/// expectation given x_o, in this order. Here they are about the mean of x and of m, where the regressions have no
/// constant: μ = mean_x − Λ mean_f.
struct FactorAnalyzers::Moments {
  double weight = 0;
  std::vector<double> mean_f;  // q
  std::vector<double> ff;      // q(q+1)/2
  std::vector<double> mean_x;  // d
  std::vector<double> xf;      // d × q
  std::vector<double> xx;      // d
};

}  // namespace jensen
