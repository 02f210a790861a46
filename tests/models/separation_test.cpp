// How well components are told apart, against quadrature and the two extremes.
#include <jensen/emissions/continuous.h>
#include <jensen/emissions/product.h>
#include <jensen/models/separation.h>

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace jensen {
namespace {

AnyMixture normals(double distance, double weight = 0.5) {
  return {{weight, 1 - weight}, Independent<Normal>({Normal(0, 1), Normal(distance, 1)})};
}

TEST(Separation, TwoNormalsAgreeWithQuadrature) {
  const double weight = 0.3;
  const double distance = 2;
  double certain = 0;  // E[H(z | x)]
  double both = 0;     // E[p(0 | x) p(1 | x)]
  const double step = 1e-3;
  for (double x = -9; x < 11; x += step) {
    const auto density = [&](double mean) {
      return std::exp(-0.5 * (x - mean) * (x - mean)) / std::sqrt(2 * std::numbers::pi);
    };
    const double a = weight * density(0);
    const double b = (1 - weight) * density(distance);
    const double p = a / (a + b);
    certain -= step * (a * std::log(p) + b * std::log1p(-p));
    both += step * p * b;
  }
  const double prior = -weight * std::log(weight) - (1 - weight) * std::log1p(-weight);
  const Separation found = separation(normals(distance, weight), 40000, 3);
  EXPECT_NEAR(found.certainty, 1 - certain / prior, 0.02);
  EXPECT_NEAR(found(0, 1), both / weight, 0.02);
  EXPECT_NEAR(found(1, 0), both / (1 - weight), 0.02);
  for (int k = 0; k < 2; ++k) EXPECT_NEAR(found(k, 0) + found(k, 1), 1, 1e-12);
  EXPECT_TRUE(found.certainty_by_part.empty());
}

TEST(Separation, IsAllOrNothingAtTheExtremes) {
  const Separation far = separation(normals(50));
  EXPECT_NEAR(far.certainty, 1, 1e-12);
  EXPECT_NEAR(far(0, 0), 1, 1e-12);
  const Separation same = separation(normals(0, 0.25));
  EXPECT_NEAR(same.certainty, 0, 1e-12);
  EXPECT_NEAR(same(0, 0), 0.25, 1e-12);
  EXPECT_NEAR(same(1, 0), 0.25, 1e-12);
}

TEST(Separation, PartsSayWhichColumnTellsComponentsApart) {
  const Product columns({{Independent<Normal>({Normal(0, 1), Normal(0, 1)}), {0}, "noise"},
                         {Independent<Normal>({Normal(0, 1), Normal(30, 1)}), {1}, "signal"}});
  const Separation found = separation(AnyMixture(AnyEmissions(columns)));
  ASSERT_EQ(found.certainty_by_part.size(), 2U);
  EXPECT_NEAR(found.certainty_by_part[0], 0, 1e-12);
  EXPECT_NEAR(found.certainty_by_part[1], 1, 1e-9);
  EXPECT_NEAR(found.certainty, 1, 1e-9);
}

}  // namespace
}  // namespace jensen
