#include "sequences.h"

#include <jensen/data/formula.h>
#include <jensen/emissions/covariance.h>
#include <jensen/emissions/schema_emissions.h>
#include <jensen/error.h>
#include <jensen/models/stationary.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "text_table.h"

namespace {

using jensen::Error;
using Row = std::vector<std::string>;

// Columns of kind gaussian as one part, at the place of the first.
jensen::Schema jointly_gaussian(const jensen::Schema& schema, const std::string& covariance) {
  (void)jensen::covariance_named(covariance);
  jensen::SchemaPart joint{{}, "gaussian", {{covariance, ""}}, {}};
  jensen::Schema result;
  std::size_t place = 0;
  for (const auto& part : schema) {
    if (part.kind != "gaussian") {
      result.push_back(part);
      continue;
    }
    if (!part.options.empty()) {
      throw Error(
          fmt::format("--covariance: {} has its own structure, {}", part.columns.front(), part.options.front().first));
    }
    if (joint.columns.empty()) place = result.size();
    joint.columns.insert(joint.columns.end(), part.columns.begin(), part.columns.end());
  }
  if (joint.columns.empty()) throw Error("--covariance: does not apply: no column is gaussian");
  result.insert(result.begin() + static_cast<std::ptrdiff_t>(place), std::move(joint));
  return result;
}

void check_cells(const LoadedData& data, const jensen::Schema& schema, const std::string& file) {
  for (const auto& form : jensen::alternatives(schema)) {
    const jensen::Schema whole = jensen::resolved(form, data.table);
    const auto further = data.table.columns() - static_cast<int>(jensen::columns_of(whole).size());
    jensen::BlockBuffer buffer;
    const auto problem =
        jensen::emissions_for(whole, 1, further).problem(data.table.block(0, data.table.rows(), buffer));
    if (!problem) continue;
    throw jensen::DataError(fmt::format("{}: row {}, column '{}' {}", file,
                                        data.file_rows[static_cast<std::size_t>(problem->row)] + 1,
                                        data.table.column_name(problem->column), problem->text));
  }
}

// The columns of the table, in the order in which the schema reads them.
jensen::Table arranged(const jensen::Table& table, const std::vector<std::string>& columns) {
  jensen::BlockBuffer buffer;
  const jensen::Block all = table.block(0, table.rows(), buffer);
  std::vector<double> values;
  for (const auto& name : columns) {
    for (int j = 0; j < table.columns(); ++j) {
      if (table.column_name(j) != name) continue;
      values.insert(values.end(), all.x.column(j), all.x.column(j) + all.rows());
    }
  }
  jensen::Table result(std::move(values), table.rows(), static_cast<int>(columns.size()), columns);
  if (!all.weights.empty()) {
    result = result.with_weights({all.weights.begin(), all.weights.end()}, table.weight_kind());
  }
  if (!all.allowed.empty()) {
    result = result.with_allowed({all.allowed.begin(), all.allowed.end()}, *all.state_sets);
  }
  return result.with_sequences({table.sequences().begin(), table.sequences().end()});
}

std::string share(double p) { return fmt::format("{:.4f}", p); }

}  // namespace

