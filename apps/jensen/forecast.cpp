// jensen forecast: rows to come.
#include <jensen/data/csv_writer.h>
#include <jensen/emissions/schema_emissions.h>
#include <jensen/error.h>
#include <jensen/models/forecast.h>

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "apply_sequences.h"
#include "blocks.h"
#include "commands.h"
#include "fitting.h"
#include "output.h"

namespace {

using jensen::AnyHiddenMarkov;
using jensen::Error;
using jensen::ModelFile;

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

// What is said of one column, one step ahead.
struct Cell {
  double mean = unknown;
  double deviation = unknown;
  double lower = unknown;
  double upper = unknown;
  std::string word;  // the most probable one
};

struct Ahead {
  std::string sequence;
  int step = 0;
  std::vector<double> states;
  std::vector<Cell> cells;
};

Cell most_probable_word(const jensen::MixedMarginal& marginal, const std::vector<std::string>& words) {
  Cell cell;
  double most = -1;
  for (std::size_t l = 0; l < words.size(); ++l) {
    const auto level = static_cast<double>(l);
    const double p = marginal.up_to(level) - marginal.below(level);
    if (!(p > most)) continue;
    most = p;
    cell.word = words[l];
    cell.mean = p;
  }
  return cell;
}

Cell cell_ahead(const ModelFile& file, const AnyHiddenMarkov& model, const std::vector<double>& states, int column,
                double level) {
  if (!jensen::marginal_of(model.emissions(), 0, column)) return {};
  const auto marginal = jensen::column_forecast(model.emissions(), states, column);
  if (const auto* words = jensen::levels_of(file.schema, file.columns[static_cast<std::size_t>(column)])) {
    return most_probable_word(marginal, *words);
  }
  return {marginal.mean(),
          marginal.deviation(),
          marginal.quantile((1 - level) / 2),
          marginal.quantile((1 + level) / 2),
          {}};
}

std::vector<Ahead> forecasts(const ForecastArguments& a, const ModelFile& file, const LoadedData& data) {
  const AnyHiddenMarkov& model = *file.get<AnyHiddenMarkov>();
  const auto states = static_cast<std::size_t>(model.states());
  const auto names = names_of_sequences(data);
  const auto begins = data.table.sequences();
  std::vector<Ahead> result;
  std::vector<double> memory(static_cast<std::size_t>(a.steps) * states);
  const jensen::Panel ahead{memory.data(), a.steps, model.states(), a.steps};
  jensen::BlockBuffer buffer;
  for (std::size_t s = 0; s + 1 < begins.size(); ++s) {
    model.forecast(data.table.block(begins[s], begins[s + 1] - begins[s], buffer), ahead);
    if (std::all_of(memory.begin(), memory.end(), [](double p) { return p == 0; })) {
      throw Error(
          fmt::format("{}: the model gives sequence {} probability 0: nothing follows from it", a.data.path, names[s]));
    }
    for (int h = 0; h < a.steps; ++h) {
      Ahead line{names[s], h + 1, {}, {}};
      for (int k = 0; k < model.states(); ++k) line.states.push_back(ahead(h, k));
      for (int j = 0; j < model.columns(); ++j) line.cells.push_back(cell_ahead(file, model, line.states, j, a.level));
      result.push_back(std::move(line));
    }
  }
  return result;
}

void write_csv(std::ostream& out, const ModelFile& file, const std::vector<Ahead>& lines, bool with_names) {
  jensen::CsvWriter csv(out);
  if (with_names) csv.field(file.sequence.empty() ? "sequence" : file.sequence);
  csv.field("step");
  for (int k = 0; k < file.model->states(); ++k) csv.field("probability_" + file.component(k));
  for (const auto& name : file.columns) {
    if (jensen::levels_of(file.schema, name) != nullptr) {
      csv.field(name).field(name + "_probability");
    } else {
      csv.field(name + "_mean").field(name + "_lower").field(name + "_upper");
    }
  }
  csv.end_record();
  const auto number = [&](double value) { std::isnan(value) ? csv.field("NA") : csv.field(value); };
  for (const Ahead& line : lines) {
    if (with_names) csv.field(line.sequence);
    csv.field(static_cast<double>(line.step));
    for (const double p : line.states) csv.field(p);
    for (std::size_t j = 0; j < line.cells.size(); ++j) {
      const Cell& cell = line.cells[j];
      if (jensen::levels_of(file.schema, file.columns[j]) != nullptr) {
        csv.field(cell.word).field(cell.mean);
        continue;
      }
      for (const double value : {cell.mean, cell.lower, cell.upper}) number(value);
    }
    csv.end_record();
  }
}

std::string json_of(const ModelFile& file, const std::vector<Ahead>& lines, double level) {
  nlohmann::ordered_json json;
  json["level"] = level;
  json["forecasts"] = nlohmann::ordered_json::array();
  for (const Ahead& line : lines) {
    nlohmann::ordered_json row{{"sequence", line.sequence}, {"step", line.step}, {"states", line.states}};
    for (std::size_t j = 0; j < line.cells.size(); ++j) {
      const Cell& cell = line.cells[j];
      auto& own = row["columns"][file.columns[j]];
      if (jensen::levels_of(file.schema, file.columns[j]) != nullptr) {
        own = {{"most_probable", cell.word}, {"probability", cell.mean}};
      } else {
        own = {
            {"mean", cell.mean}, {"standard_deviation", cell.deviation}, {"lower", cell.lower}, {"upper", cell.upper}};
      }
    }
    json["forecasts"].push_back(std::move(row));
  }
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace

int run(const ForecastArguments& a) {
  if (a.json && a.output) throw Error("-o: does not apply with --json");
  if (!(a.level > 0 && a.level < 1)) throw Error(fmt::format("--level: must lie between 0 and 1, got {}", a.level));
  if (a.model == "-" && a.data.path == "-") throw Error("DATA: standard input is the model already");
  check_output(a.output, "-o", {a.model, a.data.path});
  const ModelFile file = jensen::load_model(a.model);
  if (file.get<AnyHiddenMarkov>() == nullptr) {
    throw Error(fmt::format("{}: is no hidden Markov model: a forecast needs rows that follow one another", a.model));
  }
  auto given = jensen::given_columns(file.schema);
  given.insert(given.end(), file.gate.begin(), file.gate.end());
  if (!given.empty()) {
    throw Error(fmt::format("{}: cannot be forecast: the model says what happens given {}, not what that will be",
                            a.model, given.front()));
  }
  const LoadedData data = load_data_for(file, a.data);
  const auto lines = forecasts(a, file, data);
  if (a.json) {
    print(json_of(file, lines, a.level));
  } else {
    write_to(a.output, [&](std::ostream& out) { write_csv(out, file, lines, !data.sequence_names.empty()); });
  }
  return exit_done;
}
