#include "data_source.h"

#include <jensen/data/csv_records.h>
#include <jensen/data/formula.h>
#include <jensen/data/npy.h>
#include <jensen/emissions/schema_emissions.h>
#include <jensen/error.h>
#include <jensen/select_mixture.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
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

// Everything but the choice of columns.
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

void refuse_text_options(const DataArguments& arguments) {
  const std::pair<const char*, const std::optional<std::string>*> options[] = {
      {"--columns", &arguments.columns},   {"--exclude", &arguments.exclude},
      {"--weights", &arguments.weights},   {"--labels", &arguments.labels},
      {"--missing", &arguments.missing},   {"--delimiter", &arguments.delimiter},
      {"--header", &arguments.header},     {"--weight-kind", &arguments.weight_kind},
      {"--sequence", &arguments.sequence}, {"--order", &arguments.order}};
  for (const auto& [name, value] : options) {
    if (*value && !(*value)->empty())
      throw Error(fmt::format("{}: is for text, but {} is an NPY file", name, arguments.path));
  }
}

LoadedData load_npy(const DataArguments& arguments) {
  refuse_text_options(arguments);
  return {jensen::read_npy(arguments.path), {}, 0, {}, {}, {}, {}, false};
}

// Columns that say which rows form a sequence, and in which order; they are read after those of the model.
std::vector<std::string> sequence_columns(const DataArguments& arguments) {
  std::vector<std::string> names;
  for (const auto& name : {arguments.sequence, arguments.order}) {
    if (name && !name->empty()) names.push_back(*name);
  }
  return names;
}

void add_sequence_columns(const DataArguments& arguments, CsvOptions& options) {
  for (const auto& name : sequence_columns(arguments)) {
    if (std::find(options.columns.begin(), options.columns.end(), name) != options.columns.end()) {
      throw Error(
          fmt::format("{}: column '{}' is used already", name == arguments.sequence ? "--sequence" : "--order", name));
    }
    options.columns.push_back(name);
  }
  if (arguments.sequence && !arguments.sequence->empty()) {
    options.levels.emplace_back(*arguments.sequence, std::vector<std::string>{});
  }
}

// What --columns says of an array's columns x1, x2, … is the schema's business.
DataArguments without_columns(DataArguments arguments) {
  arguments.columns.reset();
  return arguments;
}

// Where a column comes from in the table that was read.
struct Source {
  int column;
  bool logarithm;
};

