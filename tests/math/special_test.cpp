#include <gtest/gtest.h>
#include <jensen/math/special.h>

#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/polygamma.hpp>
#include <boost/math/special_functions/trigamma.hpp>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

namespace jensen {
namespace {

void expect_close(double mine, double theirs, double x, const char* what) {
  EXPECT_NEAR(mine, theirs, 4e-14 * std::max(1.0, std::abs(theirs))) << what << " of " << x;
}

TEST(Special, AgreesWithBoost) {
  for (double x : {1e-8, 0.003, 0.2, 0.5, 1.0, 1.4616321449683623, 2.0, 3.7, 9.999, 10.0, 25.0, 1e3, 1e8}) {
    expect_close(digamma(x), boost::math::digamma(x), x, "digamma");
    expect_close(trigamma(x), boost::math::trigamma(x), x, "trigamma");
    expect_close(tetragamma(x), boost::math::polygamma(2, x), x, "tetragamma");
    expect_close(pentagamma(x), boost::math::polygamma(3, x), x, "pentagamma");
  }
}

TEST(Special, LogSumExp) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_NEAR(log_sum_exp(std::vector{1.0, 2.0, -3.0}), std::log(std::exp(1) + std::exp(2) + std::exp(-3)), 1e-15);
  EXPECT_NEAR(log_sum_exp(std::vector{1000.0, 1000.0}), 1000 + std::log(2), 1e-12) << "no overflow";
  EXPECT_NEAR(log_sum_exp(std::vector{-1000.0, -infinity}), -1000, 1e-12) << "no underflow";
  EXPECT_EQ(log_sum_exp(std::vector{-infinity, -infinity}), -infinity);
  EXPECT_EQ(log_sum_exp({}), -infinity);
  EXPECT_EQ(log_sum_exp(std::vector{0.0, infinity}), infinity);
  EXPECT_TRUE(std::isnan(log_sum_exp(std::vector{0.0, std::nan(""), 1.0})));
}

// ψ(1) = −γ, ψ'(1) = π²/6, ψ'''(1) = π⁴/15 (Abramowitz and Stegun 6.3.2, 6.4.2)
TEST(Special, ClosedFormsAtOne) {
  const double pi = std::numbers::pi;
  EXPECT_NEAR(digamma(1), -std::numbers::egamma, 1e-15);
  EXPECT_NEAR(trigamma(1), pi * pi / 6, 1e-15);
  EXPECT_NEAR(pentagamma(1), std::pow(pi, 4) / 15, 1e-14);
}

TEST(Special, EdgesOfTheDomain) {
  EXPECT_EQ(digamma(0), -INFINITY);
  EXPECT_EQ(digamma(INFINITY), INFINITY);
  EXPECT_EQ(trigamma(0), INFINITY);
  EXPECT_EQ(tetragamma(0), -INFINITY);
  EXPECT_EQ(log_gamma(0), INFINITY);
  EXPECT_EQ(trigamma(INFINITY), 0);
  for (double (*f)(double) : {log_gamma, digamma, trigamma, tetragamma, pentagamma}) {
    EXPECT_TRUE(std::isnan(f(-0.5)));
    EXPECT_TRUE(std::isnan(f(NAN)));
  }
}

}  // namespace
}  // namespace jensen
