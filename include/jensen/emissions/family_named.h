// The families of one response by name, for callers who choose at run time.
#pragma once

#include <string_view>

#include <jensen/emissions/any.h>

namespace jensen {

/// What a family needs to know of the data.
struct FamilyContext {
  int columns = 1;      ///< 1, or 2 where exposures or trials follow the counts; the counts of a multinomial
  double smallest = 0;  ///< value of the first column: uniform
  double largest = 1;   ///< uniform, categorical (levels 0 … largest), negative-binomial, binomial without trials
};

/// normal, log-normal, exponential, gamma, weibull, beta, von-mises, uniform, poisson, negative-binomial, binomial,
/// geometric, zero-inflated-poisson, bernoulli, categorical, multinomial.
std::vector<std::string> family_names();

/// `states` states of that family. Throws ArgumentError for another name (listing those there are), or a number of
/// columns that the family does not read.
AnyEmissions family_named(std::string_view name, int states, const FamilyContext& context = {});

}  // namespace jensen
