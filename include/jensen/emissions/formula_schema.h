// A regression that a formula writes, as a part of a schema.
#pragma once

#include <string>

#include <jensen/data/formula.h>
#include <jensen/data/schema.h>

namespace jensen {

/// The response of the formula with its terms as covariates x1, x2, …, of `family` "gaussian" (linear-regression),
/// "poisson", "binomial" or "gamma". Terms are taken as they are: factors are to be coded before. Throws ArgumentError
/// for a formula without a response, and for trials where the family is not binomial; other names of families are for
/// check_schema() to refuse.
SchemaPart regression_part(const Formula& formula, const std::string& family);

}  // namespace jensen
