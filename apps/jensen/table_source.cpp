// Data to fit whose columns a schema describes.
#include <jensen/data/formula.h>
#include <jensen/emissions/schema_emissions.h>
#include <jensen/error.h>
#include <jensen/select_mixture.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>

#include "reading.h"

namespace {

using jensen::CsvOptions;
using jensen::DataError;
using jensen::Error;

// What --columns says of an array's columns x1, x2, … is the schema's business.
DataArguments without_columns(DataArguments arguments) {
  arguments.columns.reset();
  return arguments;
}

// All columns but those with another role.
std::vector<std::string> columns_left(const jensen::MappedFile& text, const DataArguments& arguments,
                                      const CsvOptions& options) {
  auto names = first_record(text, options);
  const bool header = options.header ? *options.header : !begins_with_data(text, options);
  for (std::size_t j = 0; j < names.size(); ++j) {
    if (!header || names[j].empty()) names[j] = fmt::format("x{}", j + 1);
  }
  std::erase_if(names, [&](const std::string& name) {
    return name == arguments.weights || name == arguments.labels || name == arguments.sequence ||
           name == arguments.order ||
           std::find(options.exclude.begin(), options.exclude.end(), name) != options.exclude.end();
  });
  if (names.empty()) throw DataError(fmt::format("{}: no column is left for the data", text.name()));
  return names;
}

// Yes and no. Numbers stand for themselves even where only one of them comes up.
void settle_binary(const std::string& name, std::vector<std::string>& levels, const std::string& file, bool& again) {
  if (levels.size() > 2) {
    throw DataError(fmt::format("{}: column '{}' is bernoulli, but has {} levels ({}): is it categorical?", file, name,
                                levels.size(), fmt::join(levels, ", ")));
  }
  if (levels.size() != 1 || (levels[0] != "0" && levels[0] != "1")) return;
  levels = {"0", "1"};
  again = true;
}

// The covariates of the regressions and the gate that hold words, as factors; their terms become those of indicators.
std::vector<jensen::Factor> code_factors(const jensen::MappedFile* text, const CsvOptions& options,
                                         jensen::Schema& schema, std::vector<std::string>& gate) {
  std::vector<std::string> plain;
  std::vector<std::string> marked;
  const auto note = [&](const std::vector<std::string>& terms) {
    for (const auto& name : terms) {
      const std::string column = jensen::factor_of(name);
      auto& list = column.empty() ? plain : marked;
      if (!is_among(column.empty() ? name : column, list)) list.push_back(column.empty() ? name : column);
    }
  };
  for (const auto& part : schema) note(jensen::covariates(part));
  note(gate);
  if (text == nullptr) {
    if (marked.empty()) return {};
    throw Error(fmt::format("factor({}): is for text, but an array holds numbers", marked.front()));
  }
  const auto names = first_record(*text, options);
  std::erase_if(plain, [&](const std::string& name) { return !is_among(name, names) || is_among(name, marked); });
  CsvOptions looking = options;
  looking.columns = plain;
  std::vector<std::string> columns = marked;
  if (!plain.empty()) {
    for (auto& name : jensen::columns_of_words(text->text(), text->name(), looking)) columns.push_back(std::move(name));
  }
  if (columns.empty()) return {};
  looking.columns = columns;
  for (const auto& name : columns) looking.levels.emplace_back(name, std::vector<std::string>{});
  const auto found = jensen::read_csv_text(text->text(), text->name(), looking);
  std::vector<jensen::Factor> factors;
  for (std::size_t j = 0; j < columns.size(); ++j) {
    if (found.levels[j].size() < 2) {
      throw DataError(
          fmt::format("{}: column '{}' has {}, so that it has no coefficient: leave it out", text->name(), columns[j],
                      found.levels[j].empty() ? "no observed cell" : "a single level, '" + found.levels[j][0] + "'"));
    }
    factors.push_back({columns[j], found.levels[j]});
  }
  for (auto& part : schema) {
    if (jensen::covariates(part).empty()) continue;
    const std::string* said = part.option("intercept");
    const bool intercept = said == nullptr || *said != "no";
    const auto terms = jensen::coded_terms(jensen::covariates(part), factors, intercept);
    part = jensen::with_covariates(std::move(part), terms);
  }
  gate = jensen::coded_terms(gate, factors, true);
  return factors;
}

}  // namespace

