// Gaussian parameters as numbers: exact and named, or free of constraints.
#include <jensen/emissions/gaussian.h>
#include <jensen/error.h>

#include <fmt/format.h>

#include <cmath>

namespace jensen {

int Gaussian::free_parameters() const { return static_cast<int>(means_.size() + covariances_.size()); }

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
    const std::string component = structure_ == Covariance::tied ? "" : fmt::format("{}", f);
    const std::string separator = component.empty() ? "" : ",";
    if (structure_ == Covariance::spherical) {
      names.push_back(fmt::format("variance[{}]", component));
      continue;
    }
    for (int a = 0; a < columns_; ++a) {
      if (!has_matrices()) {
        names.push_back(fmt::format("variance[{},{}]", component, a));
        continue;
      }
      for (int b = 0; b <= a; ++b) names.push_back(fmt::format("covariance[{}{}{},{}]", component, separator, a, b));
    }
  }
  return names;
}

std::vector<double> Gaussian::unconstrained() const {
  std::vector<double> u = means_;
  if (!has_matrices()) {
    for (double variance : covariances_) u.push_back(std::log(variance));
    return u;
  }
  for (const auto& cholesky_factor : factors_) {
    for (int a = 0; a < columns_; ++a) {
      for (int b = 0; b <= a; ++b) {
        const double l = cholesky_factor.factor[packed_index(a, b)];
        u.push_back(a == b ? std::log(l) : l);
      }
    }
  }
  return u;
}

void Gaussian::set_unconstrained(std::span<const double> u) {
  if (u.size() != means_.size() + covariances_.size()) {
    throw ArgumentError("Gaussian::set_unconstrained", "u",
                        fmt::format("must hold {} numbers, got {}", means_.size() + covariances_.size(), u.size()));
  }
  const auto middle = u.begin() + static_cast<std::ptrdiff_t>(means_.size());
  std::vector<double> covariances(middle, u.end());
  if (!has_matrices()) {
    for (double& v : covariances) v = std::exp(v);
  }
  for (std::size_t f = 0; has_matrices() && f < static_cast<std::size_t>(factors()); ++f) {
    std::vector<double> l(middle + static_cast<std::ptrdiff_t>(f * shape_size()),
                          middle + static_cast<std::ptrdiff_t>((f + 1) * shape_size()));
    for (int a = 0; a < columns_; ++a) l[packed_index(a, a)] = std::exp(l[packed_index(a, a)]);
    for (int a = 0; a < columns_; ++a) {
      for (int b = 0; b <= a; ++b) {
        double value = 0;
        for (int c = 0; c <= b; ++c) value += l[packed_index(a, c)] * l[packed_index(b, c)];
        covariances[f * shape_size() + packed_index(a, b)] = value;
      }
    }
  }
  set({u.begin(), middle}, std::move(covariances));
}

}  // namespace jensen
