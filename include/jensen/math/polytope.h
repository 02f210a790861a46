// Maximisation under linear inequalities, of a function of which only values are known.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include <jensen/math/optimize.h>

namespace jensen {

/// { x : G x ≥ h }, G dense, row by row.
struct Polytope {
  std::size_t dimension = 0;
  std::vector<double> rows;   ///< one after the other, each of `dimension` numbers
  std::vector<double> limit;  ///< h

  std::size_t size() const { return limit.size(); }
  std::span<const double> row(std::size_t i) const { return std::span(rows).subspan(i * dimension, dimension); }
  void add(std::span<const double> row, double at_least);
  /// G_i x − h_i: ≥ 0 inside.
  double slack(std::size_t i, std::span<const double> x) const;
  bool contains(std::span<const double> x) const;
  /// The nearest point inside, in the metric of `unit` (Dykstra's alternating projections); x itself where it is
  /// inside. Throws ArgumentError where none is found.
  std::vector<double> nearest(std::span<const double> x, std::span<const double> unit) const;
};

/// Climbs f from `start`, which lies inside, by BFGS in the null space of the active inequalities (Nocedal and Wright
/// 2006, chapter 16 and section 18.3): an inequality becomes active where a step meets it, and is let go where its
/// multiplier says that f climbs inwards. Coordinates are scaled by the curvature of f; derivatives are central
/// differences. f may be anything but finite outside its domain. A coordinate held at an active inequality that bounds
/// it alone has exactly the bound's value. The value returned is never below f(start).
/// Throws ArgumentError where f(start) is not finite or start lies outside.
Maximum maximize_in_polytope(const std::function<double(std::span<const double>)>& f, std::vector<double> start,
                             const Polytope& domain, const OptimizerOptions& options = {});

/// ∂f/∂x_j by central differences with a step of 1e-4 units of curvature, and the unit: the displacement in which f
/// bends by half its own magnitude. One-sided where f is finite on one side alone. 2 to some 20 evaluations.
struct Slope {
  double slope = 0;
  double unit = 1;
};
Slope slope_along(const std::function<double(double displacement)>& f, double here, double scale);

}  // namespace jensen
