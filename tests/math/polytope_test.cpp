#include <gtest/gtest.h>
#include <jensen/math/polytope.h>

#include <cmath>

#include "support/refusal.h"

namespace jensen {
namespace {

Polytope box(double low, double high) {
  Polytope p{2, {}, {}};
  p.add(std::vector<double>{1, 0}, low);
  p.add(std::vector<double>{0, 1}, low);
  p.add(std::vector<double>{-1, 0}, -high);
  p.add(std::vector<double>{0, -1}, -high);
  return p;
}

double rosenbrock(std::span<const double> x) {
  return -(std::pow(1 - x[0], 2) + 100 * std::pow(x[1] - x[0] * x[0], 2)) - 1;
}

TEST(MaximizeInPolytope, WithoutInequalitiesFindsTheFreeMaximum) {
  const Maximum top = maximize_in_polytope(rosenbrock, {-1.2, 1}, {2, {}, {}});
  EXPECT_TRUE(top.converged);
  EXPECT_NEAR(top.x[0], 1, 1e-5);
  EXPECT_NEAR(top.x[1], 1, 1e-5);
}

// On the edge x0 = 0.5 of the box the best x1 is 0.25.
TEST(MaximizeInPolytope, EndsOnAnActiveBoundExactly) {
  const Maximum top = maximize_in_polytope(rosenbrock, {-0.4, 0.1}, box(-0.5, 0.5));
  EXPECT_TRUE(top.converged);
  EXPECT_EQ(top.x[0], 0.5);
  EXPECT_NEAR(top.x[1], 0.25, 1e-6);
}

TEST(MaximizeInPolytope, LetsGoOfABoundItStartsOn) {
  const Maximum top = maximize_in_polytope(rosenbrock, {-0.5, -0.5}, box(-0.5, 2));
  EXPECT_TRUE(top.converged);
  EXPECT_NEAR(top.x[0], 1, 1e-5);
}

// −(x − 3)² − (y − 1)² under y ≥ x: (2, 2).
TEST(MaximizeInPolytope, MovesAlongAnActiveOrder) {
  Polytope order{2, {}, {}};
  order.add(std::vector<double>{-1, 1}, 0);
  const auto f = [](std::span<const double> x) { return -std::pow(x[0] - 3, 2) - std::pow(x[1] - 1, 2) - 10; };
  const Maximum top = maximize_in_polytope(f, {-5, 7}, order);
  EXPECT_TRUE(top.converged);
  EXPECT_NEAR(top.x[0], 2, 1e-6);
  EXPECT_NEAR(top.x[1], 2, 1e-6);
}

// Σ n_k log p_k over p = (x, y, 1 − x − y) with x ≤ 0.2: the rest is shared as 3 : 2.
TEST(MaximizeInPolytope, CopesWithADomainThatEnds) {
  Polytope at_most{2, {}, {}};
  at_most.add(std::vector<double>{-1, 0}, -0.2);
  const auto f = [](std::span<const double> x) {
    return 50 * std::log(x[0]) + 30 * std::log(x[1]) + 20 * std::log(1 - x[0] - x[1]);
  };
  const Maximum top = maximize_in_polytope(f, {1e-6, 0.5}, at_most);
  EXPECT_TRUE(top.converged);
  EXPECT_EQ(top.x[0], 0.2);
  EXPECT_NEAR(top.x[1], 0.48, 1e-7);
}

TEST(MaximizeInPolytope, ScalesItself) {
  const auto f = [](std::span<const double> x) {
    return -1e6 *
           (1 + std::pow(x[0] * 1e8 - 3, 2) + std::pow(x[1] * 1e-8 + 5, 2) + (x[0] * 1e8 - 3) * (x[1] * 1e-8 + 5));
  };
  const Maximum top = maximize_in_polytope(f, {0, 0}, {2, {}, {}});
  EXPECT_TRUE(top.converged);
  EXPECT_NEAR(top.x[0] * 1e8, 3, 1e-5);
  EXPECT_NEAR(top.x[1] * 1e-8, -5, 1e-5);
}

// ∂/∂d [c log(x + d) − d] at d = 0, close to where the logarithm ends and small beside what else there is.
TEST(SlopeAlong, KeepsAwayFromADomainsEnd) {
  const double x = 3e-5;
  for (const double c : {2e-2, 2e-4, 2e-5}) {
    const double here = 800 + c * std::log(x);
    const auto f = [&](double d) { return x + d > 0 ? 800 + c * std::log(x + d) - d : -INFINITY; };
    const Slope found = slope_along(f, here, here);
    EXPECT_NEAR(found.slope, c / x - 1, 0.2 * c / x) << c;
  }
}

TEST(MaximizeInPolytope, RefusesAStartOutside) {
  EXPECT_NE(support::refusal<ArgumentError>([] {
              maximize_in_polytope(rosenbrock, {3, 3}, box(-1, 1));
            }).find("outside"),
            std::string::npos);
}

TEST(Polytope, ProjectsOntoTheNearestPoint) {
  const std::vector<double> unit{1, 1};
  EXPECT_EQ(box(-1, 1).nearest(std::vector<double>{5, 0.5}, unit), (std::vector<double>{1, 0.5}));
  EXPECT_EQ(box(-1, 1).nearest(std::vector<double>{0.3, 0.5}, unit), (std::vector<double>{0.3, 0.5}));
  Polytope order{2, {}, {}};
  order.add(std::vector<double>{-1, 1}, 0);
  const auto pooled = order.nearest(std::vector<double>{3, 1}, unit);
  EXPECT_NEAR(pooled[0], 2, 1e-12);
  EXPECT_NEAR(pooled[1], 2, 1e-12);
  Polytope empty = box(1, -1);
  EXPECT_NE(support::refusal<ArgumentError>([&] { empty.nearest(std::vector<double>{0, 0}, unit); }), "accepted");
}

}  // namespace
}  // namespace jensen
