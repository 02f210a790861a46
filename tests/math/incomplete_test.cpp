#include <jensen/math/incomplete.h>
#include <jensen/math/special.h>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>

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

TEST(LogIncomplete, IsTheLogarithmWhereThatIsANumber) {
  for (const double a : {0.3, 1.0, 7.5, 200.0}) {
    for (const double x : {1e-6, 0.4, 3.0, 40.0, 300.0}) {
      const double p = incomplete_gamma(a, x);
      const double q = complementary_incomplete_gamma(a, x);
      if (p > 0 && p < 1) {
        EXPECT_NEAR(log_incomplete_gamma(a, x), std::log(p), 1e-11) << a << " " << x;
      }
      if (q > 0 && q < 1) {
        EXPECT_NEAR(log_complementary_incomplete_gamma(a, x), std::log(q), 1e-11) << a << " " << x;
      }
    }
    for (const double x : {1e-3, 0.3, 0.9}) {
      const double p = incomplete_beta(a, 2.5, x);
      if (p > 0 && p < 1) {
        EXPECT_NEAR(log_incomplete_beta(a, 2.5, x), std::log(p), 1e-11) << a << " " << x;
      }
    }
  }
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(log_incomplete_gamma(2, 0), -infinity);
  EXPECT_EQ(log_incomplete_gamma(2, infinity), 0);
  EXPECT_EQ(log_complementary_incomplete_gamma(2, 0), 0);
  EXPECT_EQ(log_complementary_incomplete_gamma(2, infinity), -infinity);
  EXPECT_EQ(log_incomplete_beta(2, 3, 0), -infinity);
  EXPECT_EQ(log_incomplete_beta(2, 3, 1), 0);
}

TEST(LogIncomplete, ReachesBeyondTheSmallestNumber) {
  // Q(1, x) = e⁻ˣ, Q(2, x) = e⁻ˣ (1 + x); I_x(a, 1) = xᵃ; P(a, x) → xᵃ / Γ(a + 1) (1 − x a / (a + 1)) for small x.
  for (const double x : {1e3, 1e5, 1e8}) {
    EXPECT_NEAR(log_complementary_incomplete_gamma(1, x) / -x, 1, 1e-13);
    EXPECT_NEAR(log_complementary_incomplete_gamma(2, x) / (std::log1p(x) - x), 1, 1e-13);
  }
  EXPECT_NEAR(log_incomplete_beta(400, 1, 1e-5) / (400 * std::log(1e-5)), 1, 1e-13);
  EXPECT_NEAR(log_incomplete_gamma(300, 1e-9) / (300 * std::log(1e-9) - std::lgamma(301.0)), 1, 1e-12);
}

// The upper tail is φ(z) / (z + 1/(z + 2/(z + 3/(z + …)))), Laplace's continued fraction.
TEST(LogNormalProbability, IsLaplacesContinuedFraction) {
  for (const double z : {3.0, 8.0, 20.0, 34.9, 35.1, 60.0, 1e3, 1e8, 1e150}) {
    long double fraction = z;
    for (int k = 3000; k > 0; --k) fraction = z + k / fraction;
    const long double expected =
        -0.5L * z * z - 0.5L * std::log(2 * std::numbers::pi_v<long double>) - std::log(fraction);
    EXPECT_NEAR(log_normal_probability(-z) / static_cast<double>(expected), 1, 1e-12) << z;
  }
  EXPECT_NEAR(log_normal_probability(0), std::log(0.5), 1e-15);
  EXPECT_NEAR(log_normal_probability(9), -0.5 * std::erfc(9 / std::numbers::sqrt2), 1e-25) << "not 0";
}

TEST(Log1mExp, KeepsItsDigitsAtBothEnds) {
  EXPECT_NEAR(log1m_exp(-1e-20), std::log(1e-20), 1e-13);
  EXPECT_NEAR(log1m_exp(-50) / -std::exp(-50), 1, 1e-12);
  EXPECT_EQ(log1m_exp(0), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(log1m_exp(-std::numeric_limits<double>::infinity()), 0);
}

}  // namespace
}  // namespace jensen
