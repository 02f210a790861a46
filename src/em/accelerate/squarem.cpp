#include <jensen/em/accelerate/acceleration.h>

#include <algorithm>
#include <cmath>

#include "em/accelerate/vectors.h"

namespace jensen {

namespace {

constexpr double growth = 4;

}  // namespace

Proposal Squarem::propose(const Model& accepted, std::unique_ptr<Model> next) {
  auto here = accepted.unconstrained();
  const auto there = next->unconstrained();
  // A coordinate is gone where a probability has become 0: what was seen before is about another space.
  if (there.size() != here.size()) {
    points_.clear();
    return {std::move(next)};
  }
  if (points_.empty() || points_.front().size() != here.size()) {
    points_.clear();
    points_.push_back(std::move(here));
    return {std::move(next)};
  }
  const auto start = std::move(points_.front());
  points_.clear();
  const auto r = minus(here, start);
  const auto v = minus(minus(there, here), r);
  const double bend = std::sqrt(dot(v, v));
  const double wanted = bend > 0 ? std::sqrt(dot(r, r)) / bend : 1;
  const double length = std::clamp(wanted, 1.0, longest_);
  at_longest_ = length == longest_;
  if (at_longest_) longest_ *= growth;
  if (length == 1) return {std::move(next)};  // that is the plain θ₂
  std::vector<double> leap(start.size());
  for (std::size_t j = 0; j < leap.size(); ++j) leap[j] = start[j] + 2 * length * r[j] + length * length * v[j];
  auto model = at_coordinates(*next, leap);
  if (!model) return {std::move(next)};
  fallback_ = std::move(next);
  return {std::move(model), true};
}

Proposal Squarem::retreat() {
  if (at_longest_) longest_ = std::max(1.0, longest_ / (growth * growth));
  return {std::move(fallback_)};
}

void Squarem::save(StateWriter& out) const {
  put(out, points_);
  out.put(longest_);
}

void Squarem::load(StateReader& in) {
  points_ = get_vectors(in);
  longest_ = in.real();
}

}  // namespace jensen
