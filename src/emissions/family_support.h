// What the families' sources share.
#pragma once

#include <jensen/emissions/independent.h>
#include <jensen/math/random.h>
#include <jensen/math/special.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace jensen {

inline const double log_two_pi = std::log(2 * std::numbers::pi);

/// x log y, 0 where x = 0.
inline double x_log_y(double x, double y) { return x == 0 ? 0 : x * std::log(y); }

inline bool is_count(double x) { return x >= 0 && x == std::floor(x) && std::isfinite(x); }
inline std::string count_problem(double x) {
  return is_count(x) ? std::string() : fmt::format("must be a whole number ≥ 0, got {}", x);
}
inline std::string positive_problem(double x) {
  return x > 0 && std::isfinite(x) ? std::string() : fmt::format("must be positive, got {}", x);
}
/// log x! of a count.
double log_factorial(double x);

/// A Poisson number of mean ≥ 0, by inversion from 0 in pieces of mean at most 16.
double sample_poisson(Stream& stream, double mean);

/// The a > 0 with log a − ψ(a) = gap, gap > 0 (Minka 2002).
double gamma_shape(double gap);

/// log I₀(κ) and A(κ) = I₁(κ) / I₀(κ), κ ≥ 0.
double log_bessel_i0(double kappa);
double bessel_ratio(double kappa);

}  // namespace jensen
