// Mixtures of von Mises–Fisher distributions: clusters of directions, such as text embeddings.
#pragma once

#include <jensen/emissions/von_mises_fisher.h>
#include <jensen/models/mixture.h>

namespace jensen {

extern template class Mixture<VonMisesFisher>;
using VonMisesFisherMixture = Mixture<VonMisesFisher>;

}  // namespace jensen
