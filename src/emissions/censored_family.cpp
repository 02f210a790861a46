#include <jensen/emissions/censored_family.h>
#include <jensen/emissions/continuous.h>
#include <jensen/emissions/counts.h>
#include <jensen/math/incomplete.h>
#include <jensen/math/optimize.h>
#include <jensen/math/special.h>

#include "emissions/family_support.h"
#include "emissions/partly_seen.h"

namespace jensen {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

double beta_log_density(double a, double b, double y) {
  return (a - 1) * std::log(y) + (b - 1) * std::log1p(-y) + log_gamma(a + b) - log_gamma(a) - log_gamma(b);
}

// log Γ(y + a) − log Γ(a) of a count y: a sum keeps its digits where a is large.
double log_rising(double a, double y) {
  constexpr double many = 2000;
  if (y > many) return log_gamma(y + a) - log_gamma(a);
  double total = 0;
  for (double j = 0; j < y; ++j) total += std::log(a + j);
  return total;
}

double log_density_at(PartlySeen kind, std::span<const double> theta, double y) {
  switch (kind) {
    case PartlySeen::gamma:
      return theta[0] * std::log(theta[1]) - log_gamma(theta[0]) + (theta[0] - 1) * std::log(y) - theta[1] * y;
    case PartlySeen::beta: return beta_log_density(theta[0], theta[1], y);
    case PartlySeen::poisson: return x_log_y(y, theta[0]) - theta[0] - log_gamma(y + 1);
    case PartlySeen::geometric: return std::log(theta[0]) + y * std::log1p(-theta[0]);
    case PartlySeen::negative_binomial: {
      const double total = theta[0] + theta[1];
      return log_rising(theta[1], y) - log_gamma(y + 1) - theta[1] * std::log1p(theta[0] / theta[1]) +
             x_log_y(y, theta[0] / total);
    }
  }
  return -infinity;
}

// log P(Y ≤ y) and log P(Y > y); y is whole for counts.
struct Tails {
  double up_to, beyond;
};

Tails log_tails(PartlySeen kind, std::span<const double> theta, double y) {
  const bool counts = kind != PartlySeen::gamma && kind != PartlySeen::beta;
  if (y == infinity || (kind == PartlySeen::beta && y >= 1)) return {0, -infinity};
  if (counts ? y < 0 : y <= 0) return {-infinity, 0};
  switch (kind) {
    case PartlySeen::gamma:
      return {log_incomplete_gamma(theta[0], theta[1] * y), log_complementary_incomplete_gamma(theta[0], theta[1] * y)};
    case PartlySeen::beta:
      return {log_incomplete_beta(theta[0], theta[1], y), log_incomplete_beta(theta[1], theta[0], 1 - y)};
    case PartlySeen::poisson:
      return {log_complementary_incomplete_gamma(y + 1, theta[0]), log_incomplete_gamma(y + 1, theta[0])};
    case PartlySeen::geometric: {
      const double log_beyond = (y + 1) * std::log1p(-theta[0]);
      return {log1m_exp(log_beyond), log_beyond};
    }
    case PartlySeen::negative_binomial: {
      const double total = theta[0] + theta[1];
      return {log_incomplete_beta(theta[1], y + 1, theta[1] / total),
              log_incomplete_beta(y + 1, theta[1], theta[0] / total)};
    }
  }
  return {};
}

}  // namespace

// Statistics: Σ r log p, gradient and packed curvature in the coordinates; Σ r m and Σ r m², m a row's midpoint.
// Reference points: the parameters, and 1 while there are none: Q is then −½ Σ r (m − mean)².
CensoredFamily::CensoredFamily(PartlySeen kind, Truncation truncation) : kind_(kind), truncation_(truncation) {
  if (!(truncation.lower < truncation.upper)) {
    throw ArgumentError("CensoredFamily", "truncation",
                        fmt::format("must rise, got {} and {}", truncation.lower, truncation.upper));
  }
  parameters_.assign(groups().size(), kind == PartlySeen::geometric ? 0.5 : 1.0);
}

std::string CensoredFamily::name() const {
  switch (kind_) {
    case PartlySeen::gamma: return "censored-gamma";
    case PartlySeen::beta: return "censored-beta";
    case PartlySeen::poisson: return "censored-poisson";
    case PartlySeen::geometric: return "censored-geometric";
    case PartlySeen::negative_binomial: return "censored-negative-binomial";
  }
  return {};
}

ParameterGroups CensoredFamily::groups() const {
  switch (kind_) {
    case PartlySeen::gamma: return {{"shape", Domain::positive}, {"rate", Domain::positive}};
    case PartlySeen::beta: return {{"a", Domain::positive}, {"b", Domain::positive}};
    case PartlySeen::poisson: return {{"rate", Domain::positive}};
    case PartlySeen::geometric: return {{"probability", Domain::unit}};
    case PartlySeen::negative_binomial: return {{"mean", Domain::positive}, {"size", Domain::positive}};
  }
  return {};
}

