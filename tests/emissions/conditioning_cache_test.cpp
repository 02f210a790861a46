#include <gtest/gtest.h>

#include <jensen/emissions/conditioning_cache.h>

#include <cmath>

namespace jensen {
namespace {

const std::vector<double> sigma{4, 1, 3};  // packed, 2 × 2

// How often a covariance was asked for.
struct Counted {
  ConditioningCache cache;
  int asked = 0;

  const std::vector<Conditioning>& of(const std::vector<int>& observed, const std::vector<int>& missing, int count,
                                      const std::vector<double>& covariance) {
    return cache.of(observed, missing, count, [&](int) {
      ++asked;
      return std::span<const double>(covariance);
    });
  }
};

TEST(ConditioningCache, ComputesAPatternOnceForOneSetOfCovariances) {
  Counted counted;
  counted.cache.keep_for(sigma);
  const auto& first = counted.of({0}, {1}, 2, sigma);
  ASSERT_EQ(first.size(), 2U);
  EXPECT_NEAR(first[0].observed.log_determinant, std::log(4.0), 1e-15);
  EXPECT_EQ(&counted.of({0}, {1}, 2, sigma), &first);
  EXPECT_EQ(counted.asked, 2);
  counted.of({1}, {0}, 2, sigma);
  EXPECT_EQ(counted.asked, 4);

  counted.cache.keep_for(sigma);
  counted.of({0}, {1}, 2, sigma);
  EXPECT_EQ(counted.asked, 4);
  const std::vector<double> other{9, 1, 3};
  counted.cache.keep_for(other);
  EXPECT_NEAR(counted.of({0}, {1}, 2, other)[1].observed.log_determinant, std::log(9.0), 1e-15);
  EXPECT_EQ(counted.asked, 6);
}

// One pattern of many large covariances is more than is kept of all patterns together: it is computed once even so.
TEST(ConditioningCache, APatternBeyondTheLimitIsNotComputedForEveryComponent) {
  constexpr int columns = 60;
  constexpr int count = 150;
  std::vector<double> identity(packed_size(columns), 0.0);
  for (int j = 0; j < columns; ++j) identity[packed_index(j, j)] = 1;
  std::vector<int> observed;
  for (int j = 1; j < columns; ++j) observed.push_back(j);
  Counted counted;
  for (int k = 0; k < 3; ++k) counted.of(observed, {0}, count, identity);
  EXPECT_EQ(counted.asked, count);
  std::size_t numbers = 0;
  for (const auto& one : counted.of(observed, {0}, count, identity)) numbers += one.size();
  EXPECT_GT(numbers, std::size_t{1} << 18);
}

}  // namespace
}  // namespace jensen
