#include "model.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <jensen/data/schema.h>
#include <jensen/em/constrained_model.h>
#include <jensen/em/inference/diagnosis.h>
#include <jensen/em/inference/uncertainty_summary.h>
#include <jensen/emissions/schema_emissions.h>
#include <jensen/error.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <span>

#include "arrays.h"
#include "options.h"
#include "reports.h"

namespace jensen::python {

namespace {

nb::object score(const ModelFile& file, const Table& table, int threads) {
  file.model->require(Capability::score, "score_samples");
  std::vector<double> log_density(static_cast<std::size_t>(table.rows()));
  {
    const nb::gil_scoped_release unlocked;
    visit_in_parallel(table, threads, [&](const Block& block) {
      file.model->score(
          block, std::span(log_density)
                     .subspan(static_cast<std::size_t>(block.first_row), static_cast<std::size_t>(block.rows())));
    });
  }
  const std::size_t rows = log_density.size();
  return array(std::move(log_density), {rows});
}

nb::object responsibilities(const ModelFile& file, const Table& table, int threads) {
  file.model->require(Capability::states, "predict_proba");
  const int states = file.model->states();
  const auto rows = static_cast<std::size_t>(table.rows());
  std::vector<double> values(rows * static_cast<std::size_t>(states));
  {
    const nb::gil_scoped_release unlocked;
    visit_in_parallel(table, threads, [&](const Block& block) {
      file.model->responsibilities(block, {values.data() + block.first_row, block.rows(), states, table.rows()});
    });
  }
  return matrix_by_columns(std::move(values), rows, static_cast<std::size_t>(states));
}

nb::object impute(const ModelFile& file, const Table& table, int threads) {
  file.model->require(Capability::impute, "impute");
  const auto rows = static_cast<std::size_t>(table.rows());
  const auto columns = static_cast<std::size_t>(table.columns());
  std::vector<double> values(rows * columns);
  {
    const nb::gil_scoped_release unlocked;
    visit_in_parallel(table, threads, [&](const Block& block) {
      file.model->impute(block, {values.data() + block.first_row, block.rows(), table.columns(), table.rows()});
    });
  }
  return matrix_by_columns(std::move(values), rows, columns);
}

std::pair<nb::object, nb::object> sample(const ModelFile& file, std::int64_t rows, std::uint64_t seed) {
  file.model->require(Capability::sample, "sample");
  const int columns = file.model->columns().value_or(static_cast<int>(file.columns.size()));
  std::vector<double> values(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns));
  std::vector<std::int32_t> states(static_cast<std::size_t>(rows));
  {
    const nb::gil_scoped_release unlocked;
    file.model->sample(seed, 0, {values.data(), rows, columns, rows}, states);
  }
  return {matrix_by_columns(std::move(values), static_cast<std::size_t>(rows), static_cast<std::size_t>(columns)),
          array(std::move(states))};
}

// The model as its fit knew it; one written in Python has no prior to restore.
std::unique_ptr<Model> objective(const ModelFile& file, const Table& table, bool own) {
  if (!own) return as_fitted(file, table);
  if (!file.fit || file.fit->constraints.empty()) return file.model->clone();
  return std::make_unique<ConstrainedModel>(*file.model, file.fit->constraints);
}

nb::dict diagnosis(const ModelFile& file, const Table& table, int threads, bool own) {
  Diagnosis found;
  {
    const nb::gil_scoped_release unlocked;
    found = diagnose(*objective(file, table, own), table, threads);
  }
  return to_python(found);
}

nb::dict standard_errors(const ModelFile& file, const Table& table, const std::string& method,
                         const std::optional<std::string>& intervals, double level, int replicates, std::uint64_t seed,
                         int threads, bool own) {
  StandardErrorOptions options;
  options.method = standard_error_method_named(method);
  options.threads = threads;
  options.replicates = replicates;
  options.seed = seed;
  const bool draws = options.method == StandardErrorMethod::parametric_bootstrap ||
                     options.method == StandardErrorMethod::weighted_bootstrap;
  const IntervalKind kind =
      intervals ? interval_kind_named(*intervals) : (draws ? IntervalKind::percentile : IntervalKind::wald);
  check_intervals(options.method, kind, level);
  UncertaintySummary summary;
  {
    const nb::gil_scoped_release unlocked;
    summary = summarize_uncertainty(*objective(file, table, own), table, options, kind, level);
  }
  return to_python(summary);
}

nb::object parameters(const ModelFile& file) {
  file.model->require(Capability::parameters, "parameters");
  auto values = file.model->parameters();
  const std::size_t size = values.size();
  return nb::make_tuple(file.model->parameter_names(), array(std::move(values), {size}));
}

// The same model with other values of its parameters; it is no longer the end of a fit.
ModelFile with_parameters(const ModelFile& file, const std::vector<double>& values) {
  auto model = file.model->clone();
  model->set_parameters(values);
  ModelFile other = file;
  other.model = std::move(model);
  other.fit.reset();
  return other;
}

// The same model as the end of a fit that these constraints held.
ModelFile with_constraints(const ModelFile& file, const nb::dict& lists) {
  nb::dict arguments;
  arguments["constraints"] = lists;
  ModelFile other = file;
  if (!other.fit) other.fit.emplace();
  other.fit->constraints = options_from(arguments).constraints;
  return other;
}

nb::object fit_summary(const ModelFile& file) {
  if (!file.fit) return nb::none();
  return to_python(*file.fit);
}

// What each part of the schema is: its kind, and its options as they are written.
std::vector<std::pair<std::string, std::string>> kinds(const ModelFile& file) {
  std::vector<std::pair<std::string, std::string>> parts;
  for (const SchemaPart& part : file.schema) {
    std::string options;
    for (const auto& [name, value] : part.options) {
      options += options.empty() ? "" : ", ";
      options += name;
      if (!value.empty()) options.append("=").append(value);
    }
    parts.emplace_back(part.kind, std::move(options));
  }
  return parts;
}

nb::bytes text_of(const ModelFile& file) {
  const std::string text = model_text(file);
  return nb::bytes(text.data(), text.size());
}

}  // namespace

