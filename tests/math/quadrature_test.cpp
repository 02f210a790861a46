#include <gtest/gtest.h>
#include <jensen/math/quadrature.h>

#include <cmath>
#include <numbers>

#include "support/refusal.h"

namespace jensen {
namespace {

double integral(const GaussHermite& rule, double (*f)(double)) {
  double total = 0;
  for (std::size_t i = 0; i < rule.node.size(); ++i) {
    total += std::exp(rule.log_weight[i] - rule.node[i] * rule.node[i]) * f(rule.node[i]);
  }
  return total;
}

// Abramowitz and Stegun, table 25.10, n = 5.
TEST(GaussHermite, MatchesTheTable) {
  const GaussHermite rule = gauss_hermite(5);
  EXPECT_NEAR(rule.node[0], -2.020182870456086, 1e-14);
  EXPECT_NEAR(rule.node[1], -0.958572464613819, 1e-14);
  EXPECT_EQ(rule.node[2], 0);
  EXPECT_NEAR(std::exp(rule.log_weight[2]), 0.945308720482942, 1e-14);
  EXPECT_NEAR(std::exp(rule.log_weight[4] - rule.node[4] * rule.node[4]), 0.01995324205905, 1e-14);
}

TEST(GaussHermite, IntegratesPolynomialsExactlyUpToItsDegree) {
  const double root_pi = std::sqrt(std::numbers::pi);
  for (int points : {1, 2, 7, 20, 61, 100}) {
    EXPECT_NEAR(integral(gauss_hermite(points), [](double) { return 1.0; }), root_pi, 1e-13) << points;
    if (points > 1) {
      EXPECT_NEAR(integral(gauss_hermite(points), [](double t) { return t * t; }), root_pi / 2, 1e-13) << points;
    }
  }
  EXPECT_NEAR(integral(gauss_hermite(4), [](double t) { return std::pow(t, 6); }), 15 * root_pi / 8, 1e-13);
  EXPECT_GT(std::abs(integral(gauss_hermite(3), [](double t) { return std::pow(t, 6); }) - 15 * root_pi / 8), 0.1);
}

TEST(GaussHermite, RefusesOtherNumbersOfPoints) {
  EXPECT_NE(support::refusal<ArgumentError>([] { gauss_hermite(0); }).find("1 … 100, got 0"), std::string::npos);
  EXPECT_NE(support::refusal<ArgumentError>([] { gauss_hermite(101); }), "accepted");
}

}  // namespace
}  // namespace jensen
