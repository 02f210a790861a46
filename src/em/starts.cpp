#include <jensen/data/rows_of.h>
#include <jensen/em/climb.h>
#include <jensen/em/cluster_starts.h>
#include <jensen/em/e_step.h>
#include <jensen/em/seeding.h>
#include <jensen/em/starts.h>
#include <jensen/error.h>
#include <jensen/execution/chunk_layout.h>
#include <jensen/math/random.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "data/data_view.h"
#include "em/whole_sequences.h"

namespace jensen {

namespace {

constexpr int short_runs_tried = 10;
constexpr int short_run_iterations = 50;
constexpr double short_run_share = 0.01;  // a run is over when its last gain is this share of its whole gain

void random_rows(std::uint64_t seed, const Block& x, Panel q) {
  for (std::int64_t i = 0; i < q.rows; ++i) {
    Stream stream(seed, Purpose::start, 0, 0, static_cast<std::uint64_t>(x.first_row + i));
    double total = 0;
    for (int k = 0; k < q.columns; ++k) total += q(i, k) = stream.exponential();
    for (int k = 0; k < q.columns; ++k) q(i, k) /= total;
  }
}

// Responsibilities that are independent in time start every chain where it has no memory, and most climbs from there
// end in the same place. Paths of one chain do not.
Given random_responsibilities(std::uint64_t seed, int states) {
  return {.responsibilities = [seed, paths = random_paths(1, states, seed)](const Block& x, Panel q) {
    x.sequences.empty() ? random_rows(seed, x, q) : paths(x, q);
  }};
}

// Stops a climb when the last gain is a small share of all that was gained.
class ShortRun {
 public:
  Verdict operator()(const Step& step) {
    const double objective = step.reading.objective();
    if (step.iteration == 0) first_ = objective;
    const bool over = step.iteration > 0 && step.gain <= short_run_share * (objective - first_);
    return over ? Verdict::stop : Verdict::go_on;
  }

 private:
  double first_ = 0;
};

std::unique_ptr<Model> best_of_short_runs(const Model& prototype, SummarizedData& data, std::uint64_t seed,
                                          Workers& workers) {
  Options options;
  options.max_iterations = short_run_iterations;
  std::unique_ptr<Model> best;
  double best_objective = 0;
  for (int run = 0; run < short_runs_tried; ++run) {
    const auto start = started(prototype, Start::k_means_plus_plus, data, restart_seed(seed, run), workers);
    PlainStride stride;
    Climb end = climb(*start, data.data(), workers, options, stride, ShortRun());
    const bool sound = end.outcome == Outcome::stopped_by_caller || end.outcome == Outcome::converged ||
                       end.outcome == Outcome::iteration_limit;
    const double objective = end.reading.objective();
    const double slack = rounding(objective, end.evidence.weight, prototype.rounding());
    if (!best || (sound && objective - best_objective > slack)) {
      best_objective = sound ? objective : -std::numeric_limits<double>::infinity();
      best = std::move(end.model);
    }
  }
  return best;
}

std::unique_ptr<Model> annealed(const Model& prototype, SummarizedData& data, std::uint64_t seed, Workers& workers) {
  const auto start = started(prototype, Start::random, data, seed, workers);
  Options options;
  const VariantOptions schedule;
  // Down to temperature 1, where the climb that follows goes on.
  const double levels = std::ceil(std::log(schedule.first_temperature) / -std::log(schedule.cooling));
  options.max_iterations = static_cast<int>(levels) * schedule.steps_per_temperature;
  PlainStride stride;
  const auto variant = make_variant(Algorithm::annealed, schedule, seed);
  return climb(*start, data.data(), workers, options, stride, {}, variant.get()).model;
}

void check_labels(const Data& data, int states) {
  BlockBuffer buffer;
  const Block block = data.block(0, std::min<std::int64_t>(1, data.rows()), buffer);
  if (block.state_sets == nullptr || block.state_sets->states == states) return;
  throw ArgumentError("fit", "labels",
                      fmt::format("are about {} states, the model has {}", block.state_sets->states, states));
}

// The first block of every chunk: enough to find means near those of the whole.
class Excerpt final : public DataView {
 public:
  explicit Excerpt(const Data& data) : DataView(data), layout_(chunk_layout(data.rows(), data.columns())) {}

  std::int64_t rows() const override {
    return rows_of(layout_.chunks() - 1) + (layout_.chunks() - 1) * layout_.block_rows;
  }
  // Blocks begin at the same multiples as those of the data, and none is longer.
  Block block(std::int64_t first, std::int64_t count, BlockBuffer& buffer) const override {
    const std::int64_t chunk = first / layout_.block_rows;
    return data().block(chunk * layout_.chunk_rows + first % layout_.block_rows, count, buffer);
  }

 private:
  std::int64_t rows_of(int chunk) const {
    return std::min(layout_.block_rows, layout_.chunk_end(chunk) - layout_.chunk_begin(chunk));
  }

