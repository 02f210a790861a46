#include "fitting.h"

#include <jensen/data/csv_writer.h>
#include <jensen/error.h>
#include <jensen/execution/workers.h>

#include <fmt/format.h>

#include <algorithm>

#include "output.h"

namespace {

jensen::Start start_named(const std::string& name) {
  if (name == "random") return jensen::Start::random;
  if (name == "hierarchical") return jensen::Start::hierarchical;
  if (name == "short-runs") return jensen::Start::short_runs;
  if (name == "annealed") return jensen::Start::annealed;
  return jensen::Start::k_means_plus_plus;
}

jensen::Algorithm algorithm_named(const std::string& name) {
  using jensen::Algorithm;
  for (auto a : {Algorithm::classification, Algorithm::stochastic, Algorithm::monte_carlo, Algorithm::annealed,
                 Algorithm::incremental, Algorithm::online, Algorithm::sparse, Algorithm::ecm}) {
    if (name == to_string(a)) return a;
  }
  return Algorithm::exact;
}

jensen::Acceleration acceleration_named(const std::string& name) {
  using jensen::Acceleration;
  for (auto a : {Acceleration::squarem, Acceleration::anderson, Acceleration::quasi_newton}) {
    if (name == to_string(a)) return a;
  }
  return Acceleration::none;
}

void add_checkpoint(jensen::Options& options, const CheckpointArguments& checkpoint) {
  if (!checkpoint.path && (checkpoint.resume || checkpoint.every)) {
    throw jensen::Error(std::string(checkpoint.resume ? "--resume" : "--checkpoint-every") +
                        ": say which file with --checkpoint");
  }
  if (!checkpoint.path) return;
  if (checkpoint.path->empty() || *checkpoint.path == "-") throw jensen::Error("--checkpoint: must be a file");
  options.checkpoint = *checkpoint.path;
  if (checkpoint.every) options.checkpoint_seconds = *checkpoint.every;
  options.resume = checkpoint.resume;
}

}  // namespace

jensen::Options engine_options(const EngineArguments& arguments) {
  jensen::Options options = jensen::from_data();
  if (arguments.init) options.start = start_named(*arguments.init);
  if (options.start == jensen::Start::hierarchical) options.restarts = 1;
  if (arguments.restarts) options.restarts = *arguments.restarts;
  if (arguments.seed) options.seed = *arguments.seed;
  if (arguments.tolerance) options.tolerance = *arguments.tolerance;
  if (arguments.max_iterations) options.max_iterations = *arguments.max_iterations;
  options.threads = arguments.threads;
  if (arguments.algorithm) options.algorithm = algorithm_named(*arguments.algorithm);
  if (arguments.accelerate) options.acceleration = acceleration_named(*arguments.accelerate);
  add_checkpoint(options, arguments.checkpoint);
  options.validate();
  return options;
}

int thread_count(int threads) { return jensen::Workers(threads).count(); }

std::vector<std::string> component_names(std::vector<std::string> label_names, int components) {
  if (!label_names.empty()) label_names.resize(static_cast<std::size_t>(components));
  return label_names;
}

void check_savable(const std::string& path, const std::vector<std::string>& columns,
                   const std::vector<std::string>& component_names) {
  const int components = std::max(1, static_cast<int>(component_names.size()));
  jensen::GaussianMixture stand_in(
      jensen::Gaussian(components, static_cast<int>(columns.size()), jensen::Covariance::spherical));
  (void)jensen::gaussian_mixture_text({std::move(stand_in), columns, component_names, {}}, path);
}

void write_trace(const std::string& path, const std::vector<jensen::Step>& trace) {
  write_to(path, [&](std::ostream& out) {
    jensen::CsvWriter csv(out);
    for (const char* name : {"iteration", "evaluations", "log_likelihood", "log_prior", "objective", "bound", "gain",
                             "remaining", "seconds"}) {
      csv.field(name);
    }
    csv.end_record();
    for (const auto& step : trace) {
      csv.field(step.iteration)
          .field(step.evaluations)
          .field(step.reading.log_likelihood)
          .field(step.reading.log_prior);
      csv.field(step.reading.objective()).field(step.bound).field(step.gain).field(step.remaining).field(step.seconds);
      csv.end_record();
    }
  });
}
