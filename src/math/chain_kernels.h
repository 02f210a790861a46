// Forward and backward recursions of a hidden chain, vectorised over states and dispatched to the processor at run
// time.
//
// Arrays are time-major: `width` numbers a step, width = states rounded up to a multiple of 8, zeros beyond the states.
// Sums over states run in eight virtual lanes in a fixed order, multiply-adds are fused: the same bits on every
// processor that fuses.
#pragma once

#include <cstddef>

namespace jensen::kernels {

inline std::size_t chain_width(int states) { return (static_cast<std::size_t>(states) + 7) / 8 * 8; }

struct ChainShape {
  std::size_t steps = 0;
  std::size_t states = 0;
  std::size_t width = 0;
};

/// predicted_1 = initial, predicted_t(j) = Σ_i filtered_{t−1}(i) A_ij; normalizer_t = Σ_j predicted_t(j) density_t(j);
/// filtered_t = predicted_t × density_t / normalizer_t. Returns the smallest normalizer (NaN counts as 0), at the first
/// one below `least` it stops.
double chain_forward(const ChainShape& shape, const double* initial, const double* transitions, const double* density,
                     double least, double* filtered, double* predicted, double* normalizer);

/// From the last step to the first, with smoothed_T = filtered_T:
///   ratio_{t+1} = smoothed_{t+1} / predicted_{t+1} (0 where predicted is below 1e-300), in place of predicted;
///   smoothed_t(i) = filtered_t(i) Σ_j A_ij ratio_{t+1}(j).
/// transposed(j, i) = A_ij, width × width. counts(i, j) += Σ_t filtered_t(i) ratio_{t+1}(j), width × width: times A_ij
/// the expected transitions.
void chain_backward(const ChainShape& shape, const double* transposed, const double* filtered, double* predicted,
                    double* smoothed, double* counts);

}  // namespace jensen::kernels