  ChunkLayout layout_;
};

bool has_state_sets(const Data& data) {
  BlockBuffer buffer;
  return data.rows() > 0 && data.block(0, 1, buffer).state_sets != nullptr;
}

// Σ q and Σ q (t + ½) / T of each state over rows of a block from `first` on, t the row within its sequence of T.
void add_positions(const Block& x, std::int64_t first, ConstPanel q, std::vector<double>& weight,
                   std::vector<double>& position) {
  for (std::size_t s = 0; s + 1 < x.sequences.size(); ++s) {
    const std::int64_t begin = x.sequences[s] - x.first_row;
    const std::int64_t end = x.sequences[s + 1] - x.first_row;
    for (std::int64_t row = std::max(begin, first); row < std::min(end, first + q.rows); ++row) {
      const double relative = (static_cast<double>(row - begin) + 0.5) / static_cast<double>(end - begin);
      for (int k = 0; k < q.columns; ++k) {
        weight[static_cast<std::size_t>(k)] += q(row - first, k);
        position[static_cast<std::size_t>(k)] += q(row - first, k) * relative;
      }
    }
  }
}

// Seeds come in no order. In sequences they are numbered, within each cluster, by when their rows come on average: the
// order that a chain needs whose states only go on. Labels have an order of their own.
Given in_order_of_time(Given rule, const Data& data, const Model& model) {
  if (has_state_sets(data)) return rule;
  const int states = model.states();
  const int of_cluster = states / model.clusters();
  const auto size = static_cast<std::size_t>(states);
  std::vector<double> weight(size), position(size), memory;
  constexpr std::int64_t rows_at_once = 4096;
  const bool by_row = is_by_row(rule.responsibilities);
  visit_whole_sequences(data, [&](std::size_t, const Block& x) {
    const std::int64_t count = by_row ? rows_at_once : x.rows();
    for (std::int64_t row = 0; row < x.rows(); row += count) {
      const Block rows = by_row ? rows_of(x, row, std::min(count, x.rows() - row)) : x;
      memory.assign(static_cast<std::size_t>(rows.rows()) * size, 0.0);
      const Panel q{memory.data(), rows.rows(), states, rows.rows()};
      rule.responsibilities(rows, q);
      add_positions(x, row, q, weight, position);
    }
  });
  for (std::size_t k = 0; k < size; ++k) position[k] = weight[k] > 0 ? position[k] / weight[k] : 1;
  std::vector<int> order(size);
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, {},
                           [&](int k) { return std::pair(k / of_cluster, position[static_cast<std::size_t>(k)]); });
  const auto ordered = [order, assign = std::move(rule.responsibilities)](const Block& x, Panel q) {
    std::vector<double> own(static_cast<std::size_t>(q.rows) * order.size());
    const Panel unordered{own.data(), q.rows, q.columns, q.rows};
    assign(x, unordered);
    for (int k = 0; k < q.columns; ++k) {
      std::copy_n(unordered.column(order[static_cast<std::size_t>(k)]), q.rows, q.column(k));
    }
  };
  if (by_row) return {ByRow{ordered}};
  return {ordered};
}

// For states that fall into clusters too.
Given rule_of(Start start, const Model& model, SummarizedData& data, std::uint64_t seed, Workers& workers) {
  const int clusters = model.clusters();
  if (clusters == 1 || has_state_sets(data.data())) {
    return std::get<Given>(starting_rule(start, data, model.states(), seed, workers));
  }
  const int states = model.states() / clusters;
  if (start == Start::random) return {.responsibilities = random_paths(clusters, states, seed)};
  return seeded_clusters(start, data, clusters, states, seed, workers);
}

void m_step_from_data(Model& model, const Rule& rule, const Data& data, Workers& workers) {
  EStep e_step(data, workers);
  model.maximize(e_step(model, rule).statistics);
}

}  // namespace

Rule starting_rule(Start start, SummarizedData& data, int states, std::uint64_t seed, Workers& workers) {
  check_labels(data.data(), states);
  switch (start) {
    case Start::random: return random_responsibilities(seed, states);
    case Start::hierarchical: return hierarchical_seeding(data, states, seed, workers);
    case Start::k_means_plus_plus:
      return k_means_plus_plus_seeding(data.data(), data.summary(workers), states, seed, workers);
    case Start::short_runs:
    case Start::annealed:
    case Start::given: break;
  }
  throw ArgumentError("starting_rule", "start", "is not a rule for responsibilities");
}

std::unique_ptr<Model> started(const Model& prototype, Start start, SummarizedData& data, std::uint64_t seed,
                               Workers& workers) {
  if (start == Start::given) return prototype.clone();
  prototype.require(Capability::states, "a random start");
  prototype.require(Capability::rules, "a random start");
  if (start == Start::short_runs) return best_of_short_runs(prototype, data, seed, workers);
  if (start == Start::annealed) return annealed(prototype, data, seed, workers);
  Given rule = rule_of(start, prototype, data, seed, workers);
  if (start != Start::random && !data.data().sequences().empty()) {
    rule = in_order_of_time(std::move(rule), data.data(), prototype);
  }
  rule.statistics_only = true;
  auto model = prototype.clone();
  if (data.data().sequences().empty()) {
    m_step_from_data(*model, rule, Excerpt(data.data()), workers);
  } else {
    m_step_from_data(*model, rule, data.data(), workers);  // an excerpt would cut sequences
  }
  m_step_from_data(*model, rule, data.data(), workers);
  return model;
}

std::unique_ptr<Model> started(const Model& prototype, Start start, const Data& data, std::uint64_t seed,
                               Workers& workers) {
  SummarizedData summarized(data);
  return started(prototype, start, summarized, seed, workers);
}

}  // namespace jensen
