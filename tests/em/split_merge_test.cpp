#include <gtest/gtest.h>
#include <jensen/em/bound.h>
#include <jensen/em/split_merge.h>
#include <jensen/fit_gaussian_mixture.h>

#include <algorithm>

#include "../examples/poisson_mixture.h"
#include "support/data.h"
#include "support/models.h"
#include "support/refusal.h"

namespace jensen {
namespace {

// Three clusters on a line; a start with two components in the first and one over the other two is a local optimum.
struct Trap {
  Table data = [] {
    std::vector<double> values;
    for (std::int64_t i = 0; i < 300; ++i) {
      Stream stream(4, Purpose::test, 0, 0, static_cast<std::uint64_t>(i));
      values.push_back((i % 3 == 0 ? 0 : (i % 3 == 1 ? 20 : 26)) + stream.normal());
    }
    return Table(std::move(values), 300, 1);
  }();
  GaussianMixture start = [] {
    Gaussian gaussian(3, 1, Covariance::spherical);
    gaussian.set({-0.5, 0.5, 23}, {0.8, 0.8, 10});
    return GaussianMixture({1.0 / 6, 1.0 / 6, 2.0 / 3}, gaussian);
  }();
};

TEST(SplitMerge, LeavesATrapThatEmStaysIn) {
  const Trap trap;
  const auto caught = fit_gaussian_mixture(trap.start, trap.data, Prior::data_scaled, {.tolerance = 1e-9});
  ASSERT_TRUE(caught.report.converged());
  EXPECT_NEAR(caught.model.emissions().mean(2)[0], 23, 0.5) << "one component over two clusters";
  const auto freed = split_and_merge(Erased(caught.model), trap.data, {.tolerance = 1e-9});
  EXPECT_GE(freed.accepted, 1);
  EXPECT_GE(freed.attempts, freed.accepted);
  EXPECT_TRUE(freed.report.converged());
  EXPECT_GT(freed.report.log_likelihood, caught.report.log_likelihood + 50);
  std::vector<double> means;
  const auto& model = static_cast<const Erased<GaussianMixture>&>(*freed.model).get();
  for (int k = 0; k < 3; ++k) means.push_back(model.emissions().mean(k)[0]);
  std::sort(means.begin(), means.end());
  EXPECT_NEAR(means[0], 0, 0.4);
  EXPECT_NEAR(means[1], 20, 0.4);
  EXPECT_NEAR(means[2], 26, 0.4);
  EXPECT_NEAR(freed.report.log_likelihood, lower_bound(model, Posterior{}, trap.data).log_likelihood, 1e-8);
}

TEST(SplitMerge, IsTheSameForAnyNumberOfThreads) {
  const Trap trap;
  Options options;
  options.threads = 1;
  const auto one = split_and_merge(Erased(trap.start), trap.data, options);
  options.threads = 3;
  EXPECT_EQ(split_and_merge(Erased(trap.start), trap.data, options).model->parameters(), one.model->parameters());
}

TEST(SplitMerge, LeavesTheBestAlone) {
  const Trap trap;
  const auto best = fit_gaussian_mixture(trap.data, {3, Covariance::spherical, Prior::data_scaled});
  const auto again = split_and_merge(Erased(best.model), trap.data, {});
  EXPECT_EQ(again.accepted, 0);
  EXPECT_GT(again.attempts, 0);
  EXPECT_NEAR(again.report.log_likelihood, best.report.log_likelihood, 1e-5);
}

TEST(SplitMerge, TwoStatesHaveNothingToTry) {
  const Trap trap;
  const auto two = fit_gaussian_mixture(trap.data, {2, Covariance::spherical, Prior::data_scaled});
  EXPECT_EQ(split_and_merge(Erased(two.model), trap.data, {}).attempts, 0);
}

TEST(SplitMerge, RefusesByName) {
  const Table data({1, 2, 3}, 3, 1);
  EXPECT_EQ(support::refusal([&] { split_and_merge(Erased(support::UnitNormal{}), data, {}); }),
            "this model cannot give responsibilities by row (it has no discrete states), which split-and-merge needs");
  EXPECT_EQ(support::refusal([&] {
              split_and_merge(Erased(PoissonMixture({0.3, 0.3, 0.4}, {1, 2, 3})), data, {});
            }),
            "Poisson mixture cannot give the log-density of a row, which split-and-merge needs");
}

}  // namespace
}  // namespace jensen
