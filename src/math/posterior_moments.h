// E-step and moments of a Gaussian mixture, at one go.
#pragma once

#include <cstddef>
#include <span>

#include <jensen/data/panel.h>
#include <jensen/math/kernels.h>
#include <jensen/math/panel_kernels.h>

namespace jensen::kernels {

/// A block without NaN and a mixture's components, all served about one point: with full factors or with diagonal
/// ones, the other span being empty. Their `out` is not used.
struct PosteriorMoments {
  ConstPanel x;
  RowsInMemory by_row;  ///< instead of x, where its data are null
  const double* point;  ///< on which rows are centred
  std::span<const TriangularTerm> triangular;
  std::span<const DiagonalTerm> diagonal;
  const double* log_weights;  ///< of the components
  const double* weights;      ///< of the rows; nullptr: ones
  std::span<const ColumnPair> pairs;
  double* sums;                      ///< pairs × components, added to
  std::span<const std::byte> ahead;  ///< to be fetched into the cache meanwhile
  double span;                       ///< > 0: log-joints below a row's largest by more than this may count as −∞
};

struct PosteriorSums {
  Normalized sums;
  bool left_out = false;  ///< whether some log-joint may have counted as −∞
};

/// With r(i, k) = w_i exp p(i, k) / Σ_l exp p(i, l) and p(i, k) = log_weights[k] + what add_triangular_log_densities()
/// or add_diagonal_log_densities() adds, does what add_pair_moments() does and returns what normalize() returns: to the
/// same bits if nothing is left out, but without storing a block's log-densities, and responsibilities once, where
/// moments read them.
///
/// With diagonal factors, exps and moments are formed only of what lies within `span` where that is at most a quarter
/// of all. This is tried at the beginning of a call and given up as soon as 32 rows, or 64, … say otherwise.
PosteriorSums add_posterior_moments(const PosteriorMoments& posterior, Workspace& workspace);

}  // namespace jensen::kernels
