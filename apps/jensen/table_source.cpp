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

}  // namespace

LoadedData load_table(const DataArguments& arguments, int states, const std::string& default_kind,
                      jensen::Schema& schema, const std::vector<std::string>& gate) {
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
  const auto forms = jensen::alternatives(schema);
  for (const auto& form : forms) jensen::check_schema(form);
  options.columns = jensen::columns_of(forms.front(), gate);
  auto computed = computed_columns(options.columns, forms.front(), gate);
  if (npy) {
    select_columns(array, options.columns, computed, arguments.path);
    array.seconds = seconds_since(begun);
    return array;
  }
  take_computed(first_record(*text, options), options.columns, computed);
  for (const auto& name : level_columns(forms.front())) options.levels.emplace_back(name, std::vector<std::string>{});
  add_sequence_columns(arguments, options);
  if (!options.columns.empty()) computed.resize(options.columns.size());
  options.weights = arguments.weights.value_or("");
  options.labels = arguments.labels.value_or("");
  options.states = states;
  LoadedData data = load_text(text, options, computed);
  bool again = false;
  for (auto& part : schema) {
    for (auto& [name, levels] : data.reading.levels) {
      if (name != part.columns.front()) continue;
      if (part.kind == "bernoulli") settle_binary(name, levels, text->name(), again);
      part.levels = {levels};
    }
  }
  if (again) data = load_text(text, data.reading, computed);
  if (arguments.weight_kind == "sampling") data.table = of_sampling_weights(data.table);
  data.seconds = seconds_since(begun);
  return data;
}
