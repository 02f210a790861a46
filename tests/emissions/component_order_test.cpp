#include <jensen/emissions/component_order.h>
#include <jensen/emissions/gaussian.h>

#include <gtest/gtest.h>

namespace jensen {
namespace {

TEST(ComponentOrder, GaussiansMoveWithTheirOwnCovariancesAndKeepSharedOnes) {
  for (const char* structure : {"full", "tied", "diagonal", "spherical", "EII", "EEI", "EEE", "VEI", "VVE"}) {
    const int columns = 2;
    Gaussian gaussian(2, columns, covariance_named(structure));
    std::vector<double> covariances(gaussian.covariances().begin(), gaussian.covariances().end());
    // Two sizes where each component has its own.
    const bool shared = is_shared(gaussian.covariance_structure());
    for (std::size_t e = 0; e < covariances.size(); ++e) {
      covariances[e] *= !shared && e >= covariances.size() / 2 ? 4 : 2;
    }
    gaussian.set({0, 1, 10, 11}, covariances);
    AnyEmissions emissions(gaussian);
    ASSERT_TRUE(reorder(emissions, std::vector<int>{1, 0})) << structure;
    const auto* moved = emissions.as<Gaussian>();
    ASSERT_NE(moved, nullptr);
    for (int k = 0; k < 2; ++k) {
      EXPECT_EQ(moved->mean(k)[0], gaussian.mean(1 - k)[0]) << structure;
      EXPECT_EQ(moved->covariance(k), gaussian.covariance(1 - k)) << structure;
    }
  }
}

TEST(ComponentOrder, StatesArePlacedByWhatTheyExpect) {
  Gaussian gaussian(2, 1, Covariance::diagonal);
  gaussian.set({5, -1}, {1, 1});
  const auto values = expected_values(AnyEmissions(gaussian));
  ASSERT_EQ(values.size(), 2U);
  EXPECT_EQ(values[0][0], 5);
  EXPECT_EQ(values[1][0], -1);
}

}  // namespace
}  // namespace jensen