namespace {

constexpr const char* transition_inputs = "--transition-inputs";
constexpr const char* initial_inputs = "--initial-inputs";

std::vector<std::string> columns_in(const std::string& text, const char* option) {
  const jensen::Formula formula = jensen::parse_formula(text);
  if (!formula.response.empty() || !formula.intercept || !formula.offset.empty() || formula.terms.empty()) {
    throw Error(fmt::format("{}: must be columns, 'a + b'", option));
  }
  for (const auto& term : formula.terms) {
    if (jensen::lag_of(term).steps > 0) throw Error(fmt::format("{}: {}: lags are for --regress", option, term));
  }
  return formula.terms;
}

// What there is no reading of where transitions depend on more than the state.
void refuse_with(const std::string& option, const jensen::ChainForm& form) {
  if (form.initial == jensen::InitialStates::stationary) {
    throw Error(fmt::format("{}: does not go with --initial stationary", option));
  }
  if (form.pseudo_count > 0) throw Error(fmt::format("{}: does not go with --pseudo-count", option));
}

void add_durations(jensen::ChainForm& form, const ChainArguments& a) {
  if (!a.durations && a.max_duration) throw Error("--max-duration: does not apply without --durations");
  if (!a.durations) return;
  form.durations = jensen::duration_family_named(*a.durations);
  form.max_duration = a.max_duration.value_or(0);
  if (*form.durations == jensen::DurationFamily::free && !a.max_duration) {
    throw Error("--durations free: say with --max-duration how long stays may be: each duration has a parameter");
  }
  if (a.inputs) throw Error("--durations: does not go with --transition-inputs");
  if (a.initial_inputs) throw Error("--durations: does not go with --initial-inputs");
  if (a.continuous_time) throw Error("--durations: does not go with --continuous-time");
  if (form.initial == jensen::InitialStates::stationary) {
    throw Error("--durations: does not go with --initial stationary");
  }
}

void add_clusters(jensen::ChainForm& form, const ChainArguments& a, const DataArguments& data) {
  form.clusters = a.clusters;
  if (a.clusters == 1) return;
  const auto refuse = [](const std::string& option) {
    throw Error(fmt::format("--clusters: does not go with {}", option));
  };
  if (a.durations) refuse("--durations");
  if (a.inputs) refuse(transition_inputs);
  if (a.initial_inputs) refuse(initial_inputs);
  if (a.continuous_time) refuse("--continuous-time");
  if (form.initial != jensen::InitialStates::free) refuse("--initial " + a.initial);
  if (data.labels) refuse("--labels: a label would be of one cluster, which nobody knows");
}

}  // namespace

namespace {

void check_memory(const ChainArguments& a) {
  if (a.memory == "all") return;
  const auto refuse = [](const char* option) {
    throw Error(fmt::format("--memory checkpoints: does not go with {}", option));
  };
  if (a.durations) refuse("--durations");
  if (a.inputs) refuse(transition_inputs);
  if (a.initial_inputs) refuse(initial_inputs);
  if (a.continuous_time) refuse("--continuous-time");
  if (a.clusters > 1) refuse("--clusters");
}

}  // namespace

DataArguments with_times(DataArguments data, const ChainArguments& a) {
  data.timed = a.continuous_time;
  return data;
}

jensen::ChainForm chain_form(const ChainArguments& a, const DataArguments& data) {
  check_memory(a);
  jensen::ChainForm form;
  try {
    form = jensen::chain_form_named(a.transitions);
  } catch (const jensen::ArgumentError&) {
    throw Error(fmt::format("--transitions: '{}' is none of full, left-right, banded, banded:WIDTH", a.transitions));
  }
  if (a.initial == "uniform") form.initial = jensen::InitialStates::uniform;
  if (a.initial == "stationary") form.initial = jensen::InitialStates::stationary;
  if (form.transitions == jensen::Transitions::left_to_right && form.initial != jensen::InitialStates::free) {
    throw Error("--initial: does not apply to left-right transitions, where sequences begin in the first state");
  }
  if (!(a.pseudo_count >= 0) || !std::isfinite(a.pseudo_count)) {
    throw Error(fmt::format("--pseudo-count: must be finite and >= 0, got {}", a.pseudo_count));
  }
  form.pseudo_count = a.pseudo_count;
  add_clusters(form, a, data);
  form.memory = jensen::chain_memory_named(a.memory);
  add_durations(form, a);
  if (a.inputs) {
    form.inputs = columns_in(*a.inputs, transition_inputs);
    refuse_with(transition_inputs, form);
  }
  if (a.initial_inputs) {
    form.initial_inputs = columns_in(*a.initial_inputs, initial_inputs);
    refuse_with(initial_inputs, form);
    if (form.initial == jensen::InitialStates::uniform) {
      throw Error("--initial-inputs: does not go with --initial uniform");
    }
    if (form.transitions == jensen::Transitions::left_to_right) {
      throw Error(
          "--initial-inputs: does not apply to left-right transitions, where sequences begin in the first state");
    }
  }
  if (!a.continuous_time) return form;
  if (a.inputs) throw Error("--continuous-time: does not go with --transition-inputs");
  if (a.initial_inputs) throw Error("--continuous-time: does not go with --initial-inputs");
  if (!data.order || data.order->empty()) throw Error("--continuous-time: say with --order when each row was seen");
  form.time = *data.order;
  refuse_with("--continuous-time", form);
  return form;
}

