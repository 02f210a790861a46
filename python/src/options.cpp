#include "options.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <jensen/error.h>
#include <jensen/fit_gaussian_mixture.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace jensen::python {

namespace {

Start start_named(const std::string& name) {
  if (name == "k-means++") return Start::k_means_plus_plus;
  if (name == "random") return Start::random;
  if (name == "hierarchical") return Start::hierarchical;
  if (name == "short-runs") return Start::short_runs;
  if (name == "annealed") return Start::annealed;
  if (name == "given") return Start::given;
  throw ArgumentError("fit", "start",
                      "'" + name + "' is none of k-means++, random, hierarchical, short-runs, annealed");
}

template <class Named>
Named named(const char* what, const std::string& name, std::initializer_list<Named> all) {
  std::string names;
  for (const Named one : all) {
    if (name == to_string(one)) return one;
    names += (names.empty() ? "" : ", ") + to_string(one);
  }
  throw ArgumentError("fit", what, "'" + name + "' is none of " + names);
}

Algorithm algorithm_named(const std::string& name) {
  return named("algorithm", name,
               {Algorithm::exact, Algorithm::classification, Algorithm::stochastic, Algorithm::monte_carlo,
                Algorithm::annealed, Algorithm::incremental, Algorithm::online, Algorithm::sparse, Algorithm::ecm});
}

Acceleration acceleration_named(const std::string& name) {
  return named("acceleration", name,
               {Acceleration::none, Acceleration::squarem, Acceleration::anderson, Acceleration::quasi_newton});
}

// {"fix": [texts], "tie": …, "bound": …, "order": …}, as the command line reads them.
Constraints constraints_from(const nb::dict& lists) {
  using Read = Constraints& (Constraints::*)(std::string_view);
  const std::pair<const char*, Read> all[] = {{"fix", &Constraints::read_fix},
                                              {"tie", &Constraints::read_tie},
                                              {"bound", &Constraints::read_bound},
                                              {"order", &Constraints::read_order}};
  Constraints constraints;
  for (const auto& [name, read] : all) {
    if (!lists.contains(name)) continue;
    for (const auto& text : nb::cast<std::vector<std::string>>(lists[name])) (constraints.*read)(text);
  }
  return constraints;
}

void set(Options& options, const std::string& name, nb::handle value) {
  if (name == "tolerance") {
    options.tolerance = nb::cast<double>(value);
  } else if (name == "max_iterations") {
    options.max_iterations = nb::cast<int>(value);
  } else if (name == "start") {
    options.start = start_named(nb::cast<std::string>(value));
  } else if (name == "restarts") {
    options.restarts = nb::cast<int>(value);
  } else if (name == "seed") {
    options.seed = nb::cast<std::uint64_t>(value);
  } else if (name == "threads") {
    options.threads = nb::cast<int>(value);
  } else if (name == "algorithm") {
    options.algorithm = algorithm_named(nb::cast<std::string>(value));
  } else if (name == "acceleration") {
    options.acceleration = acceleration_named(nb::cast<std::string>(value));
  } else if (name == "constraints") {
    options.constraints = constraints_from(nb::cast<nb::dict>(value));
  } else if (name == "checkpoint") {
    options.checkpoint = nb::cast<std::string>(value);
  } else if (name == "checkpoint_seconds") {
    options.checkpoint_seconds = nb::cast<double>(value);
  } else if (name == "resume") {
    options.resume = nb::cast<bool>(value);
  } else {
    throw ArgumentError("fit", name, "is no option of a fit");
  }
}

}  // namespace

Options options_from(const nb::dict& arguments) {
  Options options = from_data();
  for (const auto& [name, value] : arguments) set(options, nb::cast<std::string>(name), value);
  options.validate();
  return options;
}

}  // namespace jensen::python
