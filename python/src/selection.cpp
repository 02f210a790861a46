// How many components, which covariance structure, which distributions.
#include <nanobind/stl/map.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <jensen/select_gaussian_mixture.h>
#include <jensen/select_mixture.h>

#include <optional>
#include <utility>

#include "arrays.h"
#include "model.h"
#include "options.h"
#include "reports.h"
#include "schemas.h"
#include "watch.h"

namespace jensen::python {

namespace {

// What candidates of both kinds say.
template <class AnyCandidate>
nb::dict row_of(const AnyCandidate& candidate) {
  nb::dict row;
  row["components"] = candidate.components;
  row["fitted"] = candidate.fitted;
  row["sound"] = candidate.sound;
  row["reason"] = candidate.reason;
  if (candidate.fitted) {
    put_criteria(row, candidate);
    row["outcome"] = to_string(candidate.outcome);
    row["starts"] = candidate.starts;
    row["starts_at_best"] = candidate.starts_at_best;
  }
  return row;
}

// The best model and the report on its fit, or nothing.
template <class Fitted>
nb::object best_of(std::optional<Fitted> best, const Table& table, Prior prior, Schema schema,
                   const std::string& group = {}) {
  if (!best) return nb::none();
  const int states = best->model.states();
  ModelFile file = file_of(std::move(best->model), column_names(table));
  file.fit = summarize(best->report, prior, states);
  file.schema = std::move(schema);
  file.sequence = group;
  return nb::make_tuple(std::move(file), to_python(best->report, states));
}

nb::tuple select_gaussian(const Table& table, const std::vector<int>& components,
                          const std::vector<std::string>& structures, const std::string& criterion,
                          const std::string& prior, const nb::dict& arguments) {
  Watch watch(nb::none());
  const Options options = watch.over(options_from(arguments));
  SelectionOptions selection;
  selection.components = components;
  selection.covariances.clear();
  for (const auto& name : structures) selection.covariances.push_back(covariance_named(name));
  selection.criterion = criterion_named(criterion);
  selection.prior = prior_named(prior);
  Selection found;
  watch.run([&] { found = select_gaussian_mixture(table, selection, options); });
  nb::list rows;
  for (const Candidate& candidate : found.candidates) {
    nb::dict row = row_of(candidate);
    row["covariance"] = to_string(candidate.covariance);
    if (candidate.fitted) row["effective_components"] = candidate.effective_components;
    rows.append(row);
  }
  return nb::make_tuple(rows, best_of(std::move(found.best), table, selection.prior, {}), watch.interrupted());
}

nb::tuple select_table(const Table& table, const std::string& text, const Levels& levels,
                       const std::vector<int>& components, const std::string& criterion, int folds, int bootstrap,
                       const std::string& prior, const nb::dict& arguments, bool grouped, const std::string& group) {
  Watch watch(nb::none());
  const Options options = watch.over(options_from(arguments));
  MixtureSelectionOptions selection;
  selection.components = components;
  selection.criterion = mixture_criterion_named(criterion);
  selection.prior = prior_named(prior);
  selection.folds = folds;
  selection.bootstrap = bootstrap;
  const auto forms = alternatives(schema_of(text, levels));
  const auto result_of = [&](auto found) {
    nb::list rows;
    for (const MixtureCandidate& candidate : found.candidates) {
      nb::dict row = row_of(candidate);
      row["schema"] = to_string(forms[static_cast<std::size_t>(candidate.form)]);
      if (candidate.fitted) {
        row["cross_validated"] = candidate.cross_validated;
        row["p_value"] = candidate.p_value;
      }
      rows.append(row);
    }
    Schema schema;
    if (found.best) schema = found.best->schema;
    return nb::make_tuple(rows, best_of(std::move(found.best), table, selection.prior, std::move(schema), group),
                          watch.interrupted());
  };
  if (grouped) {
    GroupedMixtureSelection found;
    watch.run([&] { found = select_grouped_mixture(table, forms, selection, options); });
    return result_of(std::move(found));
  }
  MixtureSelection found;
  watch.run([&] { found = select_mixture(table, forms, selection, options); });
  return result_of(std::move(found));
}

}  // namespace

void bind_selection(nb::module_& module) {
  module.def("all_covariances", [](int columns) {
    std::vector<std::string> names;
    for (const Covariance one : all_covariances(columns)) names.push_back(to_string(one));
    return names;
  });
  module.def("select_gaussian_mixture", &select_gaussian, nb::arg("table"), nb::arg("components"),
             nb::arg("structures"), nb::arg("criterion"), nb::arg("prior"), nb::arg("options"));
  module.def("select_mixture", &select_table, nb::arg("table"), nb::arg("schema"), nb::arg("levels"),
             nb::arg("components"), nb::arg("criterion"), nb::arg("folds"), nb::arg("bootstrap"), nb::arg("prior"),
             nb::arg("options"), nb::arg("grouped"), nb::arg("group"));
}

}  // namespace jensen::python
