// Data to which a model is applied.
#include <jensen/data/formula.h>
#include <jensen/emissions/schema_emissions.h>
#include <jensen/error.h>
#include <jensen/models/any_grouped_mixture.h>
#include <jensen/models/any_hidden_markov.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "reading.h"
#include "sequences.h"

namespace {

using jensen::CsvOptions;
using jensen::DataError;
using jensen::Error;

// Chooses the columns of the model in `options`; see load_data_for.
void choose_columns(const jensen::ModelFile& model, const jensen::MappedFile& file,
                    const std::vector<std::string>& further, CsvOptions& options, ColumnPlan& plan) {
  const auto names = first_record(file, options);
  ColumnPlan own = plan;
  prefer_columns_of(names, own);
  std::vector<std::string> absent;
  auto wanted = own.inputs;
  wanted.insert(wanted.end(), further.begin(), further.end());
  for (const auto& name : wanted) {
    if (!is_among(name, names)) absent.push_back(name);
  }
  if (absent.empty() && options.header.value_or(true)) {
    plan = std::move(own);
    options.columns = plan.inputs;
    options.header = true;
    return;
  }
  if (!begins_with_data(file, options)) {
    throw DataError(
        fmt::format("{}: lacks columns of the model: {}; it has {}. Say which ones to use instead with "
                    "--columns, or --header no if its first line is data",
                    file.name(), fmt::join(absent, ", "), fmt::join(names, ", ")));
  }
  if (!further.empty()) {
    throw DataError(
        fmt::format("{}: has no header: say which columns to use with --columns x1,x2,... and, for {}, with {} ('' for "
                    "none)",
                    file.name(), fmt::join(further, " and "),
                    model.get<jensen::AnyGroupedMixture>() != nullptr ? "--group" : "--sequence and --order"));
  }
  options.header = false;
  if (names.size() == plan.inputs.size()) return;
  throw DataError(
      fmt::format("{}: has no header and {} columns, but the model has {} ({}): say which ones to use with "
                  "--columns x1,x2,...",
                  file.name(), names.size(), plan.inputs.size(), fmt::join(plan.inputs, ", ")));
}

// Words are read as the model's levels.
void add_levels(const jensen::ModelFile& model, const ColumnPlan& plan, CsvOptions& options) {
  for (std::size_t j = 0; j < plan.inputs.size(); ++j) {
    const auto* levels = jensen::levels_of(model.schema, plan.inputs[j]);
    if (const auto* factor = plan.factor(plan.inputs[j])) levels = &factor->levels;
    if (levels == nullptr) continue;
    // Without a header the columns are those of the file, in its order.
    const std::string name = options.columns.empty() ? fmt::format("x{}", j + 1) : options.columns[j];
    options.levels.emplace_back(name, *levels);
  }
}

// Labels mean the model's components where they are called the same.
void check_labels(const jensen::ModelFile& model, const LoadedData& data, const DataArguments& arguments) {
  auto named = data.label_names;
  named.resize(model.component_names.size());
  if (named == model.component_names) return;
  throw DataError(fmt::format(
      "{}: column '{}' names {}, but the model's components are {}", arguments.path, *arguments.labels,
      fmt::join(data.label_names, ", "),
      model.component_names.empty() ? "not named" : fmt::to_string(fmt::join(model.component_names, ", "))));
}

// What the model's fit knew of sequences, where the user says nothing else.
DataArguments with_sequences_of(const jensen::ModelFile& model, DataArguments arguments) {
  if (model.get<jensen::AnyGroupedMixture>() != nullptr) {
    if (arguments.sequence || arguments.order) {
      throw Error(fmt::format("--{}: the model's rows come in groups without order: say which with --group",
                              arguments.sequence ? "sequence" : "order"));
    }
    if (!arguments.group) arguments.group = model.sequence;
    return with_groups_as_sequences(std::move(arguments));
  }
  if (arguments.group) {
    throw Error(model.model->sequential() ? "--group: the model is one of sequences: say which with --sequence"
                                          : "--group: the model takes rows as independent");
  }
  if (model.model->sequential()) {
    if (!arguments.sequence) arguments.sequence = model.sequence;
    if (!arguments.order) arguments.order = model.order;
    const auto* markov = model.get<jensen::AnyHiddenMarkov>();
    arguments.timed = markov != nullptr && markov->chain().as<jensen::TimedChain>() != nullptr;
    if (arguments.timed && arguments.order != model.order) {
      throw Error(fmt::format("--order: the model reads the time from '{}'", model.order));
    }
    return arguments;
  }
  if (arguments.sequence) throw Error("--sequence: the model takes rows as independent");
  if (arguments.order) throw Error("--order: the model takes rows as independent");
  return arguments;
}

}  // namespace

