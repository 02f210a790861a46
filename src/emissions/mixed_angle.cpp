#include <jensen/emissions/mixed_angle.h>
#include <jensen/emissions/product.h>
#include <jensen/error.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <limits>
#include <numbers>
#include <string>

#include "emissions/family_support.h"

namespace jensen {

namespace {

constexpr double pi = std::numbers::pi;

// ∫ over [from, to] of the density, by Gauss and Legendre's rule with ten nodes.
double on_panel(const VonMises& part, double from, double to) {
  constexpr std::array<double, 5> nodes{0.1488743389816312, 0.4333953941292472, 0.6794095682990244, 0.8650633666889845,
                                        0.9739065285171717};
  constexpr std::array<double, 5> node_weights{0.2955242247147529, 0.2692667193099963, 0.2190863625159820,
                                               0.1494513491505806, 0.0666713443086881};
  const double middle = (from + to) / 2;
  const double half = (to - from) / 2;
  double total = 0;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    total += node_weights[i] * (std::exp(part.log_density(middle + half * nodes[i])) +
                                std::exp(part.log_density(middle - half * nodes[i])));
  }
  return half * total;
}

// P(μ ≤ X ≤ μ + angle), 0 ≤ angle ≤ π. Panels are as wide as the density has its curvature; beyond 40 of them it is 0.
double from_direction(const VonMises& part, double angle) {
  const double direction = part.parameters()[0];
  const double concentration = part.parameters()[1];
  const double width = std::min(pi / 8, 1 / std::sqrt(std::max(concentration, 1.0)));
  double total = 0;
  for (int panel = 0; panel < 40; ++panel) {
    const double from = panel * width;
    if (from >= angle) break;
    total += on_panel(part, direction + from, direction + std::min(angle, from + width));
  }
  return total;
}

// P(X in [center − half, center + half]): the arcs from the direction to both ends.
double part_within(const VonMises& part, double center, double half) {
  const double off = std::remainder(center - part.parameters()[0], 2 * pi);
  const auto up_to = [&](double angle) {  // signed, of an angle in [−2π, 2π] from the direction
    const double turns = std::floor((std::abs(angle) + pi) / (2 * pi));
    const double rest = std::abs(angle) - 2 * pi * turns;
    const double value = turns + (rest < 0 ? -from_direction(part, -rest) : from_direction(part, rest));
    return angle < 0 ? -value : value;
  };
  return up_to(off + half) - up_to(off - half);
}

const Independent<VonMises>* angles_of(const AnyEmissions& emissions, int column) {
  const auto* product = emissions.as<Product>();
  if (product == nullptr) return column == 0 ? emissions.as<Independent<VonMises>>() : nullptr;
  for (const auto& part : product->parts()) {
    if (part.columns.front() == column) return part.emissions.as<Independent<VonMises>>();
  }
  return nullptr;
}

std::complex<double> resultant(const std::vector<double>& weights, const std::vector<VonMises>& parts) {
  std::complex<double> total = 0;
  for (std::size_t k = 0; k < weights.size(); ++k) {
    const auto v = parts[k].parameters();
    total += weights[k] * std::polar(v[1] > 0 ? bessel_ratio(v[1]) : 0, v[0]);
  }
  return total;
}

}  // namespace

MixedAngle::MixedAngle(std::vector<double> weights, std::vector<VonMises> parts)
    : weights_(std::move(weights)), parts_(std::move(parts)) {
  if (weights_.empty() || weights_.size() != parts_.size()) {
    throw ArgumentError(
        "MixedAngle", "weights",
        "are " + std::to_string(weights_.size()) + " for " + std::to_string(parts_.size()) + " distributions");
  }
}

double MixedAngle::mean_direction() const {
  const auto mean = resultant(weights_, parts_);
  return std::abs(mean) > 1e-12 ? std::arg(mean) : std::numeric_limits<double>::quiet_NaN();
}

double MixedAngle::resultant_length() const { return std::abs(resultant(weights_, parts_)); }

double MixedAngle::within(double center, double half_width) const {
  double total = 0;
  for (std::size_t k = 0; k < weights_.size(); ++k) {
    if (weights_[k] > 0) total += weights_[k] * part_within(parts_[k], center, half_width);
  }
  return std::clamp(total, 0.0, 1.0);
}

double MixedAngle::half_width(double center, double p) const {
  if (!(p > 0 && p < 1)) {
    throw ArgumentError("MixedAngle::half_width", "p", "must lie between 0 and 1, got " + std::to_string(p));
  }
  double low = 0;
  double high = pi;
  for (int halving = 0; halving < 60; ++halving) {
    const double middle = (low + high) / 2;
    (within(center, middle) >= p ? high : low) = middle;
  }
  return high;
}

MixedAngle::Arc MixedAngle::arc(double p) const {
  const double direction = mean_direction();
  if (std::isnan(direction)) return {direction, direction, direction};
  const double half = half_width(direction, p);
  return {direction, std::remainder(direction - half, 2 * pi), std::remainder(direction + half, 2 * pi)};
}

std::optional<MixedAngle> mixed_angle_of(const AnyEmissions& emissions, std::span<const double> state_probabilities,
                                         int column) {
  const auto* angles = angles_of(emissions, column);
  if (angles == nullptr) return std::nullopt;
  std::vector<VonMises> parts;
  for (int k = 0; k < angles->states(); ++k) parts.push_back((*angles)[k]);
  return MixedAngle({state_probabilities.begin(), state_probabilities.end()}, std::move(parts));
}

}  // namespace jensen
