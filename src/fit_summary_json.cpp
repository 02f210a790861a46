#include "fit_summary_json.h"

#include "data/text.h"
#include "uncertainty_json.h"

namespace jensen {

namespace {

// As on the command line, so that they are read by what reads them there.
nlohmann::ordered_json constraint_fields(const Constraints& constraints) {
  nlohmann::ordered_json json;
  const auto put = [&](const char* name, const std::vector<std::string>& lines) {
    if (!lines.empty()) json[name] = lines;
  };
  put("fix", texts(constraints.fixed()));
  put("tie", texts(constraints.tied(), ","));
  put("bound", texts(constraints.bounded()));
  put("order", texts(constraints.ordered(), "<"));
  return json;
}

Constraints constraints_of(const Field& field) {
  Constraints constraints;
  const auto read = [&](const char* name, Constraints& (Constraints::*one)(std::string_view)) {
    if (!field.has(name)) return;
    const Field list = field[name];
    for (std::size_t i = 0, size = list.array("texts"); i < size; ++i) {
      named<int>(list[i], [&](const std::string& text) { return (constraints.*one)(text), 0; });
    }
  };
  read("fix", &Constraints::read_fix);
  read("tie", &Constraints::read_tie);
  read("bound", &Constraints::read_bound);
  read("order", &Constraints::read_order);
  return constraints;
}

}  // namespace

nlohmann::ordered_json fit_fields(const FitSummary& fit) {
  nlohmann::ordered_json json;
  json["outcome"] = to_string(fit.outcome);
  json["message"] = fit.message;
  json["log_likelihood"] = fit.log_likelihood;
  json["penalty"] = fit.log_prior;
  json["iterations"] = fit.iterations;
  json["observations"] = fit.observations;
  json["free_parameters"] = fit.free_parameters;
  json["aic"] = fit.aic;
  json["bic"] = fit.bic;
  json["icl"] = fit.icl;
  json["prior"] = to_string(fit.prior);
  json["seed"] = fit.seed;
  for (const auto& d : fit.degeneracies) {
    json["degeneracies"].push_back({{"component", d.component}, {"fatal", d.fatal}, {"reason", d.reason}});
  }
  if (!fit.constraints.empty()) json["constraints"] = constraint_fields(fit.constraints);
  if (fit.standard_errors) json["standard_errors"] = uncertainty_fields(*fit.standard_errors);
  return json;
}

namespace {

Outcome outcome_named(const Field& field) {
  for (const auto outcome :
       {Outcome::converged, Outcome::iteration_limit, Outcome::stopped_by_caller, Outcome::degenerate,
        Outcome::objective_fell, Outcome::not_finite, Outcome::stalled, Outcome::completed}) {
    if (field.text() == to_string(outcome)) return outcome;
  }
  field.refuse(excerpt(field.text()) + " is no outcome of a fit");
}

}  // namespace

FitSummary fit_summary(const Field& field) {
  FitSummary fit;
  fit.outcome = outcome_named(field["outcome"]);
  fit.message = field["message"].text();
  fit.log_likelihood = field["log_likelihood"].number_or_null();
  fit.log_prior = field["penalty"].number_or_null();
  fit.iterations = field["iterations"].small_integer();
  fit.observations = field["observations"].number_or_null();
  fit.free_parameters = field["free_parameters"].small_integer();
  fit.aic = field["aic"].number_or_null();
  fit.bic = field["bic"].number_or_null();
  fit.icl = field["icl"].number_or_null();
  fit.prior = named<Prior>(field["prior"], prior_named);
  fit.seed = field["seed"].unsigned_integer();
  if (field.has("constraints")) fit.constraints = constraints_of(field["constraints"]);
  if (field.has("standard_errors")) fit.standard_errors = uncertainty_summary(field["standard_errors"]);
  if (!field.has("degeneracies")) return fit;
  const Field list = field["degeneracies"];
  for (std::size_t i = 0, size = list.is_null() ? 0 : list.array("objects"); i < size; ++i) {
    fit.degeneracies.push_back(
        {list[i]["component"].small_integer(), list[i]["fatal"].boolean(), list[i]["reason"].text()});
  }
  return fit;
}

}  // namespace jensen
