// The constants of von Mises–Fisher distributions against closed forms and the power series.
#include <gtest/gtest.h>
#include <jensen/math/sphere.h>

#include <cmath>
#include <numbers>

namespace jensen {
namespace {

// log (I_ν(κ) / κ^ν) = log Σ_m (κ²/4)^m / (2^ν m! Γ(ν + m + 1)): all terms positive, summed about the largest.
long double log_scaled_series(long double order, long double kappa) {
  const long double x = 0.25L * kappa * kappa;
  long double log_term = -order * std::log(2.0L) - std::lgamma(order + 1);
  long double log_sum = log_term;
  for (int m = 1; m < 20000; ++m) {
    log_term += std::log(x) - std::log(static_cast<long double>(m) * (order + m));
    const long double difference = log_term - log_sum;
    log_sum =
        difference > 0 ? log_term + std::log1p(std::exp(-difference)) : log_sum + std::log1p(std::exp(difference));
    if (difference < -50 && m > kappa) break;
  }
  return log_sum;
}

TEST(Sphere, ThreeDimensionsAreInClosedForm) {
  for (const double kappa : {1e-3, 0.1, 1.0, 7.0, 100.0, 600.0}) {
    const auto constants = von_mises_fisher_constants(3, kappa);
    const double log_sinh = kappa + std::log1p(-std::exp(-2 * kappa)) - std::numbers::ln2;
    EXPECT_NEAR(constants.log_normalizer, std::log(kappa / (4 * std::numbers::pi)) - log_sinh, 1e-12 * (1 + kappa));
    if (kappa < 0.1) continue;  // coth κ − 1/κ loses its digits
    EXPECT_NEAR(constants.mean_length, 1 / std::tanh(kappa) - 1 / kappa, 1e-13);
    const double sinh = std::sinh(kappa);
    EXPECT_NEAR(constants.slope, 1 / (kappa * kappa) - 1 / (sinh * sinh), 1e-12 * (1 + 1 / (kappa * kappa)));
  }
}

TEST(Sphere, AgreesWithThePowerSeries) {
  for (const int d : {2, 5, 20, 200, 768, 3000}) {
    for (const double kappa : {0.01, 1.0, 30.0, 500.0, 2000.0}) {
      const auto constants = von_mises_fisher_constants(d, kappa);
      const long double order = 0.5L * d - 1;
      const long double here = log_scaled_series(order, kappa);
      const long double next = log_scaled_series(order + 1, kappa);
      const double expected = static_cast<double>(-0.5L * d * std::log(2 * std::numbers::pi_v<long double>) - here);
      EXPECT_NEAR(constants.log_normalizer, expected, 2e-12 * (1 + std::abs(expected))) << d << " " << kappa;
      EXPECT_NEAR(constants.mean_length / static_cast<double>(kappa * std::exp(next - here)), 1, 1e-11)
          << d << " " << kappa;
    }
  }
}

TEST(Sphere, AtZeroTheSphereHasItsArea) {
  for (const int d : {2, 3, 10, 768}) {
    const double area = std::numbers::ln2 + 0.5 * d * std::log(std::numbers::pi) - std::lgamma(0.5 * d);
    const auto constants = von_mises_fisher_constants(d, 0);
    EXPECT_NEAR(constants.log_normalizer, -area, 1e-12 * (1 + std::abs(area)));
    EXPECT_EQ(constants.mean_length, 0);
    EXPECT_NEAR(constants.slope, 1.0 / d, 1e-15);
  }
}

TEST(Sphere, ConcentrationInvertsTheMeanLength) {
  for (const int d : {2, 3, 50, 768, 5000}) {
    for (const double kappa : {1e-6, 0.3, 10.0, 1e3, 1e6}) {
      const double length = von_mises_fisher_constants(d, kappa).mean_length;
      EXPECT_NEAR(concentration_of(d, length) / kappa, 1, 1e-14 * kappa / d + 1e-11) << d << " " << kappa;
    }
    EXPECT_EQ(concentration_of(d, 0), 0);
    EXPECT_TRUE(std::isfinite(concentration_of(d, 1)));
  }
}

TEST(Sphere, SlopeIsTheDerivative) {
  for (const int d : {2, 30, 768}) {
    for (const double kappa : {0.5, 20.0, 800.0}) {
      const double h = 1e-4 * kappa;
      const double difference = (von_mises_fisher_constants(d, kappa + h).mean_length -
                                 von_mises_fisher_constants(d, kappa - h).mean_length) /
                                (2 * h);
      EXPECT_NEAR(von_mises_fisher_constants(d, kappa).slope / difference, 1, 1e-6);
      const double fall = (von_mises_fisher_constants(d, kappa - h).log_normalizer -
                           von_mises_fisher_constants(d, kappa + h).log_normalizer) /
                          (2 * h);
      const auto here = von_mises_fisher_constants(d, kappa);
      EXPECT_NEAR(here.mean_length / fall, 1, 1e-7 + 1e-15 * std::abs(here.log_normalizer) / (h * here.mean_length));
    }
  }
}

}  // namespace
}  // namespace jensen
