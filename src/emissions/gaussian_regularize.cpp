// The prior of Gaussian emissions from statistics of the whole data.
#include <jensen/emissions/gaussian.h>
#include <jensen/error.h>

#include <algorithm>
#include <cmath>

namespace jensen {

namespace {

// The variances alone, where some column is to rounding a linear combination of columns before it; else nothing.
std::vector<double> without_collinear_covariances(const std::vector<double>& covariance, int d) {
  if (first_collinear_column(covariance, d, 1e-10) < 0) return {};
  std::vector<double> variances(covariance.size(), 0.0);
  for (int j = 0; j < d; ++j) variances[packed_index(j, j)] = covariance[packed_index(j, j)];
  return variances;
}

}  // namespace

bool Gaussian::regularize(ConstSlice pooled, double rows) {
  if (!(pooled.sum[0] > 0)) return false;
  if (has_matrices()) {
    const std::vector<double> location = maximizing_means(pooled);
    std::vector<double> covariance = scatter(pooled, 0, location);
    for (double& v : covariance) v /= pooled.sum[0];
    const auto variances = without_collinear_covariances(covariance, columns_);
    const auto varies = [&](int j) { return variances[packed_index(j, j)] > 0; };
    bool all_vary = !variances.empty();
    for (int j = 0; j < columns_; ++j) all_vary = all_vary && varies(j);
    if (all_vary) {
      std::vector<double> all_means;
      for (int k = 0; k < components_; ++k)
        all_means.insert(all_means.end(), location.begin(), location.begin() + columns_);
      const std::vector<std::vector<double>> each(static_cast<std::size_t>(components_), variances);
      set(std::move(all_means), in_shape(structure_, columns_, each, groups_));
      set_prior({rows, variances});
      return true;
    }
  }
  Gaussian whole = *this;
  whole.set_prior({});
  whole.maximize(pooled);
  const auto found = whole.degeneracies();
  if (std::any_of(found.begin(), found.end(), [](const Degeneracy& d) { return d.component == 0 && d.fatal; })) {
    return false;
  }
  // Everything was in component 0, whose mean and covariance all take.
  const auto d = static_cast<std::size_t>(columns_);
  std::vector<double> means = whole.means_;
  std::vector<double> covariances = whole.covariances_;
  const std::size_t shape = shape_size();
  for (std::size_t j = d; j < means.size(); ++j) means[j] = means[j - d];
  for (std::size_t j = shape; j < covariances.size(); ++j) covariances[j] = covariances[j - shape];
  std::vector<double> scale = whole.covariance(0);
  set(std::move(means), std::move(covariances));
  set_prior({rows, std::move(scale)});
  return true;
}

}  // namespace jensen
