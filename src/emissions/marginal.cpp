#include <jensen/emissions/categories.h>
#include <jensen/emissions/component_order.h>
#include <jensen/emissions/counts.h>
#include <jensen/emissions/factor_analyzers.h>
#include <jensen/emissions/gaussian.h>
#include <jensen/emissions/marginal.h>
#include <jensen/emissions/nested.h>
#include <jensen/emissions/product.h>
#include <jensen/emissions/regression.h>
#include <jensen/emissions/student_t.h>
#include <jensen/error.h>
#include <jensen/math/incomplete.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace jensen {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

using Parameters = std::vector<double>;
using UpTo = std::function<double(double)>;

UpTo normal_up_to(double mean, double deviation) {
  return [=](double x) { return std::erfc(-(x - mean) / (deviation * std::sqrt(2.0))) / 2; };
}

// With t = (x − μ)/σ, P(T ≤ −|t|) = ½ I_{ν/(ν + t²)}(ν/2, ½) (Abramowitz and Stegun 26.7.1, 26.5.27).
Marginal student_t(double location, double variance, double nu) {
  const auto up_to = [=](double x) {
    const double square = (x - location) * (x - location) / variance;
    const double tail = incomplete_beta(nu / 2, 0.5, nu / (nu + square)) / 2;
    return x < location ? tail : 1 - tail;
  };
  return {nu > 1 ? location : unknown, nu > 2 ? std::sqrt(nu / (nu - 2) * variance) : unknown, false, up_to};
}

double poisson_up_to(double rate, double x) { return complementary_incomplete_gamma(std::floor(x) + 1, rate); }

UpTo continuous_up_to(const std::string& family, const Parameters& v) {
  if (family == "normal") return normal_up_to(v[0], std::sqrt(v[1]));
  if (family == "log-normal") {
    return [log = normal_up_to(v[0], std::sqrt(v[1]))](double x) { return x > 0 ? log(std::log(x)) : 0; };
  }
  if (family == "exponential") return [v](double x) { return x > 0 ? -std::expm1(-v[0] * x) : 0; };
  if (family == "gamma") return [v](double x) { return incomplete_gamma(v[0], v[1] * x); };
  if (family == "weibull") return [v](double x) { return x > 0 ? -std::expm1(-std::pow(x / v[1], v[0])) : 0; };
  if (family == "beta") return [v](double x) { return incomplete_beta(v[0], v[1], x); };
  if (family == "uniform") return [v](double x) { return std::clamp((x - v[0]) / (v[1] - v[0]), 0.0, 1.0); };
  return {};
}

// For x ≥ 0.
UpTo whole_up_to(const std::string& family, const Parameters& v) {
  if (family == "poisson") return [v](double x) { return poisson_up_to(v[0], x); };
  if (family == "geometric") return [v](double x) { return 1 - std::pow(1 - v[0], std::floor(x) + 1); };
  if (family == "negative-binomial") {
    return [v](double x) { return incomplete_beta(v[1], std::floor(x) + 1, v[1] / (v[1] + v[0])); };
  }
  if (family == "zero-inflated-poisson") {
    return [v](double x) { return v[0] + (1 - v[0]) * poisson_up_to(v[1], x); };
  }
  if (family == "bernoulli") return [v](double x) { return x < 1 ? 1 - v[0] : 1; };
  if (family == "categorical") {
    return [v](double x) {
      double total = 0;
      for (std::size_t l = 0; l < v.size() && static_cast<double>(l) <= x; ++l) total += v[l];
      return std::min(total, 1.0);
    };
  }
  return {};
}

Marginal binomial(double trials, double p) {
  const auto up_to = [=](double x) {
    const double least = std::floor(x);
    if (least < 0) return 0.0;
    return least >= trials ? 1.0 : incomplete_beta(trials - least, least + 1, 1 - p);
  };
  return {trials * p, std::sqrt(trials * p * (1 - p)), true, up_to};
}

Marginal poisson(double rate) {
  return {rate, std::sqrt(rate), true, [=](double x) { return x < 0 ? 0.0 : poisson_up_to(rate, x); }};
}

Parameters own(const AnyEmissions& emissions, int k) {
  const auto all = emissions.parameters();
  const auto each = static_cast<std::ptrdiff_t>(all.size()) / emissions.states();
  return {all.begin() + k * each, all.begin() + (k + 1) * each};
}

// Categories count by the number of their level.
double level_deviation(const Parameters& v, double mean) {
  double total = 0;
  for (std::size_t l = 0; l < v.size(); ++l)
    total += v[l] * (static_cast<double>(l) - mean) * (static_cast<double>(l) - mean);
  return std::sqrt(total);
}

Marginal regression(const LinearRegression& family, std::span<const double> row) {
  const double deviation = std::sqrt(family.variance());
  const double mean = family.linear_predictor(row);
  return {mean, deviation, false, normal_up_to(mean, deviation)};
}

