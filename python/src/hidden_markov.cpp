// Fits of hidden Markov models, their chains and their most probable paths.
#include <nanobind/stl/map.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <jensen/data/formula.h>
#include <jensen/data/lags.h>
#include <jensen/emissions/formula_schema.h>
#include <jensen/emissions/mixed_angle.h>
#include <jensen/emissions/product.h>
#include <jensen/error.h>
#include <jensen/fit_hidden_markov.h>
#include <jensen/models/any_hidden_markov.h>
#include <jensen/models/forecast.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "arrays.h"
#include "gaussians.h"
#include "model.h"
#include "options.h"
#include "reports.h"
#include "schemas.h"
#include "watch.h"

namespace jensen::python {

namespace {

const AnyHiddenMarkov& chain_model_in(const ModelFile& file) {
  const auto* model = file.get<AnyHiddenMarkov>();
  if (model == nullptr) throw ArgumentError("model", "kind", "is no hidden Markov model");
  return *model;
}

nb::tuple result_of(FittedSequences fitted, const Table& table, std::vector<std::string> given, Prior prior,
                    const Options& options, bool interrupted) {
  const int states = fitted.model.states();
  ModelFile file = file_of(std::move(fitted.model), column_names(table));
  file.fit = summarize(fitted.report, prior, states, options.constraints);
  file.schema = std::move(fitted.schema);
  file.gate = std::move(given);
  return nb::make_tuple(std::move(file), to_python(fitted.report, states), interrupted);
}

nb::tuple fit(const Table& table, const std::string& text, const Levels& levels, int states,
              const std::string& transitions, const std::string& initial, double pseudo_count, const std::string& prior,
              const nb::dict& arguments, nb::object callback, const std::vector<std::string>& inputs,
              const std::string& time, const std::string& durations, int max_duration, int clusters,
              const std::string& memory, const std::vector<std::string>& initial_inputs) {
  Watch watch(std::move(callback));
  const Options options = watch.over(options_from(arguments));
  const Prior chosen = prior_named(prior);
  const Schema schema = schema_of(text, levels);
  ChainForm form = chain_form_named(transitions);
  form.initial = initial_states_named(initial);
  form.pseudo_count = pseudo_count;
  form.inputs = inputs;
  form.initial_inputs = initial_inputs;
  form.time = time;
  if (!durations.empty()) form.durations = duration_family_named(durations);
  form.max_duration = max_duration;
  form.clusters = clusters;
  form.memory = chain_memory_named(memory);
  std::optional<FittedSequences> fitted;
  watch.run([&] { fitted = fit_hidden_markov(table, schema, states, form, options, chosen); });
  return result_of(std::move(*fitted), table, columns_of(form), chosen, options, watch.interrupted());
}

// From a model with parameters at hand. What is fixed is left alone by M-steps and counts no parameters.
nb::tuple fit_from(const Table& table, const ModelFile& start, const std::string& prior, double initial_count,
                   double transition_count, bool initial_fixed, bool transitions_fixed, const nb::dict& arguments,
                   nb::object callback, const std::string& memory) {
  Watch watch(std::move(callback));
  const Options options = watch.over(options_from(arguments));
  const Prior chosen = prior_named(prior);
  const AnyHiddenMarkov& given = chain_model_in(start);
  if (given.chain().as<MarkovChain>() == nullptr) throw ArgumentError("fit", "start", "has no Markov chain");
  std::optional<Fitted<AnyHiddenMarkov>> fitted;
  watch.run([&] {
    AnyHiddenMarkov model = hidden_markov_for(table, given.chain(), given.emissions(), chosen);
    model.set_parameters(given.parameters());  // a prior has put the whole data's in their place
    model.set_memory(chain_memory_named(memory));
    MarkovChain& chain = *model.chain().as<MarkovChain>();
    chain.set_pseudo_counts(initial_count, transition_count);
    if (initial_fixed) chain.fix_initial(true);
    if (transitions_fixed) chain.fix_transitions(true);
    fitted = jensen::fit(std::move(model), table, options);
  });
  return result_of({std::move(fitted->model), std::move(fitted->report), start.schema}, table, start.gate, chosen,
                   options, watch.interrupted());
}

// The model of these parameters; zeros in the chain are structural. emissions: all of theirs, or none for those that
// they are made with.
ModelFile model_from(const std::vector<std::string>& columns, const std::string& text, const Levels& levels,
                     const Numbers& initial, const Numbers& transitions, const std::vector<double>& emissions) {
  const auto copied = [](const Numbers& n) { return std::vector<double>(n.data(), n.data() + n.size()); };
  const Schema schema = schema_of(text, levels);
  const auto states = static_cast<int>(initial.size());
  AnyEmissions own = emissions_for(schema, states);
  if (!emissions.empty()) own.set_parameters(emissions);
  ModelFile file = file_of(AnyHiddenMarkov(MarkovChain(copied(initial), copied(transitions)), std::move(own)), columns);
  file.schema = schema;
  return file;
}

// First states and transitions, of explicit durations those between different states; None for what depends on inputs
// or times.
nb::tuple chain(const ModelFile& file) {
  const AnyChain& any = chain_model_in(file).chain();
  const auto states = static_cast<std::size_t>(any.states());
  const auto parameters = any.parameters();  // of all chains the first states come first
  nb::object initial = nb::none();
  nb::object transitions = nb::none();
  const auto* chain = any.as<MarkovChain>();
  const auto* inputs = any.as<InputChain>();
  if (inputs == nullptr || inputs->initial_inputs().empty()) {
    initial = array(std::vector<double>(parameters.begin(), parameters.begin() + any.states()), {states});
  }
  if (inputs != nullptr && inputs->inputs().empty()) chain = &inputs->form();
  if (const auto* stays = any.as<SemiMarkovChain>()) chain = &stays->jumps();
  if (const auto* clustered = any.as<ClusteredChain>()) chain = &clustered->whole();
  if (chain != nullptr) {
    const auto moves = chain->transitions();
    transitions = array(std::vector<double>(moves.begin(), moves.end()), {states, states});
  }
  return nb::make_tuple(initial, transitions);
}

// Names of the columns that transitions and first states depend on.
nb::tuple inputs(const ModelFile& file) {
  const auto* chain = chain_model_in(file).chain().as<InputChain>();
  std::vector<std::string> moves, first;
  if (chain != nullptr) {
    for (const int column : chain->inputs()) moves.push_back(file.columns.at(static_cast<std::size_t>(column)));
    for (const int column : chain->initial_inputs()) first.push_back(file.columns.at(static_cast<std::size_t>(column)));
  }
  return nb::make_tuple(moves, first);
}

// (family, longest stay), where durations are explicit and of one family.
nb::object durations(const ModelFile& file) {
  const auto* stays = chain_model_in(file).chain().as<SemiMarkovChain>();
  if (stays == nullptr) return nb::none();
  return nb::make_tuple(to_string(stays->duration(0).family()), stays->longest());
}

// The weights of the clusters that sequences fall into.
nb::object cluster_weights(const ModelFile& file) {
  const AnyChain& chain = chain_model_in(file).chain();
  std::vector<double> weights{1};
  if (const auto* clustered = chain.as<ClusteredChain>()) {
    weights.clear();
    for (int c = 0; c < clustered->clusters(); ++c) weights.push_back(clustered->weight(c));
  }
  const std::size_t count = weights.size();
  return array(std::move(weights), {count});
}

// p(cluster | sequence), sequences × clusters.
nb::object cluster_responsibilities(const ModelFile& file, const Table& table) {
  const AnyHiddenMarkov& model = chain_model_in(file);
  const auto begins = table.sequences();
  const auto sequences = static_cast<std::int64_t>(begins.size()) - 1;
  const auto clusters = static_cast<std::size_t>(model.clusters());
  std::vector<double> by_sequence;
  {
    const nb::gil_scoped_release unlocked;
    BlockBuffer buffer;
    std::vector<double> one(clusters);
    for (std::size_t s = 0; s < static_cast<std::size_t>(sequences); ++s) {
      const Block x = table.block(begins[s], begins[s + 1] - begins[s], buffer);
      model.cluster_responsibilities(x, {one.data(), 1, model.clusters(), 1});
      by_sequence.insert(by_sequence.end(), one.begin(), one.end());
    }
  }
  return array(std::move(by_sequence), {static_cast<std::size_t>(sequences), clusters});
}

// Means and covariances, where the states are Gaussians over all columns.
nb::object gaussians(const ModelFile& file) {
  const auto* product = chain_model_in(file).emissions().as<Product>();
  if (product == nullptr || product->parts().size() != 1) return nb::none();
  const auto* gaussian = product->parts().front().emissions.as<Gaussian>();
  if (gaussian == nullptr) return nb::none();
  return nb::make_tuple(means_of(*gaussian), covariances_of(*gaussian));
}

std::string memory(const ModelFile& file) { return to_string(chain_model_in(file).memory()); }

nb::tuple decode(const ModelFile& file, const Table& table) {
  const AnyHiddenMarkov& model = chain_model_in(file);
  std::vector<std::int32_t> path(static_cast<std::size_t>(table.rows()));
  std::vector<double> value(table.sequences().size() - 1);
  {
    const nb::gil_scoped_release unlocked;
    BlockBuffer buffer;
    model.decode(table.block(0, table.rows(), buffer), path, value);
  }
  const std::size_t sequences = value.size();
  return nb::make_tuple(array(std::move(path)), array(std::move(value), {sequences}));
}

// What is said of one column: the most probable level and its probability, or mean, deviation and two quantiles.
// part: null where the family is one of Python's.
void write_cells(const AnyEmissions& emissions, const SchemaPart* part, int column, const std::vector<double>& states,
                 const std::vector<double>& row, double level, double* out) {
  std::fill_n(out, 4, std::numeric_limits<double>::quiet_NaN());
  if (const auto angles = mixed_angle_of(emissions, states, column)) {
    const auto arc = angles->arc(level);
    out[0] = arc.direction;
    out[2] = arc.lower;
    out[3] = arc.upper;
    return;
  }
  if (!marginal_of(emissions, 0, column, row)) return;
  const MixedMarginal ahead = column_forecast(emissions, states, column, row);
  const bool categorical = part != nullptr && part->kind == "categorical";
  if (categorical || (part != nullptr && part->kind == "bernoulli")) {
    const auto most = ahead.most_probable(categorical ? std::stoi(*part->option("levels")) : 2);
    out[0] = most.level;
    out[1] = most.probability;
    return;
  }
  out[0] = ahead.mean();
  out[1] = ahead.deviation();
  out[2] = ahead.quantile((1 - level) / 2);
  out[3] = ahead.quantile((1 + level) / 2);
}

// Rows to come of each sequence, given `ahead`, which holds what the model does not explain: probabilities of the
// states, and four numbers for each column that it explains.
nb::tuple forecast(const ModelFile& file, const Table& table, const Table& ahead, double level) {
  const AnyHiddenMarkov& model = chain_model_in(file);
  if (!(level > 0 && level < 1)) {
    throw ArgumentError("forecast", "level", "must lie between 0 and 1, got " + std::to_string(level));
  }
  std::vector<std::pair<const SchemaPart*, int>> columns;
  for (const SchemaPart& part : file.schema) {
    for (std::size_t j = 0; j < part.columns.size(); ++j) columns.emplace_back(&part, static_cast<int>(columns.size()));
  }
  for (int j = 0; file.schema.empty() && j < table.columns(); ++j) columns.emplace_back(nullptr, j);
  const auto rows = static_cast<std::size_t>(ahead.rows());
  const auto states = static_cast<std::size_t>(model.states());
  std::vector<double> probabilities(rows * states);
  std::vector<double> cells(rows * columns.size() * 4);
  {
    const nb::gil_scoped_release unlocked;
    BlockBuffer seen, coming;
    for (std::size_t s = 0; s + 1 < table.sequences().size(); ++s) {
      const auto first = ahead.sequences()[s];
      const auto steps = ahead.sequences()[s + 1] - first;
      const Block given = ahead.block(first, steps, coming);
      const Panel p{probabilities.data() + first, steps, model.states(), ahead.rows()};
      const auto begin = table.sequences()[s];
      model.forecast(table.block(begin, table.sequences()[s + 1] - begin, seen), given, p);
      for (std::int64_t h = 0; h < steps; ++h) {
        std::vector<double> own, row;
        for (int k = 0; k < model.states(); ++k) own.push_back(p(h, k));
        if (std::all_of(own.begin(), own.end(), [](double q) { return q == 0; })) {
          throw DataError("the model gives sequence " + std::to_string(s) + " probability 0: nothing follows from it");
        }
        for (int j = 0; j < given.columns(); ++j) row.push_back(given.x(h, j));
        double* out = cells.data() + static_cast<std::size_t>(first + h) * columns.size() * 4;
        for (const auto& [part, column] : columns) {
          write_cells(model.emissions(), part, column, own, row, level, out + 4 * column);
        }
      }
    }
  }
  return nb::make_tuple(matrix_by_columns(std::move(probabilities), rows, states),
                        array(std::move(cells), {rows, columns.size(), 4}));
}

// The schema of a regression in each state.
std::string regression(const std::string& formula, const std::string& family) {
  const Formula parsed = parse_formula(formula);
  if (!parsed.group.empty()) throw ArgumentError("emissions", "formula", "names groups, which sequences are not");
  return to_string(Schema{regression_part(parsed, family)});
}

// The table with lags in the columns "lag(y)" and "lag(y,steps)", which hold y until now.
Table lagged(const Table& table, const std::string& schema) {
  const auto columns = column_names(table);
  const auto place = [&](const std::string& name) {
    return static_cast<int>(std::find(columns.begin(), columns.end(), name) - columns.begin());
  };
  std::vector<Lag> lags;
  for (const SchemaPart& part : parse_schema(schema)) {
    for (const auto& [option, name] : part.options) {
      const int steps = lag_of(name).steps;
      if (steps > 0) lags.push_back({place(name), steps, place(part.columns.front())});
    }
  }
  return lags.empty() ? table : with_lags(table, lags);
}

}  // namespace

InitialStates initial_states_named(const std::string& name) {
  if (name == "free") return InitialStates::free;
  if (name == "uniform") return InitialStates::uniform;
  if (name == "stationary") return InitialStates::stationary;
  throw ArgumentError("fit", "initial", "must be free, uniform or stationary, got '" + name + "'");
}

void bind_hidden_markov(nb::module_& module) {
  module.def("fit_hidden_markov", &fit, nb::arg("table"), nb::arg("schema"), nb::arg("levels"), nb::arg("states"),
             nb::arg("transitions"), nb::arg("initial"), nb::arg("pseudo_count"), nb::arg("prior"), nb::arg("options"),
             nb::arg("callback").none(), nb::arg("inputs") = std::vector<std::string>(), nb::arg("time") = "",
             nb::arg("durations") = "", nb::arg("max_duration") = 0, nb::arg("clusters") = 1, nb::arg("memory") = "all",
             nb::arg("initial_inputs") = std::vector<std::string>());
  module.def("fit_hidden_markov_from", &fit_from, nb::arg("table"), nb::arg("start"), nb::arg("prior"),
             nb::arg("initial_count"), nb::arg("transition_count"), nb::arg("initial_fixed"),
             nb::arg("transitions_fixed"), nb::arg("options"), nb::arg("callback").none(), nb::arg("memory") = "all");
  module.def("hidden_markov", &model_from, nb::arg("columns"), nb::arg("schema"), nb::arg("levels"), nb::arg("initial"),
             nb::arg("transitions"), nb::arg("emissions"));
  module.def("regression", &regression, nb::arg("formula"), nb::arg("family"));
  module.def("lagged", &lagged, nb::arg("table"), nb::arg("schema"));
  module.def("lag_of", [](const std::string& name) { return lag_of(name).column; });
  module.def("hidden_markov_chain", &chain, nb::arg("model"));
  module.def("hidden_markov_inputs", &inputs, nb::arg("model"));
  module.def("hidden_markov_durations", &durations, nb::arg("model"));
  module.def("hidden_markov_cluster_weights", &cluster_weights, nb::arg("model"));
  module.def("hidden_markov_clusters", &cluster_responsibilities, nb::arg("model"), nb::arg("table"));
  module.def("hidden_markov_memory", &memory, nb::arg("model"));
  module.def("hidden_markov_gaussians", &gaussians, nb::arg("model"));
  module.def("decode", &decode, nb::arg("model"), nb::arg("table"));
  module.def("forecast", &forecast, nb::arg("model"), nb::arg("table"), nb::arg("ahead"), nb::arg("level"));
}

}  // namespace jensen::python
