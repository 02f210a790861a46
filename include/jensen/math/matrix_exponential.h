// exp(A) of generators of Markov processes and of matrices like them.
#pragma once

#include <span>
#include <vector>

namespace jensen {

/// exp(A), size × size row by row, of a matrix whose off-diagonal entries are ≥ 0 (essentially non-negative): after a
/// shift by the smallest diagonal entry, scaling and squaring of Taylor's series adds and multiplies nothing negative,
/// so that every entry is right to relative accuracy, however small (Xue and Ye 2008), and a zero that A's pattern
/// makes is a zero. Throws ArgumentError for another number of entries, an off-diagonal one that is negative, and one
/// that is not finite.
std::vector<double> exponential_of_essentially_nonnegative(std::span<const double> a, int size);

}  // namespace jensen