Marginal regression(const GeneralizedRegression& family, std::span<const double> row) {
  const double eta = family.linear_predictor(row);
  if (family.response() == Response::poisson) return poisson(std::exp(eta));
  if (family.response() == Response::binomial) return binomial(family.trials(row), 1 / (1 + std::exp(-eta)));
  const double shape = family.shape();
  const double mean = std::exp(eta);
  return {mean, mean / std::sqrt(shape), false, [=](double x) { return incomplete_gamma(shape, shape / mean * x); }};
}

// Of the first column, given the others.
std::optional<Marginal> given_marginal(const AnyEmissions& emissions, int k, std::span<const double> row) {
  if (std::any_of(row.begin() + 1, row.end(), [](double cell) { return std::isnan(cell); })) return std::nullopt;
  if (const auto* linear = emissions.as<Independent<LinearRegression>>()) return regression((*linear)[k], row);
  if (const auto* other = emissions.as<Independent<GeneralizedRegression>>()) return regression((*other)[k], row);
  if (const auto* counts = emissions.as<Independent<Poisson>>()) {
    return poisson((*counts)[k].parameters().front() * row[1]);
  }
  if (const auto* counts = emissions.as<Independent<Binomial>>()) {
    return binomial(row[1], (*counts)[k].parameters().front());
  }
  return std::nullopt;
}

// Of a mixture within the state: the mixture of its components' own.
std::optional<Marginal> mixed_marginal(const NestedMixture& nested, int k, int column, std::span<const double> row) {
  std::vector<double> weights;
  std::vector<Marginal> own;
  for (int m = 0; m < nested.components(); ++m) {
    const int inner = k * nested.components() + m;
    auto one = marginal_of(nested.inner(), inner, column, row);
    if (!one) return std::nullopt;
    weights.push_back(nested.weights()[static_cast<std::size_t>(inner)]);
    own.push_back(*std::move(one));
  }
  const bool whole = own.front().whole;
  const MixedMarginal mixed(std::move(weights), std::move(own));
  return Marginal{mixed.mean(), mixed.deviation(), whole, [mixed](double x) { return mixed.up_to(x); }};
}

// Whether all columns are explained, one beside the other.
bool explains_jointly(const AnyEmissions& emissions) {
  if (const auto* nested = emissions.as<NestedMixture>()) return explains_jointly(nested->inner());
  return emissions.as<Gaussian>() != nullptr || emissions.as<StudentT>() != nullptr ||
         emissions.as<FactorAnalyzers>() != nullptr;
}

// row: of the part's own columns; empty where nothing is known of them.
std::optional<Marginal> part_marginal(const AnyEmissions& emissions, int k, int column, std::span<const double> row) {
  const bool regresses = emissions.as<Independent<LinearRegression>>() != nullptr ||
                         emissions.as<Independent<GeneralizedRegression>>() != nullptr;
  if (const auto* nested = emissions.as<NestedMixture>()) return mixed_marginal(*nested, k, column, row);
  const Moments m = moments_of(emissions, k, column);
  if (emissions.as<Gaussian>() != nullptr || emissions.as<FactorAnalyzers>() != nullptr)
    return Marginal{m.mean, m.deviation, false, normal_up_to(m.mean, m.deviation)};
  if (const auto* t = emissions.as<StudentT>()) {
    const double variance = t->scale(k)[packed_index(column, column)];
    return student_t(t->mean(k)[static_cast<std::size_t>(column)], variance, t->nu(k));
  }
  // Further columns are given: covariates, an exposure, trials, the other end.
  if (regresses || emissions.columns() != 1) {
    return row.empty() || column > 0 ? std::nullopt : given_marginal(emissions, k, row);
  }
  if (!emissions.can(Capability::parameters)) return std::nullopt;
  const Parameters v = own(emissions, k);
  if (const auto* counts = emissions.as<Independent<Binomial>>()) {
    // The trials are a number of the family's own: what is expected, over p.
    const std::vector<double> none(2);
    return v[0] > 0 ? binomial(std::round((*counts)[k].expected(none) / v[0]), v[0]) : binomial(1, 0);
  }
  if (auto up_to = continuous_up_to(emissions.name(), v)) return Marginal{m.mean, m.deviation, false, std::move(up_to)};
  auto whole = whole_up_to(emissions.name(), v);
  if (!whole) return std::nullopt;
  const double deviation = emissions.name() == "categorical" ? level_deviation(v, m.mean) : m.deviation;
  return Marginal{m.mean, deviation, true, [whole = std::move(whole)](double x) { return x < 0 ? 0.0 : whole(x); }};
}

}  // namespace

double Marginal::below(double x) const { return whole ? up_to(std::ceil(x) - 1) : up_to(x); }

std::optional<Marginal> marginal_of(const AnyEmissions& emissions, int k, int column) {
  return marginal_of(emissions, k, column, {});
}

