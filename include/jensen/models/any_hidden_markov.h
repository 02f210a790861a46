// A hidden Markov model whose chain and emissions are chosen at run time, compiled once.
#pragma once

#include <jensen/emissions/any.h>
#include <jensen/models/any_chain.h>
#include <jensen/models/hidden_markov.h>

namespace jensen {

extern template class HiddenMarkov<AnyEmissions, AnyChain>;
using AnyHiddenMarkov = HiddenMarkov<AnyEmissions, AnyChain>;

}  // namespace jensen
