// The prior of Gaussian emissions from statistics of the whole data.
#include <jensen/emissions/gaussian.h>
#include <jensen/error.h>

#include <algorithm>

namespace jensen {

bool Gaussian::regularize(ConstSlice pooled, double rows) {
  if (!(pooled.sum[0] > 0)) return false;
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