std::optional<Marginal> marginal_of(const AnyEmissions& emissions, int k, int column, std::span<const double> row) {
  const auto* product = emissions.as<Product>();
  if (product == nullptr) return part_marginal(emissions, k, column, row);
  for (const auto& part : product->parts()) {
    const auto found = std::find(part.columns.begin(), part.columns.end(), column);
    if (found == part.columns.end()) continue;
    const auto position = static_cast<int>(found - part.columns.begin());
    if (position != 0 && !explains_jointly(part.emissions)) continue;
    std::vector<double> own;
    for (const int j : part.columns) {
      if (!row.empty()) own.push_back(row[static_cast<std::size_t>(j)]);
    }
    return part_marginal(part.emissions, k, position, own);
  }
  return std::nullopt;
}

std::vector<Marginal> marginals_of(const AnyEmissions& emissions, int column, std::span<const double> row,
                                   const char* purpose) {
  std::vector<Marginal> result;
  for (int k = 0; k < emissions.states(); ++k) {
    auto marginal = marginal_of(emissions, k, column, row);
    if (!marginal) {
      throw UnsupportedError("column " + std::to_string(column + 1), "give a distribution function", purpose);
    }
    result.push_back(*std::move(marginal));
  }
  return result;
}

MixedMarginal::MixedMarginal(std::vector<double> weights, std::vector<Marginal> marginals)
    : weights_(std::move(weights)), marginals_(std::move(marginals)) {
  if (weights_.empty() || weights_.size() != marginals_.size()) {
    throw ArgumentError(
        "MixedMarginal", "weights",
        "are " + std::to_string(weights_.size()) + " for " + std::to_string(marginals_.size()) + " distributions");
  }
}

bool MixedMarginal::known() const {
  return std::any_of(weights_.begin(), weights_.end(), [](double w) { return w > 0; });
}

double MixedMarginal::mean() const {
  double total = known() ? 0 : unknown;
  for (std::size_t k = 0; k < weights_.size(); ++k) total += weights_[k] * marginals_[k].mean;
  return total;
}

double MixedMarginal::deviation() const {
  const double center = mean();
  double total = 0;
  for (std::size_t k = 0; k < weights_.size(); ++k) {
    const double off = marginals_[k].mean - center;
    total += weights_[k] * (marginals_[k].deviation * marginals_[k].deviation + off * off);
  }
  return std::sqrt(total);
}

double MixedMarginal::up_to(double x) const {
  double total = known() ? 0 : unknown;
  for (std::size_t k = 0; k < weights_.size(); ++k) {
    if (weights_[k] > 0) total += weights_[k] * marginals_[k].up_to(x);
  }
  return std::min(total, 1.0);
}

double MixedMarginal::below(double x) const {
  double total = known() ? 0 : unknown;
  for (std::size_t k = 0; k < weights_.size(); ++k) {
    if (weights_[k] > 0) total += weights_[k] * marginals_[k].below(x);
  }
  return std::min(total, 1.0);
}

double MixedMarginal::whole_quantile(double p) const {
  // A sum that falls short of p by rounding alone has reached it.
  const auto reached = [&](double x) { return up_to(x) >= p * (1 - 1e-14); };
  constexpr double largest = 1e15;
  double high = 1;
  while (!reached(high) && high < largest) high *= 2;
  if (!reached(high)) return infinity;
  double low = -1;
  while (high - low > 1) {
    const double middle = std::floor((low + high) / 2);
    (reached(middle) ? high : low) = middle;
  }
  return high;
}

double MixedMarginal::quantile(double p) const {
  if (!(p > 0 && p < 1))
    throw ArgumentError("MixedMarginal::quantile", "p", "must lie between 0 and 1, got " + std::to_string(p));
  if (!known()) return unknown;
  if (marginals_.front().whole) return whole_quantile(p);
  // Where the mean does not exist, anywhere will do: the steps double.
  const double center = std::isfinite(mean()) ? mean() : 0;
  double width = std::numeric_limits<double>::min();
  for (const Marginal& m : marginals_) {
    for (const double scale : {m.deviation, std::abs(m.mean - center)}) {
      if (scale > width && std::isfinite(scale)) width = scale;
    }
  }
  double low = center - width;
  double high = center + width;
  for (double step = width; up_to(low) >= p && low > -infinity; step *= 2) low -= step;
  for (double step = width; up_to(high) < p && high < infinity; step *= 2) high += step;
  if (std::isinf(low)) return low;
  if (std::isinf(high)) return high;
  for (int halving = 0; halving < 200; ++halving) {
    const double middle = low + (high - low) / 2;
    if (!(middle > low && middle < high)) break;
    (up_to(middle) >= p ? high : low) = middle;
  }
  return high;
}

MixedMarginal::Level MixedMarginal::most_probable(int levels) const {
  Level most{0, -1};
  for (int l = 0; l < levels; ++l) {
    const double p = up_to(l) - below(l);
    if (p > most.probability) most = {l, p};
  }
  return most;
}

}  // namespace jensen
