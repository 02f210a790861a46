// Data that the benchmarks share.
#pragma once

#include <jensen/data/table.h>
#include <jensen/models/gaussian_mixture.h>

namespace jensen::benchmarks {

/// K normals of unit variances, whose means scatter by so many standard deviations in each column.
GaussianMixture clusters(int columns, int components, Covariance structure, double scatter);

/// Rows of them; made once in a process for each shape.
const Table& rows_of_clusters(std::int64_t rows, int columns, int components, int scatter);

inline const Table& overlapping_clusters(std::int64_t rows, int columns, int components) {
  return rows_of_clusters(rows, columns, components, 2);
}

}  // namespace jensen::benchmarks
