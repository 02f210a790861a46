// The posterior of a Gaussian mixture of which each row looks at few components: those near one that is remembered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include <jensen/data/panel.h>
#include <jensen/math/kernels.h>
#include <jensen/math/neighbourhoods.h>
#include <jensen/math/panel_kernels.h>
#include <jensen/math/sparse_panel.h>

namespace jensen::kernels {

/// Rows and a mixture's components, with full factors or with diagonal ones, the other span being empty. Offsets are
/// means, and `out` is not used.
struct NeighbourhoodPosterior {
  RowsInMemory x;
  std::size_t rows;
  std::span<const TriangularTerm> triangular;
  std::span<const DiagonalTerm> diagonal;
  int columns;
  const double* log_weights;  ///< of the components
  const double* weights;      ///< of the rows; nullptr: ones
  const Neighbourhoods* neighbourhoods;
  double least_log_weight;  ///< components that weigh less have no neighbourhood
  std::uint16_t* likely;    ///< by row: 1 + the component it was nearest to, 0 where that is unknown; nullptr: unknown
  /// A log-joint below min(0, log_weights[k]) and the largest of its row by more than this counts as −∞; in rows whose
  /// largest is below `near`, by more than this and far_span (posterior_moments.h).
  double span;
  double near = -std::numeric_limits<double>::infinity();
};

/// With r(i, k) as in posterior_moments.h, about the means, of what counts: the entries (i, k) of `r` by component,
/// rows in their order. `likely` becomes the component with the largest share. What it was decides what is looked at
/// and nothing else: results are the same to the last bit.
Normalized posterior_among_neighbours(const NeighbourhoodPosterior& p, SparsePanel& r, NeighbourhoodMemory& memory);

}  // namespace jensen::kernels
