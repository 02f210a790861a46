#include <jensen/em/accelerate/acceleration.h>

#include <Eigen/LU>

#include <algorithm>

#include "em/accelerate/vectors.h"

namespace jensen {

namespace {

constexpr std::size_t most_secants = 5;

}  // namespace

Proposal QuasiNewton::propose(const Model& accepted, std::unique_ptr<Model> next) {
  auto here = accepted.unconstrained();
  const auto there = next->unconstrained();
  // A coordinate is gone where a probability has become 0: what was seen before is about another space.
  if (there.size() != here.size() || (!a_.empty() && a_.front().size() != here.size())) {
    from_.clear();
    a_.clear();
    b_.clear();
    return {std::move(next)};
  }
  if (from_.size() != here.size()) {
    from_ = std::move(here);
    return {std::move(next)};
  }
  const auto a = minus(here, from_);
  if (a_.size() == std::min(most_secants, here.size())) {
    a_.erase(a_.begin());
    b_.erase(b_.begin());
  }
  a_.push_back(a);
  b_.push_back(minus(there, here));
  from_.clear();
  const auto q = static_cast<Eigen::Index>(a_.size());
  Eigen::MatrixXd matrix(q, q);
  Eigen::VectorXd right(q);
  for (Eigen::Index i = 0; i < q; ++i) {
    const auto& row = a_[static_cast<std::size_t>(i)];
    right(i) = dot(row, a);
    for (Eigen::Index j = 0; j < q; ++j) {
      matrix(i, j) = dot(row, a_[static_cast<std::size_t>(j)]) - dot(row, b_[static_cast<std::size_t>(j)]);
    }
  }
  const Eigen::FullPivLU<Eigen::MatrixXd> lu(matrix);
  if (!lu.isInvertible()) return {std::move(next)};
  const Eigen::VectorXd shares = lu.solve(right);
  for (std::size_t c = 0; c < b_.size(); ++c) {
    for (std::size_t j = 0; j < here.size(); ++j) here[j] += shares(static_cast<Eigen::Index>(c)) * b_[c][j];
  }
  auto model = at_coordinates(*next, here);
  if (!model) return {std::move(next)};
  fallback_ = std::move(next);
  return {std::move(model), true};
}

void QuasiNewton::save(StateWriter& out) const {
  out.put(from_);
  put(out, a_);
  put(out, b_);
}

void QuasiNewton::load(StateReader& in) {
  from_ = in.reals();
  a_ = get_vectors(in);
  b_ = get_vectors(in);
}

}  // namespace jensen
