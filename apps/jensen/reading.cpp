#include "reading.h"

#include <jensen/data/csv_records.h>
#include <jensen/data/formula.h>
#include <jensen/data/npy.h>
#include <jensen/emissions/schema_emissions.h>
#include <jensen/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace {

using jensen::CsvOptions;
using jensen::DataError;
using jensen::Error;

char delimiter_named(const std::string& text) {
  if (text == "tab" || text == "\\t") return '\t';
  if (text.size() != 1) throw Error(fmt::format("--delimiter: must be one character or tab, got '{}'", text));
  return text[0];
}

void refuse_text_options(const DataArguments& arguments) {
  const std::pair<const char*, const std::optional<std::string>*> options[] = {
      {"--columns", &arguments.columns}, {"--exclude", &arguments.exclude},
      {"--weights", &arguments.weights}, {"--labels", &arguments.labels},
      {"--missing", &arguments.missing}, {"--delimiter", &arguments.delimiter},
      {"--header", &arguments.header},   {"--weight-kind", &arguments.weight_kind},
      {"--group", &arguments.group},     {"--sequence", &arguments.sequence},
      {"--order", &arguments.order}};
  for (const auto& [name, value] : options) {
    if (*value && !(*value)->empty())
      throw Error(fmt::format("{}: is for text, but {} is an NPY file", name, arguments.path));
  }
}

// A column of the table that was read, as the plan says.
std::vector<double> computed(const jensen::Table& table, int column, const ColumnPlan::Column& from, double level,
                             const std::string& file) {
  std::vector<double> values;
  for (std::int64_t i = 0; i < table.rows(); ++i) {
    const double x = table.cell(i, column);
    if (from.kind == ColumnPlan::Kind::logarithm && x <= 0) {
      const std::string name = table.column_name(column);
      throw DataError(
          fmt::format("{}: row {}, column '{}' must be positive for log({}), got {}", file, i + 1, name, name, x));
    }
    const bool as_it_is = from.kind == ColumnPlan::Kind::cell || from.kind == ColumnPlan::Kind::lag;
    values.push_back(as_it_is || std::isnan(x)                  ? x
                     : from.kind == ColumnPlan::Kind::logarithm ? std::log(x)
                     : x == level                               ? 1
                                                                : 0);
  }
  return values;
}

// What the column is called where what it comes from is called so.
std::string name_of(const ColumnPlan::Column& from, const std::string& name) {
  switch (from.kind) {
    case ColumnPlan::Kind::cell: return name;
    case ColumnPlan::Kind::logarithm: return "log(" + name + ")";
    case ColumnPlan::Kind::lag:
      return from.steps == 1 ? "lag(" + name + ")" : fmt::format("lag({},{})", name, from.steps);
    case ColumnPlan::Kind::indicator: return name + "[" + from.level + "]";
  }
  return name;
}

// Columns of the plan that become lags once sequences are known.
std::vector<int> lags_of(const ColumnPlan& plan) {
  std::vector<int> lags;
  for (std::size_t j = 0; j < plan.columns.size(); ++j) {
    if (plan.columns[j].kind == ColumnPlan::Kind::lag) lags.push_back(static_cast<int>(j));
  }
  return lags;
}

// The table of the plan, with the weights and labels that there are. at: the table's column of each input; columns
// beyond them come last. Lags are the column itself still.
jensen::Table computed_table(const jensen::Table& table, const ColumnPlan& plan, const std::vector<int>& at,
                             const std::vector<int>& further, const std::string& file) {
  std::vector<double> values;
  std::vector<std::string> names;
  const auto append = [&](int column, const ColumnPlan::Column& from, const std::string& name, double level) {
    const auto own = computed(table, column, from, level, file);
    values.insert(values.end(), own.begin(), own.end());
    names.push_back(name);
  };
  for (const auto& from : plan.columns) {
    const int column = at[static_cast<std::size_t>(from.input)];
    const std::string name = table.column_name(column);
    double level = -1;
    if (from.kind == ColumnPlan::Kind::indicator) {
      const auto& levels = plan.factor(plan.inputs[static_cast<std::size_t>(from.input)])->levels;
      level = static_cast<double>(std::find(levels.begin(), levels.end(), from.level) - levels.begin());
    }
    append(column, from, name_of(from, name), level);
  }
  for (const int column : further) append(column, {0, ColumnPlan::Kind::cell}, table.column_name(column), -1);
  jensen::Table result(std::move(values), table.rows(), static_cast<int>(names.size()), names);
  jensen::BlockBuffer buffer;
  const jensen::Block block = table.block(0, table.rows(), buffer);
  if (!block.weights.empty()) {
    result = result.with_weights({block.weights.begin(), block.weights.end()}, table.weight_kind());
  }
  if (!block.allowed.empty()) {
    result = result.with_allowed({block.allowed.begin(), block.allowed.end()}, *block.state_sets);
  }
  return result;
}

}  // namespace

