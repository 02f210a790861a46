#include "em/inference/replicates.h"

#include <jensen/error.h>
#include <jensen/execution/reduction.h>
#include <jensen/math/random.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace jensen {

namespace {

constexpr const char* function = "standard_errors";
constexpr double most_draws = 1e8;

// Whether the row's states are known to be one alone.
bool has_one_state(const Block& block, std::int64_t i) {
  if (block.allowed.empty() || block.allowed[static_cast<std::size_t>(i)] < 0) return false;
  int allowed = 0;
  for (int k = 0; k < block.state_sets->states; ++k) allowed += block.allows(i, k) ? 1 : 0;
  if (allowed != 1 && allowed != block.state_sets->states) {
    throw ArgumentError(function, "method",
                        fmt::format("parametric bootstrap cannot redraw row {}, which may be in {} of {} states: use "
                                    "the weighted bootstrap",
                                    block.first_row + i + 1, allowed, block.state_sets->states));
  }
  return allowed == 1;
}

}  // namespace

std::vector<double> random_weights(const Data& data, std::uint64_t seed, std::uint64_t replicate) {
  const bool copies = data.weight_kind() == WeightKind::frequency;
  std::vector<double> weights;
  double total = 0;
  visit_blocks(data, [&](const Block& block) {
    for (std::int64_t i = 0; i < block.rows(); ++i) {
      const double w = block.weight(i);
      Stream stream(seed, Purpose::bootstrap, replicate, 0, static_cast<std::uint64_t>(block.first_row + i));
      weights.push_back(copies ? stream.gamma(w) : w * stream.exponential());
      total += w;
    }
    return true;
  });
  const double drawn = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (double& w : weights) w *= total / drawn;
  return weights;
}

Sampler::Sampler(const Model& model, const Data& data) : model_(model), data_(data) {
  const bool copies = data.weight_kind() == WeightKind::frequency;
  double total = 0;
  double count = 0;
  visit_blocks(data, [&](const Block& block) {
    has_missing_ = has_missing_ || block.has_missing;
    for (std::int64_t i = 0; i < block.rows(); ++i) {
      const double w = block.weight(i);
      total += w;
      if (copies && std::abs(w - std::round(w)) > 1e-9 * w) {
        throw ArgumentError(function, "method",
                            fmt::format("parametric bootstrap needs frequency weights that are whole numbers, row {} "
                                        "weighs {}: use the weighted bootstrap, or declare sampling weights",
                                        block.first_row + i + 1, w));
      }
      const double times = copies ? std::round(w) : (w > 0 ? 1 : 0);
      count += times;
      if (count * data.columns() > most_draws) {
        throw ArgumentError(function, "method",
                            fmt::format("parametric bootstrap would draw more than {:g} numbers at once: use another "
                                        "method",
                                        most_draws));
      }
      const bool labelled = has_one_state(block, i);
      has_labels_ = has_labels_ || labelled;
      rows_.insert(rows_.end(), static_cast<std::size_t>(times), Row{block.first_row + i, labelled});
    }
    return true;
  });
  weight_ = copies ? 1 : total / count;
}

Table Sampler::draw(std::uint64_t seed) const {
  const auto n = static_cast<std::int64_t>(rows_.size());
  const int d = data_.columns();
  std::vector<double> values(rows_.size() * static_cast<std::size_t>(d));
  const Panel x{values.data(), n, d, n};
  std::vector<std::int32_t> z(rows_.size(), -1);
  model_.sample(seed, 0, x, z);
  BlockBuffer buffer;
  for (std::int64_t i = 0; has_missing_ && i < n; ++i) {
    const Block source = data_.block(rows_[static_cast<std::size_t>(i)].source, 1, buffer);
    for (int j = 0; j < d; ++j) {
      if (std::isnan(source.x(0, j))) x(i, j) = std::numeric_limits<double>::quiet_NaN();
    }
  }
  Table table(std::move(values), n, d);
  if (weight_ != 1) table = table.with_weights(std::vector<double>(rows_.size(), weight_), WeightKind::sampling);
  if (has_labels_) {
    for (std::size_t i = 0; i < z.size(); ++i) {
      if (!rows_[i].labelled) z[i] = -1;
    }
    table = table.with_labels(z, model_.states());
  }
  return table;
}

}  // namespace jensen
