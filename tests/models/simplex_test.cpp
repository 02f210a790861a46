#include <gtest/gtest.h>
#include <jensen/error.h>
#include <jensen/models/simplex.h>

#include <cmath>
#include <limits>
#include <numeric>

namespace jensen {
namespace {

using Vector = std::vector<double>;

TEST(Simplex, LogitsAreLogRatiosToTheLast) {
  const Vector logits = simplex_to_logits(Vector{0.2, 0.5, 0.3});
  ASSERT_EQ(logits.size(), 2U);
  EXPECT_DOUBLE_EQ(logits[0], std::log(0.2 / 0.3));
  EXPECT_DOUBLE_EQ(logits[1], std::log(0.5 / 0.3));
  EXPECT_TRUE(simplex_to_logits(Vector{1}).empty());
}

TEST(Simplex, ZerosAreStructural) {
  const Vector simplex{0, 0.25, 0, 0.75, 0};
  const Vector logits = simplex_to_logits(simplex);
  ASSERT_EQ(logits.size(), 1U);
  const Vector back = logits_to_simplex(Vector{1.5}, simplex);
  EXPECT_EQ(back[0] + back[2] + back[4], 0);
  EXPECT_NEAR(back[1] / back[3], std::exp(1.5), 1e-14);
}

TEST(Simplex, ThereAndBack) {
  for (const Vector& simplex :
       {Vector{1}, Vector{0.5, 0.5}, Vector{1e-200, 1 - 1e-10, 1e-10}, Vector{0.1, 0, 0.2, 0.7}}) {
    const Vector back = logits_to_simplex(simplex_to_logits(simplex), simplex);
    for (std::size_t k = 0; k < simplex.size(); ++k) EXPECT_NEAR(back[k], simplex[k], 1e-13 * simplex[k]);
    EXPECT_NEAR(std::accumulate(back.begin(), back.end(), 0.0), 1, 1e-15);
  }
}

TEST(Simplex, LargeLogitsDoNotOverflow) {
  const Vector far = logits_to_simplex(Vector{1e4, -1e4}, Vector{0.3, 0.3, 0.4});
  EXPECT_EQ(far, (Vector{1, 0, 0}));
}

TEST(Simplex, WrongSizesAreRefused) {
  EXPECT_THROW(logits_to_simplex(Vector{1, 2, 3}, Vector{0.5, 0.5}), ArgumentError);
  EXPECT_THROW(logits_to_simplex(Vector{1}, Vector{1, 0, 0}), ArgumentError);
}

TEST(Simplex, CheckedSimplexScalesOrRefuses) {
  EXPECT_EQ(checked_simplex({0.25, 0.75}, 2, "f"), (Vector{0.25, 0.75}));
  const Vector scaled = checked_simplex({0.25, 0.75 + 5e-10}, 2, "f");
  EXPECT_DOUBLE_EQ(scaled[0] + scaled[1], 1);
  EXPECT_LT(scaled[0], 0.25);
  const auto refusal = [](Vector v, int size) {
    try {
      checked_simplex(std::move(v), size, "f");
    } catch (const ArgumentError& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_EQ(refusal({0.5, 0.5}, 3), "f: weights: must be 3 numbers, got 2");
  EXPECT_EQ(refusal({-0.5, 1.5}, 2), "f: weights: holds -0.5");
  EXPECT_EQ(refusal({std::nan(""), 1}, 2), "f: weights: holds nan");
  EXPECT_EQ(refusal({0.5, 0.6}, 2), "f: weights: sum to 1.1, not to 1");
}

TEST(Simplex, AnExactCopyKeepsItsBits) {
  Vector thirds(3, 1.0 / 3);
  EXPECT_EQ(checked_simplex(thirds, 3, "f"), thirds);
  Vector tenths(10, 0.1);  // sums to 1 − 1e-16
  EXPECT_EQ(checked_simplex(tenths, 10, "f"), tenths);
}

}  // namespace
}  // namespace jensen