Layout CensoredFamily::layout() const {
  const std::size_t size = parameters_.size();
  return {1 + size + packed_size(static_cast<int>(size)) + 2, size + 1};
}

void CensoredFamily::reference(std::span<double> about) const {
  std::copy(parameters_.begin(), parameters_.end(), about.begin());
  about[parameters_.size()] = fresh_ ? 1 : 0;
}

// log P(lower < Y ≤ upper)
double CensoredFamily::log_between(double lower, double upper, std::span<const double> theta) const {
  const Tails low = log_tails(kind_, theta, lower);
  const Tails high = log_tails(kind_, theta, upper);
  if (high.up_to < high.beyond) return log_difference(high.up_to, low.up_to);
  return log_difference(low.beyond, high.beyond);
}

double CensoredFamily::log_likelihood(std::span<const double> row, std::span<const double> theta) const {
  // Of counts, ends belong to an interval of the data and do not to a truncation.
  const auto before = [&](double y) { return counts() && std::isfinite(y) ? std::ceil(y) - 1 : y; };
  const auto whole = [&](double y) { return counts() && std::isfinite(y) ? std::floor(y) : y; };
  const double lower = open_lower(row[0]);
  const double upper = open_upper(row[1]);
  const double value = lower == upper ? log_density_at(kind_, theta, lower)
                                      : log_between(std::max(before(lower), whole(truncation_.lower)),
                                                    std::min(whole(upper), before(truncation_.upper)), theta);
  if (std::isinf(truncation_.lower) && std::isinf(truncation_.upper)) return value;
  return value - log_between(whole(truncation_.lower), before(truncation_.upper), theta);
}

double CensoredFamily::log_density(std::span<const double> row) const {
  if (!problem(row).text.empty()) return -infinity;
  return log_likelihood(row, parameters_);
}

double CensoredFamily::midpoint(std::span<const double> row) const {
  const double lower = open_lower(row[0]);
  const double upper = std::min(open_upper(row[1]), kind_ == PartlySeen::beta ? 1.0 : infinity);
  if (std::isinf(upper)) return lower;
  return 0.5 * (std::max(lower, 0.0) + upper);
}

void CensoredFamily::add(std::span<const double> row, double r, Slice s) const {
  const std::size_t size = parameters_.size();
  const double m = midpoint(row);
  double* moments = s.sum.data() + s.sum.size() - 2;
  moments[0] += r * m;
  moments[1] += r * m * m;
  if (s.about[size] != 0) return;
  const ParameterGroups domains = groups();
  const std::vector<double> about(s.about.begin(), s.about.begin() + static_cast<std::ptrdiff_t>(size));
  const std::vector<double> u = to_unconstrained(domains, about);
  const Derivatives d = differentiate(
      [&](double first, double second) {
        std::vector<double> moved = u;
        moved[0] += first;
        if (size > 1) moved[1] += second;
        return log_likelihood(row, from_unconstrained(domains, moved, about));
      },
      size > 1);
  // Within a step of where logarithms of probabilities end differences have no value: such a row moves nothing.
  if (!std::isfinite(d.first[0] + d.first[1] + d.second[0] + d.second[1] + d.second[2])) return;
  s.sum[0] += r * d.value;
  for (std::size_t a = 0; a < size; ++a) s.sum[1 + a] += r * d.first[a];
  for (std::size_t e = 0; e < packed_size(static_cast<int>(size)); ++e) s.sum[1 + size + e] += r * d.second[e];
}

void CensoredFamily::match_moments(double mean, double variance) {
  // A first guess: neither a spread of nearly nothing nor a mean at the edge.
  const double least = 1e-6;
  mean = std::max(mean, least);
  switch (kind_) {
    case PartlySeen::gamma: {
      const double shape = std::clamp(mean * mean / variance, 0.1, 100.0);
      parameters_ = {shape, shape / mean};
      return;
    }
    case PartlySeen::beta: {
      mean = std::min(mean, 1 - least);
      const double total = std::clamp(mean * (1 - mean) / variance - 1, 0.2, 200.0);
      parameters_ = {mean * total, (1 - mean) * total};
      return;
    }
    case PartlySeen::poisson: parameters_ = {mean}; return;
    case PartlySeen::geometric: parameters_ = {1 / (1 + mean)}; return;
    case PartlySeen::negative_binomial:
      parameters_ = {mean, variance > mean ? std::clamp(mean * mean / (variance - mean), 0.1, 100.0) : 100.0};
      return;
  }
}

