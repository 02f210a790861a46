#include "clusters.h"

#include <jensen/math/random.h>
#include <jensen/models/gaussian_mixture.h>

#include <map>
#include <vector>

namespace jensen::benchmarks {

const Table& overlapping_clusters(std::int64_t rows, int columns, int components) {
  static std::map<std::vector<std::int64_t>, Table> tables;
  const std::vector<std::int64_t> key{rows, columns, components};
  const auto found = tables.find(key);
  if (found != tables.end()) return found->second;
  Gaussian gaussian(components, columns, Covariance::spherical);
  Stream means(7, Purpose::test);
  std::vector<double> centers(static_cast<std::size_t>(components * columns));
  for (double& c : centers) c = 2 * means.normal();
  gaussian.set(std::move(centers), std::vector<double>(static_cast<std::size_t>(components), 1.0));
  std::vector<double> values(static_cast<std::size_t>(rows * columns));
  GaussianMixture(std::move(gaussian)).sample(1, 0, {values.data(), rows, columns, rows}, {});
  return tables.emplace(key, Table(std::move(values), rows, columns)).first->second;
}

}  // namespace jensen::benchmarks
