#include <jensen/emissions/component_order.h>
#include <jensen/emissions/continuous.h>
#include <jensen/emissions/factor_analyzers.h>
#include <jensen/emissions/gaussian.h>
#include <jensen/emissions/nested.h>
#include <jensen/emissions/student_t.h>
#include <jensen/emissions/von_mises_fisher.h>

#include <gtest/gtest.h>

#include <cmath>

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

// Densities of state k after the change are those of state order[k] before it.
void expect_reordered(const AnyEmissions& before, const std::vector<double>& rows) {
  const std::vector<int> order{2, 0, 1};
  AnyEmissions after = before;
  ASSERT_TRUE(reorder(after, order)) << before.name();
  const auto n = static_cast<std::int64_t>(rows.size()) / before.columns();
  Block block;
  block.x = {rows.data(), n, before.columns(), n};
  const auto densities = [&](const AnyEmissions& emissions) {
    std::vector<double> values(static_cast<std::size_t>(3 * n), 0.0);
    AnyEmissions::Scratch scratch;
    emissions.add_log_density(block, {values.data(), n, 3, n}, scratch);
    return values;
  };
  const auto old = densities(before);
  const auto now = densities(after);
  for (std::size_t k = 0; k < 3; ++k) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
      EXPECT_NEAR(now[k * static_cast<std::size_t>(n) + i],
                  old[static_cast<std::size_t>(order[k]) * static_cast<std::size_t>(n) + i], 1e-12)
          << before.name() << " " << k;
    }
  }
  for (int k = 0; k < 3; ++k) {
    EXPECT_NEAR(moments_of(after, k).mean, moments_of(before, order[static_cast<std::size_t>(k)]).mean, 1e-12);
  }
  EXPECT_NE(old, now) << before.name();
}

TEST(ComponentOrder, EveryJointKindMovesWithWhatIsItsOwn) {
  const std::vector<double> rows{0.3, -1, 2, 5, 1, 0.5, 3, -2, 0, 4, 1, 2};
  for (const auto degrees : {DegreesOfFreedom::own, DegreesOfFreedom::tied, DegreesOfFreedom::fixed}) {
    for (const Covariance structure : {Covariance::full, Covariance::tied}) {
      StudentT t(3, 3, structure, degrees, 5);
      auto v = t.parameters();
      for (std::size_t i = 0; i < 9; ++i) v[i] = static_cast<double>(i * i) / 10;
      for (std::size_t k = 0; k < (structure == Covariance::full ? 3 : 1); ++k)
        v[9 + 6 * k] = 1 + 0.5 * static_cast<double>(k);
      if (degrees == DegreesOfFreedom::own) v[v.size() - 1] = 9;
      t.set_parameters(v);
      expect_reordered(t, rows);
    }
  }
  for (const char* shared : {"UUU", "CUU", "UCU", "UUC", "CCC"}) {
    FactorAnalyzers analyzers(3, 3, 1, factor_structure_named(shared));
    auto v = analyzers.parameters();
    for (std::size_t i = 0; i < v.size(); ++i) v[i] = 0.3 + 0.1 * static_cast<double>(i);
    analyzers.set_parameters(v);
    expect_reordered(analyzers, rows);
  }
  VonMisesFisher directions(3, 3);
  directions.set({1, 0, 0, 0, 1, 0, 0, 0.6, 0.8}, {1, 5, 20});
  expect_reordered(directions, {1, 0, 0.6, 0, 0, 0.8, 0, 1, 0});
  NestedMixture nested(
      Independent<Normal>({Normal(0, 1), Normal(3, 1), Normal(1, 2), Normal(8, 1), Normal(-2, 1), Normal(9, 4)}), 3);
  nested.set_weights({0.5, 0.5, 0.1, 0.9, 0.8, 0.2});
  expect_reordered(nested, rows);
}

TEST(ComponentOrder, MomentsAreThoseOfTheDistribution) {
  StudentT t(1, 2, Covariance::full, DegreesOfFreedom::fixed, 6);
  t.set({1, 2}, {4, 0.5, 1}, {6});
  EXPECT_EQ(moments_of(AnyEmissions(t), 0, 1).mean, 2);
  EXPECT_NEAR(moments_of(AnyEmissions(t), 0, 0).deviation, std::sqrt(4 * 6.0 / 4), 1e-14);
  StudentT heavy(1, 1, Covariance::full, DegreesOfFreedom::fixed, 2);
  EXPECT_TRUE(std::isnan(moments_of(AnyEmissions(heavy), 0).deviation));
  NestedMixture nested(Independent<Normal>({Normal(0, 1), Normal(4, 9)}), 1);
  nested.set_weights({0.75, 0.25});
  const Moments found = moments_of(AnyEmissions(nested), 0);
  EXPECT_NEAR(found.mean, 1, 1e-14);
  EXPECT_NEAR(found.deviation, std::sqrt(0.75 * 1 + 0.25 * 9 + 0.75 * 0.25 * 16), 1e-14);
}

}  // namespace
}  // namespace jensen
