#include "fitting.h"

#include <jensen/error.h>
#include <jensen/execution/workers.h>

#include <fmt/format.h>

#include <algorithm>

namespace {

jensen::Start start_named(const std::string& name) {
  if (name == "random") return jensen::Start::random;
  if (name == "hierarchical") return jensen::Start::hierarchical;
  if (name == "short-runs") return jensen::Start::short_runs;
  return jensen::Start::k_means_plus_plus;
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
