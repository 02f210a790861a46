// Maximisers for M-steps without a closed form: damped Newton, BFGS, and a safeguarded root. None of them believes a
// value that is not finite, and none returns a point worse than the one it was given.
#pragma once

#include <functional>
#include <span>
#include <utility>
#include <vector>

namespace jensen {

/// f at a point with its derivatives there: f(x + s) ≈ value + gradient · s + ½ sᵀ hessian s.
struct QuadraticModel {
  double value = 0;
  std::vector<double> gradient;
  std::vector<double> hessian;  ///< packed lower triangle (math/cholesky.h); left empty where it is not asked for
};

/// A step that climbs a quadratic model, and what the model promises for it.
struct AscentStep {
  std::vector<double> step;
  double promised = 0;  ///< gradient · step + ½ stepᵀ M step ≥ 0, M the modified curvature
};

/// The Newton step s = −M⁻¹ gradient, where M is `hessian` made negative definite: in coordinates of unit curvature its
/// eigenvalues λ become −|λ|, so that saddles are left uphill (Nocedal and Wright 2006, section 3.4), and those below
/// 1e-10 of the largest −1. Coordinates without gradient and curvature stay. The step is shortened until sᵀ(−M)s ≤
/// reach²: a trust region in units of the curvature itself. reach > 0, ∞ for none. A gradient or a curvature that is
/// not finite gives a step of zeros that promises NaN.
AscentStep newton_step(std::span<const double> gradient, std::span<const double> hessian, double reach);

struct OptimizerOptions {
  int max_iterations = 200;
  /// Done when a step promises a gain of at most tolerance · max(1, |f|).
  double tolerance = 1e-13;
};

struct Maximum {
  std::vector<double> x;
  double value = 0;
  int iterations = 0;
  int evaluations = 0;
  bool converged = false;  ///< the tolerance was met; false also where no step along the direction of ascent climbs
};

/// Fills the model's value, gradient and hessian at x; a value that is not finite marks x as outside the domain.
using SecondOrder = std::function<void(std::span<const double> x, QuadraticModel& at)>;
/// Fills value and gradient alone.
using FirstOrder = std::function<void(std::span<const double> x, QuadraticModel& at)>;

/// Climbs from `start` by Newton steps, halved until f climbs enough (Armijo). Throws ArgumentError where f(start) is
/// not finite.
Maximum maximize_by_newton(const SecondOrder& f, std::vector<double> start, const OptimizerOptions& options = {});

/// Climbs from `start` by BFGS (Nocedal and Wright 2006, section 6.1) with backtracking; the inverse curvature is
/// updated only along directions of negative curvature, so that it stays definite. Throws as above.
Maximum maximize_by_bfgs(const FirstOrder& f, std::vector<double> start, const OptimizerOptions& options = {});

/// The root of a monotone function in (lower, upper), from `start`: Newton's method kept inside the bracket, which is
/// halved where a step leaves it or does not shrink it. `f` returns (value, derivative). The bracket may be infinite on
/// a side: it is then found by steps doubled outwards. Returns the end of the bracket that the root lies beyond where f
/// has no sign change. At most 200 evaluations; relative accuracy 4 ulp of x, as far as f has it.
/// Throws ArgumentError unless lower < start < upper.
double find_root(const std::function<std::pair<double, double>(double)>& f, double lower, double start, double upper);

}  // namespace jensen
