#include <jensen/models/any_grouped_mixture.h>

namespace jensen {

template class GroupedMixture<AnyEmissions>;

}  // namespace jensen