// The table of these columns, with the weights and labels that there are.
jensen::Table computed_table(const jensen::Table& table, const std::vector<Source>& sources, const std::string& file) {
  std::vector<double> values;
  std::vector<std::string> names;
  for (const Source& source : sources) {
    const std::string name = table.column_name(source.column);
    names.push_back(source.logarithm ? "log(" + name + ")" : name);
    for (std::int64_t i = 0; i < table.rows(); ++i) {
      const double x = table.cell(i, source.column);
      if (source.logarithm && x <= 0) {
        throw DataError(
            fmt::format("{}: row {}, column '{}' must be positive for log({}), got {}", file, i + 1, name, name, x));
      }
      values.push_back(source.logarithm ? std::log(x) : x);
    }
  }
  jensen::Table result(std::move(values), table.rows(), static_cast<int>(sources.size()), std::move(names));
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

// logarithms: by column chosen, whether its logarithm is meant; empty: of none.
LoadedData load_text(std::shared_ptr<const jensen::MappedFile> text, CsvOptions options,
                     const std::vector<bool>& logarithms = {}) {
  const bool computed = std::find(logarithms.begin(), logarithms.end(), true) != logarithms.end();
  const std::vector<std::string> chosen = options.columns;
  std::vector<Source> sources;
  if (computed) {
    options.columns.clear();
    for (std::size_t j = 0; j < logarithms.size(); ++j) {
      // A column may come both as it is and as its logarithm; without names all are taken in turn.
      auto found = options.columns.end();
      if (!chosen.empty()) found = std::find(options.columns.begin(), options.columns.end(), chosen[j]);
      const auto at = chosen.empty() ? static_cast<std::ptrdiff_t>(j) : found - options.columns.begin();
      if (!chosen.empty() && found == options.columns.end()) options.columns.push_back(chosen[j]);
      sources.push_back({static_cast<int>(at), logarithms[j]});
    }
  }
  auto csv = jensen::read_csv_text(text->text(), text->name(), options);
  options.columns = chosen;
  for (std::size_t j = 0; j < csv.levels.size(); ++j) {
    for (auto& [name, levels] : options.levels) {
      if (name == csv.table.column_name(static_cast<int>(j))) levels = csv.levels[j];
    }
  }
  if (computed) csv.table = computed_table(csv.table, sources, text->name());
  return {std::move(csv.table), std::move(csv.label_names), 0, {}, {}, std::move(text), std::move(options), computed};
}

jensen::Table of_sampling_weights(const jensen::Table& table) {
  jensen::BlockBuffer buffer;
  const auto weights = table.block(0, table.rows(), buffer).weights;
  return table.with_weights({weights.begin(), weights.end()}, jensen::WeightKind::sampling);
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

// Whether the first record, looked at alone, is data: none of its fields is text.
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

bool is_among(const std::string& name, const std::vector<std::string>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Which of the columns are covariates called "log(x)".
std::vector<bool> logarithms(const std::vector<std::string>& columns, const jensen::Schema& schema,
                             const std::vector<std::string>& gate) {
  const auto given = jensen::given_columns(schema);
  std::vector<bool> result;
  for (const auto& name : columns) {
    result.push_back((is_among(name, given) || is_among(name, gate)) && !jensen::logarithm_of(name).empty());
  }
  return result;
}

// Of these, those that the data lack are made of the column whose logarithm they are.
void take_logarithms(const std::vector<std::string>& names, std::vector<std::string>& columns,
                     std::vector<bool>& logarithms) {
  for (std::size_t j = 0; j < columns.size(); ++j) {
    logarithms[j] = logarithms[j] && !is_among(columns[j], names);
    if (logarithms[j]) columns[j] = jensen::logarithm_of(columns[j]);
  }
}

// These columns of an array, whose names are x1, x2, …; logarithms where they are meant.
void select_columns(LoadedData& data, std::vector<std::string> columns, std::vector<bool> logarithms,
                    const std::string& file) {
  const auto names = data.columns();
  take_logarithms(names, columns, logarithms);
  std::vector<Source> sources;
  for (std::size_t j = 0; j < columns.size(); ++j) {
    const auto found = std::find(names.begin(), names.end(), columns[j]);
    if (found == names.end()) {
      throw DataError(fmt::format("{}: there is no column '{}': those of an array with {} columns are x1 to x{}", file,
                                  columns[j], names.size(), names.size()));
    }
    sources.push_back({static_cast<int>(found - names.begin()), logarithms[j]});
  }
  data.table = computed_table(data.table, sources, file);
  data.computed = true;
}

// Chooses the columns of the model in `options`; see load_data_for.
void choose_columns(const jensen::ModelFile& model, const jensen::MappedFile& file,
                    const std::vector<std::string>& further, CsvOptions& options, std::vector<bool>& logarithms) {
  const auto names = first_record(file, options);
  auto columns = model.columns;
  auto computed = logarithms;
  take_logarithms(names, columns, computed);
  std::vector<std::string> absent;
  auto wanted = columns;
  wanted.insert(wanted.end(), further.begin(), further.end());
  for (const auto& name : wanted) {
    if (!is_among(name, names)) absent.push_back(name);
  }
  if (absent.empty() && options.header.value_or(true)) {
    options.columns = std::move(columns);
    logarithms = std::move(computed);
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
        fmt::format("{}: has no header: say which columns to use with --columns x1,x2,... and, for {}, with --sequence "
                    "and --order ('' for none)",
                    file.name(), fmt::join(further, " and ")));
  }
  options.header = false;
  if (names.size() == model.columns.size()) return;
  throw DataError(
      fmt::format("{}: has no header and {} columns, but the model has {} ({}): say which ones to use with "
                  "--columns x1,x2,...",
                  file.name(), names.size(), model.columns.size(), fmt::join(model.columns, ", ")));
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

double seconds_since(std::chrono::steady_clock::time_point begun) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

}  // namespace

std::vector<std::string> LoadedData::columns() const {
  std::vector<std::string> names;
  for (int j = 0; j < table.columns(); ++j) names.push_back(table.column_name(j));
  return names;
}

bool is_npy(const std::string& path) { return path.size() >= 4 && (path.ends_with(".npy") || path.ends_with(".NPY")); }

LoadedData load_data(const DataArguments& arguments, int states, const std::vector<std::string>& default_columns) {
  const auto begun = std::chrono::steady_clock::now();
  if (is_npy(arguments.path)) {
    LoadedData data = load_npy(arguments);
    data.seconds = seconds_since(begun);
    return data;
  }
  CsvOptions options = reading_options(arguments);
  options.columns = list_of(arguments.columns, "--columns");
  options.exclude = list_of(arguments.exclude, "--exclude");
  if (options.columns.empty() && options.exclude.empty()) options.columns = default_columns;
  options.weights = arguments.weights.value_or("");
  options.labels = arguments.labels.value_or("");
  options.states = states;
  LoadedData data = load_text(std::make_shared<jensen::MappedFile>(arguments.path), std::move(options));
  if (arguments.weight_kind == "sampling") data.table = of_sampling_weights(data.table);
  data.seconds = seconds_since(begun);
  return data;
}

namespace {

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
  auto computed = logarithms(options.columns, forms.front(), gate);
  if (npy) {
    select_columns(array, options.columns, computed, arguments.path);
    array.seconds = seconds_since(begun);
    return array;
  }
  take_logarithms(first_record(*text, options), options.columns, computed);
  for (const auto& name : level_columns(forms.front())) options.levels.emplace_back(name, std::vector<std::string>{});
  add_sequence_columns(arguments, options);
  if (!options.columns.empty()) computed.resize(options.columns.size(), false);
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

namespace {

// What the model's fit knew of sequences, where the user says nothing else.
DataArguments with_sequences_of(const jensen::ModelFile& model, DataArguments arguments) {
  if (model.model->sequential()) {
    if (!arguments.sequence) arguments.sequence = model.sequence;
    if (!arguments.order) arguments.order = model.order;
    return arguments;
  }
  if (arguments.sequence) throw Error("--sequence: the model takes rows as independent");
  if (arguments.order) throw Error("--order: the model takes rows as independent");
  return arguments;
}

}  // namespace

LoadedData load_data_for(const jensen::ModelFile& model, const DataArguments& given) {
  const DataArguments arguments = with_sequences_of(model, given);
  const auto count = static_cast<int>(model.columns.size());
  const auto check_count = [&](int found) {
    if (found == count) return;
    throw DataError(fmt::format("{}: has {} columns, but the model has {}: {}", arguments.path, found, count,
                                fmt::join(model.columns, ", ")));
  };
  if (is_npy(arguments.path)) {
    LoadedData data = load_npy(given);
    const auto computed = logarithms(model.columns, model.schema, model.gate);
    const bool any = std::find(computed.begin(), computed.end(), true) != computed.end();
    // A model of some columns of an array takes them by their names, x1, x2, …; else its columns are all of them.
    if (!model.schema.empty() && (any || data.table.columns() != count)) {
      select_columns(data, model.columns, computed, arguments.path);
    } else {
      check_count(data.table.columns());
    }
    DataArguments whole = arguments;  // columns have no names to cut by
    whole.sequence.reset();
    whole.order.reset();
    if (model.model->sequential()) cut_into_sequences(data, whole);
    return data;
  }
  CsvOptions options = reading_options(arguments);
  const auto text = std::make_shared<jensen::MappedFile>(arguments.path);
  auto computed = logarithms(model.columns, model.schema, model.gate);
  if (arguments.columns) {
    options.columns = list_of(arguments.columns, "--columns");
    if (static_cast<int>(options.columns.size()) != count) {
      throw Error(fmt::format("--columns: names {} columns, but the model has {}: {}", options.columns.size(), count,
                              fmt::join(model.columns, ", ")));
    }
  } else {
    choose_columns(model, *text, sequence_columns(arguments), options, computed);
  }
  for (std::size_t j = 0; j < model.columns.size(); ++j) {
    const auto* levels = jensen::levels_of(model.schema, model.columns[j]);
    if (levels == nullptr) continue;
    // Without a header the columns are those of the file, in its order.
    const std::string name = options.columns.empty() ? fmt::format("x{}", j + 1) : options.columns[j];
    options.levels.emplace_back(name, *levels);
  }
  add_sequence_columns(arguments, options);
  if (!options.columns.empty()) computed.resize(options.columns.size(), false);
  options.weights = arguments.weights.value_or("");
  options.labels = arguments.labels.value_or("");
  if (arguments.labels) options.states = model.model->states();
  LoadedData data = load_text(text, std::move(options), computed);
  if (arguments.weight_kind == "sampling") data.table = of_sampling_weights(data.table);
  if (arguments.labels) check_labels(model, data, arguments);
  if (model.model->sequential()) cut_into_sequences(data, arguments);
  return data;
}
