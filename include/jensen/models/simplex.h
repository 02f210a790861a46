// Probability vectors in minimal, unconstrained coordinates.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace jensen {

/// Log-ratios log(π_k / π_last) of the positive entries against the last positive one. Zeros are structural: they have
/// no coordinate and stay zero. K positive entries give K − 1 numbers.
std::vector<double> simplex_to_logits(std::span<const double> simplex);
/// The inverse; `pattern` says which entries are zero.
std::vector<double> logits_to_simplex(std::span<const double> logits, std::span<const double> pattern);

/// `simplex` scaled to sum to 1. Throws ArgumentError naming `function` where there are not `size` numbers, one is
/// negative or not finite, or the sum is off by more than 1e-9.
std::vector<double> checked_simplex(std::vector<double> simplex, int size, std::string_view function);

}  // namespace jensen
