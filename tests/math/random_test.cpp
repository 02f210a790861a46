#include <gtest/gtest.h>
#include <jensen/math/random.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

namespace jensen {
namespace {

// Bits from a second implementation of Philox4x64-10, written from Salmon et al. (2011): counter {block, row,
// iteration, purpose}, key {seed, restart}. A seed gives the same numbers in every version: these may never change.
TEST(Stream, GoldenDraws) {
  Stream stream(2026, Purpose::test, 3, 5, 7);
  std::vector<std::uint64_t> drawn;
  for (int i = 0; i < 6; ++i) drawn.push_back(stream.bits());
  EXPECT_EQ(drawn, (std::vector<std::uint64_t>{0x533a3feabf7b7064ULL, 0x8a4393f88310640aULL, 0x13259fe97cab0c33ULL,
                                               0xfa40bebe49c81d4dULL, 0xa6f5533f7f873689ULL, 0x693e1836a01b5ed4ULL}));
  Stream other(1, Purpose::sample);
  EXPECT_EQ(other.uniform(), 0.60797623611095641);
  EXPECT_NEAR(other.normal(), -1.1007941265556773, 1e-15);
  EXPECT_NEAR(other.normal(), -1.0946229096878941, 1e-15);
  EXPECT_NEAR(other.exponential(), 0.40663552246145362, 1e-15);
}

TEST(Stream, EveryPartOfTheKeyMatters) {
  std::set<std::uint64_t> first;
  const auto add = [&](Stream stream) { first.insert(stream.bits()); };
  add({1, Purpose::test, 1, 1, 1});
  add({2, Purpose::test, 1, 1, 1});
  add({1, Purpose::draws, 1, 1, 1});
  add({1, Purpose::test, 2, 1, 1});
  add({1, Purpose::test, 1, 2, 1});
  add({1, Purpose::test, 1, 1, 2});
  EXPECT_EQ(first.size(), 6U);
}

TEST(Stream, RowsDoNotDisturbOneAnother) {
  Stream alone(9, Purpose::test, 0, 0, 5);
  Stream neighbour(9, Purpose::test, 0, 0, 4);
  for (int i = 0; i < 1000; ++i) neighbour.normal();
  Stream later(9, Purpose::test, 0, 0, 5);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(alone.bits(), later.bits());
}

TEST(Stream, UniformIsUniform) {
  constexpr int n = 100000;
  std::vector<int> bins(20);
  double sum = 0;
  double product = 0;  // of neighbours
  double previous = 0.5;
  Stream stream(5, Purpose::test);
  for (int i = 0; i < n; ++i) {
    const double u = stream.uniform();
    ASSERT_GT(u, 0);
    ASSERT_LT(u, 1);
    ++bins[static_cast<std::size_t>(u * 20)];
    sum += u;
    product += (u - 0.5) * (previous - 0.5);
    previous = u;
  }
  double chi_square = 0;
  for (int count : bins) chi_square += (count - n / 20.0) * (count - n / 20.0) / (n / 20.0);
  EXPECT_LT(chi_square, 19 + 6 * std::sqrt(2 * 19.0));
  EXPECT_NEAR(sum / n, 0.5, 5 * std::sqrt(1 / 12.0 / n));
  EXPECT_NEAR(product / n, 0, 5 / 12.0 / std::sqrt(n));
}

TEST(Stream, NormalAndExponentialHaveTheirMoments) {
  constexpr int n = 100000;
  double first = 0, second = 0, fourth = 0, exponential = 0, exponential_squares = 0, pairs = 0;
  Stream stream(6, Purpose::test);
  for (int i = 0; i < n; ++i) {
    const double z = stream.normal();
    const double other = stream.normal();
    const double e = stream.exponential();
    ASSERT_GT(e, 0);
    first += z / n;
    second += z * z / n;
    fourth += z * z * z * z / n;
    pairs += z * other / n;
    exponential += e / n;
    exponential_squares += e * e / n;
  }
  EXPECT_NEAR(first, 0, 5 / std::sqrt(n));
  EXPECT_NEAR(second, 1, 5 * std::sqrt(2.0 / n));
  EXPECT_NEAR(fourth, 3, 5 * std::sqrt(96.0 / n));
  EXPECT_NEAR(pairs, 0, 5 / std::sqrt(n));
  EXPECT_NEAR(exponential, 1, 5 / std::sqrt(n));
  EXPECT_NEAR(exponential_squares, 2, 5 * std::sqrt(20.0 / n));
}

TEST(Stream, ChoiceFollowsTheWeights) {
  constexpr int n = 60000;
  const std::vector<double> weights{0, 3, 0, 1, 2, 0};
  std::vector<int> counts(6);
  Stream stream(7, Purpose::test);
  for (int i = 0; i < n; ++i) ++counts[static_cast<std::size_t>(stream.choice(weights))];
  for (std::size_t k = 0; k < 6; ++k) {
    const double p = weights[k] / 6;
    EXPECT_NEAR(counts[k], n * p, 5 * std::sqrt(n * p * (1 - p))) << k;
  }
  EXPECT_EQ(counts[0] + counts[2] + counts[5], 0);
}

}  // namespace
}  // namespace jensen
