// A way off a local optimum that a restart rarely finds: two components that share their rows become one, and the slot
// that gets free takes half of a component that fits its rows badly.
#pragma once

#include <jensen/em/fit.h>

namespace jensen {

struct SplitMerge {
  std::unique_ptr<Model> model;
  Report report;     ///< of the last climb that was kept; of the check that `fitted` is an optimum where none was
  int attempts = 0;  ///< climbs tried
  int accepted = 0;  ///< climbs that ended higher, and sound
};

/// Split-and-merge EM (Ueda, Nakano, Ghahramani and Hinton 2000). Pairs to merge are ranked by the cosine of their
/// responsibilities (their equation 3.1), components to split by −Σ r_i log p(x_i) / Σ r_i, which their local
/// Kullback divergence (3.2) is but for a constant, as p(x | k) = r p(x) / π_k. The component is cut across its longest
/// axis (columns in units of their standard deviations). Each round tries the five best candidates until one ends
/// higher by more than 1e-6 per observation; a round without one is the last, or after `rounds` of them. Works by
/// responsibilities alone, for any model with states, rules and score; fewer than three states are returned as they
/// are. `options`: as for a fit from given parameters. Throws UnsupportedError where the model lacks a capability.
SplitMerge split_and_merge(const Model& fitted, const Data& data, Options options, int rounds = 20);

}  // namespace jensen
