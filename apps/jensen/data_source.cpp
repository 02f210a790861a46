#include "data_source.h"

#include <chrono>

#include "reading.h"

std::vector<std::string> LoadedData::columns() const {
  std::vector<std::string> names;
  for (int j = 0; j < table.columns(); ++j) names.push_back(table.column_name(j));
  return names;
}

bool is_npy(const std::string& path) { return path.size() >= 4 && (path.ends_with(".npy") || path.ends_with(".NPY")); }

DataArguments with_groups_as_sequences(DataArguments arguments) {
  if (arguments.group) arguments.sequence = arguments.group;
  return arguments;
}

LoadedData load_data(const DataArguments& arguments, int states, const std::vector<std::string>& default_columns) {
  const auto begun = std::chrono::steady_clock::now();
  if (is_npy(arguments.path)) {
    LoadedData data = load_npy(arguments);
    data.seconds = seconds_since(begun);
    return data;
  }
  jensen::CsvOptions options = reading_options(arguments);
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
