// What families of responses that are only partly seen share: open ends, and Q as an expansion about the θ of the
// E-step.
#pragma once

#include <jensen/concepts.h>
#include <jensen/math/cholesky.h>
#include <jensen/math/incomplete.h>

#include <cmath>
#include <limits>
#include <span>

namespace jensen {

inline double open_lower(double x) { return std::isnan(x) ? -std::numeric_limits<double>::infinity() : x; }
inline double open_upper(double x) { return std::isnan(x) ? std::numeric_limits<double>::infinity() : x; }

/// log(e^a − e^b), a ≥ b.
inline double log_difference(double a, double b) {
  return b == -std::numeric_limits<double>::infinity() ? a : a + log1m_exp(b - a);
}

/// Value, gradient and curvature (aa, ba, bb) of a function of two coordinates; of one, the others are 0.
struct Derivatives {
  double value, first[2], second[3];
};

/// Of f(a, b) at (0, 0), by central differences of fourth order.
template <class F>
Derivatives differentiate(const F& f, bool both) {
  constexpr double h = 2e-3;
  Derivatives d{f(0.0, 0.0), {0, 0}, {0, 0, 0}};
  const auto along = [&](int axis, double& first, double& second) {
    const auto at = [&](double t) { return axis == 0 ? f(t, 0.0) : f(0.0, t); };
    const double near_up = at(h), near_down = at(-h), far_up = at(2 * h), far_down = at(-2 * h);
    first = (far_down - 8 * near_down + 8 * near_up - far_up) / (12 * h);
    second = (-far_up + 16 * near_up - 30 * d.value + 16 * near_down - far_down) / (12 * h * h);
  };
  along(0, d.first[0], d.second[0]);
  if (!both) return d;
  along(1, d.first[1], d.second[2]);
  const auto cross = [&](double t) { return (f(t, t) - f(t, -t) - f(-t, t) + f(-t, -t)) / (4 * t * t); };
  d.second[1] = (4 * cross(h) - cross(2 * h)) / 3;
  return d;
}

/// value + gradient · step + ½ stepᵀ curvature step; sum holds the three, the curvature as a packed lower triangle.
inline double expansion(std::span<const double> sum, std::span<const double> step) {
  const std::size_t size = step.size();
  double total = sum[0];
  for (std::size_t a = 0; a < size; ++a) {
    total += step[a] * sum[1 + a];
    for (std::size_t b = 0; b <= a; ++b) {
      const double curvature = sum[1 + size + packed_index(static_cast<int>(a), static_cast<int>(b))];
      total += (a == b ? 0.5 : 1) * step[a] * step[b] * curvature;
    }
  }
  return total;
}

}  // namespace jensen
