#include "clusters.h"

#include <jensen/math/random.h>
#include <jensen/models/gaussian_mixture.h>

#include <map>
#include <vector>

namespace jensen::benchmarks {

GaussianMixture clusters(int columns, int components, Covariance structure, double scatter) {
  Gaussian gaussian(components, columns, structure);
  Stream stream(7, Purpose::test);
  std::vector<double> means(static_cast<std::size_t>(components * columns));
  for (double& m : means) m = scatter * stream.normal();
  std::vector<double> unit;
  for (int a = 0; a < columns; ++a) {
    if (structure == Covariance::full) unit.insert(unit.end(), static_cast<std::size_t>(a), 0.0);
    unit.push_back(1);
  }
  std::vector<double> covariances;
  for (int k = 0; k < components; ++k) covariances.insert(covariances.end(), unit.begin(), unit.end());
  gaussian.set(std::move(means), std::move(covariances));
  return GaussianMixture(std::move(gaussian));
}

const Table& rows_of_clusters(std::int64_t rows, int columns, int components, int scatter) {
  static std::map<std::vector<std::int64_t>, Table> tables;
  const std::vector<std::int64_t> key{rows, columns, components, scatter};
  const auto found = tables.find(key);
  if (found != tables.end()) return found->second;
  std::vector<double> values(static_cast<std::size_t>(rows * columns));
  const Panel panel{values.data(), rows, columns, rows};
  clusters(columns, components, Covariance::diagonal, scatter).sample(1, 0, panel, {});
  return tables.emplace(key, Table(std::move(values), rows, columns)).first->second;
}

}  // namespace jensen::benchmarks
