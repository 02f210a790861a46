#include <jensen/models/von_mises_fisher_mixture.h>

namespace jensen {

template class Mixture<VonMisesFisher>;

}  // namespace jensen