std::vector<std::string> column_names(const Table& table) {
  std::vector<std::string> names;
  for (int j = 0; j < table.columns(); ++j) names.push_back(table.column_name(j));
  return names;
}

void bind_model(nb::module_& module) {
  nb::class_<ModelFile>(module, "Model")
      .def_static("load", &load_model, nb::arg("path"))
      .def_static(
          "parse",
          [](const nb::bytes& text) {
            return parse_model({text.c_str(), text.size()}, "model");
          },
          nb::arg("text"))
      .def(
          "save", [](const ModelFile& file, const std::string& path) { save_model(path, file); }, nb::arg("path"))
      .def("text", &text_of)
      .def_prop_ro("kind", &model_kind)
      .def_prop_ro("states",
                   [](const ModelFile& file) { return file.model->can(Capability::states) ? file.model->states() : 0; })
      .def_prop_ro("columns", [](const ModelFile& file) { return file.columns; })
      .def_prop_ro("component_names", [](const ModelFile& file) { return file.component_names; })
      .def_prop_ro("gate", [](const ModelFile& file) { return file.gate; })
      .def_prop_ro("sequence", [](const ModelFile& file) { return file.sequence; })
      .def_prop_ro("schema", [](const ModelFile& file) { return to_string(file.schema); })
      .def_prop_ro("kinds", &kinds)
      .def_prop_ro("free_parameters", [](const ModelFile& file) { return file.model->free_parameters(); })
      .def_prop_ro("parameters", &parameters)
      .def("with_parameters", &with_parameters, nb::arg("values"))
      .def("with_constraints", &with_constraints, nb::arg("constraints"))
      .def_prop_ro("fit", &fit_summary)
      .def("levels",
           [](const ModelFile& file, const std::string& column) -> std::optional<std::vector<std::string>> {
             const auto* levels = levels_of(file.schema, column);
             if (levels == nullptr) return std::nullopt;
             return *levels;
           })
      .def("given_columns",
           [](const ModelFile& file) {
             auto given = given_columns(file.schema);
             given.insert(given.end(), file.gate.begin(), file.gate.end());
             return given;
           })
      .def("score", &score, nb::arg("table"), nb::arg("threads"))
      .def("responsibilities", &responsibilities, nb::arg("table"), nb::arg("threads"))
      .def("impute", &impute, nb::arg("table"), nb::arg("threads"))
      .def("sample", &sample, nb::arg("rows"), nb::arg("seed"))
      .def("standard_errors", &standard_errors, nb::arg("table"), nb::arg("method"), nb::arg("intervals").none(),
           nb::arg("level"), nb::arg("replicates"), nb::arg("seed"), nb::arg("threads"), nb::arg("own") = false)
      .def("diagnose", &diagnosis, nb::arg("table"), nb::arg("threads"), nb::arg("own") = false);
}

}  // namespace jensen::python
