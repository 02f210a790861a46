#include <jensen/models/any_hidden_markov.h>

namespace jensen {

template class HiddenMarkov<AnyEmissions, AnyChain>;

}  // namespace jensen
