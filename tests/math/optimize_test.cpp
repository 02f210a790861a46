#include <gtest/gtest.h>
#include <jensen/math/optimize.h>
#include <jensen/math/special.h>

#include <cmath>
#include <limits>

#include "support/refusal.h"

namespace jensen {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// −Rosenbrock: the maximum 0 lies at (1, 1), at the end of a curved ridge.
void rosenbrock(std::span<const double> x, QuadraticModel& at) {
  const double a = 1 - x[0];
  const double b = x[1] - x[0] * x[0];
  at.value = -(a * a + 100 * b * b);
  at.gradient = {2 * a + 400 * b * x[0], -200 * b};
  at.hessian = {-2 + 400 * (x[1] - 3 * x[0] * x[0]), 400 * x[0], -200};
}

// log-likelihood of a gamma sample with mean 1 and mean log −1/2, in (log shape, log rate): −∞ nowhere, flat far out
void gamma(std::span<const double> u, QuadraticModel& at) {
  const double a = std::exp(u[0]);
  const double b = std::exp(u[1]);
  at.value = a * u[1] - log_gamma(a) + (a - 1) * -0.5 - b;
  at.gradient = {a * (u[1] - digamma(a) - 0.5), a - b};
  at.hessian = {at.gradient[0] - a * a * trigamma(a), a, -b};
}

// log x − x on x > 0 alone
void on_a_half_line(std::span<const double> x, QuadraticModel& at) {
  at.value = x[0] > 0 ? std::log(x[0]) - x[0] : std::numeric_limits<double>::quiet_NaN();
  at.gradient = {1 / x[0] - 1};
  at.hessian = {-1 / (x[0] * x[0])};
}

TEST(NewtonStep, SolvesAConcaveQuadraticExactly) {
  // ½ sᵀ [[−4, 1], [1, −3]] s + (1, 2) s: s = [[4, −1], [−1, 3]]⁻¹ (1, 2) = (5, 9) / 11
  const auto [step, promised] = newton_step(std::vector{1.0, 2.0}, std::vector{-4.0, 1.0, -3.0}, infinity);
  EXPECT_NEAR(step[0], 5.0 / 11, 1e-15);
  EXPECT_NEAR(step[1], 9.0 / 11, 1e-15);
  EXPECT_NEAR(promised, 23.0 / 22, 1e-15);
}

TEST(NewtonStep, DoesNotDependOnUnits) {
  const auto plain = newton_step(std::vector{1.0, 2.0}, std::vector{-4.0, 1.0, -3.0}, infinity);
  const auto scaled = newton_step(std::vector{1e8, 2.0}, std::vector{-4e16, 1e8, -3.0}, infinity);
  EXPECT_NEAR(scaled.step[0] * 1e8, plain.step[0], 1e-12);
  EXPECT_NEAR(scaled.promised, plain.promised, 1e-12);
}

TEST(NewtonStep, ClimbsFromASaddleAndAlongASlopeWithoutCurvature) {
  const auto saddle = newton_step(std::vector{1.0, 1.0}, std::vector{-2.0, 0.0, 5.0}, infinity);
  EXPECT_NEAR(saddle.step[0], 0.5, 1e-15);
  EXPECT_NEAR(saddle.step[1], 0.2, 1e-15);
  const auto slope = newton_step(std::vector{0.0, 3.0}, std::vector{0.0, 0.0, 0.0}, infinity);
  EXPECT_EQ(slope.step[0], 0);
  EXPECT_GT(slope.step[1], 0);
  EXPECT_TRUE(std::isfinite(slope.step[1]));
}

TEST(NewtonStep, KeepsWithinReach) {
  const auto full = newton_step(std::vector{6.0, 0.0}, std::vector{-2.0, 0.0, -1.0}, infinity);
  const auto cut = newton_step(std::vector{6.0, 0.0}, std::vector{-2.0, 0.0, -1.0}, 0.5);
  EXPECT_NEAR(full.step[0], 3, 1e-15);
  EXPECT_NEAR(2 * cut.step[0] * cut.step[0], 0.25, 1e-15);
  EXPECT_NEAR(cut.promised, 6 * cut.step[0] - cut.step[0] * cut.step[0], 1e-14);
}

TEST(NewtonStep, DoesNotMoveOnWhatIsNotFinite) {
  const auto broken = newton_step(std::vector<double>{1, NAN}, std::vector{-2.0, 0.0, -1.0}, infinity);
  EXPECT_EQ(broken.step, (std::vector<double>{0, 0}));
  EXPECT_TRUE(std::isnan(broken.promised));
}

TEST(MaximizeByNewton, EndsOnTopOfTheRidge) {
  const Maximum top = maximize_by_newton(rosenbrock, {-1.2, 1});
  EXPECT_TRUE(top.converged);
  EXPECT_NEAR(top.x[0], 1, 1e-6);
  EXPECT_NEAR(top.x[1], 1, 1e-6);
  EXPECT_LT(top.iterations, 40);
}

TEST(MaximizeByNewton, SolvesTheGammaLikelihoodFromFarAway) {
  const Maximum top = maximize_by_newton(gamma, {4, -3});
  ASSERT_TRUE(top.converged);
  const double shape = std::exp(top.x[0]);
  EXPECT_NEAR(std::log(shape) - digamma(shape), 0.5, 1e-7);  // the score equation with mean 1 and mean log −1/2
  EXPECT_NEAR(std::exp(top.x[1]), shape, 1e-6);
}

TEST(MaximizeByNewton, StaysInsideTheDomain) {
  const Maximum top = maximize_by_newton(on_a_half_line, {1e-6});
  EXPECT_TRUE(top.converged);
  EXPECT_NEAR(top.x[0], 1, 1e-6);
}

TEST(MaximizeByNewton, StopsAtItsLimit) {
  OptimizerOptions options;
  options.max_iterations = 3;
  const Maximum cut = maximize_by_newton(rosenbrock, {-1.2, 1}, options);
  EXPECT_EQ(cut.iterations, 3);
  EXPECT_FALSE(cut.converged);
}

TEST(MaximizeByBfgs, EndsWhereNewtonDoes) {
  const Maximum ridge = maximize_by_bfgs(rosenbrock, {-1.2, 1});
  EXPECT_TRUE(ridge.converged);
  EXPECT_NEAR(ridge.x[0], 1, 1e-5);
  const Maximum shape = maximize_by_bfgs(gamma, {4, -3});
  EXPECT_TRUE(shape.converged);
  EXPECT_NEAR(shape.x[0], maximize_by_newton(gamma, {4, -3}).x[0], 1e-5);
  const Maximum half_line = maximize_by_bfgs(on_a_half_line, {5});
  EXPECT_NEAR(half_line.x[0], 1, 1e-6);
}

TEST(Maximize, RefusesAStartOutsideTheDomain) {
  EXPECT_EQ(support::refusal<ArgumentError>([] { maximize_by_newton(on_a_half_line, {-1}); }).find("maximize_by_new"),
            0U);
  EXPECT_EQ(support::refusal<ArgumentError>([] { maximize_by_bfgs(on_a_half_line, {-1}); }).find("maximize_by_bfgs"),
            0U);
}

TEST(FindRoot, OfDigammaFromBothSides) {
  const auto f = [](double x) { return std::pair{digamma(x), trigamma(x)}; };
  for (double start : {1e-3, 1.0, 50.0}) {
    EXPECT_NEAR(find_root(f, 0, start, infinity), 1.4616321449683623, 1e-15) << start;
  }
}

TEST(FindRoot, OfAFallingFunctionOnTheWholeLine) {
  const auto f = [](double x) { return std::pair{3 - std::exp(x), -std::exp(x)}; };
  EXPECT_NEAR(find_root(f, -infinity, -30, infinity), std::log(3.0), 1e-15);
  EXPECT_NEAR(find_root(f, -infinity, 20, infinity), std::log(3.0), 1e-15);
}

TEST(FindRoot, WithoutASignChangeEndsAtTheEdge) {
  const auto f = [](double x) { return std::pair{x + 1, 1.0}; };
  EXPECT_NEAR(find_root(f, 0, 0.5, 1), 0, 1e-12);
}

TEST(FindRoot, WithAFlatDerivativeHalves) {
  const auto f = [](double x) { return std::pair{std::cbrt(x - 0.3), 0.0}; };
  EXPECT_NEAR(find_root([&](double x) { return std::pair{f(x).first, 1e-300}; }, 0, 0.9, 1), 0.3, 1e-9);
}

}  // namespace
}  // namespace jensen
