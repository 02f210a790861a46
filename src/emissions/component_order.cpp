#include <jensen/emissions/categories.h>
#include <jensen/emissions/component_order.h>
#include <jensen/emissions/continuous.h>
#include <jensen/emissions/counts.h>
#include <jensen/emissions/gaussian.h>
#include <jensen/emissions/product.h>

#include <cmath>
#include <limits>

namespace jensen {

namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

// As many numbers by state, one state after the other, in a new order.
std::vector<double> reordered(std::span<const double> values, std::span<const int> order) {
  const std::size_t each = values.size() / order.size();
  std::vector<double> result;
  for (const int k : order) {
    const auto own = values.subspan(static_cast<std::size_t>(k) * each, each);
    result.insert(result.end(), own.begin(), own.end());
  }
  return result;
}

void reorder_gaussian(Gaussian& gaussian, std::span<const int> order) {
  std::vector<double> covariances(gaussian.covariances().begin(), gaussian.covariances().end());
  const bool shared = is_shared(gaussian.covariance_structure());
  gaussian.set(reordered(gaussian.means(), order), shared ? covariances : reordered(covariances, order));
}

Moments family_moments(const std::string& family, std::span<const double> v) {
  if (family == "normal") return {v[0], std::sqrt(v[1])};
  if (family == "log-normal") {
    const double mean = std::exp(v[0] + v[1] / 2);
    return {mean, mean * std::sqrt(std::expm1(v[1]))};
  }
  if (family == "exponential") return {1 / v[0], 1 / v[0]};
  if (family == "gamma") return {v[0] / v[1], std::sqrt(v[0]) / v[1]};
  if (family == "weibull") {
    const double mean = v[1] * std::tgamma(1 + 1 / v[0]);
    return {mean, std::sqrt(std::max(0.0, v[1] * v[1] * std::tgamma(1 + 2 / v[0]) - mean * mean))};
  }
  if (family == "beta") {
    const double total = v[0] + v[1];
    return {v[0] / total, std::sqrt(v[0] * v[1] / (total * total * (total + 1)))};
  }
  if (family == "von-mises") return {v[0], unknown};
  if (family == "uniform") return {(v[0] + v[1]) / 2, (v[1] - v[0]) / std::sqrt(12.0)};
  if (family == "poisson") return {v[0], std::sqrt(v[0])};
  if (family == "binomial") return {v[0], unknown};  // of one trial
  if (family == "geometric") return {(1 - v[0]) / v[0], std::sqrt(1 - v[0]) / v[0]};
  if (family == "negative-binomial") return {v[0], std::sqrt(v[0] + v[0] * v[0] / v[1])};
  if (family == "zero-inflated-poisson") {
    const double mean = (1 - v[0]) * v[1];
    return {mean, std::sqrt(mean * (1 + v[0] * v[1]))};
  }
  if (family == "bernoulli") return {v[0], std::sqrt(v[0] * (1 - v[0]))};
  if (family == "categorical") {
    double mean = 0;
    for (std::size_t l = 0; l < v.size(); ++l) mean += static_cast<double>(l) * v[l];
    return {mean, unknown};
  }
  return {unknown, unknown};
}

bool is_regression(const std::string& family) { return family.find("regression") != std::string::npos; }

// Whether the parameters are those of state 0, of state 1, …
bool keeps_states_apart(const AnyEmissions& emissions) {
  if (!emissions.can(Capability::parameters)) return false;
  const std::string family = emissions.name();
  const bool known = !std::isnan(family_moments(family, std::vector<double>(16, 0.5)).mean);
  return known || family == "multinomial" || is_regression(family) || family.starts_with("censored");
}

}  // namespace

bool reorder(AnyEmissions& emissions, std::span<const int> order) {
  if (const auto* product = emissions.as<Product>()) {
    auto parts = product->parts();
    for (auto& part : parts) {
      if (!reorder(part.emissions, order)) return false;
    }
    emissions = Product(std::move(parts), product->columns());
    return true;
  }
  if (auto* gaussian = emissions.as<Gaussian>()) {
    reorder_gaussian(*gaussian, order);
    return true;
  }
  if (!keeps_states_apart(emissions)) return false;
  emissions.set_parameters(reordered(emissions.parameters(), order));
  return true;
}

Moments moments_of(const AnyEmissions& emissions, int k, int column) {
  if (const auto* gaussian = emissions.as<Gaussian>()) {
    const auto j = static_cast<std::size_t>(column);
    return {gaussian->mean(k)[j], std::sqrt(gaussian->covariance(k)[packed_index(column, column)])};
  }
  if (!emissions.can(Capability::parameters)) return {unknown, unknown};
  const auto all = emissions.parameters();
  const std::size_t each = all.size() / static_cast<std::size_t>(emissions.states());
  return family_moments(emissions.name(), std::span(all).subspan(static_cast<std::size_t>(k) * each, each));
}

std::vector<std::vector<double>> expected_values(const AnyEmissions& emissions) {
  std::vector<std::vector<double>> values(static_cast<std::size_t>(emissions.states()));
  const auto add = [&](const AnyEmissions& part) {
    const bool gaussian = part.as<Gaussian>() != nullptr;
    if (!gaussian && std::isnan(moments_of(part, 0).mean) && keeps_states_apart(part)) {
      const auto all = part.parameters();
      const std::size_t each = all.size() / values.size();
      for (std::size_t k = 0; k < values.size(); ++k) {
        values[k].insert(values[k].end(), all.begin() + static_cast<std::ptrdiff_t>(k * each),
                         all.begin() + static_cast<std::ptrdiff_t>((k + 1) * each));
      }
      return;
    }
    for (int k = 0; k < emissions.states(); ++k) {
      for (int j = 0; j < (gaussian ? part.columns() : 1); ++j) {
        const double mean = moments_of(part, k, j).mean;
        if (!std::isnan(mean)) values[static_cast<std::size_t>(k)].push_back(mean);
      }
    }
  };
  if (const auto* product = emissions.as<Product>()) {
    for (const auto& part : product->parts()) add(part.emissions);
  } else {
    add(emissions);
  }
  return values;
}

}  // namespace jensen