CsvOptions reading_options(const DataArguments& arguments) {
  if (arguments.weight_kind && !arguments.weights) throw Error("--weight-kind: does not apply without --weights");
  CsvOptions options;
  if (arguments.delimiter) options.delimiter = delimiter_named(*arguments.delimiter);
  if (arguments.header && *arguments.header != "auto") options.header = *arguments.header == "yes";
  if (arguments.missing) {
    options.missing = split_list(*arguments.missing, "--missing");
    options.missing.emplace_back();
  }
  return options;
}

std::vector<std::string> list_of(const std::optional<std::string>& text, const char* option) {
  if (!text) return {};
  auto list = split_list(*text, option);
  if (std::find(list.begin(), list.end(), "") != list.end()) throw Error(fmt::format("{}: a name is empty", option));
  return list;
}

bool is_among(const std::string& name, const std::vector<std::string>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

LoadedData load_npy(const DataArguments& arguments) {
  refuse_text_options(arguments);
  return {jensen::read_npy(arguments.path), {}, 0, {}, {}, {}, {}, false};
}

LoadedData load_text(std::shared_ptr<const jensen::MappedFile> text, CsvOptions options, const ColumnPlan* plan) {
  const bool computed = plan != nullptr && plan->computed();
  const std::vector<std::string> chosen = options.columns;
  std::vector<int> at;
  std::vector<int> further;
  if (computed) {
    options.columns.clear();
    for (std::size_t j = 0; j < std::max(chosen.size(), plan->inputs.size()); ++j) {
      // A column may come both as it is and as its logarithm; without names all are taken in turn.
      auto found = options.columns.end();
      if (!chosen.empty()) found = std::find(options.columns.begin(), options.columns.end(), chosen[j]);
      const auto position =
          static_cast<int>(chosen.empty() ? static_cast<std::ptrdiff_t>(j) : found - options.columns.begin());
      if (!chosen.empty() && found == options.columns.end()) options.columns.push_back(chosen[j]);
      (j < plan->inputs.size() ? at : further).push_back(position);
    }
  }
  auto csv = jensen::read_csv_text(text->text(), text->name(), options);
  options.columns = chosen;
  for (std::size_t j = 0; j < csv.levels.size(); ++j) {
    for (auto& [name, levels] : options.levels) {
      if (name == csv.table.column_name(static_cast<int>(j))) levels = csv.levels[j];
    }
  }
  if (computed) csv.table = computed_table(csv.table, *plan, at, further, text->name());
  LoadedData data{std::move(csv.table), std::move(csv.label_names), 0,       {}, {},
                  std::move(text),      std::move(options),         computed};
  if (computed) data.lags = lags_of(*plan);
  return data;
}

std::vector<std::string> first_record(const jensen::MappedFile& file, const CsvOptions& options) {
  const char delimiter =
      options.delimiter != 0 ? options.delimiter : jensen::CsvRecords::detect_delimiter(file.text(), file.name());
  jensen::CsvRecords records(file.text(), file.name(), delimiter);
  std::vector<std::string> names;
  if (!records.next()) return names;
  std::string scratch;
  for (const auto& field : records.fields()) {
    std::string_view name = field.text(scratch);
    if (!field.quoted) {
      const auto begin = std::min(name.find_first_not_of(" \t"), name.size());
      name = name.substr(begin, name.find_last_not_of(" \t") + 1 - begin);
    }
    names.emplace_back(name);
  }
  return names;
}

bool begins_with_data(const jensen::MappedFile& file, CsvOptions options) {
  if (options.header) return !*options.header;
  options.delimiter =
      options.delimiter != 0 ? options.delimiter : jensen::CsvRecords::detect_delimiter(file.text(), file.name());
  jensen::CsvRecords records(file.text(), file.name(), options.delimiter);
  if (!records.next()) return false;
  const std::string_view from_first = records.remaining();
  const std::string_view first =
      from_first.substr(0, from_first.size() - (records.next() ? records.remaining().size() : 0));
  try {
    return !jensen::read_csv_text(first, file.name(), options).header;
  } catch (const DataError&) {
    return false;  // text among numbers, names that are empty or come twice: a header, if anything
  }
}

jensen::Table of_sampling_weights(const jensen::Table& table) {
  jensen::BlockBuffer buffer;
  const auto weights = table.block(0, table.rows(), buffer).weights;
  return table.with_weights({weights.begin(), weights.end()}, jensen::WeightKind::sampling);
}

std::vector<std::string> sequence_columns(const DataArguments& arguments) {
  std::vector<std::string> names;
  for (const auto* name : {&arguments.sequence, &arguments.order}) {
    const bool read_already = arguments.timed && name == &arguments.order;
    if (*name && !(*name)->empty() && !read_already) names.push_back(**name);
  }
  return names;
}

void add_sequence_columns(const DataArguments& arguments, CsvOptions& options) {
  for (const auto& name : sequence_columns(arguments)) {
    if (std::find(options.columns.begin(), options.columns.end(), name) != options.columns.end()) {
      throw Error(fmt::format("{}: column '{}' is used already",
                              name == arguments.group      ? "--group"
                              : name == arguments.sequence ? "--sequence"
                                                           : "--order",
                              name));
    }
    options.columns.push_back(name);
  }
  if (arguments.sequence && !arguments.sequence->empty()) {
    options.levels.emplace_back(*arguments.sequence, std::vector<std::string>{});
  }
}

bool ColumnPlan::computed() const {
  return std::any_of(columns.begin(), columns.end(), [](const Column& column) { return column.kind != Kind::cell; });
}

const jensen::Factor* ColumnPlan::factor(const std::string& input) const {
  for (const jensen::Factor& known : factors) {
    if (known.column == input) return &known;
  }
  return nullptr;
}

ColumnPlan plan_columns(const std::vector<std::string>& columns, const jensen::Schema& schema,
                        const std::vector<std::string>& gate, const std::vector<jensen::Factor>& factors) {
  ColumnPlan plan;
  plan.factors = factors;
  const auto given = jensen::given_columns(schema);
  const auto indicated = [&](const std::string& name) -> std::pair<const jensen::Factor*, std::string> {
    for (const jensen::Factor& factor : plan.factors) {
      for (std::size_t l = 0; l < factor.levels.size(); ++l) {
        if (factor.indicator(l) == name) return {&factor, factor.levels[l]};
      }
    }
    return {nullptr, {}};
  };
  const auto add = [&](std::string input, ColumnPlan::Kind kind, std::string level, int steps = 0) {
    const auto known = std::find(plan.inputs.begin(), plan.inputs.end(), input);
    const bool shared = kind == ColumnPlan::Kind::indicator && known != plan.inputs.end();
    const auto at = shared ? known - plan.inputs.begin() : std::ssize(plan.inputs);
    plan.columns.push_back({static_cast<int>(at), kind, std::move(level), steps});
    if (!shared) plan.inputs.push_back(std::move(input));
  };
  for (const auto& name : columns) {
    const bool covariate = is_among(name, given) || is_among(name, gate);
    const auto [factor, level] = covariate ? indicated(name) : decltype(indicated(name)){};
    if (factor != nullptr) {
      add(factor->column, ColumnPlan::Kind::indicator, level);
    } else if (covariate && !jensen::logarithm_of(name).empty()) {
      add(jensen::logarithm_of(name), ColumnPlan::Kind::logarithm, {});
    } else if (covariate && jensen::lag_of(name).steps > 0) {
      add(jensen::lag_of(name).column, ColumnPlan::Kind::lag, {}, jensen::lag_of(name).steps);
    } else {
      add(name, ColumnPlan::Kind::cell, {});
    }
  }
  return plan;
}

void prefer_columns_of(const std::vector<std::string>& names, ColumnPlan& plan) {
  for (auto& column : plan.columns) {
    if (column.kind != ColumnPlan::Kind::logarithm && column.kind != ColumnPlan::Kind::lag) continue;
    std::string& input = plan.inputs[static_cast<std::size_t>(column.input)];
    const std::string whole = name_of(column, input);
    if (!is_among(whole, names)) continue;
    input = whole;
    column.kind = ColumnPlan::Kind::cell;
  }
}

void select_columns(LoadedData& data, const ColumnPlan& plan, const std::string& file) {
  const auto names = data.columns();
  ColumnPlan own = plan;
  prefer_columns_of(names, own);
  std::vector<int> at;
  for (const auto& input : own.inputs) {
    if (own.factor(input) != nullptr) {
      throw DataError(fmt::format("{}: column '{}' is one of words, which an array does not hold", file, input));
    }
    const auto found = std::find(names.begin(), names.end(), input);
    if (found == names.end()) {
      throw DataError(fmt::format("{}: there is no column '{}': those of an array with {} columns are x1 to x{}", file,
                                  input, names.size(), names.size()));
    }
    at.push_back(static_cast<int>(found - names.begin()));
  }
  data.table = computed_table(data.table, own, at, {}, file);
  data.computed = true;
  data.lags = lags_of(own);
}

double seconds_since(std::chrono::steady_clock::time_point begun) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}
