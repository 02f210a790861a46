#include "inputs.h"

#include <jensen/data/formula.h>
#include <jensen/emissions/schema_emissions.h>
#include <jensen/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "reading.h"
#include "sequences.h"

namespace {

using jensen::DataError;
using jensen::Error;
using jensen::ModelFile;

std::vector<std::string> explained_columns(const jensen::Schema& schema) {
  std::vector<std::string> names;
  for (const auto& part : schema) names.insert(names.end(), part.columns.begin(), part.columns.end());
  return names;
}

// The upper ends of cells that are only partly seen are drawn with them.
std::vector<std::string> upper_ends(const jensen::Schema& schema) {
  std::vector<std::string> names;
  for (const auto& part : schema) {
    const std::string* upper = part.option("upper");
    if (upper != nullptr && part.kind != "uniform") names.push_back(*upper);
  }
  return names;
}

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (!is_among(name, names)) names.push_back(name);
}

// Of columns whose option names another: "row 3, column 'exposure' must be positive, got 0".
std::string problem_of(const std::string& option, const std::string& kind, double cell) {
  if (option == "exposure" && !(cell > 0)) return fmt::format("is an exposure and must be positive, got {}", cell);
  const bool counts = option == "trials" && kind.starts_with("binomial");
  if (counts && !(cell >= 0 && cell == std::floor(cell))) {
    return fmt::format("is a number of trials and must be a whole number >= 0, got {}", cell);
  }
  return {};
}

}  // namespace

int place_of(const ModelFile& model, const std::string& column) {
  return static_cast<int>(std::find(model.columns.begin(), model.columns.end(), column) - model.columns.begin());
}

int explained(const ModelFile& model) {
  const auto columns =
      model.schema.empty() ? model.columns.size() - model.gate.size() : explained_columns(model.schema).size();
  return static_cast<int>(columns);
}

std::vector<int> lag_columns(const ModelFile& model) {
  std::vector<int> lags;
  for (const auto& name : jensen::given_columns(model.schema)) {
    if (jensen::lag_of(name).steps > 0) lags.push_back(place_of(model, name));
  }
  return lags;
}

Unexplained unexplained_columns(const ModelFile& model, const std::vector<int>& lags, const std::string& what) {
  Unexplained result;
  const auto explained = explained_columns(model.schema);
  const auto drawn_too = upper_ends(model.schema);
  for (const auto& part : model.schema) {
    for (const auto& [option, name] : part.options) {
      if (!is_among(name, jensen::given_columns(jensen::Schema{part})) || is_among(name, drawn_too)) continue;
      const auto lag = jensen::lag_of(name);
      const bool computed = std::find(lags.begin(), lags.end(), place_of(model, name)) != lags.end();
      if (is_among(name, explained)) {
        throw Error(fmt::format("{}: column '{}' depends on '{}' of the same row, which the model explains itself",
                                what, part.columns.front(), name));
      }
      if (!computed || !is_among(lag.column, explained)) {
        add_once(result.told, name);
        continue;
      }
      add_once(result.responses, part.columns.front());
      const jensen::Feedback own{place_of(model, name), place_of(model, lag.column), lag.steps};
      const auto known = std::find_if(result.feedback.begin(), result.feedback.end(),
                                      [&](const auto& f) { return f.column == own.column; });
      if (known == result.feedback.end()) result.feedback.push_back(own);
    }
  }
  const ChainColumns read = chain_columns(model);
  for (const auto& name : read.first) {
    if (is_among(name, explained)) {
      throw Error(fmt::format("{}: the first state depends on '{}', which the model explains itself", what, name));
    }
    if (!is_among(name, read.moves) && !is_among(name, result.told)) result.first.push_back(name);
  }
  for (const auto& name : read.moves) {
    if (is_among(name, explained)) {
      throw Error(fmt::format("{}: what state follows depends on '{}', which the model explains itself", what, name));
    }
    add_once(result.told, name);
  }
  return result;
}

LoadedData load_inputs(const ModelFile& model, const DataArguments& arguments, const Unexplained& columns,
                       const std::vector<std::string>& also) {
  auto names = columns.told;
  for (const auto& name : also) add_once(names, name);
  LoadedData inputs = load_inputs_for(model, arguments, names);
  const std::int64_t rows = inputs.table.rows();
  const std::size_t size = static_cast<std::size_t>(rows) * model.columns.size();
  std::vector<double> values(size, std::numeric_limits<double>::quiet_NaN());
  for (std::size_t j = 0; j < names.size(); ++j) {
    const auto begin = static_cast<std::size_t>(place_of(model, names[j])) * static_cast<std::size_t>(rows);
    for (std::int64_t i = 0; i < rows; ++i) {
      values[begin + static_cast<std::size_t>(i)] = inputs.table.cell(i, static_cast<int>(j));
    }
  }
  for (int& lag : inputs.lags) lag = place_of(model, names[static_cast<std::size_t>(lag)]);
  jensen::Table table(std::move(values), rows, static_cast<int>(model.columns.size()), model.columns);
  const auto begins = inputs.table.sequences();
  inputs.table = begins.empty() ? table : table.with_sequences({begins.begin(), begins.end()});
  return inputs;
}

void check_told(const ModelFile& model, const LoadedData& inputs, const Unexplained& columns, std::int64_t first,
                std::int64_t count, const std::string& file) {
  const auto refuse = [&](std::int64_t row, const std::string& name, const std::string& problem) {
    const auto in_file = inputs.file_rows.empty() ? row : inputs.file_rows[static_cast<std::size_t>(row)];
    throw DataError(fmt::format("{}: row {}, column '{}' {}", file, in_file + 1, name, problem));
  };
  // Nothing depends on the last rows of what is lagged.
  const auto needed = [&](const std::string& name) {
    return first + count - rows_back(inputs, place_of(model, name), name);
  };
  for (std::int64_t i = first; i < first + count; ++i) {
    for (const auto& name : columns.told) {
      if (i > first && is_among(name, columns.first)) continue;
      if (i >= needed(name) || !std::isnan(inputs.table.cell(i, place_of(model, name)))) continue;
      refuse(i, name, "is missing, on which the model depends");
    }
    for (const auto& part : model.schema) {
      for (const auto& [option, name] : part.options) {
        if (!is_among(name, columns.told)) continue;
        const std::string problem = problem_of(option, part.kind, inputs.table.cell(i, place_of(model, name)));
        if (!problem.empty()) refuse(i, name, problem);
      }
    }
  }
}

int rows_back(const LoadedData& data, int column, const std::string& name) {
  const bool lagged = std::find(data.lags.begin(), data.lags.end(), column) != data.lags.end();
  return lagged ? jensen::lag_of(name).steps : 0;
}