void prepare_sequences(LoadedData& data, const DataArguments& arguments, const ChainArguments& chain,
                       jensen::Schema& schema) {
  const auto form = chain_form(chain, arguments);
  const auto further = columns_of(form);
  cut_into_sequences(data, arguments,
                     {form.initial_inputs, form.time.empty() ? form.inputs : std::vector<std::string>{form.time}});
  shift_lags(data, jensen::alternatives(schema).front(), further, arguments.path);
  check_cells(data, schema, arguments.path);
  if (!chain.covariance) return;
  schema = jointly_gaussian(schema, *chain.covariance);
  data.table = arranged(data.table, jensen::columns_of(jensen::alternatives(schema).front(), further));
}

void check_inputs(const jensen::ChainForm& form, const std::vector<std::string>& read) {
  const auto check = [&](const std::vector<std::string>& inputs, const char* option) {
    for (const auto& name : inputs) {
      if (std::find(read.begin(), read.end(), name) != read.end()) continue;
      throw Error(fmt::format("{}: column '{}' holds words: make columns of numbers of them", option, name));
    }
  };
  check(form.inputs, transition_inputs);
  check(form.initial_inputs, initial_inputs);
}

ChainColumns chain_columns(const jensen::ModelFile& file) {
  const auto* markov = file.get<jensen::AnyHiddenMarkov>();
  const auto* inputs = markov == nullptr ? nullptr : markov->chain().as<jensen::InputChain>();
  if (inputs == nullptr) return {{}, file.gate};
  const auto names = [&](std::span<const int> columns) {
    std::vector<std::string> result;
    for (const int column : columns) result.push_back(file.columns.at(static_cast<std::size_t>(column)));
    return result;
  };
  return {names(inputs->initial_inputs()), names(inputs->inputs())};
}

void prepare_groups(LoadedData& data, const DataArguments& arguments, const jensen::Schema& schema) {
  if (data.table.rows() > 0) check_cells(data, schema, arguments.path);
  cut_into_sequences(data, arguments);
}

void name_rows_of_file(jensen::Report& report, const LoadedData& data) {
  for (auto& rows : report.degenerate_rows) {
    for (auto& row : rows) row = data.file_rows.at(static_cast<std::size_t>(row));
    std::sort(rows.begin(), rows.end());
  }
}

jensen::DataError with_rows_of_file(const jensen::NoLikelihood& error, const LoadedData& data,
                                    const DataArguments& arguments) {
  if (!error.unit()) return error;
  const jensen::BrokenUnit& unit = *error.unit();
  std::string name = data.sequence_names.empty()
                       ? "the data, one sequence,"
                       : fmt::format("{} '{}'", arguments.group ? "group" : "sequence",
                                     data.sequence_names[static_cast<std::size_t>(unit.unit)]);
  return jensen::DataError(fmt::format("{}: {}: {} has log-likelihood {}, from row {} on", arguments.path,
                                       error.problem(), name, unit.log_likelihood,
                                       data.file_rows[static_cast<std::size_t>(unit.at)] + 1));
}

void name_rows_of_file(std::vector<jensen::MixtureCandidate>& candidates, const LoadedData& data,
                       const DataArguments& arguments) {
  for (auto& candidate : candidates) {
    if (candidate.no_likelihood) candidate.reason = with_rows_of_file(*candidate.no_likelihood, data, arguments).what();
  }
}

