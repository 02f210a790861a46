// Writing Gaussian mixtures as JSON, and what else a file of one is good for.
#include <jensen/error.h>
#include <jensen/gaussian_mixture_file.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "data/text.h"
#include "model_format.h"

namespace jensen {

namespace {

using Json = nlohmann::ordered_json;  // NaN and infinities come out as null

Json matrix(const std::vector<double>& packed, int d) {
  Json rows = Json::array();
  for (int a = 0; a < d; ++a) {
    Json row = Json::array();
    for (int b = 0; b < d; ++b) row.push_back(packed[packed_index(a, b)]);
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

nlohmann::ordered_json gaussian_mixture_fields(const ModelFile& file) {
  const GaussianMixture& model = *file.get<GaussianMixture>();
  const Gaussian& gaussian = model.emissions();
  Json json;
  json["covariance"] = to_string(gaussian.covariance_structure());
  json["columns"] = file.columns;
  json["components"] = model.states();
  if (!file.component_names.empty()) json["component_names"] = file.component_names;
  json["weights"] = model.weights();
  json["means"] = Json::array();
  json["covariances"] = Json::array();
  for (int k = 0; k < model.states(); ++k) {
    json["means"].push_back(gaussian.mean(k));
    json["covariances"].push_back(matrix(gaussian.covariance(k), gaussian.columns()));
  }
  return json;
}

std::string GaussianMixtureFile::component(int k) const { return ModelFile::component_name(component_names, k); }

std::string gaussian_mixture_text(const GaussianMixtureFile& file, const std::string& name) {
  return model_text(to_model_file(file), name);
}

void save_gaussian_mixture(const std::string& path, const GaussianMixtureFile& file) {
  save_model(path, to_model_file(file));
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
