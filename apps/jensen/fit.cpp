// jensen fit gaussian-mixture
#include <jensen/error.h>

#include <fmt/format.h>

#include "commands.h"
#include "data_source.h"
#include "fitting.h"
#include "output.h"
#include "uncertainty.h"
#include "watch.h"

namespace {

using jensen::Error;

void refuse_with_start(bool given, const char* option) {
  if (given) throw Error(fmt::format("{}: does not apply with --start, which is used as it is", option));
}

// Whether a fit from a given start has a use for a seed all the same.
bool draws(const FitArguments& a) {
  const std::string algorithm = a.engine.algorithm.value_or("em");
  const bool by_draws = algorithm == "stochastic" || algorithm == "monte-carlo" || algorithm == "online";
  return by_draws || a.one.uncertainty.method.find("bootstrap") != std::string::npos;
}

std::optional<jensen::GaussianMixtureFile> given_start(const FitArguments& a) {
  if (!a.start) {
    if (!a.components) throw Error("-k: say how many components, or give a model with --start");
    return std::nullopt;
  }
  refuse_with_start(a.engine.restarts.has_value(), "--restarts");
  refuse_with_start(a.engine.init.has_value(), "--init");
  refuse_with_start(a.engine.seed.has_value() && !draws(a), "--seed");
  if (*a.start == "-" && a.data.path == "-") throw Error("--start: standard input is the data already");
  std::optional<jensen::Covariance> covariance;
  if (a.covariance) covariance = jensen::covariance_named(*a.covariance);
  auto start = jensen::load_gaussian_mixture_start(*a.start, covariance);
  if (a.components && *a.components != start.model.states()) {
    throw Error(fmt::format("-k: is {}, but {} has {} components", *a.components, *a.start, start.model.states()));
  }
  return start;
}

jensen::Fitted<jensen::GaussianMixture> fit(const FitArguments& a,
                                            const std::optional<jensen::GaussianMixtureFile>& start,
                                            const LoadedData& data, jensen::Options options) {
  Watch watch(a.quiet);
  options = watch.over(std::move(options));
  const auto prior = jensen::prior_named(a.engine.prior);
  const auto precision = jensen::precision_named(a.engine.precision);
  auto fitted = [&] {
    if (start) {
      auto model = arranged(*start, data.columns(), *a.start);
      model.emissions().set_precision(precision);
      return fit_gaussian_mixture(std::move(model), data.table, prior, options);
    }
    const auto covariance = jensen::covariance_named(a.covariance.value_or("full"));
    return fit_gaussian_mixture(data.table, {*a.components, covariance, prior, precision}, options);
  }();
  return fitted;
}

// Names in the data win over those that the start carries.
std::vector<std::string> names(const LoadedData& data, const std::optional<jensen::GaussianMixtureFile>& start,
                               int components) {
  auto result = component_names(data.label_names, components);
  return result.empty() && start ? start->component_names : result;
}

}  // namespace

int run(const FitArguments& a) {
  const auto start = given_start(a);
  const jensen::Options options = fit_options(a.engine, a.one, start.has_value());
  check_fit_outputs(a.output, a.trace, a.one, a.data.path, a.start.value_or(""));
  const int components = start ? start->model.states() : *a.components;
  const LoadedData data = load_data(a.data, components, start ? start->columns : std::vector<std::string>{});
  if (a.output) check_savable(*a.output, data.columns(), names(data, start, components));

  check_uncertainty(a.one.uncertainty, data.table.has_missing());

  auto fitted = fit(a, start, data, options);
  FitResult result{{std::move(fitted.model), data.columns(), names(data, start, components), {}},
                   std::move(fitted.report),
                   jensen::prior_named(a.engine.prior),
                   data.seconds,
                   thread_count(a.engine.threads),
                   jensen::precision_named(a.engine.precision)};
  result.file.fit = jensen::summarize(result.report, result.prior, 0, options.constraints);
  if (a.output) jensen::save_gaussian_mixture(*a.output, result.file);
  result.file.fit->standard_errors =
      uncertainty_of(jensen::Erased(result.file.model), data.table, a.one, a.engine, options.constraints);
  if (a.output && result.file.fit->standard_errors) jensen::save_gaussian_mixture(*a.output, result.file);
  if (a.trace) write_trace(*a.trace, result.report.trace);
  if (a.json) print(fit_json(result));
  if (!a.json && !a.quiet) print(describe_fit(result, a));
  return exit_code(result.report);
}
