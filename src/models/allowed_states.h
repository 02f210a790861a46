// Labels as part of the prior on z: what a row may not be in gets probability 0 before anything else happens.
#pragma once

#include <jensen/concepts.h>

namespace jensen {

/// The caller's responsibilities, normalised over the states that each row may be in; a row whose given states are all
/// ruled out by its label spreads evenly over those that it may be in. Throws ArgumentError, naming the row, for a
/// number that is negative or not finite.
void allowed_responsibilities(const Block& x, const Given& rule, Panel q);

}  // namespace jensen
