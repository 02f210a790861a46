#include <jensen/math/optimize.h>
#include <jensen/math/special.h>
#include <jensen/math/sphere.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace jensen {

namespace {

// Σ u_k(t) / ν^k, Abramowitz and Stegun 9.3.9.
double debye_series(double t, double order) {
  const double s = t * t;
  const double u1 = t * (3 - 5 * s) / 24;
  const double u2 = s * (81 + s * (-462 + s * 385)) / 1152;
  const double u3 = t * s * (30375 + s * (-369603 + s * (765765 - s * 425425))) / 414720;
  const double u4 = s * s * (4465125 + s * (-94121676 + s * (349922430 + s * (-446185740 + s * 185910725)))) / 39813120;
  return 1 + (u1 + (u2 + (u3 + u4 / order) / order) / order) / order;
}

// log (I_ν(κ) / κ^ν) for large ν, less its value at κ = 0.
double log_growth(double order, double kappa) {
  const double rise = kappa * kappa / (std::hypot(order, kappa) + order);  // √(ν² + κ²) − ν
  return rise - order * std::log1p(0.5 * rise / order) - 0.5 * std::log1p(rise / order) +
         std::log(debye_series(order / (order + rise), order) / debye_series(1, order));
}

// log (I_{ν+1}(κ) / (κ I_ν(κ))) for large ν, in differences that keep their digits where κ is large.
double log_ratio(double order, double kappa) {
  const double here = std::hypot(order, kappa);
  const double next = std::hypot(order + 1, kappa);
  const double rise = (2 * order + 1) / (here + next);  // next − here
  return rise - std::log(order + 1 + next) - order * std::log1p((1 + rise) / (order + here)) -
         0.5 * std::log1p(rise / here) +
         std::log(debye_series((order + 1) / next, order + 1) / debye_series(order / here, order));
}

// A mean length this near to 1 cannot be told from 1 by sums of rounded rows.
constexpr double largest_length = 1 - 1e-14;

}  // namespace

VonMisesFisherConstants von_mises_fisher_constants(int d, double kappa) {
  const double order = 0.5 * d - 1;
  const double steps = std::max(0.0, std::ceil(500 - order));
  const double top = order + steps;
  double log_scaled = -order * std::numbers::ln2 - log_gamma(order + 1) + log_growth(top, kappa);
  // ratio = I_{ν+1} / (κ I_ν) = 1 / (2 (ν + 1) + κ² × that of ν + 1); at κ = 0 it is 1 / (2 (ν + 1))
  double ratio = std::exp(log_ratio(top, kappa));
  for (double nu = top - 1; nu > order - 0.5; nu -= 1) {
    const double further = kappa * kappa * ratio;
    ratio = 1 / (2 * (nu + 1) + further);
    log_scaled += std::log1p(0.5 * further / (nu + 1));
  }
  VonMisesFisherConstants constants;
  constants.log_normalizer = -0.5 * d * std::log(2 * std::numbers::pi) - log_scaled;
  constants.mean_length = kappa * ratio;
  constants.slope = kappa == 0 ? 1.0 / d : 1 - constants.mean_length * constants.mean_length - (d - 1) * ratio;
  // For κ ≫ d all three terms are near 1 or 0, and the slope is (d − 1) / (2 κ²) to first order.
  if (kappa > 1e5 * d) constants.slope = 0.5 * (d - 1) / (kappa * kappa);
  return constants;
}

double concentration_of(int d, double mean_length) {
  if (!(mean_length > 0)) return 0;
  const double r = std::min(mean_length, largest_length);
  // κ / (ν' + √(ν'² + κ²)) ≤ A, with ν' = d/2, and ≥ with ν' = d/2 − 1 … : κ lies between 2 ν' r / (1 − r²).
  const double lower = std::max(0.0, (d - 2) * r / ((1 - r) * (1 + r)));
  const double upper = d * r / ((1 - r) * (1 + r));
  const double start = r * (d - r * r) / ((1 - r) * (1 + r));
  return find_root(
      [&](double kappa) {
        const auto constants = von_mises_fisher_constants(d, kappa);
        return std::pair{constants.mean_length - r, constants.slope};
      },
      0.5 * lower, start, 2 * upper);
}

}  // namespace jensen
