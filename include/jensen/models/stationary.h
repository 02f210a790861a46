// The distribution that a Markov chain keeps: π A = π.
#pragma once

#include <span>
#include <vector>

namespace jensen {

/// π with π A = π and Σ π = 1; transitions: K × K, row by row, rows that sum to 1. By the elimination of Grassmann,
/// Taksar and Heyman (1985), which subtracts nothing; states that the chain leaves for good have 0. Empty where there
/// is more than one such π: the chain has several sets of states that it never leaves.
std::vector<double> stationary_distribution(std::span<const double> transitions, int states);

/// Moves A, K × K, uphill on
///
///   f(A) = Σ_k first_k log π_k(A) + Σ_ij counts_ij log A_ij,   π(A) A = π(A),
///
/// until no step raises it any more. counts ≥ 0 are 0 where A_ij has to stay 0. With Z = (I − A + 1 πᵀ)⁻¹ and
/// v = Z (first / π), ∂f/∂A_ij = counts_ij / A_ij + π_i v_j (Schweitzer 1968); a step goes towards
/// A_ij ∝ counts_ij + A_ij π_i (v_j − min v), which is uphill, and is halved until f rises: f never falls. Rows whose
/// counts and π are 0 stay. Returns π(A).
std::vector<double> climb_to_stationary(std::span<double> transitions, std::span<const double> first,
                                        std::span<const double> counts);

}  // namespace jensen
