// Gaussian parameters as numbers: exact and named, or free of constraints.
#include <jensen/emissions/gaussian.h>
#include <jensen/error.h>

#include <fmt/format.h>

#include "emissions/covariance_coordinates.h"

namespace jensen {

int Gaussian::free_parameters() const {
  return static_cast<int>(means_.size()) + groups_ * covariance_parameters(structure_, group_size(), columns_);
}

std::vector<double> Gaussian::parameters() const {
  std::vector<double> v = means_;
  v.insert(v.end(), covariances_.begin(), covariances_.end());
  return v;
}

void Gaussian::set_parameters(std::span<const double> v) {
  if (v.size() != means_.size() + covariances_.size()) {
    throw ArgumentError("Gaussian::set_parameters", "v",
                        fmt::format("must hold {} numbers, got {}", means_.size() + covariances_.size(), v.size()));
  }
  const auto middle = v.begin() + static_cast<std::ptrdiff_t>(means_.size());
  set({v.begin(), middle}, {middle, v.end()});
}

std::vector<std::string> Gaussian::parameter_names() const {
  std::vector<std::string> names;
  for (int k = 0; k < components_; ++k) {
    for (int j = 0; j < columns_; ++j) names.push_back(fmt::format("mean[{},{}]", k, j));
  }
  for (int f = 0; f < factors(); ++f) {
    const std::string component = factors() == 1 && is_shared(structure_) ? "" : fmt::format("{}", f);
    const std::string separator = component.empty() ? "" : ",";
    if (shape_ == CovarianceShape::spherical) {
      names.push_back(fmt::format("variance[{}]", component));
      continue;
    }
    for (int a = 0; a < columns_; ++a) {
      if (!has_matrices()) {
        names.push_back(fmt::format("variance[{}{}{}]", component, separator, a));
        continue;
      }
      for (int b = 0; b <= a; ++b) names.push_back(fmt::format("covariance[{}{}{},{}]", component, separator, a, b));
    }
  }
  return names;
}

std::vector<double> Gaussian::unconstrained() const {
  std::vector<double> u = means_;
  for (int g = 0; g < groups_; ++g) {
    const auto own = to_coordinates(structure_, group_size(), columns_, covariances_of(g));
    u.insert(u.end(), own.begin(), own.end());
  }
  return u;
}

void Gaussian::set_unconstrained(std::span<const double> u) {
  const auto expected = static_cast<std::size_t>(free_parameters());
  if (u.size() != expected) {
    throw ArgumentError("Gaussian::set_unconstrained", "u",
                        fmt::format("must hold {} numbers, got {}", expected, u.size()));
  }
  const auto means = u.first(means_.size());
  const std::size_t each = (u.size() - means_.size()) / static_cast<std::size_t>(groups_);
  std::vector<double> covariances;
  for (std::size_t g = 0; g < static_cast<std::size_t>(groups_); ++g) {
    const auto own = to_covariances(structure_, group_size(), columns_, u.subspan(means_.size() + g * each, each));
    covariances.insert(covariances.end(), own.begin(), own.end());
  }
  set({means.begin(), means.end()}, std::move(covariances));
}

}  // namespace jensen
