// Restarts around the loop of climb.cpp, and the report of what they found.
#include <jensen/em/accelerate/acceleration.h>
#include <jensen/em/best_start.h>
#include <jensen/em/checkpoint.h>
#include <jensen/em/climb.h>
#include <jensen/em/constrained_model.h>
#include <jensen/em/fit.h>
#include <jensen/em/no_likelihood.h>
#include <jensen/em/observations.h>
#include <jensen/em/starts.h>
#include <jensen/error.h>
#include <jensen/execution/reduction.h>

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <limits>
#include <mutex>
#include <optional>

namespace jensen {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begun) { return std::chrono::duration<double>(Clock::now() - begun).count(); }

// ECM with an E-step before each part, which is no one map from θ to θ.
bool in_cycles(const Options& options, const Model& model) {
  return options.algorithm == Algorithm::ecm && (options.variant.multicycle || model.augments_by_part());
}

void check(const Model& model, const Data& data, const Options& options) {
  options.validate();
  if (data.rows() == 0) throw DataError("fit: the data have no rows");
  if (model.columns() && *model.columns() != data.columns()) {
    throw ArgumentError("fit", "data", fmt::format("have {} columns, the model {}", data.columns(), *model.columns()));
  }
  if (options.start == Start::hierarchical && options.restarts > 1 && data.rows() <= hierarchical_sample_rows) {
    throw ArgumentError("fit", "restarts",
                        fmt::format("must be 1 for a hierarchical start of {} rows, got {}: up to {} rows are "
                                    "agglomerated whole, so that every restart would be the same",
                                    data.rows(), options.restarts, hierarchical_sample_rows));
  }
  const double resolved = 64 * model.rounding();
  const bool coarse = model.rounding() > std::numeric_limits<double>::epsilon();
  if (coarse && options.tolerance > 0 && options.tolerance < resolved) {
    throw ArgumentError("fit", "tolerance",
                        fmt::format("must be 0 or at least {:.2g}, got {}: the precision in which this {} is computed "
                                    "resolves no smaller gains",
                                    resolved, options.tolerance, model.name()));
  }
  make_variant(options.algorithm, options.variant, 0)->check(model);
  if (options.acceleration != Acceleration::none && options.acceleration != Acceleration::automatic) {
    model.require(Capability::unconstrained, "acceleration by " + to_string(options.acceleration));
    if (in_cycles(options, model)) {
      throw UnsupportedError(model.name(), "maximise all parts of its parameters after one E-step",
                             "acceleration by " + to_string(options.acceleration) + " of ECM");
    }
  }
}

Acceleration acceleration_of(const Options& options, const Model& model) {
  if (options.acceleration != Acceleration::automatic) return options.acceleration;
  const bool possible = options.one_map() && model.can(Capability::unconstrained) && !in_cycles(options, model);
  return possible && options.tolerance > 0 ? Acceleration::squarem : Acceleration::none;
}

// All starts of one fit, the best end so far, and the report on each.
class Search {
 public:
  Search(const Model& prototype, SummarizedData& data, const Options& options)
      : prototype_(prototype),
        summarized_(data),
        data_(data.data()),
        options_(options),
        reports_(static_cast<std::size_t>(options.restarts)),
        best_(prototype.rounding()) {
    if (options.checkpoint.empty()) return;
    checkpoint_.emplace(prototype, data_, options);
    for (EndedStart& end : checkpoint_->ends(prototype)) best_.offer(std::move(end));
  }

  void run(Workers& workers) {
    // Threads go to restarts while there are enough of them, else into each pass; bits are the same either way.
    if (options_.restarts >= workers.count()) {
      workers.run(options_.restarts, [&](int restart, int) {
        Workers alone(1);
        try_start(restart, alone);
      });
    } else {
      for (int restart = 0; restart < options_.restarts; ++restart) try_start(restart, workers);
    }
  }

  const std::vector<RestartReport>& reports() const { return reports_; }
  EndedStart& best() { return best_.best(); }

