// The most probable path of a hidden chain.
#pragma once

#include <cstdint>
#include <span>

#include <jensen/concepts.h>
#include <jensen/models/markov_chain.h>

namespace jensen {

/// argmax over z of p(x, z; θ) for each sequence of the block (Viterbi 1967), the first of equals in each step; −1 in
/// all rows of a sequence that no path can explain. log_density holds log p(x_t | k) (rows × K) and is
/// set to −∞ for states that the block rules out. `value` (if not empty) receives, per sequence, log p(x, z*). O(T K²)
/// time, 4 T K bytes.
void viterbi(const Block& x, const MarkovChain& chain, Panel log_density, std::span<std::int32_t> path,
             std::span<double> value = {});

/// Where the sequences of a block begin within it, and the number of its rows at the end; a block without sequences is
/// one.
std::vector<std::int64_t> sequence_bounds(const Block& x);

}  // namespace jensen
