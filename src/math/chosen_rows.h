// A few rows of a block for each component: the arithmetic of an E-step that leaves out what cannot count.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <jensen/data/panel.h>
#include <jensen/math/kernels.h>
#include <jensen/math/panel_kernels.h>

namespace jensen::kernels {

/// out[i] = constant − ½ (1 − 2⁻³²) (distance + direction · c_i)², c_i row i about the point: an upper bound, to
/// rounding, of constant − ½ ‖z + W c_i‖² where direction = Wᵀv and distance = v · z for a unit vector v. The factor
/// covers the rounding of v. Where a square is no finite number, because something overflowed, out[i] = constant.
struct DirectionTerm {
  const double* direction;
  double distance;
  double constant;
  double* out;
};
void bound_along_directions(const CenteredRows& x, std::span<const DirectionTerm> terms);

/// Adds Σ r_i, Σ r_i c_i and the lower triangle of Σ r_i c_i c_iᵀ, packed by rows, over the rows chosen: r_i is the
/// i-th of `r`, and c_i row chosen[i] of x, which has `columns` columns, about the point. Cell by cell rows are added
/// in their order. x holds no NaN.
void add_moments_of_rows(RowsInMemory x, int columns, std::span<const std::int32_t> chosen, const double* r,
                         const double* point, double* weight, double* first, double* second, Workspace& workspace);
/// The same with second[a] += Σ r_i c_ia² alone.
void add_squares_of_rows(RowsInMemory x, int columns, std::span<const std::int32_t> chosen, const double* r,
                         const double* point, double* weight, double* first, double* second, Workspace& workspace);

}  // namespace jensen::kernels
