// Spectral lines over a background: several detectors see lines of their own place and share, over one background whose
// shape (an exponential) and one resolution (a standard deviation) all of them share.
#pragma once

#include <cmath>
#include <vector>

#include <jensen/models/discrete_latent.h>

/// Columns: energy ≥ 0, detector 0 … D − 1. States: 0 background, 1 line.
inline auto shared_background(std::vector<double> lines) {
  const std::size_t detectors = lines.size();
  jensen::Parameters theta;
  const auto share = theta.probability("line_share", std::vector<double>(detectors, 0.5));
  const auto line = theta.real("line", std::move(lines));
  const auto width = theta.positive("width", 1.0);
  const auto decay = theta.positive("decay", 5.0);
  return jensen::discrete_latent(2, theta, [=](const auto& at, std::span<const double> row, int z) {
    using std::log;
    const auto d = static_cast<std::size_t>(row[1]);
    if (z == 1) return log(at[share][d]) + jensen::normal_log_density(row[0], at[line][d], at[width]);
    return log(1.0 - at[share][d]) - log(at[decay]) - row[0] / at[decay];
  });
}
