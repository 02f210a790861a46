#include <jensen/math/special.h>

#include <cmath>
#include <limits>

namespace jensen {

namespace {

constexpr double large = 10;  // from here on seven terms of Stirling's series leave an error below 1e-17

// B_2, B_4, … B_14
constexpr double bernoulli[] = {1.0 / 6, -1.0 / 30, 1.0 / 42, -1.0 / 30, 5.0 / 66, -691.0 / 2730, 7.0 / 6};

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

// Σ_k B_2k c_k / x^(2k), the smallest term first; c_k = factor(2k)
template <class Factor>
double series(double x, Factor factor) {
  const double z = 1 / (x * x);
  double total = 0;
  for (int k = 7; k >= 1; --k) total = (total + bernoulli[k - 1] * factor(2.0 * k)) * z;
  return total;
}

}  // namespace

// POSIX lgamma writes the sign into a global that threads share; the reentrant form does not.
double log_gamma(double x) {
  int sign = 0;
  return x < 0 ? nan : ::lgamma_r(x, &sign);
}

double digamma(double x) {
  if (!(x > 0)) return x == 0 ? -infinity : nan;
  if (x == infinity) return infinity;
  double shift = 0;
  for (; x < large; x += 1) shift -= 1 / x;
  return shift + std::log(x) - 0.5 / x - series(x, [](double n) { return 1 / n; });
}

double trigamma(double x) {
  if (!(x > 0)) return x == 0 ? infinity : nan;
  double shift = 0;
  for (; x < large; x += 1) shift += 1 / (x * x);
  return shift + (1 + 0.5 / x + series(x, [](double) { return 1.0; })) / x;
}

double tetragamma(double x) {
  if (!(x > 0)) return x == 0 ? -infinity : nan;
  double shift = 0;
  for (; x < large; x += 1) shift -= 2 / (x * x * x);
  return shift - (1 + 1 / x + series(x, [](double n) { return n + 1; })) / x / x;
}

double pentagamma(double x) {
  if (!(x > 0)) return x == 0 ? infinity : nan;
  double shift = 0;
  for (; x < large; x += 1) shift += 6 / (x * x * x * x);
  return shift + (2 + 3 / x + series(x, [](double n) { return (n + 1) * (n + 2); })) / x / x / x;
}

double log_sum_exp(std::span<const double> v) {
  double largest = -std::numeric_limits<double>::infinity();
  for (const double value : v) largest = std::isnan(value) || value > largest ? value : largest;
  if (!std::isfinite(largest)) return largest;
  double total = 0;
  for (const double value : v) total += std::exp(value - largest);
  return largest + std::log(total);
}

}  // namespace jensen
