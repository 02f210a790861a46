#include <jensen/math/matrix_exponential.h>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/refusal.h"

namespace jensen {
namespace {

TEST(MatrixExponential, OfTwoStatesIsKnown) {
  const double a = 0.7;
  const double b = 0.2;
  for (const double t : {1e-12, 0.3, 5.0, 1e4}) {
    const std::vector<double> q{-a * t, a * t, b * t, -b * t};
    const auto p = exponential_of_essentially_nonnegative(q, 2);
    const double tolerance = 1e-15 * std::max(100.0, t);  // errors double with each of log2(t) squarings
    const double moved = -std::expm1(-(a + b) * t) / (a + b);
    EXPECT_NEAR(p[1], a * moved, tolerance * a * moved) << t;
    EXPECT_NEAR(p[2], b * moved, tolerance * b * moved) << t;
    EXPECT_NEAR(p[0], 1 - a * moved, tolerance) << t;
    EXPECT_NEAR(p[0] + p[1], 1, tolerance) << t;
  }
}

// Births at rate 1: the number of them is Poisson, to relative accuracy where it is all but impossible too.
TEST(MatrixExponential, SmallEntriesAreRightToRelativeAccuracy) {
  constexpr int size = 12;
  for (const double t : {1e-6, 0.4, 20.0}) {
    std::vector<double> q(size * size);
    for (int i = 0; i + 1 < size; ++i) {
      q[static_cast<std::size_t>(i * size + i)] = -t;
      q[static_cast<std::size_t>(i * size + i + 1)] = t;
    }
    const auto p = exponential_of_essentially_nonnegative(q, size);
    for (int n = 0; n + 1 < size; ++n) {
      const double exact = std::exp(n * std::log(t) - t - std::lgamma(n + 1.0));
      EXPECT_NEAR(p[static_cast<std::size_t>(n)], exact, 1e-12 * exact) << t << " " << n;
    }
    EXPECT_EQ(p[size], 0) << "nothing dies";
  }
}

TEST(MatrixExponential, RefusesByName) {
  const auto of = [](std::vector<double> a) {
    return support::refusal([&] { (void)exponential_of_essentially_nonnegative(a, 2); });
  };
  EXPECT_EQ(of({1, 2, 3}), "exponential_of_essentially_nonnegative: a: must hold 4 numbers");
  EXPECT_NE(of({1, -2, 3, 4}).find("a: holds -2.000000 in row 0, column 1"), std::string::npos);
  EXPECT_NE(of({std::numeric_limits<double>::infinity(), 2, 3, 4}).find("row 0, column 0"), std::string::npos);
}

}  // namespace
}  // namespace jensen
