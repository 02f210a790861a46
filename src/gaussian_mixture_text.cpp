// Writing Gaussian mixtures as JSON, and what else a file of one is good for.
#include <jensen/data/output_file.h>
#include <jensen/error.h>
#include <jensen/gaussian_mixture_file.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "data/text.h"

namespace jensen {

namespace {

using Json = nlohmann::ordered_json;  // NaN and infinities come out as null

// A row of numbers stays on one line; only what holds rows is spread over several.
std::string layout(const Json& value, const std::string& margin) {
  const bool spread = value.is_structured() && !value.empty() && (value.is_object() || value.front().is_structured());
  if (!spread) return value.dump();
  std::string text;
  for (const auto& [key, element] : value.items()) {
    text += text.empty() ? "" : ",";
    text += "\n" + margin + "  " + (value.is_object() ? Json(key).dump() + ": " : "") + layout(element, margin + "  ");
  }
  return (value.is_object() ? "{" : "[") + text + "\n" + margin + (value.is_object() ? "}" : "]");
}

Json matrix(const std::vector<double>& packed, int d) {
  Json rows = Json::array();
  for (int a = 0; a < d; ++a) {
    Json row = Json::array();
    for (int b = 0; b < d; ++b) row.push_back(packed[packed_index(a, b)]);
    rows.push_back(std::move(row));
  }
  return rows;
}

Json fit_fields(const FitSummary& fit) {
  Json json;
  json["outcome"] = to_string(fit.outcome);
  json["message"] = fit.message;
  json["log_likelihood"] = fit.log_likelihood;
  json["penalty"] = fit.penalty;
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
  return json;
}

void refuse_names_beyond_utf8(const std::vector<std::string>& names, const char* field, const std::string& file) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    try {
      (void)Json(names[i]).dump();
    } catch (const Json::exception&) {
      throw DataError(
          fmt::format("{}: {}[{}]: {} is not UTF-8, which a model file needs", file, field, i, excerpt(names[i])));
    }
  }
}

}  // namespace

std::string GaussianMixtureFile::component(int k) const {
  if (component_names.empty()) return std::to_string(k);
  const std::string& name = component_names[static_cast<std::size_t>(k)];
  return name.empty() ? "component_" + std::to_string(k) : name;  // a bare number may be another one's name
}

FitSummary summarize(const Report& report, Prior prior) {
  FitSummary fit;
  fit.outcome = report.outcome;
  fit.message = report.message;
  fit.log_likelihood = report.log_likelihood;
  fit.penalty = report.log_prior;
  fit.iterations = report.iterations;
  fit.observations = report.observations;
  fit.free_parameters = report.free_parameters;
  fit.aic = report.aic();
  fit.bic = report.bic();
  fit.icl = report.icl();
  fit.prior = prior;
  const auto best = static_cast<std::size_t>(report.best_restart);
  if (best < report.restarts.size()) fit.seed = report.restarts[best].seed;
  fit.degeneracies = report.degeneracies;
  return fit;
}

std::string to_string(Prior prior) { return prior == Prior::none ? "none" : "default"; }

Prior prior_named(std::string_view name) {
  for (const auto prior : {Prior::data_scaled, Prior::none}) {
    if (name == to_string(prior)) return prior;
  }
  throw ArgumentError("prior", "name", excerpt(name) + " is none of default, none");
}

std::string gaussian_mixture_text(const GaussianMixtureFile& file, const std::string& name) {
  refuse_names_beyond_utf8(file.columns, "columns", name);
  refuse_names_beyond_utf8(file.component_names, "component_names", name);
  const Gaussian& gaussian = file.model.emissions();
  Json json;
  json["format"] = "jensen-model";
  json["version"] = 1;
  json["model"] = "gaussian-mixture";
  json["covariance"] = to_string(gaussian.covariance_structure());
  json["columns"] = file.columns;
  json["components"] = file.model.states();
  if (!file.component_names.empty()) json["component_names"] = file.component_names;
  json["weights"] = file.model.weights();
  json["means"] = Json::array();
  json["covariances"] = Json::array();
  for (int k = 0; k < file.model.states(); ++k) {
    json["means"].push_back(gaussian.mean(k));
    json["covariances"].push_back(matrix(gaussian.covariance(k), gaussian.columns()));
  }
  if (file.fit) json["fit"] = fit_fields(*file.fit);
  std::string text = layout(json, "") + "\n";
  parse_gaussian_mixture(text, name);  // what is written can be read
  return text;
}

void save_gaussian_mixture(const std::string& path, const GaussianMixtureFile& file) {
  OutputFile output(path);
  output.stream() << gaussian_mixture_text(file, path);
  output.commit();
}

GaussianMixture arranged(const GaussianMixtureFile& file, const std::vector<std::string>& columns,
                         const std::string& name) {
  const auto absent = [](const std::vector<std::string>& wanted, const std::vector<std::string>& there) {
    std::vector<std::string> result;
    for (const auto& column : wanted) {
      if (std::find(there.begin(), there.end(), column) == there.end()) result.push_back(column);
    }
    return result;
  };
  if (file.columns.empty() && static_cast<int>(columns.size()) != file.model.columns()) {
    throw DataError(fmt::format("{}: means: have {} columns, but the data {}: {}", name, file.model.columns(),
                                columns.size(), listing(columns)));
  }
  if (file.columns.empty() || file.columns == columns) return file.model;
  if (const auto missing = absent(file.columns, columns); !missing.empty()) {
    throw DataError(name + ": columns: the data have no column " + listing(missing) + "; they have " +
                    listing(columns));
  }
  if (const auto more = absent(columns, file.columns); !more.empty()) {
    throw DataError(name + ": columns: the model has no column " + listing(more) + "; it has " + listing(file.columns));
  }
  std::vector<int> order;
  for (const auto& column : columns) {
    order.push_back(
        static_cast<int>(std::find(file.columns.begin(), file.columns.end(), column) - file.columns.begin()));
  }
  return marginal(file.model, order);
}

}  // namespace jensen
