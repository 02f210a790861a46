#include <jensen/emissions/categories.h>
#include <jensen/emissions/censored.h>
#include <jensen/emissions/censored_family.h>
#include <jensen/emissions/component_order.h>
#include <jensen/emissions/continuous.h>
#include <jensen/emissions/counts.h>
#include <jensen/emissions/factor_analyzers.h>
#include <jensen/emissions/gaussian.h>
#include <jensen/emissions/nested.h>
#include <jensen/emissions/product.h>
#include <jensen/emissions/regression.h>
#include <jensen/emissions/student_t.h>
#include <jensen/emissions/von_mises_fisher.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

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

// False where the order would tear components apart that share a part of their covariances.
bool reorder_gaussian(Gaussian& gaussian, std::span<const int> order) {
  const Covariance structure = gaussian.covariance_structure();
  const bool shared = is_shared(structure);
  const int size = gaussian.states() / gaussian.groups();
  std::vector<int> groups;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i % static_cast<std::size_t>(size) == 0) groups.push_back(order[i] / size);
    if ((shared || is_coupled(structure)) && order[i] / size != groups.back()) return false;
  }
  gaussian.set(reordered(gaussian.means(), order), reordered(gaussian.covariances(), shared ? groups : order));
  return true;
}

void reorder_student_t(StudentT& t, std::span<const int> order) {
  const auto all = t.parameters();
  const auto states = static_cast<std::size_t>(t.states());
  const std::size_t means = states * static_cast<std::size_t>(t.columns());
  const bool tied = t.degrees_of_freedom() == DegreesOfFreedom::tied;
  const std::span<const double> v = all;
  const auto scales = v.subspan(means, v.size() - means - (tied ? 1 : states));
  const auto nu = v.last(tied ? 1 : states);
  t.set(reordered(v.first(means), order),
        is_shared(t.covariance_structure()) ? std::vector<double>(scales.begin(), scales.end())
                                            : reordered(scales, order),
        tied ? std::vector<double>(nu.begin(), nu.end()) : reordered(nu, order));
}

void reorder_factor_analyzers(FactorAnalyzers& analyzers, std::span<const int> order) {
  const FactorStructure shared = analyzers.structure();
  std::vector<double> means, loadings, noise;
  for (std::size_t k = 0; k < order.size(); ++k) {
    const auto mean = analyzers.mean(order[k]);
    means.insert(means.end(), mean.begin(), mean.end());
    const auto own = analyzers.loadings(order[k]);
    if (k == 0 || !shared.tied_loadings) loadings.insert(loadings.end(), own.begin(), own.end());
    if (k > 0 && shared.tied_noise) continue;
    for (int j = 0; j < (shared.isotropic_noise ? 1 : analyzers.columns()); ++j) {
      noise.push_back(analyzers.noise(order[k], j));
    }
  }
  analyzers.set(std::move(means), std::move(loadings), std::move(noise));
}

void reorder_directions(VonMisesFisher& directions, std::span<const int> order) {
  const auto v = directions.parameters();
  const std::size_t states = order.size();
  const std::span<const double> all = v;
  directions.set(reordered(all.first(v.size() - states), order), reordered(all.last(states), order));
}

// Each state with its components.
bool reorder_nested(AnyEmissions& emissions, const NestedMixture& nested, std::span<const int> order) {
  std::vector<int> inner_order;
  for (const int k : order) {
    for (int m = 0; m < nested.components(); ++m) inner_order.push_back(k * nested.components() + m);
  }
  AnyEmissions inner = nested.inner();
  if (!reorder(inner, inner_order)) return false;
  NestedMixture result(std::move(inner), nested.states());
  result.set_weights(reordered(nested.weights(), order));
  emissions = std::move(result);
  return true;
}

// Of several columns, not of a response and what it is given.
bool is_joint(const AnyEmissions& emissions) {
  if (const auto* nested = emissions.as<NestedMixture>()) return is_joint(nested->inner());
  return emissions.as<Gaussian>() != nullptr || emissions.as<StudentT>() != nullptr ||
         emissions.as<FactorAnalyzers>() != nullptr || emissions.as<VonMisesFisher>() != nullptr;
}

