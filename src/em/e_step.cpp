#include <jensen/em/e_step.h>
#include <jensen/execution/reduction.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace jensen {

Model::Scratch& EStep::scratch_of(int worker, const Model& model) {
  while (scratch_.size() < static_cast<std::size_t>(workers_.count())) {
    scratch_.push_back(model.scratch());
    scratch_.back()->work_with(workers_);
  }
  return *scratch_[static_cast<std::size_t>(worker)];
}

Expected EStep::view(const Data& data, const Model& model, const Rule& rule) {
  model.check_units(!data.sequences().empty());
  static_cast<void>(scratch_of(0, model));  // makes all of them, before there are threads
  const Expected zero{model.no_statistics(), {}};
  const auto pass = [&](double negligible) {
    rows_seen_ += data_.rows();
    for (auto& scratch : scratch_) scratch->leave_out_below(negligible);
    const auto visit = [&](Expected& sum, const Block& block, int worker) {
      sum.evidence += model.expect(block, rule, sum.statistics, *scratch_[static_cast<std::size_t>(worker)]);
    };
    Expected total = reduce(data, workers_, zero, visit, model.takes_rows(rule));
    const bool any = std::any_of(scratch_.begin(), scratch_.end(), [](const auto& s) { return s->left_out(); });
    for (auto& scratch : scratch_) scratch->leave_out_below(0);
    return std::pair(std::move(total), any);
  };
  // Of a state what is below 2⁻⁶⁴ of its weight adds nothing to sums in double precision, unless it receives nothing
  // else: where a state's weight falls that much at once, less is left out.
  for (const double negligible : {0x1p-64, 0x1p-90}) {
    auto [total, left_out] = pass(negligible);
    if (!left_out || model.resolved(total.statistics, negligible)) return std::move(total);
  }
  return pass(0).first;
}

Expected EStep::rows(const Model& model, const Rule& rule, std::int64_t first, std::int64_t last) {
  model.check_units(!data_.sequences().empty());
  rows_seen_ += last - first;
  Expected total{model.no_statistics(), {}};
  BlockBuffer buffer;
  const ChunkLayout layout = chunk_layout(data_.rows(), data_.columns(), data_.sequences());
  while (first < last) {
    const std::int64_t next = layout.block_end(first, last);
    const Block block = data_.block(first, next - first, buffer);
    first = next;
    total.evidence += model.expect(block, rule, total.statistics, scratch_of(0, model));
  }
  return total;
}

std::int64_t EStep::unit_begin(std::int64_t row) const {
  const auto sequences = data_.sequences();
  if (sequences.empty() || row >= data_.rows()) return std::min(row, data_.rows());
  return *std::lower_bound(sequences.begin(), sequences.end(), row);
}

double EStep::weight(std::int64_t first, std::int64_t last) const {
  double total = 0;
  BlockBuffer buffer;
  const ChunkLayout layout = chunk_layout(data_.rows(), data_.columns(), data_.sequences());
  while (first < last) {
    const std::int64_t next = layout.block_end(first, last);
    const Block block = data_.block(first, next - first, buffer);
    for (std::int64_t i = 0; i < block.rows(); ++i) total += block.weight(i);
    first = next;
  }
  return total;
}

int EStep::evaluations() const {
  const std::int64_t rows = std::max<std::int64_t>(1, data_.rows());
  return static_cast<int>((rows_seen_ + rows - 1) / rows);
}

Bound bound_of(const Model& theta, const Expected& expected) {
  Bound bound;
  bound.log_likelihood = expected.evidence.log_likelihood;
  bound.entropy = expected.evidence.entropy;
  // An expansion of Q about the E-step's θ is Q there and nowhere else.
  const bool known = theta.can(Capability::expected_log_joint) &&
                     (theta.can(Capability::global_bound) || theta.no_statistics().about == expected.statistics.about);
  bound.expected_log_joint =
      known ? theta.expected_log_joint(expected.statistics) : std::numeric_limits<double>::quiet_NaN();
  return bound;
}

}  // namespace jensen
