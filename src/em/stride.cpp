#include <jensen/em/stride.h>

#include <cmath>

namespace jensen {

void HalvingStride::look_at(const Model& accepted, const Model& next) {
  tentative_ = next.tentative();
  share_ = 0;
  lost_way_ = false;
  if (!tentative_) return;
  next.require(Capability::unconstrained, "an M-step on trial");
  from_ = accepted.unconstrained();
}

Proposal HalvingStride::propose(const Model& accepted, std::unique_ptr<Model> next) {
  look_at(accepted, *next);
  return on_trial(inner_.propose(accepted, std::move(next)));
}

Proposal HalvingStride::plain(const Model& accepted, std::unique_ptr<Model> next) {
  look_at(accepted, *next);
  return on_trial({std::move(next)});
}

Proposal HalvingStride::retreat() {
  if (lost_way_) return {};
  if (share_ == 0) return on_trial(inner_.retreat());
  if (share_ < std::ldexp(1.5, -most_halvings)) return {};
  share_ /= 2;
  for (std::size_t j = 0; j < to_.size(); ++j) to_[j] = from_[j] + 0.5 * (to_[j] - from_[j]);
  auto part = model_->clone();
  part->set_unconstrained(to_);
  return {std::move(part), true, share_};
}

Proposal HalvingStride::on_trial(Proposal candidate) {
  if (!tentative_ || candidate.trial) return candidate;
  to_ = candidate.model->unconstrained();
  // Where the step reached the edge of a range there are fewer coordinates, and no way back along them.
  lost_way_ = to_.size() != from_.size();
  share_ = 1;
  model_ = candidate.model->clone();
  return {std::move(candidate.model), true, share_};
}

}  // namespace jensen
