// A mixture whose emissions are chosen at run time, compiled once.
#pragma once

#include <jensen/emissions/any.h>
#include <jensen/models/mixture.h>

namespace jensen {

extern template class Mixture<AnyEmissions>;
using AnyMixture = Mixture<AnyEmissions>;

}  // namespace jensen
