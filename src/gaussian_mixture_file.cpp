// Reading Gaussian mixtures from JSON. Everything is checked where it lies before anything is built from it.
#include <jensen/data/mapped_file.h>
#include <jensen/error.h>
#include <jensen/gaussian_mixture_file.h>

#include <fmt/format.h>

#include <cmath>

#include "data/text.h"
#include "json/field.h"
#include "model_format.h"

namespace jensen {

namespace {

std::vector<double> means(const Field& field, std::size_t components) {
  field.array_of(components, "means, one for each weight");
  const std::size_t columns = field[std::size_t{0}].array("numbers");
  std::vector<double> result;
  for (std::size_t k = 0; k < components; ++k) {
    field[k].array_of(columns, "numbers, as many as means[0] has");
    for (std::size_t j = 0; j < columns; ++j) result.push_back(field[k][j].number());
  }
  return result;
}

void check_structure(const Field& field, const std::vector<double>& matrix, std::size_t columns, Covariance structure) {
  if (shape_of(structure) == CovarianceShape::matrix) return;
  for (std::size_t a = 0; a < columns; ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      if (matrix[a * (a + 1) / 2 + b] != 0) {
        field.refuse(fmt::format("is not {}: its elements off the diagonal must be 0", to_string(structure)));
      }
    }
    if (shape_of(structure) == CovarianceShape::spherical && matrix[a * (a + 3) / 2] != matrix[0]) {
      field.refuse(fmt::format("is not {}: its diagonal elements must be equal", to_string(structure)));
    }
  }
}

// The lower triangle of one covariance matrix, packed.
std::vector<double> covariance(const Field& field, std::size_t columns, Covariance structure) {
  field.array_of(columns, "rows");
  for (std::size_t a = 0; a < columns; ++a) field[a].array_of(columns, "numbers");
  std::vector<double> matrix;
  for (std::size_t a = 0; a < columns; ++a) {
    for (std::size_t b = 0; b <= a; ++b) {
      const double value = field[a][b].number();
      const double scale = std::sqrt(std::abs(field[a][a].number())) * std::sqrt(std::abs(field[b][b].number()));
      if (!(std::abs(value - field[b][a].number()) <= 1e-9 * scale)) field.refuse("is not symmetric");
      matrix.push_back(value);
    }
  }
  check_structure(field, matrix, columns, structure);
  return matrix;
}

// All covariances in the structure's own shape, as Gaussian::set takes them.
std::vector<double> covariances(const Field& field, std::size_t components, std::size_t columns, Covariance structure) {
  field.array_of(components, "matrices, one for each weight");
  const int d = static_cast<int>(columns);
  std::vector<std::vector<double>> matrices;
  for (std::size_t k = 0; k < components; ++k) {
    matrices.push_back(covariance(field[k], columns, structure));
    if (!cholesky(matrices.back(), d).positive_definite()) field[k].refuse("is not positive definite");
    if (is_shared(structure) && matrices[k] != matrices[0]) {
      field[k].refuse(fmt::format("differs from covariances[0], but a {} covariance is the same for all components",
                                  to_string(structure)));
    }
  }
  auto kept = in_shape(structure, d, matrices);
  const auto departure = departure_from_structure(structure, static_cast<int>(components), d, kept);
  if (!departure.empty()) field.refuse(departure);
  return kept;
}

GaussianMixtureFile read_model(const Field& top, Covariance structure) {
  std::vector<double> pi = weights(top["weights"]);
  const std::size_t components = pi.size();
  std::vector<double> mu = means(top["means"], components);
  const std::size_t columns = mu.size() / components;
  std::vector<double> sigma = covariances(top["covariances"], components, columns, structure);
  if (top.has("components") && top["components"].integer() != static_cast<std::int64_t>(components)) {
    top["components"].refuse(fmt::format("says {}, but there are {} weights", top["components"].integer(), components));
  }
  Gaussian gaussian(static_cast<int>(components), static_cast<int>(columns), structure);
  gaussian.set(std::move(mu), std::move(sigma));
  GaussianMixtureFile file{GaussianMixture(std::move(pi), std::move(gaussian)), {}, {}, {}};
  if (top.has("columns")) file.columns = names(top["columns"], columns, "names, one for each column of means", false);
  ModelFile ends;
  read_ends(top, components, ends);
  file.component_names = std::move(ends.component_names);
  file.fit = std::move(ends.fit);
  return file;
}

void check_format(const Field& top) {
  check_header(top);
  if (top["model"].text() != gaussian_mixture_format.kind) {
    top["model"].refuse("is " + excerpt(top["model"].text()) + ", not 'gaussian-mixture'");
  }
}

GaussianMixtureFile read_whole(const Field& top) {
  for (const char* required : {"columns", "components"}) top[required];
  return read_model(top, named<Covariance>(top["covariance"], covariance_named));
}

}  // namespace

GaussianMixtureFile parse_gaussian_mixture(std::string_view text, const std::string& name) {
  const auto json = parse_json(text, name);
  const Field top(json, name);
  check_format(top);
  return read_whole(top);
}

GaussianMixtureFile parse_gaussian_mixture_start(std::string_view text, const std::string& name,
                                                 std::optional<Covariance> structure) {
  const auto json = parse_json(text, name);
  const Field top(json, name);
  if (top.has("format")) check_format(top);
  if (top.has("covariance")) {
    const auto own = named<Covariance>(top["covariance"], covariance_named);
    if (structure && *structure != own) {
      top["covariance"].refuse(fmt::format("is {}, but {} is asked for", to_string(own), to_string(*structure)));
    }
    structure = own;
  }
  return read_model(top, structure.value_or(Covariance::full));
}

GaussianMixtureFile load_gaussian_mixture(const std::string& path) {
  const MappedFile file(path);
  return parse_gaussian_mixture(file.text(), file.name());
}

GaussianMixtureFile load_gaussian_mixture_start(const std::string& path, std::optional<Covariance> structure) {
  const MappedFile file(path);
  return parse_gaussian_mixture_start(file.text(), file.name(), structure);
}

ModelFile to_model_file(GaussianMixtureFile file) {
  return {std::make_shared<Erased<GaussianMixture>>(std::move(file.model)),
          std::move(file.columns),
          std::move(file.component_names),
          std::move(file.fit),
          {}};
}

namespace {

bool holds(const Model& model) { return dynamic_cast<const Erased<GaussianMixture>*>(&model) != nullptr; }

ModelFile read(const Field& top) { return to_model_file(read_whole(top)); }

std::unique_ptr<Model> with_prior(const ModelFile& file, const Data& data) {
  const Options as_it_is{.max_iterations = 0};
  return std::make_unique<Erased<GaussianMixture>>(
      fit_gaussian_mixture(*file.get<GaussianMixture>(), data, Prior::data_scaled, as_it_is).model);
}

}  // namespace

const ModelFormat gaussian_mixture_format{"gaussian-mixture", holds, gaussian_mixture_fields, read, with_prior};

}  // namespace jensen
