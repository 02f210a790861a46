// Gamma numbers, and the gamma's shape.
#pragma once

#include <jensen/math/random.h>
#include <jensen/math/special.h>

#include <cmath>

namespace jensen {

/// A gamma number of shape a > 0 and rate 1 (Marsaglia and Tsang 2000).
inline double draw_gamma(Stream& stream, double shape) {
  if (shape < 1) return draw_gamma(stream, shape + 1) * std::pow(stream.uniform(), 1 / shape);
  const double d = shape - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double z = stream.normal();
    const double v = std::pow(1 + c * z, 3);
    if (v > 0 && std::log(stream.uniform()) < 0.5 * z * z + d - d * v + d * std::log(v)) return d * v;
  }
}

/// The h > 0 with log h − ψ(h) = gap, gap > 0: Newton's method in 1/h from Minka's start (2002).
inline double shape_from_gap(double gap) {
  double h = (3 - gap + std::sqrt((gap - 3) * (gap - 3) + 24 * gap)) / (12 * gap);
  for (int i = 0; i < 60; ++i) {
    const double inverse = 1 / h;
    const double slope = inverse - trigamma(h);  // d/dh
    const double next = 1 / (inverse + (std::log(h) - digamma(h) - gap) / (slope * h * h));
    if (!(next > 0) || !std::isfinite(next)) break;
    const bool done = std::abs(next - h) <= 1e-15 * h;
    h = next;
    if (done) break;
  }
  return h;
}

}  // namespace jensen
