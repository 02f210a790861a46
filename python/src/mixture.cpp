// Fits of mixtures whose columns a schema describes.
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <jensen/fit_mixture.h>
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

nb::tuple fit(const Table& table, const std::string& text, const Levels& levels, const std::vector<std::string>& gate,
              int components, const std::string& prior, const nb::dict& arguments, nb::object callback, bool grouped,
              const std::string& group) {
  Watch watch(std::move(callback));
  const Options options = watch.over(options_from(arguments));
  const Schema schema = schema_of(text, levels);
  const Prior chosen = prior_named(prior);
  const auto result_of = [&](auto fitted) {
    const int states = fitted.model.states();
    ModelFile file = file_of(std::move(fitted.model), column_names(table));
    file.fit = summarize(fitted.report, chosen, states, options.constraints);
    file.schema = std::move(fitted.schema);
    file.gate = gate;
    file.sequence = group;
    return nb::make_tuple(std::move(file), to_python(fitted.report, states), watch.interrupted());
  };
  if (grouped) {
    std::optional<FittedGroupedTable> fitted;
    watch.run([&] { fitted = fit_grouped_mixture(table, schema, components, options, chosen); });
    return result_of(std::move(*fitted));
  }
  if (gate.empty()) {
    std::optional<FittedTable> fitted;
    watch.run([&] { fitted = fit_mixture(table, schema, components, options, chosen); });
    return result_of(std::move(*fitted));
  }
  std::optional<FittedGatedTable> fitted;
  watch.run([&] { fitted = fit_mixture(table, schema, gate, components, options, chosen); });
  return result_of(std::move(*fitted));
}

// What the schema asks of a table: its columns, those whose cells are words, and of these the ones that are yes or no.
nb::tuple columns_read(const std::string& text, const std::vector<std::string>& gate) {
  const auto forms = alternatives(parse_schema(text));
  for (const Schema& form : forms) check_schema(form);
  std::vector<std::string> binary;
  for (const SchemaPart& part : forms.front()) {
    if (part.kind == "bernoulli") binary.insert(binary.end(), part.columns.begin(), part.columns.end());
  }
  return nb::make_tuple(columns_of(forms.front(), gate), level_columns(forms.front()), binary);
}

}  // namespace

Schema schema_of(const std::string& text, const Levels& levels) {
  Schema schema = parse_schema(text);
  for (SchemaPart& part : schema) {
    std::vector<std::vector<std::string>> own;
    for (const auto& column : part.columns) {
      if (const auto found = levels.find(column); found != levels.end()) own.push_back(found->second);
    }
    if (own.size() == part.columns.size()) part.levels = std::move(own);
  }
  return schema;
}

void bind_mixture(nb::module_& module) {
  module.def("schema_columns", &columns_read, nb::arg("schema"), nb::arg("gate"));
  module.def("schema_kinds", &schema_kinds);
  module.def("fit_mixture", &fit, nb::arg("table"), nb::arg("schema"), nb::arg("levels"), nb::arg("gate"),
             nb::arg("components"), nb::arg("prior"), nb::arg("options"), nb::arg("callback").none(),
             nb::arg("grouped") = false, nb::arg("group") = "");
}

}  // namespace jensen::python
