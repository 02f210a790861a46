#include <jensen/emissions/censored.h>
#include <jensen/math/cholesky.h>
#include <jensen/math/incomplete.h>
#include <jensen/math/optimize.h>

#include "emissions/family_support.h"
#include "emissions/partly_seen.h"

namespace jensen {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// log of the integral of P(ε > z) = exp(−exp z) over (a, b): −exp(a) + log(1 − exp(−(exp(b) − exp(a)))).
double log_gumbel_between(double a, double b) {
  const double below = std::exp(a);  // 0 where a is −∞
  if (std::isinf(below)) return -infinity;
  if (b == infinity) return -below;
  const double log_rise = b + log1m_exp(a - b);
  // A rise that no number holds is its own probability.
  return -below + (log_rise < -40 ? log_rise : log1m_exp(-std::exp(log_rise)));
}

}  // namespace

// Statistics: Σ r log p, gradient and packed curvature in (β, log σ). Reference points: β, σ, and 1 while there are no
// coefficients: Σ r log p is then −½ Σ r (m − η)² about β = 0, m what a row says of y at first sight.
CensoredRegression::CensoredRegression(Lifetime lifetime, RegressionDesign design, Truncation truncation)
    : lifetime_(lifetime), design_(design), truncation_(truncation) {
  if (design.second_column) {
    throw ArgumentError("CensoredRegression", "design", "cannot have a second column: that is the upper end");
  }
  if (design.covariates < 0 || design.terms() < 1) {
    throw ArgumentError("CensoredRegression", "design", "must have a covariate or an intercept");
  }
  if (!(truncation.lower < truncation.upper)) {
    throw ArgumentError("CensoredRegression", "truncation",
                        fmt::format("must rise, got {} and {}", truncation.lower, truncation.upper));
  }
  coefficients_.assign(static_cast<std::size_t>(design.terms()), 0.0);
}
std::string CensoredRegression::name() const {
  switch (lifetime_) {
    case Lifetime::normal: return "censored-normal";
    case Lifetime::log_normal: return "censored-log-normal";
    case Lifetime::exponential: return "censored-exponential";
    case Lifetime::weibull: return "censored-weibull";
  }
  return {};
}
Layout CensoredRegression::layout() const {
  return {1 + coordinates() + packed_size(static_cast<int>(coordinates())), coefficients_.size() + 2};
}
void CensoredRegression::reference(std::span<double> about) const {
  std::copy(coefficients_.begin(), coefficients_.end(), about.begin());
  about[coefficients_.size()] = sigma_;
  about[coefficients_.size() + 1] = fresh_ ? 1 : 0;
}
double CensoredRegression::eta(std::span<const double> row, std::span<const double> coefficients) const {
  double total = design_.intercept ? coefficients[0] : 0;
  const std::size_t first = design_.intercept ? 1 : 0;
  for (std::size_t j = first; j < coefficients.size(); ++j) total += coefficients[j] * row[2 + j - first];
  return total;
}

double CensoredRegression::log_between(double lower, double upper, double eta, double sigma) const {
  const auto standard = [&](double y) { return ((logarithmic() ? std::log(std::max(y, 0.0)) : y) - eta) / sigma; };
  double a = standard(lower);
  double b = standard(upper);
  if (lifetime_ == Lifetime::weibull || lifetime_ == Lifetime::exponential) return log_gumbel_between(a, b);
  if (a > 0) {
    std::swap(a, b);
    a = -a;
    b = -b;
  }
  return log_difference(log_normal_probability(b), log_normal_probability(a));
}

double CensoredRegression::log_likelihood(std::span<const double> row, double predictor, double sigma) const {
  const double lower = open_lower(row[0]);
  const double upper = open_upper(row[1]);
  double value;
  if (lower == upper) {
    const double y = logarithmic() ? std::log(lower) : lower;
    const double z = (y - predictor) / sigma;
    value = -std::log(sigma) - (logarithmic() ? y : 0);
    const bool gumbel = lifetime_ == Lifetime::weibull || lifetime_ == Lifetime::exponential;
    value += gumbel ? z - std::exp(z) : -0.5 * (log_two_pi + z * z);
  } else {
    value = log_between(std::max(lower, truncation_.lower), std::min(upper, truncation_.upper), predictor, sigma);
  }
  if (std::isinf(truncation_.lower) && std::isinf(truncation_.upper)) return value;
  return value - log_between(truncation_.lower, truncation_.upper, predictor, sigma);
}
double CensoredRegression::log_density(std::span<const double> row) const {
  if (const CellProblem found = problem(row); !found.text.empty()) {
    return found.column > 1 ? std::numeric_limits<double>::quiet_NaN() : -infinity;
  }
  return log_likelihood(row, eta(row, coefficients_), sigma_);
}

