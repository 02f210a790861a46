#include "math/stay_kernels.h"

#include <jensen/math/random.h>

#include <gtest/gtest.h>

#include <vector>

namespace jensen::kernels {
namespace {

std::vector<double> numbers(std::size_t count, std::uint64_t seed) {
  Stream stream(seed, Purpose::test);
  std::vector<double> v(count);
  for (double& value : v) value = stream.exponential();
  return v;
}

const std::vector<std::size_t> sizes{0, 1, 7, 8, 9, 31, 32, 33, 40, 71, 1000};

TEST(StayKernels, SumsAreThoseOfTheProducts) {
  for (const std::size_t count : sizes) {
    const auto weight = numbers(count, 1);
    const auto ended = numbers(count, 2);
    const auto unfinished = numbers(count, 3);
    long double of_ended = 0;
    long double of_unfinished = 0;
    for (std::size_t i = 0; i < count; ++i) {
      of_ended += static_cast<long double>(weight[i]) * ended[i];
      of_unfinished += static_cast<long double>(weight[i]) * unfinished[i];
    }
    const StaySums sums = stay_sums(count, weight.data(), ended.data(), unfinished.data());
    EXPECT_NEAR(sums.ended, static_cast<double>(of_ended), 1e-15 * static_cast<double>(of_ended)) << count;
    EXPECT_NEAR(sums.unfinished, static_cast<double>(of_unfinished), 1e-15 * static_cast<double>(of_unfinished))
        << count;
    EXPECT_EQ(stay_sum(count, weight.data(), ended.data()), sums.ended) << count;
  }
}

TEST(StayKernels, SharesAreAddedToBoth) {
  for (const std::size_t count : sizes) {
    const auto weight = numbers(count, 1);
    const auto factor = numbers(count, 2);
    auto by_duration = numbers(count, 3);
    auto by_end = numbers(count, 4);
    const auto before = by_duration;
    const auto before_end = by_end;
    const double sum = add_stays(count, 0.25, weight.data(), factor.data(), by_duration.data(), by_end.data());
    EXPECT_NEAR(sum, 0.25 * stay_sum(count, weight.data(), factor.data()), 1e-15 * sum) << count;
    for (std::size_t i = 0; i < count; ++i) {
      const double own = 0.25 * weight[i] * factor[i];
      EXPECT_NEAR(by_duration[i], before[i] + own, 1e-15 * by_duration[i]) << count << " " << i;
      EXPECT_NEAR(by_end[i], before_end[i] + own, 1e-15 * by_end[i]) << count << " " << i;
    }
  }
}

TEST(StayKernels, ScalingDropsWhatIsTooSmall) {
  for (const std::size_t count : sizes) {
    const auto before = numbers(count, 1);
    auto weight = before;
    scale_stays(count, 0.5, 0.25, weight.data());
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_EQ(weight[i], before[i] >= 0.5 ? 0.5 * before[i] : 0) << count << " " << i;
    }
  }
}

}  // namespace
}  // namespace jensen::kernels
