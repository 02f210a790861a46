// A hidden Markov model whose emissions are chosen at run time, compiled once.
#pragma once

#include <jensen/emissions/any.h>
#include <jensen/models/hidden_markov.h>

namespace jensen {

extern template class HiddenMarkov<AnyEmissions>;
using AnyHiddenMarkov = HiddenMarkov<AnyEmissions>;

}  // namespace jensen
