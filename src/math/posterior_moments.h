// E-step and moments of a Gaussian mixture, at one go.
#pragma once

#include <cstddef>
#include <limits>
#include <span>

#include <jensen/data/panel.h>
#include <jensen/math/kernels.h>
#include <jensen/math/panel_kernels.h>

namespace jensen::kernels {

/// A block without NaN and a mixture's components: with full factors or with diagonal ones, the other span being empty.
/// All are served about one point, or each about its own mean. Their `out` is not used.
struct PosteriorMoments {
  ConstPanel x;
  RowsInMemory by_row;  ///< instead of x, where its data are null
  const double* point;  ///< on which rows are centred; nullptr: a component's `offset` is its mean, and it is that
  std::span<const TriangularTerm> triangular;
  std::span<const DiagonalTerm> diagonal;
  const double* log_weights;  ///< of the components
  const double* weights;      ///< of the rows; nullptr: ones
  std::span<const ColumnPair> pairs;
  double* sums;                      ///< pairs × components, added to
  double* left_out;                  ///< by component, added to: an upper bound of Σ_i r(i, k) that counted as 0
  std::span<const std::byte> ahead;  ///< to be fetched into the cache meanwhile
  /// > 0: a log-joint p(i, k) below log_weights[k] and the largest of its row by more than this may count as −∞; in
  /// rows whose largest is below `near`, by more than this and far_span.
  double span;
  double near = -std::numeric_limits<double>::infinity();
};

/// A share of 2⁻⁵⁴ is nothing, and may yet move a variance if its row is many standard deviations away. So 30 bits more
/// are asked of rows whose largest log-joint is further than this below the highest log-joint anywhere.
constexpr double furthest_near(std::size_t columns) { return 192 + static_cast<double>(columns); }
constexpr double far_span = 30 * 0.6931471805599453094;

/// With r(i, k) = w_i exp p(i, k) / Σ_l exp p(i, l) and p(i, k) = log_weights[k] + what add_triangular_log_densities()
/// or add_diagonal_log_densities() adds, does what add_pair_moments() does and returns what normalize() returns: to
/// rounding, and about a point with more than four columns to the same bits if nothing is left out; but without storing
/// a block's log-densities, and responsibilities once, where moments read them.
///
/// What counts is listed, and moments are formed of that alone, where it is a small enough part of all
/// (ListedShape::worth()). This is tried at the beginning of a call and given up as soon as 32 rows, or a portion of
/// 256, say otherwise. About means everything is listed.
Normalized add_posterior_moments(const PosteriorMoments& posterior, Workspace& workspace);

}  // namespace jensen::kernels