 private:
  void try_start(int restart, Workers& workers) {
    RestartReport& report = reports_[static_cast<std::size_t>(restart)];
    report.seed = restart_seed(options_.seed, restart);
    if (checkpoint_ && checkpoint_->start(restart).finished) {
      report = checkpoint_->start(restart).report;
      return;
    }
    if (stopped_) {
      report.outcome = Outcome::stopped_by_caller;
      report.message = "not begun: stopped by the caller";
      report.log_likelihood = std::numeric_limits<double>::quiet_NaN();
      return;
    }
    Climb end;
    double seconds = 0;
    climb_from(restart, workers, end, seconds);
    report.outcome = end.outcome;
    report.message = end.message;
    report.log_likelihood = end.reading.log_likelihood;
    report.log_prior = end.reading.log_prior;
    report.iterations = end.iterations;
    report.evaluations = end.evaluations;
    report.degenerate = !end.degeneracies.empty();
    const std::lock_guard lock(best_mutex_);
    best_.offer({restart, seconds, std::move(end)});
    // What was cut short is under way still: the checkpoint has its last accepted θ.
    if (checkpoint_ && !stopped_) checkpoint_->finish(restart, seconds, report, best_.kept());
  }

  void climb_from(int restart, Workers& workers, Climb& end, double& seconds) {
    const std::uint64_t seed = restart_seed(options_.seed, restart);
    const auto variant = make_variant(options_.algorithm, options_.variant, seed);
    const auto stride = make_stride(acceleration_of(options_, prototype_));
    const auto watcher = [&](const Step& step) { return watch(restart, step); };
    if (!checkpoint_) {
      const auto begun = Clock::now();
      const auto start = started(prototype_, options_.start, summarized_, seed, workers);
      seconds = seconds_since(begun);
      end = climb(*start, data_, workers, options_, *stride, watcher, variant.get());
      return;
    }
    const Keep keep = [&](const std::function<void(StateWriter&)>& state) {
      checkpoint_->keep(restart, seconds, state, stopped_);
    };
    const std::string& state = checkpoint_->start(restart).state;
    if (!state.empty()) {
      const std::string copy = state;  // the checkpoint's own is overwritten on the way
      StateReader resume(copy);
      seconds = checkpoint_->start(restart).seconds;
      end = climb(prototype_, data_, workers, options_, *stride, watcher, variant.get(), keep, &resume);
      return;
    }
    const auto begun = Clock::now();
    const auto start = started(prototype_, options_.start, summarized_, seed, workers);
    seconds = seconds_since(begun);
    end = climb(*start, data_, workers, options_, *stride, watcher, variant.get(), keep);
  }

  Verdict watch(int restart, const Step& step) {
    if (stopped_) return Verdict::stop;
    if (!options_.callback) return Verdict::go_on;
    const std::lock_guard lock(callback_mutex_);
    if (stopped_) return Verdict::stop;
    if (options_.callback({restart, options_.restarts, step}) == Verdict::stop) stopped_ = true;
    return stopped_ ? Verdict::stop : Verdict::go_on;
  }

  const Model& prototype_;
  SummarizedData& summarized_;
  const Data& data_;
  const Options& options_;
  std::vector<RestartReport> reports_;
  std::mutex callback_mutex_;
  std::mutex best_mutex_;
  std::atomic<bool> stopped_ = false;
  BestStart best_;
  std::optional<Checkpoint> checkpoint_;
};

std::vector<Optimum> distinct_optima(const std::vector<RestartReport>& restarts, double weight) {
  std::vector<double> objectives;
  for (const auto& r : restarts) {
    const double objective = r.log_likelihood + r.log_prior;
    const bool ascended = r.outcome != Outcome::objective_fell && r.outcome != Outcome::degenerate;
    if (std::isfinite(objective) && ascended) objectives.push_back(objective);
  }
  std::sort(objectives.rbegin(), objectives.rend());
  std::vector<Optimum> optima;
  for (double objective : objectives) {
    if (optima.empty() || optima.back().objective - objective > 1e-6 * weight) optima.push_back({objective, 0});
    ++optima.back().starts;
  }
  return optima;
}