namespace {

ChainFacts facts_of(const jensen::MarkovChain& chain) {
  ChainFacts facts;
  for (int k = 0; k < chain.states(); ++k) facts.durations.push_back(1 / (1 - chain.transition(k, k)));
  facts.stationary = jensen::stationary_distribution(chain.transitions(), chain.states());
  return facts;
}

ChainFacts facts_of(const jensen::InputChain& chain) {
  return chain.inputs().empty() ? facts_of(chain.form()) : ChainFacts();
}

ChainFacts facts_of(const jensen::ClusteredChain& chain) {
  ChainFacts facts;
  bool single = true;
  for (int c = 0; c < chain.clusters(); ++c) {
    const ChainFacts own = facts_of(chain.cluster(c));
    facts.durations.insert(facts.durations.end(), own.durations.begin(), own.durations.end());
    facts.stationary.insert(facts.stationary.end(), own.stationary.begin(), own.stationary.end());
    single = single && !own.stationary.empty();
  }
  if (!single) facts.stationary.clear();
  return facts;
}

ChainFacts facts_of(const jensen::TimedChain& chain) {
  ChainFacts facts;
  for (int k = 0; k < chain.states(); ++k) facts.durations.push_back(1 / chain.leaving(k));
  // π Q = 0 is π (I + Q / c) = π for any rate c.
  double most = 0;
  for (int k = 0; k < chain.states(); ++k) most = std::max(most, chain.leaving(k));
  auto jumps = chain.generator();
  for (double& q : jumps) q /= 2 * most;
  for (int k = 0; k < chain.states(); ++k) jumps[static_cast<std::size_t>(k * (chain.states() + 1))] += 1;
  if (most > 0) facts.stationary = jensen::stationary_distribution(jumps, chain.states());
  return facts;
}

std::string stay(double duration) { return std::isfinite(duration) ? fmt::format("{:.4g}", duration) : "for good"; }

ChainFacts facts_of(const jensen::SemiMarkovChain& chain) {
  ChainFacts facts;
  for (int k = 0; k < chain.states(); ++k) {
    facts.durations.push_back(chain.absorbing(k) ? std::numeric_limits<double>::infinity() : chain.duration(k).mean());
  }
  // Rows are shared as visits are, times what a visit lasts; states left for good have none.
  facts.stationary = jensen::stationary_distribution(chain.jumps().transitions(), chain.states());
  double total = 0;
  for (std::size_t k = 0; k < facts.stationary.size(); ++k) {
    if (std::isfinite(facts.durations[k])) facts.stationary[k] *= facts.durations[k];
    total += facts.stationary[k];
  }
  for (double& rows : facts.stationary) rows /= total;
  return facts;
}

std::string text_of(const jensen::ModelFile& file, const jensen::SemiMarkovChain& chain) {
  const ChainFacts facts = facts_of(chain);
  std::vector<Row> rows{{"state", "first"}};
  if (!facts.stationary.empty()) rows[0].emplace_back("long run");
  for (const char* name : {"stays, rows", "10 %", "median", "90 %", "family"}) rows[0].emplace_back(name);
  for (int k = 0; k < chain.states(); ++k) rows[0].push_back("to " + file.component(k));
  for (int k = 0; k < chain.states(); ++k) {
    const auto at = static_cast<std::size_t>(k);
    rows.push_back({file.component(k), share(chain.jumps().initial()[at])});
    if (!facts.stationary.empty()) rows.back().push_back(share(facts.stationary[at]));
    rows.back().push_back(stay(facts.durations[at]));
    for (const double p : {0.1, 0.5, 0.9}) {
      rows.back().push_back(chain.absorbing(k) ? "" : std::to_string(chain.duration(k).quantile(p)));
    }
    rows.back().push_back(chain.absorbing(k) ? "" : to_string(chain.duration(k).family()));
    for (int j = 0; j < chain.states(); ++j) {
      rows.back().push_back(j == k ? "" : share(chain.jumps().transition(k, j)));
    }
  }
  return "\nStates and their stays\n" + aligned(rows) +
         fmt::format(
             "  (probability of the first row; share of rows in the long run; expected stay and its quantiles, "
             "at most {} rows; probability of the state that follows)\n",
             chain.longest());
}

// A row for each state: first, where there is an initial distribution, long run, stay, and cell(k, j) for each state j.
// base: what the first of them is of the model's states.
template <class Cell>
std::vector<Row> state_rows(const jensen::ModelFile& file, std::span<const double> initial, const ChainFacts& facts,
                            const std::string& unit, const Cell& cell, int base = 0) {
  const auto states = static_cast<int>(facts.durations.size());
  std::vector<Row> rows{{"state"}};
  if (!initial.empty()) rows[0].emplace_back("first");
  if (!facts.stationary.empty()) rows[0].emplace_back("long run");
  rows[0].push_back("stays, " + unit);
  for (int k = 0; k < states; ++k) rows[0].push_back("to " + file.component(base + k));
  for (int k = 0; k < states; ++k) {
    const auto at = static_cast<std::size_t>(k);
    rows.push_back({file.component(base + k)});
    if (!initial.empty()) rows.back().push_back(share(initial[at]));
    if (!facts.stationary.empty()) rows.back().push_back(share(facts.stationary[at]));
    rows.back().push_back(stay(facts.durations[at]));
    for (int j = 0; j < states; ++j) rows.back().push_back(cell(k, j));
  }
  return rows;
}

std::string first_states(const jensen::ModelFile& file, const jensen::InputChain& chain) {
  std::vector<Row> rows{{"state"}};
  if (chain.initial_inputs().empty()) rows[0].emplace_back("first");
  if (!chain.initial_inputs().empty()) rows[0].emplace_back("intercept");
  for (const int column : chain.initial_inputs()) rows[0].push_back(file.columns.at(static_cast<std::size_t>(column)));
  for (int k = 0; k < chain.states(); ++k) {
    const double form = chain.form().initial()[static_cast<std::size_t>(k)];
    if (chain.initial_inputs().empty()) rows.push_back({file.component(k), share(form)});
    if (chain.initial_inputs().empty() || form == 0 || k == chain.initial_reference()) continue;
    rows.push_back({file.component(k)});
    for (const double delta : chain.initial_coefficients(k)) rows.back().push_back(fmt::format("{:.5g}", delta));
  }
  const std::string legend = fmt::format("  (log-odds of beginning there against beginning in {})\n",
                                         file.component(chain.initial_reference()));
  return "\nFirst states\n" + aligned(rows) + (chain.initial_inputs().empty() ? "" : legend);
}

std::string text_of(const jensen::ModelFile& file, const jensen::InputChain& chain) {
  if (chain.inputs().empty()) {
    const auto cell = [&](int k, int j) { return share(chain.form().transition(k, j)); };
    return first_states(file, chain) + "\nMoves between states\n" +
           aligned(state_rows(file, {}, facts_of(chain), "rows", cell)) +
           "  (share of rows in the long run; expected stay; probability of the next state)\n";
  }
  std::vector<Row> moves{{"from", "to", "intercept"}};
  for (const int column : chain.inputs()) moves[0].push_back(file.columns.at(static_cast<std::size_t>(column)));
  for (int i = 0; i < chain.states(); ++i) {
    for (int j = 0; j < chain.states(); ++j) {
      if (chain.form().transition(i, j) == 0 || j == chain.reference(i)) continue;
      moves.push_back({file.component(i), file.component(j)});
      for (const double gamma : chain.coefficients(i, j)) moves.back().push_back(fmt::format("{:.5g}", gamma));
    }
  }
  return first_states(file, chain) + "\nMoves between states\n" + aligned(moves) +
         "  (log-odds of the move against staying, or against the last state that may follow where none may stay)\n";
}

std::string text_of(const jensen::ModelFile& file, const jensen::TimedChain& chain) {
  const auto rows =
      state_rows(file, chain.initial(), facts_of(chain), file.columns.at(static_cast<std::size_t>(chain.time())),
                 [&](int k, int j) { return j == k ? "" : fmt::format("{:.5g}", chain.rate(k, j)); });
  return "\nStates in continuous time\n" + aligned(rows) +
         "  (probability of the first row; share of the time in the long run; expected stay; rate of jumps)\n";
}

// base: what the first state of the chain is of the model's states.
std::string chain_table(const jensen::ModelFile& file, const jensen::MarkovChain& chain, int base) {
  return aligned(state_rows(
      file, chain.initial(), facts_of(chain), "rows", [&](int k, int j) { return share(chain.transition(k, j)); },
      base));
}
constexpr const char* chain_legend =
    "  (probability of the first row; share of rows in the long run; expected stay; probability of the next state)\n";

std::string text_of(const jensen::ModelFile& file, const jensen::MarkovChain& chain) {
  return "\nChain of states\n" + chain_table(file, chain, 0) + chain_legend;
}

std::string text_of(const jensen::ModelFile& file, const jensen::ClusteredChain& chain) {
  std::string text;
  for (int c = 0; c < chain.clusters(); ++c) {
    text += fmt::format("\nCluster {}: {} of the sequences\n", c, share(chain.weight(c))) +
            chain_table(file, chain.cluster(c), c * chain.states_of_cluster());
  }
  return text + chain_legend;
}

}  // namespace

int clusters_of(const jensen::ModelFile& file) {
  const auto* markov = file.get<jensen::AnyHiddenMarkov>();
  return markov != nullptr ? markov->clusters() : 1;
}

int cluster_of(const jensen::ModelFile& file, int state) { return state / (file.model->states() / clusters_of(file)); }

ChainFacts chain_facts(const jensen::AnyChain& chain) {
  return std::visit([](const auto& own) { return facts_of(own); }, chain.held());
}

std::string describe_chain(const jensen::ModelFile& file, const jensen::AnyChain& chain) {
  return std::visit([&](const auto& own) { return text_of(file, own); }, chain.held());
}
