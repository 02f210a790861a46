// E-step and moments of a Gaussian mixture of few columns, at one go.
#pragma once

#include <cstddef>
#include <span>

#include <jensen/data/panel.h>
#include <jensen/math/kernels.h>
#include <jensen/math/panel_kernels.h>

namespace jensen::kernels {

constexpr int most_few_columns = 4;
constexpr std::size_t most_few_states = 16;

/// A block of at most most_few_columns columns without NaN, at most most_few_states components with full factors, and
/// all pairs of columns in the order (0, 0), (1, 0), (1, 1), (2, 0), …
struct FewColumns {
  ConstPanel x;
  const double* point;                    ///< on which rows are centred
  std::span<const TriangularTerm> terms;  ///< `out` is not used
  const double* log_weights;              ///< of the components
  const double* weights;                  ///< of the rows; nullptr: ones
  std::span<const ColumnPair> pairs;
  double* sums;  ///< components × pairs, added to
};

/// With r(i, k) = w_i exp p(i, k) / Σ_l exp p(i, l) and p(i, k) = log_weights[k] + what add_triangular_log_densities()
/// adds, does what add_pair_moments() does and returns what normalize() returns: to the same bits, but without storing
/// a block's log-densities or responsibilities.
Normalized add_posterior_moments(const FewColumns& few, Workspace& workspace);

}  // namespace jensen::kernels
