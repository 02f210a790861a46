// What models of the same data are compared by.
#pragma once

#include <limits>

#include <jensen/em/result.h>

namespace jensen {

/// Lower is better for aic, bic and icl (their formulas stand at Report).
struct Criteria {
  double log_likelihood = 0;
  double log_prior = 0;  ///< 0 without a prior
  double observations = 0;
  int free_parameters = 0;
  double aic = 0;
  double bic = 0;
  double icl = 0;
  /// 1 − H(z | x) / (Σ w ln K), the entropy of the discrete latents: 1 where every row belongs to one component without
  /// doubt, 0 where nothing is known. 1 for K = 1, NaN where K or the entropy is unknown (Ramaswamy and others 1993).
  double normalized_entropy = std::numeric_limits<double>::quiet_NaN();
};
/// `states`: K of the model reported on, 0 where it has no discrete latents.
Criteria criteria(const Report& report, int states = 0);

}  // namespace jensen