void CensoredRegression::add(std::span<const double> row, double r, Slice s) const {
  const std::size_t terms = coefficients_.size();
  const double sigma = s.about[terms];
  Derivatives d{};
  if (s.about[terms + 1] == 0) {
    const double at = eta(row, s.about.first(terms));
    d = differentiate(
        [&](double shift, double stretch) {
          return log_likelihood(row, at + shift * sigma, sigma * std::exp(stretch));
        },
        scaled());
    d.first[0] /= sigma;
    d.second[0] /= sigma * sigma;
    d.second[1] /= sigma;
  } else {
    const auto finite = [&](double y) { return logarithmic() ? std::log(std::max(y, 1e-300)) : y; };
    const double lower = open_lower(row[0]);
    const double upper = open_upper(row[1]);
    double m = std::isinf(lower) ? finite(upper) : finite(lower);
    if (!std::isinf(lower) && !std::isinf(upper)) m = finite(0.5 * (lower + upper));
    d = {-0.5 * m * m, {m, 0}, {-1, 0, 0}};
  }
  s.sum[0] += r * d.value;
  const auto gradient = s.sum.subspan(1, coordinates());
  const auto curvature = s.sum.subspan(1 + coordinates());
  const auto x = [&](std::size_t j) {
    if (design_.intercept) return j == 0 ? 1.0 : row[1 + j];
    return row[2 + j];
  };
  for (std::size_t a = 0; a < terms; ++a) {
    gradient[a] += r * d.first[0] * x(a);
    for (std::size_t b = 0; b <= a; ++b) {
      curvature[packed_index(static_cast<int>(a), static_cast<int>(b))] += r * d.second[0] * x(a) * x(b);
    }
  }
  if (!scaled()) return;
  gradient[terms] += r * d.first[1];
  const int last = static_cast<int>(terms);
  for (std::size_t b = 0; b < terms; ++b) curvature[packed_index(last, static_cast<int>(b))] += r * d.second[1] * x(b);
  curvature[packed_index(last, last)] += r * d.second[2];
}

double CensoredRegression::at(ConstSlice s) const {
  const std::size_t terms = coefficients_.size();
  std::vector<double> step = coefficients_;
  for (std::size_t j = 0; j < terms; ++j) step[j] -= s.about[j];
  if (scaled()) step.push_back(s.about[terms + 1] == 0 ? std::log(sigma_ / s.about[terms]) : 0);
  return expansion(s.sum, step);
}
FamilyFit CensoredRegression::fit(double weight, ConstSlice s) {
  const std::size_t terms = coefficients_.size();
  const bool first = s.about[terms + 1] != 0;
  // (η, log σ) moves by about one half, in units of the curvature per observation, at most.
  const double reach = first ? infinity : 0.5 * std::sqrt(weight);
  const auto step = newton_step(s.sum.subspan(1, coordinates()), s.sum.subspan(1 + coordinates()), reach).step;
  for (std::size_t j = 0; j < terms; ++j) coefficients_[j] = s.about[j] + step[j];
  if (scaled()) sigma_ = s.about[terms] * std::exp(first ? 0 : step[terms]);
  if (first && scaled()) {
    const double residual = -2 * at(s) / weight;
    if (residual > 0) sigma_ = std::sqrt(residual);
  }
  fresh_ = false;
  if (!(sigma_ > 1e-14 * (1 + std::abs(coefficients_[0]))) || !std::isfinite(sigma_)) {
    return {"its regression leaves no residuals"};
  }
  return {};
}
double CensoredRegression::expected_log_density(double, ConstSlice s) const { return at(s); }

void CensoredRegression::sample(Stream& stream, std::span<double> row) const {
  const double at = eta(row, coefficients_);
  for (int tries = 0; tries < 100000; ++tries) {
    const bool gumbel = lifetime_ == Lifetime::weibull || lifetime_ == Lifetime::exponential;
    const double noise = gumbel ? std::log(stream.exponential()) : stream.normal();
    const double y = at + sigma_ * noise;
    row[0] = row[1] = logarithmic() ? std::exp(y) : y;
    if (row[0] > truncation_.lower && row[0] < truncation_.upper) return;
  }
}
bool CensoredRegression::missing(std::span<const double> row) const {
  return open_lower(row[0]) == -infinity && open_upper(row[1]) == infinity;
}
CellProblem CensoredRegression::problem(std::span<const double> row) const {
  if (missing(row)) return {};
  const double lower = open_lower(row[0]);
  const double upper = open_upper(row[1]);
  if (!(lower <= upper))
    return {0, 1, fmt::format("is the upper end and lies below the lower, {}: got {}", lower, upper)};
  if (logarithmic() && (lower == upper ? !(lower > 0) : !(upper > 0))) {
    return {0, 1, fmt::format("must be positive, got {}", upper)};
  }
  if (logarithmic() && lower < 0 && std::isfinite(lower)) return {0, 0, fmt::format("must be ≥ 0, got {}", lower)};
  if (upper < truncation_.lower || lower > truncation_.upper) {
    return {
        0, 0,
        fmt::format("lies outside the truncation to ({}, {}), got {}", truncation_.lower, truncation_.upper, lower)};
  }
  for (int j = 2; j < columns(); ++j) {
    if (std::isnan(row[static_cast<std::size_t>(j)])) {
      return {0, j, "is missing, a covariate of a response that is not: fill it in or leave the row out"};
    }
  }
  return {};
}
std::vector<double> CensoredRegression::parameters() const {
  std::vector<double> v = coefficients_;
  if (scaled()) v.push_back(sigma_);
  return v;
}
void CensoredRegression::set_parameters(std::span<const double> v) {
  check_parameters(groups(), v, name());
  if (scaled() && !(v.back() > 0)) throw ArgumentError(name(), "sigma", "must be positive");
  coefficients_.assign(v.begin(), v.begin() + design_.terms());
  if (scaled()) sigma_ = v.back();
  fresh_ = false;
}
ParameterGroups CensoredRegression::groups() const {
  ParameterGroups groups = {{"coefficient", Domain::real, design_.terms()}};
  if (scaled()) groups.push_back({"sigma", Domain::positive});
  return groups;
}

template class Independent<CensoredRegression>;

}  // namespace jensen
