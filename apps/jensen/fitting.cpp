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
  for (auto a : {Acceleration::none, Acceleration::squarem, Acceleration::anderson, Acceleration::quasi_newton}) {
    if (name == to_string(a)) return a;
  }
  return Acceleration::automatic;
}

void add_constraints(jensen::Options& options, const ConstraintArguments& arguments, bool from_parameters) {
  jensen::Constraints& c = options.constraints;
  const auto read = [&](const char* option, const std::vector<std::string>& texts,
                        jensen::Constraints& (jensen::Constraints::*one)(std::string_view)) {
    for (const auto& text : texts) {
      try {
        (c.*one)(text);
      } catch (const jensen::ArgumentError& error) {
        throw jensen::Error(fmt::format("{}: {}", option, error.what()));
      }
    }
  };
  read("--fix", arguments.fix, &jensen::Constraints::read_fix);
  read("--tie", arguments.tie, &jensen::Constraints::read_tie);
  read("--bound", arguments.bound, &jensen::Constraints::read_bound);
  read(arguments.order_option.c_str(), arguments.order, &jensen::Constraints::read_order);
  for (const auto& [name, value] : c.fixed()) {
    if (value || from_parameters) continue;
    throw jensen::Error(fmt::format(
        "--fix: {0}: say at which value, {0}=VALUE: a start from the data has none to keep (equal weights are --tie "
        "'weight[*]')",
        name));
  }
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
  if (jensen::precision_named(arguments.precision) == jensen::Precision::float32) options.tolerance = 1e-6;
  if (arguments.init) options.start = start_named(*arguments.init);
  if (options.start == jensen::Start::hierarchical) options.restarts = 1;
  if (arguments.restarts) options.restarts = *arguments.restarts;
  if (arguments.seed) options.seed = *arguments.seed;
  if (arguments.tolerance) options.tolerance = *arguments.tolerance;
  if (arguments.max_iterations) options.max_iterations = *arguments.max_iterations;
  options.threads = arguments.threads;
  if (arguments.algorithm) options.algorithm = algorithm_named(*arguments.algorithm);
  if (arguments.accelerate) options.acceleration = acceleration_named(*arguments.accelerate);
  options.validate();
  return options;
}

jensen::Options fit_options(const EngineArguments& engine, const OneFitArguments& one, bool from_parameters) {
  jensen::Options options = engine_options(engine);
  if (from_parameters) {
    options.start = jensen::Start::given;
    options.restarts = 1;
  }
  add_checkpoint(options, one.checkpoint);
  add_constraints(options, one.constraints, from_parameters);
  options.validate();
  return options;
}

void check_fit_outputs(const std::optional<std::string>& output, const std::optional<std::string>& trace,
                       const OneFitArguments& one, const std::string& data, const std::string& start) {
  using jensen::Error;
  if (output == "-") throw Error("-o: must be a file; --json prints the model");
  if (trace == "-") throw Error("--trace: must be a file");
  if (output && trace && *output == *trace) throw Error("--trace: is the same file as -o");
  const auto& checkpoint = one.checkpoint.path;
  if (checkpoint && (checkpoint == output || checkpoint == trace)) {
    throw Error(fmt::format("--checkpoint: is the same file as {}", checkpoint == output ? "-o" : "--trace"));
  }
  check_output(output, "-o", {data});
  check_output(trace, "--trace", {data, start});
  check_output(checkpoint, "--checkpoint", {data, start, output.value_or(""), trace.value_or("")});
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
