#include "regression.h"

#include <jensen/data/formula.h>
#include <jensen/emissions/formula_schema.h>
#include <jensen/error.h>

#include <fmt/format.h>

using jensen::Error;

jensen::Schema regression(const RegressionArguments& a, DataArguments& data) {
  if (!a.formula) {
    if (a.family) throw Error("--family: does not apply without --regress");
    return {};
  }
  const jensen::Formula formula = jensen::parse_formula(*a.formula);
  if (formula.response.empty()) throw Error("--regress: must be 'y ~ a + b', with the response before ~");
  if (!formula.group.empty()) {
    if (data.group && *data.group != formula.group) {
      throw Error(fmt::format("--group: is '{}', but the formula's group is '{}'", *data.group, formula.group));
    }
    data.group = formula.group;
  }
  const std::string family = a.family.value_or("gaussian");
  if (!formula.trials.empty() && family != "binomial") {
    throw Error("--regress: 'y / trials ~ …' is for --family binomial, not " + family);
  }
  return {jensen::regression_part(formula, family)};
}
