// The front door to Gaussian mixtures: what a person with data calls.
#pragma once

#include <jensen/em/fit.h>
#include <jensen/models/gaussian_mixture.h>
#include <jensen/prior.h>

namespace jensen {

struct GaussianMixtureOptions {
  int components = 1;
  Covariance covariance = Covariance::full;
  Prior prior = Prior::data_scaled;
  /// Of the fit's E-steps; the model that is returned computes in float64 whatever it was.
  Precision precision = Precision::float64;
};

/// Options of a fit from the data alone: k-means++ seeding, ten restarts.
inline Options from_data() {
  Options options;
  options.start = Start::k_means_plus_plus;
  options.restarts = 10;
  return options;
}

/// Fits K components by EM. `options.start` must not be Start::given.
/// Throws ArgumentError for options out of their domain and for more components than distinct rows; DataError for data
/// without rows, a column that is constant or wholly missing (unless the covariance is spherical and another one
/// varies), without a prior, columns that are linear combinations of others under a full or tied covariance, and, in
/// float32, missing cells.
Fitted<GaussianMixture> fit_gaussian_mixture(const Data& data, const GaussianMixtureOptions& model,
                                             const Options& options = from_data());

/// The same for one of many fits to the same data, which share what is known about them.
Fitted<GaussianMixture> fit_gaussian_mixture(SummarizedData& data, const GaussianMixtureOptions& model,
                                             const Options& options = from_data());

/// The same from given parameters, used as they are, in the precision of `start`.
Fitted<GaussianMixture> fit_gaussian_mixture(GaussianMixture start, const Data& data, Prior prior = Prior::data_scaled,
                                             Options options = {});

/// The model that a fit from data begins with, before its start: every component the data's mean and covariance, with
/// the prior and the resolution of the data set. For those who call fit() or the laws themselves.
GaussianMixture gaussian_mixture_for(const Data& data, const GaussianMixtureOptions& model, int threads = 0);
GaussianMixture gaussian_mixture_for(SummarizedData& data, const GaussianMixtureOptions& model, int threads = 0);

}  // namespace jensen
