// jensen diagnose: how a fit stands.
#include <jensen/error.h>
#include <jensen/model_file.h>

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "commands.h"
#include "fitting.h"
#include "output.h"
#include "uncertainty.h"

namespace {

using Json = nlohmann::ordered_json;
using jensen::Available;
using jensen::Error;

void put(Json& json, const char* name, const Available& number) {
  json[name] = number ? Json(*number) : Json();
  if (!number) json[std::string(name) + "_not_available"] = number.why_not;
}

Json movers_of(const jensen::Direction& direction) {
  Json list = Json::array();
  for (const auto& mover : direction.movers) list.push_back({{"name", mover.name}, {"by", mover.by}});
  return list;
}

}  // namespace

std::string diagnosis_json(const jensen::Diagnosis& d) {
  Json json;
  json["observations"] = d.observations;
  json["coordinates"] = d.coordinates;
  json["evaluations"] = d.evaluations;
  json["log_likelihood"] = d.bound.log_likelihood;
  json["bound_gap"] = d.bound_gap;
  json["gain_left"] = d.gain_left;
  put(json, "rate", d.rate);
  put(json, "missing_fraction", d.missing_fraction);
  json["slowest_direction"] = movers_of(d.slowest);
  put(json, "condition", d.condition);
  json["weakest_direction"] = movers_of(d.weakest);
  json["parameters"] = Json::array();
  for (const auto& p : d.parameters) {
    Json row{{"name", p.name}, {"estimate", p.estimate}};
    put(row, "standard_error", p.standard_error);
    put(row, "missing_fraction", p.missing_fraction);
    json["parameters"].push_back(std::move(row));
  }
  json["looser"] = Json::array();
  for (const auto& stop : d.looser) {
    json["looser"].push_back({{"tolerance", stop.tolerance},
                              {"left", stop.left},
                              {"standard_errors", stop.standard_errors},
                              {"iterations_saved", stop.iterations_saved}});
  }
  json["findings"] = d.findings;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

int run(const DiagnoseArguments& a) {
  if (a.model == "-" && a.data.path == "-") throw Error("DATA: standard input is the model already");
  const jensen::ModelFile file = jensen::load_model(a.model);
  const LoadedData data = load_data_for(file, a.data);
  const auto diagnosis = jensen::diagnose(*jensen::as_fitted(file, data.table), data.table, a.threads);
  print(a.json ? diagnosis_json(diagnosis) : describe_diagnosis(diagnosis));
  return exit_done;
}
