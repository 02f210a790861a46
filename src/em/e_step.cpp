#include <jensen/em/e_step.h>
#include <jensen/execution/reduction.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace jensen {

namespace {

constexpr double least_left_out = 0x1p-90;  // below that, leaving out hardly pays

// What a pass over all rows sums.
struct Pass {
  Expected expected;
  std::vector<double> left_out;  // Model::Scratch::left_out()

  void add_left_out(std::span<const double> more) {
    left_out.resize(std::max(left_out.size(), more.size()));
    for (std::size_t k = 0; k < more.size(); ++k) left_out[k] += more[k];
  }
  Pass& operator+=(const Pass& other) {
    expected += other.expected;
    add_left_out(other.left_out);
    return *this;
  }
};

}  // namespace

std::span<std::uint16_t> EStep::likely_states() {
  const auto rows = static_cast<std::size_t>(data_.rows());
  // Zeros that take no memory before they are written.
  if (likely_ == nullptr) likely_.reset(static_cast<std::uint16_t*>(std::calloc(rows, sizeof(std::uint16_t))));
  return {likely_.get(), likely_ == nullptr ? 0 : rows};
}

Model::Scratch& EStep::scratch_of(int worker, const Model& model) {
  while (scratch_.size() < static_cast<std::size_t>(workers_.count())) {
    scratch_.push_back(model.scratch());
    scratch_.back()->work_with(workers_);
    scratch_.back()->note_likely_states(likely_states());
  }
  return *scratch_[static_cast<std::size_t>(worker)];
}

Expected EStep::view(const Data& data, const Model& model, const Rule& rule) {
  model.check_units(!data.sequences().empty());
  static_cast<void>(scratch_of(0, model));  // makes all of them, before there are threads
  const Pass zero{{model.no_statistics(), {}}, {}};
  const auto pass = [&](double negligible) {
    rows_seen_ += data_.rows();
    for (auto& scratch : scratch_) scratch->leave_out_below(negligible);
    const auto visit = [&](Pass& sum, const Block& block, int worker) {
      Model::Scratch& scratch = *scratch_[static_cast<std::size_t>(worker)];
      sum.expected.evidence += model.expect(block, rule, sum.expected.statistics, scratch);
      sum.add_left_out(scratch.left_out());
    };
    Pass total = reduce(data, workers_, zero, visit, model.takes_rows(rule));
    for (auto& scratch : scratch_) scratch->leave_out_below(0);
    return total;
  };
  // Of a state what is below 2⁻⁵⁴ of its weight adds nothing to sums in double precision, unless it receives hardly
  // anything else: where a state's weight falls that much at once, less is left out.
  Pass first = pass(0x1p-54);
  const auto resolved = [&](const Pass& p) { return model.resolved(p.expected.statistics, p.left_out); };
  if (resolved(first)) return std::move(first.expected);
  const double less = 0.5 * model.negligible_beside(first.expected.statistics);
  Pass second = pass(less < least_left_out ? 0 : less);
  if (resolved(second)) return std::move(second.expected);
  return pass(0).expected;
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
