#include <jensen/emissions/covariance.h>
#include <jensen/error.h>
#include <jensen/math/cholesky.h>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "emissions/covariance_coordinates.h"

namespace jensen {

namespace {

struct Named {
  Covariance covariance;
  const char* letters;
  const char* name;
};
// In mclust's order.
constexpr Named structures[] = {
    {Covariance::eii, "EII", "EII"},   {Covariance::spherical, "VII", "spherical"},
    {Covariance::eei, "EEI", "EEI"},   {Covariance::vei, "VEI", "VEI"},
    {Covariance::evi, "EVI", "EVI"},   {Covariance::diagonal, "VVI", "diagonal"},
    {Covariance::tied, "EEE", "tied"}, {Covariance::vee, "VEE", "VEE"},
    {Covariance::eve, "EVE", "EVE"},   {Covariance::vve, "VVE", "VVE"},
    {Covariance::eev, "EEV", "EEV"},   {Covariance::vev, "VEV", "VEV"},
    {Covariance::evv, "EVV", "EVV"},   {Covariance::full, "VVV", "full"},
};

const Named& named(Covariance covariance) {
  return *std::find_if(std::begin(structures), std::end(structures),
                       [&](const Named& n) { return n.covariance == covariance; });
}

}  // namespace

std::string to_string(Covariance covariance) { return named(covariance).name; }
std::string letters(Covariance covariance) { return named(covariance).letters; }

Covariance covariance_named(std::string_view name) {
  std::string capitals(name);
  for (char& c : capitals) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  for (const auto& n : structures) {
    if (name == n.name || capitals == n.letters) return n.covariance;
  }
  if (capitals == "E") return Covariance::tied;
  if (capitals == "V") return Covariance::full;
  throw ArgumentError("covariance", "name",
                      fmt::format("'{}' is none of full, tied, diagonal, spherical, EII, VII, EEI, VEI, EVI, VVI, EEE, "
                                  "VEE, EVE, VVE, EEV, VEV, EVV, VVV, E, V",
                                  name));
}

std::vector<Covariance> classic_covariances() {
  return {Covariance::full, Covariance::tied, Covariance::diagonal, Covariance::spherical};
}

std::vector<Covariance> all_covariances(int columns) {
  if (columns == 1) return {Covariance::tied, Covariance::full};
  std::vector<Covariance> all;
  for (const auto& n : structures) all.push_back(n.covariance);
  return all;
}

CovarianceShape shape_of(Covariance covariance) {
  const char* form = named(covariance).letters;
  if (form[1] == 'I') return CovarianceShape::spherical;
  return form[2] == 'I' ? CovarianceShape::diagonal : CovarianceShape::matrix;
}

std::size_t shape_size(Covariance covariance, int columns) {
  switch (shape_of(covariance)) {
    case CovarianceShape::spherical: return 1;
    case CovarianceShape::diagonal: return static_cast<std::size_t>(columns);
    case CovarianceShape::matrix: return packed_size(columns);
  }
  return 0;
}

bool is_shared(Covariance covariance) { return letters(covariance).find('V') == std::string::npos; }

bool is_coupled(Covariance covariance) {
  return letters(covariance).find('E') != std::string::npos && !is_shared(covariance);
}

int covariance_parameters(Covariance covariance, int components, int columns) {
  const auto form = letters(covariance);
  const auto copies = [&](char letter) { return letter == 'I' ? 0 : (letter == 'E' ? 1 : components); };
  return copies(form[0]) + copies(form[1]) * (columns - 1) + copies(form[2]) * (columns * (columns - 1) / 2);
}

Covariance structure_of_part(Covariance covariance) {
  switch (covariance) {
    case Covariance::evi: return Covariance::diagonal;
    case Covariance::eve:
    case Covariance::vve:
    case Covariance::eev:
    case Covariance::vev:
    case Covariance::evv: return Covariance::full;
    default: return covariance;
  }
}

std::vector<double> in_shape(Covariance covariance, int columns, std::span<const std::vector<double>> matrices,
                             int groups) {
  std::vector<double> kept;
  const std::size_t step = is_shared(covariance) ? matrices.size() / static_cast<std::size_t>(groups) : 1;
  for (std::size_t k = 0; k < matrices.size(); k += step) {
    const auto& matrix = matrices[k];
    double trace = 0;
    bool equal = true;
    for (int j = 0; j < columns; ++j) {
      trace += matrix[packed_index(j, j)];
      equal = equal && matrix[packed_index(j, j)] == matrix[0];
    }
    switch (shape_of(covariance)) {
      case CovarianceShape::spherical: kept.push_back(equal ? matrix[0] : trace / columns); break;
      case CovarianceShape::diagonal:
        for (int j = 0; j < columns; ++j) kept.push_back(matrix[packed_index(j, j)]);
        break;
      case CovarianceShape::matrix: kept.insert(kept.end(), matrix.begin(), matrix.end()); break;
    }
  }
  return kept;
}

std::string departure_from_structure(Covariance covariance, int components, int columns,
                                     std::span<const double> covariances, int first) {
  if (!is_coupled(covariance)) return {};
  const auto follows =
      to_covariances(covariance, components, columns, to_coordinates(covariance, components, columns, covariances));
  const std::size_t size = shape_size(covariance, columns);
  double worst = 0;
  std::size_t where = 0;
  for (std::size_t k = 0; k < static_cast<std::size_t>(components); ++k) {
    double scale = 0;
    double furthest = 0;
    for (std::size_t i = 0; i < size; ++i) {
      scale = std::max(scale, std::abs(covariances[k * size + i]));
      furthest = std::max(furthest, std::abs(covariances[k * size + i] - follows[k * size + i]));
    }
    if (furthest > worst * scale) worst = furthest / scale, where = k;
  }
  if (worst <= 1e-8) return {};
  return fmt::format("that of component {} is not {}", static_cast<std::size_t>(first) + where, to_string(covariance));
}

}  // namespace jensen
