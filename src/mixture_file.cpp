// Mixtures of columns of different kinds in files:
//
//     {…, "model": "mixture", "columns": [names], "components": 3,
//      "schema": [{"columns": ["sex"], "kind": "categorical", "options": {"levels": "2"}, "levels": [["f", "m"]]}, …],
//      "parameters": {"weight[0]": π_0, …, "sex.probability[0,0]": …}, "fit": {…}}
//
// A "gated-mixture" has "gate", the columns on which the weights depend, and coefficients in place of the weights; a
// "grouped-mixture" has "group", the column that says which rows share their component.
#include <jensen/emissions/schema_emissions.h>
#include <jensen/fit_mixture.h>

#include <fmt/format.h>

#include <algorithm>

#include "data/text.h"
#include "model_format.h"
#include "schema_fields.h"

namespace jensen {

using Json = nlohmann::ordered_json;

Json schema_fields(const Schema& schema) {
  Json parts = Json::array();
  for (const SchemaPart& part : schema) {
    Json json{{"columns", part.columns}, {"kind", part.kind}};
    for (const auto& [name, value] : part.options) json["options"][name] = value;
    if (!part.levels.empty()) json["levels"] = part.levels;
    parts.push_back(std::move(json));
  }
  return parts;
}

void add_factors(const ModelFile& file, Json& json) {
  for (const Factor& factor : file.factors) {
    json["factors"].push_back({{"column", factor.column}, {"levels", factor.levels}});
  }
}

Json parameter_fields(const std::vector<std::string>& names, const std::vector<double>& values) {
  Json json;
  for (std::size_t i = 0; i < values.size(); ++i) json[names[i]] = values[i];
  return json;
}

namespace {

bool holds(const Model& model) { return dynamic_cast<const Erased<AnyMixture>*>(&model) != nullptr; }

template <class M>
Json write_table_model(const ModelFile& file) {
  const M& model = *file.get<M>();
  if (file.schema.empty()) throw UnsupportedError(model.name(), "be written to a file", "saving without a schema");
  Json json;
  json["columns"] = file.columns;
  json["components"] = model.states();
  if (!file.component_names.empty()) json["component_names"] = file.component_names;
  json["schema"] = schema_fields(file.schema);
  add_factors(file, json);
  if (!file.gate.empty()) json["gate"] = file.gate;
  if (!file.sequence.empty()) json["group"] = file.sequence;
  json["parameters"] = parameter_fields(model.parameter_names(), model.parameters());
  return json;
}

SchemaPart read_part(const Field& field) {
  SchemaPart part;
  part.columns = names(field["columns"], field["columns"].array("names"), "names", false);
  part.kind = field["kind"].text();
  if (field.has("options")) {
    for (const auto& name : field["options"].keys())
      part.options.emplace_back(name, field["options"][name.c_str()].text());
  }
  if (!field.has("levels")) return part;
  const Field levels = field["levels"];
  levels.array_of(part.columns.size(), "lists of names, one for each column");
  for (std::size_t j = 0; j < part.columns.size(); ++j) {
    part.levels.push_back(names(levels[j], levels[j].array("names"), "names", false));
  }
  return part;
}

}  // namespace

namespace {

// Each is there for some indicator of its levels, and those that are there are of one of them.
void read_factors(const Field& top, ModelFile& file) {
  if (!top.has("factors")) return;
  const Field list = top["factors"];
  for (std::size_t i = 0, size = list.array("objects"); i < size; ++i) {
    Factor factor{list[i]["column"].text(), {}};
    factor.levels = names(list[i]["levels"], list[i]["levels"].array("names"), "names", false);
    bool used = false;
    for (std::size_t l = 0; l < factor.levels.size(); ++l) {
      used = used || std::find(file.columns.begin(), file.columns.end(), factor.indicator(l)) != file.columns.end();
    }
    if (!used) list[i].refuse("no column is an indicator of its levels");
    file.factors.push_back(std::move(factor));
  }
}

}  // namespace

int read_columns(const Field& top, const char* states, ModelFile& file) {
  for (std::size_t i = 0, size = top["schema"].array("objects"); i < size; ++i) {
    file.schema.push_back(read_part(top["schema"][i]));
  }
  const int components = top[states].small_integer();
  if (components < 1) top[states].refuse("must be ≥ 1");
  if (static_cast<std::size_t>(components) > top["parameters"].keys().size()) {
    top["parameters"].refuse(fmt::format("are fewer than the {}", states));
  }
  try {
    file.columns = columns_of(file.schema, file.gate);
    check_schema(file.schema);
  } catch (const ArgumentError& error) {
    top["schema"].refuse(error.what());
  }
  if (names(top["columns"], file.columns.size(), "names, those of the schema", false) != file.columns) {
    top["columns"].refuse("are not those of the schema: " + listing(file.columns));
  }
  read_factors(top, file);
  read_ends(top, static_cast<std::size_t>(components), file);
  return components;
}

std::vector<double> read_parameters(const Field& top, const std::vector<std::string>& names) {
  const Field given = top["parameters"];
  std::vector<double> values;
  for (const auto& name : names) values.push_back(given[name.c_str()].number());
  if (values.size() != given.keys().size()) given.refuse(fmt::format("must be {} numbers", values.size()));
  return values;
}

namespace {

template <class M>
void read_parameters(const Field& top, M& model) {
  const auto values = read_parameters(top, model.parameter_names());
  checked(top["parameters"], [&] {
    model.set_parameters(values);
    return 0;
  });
}

ModelFile read(const Field& top) {
  ModelFile file;
  const int components = read_columns(top, "components", file);
  AnyMixture model(checked(top["schema"], [&] { return emissions_for(file.schema, components); }));
  read_parameters(top, model);
  checked(top["parameters"], [&] {  // weights that sum to 1
    return AnyMixture({model.weights().begin(), model.weights().end()}, model.emissions());
  });
  file.model = std::make_shared<Erased<AnyMixture>>(std::move(model));
  return file;
}

ModelFile read_gated(const Field& top) {
  ModelFile file;
  file.gate = names(top["gate"], top["gate"].array("names"), "names", false);
  const int components = read_columns(top, "components", file);
  std::vector<int> covariates;
  for (const auto& name : file.gate) {
    covariates.push_back(
        static_cast<int>(std::find(file.columns.begin(), file.columns.end(), name) - file.columns.begin()));
  }
  const auto further = static_cast<int>(file.columns.size() - columns_of(file.schema).size());
  GatedMixture model =
      checked(top["schema"], [&] { return GatedMixture(emissions_for(file.schema, components, further), covariates); });
  read_parameters(top, model);
  file.model = std::make_shared<Erased<GatedMixture>>(std::move(model));
  return file;
}

ModelFile read_grouped(const Field& top) {
  ModelFile file = read(top);
  if (top.has("group")) file.sequence = top["group"].text();
  file.model = std::make_shared<Erased<AnyGroupedMixture>>(AnyGroupedMixture(*file.get<AnyMixture>()));
  return file;
}

bool holds_grouped(const Model& model) { return dynamic_cast<const Erased<AnyGroupedMixture>*>(&model) != nullptr; }

bool holds_gated(const Model& model) { return dynamic_cast<const Erased<GatedMixture>*>(&model) != nullptr; }

AnyMixture mixture_with_prior(const ModelFile& file, const Data& data) {
  auto mixture = mixture_for(data, emissions_for(data, file.schema, file.model->states()), Prior::data_scaled);
  mixture.set_parameters(file.model->parameters());
  return mixture;
}

std::unique_ptr<Model> with_prior(const ModelFile& file, const Data& data) {
  return std::make_unique<Erased<AnyMixture>>(mixture_with_prior(file, data));
}

std::unique_ptr<Model> grouped_with_prior(const ModelFile& file, const Data& data) {
  return std::make_unique<Erased<AnyGroupedMixture>>(AnyGroupedMixture(mixture_with_prior(file, data)));
}

std::unique_ptr<Model> gated_with_prior(const ModelFile& file, const Data& data) {
  auto mixture = gated_mixture_for(data, file.schema, file.gate, file.model->states(), Prior::data_scaled);
  mixture.set_parameters(file.model->parameters());
  return std::make_unique<Erased<GatedMixture>>(std::move(mixture));
}

}  // namespace

const ModelFormat mixture_format{"mixture", holds, write_table_model<AnyMixture>, read, with_prior};
const ModelFormat gated_mixture_format{"gated-mixture", holds_gated, write_table_model<GatedMixture>, read_gated,
                                       gated_with_prior};
const ModelFormat grouped_mixture_format{"grouped-mixture", holds_grouped, write_table_model<AnyGroupedMixture>,
                                         read_grouped, grouped_with_prior};

}  // namespace jensen
