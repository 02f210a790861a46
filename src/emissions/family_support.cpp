#include "emissions/family_support.h"

#include <vector>

namespace jensen {

double log_factorial(double x) {
  static const std::vector<double> table = [] {
    std::vector<double> t;
    for (int n = 0; n < 1024; ++n) t.push_back(log_gamma(n + 1.0));
    return t;
  }();
  return x < 1024 ? table[static_cast<std::size_t>(x)] : log_gamma(x + 1);
}

double sample_poisson(Stream& stream, double mean) {
  // A sum of Poisson numbers is Poisson: large means in two halves by a gamma number (Ahrens and Dieter 1974).
  double count = 0;
  while (mean > 16) {
    const double events = std::floor(mean * 7 / 8);
    const double time = stream.gamma(events);  // of event number `events`
    if (time > mean) {
      // events − 1 uniform points on (0, time): those before `mean`
      for (double j = 1; j < events; ++j) count += stream.uniform() * time < mean ? 1 : 0;
      return count;
    }
    count += events;
    mean -= time;
  }
  double left = stream.exponential();
  while (left < mean) {
    ++count;
    left += stream.exponential();
  }
  return count;
}

double gamma_shape(double gap) {
  double a = (3 - gap + std::sqrt((gap - 3) * (gap - 3) + 24 * gap)) / (12 * gap);
  for (int i = 0; i < 60; ++i) {
    // log a − ψ(a) − gap, its leading terms written out where a is large and the difference would lose digits
    const double inverse = 1 / a;
    const double excess = a > 1e4 ? inverse * (0.5 + inverse / 12) - gap : std::log(a) - digamma(a) - gap;
    const double slope = a > 1e4 ? -inverse * inverse * (0.5 + inverse / 6) : inverse - trigamma(a);  // d/da
    const double next = 1 / (inverse + excess / (slope * a * a));
    if (!(next > 0) || !std::isfinite(next)) return a;
    const bool done = std::abs(next - a) <= 1e-15 * a;
    a = next;
    if (done) break;
  }
  return a;
}

double log_bessel_i0(double kappa) {
  if (kappa < 30) {
    double term = 1;
    double sum = 1;
    for (int j = 1; term > 1e-17 * sum; ++j) {
      term *= 0.25 * kappa * kappa / (static_cast<double>(j) * j);
      sum += term;
    }
    return std::log(sum);
  }
  // Abramowitz and Stegun 9.7.1
  double term = 1;
  double sum = 1;
  for (int j = 1; j < 40; ++j) {
    const double next = term * (2 * j - 1) * (2 * j - 1) / (8 * kappa * j);
    if (next < 1e-17 || next > term) break;
    sum += term = next;
  }
  return kappa - 0.5 * (log_two_pi + std::log(kappa)) + std::log(sum);
}

// Gauss' continued fraction I₁/I₀ = 1 / (2/κ + 1 / (4/κ + …)), from far enough inside.
double bessel_ratio(double kappa) {
  if (kappa == 0) return 0;
  if (kappa > 1e5) {
    const double i = 1 / kappa;
    return 1 - i * (0.5 + i * (0.125 + i * 0.125));
  }
  double tail = 0;
  const int depth = 20 + static_cast<int>(1.5 * kappa > 400 ? 20 * std::sqrt(kappa) : 1.5 * kappa);
  for (int j = depth; j >= 1; --j) tail = 1 / (2 * j / kappa + tail);
  return tail;
}

}  // namespace jensen
