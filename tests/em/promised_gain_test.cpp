#include <gtest/gtest.h>
#include <jensen/em/e_step.h>
#include <jensen/em/promised_gain.h>
#include <jensen/fit_gaussian_mixture.h>

#include <cmath>

#include "support/data.h"
#include "support/models.h"

namespace jensen {
namespace {

// Q(u) = −½ N (u − a)² along each coordinate: a hill whose rise is known.
struct Hill {
  std::vector<double> u;
  std::vector<double> top;
  double steepness = 1;
  Statistics no_statistics() const { return {{0}, {}}; }
  double expect(const Block&, Statistics&) const { return 0; }
  void maximize(const Statistics&) {}
  double expected_log_joint(const Statistics&) const {
    double total = 0;
    for (std::size_t j = 0; j < u.size(); ++j) total -= 0.5 * steepness * (u[j] - top[j]) * (u[j] - top[j]);
    return total;
  }
  std::vector<double> unconstrained() const { return u; }
  void set_unconstrained(std::span<const double> v) { u.assign(v.begin(), v.end()); }
};

double gain_of(const Hill& hill, double weight = 100) { return promised_gain(Erased(hill), {{0}, {}}, weight); }

TEST(PromisedGain, OfASmallDistanceIsExact) {
  // ½ · 100 · 0.001² = 5e-5 for the second coordinate, less for the others
  EXPECT_NEAR(gain_of({{1, 2, 3}, {1, 2.001, 3.0002}, 100}), 5e-5, 1e-8);
}

TEST(PromisedGain, IsNothingAtTheTop) { EXPECT_LT(gain_of({{1, 0, -3e6}, {1, 0, -3e6}, 100}), 1e-9); }

TEST(PromisedGain, FarAwayIsFarAboveAnyTolerance) {
  for (const double distance : {0.1, 10.0, 1e4}) {
    EXPECT_GT(gain_of({{0}, {distance}, 1}), 0.25 * distance * distance) << "half of what there is, at least";
  }
}

TEST(PromisedGain, FindsTheRiseWhateverTheUnits) {
  for (const double unit : {1e-8, 1.0, 1e8}) {
    EXPECT_NEAR(gain_of({{5 * unit}, {5.001 * unit}, 100 / (unit * unit)}), 5e-5, 1e-8) << unit;
  }
}

TEST(PromisedGain, IsUnknownWithoutQ) {
  EXPECT_TRUE(std::isnan(promised_gain(Erased(support::Geometric{}), {{0}, {}}, 1)));
}

TEST(PromisedGain, OfAModelWithoutParametersIsNothing) { EXPECT_EQ(gain_of({{}, {}, 1}), 0); }

TEST(PromisedGain, SeesThatAMixtureHasNotConverged) {
  const Table data = support::clustered(300, 2, 2);
  Workers workers(1);
  EStep e_step(data, workers);
  Options few;
  few.start = Start::k_means_plus_plus;
  few.max_iterations = 1;
  const auto early = fit_gaussian_mixture(data, {2, Covariance::full, Prior::data_scaled}, few);
  EXPECT_GT(promised_gain(Erased(early.model), e_step(Erased(early.model)).statistics, 300) / 300, 1e-6);
  few.max_iterations = 5000;
  few.tolerance = 1e-12;
  const auto late = fit_gaussian_mixture(data, {2, Covariance::full, Prior::data_scaled}, few);
  EXPECT_LT(promised_gain(Erased(late.model), e_step(Erased(late.model)).statistics, 300) / 300, 1e-10);
}

}  // namespace
}  // namespace jensen
