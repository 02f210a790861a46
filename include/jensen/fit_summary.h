// What a model file keeps of the report on a fit.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <jensen/em/constraints.h>
#include <jensen/em/criteria.h>
#include <jensen/em/inference/uncertainty_summary.h>
#include <jensen/prior.h>

namespace jensen {

struct FitSummary : Criteria {
  Outcome outcome = Outcome::not_finite;
  std::string message;
  int iterations = 0;
  Prior prior = Prior::data_scaled;
  std::uint64_t seed = 0;  ///< with one restart it repeats the fit alone
  std::vector<Degeneracy> degeneracies;
  Constraints constraints;                            ///< under which it was made
  std::optional<UncertaintySummary> standard_errors;  ///< where they were asked for
};
/// `states`: K of the model reported on, 0 where it has no discrete latents.
FitSummary summarize(const Report& report, Prior prior, int states = 0, Constraints constraints = {});

}  // namespace jensen
