#include <jensen/em/result.h>

#include <cmath>
#include <limits>

namespace jensen {

std::string to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::converged: return "converged";
    case Outcome::iteration_limit: return "iteration_limit";
    case Outcome::stopped_by_caller: return "stopped_by_caller";
    case Outcome::degenerate: return "degenerate";
    case Outcome::objective_fell: return "objective_fell";
    case Outcome::not_finite: return "not_finite";
    case Outcome::stalled: return "stalled";
    case Outcome::completed: return "completed";
  }
  return "unknown";
}

namespace {

double or_nan(int parameters) {
  return parameters < 0 ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(parameters);
}

}  // namespace

double Report::aic() const { return -2 * log_likelihood * observations / total_weight + 2 * or_nan(free_parameters); }

double Report::bic() const {
  return -2 * log_likelihood * observations / total_weight + or_nan(free_parameters) * std::log(observations);
}

double Report::icl() const { return bic() + 2 * state_entropy * observations / total_weight; }

}  // namespace jensen