// A search that the caller cut short has not done what was asked, even if its best start had already converged.
void mark_interrupted(Report& report) {
  const auto cut_short = std::count_if(report.restarts.begin(), report.restarts.end(),
                                       [](const RestartReport& r) { return r.outcome == Outcome::stopped_by_caller; });
  if (cut_short == 0 || report.outcome == Outcome::stopped_by_caller) return;
  report.message = fmt::format("stopped by the caller before {} of {} starts had ended; the best so far {}", cut_short,
                               report.restarts.size(), report.message);
  report.outcome = Outcome::stopped_by_caller;
}

// For each degenerate component up to ten rows that belong to it more than to the others.
std::vector<std::vector<std::int64_t>> rows_of(const std::vector<Degeneracy>& degeneracies, const Model& model,
                                               const Data& data) {
  std::vector<std::vector<std::int64_t>> rows(degeneracies.size());
  if (degeneracies.empty() || !model.can(Capability::states)) return rows;
  std::vector<double> values;
  visit_blocks(data, [&](const Block& block) {
    bool wanted = false;
    values.assign(static_cast<std::size_t>(block.rows()) * static_cast<std::size_t>(model.states()), 0.0);
    const Panel p{values.data(), block.rows(), model.states(), block.rows()};
    model.responsibilities(block, p);
    for (std::size_t d = 0; d < rows.size(); ++d) {
      for (std::int64_t i = 0; i < block.rows() && rows[d].size() < 10; ++i) {
        if (block.weight(i) > 0 && p(i, degeneracies[d].component) > 0.5) rows[d].push_back(block.first_row + i);
      }
      wanted = wanted || rows[d].size() < 10;
    }
    return wanted;
  });
  return rows;
}

FittedModel search(const Model& start, SummarizedData& summarized, const Options& options) {
  const Data& data = summarized.data();
  check(start, data, options);
  const auto begun = Clock::now();
  Workers workers(options.threads);
  Search search(start, summarized, options);
  search.run(workers);
  EndedStart& end = search.best();
  Climb& best = end.climb;
  if (!std::isfinite(best.reading.objective())) {
    const bool several = options.restarts > 1;
    throw NoLikelihood(
        fmt::format("fit: {}: {}", several ? "no start has a finite likelihood" : "the start has no finite likelihood",
                    best.message),
        first_broken_unit(*best.model, data));
  }

  Report report;
  report.outcome = best.outcome;
  report.message = best.message;
  report.restarts = search.reports();
  mark_interrupted(report);
  report.log_likelihood = best.reading.log_likelihood;
  report.log_prior = best.reading.log_prior;
  report.iterations = best.iterations;
  report.evaluations = best.evaluations;
  report.total_weight = best.evidence.weight;
  report.observations = count_observations(data, workers, best.evidence.weight);
  report.rows = data.rows();
  if (best.model->can(Capability::free_parameters)) report.free_parameters = best.model->free_parameters();
  report.bound = best.bound;
  report.monotone = best.monotone;
  report.gradient = best.gradient;
  report.state_entropy =
      best.model->can(Capability::states) ? best.evidence.state_entropy : std::numeric_limits<double>::quiet_NaN();
  report.degeneracies = best.degeneracies;
  report.degenerate_rows = rows_of(best.degeneracies, *best.model, data);
  report.trace = std::move(best.trace);
  report.best_restart = end.start;
  report.optima = distinct_optima(report.restarts, report.total_weight);
  report.start_seconds = end.start_seconds;
  report.fit_seconds = seconds_since(begun);
  return {std::move(best.model), std::move(report)};
}

}  // namespace

FittedModel fit(const Model& start, const Data& data, const Options& options) {
  SummarizedData summarized(data);
  return fit(start, summarized, options);
}

FittedModel fit(const Model& start, SummarizedData& summarized, const Options& options) {
  if (options.constraints.empty()) return search(start, summarized, options);
  const ConstrainedModel held(start, options.constraints);
  FittedModel fitted = search(held, summarized, options);
  return {static_cast<const ConstrainedModel&>(*fitted.model).inner().clone(), std::move(fitted.report)};
}

}  // namespace jensen
