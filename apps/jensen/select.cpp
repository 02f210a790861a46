// jensen select gaussian-mixture
#include <jensen/error.h>

#include <fmt/format.h>

#include "commands.h"
#include "fitting.h"
#include "output.h"
#include "watch.h"

namespace {

using jensen::Error;

std::vector<jensen::Covariance> covariances(const std::string& list, int columns) {
  if (list == "all") return jensen::classic_covariances();
  if (list == "mclust") return jensen::all_covariances(columns);
  std::vector<jensen::Covariance> result;
  for (const auto& name : split_list(list, "--covariance")) {
    try {
      result.push_back(jensen::covariance_named(name));
    } catch (const jensen::ArgumentError&) {
      throw Error(
          fmt::format("--covariance: '{}' is none of all, mclust, full, tied, diagonal, spherical, EII, VII, EEI, VEI, "
                      "EVI, VVI, EEE, VEE, EVE, VVE, EEV, VEV, EVV, VVV",
                      name));
    }
  }
  return result;
}

jensen::Selection select(const SelectArguments& a, const LoadedData& data, const jensen::SelectionOptions& candidates,
                         jensen::Options options, bool& interrupted) {
  Watch watch(a.quiet);
  jensen::SelectionOptions selection = candidates;
  selection.begun = [&](int index, int count, const jensen::Candidate& c) {
    watch.progress.set_prefix(
        fmt::format("candidate {}/{}: {} {}  ", index + 1, count, c.components, to_string(c.covariance)));
  };
  options = watch.over(std::move(options));
  auto result = select_gaussian_mixture(data.table, selection, options);
  interrupted = watch.interrupt.noted();
  return result;
}

}  // namespace

int run(const SelectArguments& a) {
  jensen::SelectionOptions candidates;
  candidates.components = split_numbers(a.components, "-k");
  candidates.criterion = jensen::criterion_named(a.criterion);
  candidates.prior = jensen::prior_named(a.engine.prior);
  candidates.precision = jensen::precision_named(a.engine.precision);
  const jensen::Options options = engine_options(a.engine);
  if (a.output == "-") throw Error("-o: must be a file; --json prints the best model");
  check_output(a.output, "-o", {a.data.path});
  const LoadedData data = load_data(a.data, 0);
  if (a.output) check_savable(*a.output, data.columns(), {});
  candidates.covariances = covariances(a.covariance, data.table.columns());

  bool interrupted = false;
  jensen::Selection selection = select(a, data, candidates, options, interrupted);
  std::optional<FitResult> best;
  if (selection.best) {
    best = FitResult{{selection.best->model, data.columns(), {}, {}},
                     selection.best->report,
                     candidates.prior,
                     data.seconds,
                     thread_count(a.engine.threads),
                     candidates.precision};
    best->file.fit = jensen::summarize(best->report, best->prior);
    if (a.output) jensen::save_gaussian_mixture(*a.output, best->file);
  }
  if (a.json) print(selection_json(selection, a.criterion, best ? &*best : nullptr));
  if (!a.json && !a.quiet) print(describe_selection(selection, a, data.table.columns()));
  return exit_code(selection, best ? &best->report : nullptr, interrupted);
}