LoadedData load_rows_for(const jensen::ModelFile& model, const DataArguments& given) {
  const DataArguments arguments = with_sequences_of(model, given);
  const auto count = static_cast<int>(model.columns.size());
  const auto check_count = [&](int found) {
    if (found == count) return;
    throw DataError(fmt::format("{}: has {} columns, but the model has {}: {}", arguments.path, found, count,
                                fmt::join(model.columns, ", ")));
  };
  if (is_npy(arguments.path)) {
    LoadedData data = load_npy(given);
    const ColumnPlan plan = plan_columns(model.columns, model.schema, model.gate, model.factors);
    // A model of some columns of an array takes them by their names, x1, x2, …; else its columns are all of them.
    if (!model.schema.empty() && (plan.computed() || data.table.columns() != count)) {
      select_columns(data, plan, arguments.path);
    } else {
      check_count(data.table.columns());
    }
    DataArguments whole = arguments;  // columns have no names to cut by
    whole.sequence.reset();
    whole.order.reset();
    whole.group.reset();
    if (model.model->sequential()) cut_into_sequences(data, whole, chain_columns(model));
    return data;
  }
  CsvOptions options = reading_options(arguments);
  const auto text = std::make_shared<jensen::MappedFile>(arguments.path);
  ColumnPlan plan = plan_columns(model.columns, model.schema, model.gate, model.factors);
  if (arguments.columns) {
    options.columns = list_of(arguments.columns, "--columns");
    if (options.columns.size() != plan.inputs.size()) {
      throw Error(fmt::format("--columns: names {} columns, but the model has {}: {}", options.columns.size(),
                              plan.inputs.size(), fmt::join(plan.inputs, ", ")));
    }
  } else {
    choose_columns(model, *text, sequence_columns(arguments), options, plan);
  }
  add_levels(model, plan, options);
  add_sequence_columns(arguments, options);
  options.weights = arguments.weights.value_or("");
  options.labels = arguments.labels.value_or("");
  if (arguments.labels) options.states = model.model->states();
  LoadedData data = load_text(text, std::move(options), &plan);
  if (arguments.weight_kind == "sampling") data.table = of_sampling_weights(data.table);
  if (arguments.labels) check_labels(model, data, arguments);
  if (model.model->sequential()) cut_into_sequences(data, arguments, chain_columns(model));
  return data;
}

LoadedData load_data_for(const jensen::ModelFile& model, const DataArguments& arguments) {
  LoadedData data = load_rows_for(model, arguments);
  shift_lags(data, model.schema, model.gate, arguments.path);
  return data;
}

LoadedData load_inputs_for(const jensen::ModelFile& model, const DataArguments& given,
                           const std::vector<std::string>& columns) {
  if (is_npy(given.path)) throw Error(fmt::format("--inputs: must be text, but {} is an NPY file", given.path));
  const auto text = std::make_shared<jensen::MappedFile>(given.path);
  CsvOptions options = reading_options(given);
  DataArguments arguments = with_sequences_of(model, given);
  if (model.model->sequential()) {
    const auto names = first_record(*text, options);
    const auto drop = [&](const auto& said, std::optional<std::string>& column) {
      if (!said && column && !is_among(*column, names)) column = "";
    };
    drop(given.sequence, arguments.sequence);
    if (!arguments.timed) drop(given.order, arguments.order);
  }
  ColumnPlan plan = plan_columns(columns, model.schema, model.gate, model.factors);
  choose_columns(model, *text, sequence_columns(arguments), options, plan);
  add_levels(model, plan, options);
  add_sequence_columns(arguments, options);
  LoadedData data = load_text(text, std::move(options), &plan);
  if (model.model->sequential()) cut_into_sequences(data, arguments);
  return data;
}
