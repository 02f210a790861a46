#include <jensen/models/mixture_of_factor_analyzers.h>

namespace jensen {

template class Mixture<FactorAnalyzers>;

}  // namespace jensen
