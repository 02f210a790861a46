#include <jensen/error.h>
#include <jensen/math/cholesky.h>
#include <jensen/math/optimize.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <tuple>

namespace jensen {

namespace {

using Vector = Eigen::VectorXd;
using Matrix = Eigen::MatrixXd;

constexpr double armijo = 1e-4;
constexpr int halvings = 60;

Eigen::Map<const Vector> view(std::span<const double> v) { return {v.data(), static_cast<Eigen::Index>(v.size())}; }

std::vector<double> to_std(const Vector& v) { return {v.data(), v.data() + v.size()}; }

void require_finite_start(const QuadraticModel& at, const char* function) {
  if (std::isfinite(at.value)) return;
  throw ArgumentError(function, "start", "has the value " + std::to_string(at.value));
}

bool all_finite(std::span<const double> v) {
  return std::all_of(v.begin(), v.end(), [](double x) { return std::isfinite(x); });
}

// Shortens `step` until f climbs by a part of what its slope promises. Leaves `x` and `at` at the best point found and
// says whether that is a new one.
bool climb_along(const FirstOrder& f, const Vector& step, double slope, Maximum& best, QuadraticModel& at) {
  const auto x = view(best.x);
  double share = 1;
  QuadraticModel there;
  for (int k = 0; k < halvings; ++k, share /= 2) {
    const std::vector<double> tried = to_std(x + share * step);
    f(tried, there);
    ++best.evaluations;
    if (std::isfinite(there.value) && all_finite(there.gradient) &&
        there.value >= best.value + armijo * share * slope && there.value > best.value) {
      best.x = tried;
      best.value = there.value;
      at = std::move(there);
      return true;
    }
  }
  return false;
}

}  // namespace

AscentStep newton_step(std::span<const double> gradient, std::span<const double> hessian, double reach) {
  const auto n = static_cast<Eigen::Index>(gradient.size());
  AscentStep result{std::vector<double>(gradient.size(), 0.0), 0};
  if (n == 0) return result;
  if (!all_finite(gradient) || !all_finite(hessian)) {
    result.promised = std::numeric_limits<double>::quiet_NaN();
    return result;
  }
  // Units in which every diagonal element of the curvature is one, so that the floor below means the same for all.
  Vector unit(n);
  for (int j = 0; j < n; ++j) {
    const double curvature = std::abs(hessian[packed_index(j, j)]);
    unit(j) = curvature > std::numeric_limits<double>::min() ? 1 / std::sqrt(curvature) : 0;
  }
  // A slope without curvature of its own: as if the curvature were that of a gain of one half in a unit step.
  for (Eigen::Index j = 0; j < n; ++j) {
    const double slope = std::abs(gradient[static_cast<std::size_t>(j)]);
    if (unit(j) == 0 && slope > 0) unit(j) = 1 / slope;
  }
  Matrix curvature(n, n);
  for (int a = 0; a < n; ++a) {
    for (int b = 0; b <= a; ++b) {
      curvature(a, b) = curvature(b, a) = -hessian[packed_index(a, b)] * unit(a) * unit(b);
    }
  }
  const Vector slope = view(gradient).cwiseProduct(unit);
  const Eigen::SelfAdjointEigenSolver<Matrix> eigen(curvature);
  const Vector size = eigen.eigenvalues().cwiseAbs();
  const double floor = std::max(1e-10 * size.maxCoeff(), std::numeric_limits<double>::min());
  const Vector bend = size.unaryExpr([floor](double s) { return s > floor ? s : 1.0; });
  const Vector along = eigen.eigenvectors().transpose() * slope;
  const Vector direction = along.cwiseQuotient(bend);
  const double length = std::sqrt(along.dot(direction));
  const double share = length > reach ? reach / length : 1;
  result.step = to_std(share * (eigen.eigenvectors() * direction).cwiseProduct(unit));
  result.promised = (share - 0.5 * share * share) * along.dot(direction);
  return result;
}

Maximum maximize_by_newton(const SecondOrder& f, std::vector<double> start, const OptimizerOptions& options) {
  Maximum best{std::move(start)};
  QuadraticModel at;
  f(best.x, at);
  best.evaluations = 1;
  require_finite_start(at, "maximize_by_newton");
  best.value = at.value;
  for (; best.iterations < options.max_iterations; ++best.iterations) {
    const AscentStep step = newton_step(at.gradient, at.hessian, std::numeric_limits<double>::infinity());
    best.converged = step.promised <= options.tolerance * std::max(1.0, std::abs(best.value));
    if (best.converged || std::isnan(step.promised)) break;
    if (!climb_along(f, view(step.step), view(at.gradient).dot(view(step.step)), best, at)) break;
  }
  return best;
}

Maximum maximize_by_bfgs(const FirstOrder& f, std::vector<double> start, const OptimizerOptions& options) {
  Maximum best{std::move(start)};
  const auto n = static_cast<Eigen::Index>(best.x.size());
  QuadraticModel at;
  f(best.x, at);
  best.evaluations = 1;
  require_finite_start(at, "maximize_by_bfgs");
  best.value = at.value;
  Matrix inverse = Matrix::Identity(n, n);  // of −∇²f
  bool fresh = true;
  for (; best.iterations < options.max_iterations; ++best.iterations) {
    const Vector gradient = view(at.gradient);
    Vector step = inverse * gradient;
    best.converged = 0.5 * gradient.dot(step) <= options.tolerance * std::max(1.0, std::abs(best.value));
    if (best.converged && !fresh) break;
    // A first step of length one at most: nothing is known of the curvature.
    if (fresh && step.norm() > 1) step /= step.norm();
    const Vector before = view(best.x);
    if (!climb_along(f, step, gradient.dot(step), best, at)) {
      if (fresh) break;
      inverse.setIdentity();
      fresh = true;
      continue;
    }
    const Vector moved = view(best.x) - before;
    const Vector turned = gradient - view(at.gradient);
    const double bend = moved.dot(turned);
    if (!(bend > 1e-12 * moved.norm() * turned.norm())) continue;
    if (fresh) inverse *= bend / turned.squaredNorm();
    fresh = false;
    const Matrix left = Matrix::Identity(n, n) - moved * turned.transpose() / bend;
    inverse = left * inverse * left.transpose() + moved * moved.transpose() / bend;
  }
  return best;
}

double find_root(const std::function<std::pair<double, double>(double)>& f, double lower, double start, double upper) {
  if (!(lower < start && start < upper)) {
    throw ArgumentError("find_root", "start", "must lie between lower and upper, got " + std::to_string(start));
  }
  double x = start;
  auto [value, slope] = f(x);
  if (!(value != 0)) return x;  // a root, or not a number
  // The side of the root: towards falling |f|. The slope says so, as f is monotone.
  const bool rising = slope > 0;
  double outward = std::max(std::abs(x), 1.0) / 2;
  double low = lower;
  double high = upper;
  bool bracketed_below = false;
  bool bracketed_above = false;
  for (int k = 0; k < 200; ++k) {
    if (!(value != 0)) return x;
    if ((value > 0) == rising) {
      high = x;
      bracketed_above = true;
    } else {
      low = x;
      bracketed_below = true;
    }
    double next = x - value / slope;
    if (!(next > low && next < high) || k % 8 == 7) {  // every eighth step halves, whatever Newton says
      if (bracketed_below && bracketed_above) {
        next = low / 2 + high / 2;
      } else if (bracketed_below) {
        next = std::isinf(high) ? x + outward : low / 2 + high / 2;
        outward *= 2;
      } else {
        next = std::isinf(low) ? x - outward : low / 2 + high / 2;
        outward *= 2;
      }
    }
    if (std::abs(next - x) <= 2 * std::numeric_limits<double>::epsilon() * std::abs(x) || !std::isfinite(next)) {
      return std::isfinite(next) ? next : x;
    }
    x = next;
    std::tie(value, slope) = f(x);
    if (std::isnan(value)) return low / 2 + high / 2;
  }
  return x;
}

}  // namespace jensen
