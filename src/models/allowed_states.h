// Labels as part of the prior on z: what a row may not be in gets probability 0 before anything else happens.
#pragma once

#include <jensen/concepts.h>

namespace jensen {

/// p(i, k) = −∞ for the states that the block rules out for row i. Throws ArgumentError where the labels are about
/// another number of states.
void rule_out_states(const Block& x, Panel log_joint);

/// The caller's responsibilities, normalised over the states that each row may be in; a row whose given states are all
/// ruled out by its label spreads evenly over those that it may be in. Throws ArgumentError, naming the row, for a
/// number that is negative or not finite.
void allowed_responsibilities(const Block& x, const Given& rule, Panel q);

}  // namespace jensen
