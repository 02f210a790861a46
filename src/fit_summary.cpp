#include <jensen/fit_summary.h>

#include <utility>

namespace jensen {

FitSummary summarize(const Report& report, Prior prior, int states, Constraints constraints) {
  FitSummary fit;
  static_cast<Criteria&>(fit) = criteria(report, states);
  fit.outcome = report.outcome;
  fit.message = report.message;
  fit.iterations = report.iterations;
  fit.prior = prior;
  const auto best = static_cast<std::size_t>(report.best_restart);
  if (best < report.restarts.size()) fit.seed = report.restarts[best].seed;
  fit.degeneracies = report.degeneracies;
  fit.constraints = std::move(constraints);
  return fit;
}

}  // namespace jensen
