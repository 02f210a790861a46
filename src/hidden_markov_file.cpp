// Hidden Markov models in files:
//
//     {…, "model": "hidden-markov", "columns": [names], "states": 3, "sequence": "id", "order": "time",
//      "chain": {"initial": "free", "transitions": "free", "zeros": ["transition[0,2]", …], "pseudo_counts": [0, 0]},
//      "schema": [as in files of mixtures], "parameters": {"initial[0]": π_0, …, "transition[0,0]": A_00, …,
//      "x.rate[0]": …}, "fit": {…}}
//
// A chain whose transitions depend on inputs has {"kind": "inputs", "inputs": [names of columns], "initial", "zeros",
// "pseudo_counts"} and the parameters "logit[i,j,c]"; where its first states do, "initial_inputs": [names of columns]
// and "initial_logit[k,c]", and without "inputs" the "transitions" of an ordinary one. A chain in continuous time
// {"kind": "continuous-time", "time": the name of a column, …} and "rate[i,j]"; their "zeros" have the same names. One
// of clusters has {"kind": "clusters", "clusters": C, …}: its states are C times as many as a cluster has, those of the
// first cluster first, and neither "zeros" nor "parameters" speak of moves from one cluster into another. One with
// explicit durations has {"kind": "semi-markov", "durations": [the family of each state], "max_duration": rows, …} and
// "duration.rate[k]" and the like. "memory": "checkpoints" stands in "chain" where E-steps are to take little of it
// (models/chain_segments.h). "initial" is free, fixed or stationary, "transitions" free or fixed; "zeros" are zero by
// the structure of the chain. "sequence" and "order" name columns of the data, and stand only where there are some.
#include <jensen/emissions/schema_emissions.h>
#include <jensen/fit_hidden_markov.h>

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "data/text.h"
#include "model_format.h"
#include "schema_fields.h"

