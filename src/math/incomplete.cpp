#include <jensen/math/incomplete.h>
#include <jensen/math/special.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace jensen {

namespace {

constexpr double precision = std::numeric_limits<double>::epsilon() / 2;
constexpr double tiny = 1e-300;
constexpr int most_terms = 100000;

constexpr double infinity = std::numeric_limits<double>::infinity();

// log of x^a e^(−x) / Γ(a)
double log_gamma_front(double a, double x) { return a * std::log(x) - x - log_gamma(a); }

// log P(a, x)
double log_gamma_series(double a, double x) {
  double term = 1 / a;
  double sum = term;
  for (int n = 1; n < most_terms && term > precision * sum; ++n) {
    term *= x / (a + n);
    sum += term;
  }
  return log_gamma_front(a, x) + std::log(sum);
}

double away_from_zero(double v) { return std::abs(v) < tiny ? tiny : v; }

// log Q(a, x), by Lentz's method.
double log_gamma_fraction(double a, double x) {
  double b = x + 1 - a;
  double c = 1 / tiny;
  double d = 1 / away_from_zero(b);
  double value = d;
  for (int n = 1; n < most_terms; ++n) {
    const double step = -n * (n - a);
    b += 2;
    d = 1 / away_from_zero(step * d + b);
    c = away_from_zero(b + step / c);
    value *= c * d;
    if (std::abs(c * d - 1) <= precision) break;
  }
  return log_gamma_front(a, x) + std::log(value);
}

// log I_x(a, b)
double log_beta_fraction(double a, double b, double x) {
  double c = 1;
  double d = 1 / away_from_zero(1 - (a + b) * x / (a + 1));
  double value = d;
  const auto step = [&](double coefficient) {
    d = 1 / away_from_zero(1 + coefficient * d);
    c = away_from_zero(1 + coefficient / c);
    value *= c * d;
    return c * d;
  };
  for (int m = 1; m < most_terms; ++m) {
    step(m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)));
    const double change = step(-(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)));
    if (std::abs(change - 1) <= precision) break;
  }
  const double front = log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * std::log(x) + b * std::log1p(-x);
  return front + std::log(value / a);
}

}  // namespace

double incomplete_gamma(double a, double x) {
  if (!(x > 0)) return std::isnan(x) ? x : 0;
  if (std::isinf(x)) return 1;
  return x < a + 1 ? std::exp(std::min(0.0, log_gamma_series(a, x))) : -std::expm1(log_gamma_fraction(a, x));
}

double complementary_incomplete_gamma(double a, double x) {
  if (!(x > 0)) return std::isnan(x) ? x : 1;
  if (std::isinf(x)) return 0;
  return x < a + 1 ? -std::expm1(std::min(0.0, log_gamma_series(a, x))) : std::exp(log_gamma_fraction(a, x));
}

double log_incomplete_gamma(double a, double x) {
  if (!(x > 0)) return std::isnan(x) ? x : -infinity;
  if (std::isinf(x)) return 0;
  return x < a + 1 ? std::min(0.0, log_gamma_series(a, x)) : log1m_exp(log_gamma_fraction(a, x));
}

double log_complementary_incomplete_gamma(double a, double x) {
  if (!(x > 0)) return std::isnan(x) ? x : 0;
  if (std::isinf(x)) return -infinity;
  return x < a + 1 ? log1m_exp(std::min(0.0, log_gamma_series(a, x))) : log_gamma_fraction(a, x);
}

double incomplete_beta(double a, double b, double x) {
  if (std::isnan(x)) return x;
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  return x < (a + 1) / (a + b + 2) ? std::exp(log_beta_fraction(a, b, x)) : -std::expm1(log_beta_fraction(b, a, 1 - x));
}

double log_incomplete_beta(double a, double b, double x) {
  if (std::isnan(x)) return x;
  if (x <= 0) return -infinity;
  if (x >= 1) return 0;
  return x < (a + 1) / (a + b + 2) ? log_beta_fraction(a, b, x) : log1m_exp(log_beta_fraction(b, a, 1 - x));
}

double log_normal_probability(double z) {
  if (z > 0) return std::log1p(-0.5 * std::erfc(z / std::numbers::sqrt2));
  if (z > -35) return std::log(0.5 * std::erfc(-z / std::numbers::sqrt2));
  const double i = 1 / (z * z);
  const double series = -i * (1 - i * (3 - i * (15 - i * 105)));
  return -0.5 * z * z - std::log(-z) - 0.5 * std::log(2 * std::numbers::pi) + std::log1p(series);
}

double log1m_exp(double x) { return x > -std::numbers::ln2 ? std::log(-std::expm1(x)) : std::log1p(-std::exp(x)); }

}  // namespace jensen
