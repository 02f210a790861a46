// The front door to mixtures of factor analysers.
#pragma once

#include <jensen/fit_gaussian_mixture.h>
#include <jensen/models/mixture_of_factor_analyzers.h>

namespace jensen {

struct FactorAnalyzersOptions {
  int components = 1;
  int factors = 1;
  FactorStructure structure;
  /// Each ψ is kept at or above this share of its column's variance. 0.005 is what R's factanal does; 0 is plain
  /// maximum likelihood, unbounded where factors explain a column wholly.
  double noise_floor = 1e-6;
};

/// The model that a fit from data begins with: every component the data's mean and leading principal axes (of the
/// covariance where noise is isotropic, else of the correlations), with the floor of the data set. For one component
/// with isotropic noise this is the maximum itself (Tipping and Bishop 1999).
/// Throws ArgumentError and DataError as fit_gaussian_mixture does for diagonal covariances, spherical where noise is
/// isotropic.
MixtureOfFactorAnalyzers factor_analyzers_for(const Data& data, const FactorAnalyzersOptions& model, int threads = 0);

/// Fits by EM. `options.start` must not be Start::given.
Fitted<MixtureOfFactorAnalyzers> fit_factor_analyzers(const Data& data, const FactorAnalyzersOptions& model,
                                                      const Options& options = from_data());

}  // namespace jensen