LoadedData load_table(const DataArguments& arguments, int states, const std::string& default_kind,
                      jensen::Schema& schema, std::vector<std::string>& gate) {
  const auto begun = std::chrono::steady_clock::now();
  const bool npy = is_npy(arguments.path);
  CsvOptions options = npy ? CsvOptions() : reading_options(arguments);
  LoadedData array{jensen::Table({0.0}, 1, 1), {}, 0, {}, {}, {}, {}, false};
  std::shared_ptr<jensen::MappedFile> text;
  if (npy) {
    array = load_npy(without_columns(arguments));
  } else {
    text = std::make_shared<jensen::MappedFile>(arguments.path);
  }
  if (arguments.columns) {
    if (arguments.exclude) throw Error("--exclude: does not apply with --columns, which names what is used");
    for (auto& part : jensen::parse_schema(*arguments.columns, default_kind.empty() ? "gaussian" : default_kind)) {
      schema.push_back(std::move(part));
    }
  } else if (!schema.empty() && arguments.exclude) {
    throw Error("--exclude: does not apply with --regress, which names what is used");
  } else if (schema.empty()) {
    options.exclude = list_of(arguments.exclude, "--exclude");
    schema = {{npy ? array.columns() : columns_left(*text, arguments, options), default_kind, {}, {}}};
    options.exclude.clear();
  }
  for (const auto& part : schema) {
    if (default_kind != "categorical" || part.kind == default_kind) continue;
    throw Error(fmt::format("--columns: {} is {}, but the columns of latent classes are categorical: use mixture",
                            fmt::join(part.columns, "+"), part.kind));
  }
  // Categories are one by one.
  if (default_kind == "categorical" && schema.size() == 1 && schema[0].columns.size() > 1) {
    jensen::Schema parts;
    for (const auto& name : schema[0].columns) parts.push_back({{name}, default_kind, {}, {}});
    schema = std::move(parts);
  }
  const auto factors = code_factors(text.get(), options, schema, gate);
  const auto forms = jensen::alternatives(schema);
  for (const auto& form : forms) jensen::check_schema(form);
  ColumnPlan plan = plan_columns(jensen::columns_of(forms.front(), gate), forms.front(), gate, factors);
  if (npy) {
    select_columns(array, plan, arguments.path);
    array.seconds = seconds_since(begun);
    return array;
  }
  prefer_columns_of(first_record(*text, options), plan);
  options.columns = plan.inputs;
  for (const jensen::Factor& factor : plan.factors) options.levels.emplace_back(factor.column, factor.levels);
  for (const auto& name : level_columns(forms.front())) {
    if (plan.factor(name) == nullptr) options.levels.emplace_back(name, std::vector<std::string>{});
  }
  add_sequence_columns(arguments, options);
  options.weights = arguments.weights.value_or("");
  options.labels = arguments.labels.value_or("");
  options.states = states;
  LoadedData data = load_text(text, options, &plan);
  bool again = false;
  for (auto& part : schema) {
    for (auto& [name, levels] : data.reading.levels) {
      if (name != part.columns.front()) continue;
      if (part.kind == "bernoulli") settle_binary(name, levels, text->name(), again);
      part.levels = {levels};
    }
  }
  if (again) data = load_text(text, data.reading, &plan);
  if (arguments.weight_kind == "sampling") data.table = of_sampling_weights(data.table);
  data.factors = factors;
  data.seconds = seconds_since(begun);
  return data;
}

LoadedData load_table(const DataArguments& arguments, int states, const std::string& default_kind,
                      jensen::Schema& schema) {
  std::vector<std::string> no_gate;
  return load_table(arguments, states, default_kind, schema, no_gate);
}
