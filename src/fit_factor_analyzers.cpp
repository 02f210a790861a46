#include <jensen/em/summary.h>
#include <jensen/error.h>
#include <jensen/fit_factor_analyzers.h>

#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

#include "math/packed_matrix.h"

namespace jensen {

MixtureOfFactorAnalyzers factor_analyzers_for(const Data& data, const FactorAnalyzersOptions& model, int threads) {
  if (!(model.noise_floor >= 0) || !(model.noise_floor < 1)) {
    throw ArgumentError("fit_factor_analyzers", "noise_floor",
                        fmt::format("must be in [0, 1), got {}", model.noise_floor));
  }
  const bool isotropic = model.structure.isotropic_noise;
  gaussian_mixture_for(data, {model.components, isotropic ? Covariance::spherical : Covariance::diagonal}, threads);
  FactorAnalyzers analyzers(model.components, data.columns(), model.factors, model.structure);
  Workers workers(threads);
  const Summary summary = summarize(data, workers);
  const int d = data.columns();
  const int q = model.factors;
  Eigen::VectorXd scale = Eigen::VectorXd::Ones(d);
  std::vector<double> variances;
  std::vector<double> floor;
  for (int j = 0; j < d; ++j) {
    variances.push_back(summary.covariance[packed_index(j, j)]);
    floor.push_back(model.noise_floor * variances.back());
    if (!isotropic) scale(j) = std::sqrt(variances.back());
  }
  const Eigen::MatrixXd covariance = unpack_symmetric(summary.covariance, d);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(scale.cwiseInverse().asDiagonal() * covariance *
                                                              scale.cwiseInverse().asDiagonal());
  const double rest = std::max(0.0, solver.eigenvalues().head(d - q).mean());
  std::vector<double> loadings(static_cast<std::size_t>(d * q));
  std::vector<double> noise;
  for (int j = 0; j < d; ++j) {
    double explained = 0;
    for (int a = 0; a < q; ++a) {
      const double size = std::sqrt(std::max(0.0, solver.eigenvalues()(d - 1 - a) - rest));
      const double loading = scale(j) * solver.eigenvectors()(j, d - 1 - a) * size;
      loadings[static_cast<std::size_t>(j * q + a)] = loading;
      explained += loading * loading;
    }
    const double variance = variances[static_cast<std::size_t>(j)];
    if (!isotropic)
      noise.push_back(std::max({variance - explained, 0.05 * variance, floor[static_cast<std::size_t>(j)]}));
  }
  double mean_variance = 0;
  for (double v : variances) mean_variance += v / d;
  if (isotropic) noise.push_back(std::max({rest, 1e-12 * mean_variance, model.noise_floor * mean_variance}));

  const auto repeated = [](const std::vector<double>& of, int times) {
    std::vector<double> all;
    for (int i = 0; i < times; ++i) all.insert(all.end(), of.begin(), of.end());
    return all;
  };
  analyzers.set_noise_floor(floor);
  analyzers.set(repeated(summary.location, model.components),
                repeated(loadings, model.structure.tied_loadings ? 1 : model.components),
                repeated(noise, model.structure.tied_noise ? 1 : model.components));
  return MixtureOfFactorAnalyzers(std::move(analyzers));
}

Fitted<MixtureOfFactorAnalyzers> fit_factor_analyzers(const Data& data, const FactorAnalyzersOptions& model,
                                                      const Options& options) {
  options.validate();
  if (options.start == Start::given) {
    throw ArgumentError("fit_factor_analyzers", "start", "is 'given', but no parameters are: fit a mixture yourself");
  }
  return fit(factor_analyzers_for(data, model, options.threads), data, options);
}

}  // namespace jensen
