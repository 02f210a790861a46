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
  const double* point;  ///< on which rows are centred
  std::span<const TriangularTerm> triangular;
  std::span<const DiagonalTerm> diagonal;
  const double* log_weights;  ///< of the components
  const double* weights;      ///< of the rows; nullptr: ones
  std::span<const ColumnPair> pairs;
  double* sums;  ///< pairs × components, added to
};

/// With r(i, k) = w_i exp p(i, k) / Σ_l exp p(i, l) and p(i, k) = log_weights[k] + what add_triangular_log_densities()
/// or add_diagonal_log_densities() adds, does what add_pair_moments() does and returns what normalize() returns: to the
/// same bits, but without storing a block's log-densities, and responsibilities once, where moments read them.
Normalized add_posterior_moments(const PosteriorMoments& posterior, Workspace& workspace);

}  // namespace jensen::kernels
