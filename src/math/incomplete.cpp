#include <jensen/math/incomplete.h>
#include <jensen/math/special.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace jensen {

namespace {

constexpr double precision = std::numeric_limits<double>::epsilon() / 2;
constexpr double tiny = 1e-300;
constexpr int most_terms = 100000;

// x^a e^(−x) / Γ(a)
double gamma_front(double a, double x) { return std::exp(a * std::log(x) - x - log_gamma(a)); }

double gamma_series(double a, double x) {
  double term = 1 / a;
  double sum = term;
  for (int n = 1; n < most_terms && term > precision * sum; ++n) {
    term *= x / (a + n);
    sum += term;
  }
  return gamma_front(a, x) * sum;
}

double away_from_zero(double v) { return std::abs(v) < tiny ? tiny : v; }

// By Lentz's method.
double gamma_fraction(double a, double x) {
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
  return gamma_front(a, x) * value;
}

double beta_fraction(double a, double b, double x) {
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
  return std::exp(front) * value / a;
}

}  // namespace

double incomplete_gamma(double a, double x) {
  if (!(x > 0)) return std::isnan(x) ? x : 0;
  if (std::isinf(x)) return 1;
  return x < a + 1 ? std::min(1.0, gamma_series(a, x)) : 1 - gamma_fraction(a, x);
}

double complementary_incomplete_gamma(double a, double x) {
  if (!(x > 0)) return std::isnan(x) ? x : 1;
  if (std::isinf(x)) return 0;
  return x < a + 1 ? 1 - std::min(1.0, gamma_series(a, x)) : gamma_fraction(a, x);
}

double incomplete_beta(double a, double b, double x) {
  if (std::isnan(x)) return x;
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  return x < (a + 1) / (a + b + 2) ? beta_fraction(a, b, x) : 1 - beta_fraction(b, a, 1 - x);
}

}  // namespace jensen