template <class Family>
bool is(const AnyEmissions& emissions) {
  return emissions.as<Independent<Family>>() != nullptr;
}

Moments gamma_moments(std::span<const double> v) { return {v[0] / v[1], std::sqrt(v[0]) / v[1]}; }
Moments beta_moments(std::span<const double> v) {
  const double total = v[0] + v[1];
  return {v[0] / total, std::sqrt(v[0] * v[1] / (total * total * (total + 1)))};
}
Moments geometric_moments(std::span<const double> v) { return {(1 - v[0]) / v[0], std::sqrt(1 - v[0]) / v[0]}; }
Moments negative_binomial_moments(std::span<const double> v) { return {v[0], std::sqrt(v[0] + v[0] * v[0] / v[1])}; }

// Of y itself, whatever hid it.
Moments censored_moments(PartlySeen kind, std::span<const double> v) {
  switch (kind) {
    case PartlySeen::gamma: return gamma_moments(v);
    case PartlySeen::beta: return beta_moments(v);
    case PartlySeen::poisson: return {v[0], std::sqrt(v[0])};
    case PartlySeen::geometric: return geometric_moments(v);
    case PartlySeen::negative_binomial: return negative_binomial_moments(v);
  }
  return {unknown, unknown};
}

// v: the parameters of one state.
Moments family_moments(const AnyEmissions& emissions, std::span<const double> v) {
  if (is<Normal>(emissions)) return {v[0], std::sqrt(v[1])};
  if (is<LogNormal>(emissions)) {
    const double mean = std::exp(v[0] + v[1] / 2);
    return {mean, mean * std::sqrt(std::expm1(v[1]))};
  }
  if (is<Exponential>(emissions)) return {1 / v[0], 1 / v[0]};
  if (const auto* censored = emissions.as<Independent<CensoredFamily>>()) {
    return censored_moments((*censored)[0].kind(), v);
  }
  if (is<Gamma>(emissions)) return gamma_moments(v);
  if (is<Weibull>(emissions)) {
    const double mean = v[1] * std::tgamma(1 + 1 / v[0]);
    return {mean, std::sqrt(std::max(0.0, v[1] * v[1] * std::tgamma(1 + 2 / v[0]) - mean * mean))};
  }
  if (is<Beta>(emissions)) return beta_moments(v);
  if (is<VonMises>(emissions)) return {v[0], unknown};
  if (is<Uniform>(emissions)) return {(v[0] + v[1]) / 2, (v[1] - v[0]) / std::sqrt(12.0)};
  if (is<Poisson>(emissions)) return {v[0], std::sqrt(v[0])};
  if (is<Binomial>(emissions)) return {v[0], unknown};  // of one trial
  if (is<Geometric>(emissions)) return geometric_moments(v);
  if (is<NegativeBinomial>(emissions)) return negative_binomial_moments(v);
  if (is<ZeroInflatedPoisson>(emissions)) {
    const double mean = (1 - v[0]) * v[1];
    return {mean, std::sqrt(mean * (1 + v[0] * v[1]))};
  }
  if (is<Bernoulli>(emissions)) return {v[0], std::sqrt(v[0] * (1 - v[0]))};
  if (is<Categorical>(emissions)) {
    double mean = 0;
    for (std::size_t l = 0; l < v.size(); ++l) mean += static_cast<double>(l) * v[l];
    return {mean, unknown};
  }
  return {unknown, unknown};
}

bool is_regression(const AnyEmissions& emissions) {
  return is<LinearRegression>(emissions) || is<GeneralizedRegression>(emissions) || is<CensoredRegression>(emissions);
}

