#include <jensen/math/sparse_panel.h>

#include <algorithm>
#include <limits>

namespace jensen::kernels {

Normalized normalize(SparsePanel& p, std::size_t rows, std::span<const double> weights, Workspace& workspace) {
  const std::size_t entries = p.values.size();
  if (workspace.size() < 3 * rows + entries) workspace.resize(3 * rows + entries);
  const auto part = [&](std::size_t at, std::size_t count) { return std::span(workspace).subspan(at * rows, count); };
  const auto largest = part(0, rows), total = part(1, rows), mean = part(2, rows);
  const auto below = part(3, entries);  // log-joints less the largest of their row
  constexpr double infinity = std::numeric_limits<double>::infinity();
  std::fill(largest.begin(), largest.end(), -infinity);
  std::fill(total.begin(), total.end(), 0.0);
  std::fill(mean.begin(), mean.end(), 0.0);

  for (std::size_t e = 0; e < entries; ++e) {
    double& own = largest[static_cast<std::size_t>(p.rows[e])];
    if (!(p.values[e] <= own)) own = p.values[e];  // NaN, too
  }
  for (std::size_t e = 0; e < entries; ++e) {
    const double shift = largest[static_cast<std::size_t>(p.rows[e])];
    below[e] = shift == -infinity ? p.values[e] : p.values[e] - shift;
    p.values[e] = below[e];
  }
  exp(p.values);
  for (std::size_t e = 0; e < entries; ++e) {
    const auto i = static_cast<std::size_t>(p.rows[e]);
    total[i] += p.values[e];
    if (p.values[e] != 0) mean[i] += p.values[e] * below[e];
  }

  Normalized sums;
  for (std::size_t i = 0; i < rows; ++i) {
    const double weight = weights.empty() ? 1 : weights[i];
    const double inverse = total[i] == 0 ? 0 : 1 / total[i];
    if (weight == 0) total[i] = 1;  // a row of weight 0 says nothing, whatever it holds
    if (weight != 0) {
      sums.log_likelihood += weight * largest[i];
      sums.entropy -= weight * mean[i] * inverse;
    }
    sums.weight += weight;
    mean[i] = weight * inverse;
  }
  for (std::size_t e = 0; e < entries; ++e) p.values[e] *= mean[static_cast<std::size_t>(p.rows[e])];
  log(total);
  for (std::size_t i = 0; i < rows; ++i) {
    if (largest[i] == -infinity) continue;  // of which nothing is possible
    const double logarithm = (weights.empty() ? 1 : weights[i]) * total[i];
    sums.log_likelihood += logarithm;
    sums.entropy += logarithm;
  }
  return sums;
}

}  // namespace jensen::kernels
