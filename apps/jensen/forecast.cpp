// jensen forecast: rows to come.
#include <jensen/data/csv_writer.h>
#include <jensen/em/options.h>
#include <jensen/emissions/mixed_angle.h>
#include <jensen/emissions/schema_emissions.h>
#include <jensen/error.h>
#include <jensen/models/forecast.h>

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "apply_sequences.h"
#include "blocks.h"
#include "commands.h"
#include "fitting.h"
#include "inputs.h"
#include "output.h"
#include "rows_to_come.h"

namespace {

using jensen::AnyHiddenMarkov;
using jensen::Error;
using jensen::ModelFile;

constexpr int default_draws = 10000;
constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

// What is said of one column, one step ahead.
struct Cell {
  double mean = unknown;
  double deviation = unknown;
  double lower = unknown;
  double upper = unknown;
  std::string word;       // the most probable one
  std::size_t draws = 0;  // what the others rest on; 0: nothing was drawn
};

// One step of one sequence.
struct Ahead {
  std::string sequence;
  int step = 0;
  double time = unknown;
  std::vector<double> states;
  std::vector<Cell> cells;
};

bool timed(const AnyHiddenMarkov& model) { return model.chain().as<jensen::TimedChain>() != nullptr; }

void check_draws(const ForecastArguments& a, const Unexplained& unexplained) {
  if (!unexplained.feedback.empty()) return;
  if (a.draws) throw Error("--draws: does not apply: the distributions have a closed form");
  if (a.seed) throw Error("--seed: does not apply: the distributions have a closed form");
}

// The smallest of the draws with a share of at least p up to it.
double quantile_of(const std::vector<double>& ascending, double p) {
  const auto rank = std::ceil(p * static_cast<double>(ascending.size()));
  return ascending[static_cast<std::size_t>(std::max(1.0, rank)) - 1];
}

Cell cell_of(std::vector<double> draws, double level) {
  std::sort(draws.begin(), draws.end());
  const auto count = static_cast<double>(draws.size());
  double mean = 0;
  for (const double y : draws) mean += y / count;
  double variance = 0;
  for (const double y : draws) variance += (y - mean) * (y - mean) / count;
  return {mean, std::sqrt(variance), quantile_of(draws, (1 - level) / 2), quantile_of(draws, (1 + level) / 2),
          {},   draws.size()};
}

struct Forecasts {
  std::vector<Ahead> lines;
  bool named = false;  // there is a column of sequences
};

// The forecast of one sequence.
class Forecast {
 public:
  Forecast(const ForecastArguments& a, const ModelFile& file, const Unexplained& unexplained, RowsToCome rows)
      : a_(a),
        file_(file),
        model_(*file.get<AnyHiddenMarkov>()),
        unexplained_(unexplained),
        rows_(std::move(rows)),
        memory_(static_cast<std::size_t>(rows_.rows()) * static_cast<std::size_t>(model_.states())),
        states_{memory_.data(), rows_.rows(), model_.states(), rows_.rows()} {}

  // False where the model gives the sequence probability 0.
  bool follow(const jensen::Block& seen) {
    jensen::Block ahead;
    ahead.x = std::as_const(rows_).panel();
    model_.forecast(seen, ahead, states_);
    return std::any_of(memory_.begin(), memory_.end(), [](double p) { return p > 0; });
  }

  // Paths of rows to come, as far as there are columns that depend on such rows.
  void draw(std::uint64_t seed) {
    for (const auto& name : unexplained_.responses) {
      const int column = place_of(file_, name);
      for (std::int64_t h = 0; h < rows_.rows(); ++h) {
        if (!marginal(h, column)) drawn_.emplace(std::pair(h, column), std::vector<double>());
      }
    }
    if (drawn_.empty()) return;
    const auto next = probabilities(0);
    for (std::uint64_t draw = 0; draw < static_cast<std::uint64_t>(a_.draws.value_or(default_draws)); ++draw) {
      RowsToCome path = rows_;
      jensen::draw_ahead(model_, next, unexplained_.feedback, seed, draw, path.panel());
      for (auto& [place, values] : drawn_) values.push_back(path.panel()(place.first, place.second));
    }
  }

  Ahead line(const std::string& sequence, std::int64_t h) const {
    Ahead line{sequence, static_cast<int>(h) + 1, unknown, probabilities(h), {}};
    if (!file_.order.empty() && timed(model_)) line.time = rows_.panel()(h, place_of(file_, file_.order));
    for (int j = 0; j < explained(file_); ++j) line.cells.push_back(cell(h, j));
    return line;
  }

 private:
  std::vector<double> probabilities(std::int64_t h) const {
    std::vector<double> result;
    for (int k = 0; k < model_.states(); ++k) result.push_back(states_(h, k));
    return result;
  }
  std::vector<double> row(std::int64_t h) const {
    std::vector<double> result;
    for (int j = 0; j < rows_.panel().columns; ++j) result.push_back(rows_.panel()(h, j));
    return result;
  }
  bool marginal(std::int64_t h, int column) const {
    return jensen::marginal_of(model_.emissions(), 0, column, row(h)).has_value();
  }