// Whether the parameters are those of state 0, of state 1, …
bool keeps_states_apart(const AnyEmissions& emissions) {
  if (!emissions.can(Capability::parameters)) return false;
  const bool known = !std::isnan(family_moments(emissions, std::vector<double>(16, 0.5)).mean);
  return known || is<Multinomial>(emissions) || is_regression(emissions);
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
  if (auto* gaussian = emissions.as<Gaussian>()) return reorder_gaussian(*gaussian, order);
  if (auto* student = emissions.as<StudentT>()) {
    reorder_student_t(*student, order);
    return true;
  }
  if (auto* analyzers = emissions.as<FactorAnalyzers>()) {
    reorder_factor_analyzers(*analyzers, order);
    return true;
  }
  if (auto* directions = emissions.as<VonMisesFisher>()) {
    reorder_directions(*directions, order);
    return true;
  }
  if (const auto* nested = emissions.as<NestedMixture>())
    return reorder_nested(emissions, NestedMixture(*nested), order);
  if (!keeps_states_apart(emissions)) return false;
  emissions.set_parameters(reordered(emissions.parameters(), order));
  return true;
}

Moments moments_of(const AnyEmissions& emissions, int k, int column) {
  const auto j = static_cast<std::size_t>(column);
  if (const auto* gaussian = emissions.as<Gaussian>()) {
    return {gaussian->mean(k)[j], std::sqrt(gaussian->covariance(k)[packed_index(column, column)])};
  }
  if (const auto* student = emissions.as<StudentT>()) {
    const double nu = student->nu(k);
    const double variance = nu > 2 ? nu / (nu - 2) * student->scale(k)[packed_index(column, column)] : unknown;
    return {student->mean(k)[j], std::sqrt(variance)};
  }
  if (const auto* analyzers = emissions.as<FactorAnalyzers>()) {
    return {analyzers->mean(k)[j], std::sqrt(analyzers->covariance(k)[packed_index(column, column)])};
  }
  if (const auto* directions = emissions.as<VonMisesFisher>()) return {directions->direction(k)[j], unknown};
  if (const auto* nested = emissions.as<NestedMixture>()) {
    double mean = 0;
    double square = 0;
    for (int m = 0; m < nested->components(); ++m) {
      const int inner = k * nested->components() + m;
      const double share = nested->weights()[static_cast<std::size_t>(inner)];
      const Moments own = moments_of(nested->inner(), inner, column);
      mean += share * own.mean;
      square += share * (own.mean * own.mean + own.deviation * own.deviation);
    }
    const double variance = square - mean * mean;
    return {mean, variance < 0 ? 0 : std::sqrt(variance)};
  }
  if (!emissions.can(Capability::parameters)) return {unknown, unknown};
  const auto all = emissions.parameters();
  const std::size_t each = all.size() / static_cast<std::size_t>(emissions.states());
  return family_moments(emissions, std::span(all).subspan(static_cast<std::size_t>(k) * each, each));
}

std::vector<std::vector<double>> expected_values(const AnyEmissions& emissions) {
  std::vector<std::vector<double>> values(static_cast<std::size_t>(emissions.states()));
  const auto add = [&](const AnyEmissions& part) {
    const bool joint = is_joint(part);
    if (!joint && std::isnan(moments_of(part, 0).mean) && keeps_states_apart(part)) {
      const auto all = part.parameters();
      const std::size_t each = all.size() / values.size();
      for (std::size_t k = 0; k < values.size(); ++k) {
        values[k].insert(values[k].end(), all.begin() + static_cast<std::ptrdiff_t>(k * each),
                         all.begin() + static_cast<std::ptrdiff_t>((k + 1) * each));
      }
      return;
    }
    for (int k = 0; k < emissions.states(); ++k) {
      for (int j = 0; j < (joint ? part.columns() : 1); ++j) {
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

std::vector<int> canonical_order(const AnyEmissions& emissions) {
  const auto place = expected_values(emissions);
  std::vector<int> order(place.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return place[static_cast<std::size_t>(a)] < place[static_cast<std::size_t>(b)];
  });
  return order;
}

}  // namespace jensen
