#include <jensen/models/any_hidden_markov.h>

namespace jensen {

template class HiddenMarkov<AnyEmissions>;

}  // namespace jensen