  Cell cell(std::int64_t h, int column) const {
    if (const auto found = drawn_.find({h, column}); found != drawn_.end()) return cell_of(found->second, a_.level);
    if (const auto angles = jensen::mixed_angle_of(model_.emissions(), probabilities(h), column)) {
      const auto arc = angles->arc(a_.level);
      return {arc.direction, unknown, arc.lower, arc.upper, {}};
    }
    if (!marginal(h, column)) return {};
    const auto ahead = jensen::column_forecast(model_.emissions(), probabilities(h), column, row(h));
    if (const auto* words = jensen::levels_of(file_.schema, file_.columns[static_cast<std::size_t>(column)])) {
      const auto most = ahead.most_probable(static_cast<int>(words->size()));
      Cell cell;
      cell.word = (*words)[static_cast<std::size_t>(most.level)];
      cell.mean = most.probability;
      return cell;
    }
    return {
        ahead.mean(), ahead.deviation(), ahead.quantile((1 - a_.level) / 2), ahead.quantile((1 + a_.level) / 2), {}, 0};
  }

  const ForecastArguments& a_;
  const ModelFile& file_;
  const AnyHiddenMarkov& model_;
  const Unexplained& unexplained_;
  RowsToCome rows_;
  std::vector<double> memory_;
  jensen::Panel states_;
  std::map<std::pair<std::int64_t, int>, std::vector<double>> drawn_;  // by row and column
};

Forecasts forecasts(const ForecastArguments& a, const ModelFile& file) {
  LoadedData data = load_rows_for(file, a.data);
  const auto unexplained = unexplained_columns(file, data.lags, a.model + ": cannot be forecast");
  check_draws(a, unexplained);
  auto rows = rows_to_come(a, file, data, unexplained);
  shift_lags(data, file.schema, file.gate, a.data.path);
  const auto names = names_of_sequences(data);
  const auto begins = data.table.sequences();
  Forecasts result{{}, !data.sequence_names.empty()};
  jensen::BlockBuffer buffer;
  for (std::size_t s = 0; s + 1 < begins.size(); ++s) {
    const std::int64_t steps = rows[s].rows();
    Forecast forecast(a, file, unexplained, std::move(rows[s]));
    if (!forecast.follow(data.table.block(begins[s], begins[s + 1] - begins[s], buffer))) {
      throw Error(
          fmt::format("{}: the model gives sequence {} probability 0: nothing follows from it", a.data.path, names[s]));
    }
    forecast.draw(jensen::restart_seed(a.seed.value_or(0), static_cast<int>(s)));
    for (std::int64_t h = 0; h < steps; ++h) result.lines.push_back(forecast.line(names[s], h));
  }
  return result;
}

void write_csv(std::ostream& out, const ModelFile& file, const Forecasts& found) {
  jensen::CsvWriter csv(out);
  if (found.named) csv.field(file.sequence.empty() ? "sequence" : file.sequence);
  csv.field("step");
  const bool with_times = timed(*file.get<AnyHiddenMarkov>());
  if (with_times) csv.field(file.order);
  for (int k = 0; k < file.model->states(); ++k) csv.field("probability_" + file.component(k));
  for (int j = 0; j < explained(file); ++j) {
    const auto& name = file.columns[static_cast<std::size_t>(j)];
    if (jensen::levels_of(file.schema, name) != nullptr) {
      csv.field(name).field(name + "_probability");
    } else {
      csv.field(name + "_mean").field(name + "_lower").field(name + "_upper");
    }
  }
  csv.end_record();
  const auto number = [&](double value) { std::isnan(value) ? csv.field("NA") : csv.field(value); };
  for (const Ahead& line : found.lines) {
    if (found.named) csv.field(line.sequence);
    csv.field(static_cast<double>(line.step));
    if (with_times) csv.field(line.time);
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

std::string json_of(const ForecastArguments& a, const ModelFile& file, const Forecasts& found) {
  nlohmann::ordered_json json;
  json["level"] = a.level;
  json["forecasts"] = nlohmann::ordered_json::array();
  for (const Ahead& line : found.lines) {
    nlohmann::ordered_json row{{"sequence", line.sequence}, {"step", line.step}};
    if (!std::isnan(line.time)) row["time"] = line.time;
    row["states"] = line.states;
    for (std::size_t j = 0; j < line.cells.size(); ++j) {
      const Cell& cell = line.cells[j];
      auto& own = row["columns"][file.columns[j]];
      if (jensen::levels_of(file.schema, file.columns[j]) != nullptr) {
        own = {{"most_probable", cell.word}, {"probability", cell.mean}};
      } else {
        own = {
            {"mean", cell.mean}, {"standard_deviation", cell.deviation}, {"lower", cell.lower}, {"upper", cell.upper}};
        if (cell.draws > 0) own["draws"] = cell.draws;
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
  if (a.inputs == "-" && (a.model == "-" || a.data.path == "-")) {
    throw Error("--inputs: standard input is read for something else already");
  }
  check_output(a.output, "-o", {a.model, a.data.path, a.inputs.value_or("")});
  const ModelFile file = jensen::load_model(a.model);
  if (file.get<AnyHiddenMarkov>() == nullptr) {
    throw Error(fmt::format("{}: is no hidden Markov model: a forecast needs rows that follow one another", a.model));
  }
  const Forecasts found = forecasts(a, file);
  if (a.json) {
    print(json_of(a, file, found));
  } else {
    write_to(a.output, [&](std::ostream& out) { write_csv(out, file, found); });
  }
  return exit_done;
}
