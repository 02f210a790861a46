// Small data sets and models that many tests share. Everything is deterministic.
#pragma once

#include <cmath>
#include <limits>
#include <vector>

#include <jensen/data/table.h>
#include <jensen/math/random.h>
#include <jensen/models/gaussian_mixture.h>

namespace jensen::support {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

/// n rows in d columns from `clusters` overlapping normals, correlated within; row i comes from cluster i % clusters.
inline std::vector<double> clustered_values(std::int64_t n, int d, int clusters, std::uint64_t seed = 1,
                                            double separation = 3) {
  std::vector<double> column_major(static_cast<std::size_t>(n * d));
  for (std::int64_t i = 0; i < n; ++i) {
    Stream stream(seed, Purpose::test, 0, 0, static_cast<std::uint64_t>(i));
    const auto cluster = static_cast<double>(i % clusters);
    double previous = 0;
    for (int j = 0; j < d; ++j) {
      const double noise = stream.normal() * (1 + 0.4 * cluster) + 0.5 * previous;
      previous = noise;
      column_major[static_cast<std::size_t>(i + j * n)] = (j % 2 == 0 ? 1 : -0.6) * separation * cluster + noise + j;
    }
  }
  return column_major;
}

inline Table clustered(std::int64_t n, int d, int clusters, std::uint64_t seed = 1, double separation = 3) {
  return Table(clustered_values(n, d, clusters, seed, separation), n, d);
}

/// The same with about one cell in seven missing, and one row without any cell.
inline Table clustered_with_holes(std::int64_t n, int d, int clusters, std::uint64_t seed = 1, double separation = 3) {
  auto values = clustered_values(n, d, clusters, seed, separation);
  for (std::int64_t i = 0; i < n; ++i) {
    Stream stream(seed + 1000, Purpose::test, 0, 0, static_cast<std::uint64_t>(i));
    for (int j = 0; j < d; ++j) {
      if (stream.uniform() < 0.15 || i == n / 2) values[static_cast<std::size_t>(i + j * n)] = missing;
    }
  }
  return Table(std::move(values), n, d);
}

/// 0.25, 0.5, … 2.5 in turn, with a zero in between.
inline std::vector<double> uneven_weights(std::int64_t n) {
  std::vector<double> weights;
  for (std::int64_t i = 0; i < n; ++i) weights.push_back(i % 11 == 7 ? 0.0 : 0.25 * static_cast<double>(1 + i % 10));
  return weights;
}

/// The true cluster of every fifth row, −1 for the others.
inline std::vector<std::int32_t> some_labels(std::int64_t n, int clusters) {
  std::vector<std::int32_t> labels;
  for (std::int64_t i = 0; i < n; ++i) labels.push_back(i % 5 == 0 ? static_cast<std::int32_t>(i % clusters) : -1);
  return labels;
}

}  // namespace jensen::support
