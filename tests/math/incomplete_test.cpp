#include <jensen/math/incomplete.h>
#include <jensen/math/special.h>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace jensen {
namespace {

double term_of_poisson(int k, double rate) { return std::exp(k * std::log(rate) - rate - log_gamma(k + 1)); }

TEST(IncompleteGamma, HasItsClosedForms) {
  for (const double x : {1e-8, 0.1, 0.9, 1.5, 4.0, 30.0, 200.0}) {
    EXPECT_NEAR(incomplete_gamma(1, x), -std::expm1(-x), 1e-14) << x;
    EXPECT_NEAR(incomplete_gamma(0.5, x), std::erf(std::sqrt(x)), 1e-13) << x;
    // The small one keeps its digits.
    EXPECT_NEAR(complementary_incomplete_gamma(1, x) / std::exp(-x), 1, 1e-12) << x;
    for (const double a : {0.3, 2.0, 17.5, 1e4}) {
      EXPECT_NEAR(incomplete_gamma(a, x) + complementary_incomplete_gamma(a, x), 1, 1e-14) << a << " " << x;
    }
  }
  EXPECT_EQ(incomplete_gamma(2, 0), 0);
  EXPECT_EQ(incomplete_gamma(2, -1), 0);
  EXPECT_EQ(complementary_incomplete_gamma(2, std::numeric_limits<double>::infinity()), 0);
}

TEST(IncompleteGamma, SumsPoissonProbabilities) {
  for (const double rate : {0.2, 3.0, 29.7, 400.0}) {
    double total = 0;
    for (int k = 0; k < 500; ++k) {
      total += term_of_poisson(k, rate);
      EXPECT_NEAR(complementary_incomplete_gamma(k + 1, rate), total, 1e-12) << k << " " << rate;
    }
  }
}

TEST(IncompleteBeta, HasItsClosedForms) {
  for (const double x : {1e-6, 0.2, 0.5, 0.77, 0.999}) {
    for (const double a : {0.4, 1.0, 3.0, 50.0}) {
      EXPECT_NEAR(incomplete_beta(a, 1, x), std::pow(x, a), 1e-13) << a << " " << x;
      EXPECT_NEAR(incomplete_beta(1, a, x), 1 - std::pow(1 - x, a), 1e-13) << a << " " << x;
      EXPECT_NEAR(incomplete_beta(a, 2.5, x) + incomplete_beta(2.5, a, 1 - x), 1, 1e-13) << a << " " << x;
    }
    EXPECT_NEAR(incomplete_beta(0.5, 0.5, x), 2 / std::acos(-1.0) * std::asin(std::sqrt(x)), 1e-13) << x;
  }
  EXPECT_EQ(incomplete_beta(2, 3, -1), 0);
  EXPECT_EQ(incomplete_beta(2, 3, 2), 1);
}

}  // namespace
}  // namespace jensen
