#include <jensen/emissions/counts.h>
#include <jensen/emissions/mixed_angle.h>
#include <jensen/emissions/product.h>
#include <jensen/error.h>

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numbers>

namespace jensen {
namespace {

constexpr double pi = std::numbers::pi;

MixedAngle two_directions() { return {{0.3, 0.7}, {VonMises(3, 2), VonMises(-2.5, 40)}}; }

double density(double x) {
  return 0.3 * std::exp(VonMises(3, 2).log_density(x)) + 0.7 * std::exp(VonMises(-2.5, 40).log_density(x));
}

// Means of the trapezoidal rule over the circle, which converges faster than any power.
double over_circle(const std::function<double(double)>& f) {
  constexpr int points = 4000;
  double total = 0;
  for (int i = 0; i < points; ++i) total += f(2 * pi * i / points) * 2 * pi / points;
  return total;
}

TEST(MixedAngle, DirectionIsThatOfTheMeanPointOnTheCircle) {
  const MixedAngle angles = two_directions();
  const double c = over_circle([](double x) { return density(x) * std::cos(x); });
  const double s = over_circle([](double x) { return density(x) * std::sin(x); });
  EXPECT_NEAR(angles.mean_direction(), std::atan2(s, c), 1e-12);
  EXPECT_NEAR(angles.resultant_length(), std::hypot(s, c), 1e-12);
  EXPECT_TRUE(std::isnan(MixedAngle({0.5, 0.5}, {VonMises(0, 3), VonMises(pi, 3)}).mean_direction()));
}

TEST(MixedAngle, ArcsHoldTheirProbability) {
  const MixedAngle angles = two_directions();
  for (const double center : {-2.5, 3.0, 0.4, -3.1}) {
    for (const double half : {0.05, 0.7, 2.0, 3.0}) {
      constexpr int panels = 20000;
      double total = 0;
      for (int i = 0; i < panels; ++i) total += density(center - half + 2 * half * (i + 0.5) / panels);
      EXPECT_NEAR(angles.within(center, half), total * 2 * half / panels, 1e-7) << center << " " << half;
    }
    EXPECT_NEAR(angles.within(center, pi), 1, 1e-12) << center;
    EXPECT_EQ(angles.within(center, 0), 0);
    EXPECT_NEAR(angles.within(center, angles.half_width(center, 0.9)), 0.9, 1e-12);
  }
  const auto arc = angles.arc(0.8);
  EXPECT_EQ(arc.direction, angles.mean_direction());
  EXPECT_NEAR(std::remainder(arc.upper - arc.direction, 2 * pi), angles.half_width(arc.direction, 0.8), 1e-14);
  EXPECT_NEAR(std::remainder(arc.direction - arc.lower, 2 * pi), angles.half_width(arc.direction, 0.8), 1e-14);
  EXPECT_LE(std::abs(arc.upper), pi);
  EXPECT_TRUE(std::isnan(MixedAngle({0.5, 0.5}, {VonMises(0, 3), VonMises(pi, 3)}).arc(0.8).lower));
  // Turned by any angle it is the same.
  const MixedAngle turned({0.3, 0.7}, {VonMises(4, 2), VonMises(-1.5, 40)});
  EXPECT_NEAR(turned.within(-1.7, 0.6), angles.within(-2.7, 0.6), 1e-13);
  EXPECT_THROW(angles.half_width(0, 1), ArgumentError);
  EXPECT_THROW(MixedAngle({1}, {}), ArgumentError);
}

TEST(MixedAngle, OfNoAndOfNarrowConcentration) {
  const MixedAngle uniform({1}, {VonMises(1, 0)});
  EXPECT_NEAR(uniform.within(-2, 0.8), 0.8 / pi, 1e-14);
  // X − μ is about N(0, 1/κ).
  const MixedAngle narrow({1}, {VonMises(1, 1e6)});
  EXPECT_NEAR(narrow.within(1, 1.96e-3), std::erf(1.96 / std::sqrt(2)), 1e-6);
  EXPECT_NEAR(narrow.within(1, 3), 1, 1e-9);
}

TEST(MixedAngle, IsFoundInsideAProduct) {
  const AnyEmissions emissions =
      Product({{Independent<Poisson>(2), {0}, "n"},
               {Independent<VonMises>(std::vector<VonMises>{VonMises(3, 2), VonMises(-2.5, 40)}), {1}, "a"}});
  const std::vector<double> p{0.3, 0.7};
  EXPECT_FALSE(mixed_angle_of(emissions, p, 0));
  EXPECT_EQ(mixed_angle_of(emissions, p, 1)->mean_direction(), two_directions().mean_direction());
}

}  // namespace
}  // namespace jensen
