#include <jensen/models/any_mixture.h>

namespace jensen {

template class Mixture<AnyEmissions>;

}  // namespace jensen
