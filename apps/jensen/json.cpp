// All JSON that the tool prints. Numbers that are not finite come out as null.
#include <jensen/emissions/schema_emissions.h>
#include <jensen/math/kernels.h>
#include <jensen/models/separation.h>

#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>

#include "fitting.h"
#include "sequences.h"

namespace {

using Json = nlohmann::ordered_json;

// Column names may come from a file in another encoding; JSON is UTF-8.
std::string line(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"; }

std::vector<double> standard_deviations(const std::vector<double>& covariance, int d) {
  std::vector<double> result;
  for (int j = 0; j < d; ++j) result.push_back(std::sqrt(covariance[jensen::packed_index(j, j)]));
  return result;
}

Json square(const std::vector<double>& packed, int d) {
  Json rows = Json::array();
  for (int a = 0; a < d; ++a) {
    Json row = Json::array();
    for (int b = 0; b < d; ++b) row.push_back(packed[jensen::packed_index(a, b)]);
    rows.push_back(std::move(row));
  }
  return rows;
}

void add_parameters(Json& json, const jensen::GaussianMixtureFile& file) {
  const jensen::Gaussian& gaussian = file.model.emissions();
  json["weights"] = file.model.weights();
  json["means"] = Json::array();
  json["covariances"] = Json::array();
  for (int k = 0; k < file.model.states(); ++k) {
    json["means"].push_back(gaussian.mean(k));
    json["covariances"].push_back(square(gaussian.covariance(k), gaussian.columns()));
  }
}

Json degeneracies_of(const jensen::Report& report) {
  Json list = Json::array();
  for (std::size_t i = 0; i < report.degeneracies.size(); ++i) {
    const auto& d = report.degeneracies[i];
    Json rows = Json::array();
    for (const auto row : report.degenerate_rows[i]) rows.push_back(row + 1);
    list.push_back({{"component", d.component}, {"fatal", d.fatal}, {"reason", d.reason}, {"rows", std::move(rows)}});
  }
  return list;
}

void add_search(Json& json, const jensen::Report& report) {
  json["restarts"] = Json::array();
  for (const auto& restart : report.restarts) {
    json["restarts"].push_back({{"seed", restart.seed},
                                {"outcome", jensen::to_string(restart.outcome)},
                                {"message", restart.message},
                                {"log_likelihood", restart.log_likelihood},
                                {"penalty", restart.log_prior},
                                {"iterations", restart.iterations},
                                {"evaluations", restart.evaluations},
                                {"degenerate", restart.degenerate}});
  }
  json["best_restart"] = report.best_restart;
  json["optima"] = Json::array();
  for (const auto& optimum : report.optima) {
    json["optima"].push_back({{"objective", optimum.objective}, {"starts", optimum.starts}});
  }
}

void add_outcome(Json& json, const jensen::Report& report, double load_seconds) {
  json["outcome"] = jensen::to_string(report.outcome);
  json["converged"] = report.converged();
  json["message"] = report.message;
  json["log_likelihood"] = report.log_likelihood;
  json["penalty"] = report.log_prior;
  json["iterations"] = report.iterations;
  json["evaluations"] = report.evaluations;
  json["seconds"] = {{"load", load_seconds}, {"start", report.start_seconds}, {"fit", report.fit_seconds}};
  json["free_parameters"] = report.free_parameters;
  json["aic"] = report.aic();
  json["bic"] = report.bic();
  json["icl"] = report.icl();
  json["rows"] = report.rows;
  json["observations"] = report.observations;
  json["total_weight"] = report.total_weight;
}

void add_certificate(Json& json, const jensen::Report& report, int threads) {
  json["degeneracies"] = degeneracies_of(report);
  add_search(json, report);
  json["bound_gap"] = report.bound.gap();
  json["monotone"] = report.monotone;
  json["gradient"] = report.gradient;
  json["threads"] = threads;
  json["instruction_set"] = jensen::kernels::instruction_set();
}

// What a model file keeps of a fit beside its outcome.
void add_of_the_fit(Json& json, const Json& file) {
  if (!file.contains("fit")) return;
  for (const char* field : {"constraints", "standard_errors"}) {
    if (file["fit"].contains(field)) json[field] = file["fit"][field];
  }
}

Json fit_object(const FitResult& result) {
  const jensen::Report& report = result.report;
  Json json;
  json["model"] = "gaussian-mixture";
  add_outcome(json, report, result.load_seconds);
  json["components"] = result.file.model.states();
  json["effective_components"] = jensen::effective_components(result.file.model);
  if (!result.file.component_names.empty()) json["component_names"] = result.file.component_names;
  json["columns"] = result.file.columns;
  json["covariance"] = jensen::to_string(result.file.model.emissions().covariance_structure());
  json["prior"] = jensen::to_string(result.prior);
  json["precision"] = jensen::to_string(result.precision);
  add_parameters(json, result.file);
  const auto& fit = result.file.fit;  // a file's text is made only where it is needed: not all names can stand in one
  if (fit && (fit->standard_errors || !fit->constraints.empty())) {
    add_of_the_fit(json, Json::parse(jensen::gaussian_mixture_text(result.file)));
  }
  add_certificate(json, report, result.threads);
  return json;
}

}  // namespace

std::string fit_json(const FitResult& result) { return line(fit_object(result)); }

namespace {

Json fit_object(const TableFit& result) {
  Json json;
  json["model"] = jensen::model_kind(result.file);
  add_outcome(json, result.report, result.load_seconds);
  json["normalized_entropy"] = jensen::criteria(result.report, result.file.model->states()).normalized_entropy;
  json["prior"] = jensen::to_string(result.prior);
  const Json file = Json::parse(jensen::model_text(result.file));
  for (const char* field : {"columns", "components", "states", "component_names", "group", "sequence", "order", "chain",
                            "schema", "factors", "gate", "parameters"}) {
    if (file.contains(field)) json[field] = file[field];
  }
  add_of_the_fit(json, file);
  add_certificate(json, result.report, result.threads);
  return json;
}

}  // namespace

std::string fit_json(const TableFit& result) { return line(fit_object(result)); }

namespace {

// What every candidate of a selection that was fitted has to show.
template <class Candidate>
void add_candidate(Json& row, const Candidate& c) {
  row["outcome"] = jensen::to_string(c.outcome);
  row["log_likelihood"] = c.log_likelihood;
  row["penalty"] = c.log_prior;
  if constexpr (requires { c.iterations; }) row["iterations"] = c.iterations;
  row["free_parameters"] = c.free_parameters;
  row["aic"] = c.aic;
  row["bic"] = c.bic;
  row["icl"] = c.icl;
}
template <class Candidate>
void add_starts(Json& row, const Candidate& c) {
  row["starts"] = c.starts;
  row["starts_at_best"] = c.starts_at_best;
}

}  // namespace

std::string selection_json(const jensen::MixtureSelection& selection, const std::string& criterion,
                           const TableFit* best) {
  Json json;
  json["criterion"] = criterion;
  json["candidates"] = Json::array();
  for (const auto& c : selection.candidates) {
    Json row{{"components", c.components},
             {"schema", jensen::to_string(selection.forms[static_cast<std::size_t>(c.form)])},
             {"sound", c.sound}};
    if (!c.reason.empty()) row["reason"] = c.reason;
    row["fitted"] = c.fitted;
    if (c.fitted) {
      add_candidate(row, c);
      row["normalized_entropy"] = c.normalized_entropy;
      row["cross_validated"] = c.cross_validated;
      row["p_value"] = c.p_value;
      add_starts(row, c);
    }
    json["candidates"].push_back(std::move(row));
  }
  json["best"] = best != nullptr ? fit_object(*best) : Json();
  return line(json);
}

std::string selection_json(const jensen::Selection& selection, const std::string& criterion, const FitResult* best) {
  Json json;
  json["criterion"] = criterion;
  json["candidates"] = Json::array();
  for (const auto& c : selection.candidates) {
    Json row{{"components", c.components}, {"covariance", jensen::to_string(c.covariance)}, {"sound", c.sound}};
    if (!c.reason.empty()) row["reason"] = c.reason;
    row["fitted"] = c.fitted;
    if (c.fitted) {
      add_candidate(row, c);
      row["effective_components"] = c.effective_components;
      add_starts(row, c);
    }
    json["candidates"].push_back(std::move(row));
  }
  json["best"] = best != nullptr ? fit_object(*best) : Json();
  return line(json);
}

namespace {

void add_separation(Json& json, const jensen::ModelFile& file, const jensen::AnyMixture& mixture) {
  if (!jensen::given_columns(file.schema).empty() || !mixture.can(jensen::Capability::sample)) return;
  const auto found = jensen::separation(mixture);
  json["certainty"] = found.certainty;
  json["certainty_by_part"] = found.certainty_by_part;
  json["average_posterior"] = Json::array();
  for (int k = 0; k < found.states; ++k) {
    Json row = Json::array();
    for (int l = 0; l < found.states; ++l) row.push_back(found(k, l));
    json["average_posterior"].push_back(std::move(row));
  }
}

}  // namespace

std::string file_json(const jensen::ModelFile& file) {
  Json json = Json::parse(jensen::model_text(file));
  if (file.model->can(jensen::Capability::free_parameters)) json["free_parameters"] = file.model->free_parameters();
  if (const auto* mixture = file.get<jensen::GaussianMixture>()) {
    json["effective_components"] = jensen::effective_components(*mixture);
    json["standard_deviations"] = Json::array();
    for (int k = 0; k < mixture->states(); ++k) {
      json["standard_deviations"].push_back(
          standard_deviations(mixture->emissions().covariance(k), mixture->columns()));
    }
  }
  if (const auto* mixture = file.get<jensen::AnyMixture>()) add_separation(json, file, *mixture);
  if (const auto* markov = file.get<jensen::AnyHiddenMarkov>()) {
    const ChainFacts facts = chain_facts(markov->chain());
    json["durations"] = facts.durations;
    json["stationary"] = facts.stationary.empty() ? Json() : Json(facts.stationary);
    if (const auto* clustered = markov->chain().as<jensen::ClusteredChain>()) {
      json["cluster_weights"] = Json::array();
      for (int c = 0; c < clustered->clusters(); ++c) json["cluster_weights"].push_back(clustered->weight(c));
    }
  }
  return line(json);
}

std::string score_json(const std::vector<double>& log_density, double total, const std::vector<std::string>& columns,
                       const std::vector<std::vector<double>>& residuals) {
  const auto rows = static_cast<double>(log_density.size());
  Json json;
  json["rows"] = log_density.size();
  json["total"] = total;
  json["mean"] = rows > 0 ? total / rows : std::numeric_limits<double>::quiet_NaN();
  json["log_density"] = log_density;
  for (std::size_t j = 0; j < residuals.size(); ++j) json["residuals"][columns[j]] = residuals[j];
  return line(json);
}