FamilyFit CensoredFamily::fit(double weight, ConstSlice s) {
  const std::size_t size = parameters_.size();
  if (s.about[size] != 0) {
    const double* moments = s.sum.data() + s.sum.size() - 2;
    const double mean = moments[0] / weight;
    match_moments(mean, std::max(moments[1] / weight - mean * mean, 1e-12 * (1 + mean * mean)));
    fresh_ = false;
    return {};
  }
  // Coordinates move by about one half, in units of the curvature per observation, at most.
  const double reach = 0.5 * std::sqrt(weight);
  const std::vector<double> about(s.about.begin(), s.about.begin() + static_cast<std::ptrdiff_t>(size));
  std::vector<double> u = to_unconstrained(groups(), about);
  const auto step =
      newton_step(s.sum.subspan(1, size), s.sum.subspan(1 + size, packed_size(static_cast<int>(size))), reach).step;
  for (std::size_t a = 0; a < size; ++a) u[a] += step[a];
  constexpr double farthest = 30;  // e³⁰: all cells alike, or all counts 0
  for (const double value : u) {
    if (!(std::abs(value) < farthest)) return {"its cells are all alike"};
  }
  parameters_ = from_unconstrained(groups(), u, about);
  fresh_ = false;
  return {};
}

double CensoredFamily::expected_log_density(double weight, ConstSlice s) const {
  const std::size_t size = parameters_.size();
  if (s.about[size] != 0) {
    const double* moments = s.sum.data() + s.sum.size() - 2;
    return -0.5 * (moments[1] - moments[0] * moments[0] / std::max(weight, 1e-300));
  }
  const std::vector<double> about(s.about.begin(), s.about.begin() + static_cast<std::ptrdiff_t>(size));
  std::vector<double> step = to_unconstrained(groups(), parameters_);
  const std::vector<double> from = to_unconstrained(groups(), about);
  for (std::size_t a = 0; a < size; ++a) step[a] -= from[a];
  return expansion(s.sum, step);
}

double CensoredFamily::draw(Stream& stream) const {
  switch (kind_) {
    case PartlySeen::gamma: return Gamma(parameters_[0], parameters_[1]).sample(stream);
    case PartlySeen::beta: return Beta(parameters_[0], parameters_[1]).sample(stream);
    case PartlySeen::poisson: return sample_poisson(stream, parameters_[0]);
    case PartlySeen::geometric: return Geometric(parameters_[0]).sample(stream);
    case PartlySeen::negative_binomial:
      return sample_poisson(stream, Gamma(parameters_[1], parameters_[1] / parameters_[0]).sample(stream));
  }
  return 0;
}

void CensoredFamily::sample(Stream& stream, std::span<double> row) const {
  for (int tries = 0; tries < 100000; ++tries) {
    row[0] = row[1] = draw(stream);
    if (row[0] > truncation_.lower && row[0] < truncation_.upper) return;
  }
}

bool CensoredFamily::missing(std::span<const double> row) const {
  return open_lower(row[0]) == -infinity && open_upper(row[1]) == infinity;
}

CellProblem CensoredFamily::problem(std::span<const double> row) const {
  if (missing(row)) return {};
  const double lower = open_lower(row[0]);
  const double upper = open_upper(row[1]);
  if (!(lower <= upper)) {
    return {0, 1, fmt::format("is the upper end and lies below the lower, {}: got {}", lower, upper)};
  }
  if (lower < 0 && std::isfinite(lower)) return {0, 0, fmt::format("must be ≥ 0, got {}", lower)};
  if (counts() && upper < 0) return {0, 1, fmt::format("must be ≥ 0, got {}", upper)};
  if (counts() && std::isfinite(lower) && !is_count(lower)) return {0, 0, count_problem(lower)};
  if (counts() && std::isfinite(upper) && !is_count(upper)) return {0, 1, count_problem(upper)};
  if (!counts() && !(upper > 0)) return {0, 1, fmt::format("must be positive, got {}", upper)};
  if (!counts() && lower == upper && std::isinf(lower)) return {0, 0, "must be finite"};
  if (kind_ == PartlySeen::beta && (lower >= 1 || (upper > 1 && std::isfinite(upper)))) {
    return {0, lower >= 1 ? 0 : 1, fmt::format("must lie below 1, got {}", lower >= 1 ? lower : upper)};
  }
  const bool outside = lower == upper ? !(lower > truncation_.lower && lower < truncation_.upper)
                                      : upper <= truncation_.lower || lower >= truncation_.upper;
  if (outside) {
    return {
        0, 0,
        fmt::format("lies outside the truncation to ({}, {}), got {}", truncation_.lower, truncation_.upper, lower)};
  }
  return {};
}

void CensoredFamily::set_parameters(std::span<const double> v) {
  check_parameters(groups(), v, name());
  for (std::size_t i = 0; i < v.size(); ++i) {
    if (!(v[i] > 0) || (kind_ == PartlySeen::geometric && !(v[i] < 1))) {
      throw ArgumentError(name(), groups()[i].name, fmt::format("must lie inside its range, got {}", v[i]));
    }
  }
  parameters_.assign(v.begin(), v.end());
  fresh_ = false;
}

template class Independent<CensoredFamily>;

}  // namespace jensen
