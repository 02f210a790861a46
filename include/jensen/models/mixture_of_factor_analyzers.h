// Mixtures of factor analysers: clusters in many columns. One component is factor analysis, or, with isotropic noise,
// probabilistic principal components.
#pragma once

#include <jensen/emissions/factor_analyzers.h>
#include <jensen/models/mixture.h>

namespace jensen {

extern template class Mixture<FactorAnalyzers>;
using MixtureOfFactorAnalyzers = Mixture<FactorAnalyzers>;

}  // namespace jensen
