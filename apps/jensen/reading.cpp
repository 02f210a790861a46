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
      {"--columns", &arguments.columns},   {"--exclude", &arguments.exclude},
      {"--weights", &arguments.weights},   {"--labels", &arguments.labels},
      {"--missing", &arguments.missing},   {"--delimiter", &arguments.delimiter},
      {"--header", &arguments.header},     {"--weight-kind", &arguments.weight_kind},
      {"--group", &arguments.group},       {"--sequence", &arguments.sequence},
      {"--order", &arguments.order}};
  for (const auto& [name, value] : options) {
    if (*value && !(*value)->empty())
      throw Error(fmt::format("{}: is for text, but {} is an NPY file", name, arguments.path));
  }
}

// Where a column comes from in the table that was read.
struct Source {
  int column;
  std::string computed;  // "log(x)", "lag(x)"; "": as it is
};

// What is computed, of a column that may be called otherwise here.
std::string computed_name(const Source& source, const std::string& column) {
  if (source.computed.empty()) return column;
  if (!jensen::logarithm_of(source.computed).empty()) return "log(" + column + ")";
  const int steps = jensen::lag_of(source.computed).steps;
  return steps == 1 ? "lag(" + column + ")" : fmt::format("lag({},{})", column, steps);
}

// Of the sources, those that become lags once sequences are known.
std::vector<int> lags_among(const std::vector<Source>& sources) {
  std::vector<int> lags;
  for (std::size_t j = 0; j < sources.size(); ++j) {
    if (jensen::logarithm_of(sources[j].computed).empty() && jensen::lag_of(sources[j].computed).steps > 0) {
      lags.push_back(static_cast<int>(j));
    }
  }
  return lags;
}

// The table of these columns, with the weights and labels that there are. Lags are the column itself still.
jensen::Table computed_table(const jensen::Table& table, const std::vector<Source>& sources, const std::string& file) {
  std::vector<double> values;
  std::vector<std::string> names;
  for (const Source& source : sources) {
    const std::string name = table.column_name(source.column);
    const bool logarithm = !jensen::logarithm_of(source.computed).empty();
    names.push_back(computed_name(source, name));
    for (std::int64_t i = 0; i < table.rows(); ++i) {
      const double x = table.cell(i, source.column);
      if (logarithm && x <= 0) {
        throw DataError(
            fmt::format("{}: row {}, column '{}' must be positive for log({}), got {}", file, i + 1, name, name, x));
      }
      values.push_back(logarithm ? std::log(x) : x);
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

LoadedData load_text(std::shared_ptr<const jensen::MappedFile> text, CsvOptions options,
                     const std::vector<std::string>& computed) {
  const bool any = std::any_of(computed.begin(), computed.end(), [](const auto& name) { return !name.empty(); });
  const std::vector<std::string> chosen = options.columns;
  std::vector<Source> sources;
  if (any) {
    options.columns.clear();
    for (std::size_t j = 0; j < computed.size(); ++j) {
      // A column may come both as it is and as it is computed; without names all are taken in turn.
      auto found = options.columns.end();
      if (!chosen.empty()) found = std::find(options.columns.begin(), options.columns.end(), chosen[j]);
      const auto at = chosen.empty() ? static_cast<std::ptrdiff_t>(j) : found - options.columns.begin();
      if (!chosen.empty() && found == options.columns.end()) options.columns.push_back(chosen[j]);
      sources.push_back({static_cast<int>(at), computed[j]});
    }
  }
  auto csv = jensen::read_csv_text(text->text(), text->name(), options);
  options.columns = chosen;
  for (std::size_t j = 0; j < csv.levels.size(); ++j) {
    for (auto& [name, levels] : options.levels) {
      if (name == csv.table.column_name(static_cast<int>(j))) levels = csv.levels[j];
    }
  }
  if (any) csv.table = computed_table(csv.table, sources, text->name());
  LoadedData data{std::move(csv.table), std::move(csv.label_names), 0,  {}, {},
                  std::move(text),      std::move(options),         any};
  data.lags = lags_among(sources);
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
      throw Error(
          fmt::format("{}: column '{}' is used already", name == arguments.group      ? "--group"
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

std::vector<std::string> computed_columns(const std::vector<std::string>& columns, const jensen::Schema& schema,
                                          const std::vector<std::string>& gate) {
  const auto given = jensen::given_columns(schema);
  std::vector<std::string> result;
  for (const auto& name : columns) {
    const bool covariate = is_among(name, given) || is_among(name, gate);
    result.push_back(covariate && !jensen::computed_from(name).empty() ? name : "");
  }
  return result;
}

void take_computed(const std::vector<std::string>& names, std::vector<std::string>& columns,
                   std::vector<std::string>& computed) {
  for (std::size_t j = 0; j < columns.size(); ++j) {
    if (is_among(columns[j], names)) computed[j].clear();
    if (!computed[j].empty()) columns[j] = jensen::computed_from(computed[j]);
  }
}

void select_columns(LoadedData& data, std::vector<std::string> columns, std::vector<std::string> computed,
                    const std::string& file) {
  const auto names = data.columns();
  take_computed(names, columns, computed);
  std::vector<Source> sources;
  for (std::size_t j = 0; j < columns.size(); ++j) {
    const auto found = std::find(names.begin(), names.end(), columns[j]);
    if (found == names.end()) {
      throw DataError(fmt::format("{}: there is no column '{}': those of an array with {} columns are x1 to x{}", file,
                                  columns[j], names.size(), names.size()));
    }
    sources.push_back({static_cast<int>(found - names.begin()), computed[j]});
  }
  data.table = computed_table(data.table, sources, file);
  data.computed = true;
  data.lags = lags_among(sources);
}

double seconds_since(std::chrono::steady_clock::time_point begun) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}
