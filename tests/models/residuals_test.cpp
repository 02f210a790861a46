#include <jensen/emissions/continuous.h>
#include <jensen/emissions/counts.h>
#include <jensen/emissions/gaussian.h>
#include <jensen/emissions/nested.h>
#include <jensen/emissions/product.h>
#include <jensen/emissions/regression.h>
#include <jensen/math/normal_quantile.h>
#include <jensen/models/residuals.h>

#include <gtest/gtest.h>

#include <cmath>

#include "support/data.h"
#include "support/refusal.h"

namespace jensen {
namespace {

double normal_up_to(double x, double mean, double variance) {
  return std::erfc(-(x - mean) / std::sqrt(2 * variance)) / 2;
}

// Column after column.
Block block_of(const std::vector<double>& x, int columns) {
  const auto rows = static_cast<std::int64_t>(x.size()) / columns;
  Block block;
  block.x = {x.data(), rows, columns, rows};
  block.has_missing = true;
  return block;
}

template <class M>
std::vector<double> residuals_of(const M& model, const Block& x, int column = 0) {
  std::vector<double> result(static_cast<std::size_t>(x.rows()));
  pseudo_residuals(model, x, column, result);
  return result;
}

void expect_standard_normal(const std::vector<double>& residuals) {
  const auto rows = static_cast<double>(residuals.size());
  double mean = 0;
  double square = 0;
  for (const double r : residuals) mean += r / rows, square += r * r / rows;
  EXPECT_NEAR(mean, 0, 4 / std::sqrt(rows));
  EXPECT_NEAR(square, 1, 6 / std::sqrt(rows));
}

TEST(Residuals, OfTheRightChainAreStandardNormal) {
  const AnyHiddenMarkov model(MarkovChain({0.5, 0.5}, {0.95, 0.05, 0.1, 0.9}),
                              AnyEmissions(Independent<Normal>(std::vector<Normal>{Normal(-2, 1), Normal(2, 4)})));
  const std::int64_t rows = 20000;
  std::vector<double> x(static_cast<std::size_t>(rows));
  model.sample(5, 0, {x.data(), rows, 1, rows}, {});
  expect_standard_normal(residuals_of(model, block_of(x, 1)));
}

// Each state a mixture of two: the four normals of a flat mixture.
TEST(Residuals, OfMixturesWithinStatesAreThoseOfTheFlatMixture) {
  Gaussian gaussian(4, 2, Covariance::tied, 2);
  gaussian.set({0, 1, 5, -1, 2, 2, 9, 0}, {1, 0.5, 2, 3, -1, 1});
  NestedMixture nested(gaussian, 2);
  nested.set_weights({0.25, 0.75, 0.6, 0.4});
  const AnyMixture model({0.3, 0.7}, Product({{AnyEmissions(nested), {1, 0}, "a+b"}}, 2));
  const std::vector<double> x{0.3, -1, support::missing, 7, 2, 4};  // the first column is the Gaussians' second
  const double weights[] = {0.3 * 0.25, 0.3 * 0.75, 0.7 * 0.6, 0.7 * 0.4};
  const double means[] = {1, -1, 2, 0};
  const double variances[] = {2, 2, 1, 1};
  const auto found = residuals_of(model, block_of(x, 2));
  for (const std::size_t i : {0, 1}) {
    double u = 0;
    for (int j = 0; j < 4; ++j) u += weights[j] * normal_up_to(x[i], means[j], variances[j]);
    EXPECT_NEAR(found[i], normal_quantile(u), 1e-10);
  }
  EXPECT_TRUE(std::isnan(found[2]));
}

TEST(Residuals, OfGatedRegressionsAreGivenTheRow) {
  LinearRegression first({1, true, false});
  LinearRegression second({1, true, false});
  first.set_parameters(std::vector<double>{1, 2, 0.5});
  second.set_parameters(std::vector<double>{-1, 0.5, 2});
  GatedMixture model(AnyEmissions(Independent<LinearRegression>(std::vector<LinearRegression>{first, second})), {1});
  model.set_gate({0.4, -1.5});
  const std::vector<double> x{0.3, 4, -2, support::missing, 0.1, 1.2, -0.7, 0};
  const auto found = residuals_of(model, block_of(x, 2));
  for (const std::size_t i : {0, 1, 2}) {
    const double v = x[4 + i];
    const double second_share = 1 / (1 + std::exp(-(0.4 - 1.5 * v)));
    const double u =
        (1 - second_share) * normal_up_to(x[i], 1 + 2 * v, 0.5) + second_share * normal_up_to(x[i], -1 + 0.5 * v, 2);
    EXPECT_NEAR(found[i], normal_quantile(u), 1e-10) << i;
  }
  EXPECT_TRUE(std::isnan(found[3]));
  EXPECT_EQ(support::refusal<UnsupportedError>([&] { residuals_of(model, block_of(x, 2), 1); }),
            "column 2 cannot give a distribution function, which a residual needs");
}

TEST(Residuals, OfGroupsAreGivenTheRowsBefore) {
  const AnyGroupedMixture model({0.4, 0.6}, AnyEmissions(Independent<Poisson>({Poisson(2), Poisson(6)})));
  const std::vector<double> x{1, 4, 3, 7, 0};
  Block block = block_of(x, 1);
  const std::vector<std::int64_t> groups{0, 3, 5};
  block.sequences = groups;
  const auto found = residuals_of(model, block);
  const auto probability = [](double n, double rate) {
    return std::exp(n * std::log(rate) - rate - std::lgamma(n + 1));
  };
  for (std::size_t i = 0; i < x.size(); ++i) {
    double share[2] = {0.4, 0.6};
    for (std::size_t before = i < 3 ? 0 : 3; before < i; ++before) {
      share[0] *= probability(x[before], 2);
      share[1] *= probability(x[before], 6);
    }
    double u = 0;
    for (int n = 0; n <= static_cast<int>(x[i]); ++n) {
      const double p = (share[0] * probability(n, 2) + share[1] * probability(n, 6)) / (share[0] + share[1]);
      u += n < static_cast<int>(x[i]) ? p : p / 2;
    }
    EXPECT_NEAR(found[i], normal_quantile(u), 1e-10) << i;
  }
}

}  // namespace
}  // namespace jensen
