// A mixture over groups of rows whose emissions are chosen at run time, compiled once.
#pragma once

#include <jensen/emissions/any.h>
#include <jensen/models/grouped_mixture.h>

namespace jensen {

extern template class GroupedMixture<AnyEmissions>;
using AnyGroupedMixture = GroupedMixture<AnyEmissions>;

}  // namespace jensen
