#include <jensen/em/bound.h>
#include <jensen/em/e_step.h>

namespace jensen {

Bound lower_bound(const Model& at, const Rule& rule, const Model& theta, const Data& data, int threads) {
  at.require(Capability::rules, "lower_bound");
  theta.require(Capability::global_bound, "lower_bound");
  Workers workers(threads);
  EStep e_step(data, workers);
  Bound bound = bound_of(theta, e_step(at, rule));
  bound.log_likelihood = e_step(theta).evidence.log_likelihood;
  return bound;
}

Bound lower_bound(const Model& theta, const Rule& rule, const Data& data, int threads) {
  theta.require(Capability::rules, "lower_bound");
  theta.require(Capability::expected_log_joint, "lower_bound");
  Workers workers(threads);
  return bound_of(theta, EStep(data, workers)(theta, rule));
}

}  // namespace jensen
