// Forward and backward recursions of a hidden chain, vectorised over states and dispatched to the processor at run
// time.
//
// Arrays are time-major: `width` numbers a step, width = states rounded up to a multiple of 8, zeros beyond the states.
// Sums over states run in a fixed order, multiply-adds are fused: the same bits on every processor that fuses. Rows lie
// on boundaries of 64 bytes, or some loads take twice as long.
#pragma once

#include <cstddef>

#include <jensen/data/panel.h>

namespace jensen::kernels {

inline std::size_t chain_width(int states) { return (static_cast<std::size_t>(states) + 7) / 8 * 8; }

struct ChainShape {
  std::size_t steps = 0;
  std::size_t states = 0;
  std::size_t width = 0;
  bool reversed = false;  ///< step t is row steps − 1 − t of a panel

  std::size_t step_of(std::size_t row) const { return reversed ? steps - 1 - row : row; }
};

/// density(t, k) = exp(p(row of t, k) − shift), shift = max_k p(row, k), row by row; below e^−708 it is 0. False where
/// a shift is not finite. Columns of p can be read, shift written, up to the next multiple of 8 rows.
bool chain_densities(ConstPanel p, const ChainShape& shape, double* density, double* shift);

/// predicted_t(j) = Σ_i filtered_{t−1}(i) A_ij, or `initial` at the first step where it is not null;
/// normalizer_t = Σ_j predicted_t(j) density_t(j); filtered_t = predicted_t × density_t / normalizer_t; and in place
/// density_t / normalizer_t. `before` is the filtered row before the first step. memory: 2 × width numbers.
/// Returns the smallest normalizer, or product of two in a row up to a factor of 4 (NaN counts as 0): what the numbers
/// of a step sum to while it is worked on. At the first one below `least` it stops.
double chain_forward(const ChainShape& shape, const double* initial, const double* before, const double* transitions,
                     double least, double* density, double* filtered, double* normalizer, double* memory);

/// From the last step to the first, beta_t(i) = Σ_j A_ij weight_{t+1}(j) with weight_t = beta_t × density_t, written
/// over the scaled densities that chain_forward left; smoothed_t = filtered_t × beta_t. beta (width numbers) is that of
/// the last step before, that of the step before the first one after. transposed(j, i) = A_ij.
void chain_backward(const ChainShape& shape, const double* transposed, const double* filtered, double* density,
                    double* beta, double* smoothed);

/// The recursion for beta alone: returns the largest that came up (NaN counts as ∞).
double chain_largest_beta(const ChainShape& shape, const double* transposed, double* density, double* beta);

/// counts(i, j) += Σ_t left_t(i) right_t(j), width × width.
void chain_counts(const ChainShape& shape, const double* left, const double* right, double* counts);

/// p(row of t, k) ← weight × q_t(k) in place of log-densities; returns Σ_t Σ_k q_t(k) p(row of t, k) of before, with
/// 0 × −∞ = 0. Columns of p can be written up to the next multiple of 8 rows.
double chain_responsibilities(const ChainShape& shape, const double* q, double weight, Panel p);

}  // namespace jensen::kernels
