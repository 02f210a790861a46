#include <jensen/em/criteria.h>

#include <cmath>

namespace jensen {

Criteria criteria(const Report& report, int states) {
  Criteria c;
  c.log_likelihood = report.log_likelihood;
  c.log_prior = report.log_prior;
  c.observations = report.observations;
  c.free_parameters = report.free_parameters;
  c.aic = report.aic();
  c.bic = report.bic();
  c.icl = report.icl();
  if (states == 1) c.normalized_entropy = 1;
  if (states > 1) c.normalized_entropy = 1 - report.state_entropy / (report.total_weight * std::log(states));
  return c;
}

}  // namespace jensen
