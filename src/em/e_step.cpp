#include <jensen/em/e_step.h>
#include <jensen/execution/reduction.h>

#include <limits>

namespace jensen {

Expected EStep::operator()(const Model& model, const Rule& rule) {
  model.check_units(!data_.sequences().empty());
  ++evaluations_;
  while (scratch_.size() < static_cast<std::size_t>(workers_.count())) scratch_.push_back(model.scratch());
  const Expected zero{model.no_statistics(), {}};
  return reduce(data_, workers_, zero, [&](Expected& total, const Block& block, int worker) {
    total.evidence += model.expect(block, rule, total.statistics, *scratch_[static_cast<std::size_t>(worker)]);
  });
}

Bound bound_of(const Model& theta, const Expected& expected) {
  Bound bound;
  bound.log_likelihood = expected.evidence.log_likelihood;
  bound.entropy = expected.evidence.entropy;
  bound.expected_log_joint = theta.can(Capability::expected_log_joint) ? theta.expected_log_joint(expected.statistics)
                                                                       : std::numeric_limits<double>::quiet_NaN();
  return bound;
}

}  // namespace jensen
