#include <jensen/emissions/formula_schema.h>
#include <jensen/emissions/schema_emissions.h>
#include <jensen/error.h>

#include <utility>

namespace jensen {

SchemaPart regression_part(const Formula& formula, const std::string& family) {
  const auto refuse = [](const std::string& problem) { throw ArgumentError("regression_part", "formula", problem); };
  if (formula.response.empty()) refuse("must be 'y ~ a + b', with the response before ~");
  SchemaPart part{{formula.response}, (family == "gaussian" ? "linear" : family) + "-regression", {}, {}};
  if (!formula.intercept) part.options.emplace_back("intercept", "no");
  if (!formula.offset.empty()) part.options.emplace_back("offset", formula.offset);
  if (!formula.trials.empty()) {
    if (family != "binomial") refuse("'y / trials ~ …' is for the family binomial, not " + family);
    part.options.emplace_back("trials", formula.trials);
  }
  return with_covariates(std::move(part), formula.terms);
}

}  // namespace jensen
