// How a column of angles is distributed in a mixture of states: mean direction, and an arc around it.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include <jensen/emissions/any.h>
#include <jensen/emissions/continuous.h>

namespace jensen {

/// Σ_k p_k M(μ_k, κ_k), a mixture of von Mises distributions. Angles have no order, so that it has neither a mean nor
/// quantiles on the line (Mardia and Jupp 2000, chapter 3).
class MixedAngle {
 public:
  /// weights sum to 1. Throws ArgumentError where they are not as many as the parts, or none.
  MixedAngle(std::vector<double> weights, std::vector<VonMises> parts);

  /// arg E[e^{iX}] in (−π, π], E[e^{iX}] = Σ_k p_k (I₁(κ_k) / I₀(κ_k)) e^{iμ_k}. NaN where that is 0 (to 1e-12): no
  /// direction is distinguished.
  double mean_direction() const;
  /// |E[e^{iX}]|, from 0 to 1.
  double resultant_length() const;
  /// P(X lies within `half_width` of `center` on either side), 0 ≤ half_width ≤ π; to about 1e-12, or 1e-16 κ
  /// where that is more, which is how well the densities are known.
  double within(double center, double half_width) const;
  /// Half the width of the arc around `center` with that probability. Throws ArgumentError unless 0 < p < 1.
  double half_width(double center, double p) const;

  /// The mean direction and the ends of the arc around it with that probability, counterclockwise from lower to upper,
  /// all in [−π, π]; NaN where there is no direction.
  struct Arc {
    double direction = 0, lower = 0, upper = 0;
  };
  Arc arc(double p) const;

 private:
  std::vector<double> weights_;
  std::vector<VonMises> parts_;
};

/// The column of the block that the emissions read, in a mixture of their states; empty where it is no column of angles
/// under von Mises distributions.
std::optional<MixedAngle> mixed_angle_of(const AnyEmissions& emissions, std::span<const double> state_probabilities,
                                         int column);

}  // namespace jensen