namespace jensen {

namespace {

using Json = nlohmann::ordered_json;

bool holds(const Model& model) { return dynamic_cast<const Erased<AnyHiddenMarkov>*>(&model) != nullptr; }

Json chain_fields(const MarkovChain& chain, const ModelFile&) {
  Json json;
  json["initial"] = chain.initial_stationary() ? "stationary" : chain.initial_fixed() ? "fixed" : "free";
  json["transitions"] = chain.transitions_fixed() ? "fixed" : "free";
  json["zeros"] = Json::array();
  const auto names = chain.parameter_names();
  const auto states = static_cast<std::size_t>(chain.states());
  for (std::size_t p = 0; p < names.size(); ++p) {
    const double support = p < states ? chain.initial_support()[p] : chain.transition_support()[p - states];
    if (support == 0) json["zeros"].push_back(names[p]);
  }
  json["pseudo_counts"] = {chain.initial_pseudo_count(), chain.transition_pseudo_count()};
  return json;
}

// The fields of a chain whose transitions come from elsewhere.
void add_form(Json& json, const MarkovChain& form, const ModelFile& file) {
  const Json fields = chain_fields(form, file);
  for (const char* key : {"initial", "zeros", "pseudo_counts"}) json[key] = fields[key];
}

Json chain_fields(const InputChain& chain, const ModelFile& file) {
  Json json{{"kind", "inputs"}};
  for (const int column : chain.inputs()) json["inputs"].push_back(file.columns.at(static_cast<std::size_t>(column)));
  for (const int column : chain.initial_inputs()) {
    json["initial_inputs"].push_back(file.columns.at(static_cast<std::size_t>(column)));
  }
  add_form(json, chain.form(), file);
  if (!chain.initial_inputs().empty()) json["initial"] = "free";
  if (chain.inputs().empty()) json["transitions"] = chain.form().transitions_fixed() ? "fixed" : "free";
  return json;
}

Json chain_fields(const TimedChain& chain, const ModelFile& file) {
  Json json{{"kind", "continuous-time"}, {"time", file.columns.at(static_cast<std::size_t>(chain.time()))}};
  add_form(json, chain.form(), file);
  return json;
}

Json chain_fields(const SemiMarkovChain& chain, const ModelFile& file) {
  Json json{{"kind", "semi-markov"}, {"durations", Json::array()}, {"max_duration", chain.longest()}};
  for (int k = 0; k < chain.states(); ++k) json["durations"].push_back(to_string(chain.duration(k).family()));
  add_form(json, chain.jumps(), file);
  return json;
}

Json chain_fields(const ClusteredChain& chain, const ModelFile& file) {
  const Json whole = chain_fields(chain.whole(), file);
  const auto names = chain.parameter_names();
  Json json{{"kind", "clusters"}, {"clusters", chain.clusters()}};
  for (const char* key : {"initial", "transitions", "pseudo_counts"}) json[key] = whole[key];
  json["zeros"] = Json::array();
  for (const auto& name : whole["zeros"]) {
    if (std::ranges::find(names, name.get<std::string>()) != names.end()) json["zeros"].push_back(name);
  }
  return json;
}

Json write(const ModelFile& file) {
  const AnyHiddenMarkov& model = *file.get<AnyHiddenMarkov>();
  if (file.schema.empty()) throw UnsupportedError(model.name(), "be written to a file", "saving without a schema");
  Json json;
  json["columns"] = file.columns;
  json["states"] = model.states();
  if (!file.component_names.empty()) json["component_names"] = file.component_names;
  if (!file.sequence.empty()) json["sequence"] = file.sequence;
  if (!file.order.empty()) json["order"] = file.order;
  json["chain"] = std::visit([&](const auto& chain) { return chain_fields(chain, file); }, model.chain().held());
  if (model.memory() != ChainMemory::log_densities) json["chain"]["memory"] = to_string(model.memory());
  json["schema"] = schema_fields(file.schema);
  add_factors(file, json);
  json["parameters"] = parameter_fields(model.parameter_names(), model.parameters());
  return json;
}

bool is_clustered(const Field& field) { return field.has("kind") && field["kind"].text() == "clusters"; }

int read_clusters(const Field& field, int states) {
  if (!is_clustered(field)) return 1;
  const std::int64_t clusters = field["clusters"].integer();
  if (clusters < 1 || states % clusters != 0) {
    field["clusters"].refuse(fmt::format("must divide the {} states into parts of the same size", states));
  }
  return static_cast<int>(clusters);
}

// 1 for first states and for moves within a cluster, 0 for others.
std::vector<double> support_within(int clusters, std::size_t states) {
  std::vector<double> support(states, 1.0);
  const std::size_t size = states / static_cast<std::size_t>(clusters);
  for (std::size_t i = 0; i < states; ++i) {
    for (std::size_t j = 0; j < states; ++j) support.push_back(i / size == j / size ? 1.0 : 0.0);
  }
  return support;
}

// Uniform on what the zeros leave.
MarkovChain read_support(const Field& field, int states) {
  const auto size = static_cast<std::size_t>(states);
  const auto names = MarkovChain(states).parameter_names();
  std::vector<double> support = support_within(read_clusters(field, states), size);
  const Field zeros = field["zeros"];
  for (std::size_t i = 0, count = zeros.is_empty_array() ? 0 : zeros.array("names"); i < count; ++i) {
    const auto found = std::find(names.begin(), names.end(), zeros[i].text());
    if (found == names.end()) zeros[i].refuse(excerpt(zeros[i].text()) + " is no parameter of the chain");
    support[static_cast<std::size_t>(found - names.begin())] = 0;
  }
  for (std::size_t first = 0; first < support.size(); first += size) {
    double total = 0;
    for (std::size_t k = first; k < first + size; ++k) total += support[k];
    for (std::size_t k = first; total > 0 && k < first + size; ++k) support[k] /= total;
  }
  return checked(zeros, [&] {
    return MarkovChain({support.begin(), support.begin() + states}, {support.begin() + states, support.end()});
  });
}

bool is_fixed(const Field& field) {
  if (field.text() == "fixed") return true;
  if (field.text() != "free") field.refuse("must be 'free' or 'fixed'");
  return false;
}

// Names of columns, of which there may be none.
std::vector<std::string> read_names(const Field& field, const char* key) {
  if (!field.has(key)) return {};
  return names(field[key], field[key].array("names"), "names", false);
}

// What the chain reads beside the columns that are modelled.
std::vector<std::string> read_given(const Field& field) {
  if (!field.has("kind")) return {};
  const std::string kind = field["kind"].text();
  if (kind == "inputs") {
    auto given = read_names(field, "inputs");
    const auto initial = read_names(field, "initial_inputs");
    if (given.empty() && initial.empty()) field.refuse("must have 'inputs' or 'initial_inputs'");
    for (const auto& name : initial) {
      if (std::ranges::find(given, name) == given.end()) given.push_back(name);
    }
    return given;
  }
  if (kind == "continuous-time") return {field["time"].text()};
  if (kind == "semi-markov" || kind == "clusters") return {};
  field["kind"].refuse("must be 'inputs', 'continuous-time', 'semi-markov' or 'clusters'");
}

MarkovChain read_form(const Field& field, int states) {
  MarkovChain chain = read_support(field, states);
  const bool stationary = field["initial"].text() == "stationary";
  if (stationary) {
    checked(field["initial"], [&] {
      chain.make_initial_stationary();
      return 0;
    });
  } else {
    chain.fix_initial(is_fixed(field["initial"]));
  }
  const bool by_inputs = field.has("kind") && field["kind"].text() == "inputs";
  const bool ordinary = !field.has("kind") || (by_inputs && !field.has("inputs"));
  if (ordinary || is_clustered(field)) chain.fix_transitions(is_fixed(field["transitions"]));
  const Field counts = field["pseudo_counts"];
  counts.array_of(2, "numbers");
  checked(counts, [&] {
    chain.set_pseudo_counts(counts[std::size_t{0}].number(), counts[std::size_t{1}].number());
    return 0;
  });
  return chain;
}

SemiMarkovChain read_stays(const Field& field, MarkovChain jumps) {
  const Field families = field["durations"];
  families.array_of(static_cast<std::size_t>(jumps.states()), "names");
  const std::int64_t longest = field["max_duration"].integer();
  if (longest < 1 || longest > std::numeric_limits<int>::max()) field["max_duration"].refuse("must be at least 1");
  std::vector<Duration> durations;
  for (std::size_t k = 0; k < static_cast<std::size_t>(jumps.states()); ++k) {
    durations.push_back(checked(
        families[k], [&] { return Duration(duration_family_named(families[k].text()), static_cast<int>(longest)); }));
  }
  return checked(field, [&] { return SemiMarkovChain(std::move(jumps), std::move(durations)); });
}

AnyChain read_chain(const Field& field, int states, const ModelFile& file) {
  MarkovChain form = read_form(field, states);
  if (field.has("kind") && field["kind"].text() == "semi-markov") return read_stays(field, std::move(form));
  if (is_clustered(field)) {
    return checked(field, [&] { return ClusteredChain(std::move(form), read_clusters(field, states)); });
  }
  if (file.gate.empty()) return form;
  const auto places = [&](const std::vector<std::string>& names) {
    std::vector<int> columns;
    for (const auto& name : names) {
      const auto found = std::find(file.columns.begin(), file.columns.end(), name);
      columns.push_back(static_cast<int>(found - file.columns.begin()));
    }
    return columns;
  };
  return checked(field, [&]() -> AnyChain {
    if (field["kind"].text() != "inputs") return TimedChain(form, places(file.gate).front());
    return InputChain(form, places(read_names(field, "inputs")), places(read_names(field, "initial_inputs")));
  });
}

AnyEmissions emissions_in(const ModelFile& file, int states) {
  return emissions_for(file.schema, states, static_cast<int>(file.columns.size() - columns_of(file.schema).size()));
}

ModelFile read(const Field& top) {
  ModelFile file;
  file.gate = read_given(top["chain"]);
  const int states = read_columns(top, "states", file);
  if (top.has("sequence")) file.sequence = top["sequence"].text();
  if (top.has("order")) file.order = top["order"].text();
  AnyHiddenMarkov model(read_chain(top["chain"], states, file),
                        checked(top["schema"], [&] { return emissions_in(file, states); }));
  const auto values = read_parameters(top, model.parameter_names());
  checked(top["parameters"], [&] {
    model.set_parameters(values);
    return 0;
  });
  if (top["chain"].has("memory")) {
    const Field memory = top["chain"]["memory"];
    if (top["chain"].has("kind")) memory.refuse("does not go with chains of another kind");
    model.set_memory(checked(memory, [&] { return chain_memory_named(memory.text()); }));
  }
  file.model = std::make_shared<Erased<AnyHiddenMarkov>>(std::move(model));
  return file;
}

std::unique_ptr<Model> with_prior(const ModelFile& file, const Data& data) {
  auto model = hidden_markov_for(data, file.get<AnyHiddenMarkov>()->chain(), emissions_in(file, file.model->states()),
                                 Prior::data_scaled);
  model.set_parameters(file.model->parameters());
  model.set_memory(file.get<AnyHiddenMarkov>()->memory());
  return std::make_unique<Erased<AnyHiddenMarkov>>(std::move(model));
}

}  // namespace

const ModelFormat hidden_markov_format{"hidden-markov", holds, write, read, with_prior};

}  // namespace jensen
