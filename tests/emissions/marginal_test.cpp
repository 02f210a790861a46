#include <jensen/emissions/categories.h>
#include <jensen/emissions/continuous.h>
#include <jensen/emissions/counts.h>
#include <jensen/emissions/factor_analyzers.h>
#include <jensen/emissions/gaussian.h>
#include <jensen/emissions/marginal.h>
#include <jensen/emissions/product.h>
#include <jensen/emissions/regression.h>
#include <jensen/emissions/student_t.h>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/refusal.h"

namespace jensen {
namespace {

// p(x | k) as the E-step knows it.
double density(const AnyEmissions& emissions, double x, int k) {
  Block block;
  block.x = {&x, 1, 1, 1};
  std::vector<double> p(static_cast<std::size_t>(emissions.states()));
  AnyEmissions::Scratch scratch;
  emissions.add_log_density(block, {p.data(), 1, emissions.states(), 1}, scratch);
  return std::exp(p[static_cast<std::size_t>(k)]);
}

template <class F>
AnyEmissions two(F first, F second) {
  return Independent<F>(std::vector<F>{first, second});
}

TEST(Marginal, RisesByTheDensity) {
  const std::vector<std::pair<AnyEmissions, std::vector<double>>> cases{
      {two(Normal(1, 4), Normal(-3, 0.25)), {-4, -3, 0.2, 2}}, {two(LogNormal(0, 1), LogNormal(1, 0.3)), {0.3, 1, 4}},
      {two(Exponential(2), Exponential(0.1)), {0.1, 1, 9}},    {two(Gamma(2.5, 3), Gamma(0.7, 0.2)), {0.2, 1, 6}},
      {two(Weibull(1.5, 2), Weibull(0.8, 1)), {0.2, 1, 3}},    {two(Beta(2, 5), Beta(0.6, 0.9)), {0.1, 0.5, 0.9}},
      {two(Uniform(0, 4), Uniform(-1, 2)), {0.5, 1.5}}};
  for (const auto& [emissions, places] : cases) {
    for (int k = 0; k < 2; ++k) {
      const auto marginal = marginal_of(emissions, k, 0);
      ASSERT_TRUE(marginal) << emissions.name();
      EXPECT_FALSE(marginal->whole);
      for (const double x : places) {
        const double h = 1e-5;
        EXPECT_NEAR((marginal->up_to(x + h) - marginal->up_to(x - h)) / (2 * h), density(emissions, x, k), 1e-7)
            << emissions.name() << " " << x;
      }
      EXPECT_NEAR(marginal->up_to(1e9), 1, 1e-12) << emissions.name();
      EXPECT_NEAR(marginal->up_to(-1e9), 0, 1e-12) << emissions.name();
    }
  }
}

// One column's density by integrating the joint one over the other, and the distribution function by its derivative.
TEST(Marginal, OfColumnsModelledJointly) {
  StudentT heavy(2, 2, Covariance::full, DegreesOfFreedom::own, 5);
  heavy.set({0, 1, 3, -1}, {2, 0.5, 1, 1, -0.3, 4}, {3, 1.5});
  FactorAnalyzers analyzers(2, 2, 1);
  analyzers.set({0, 1, 3, -1}, {1, 0.5, -0.7, 2}, {0.5, 1, 1.5, 0.2});
  for (const AnyEmissions& emissions : {AnyEmissions(heavy), AnyEmissions(analyzers)}) {
    for (int k = 0; k < 2; ++k) {
      for (int column = 0; column < 2; ++column) {
        const auto marginal = marginal_of(emissions, k, column);
        ASSERT_TRUE(marginal) << emissions.name();
        for (const double x : {-3.0, 0.4, 2.0, 7.0}) {
          const std::vector<double> row{column == 0 ? x : std::nan(""), column == 0 ? std::nan("") : x};
          Block block;
          block.x = {row.data(), 1, 2, 1};
          block.has_missing = true;
          std::vector<double> p(2);
          AnyEmissions::Scratch scratch;
          emissions.add_log_density(block, {p.data(), 1, 2, 1}, scratch);
          const double h = 1e-4;
          EXPECT_NEAR((marginal->up_to(x + h) - marginal->up_to(x - h)) / (2 * h),
                      std::exp(p[static_cast<std::size_t>(k)]), 1e-8)
              << emissions.name() << " " << k << " " << column << " " << x;
        }
        EXPECT_NEAR(marginal->up_to(1e15), 1, 1e-12);
        EXPECT_NEAR(marginal->up_to(-1e15), 0, 1e-12);
      }
    }
  }
}

// SciPy: t.cdf(-2, 4.5), t.ppf(0.975, 1.5)
TEST(Marginal, StudentTIsTheKnownOne) {
  StudentT heavy(2, 1, Covariance::full, DegreesOfFreedom::own, 5);
  heavy.set({0, 3}, {1, 4}, {4.5, 1.5});
  EXPECT_NEAR(marginal_of(heavy, 0, 0)->up_to(-2), 0.054128953590562495, 1e-13);
  EXPECT_NEAR(MixedMarginal({1}, {*marginal_of(heavy, 1, 0)}).quantile(0.975), 3 + 2 * 6.016663104427929, 1e-9);
  EXPECT_TRUE(std::isnan(marginal_of(heavy, 1, 0)->deviation)) << "ν ≤ 2";
}

TEST(Marginal, SumsProbabilitiesOfWholeNumbers) {
  const std::vector<AnyEmissions> cases{two(Poisson(3), Poisson(29.7)),
                                        two(Geometric(0.3), Geometric(0.9)),
                                        two(Binomial(12, 0.3), Binomial(12, 0.8)),
                                        two(NegativeBinomial(100, 4, 2), NegativeBinomial(100, 9, 50)),
                                        two(ZeroInflatedPoisson(0.4, 3), ZeroInflatedPoisson(0.1, 8)),
                                        two(Bernoulli(0.3), Bernoulli(0.9)),
                                        two(Categorical({0.2, 0.5, 0.3}), Categorical({0.7, 0.3, 0}))};
  for (const auto& emissions : cases) {
    const int most = emissions.name() == "bernoulli" ? 1 : emissions.name() == "categorical" ? 2 : 40;
    for (int k = 0; k < 2; ++k) {
      const auto marginal = marginal_of(emissions, k, 0);
      ASSERT_TRUE(marginal) << emissions.name();
      EXPECT_TRUE(marginal->whole);
      double total = 0;
      double mean = 0;
      for (int x = 0; x <= most; ++x) {
        EXPECT_NEAR(marginal->below(x), total, 1e-12) << emissions.name() << " " << x;
        const double p = density(emissions, x, k);
        total += p;
        mean += x * p;
        EXPECT_NEAR(marginal->up_to(x), total, 1e-12) << emissions.name() << " " << x;
        EXPECT_NEAR(marginal->up_to(x + 0.5), total, 1e-12) << emissions.name() << " " << x;
      }
      EXPECT_EQ(marginal->up_to(-0.5), 0);
      if (total > 1 - 1e-13) {
        EXPECT_NEAR(marginal->mean, mean, 1e-9) << emissions.name();
      }
    }
  }
}

TEST(Marginal, IsFoundInsideAProduct) {
  Gaussian joint(2, 2, Covariance::full);
  joint.set({0, 10, 5, -5}, {1, 0.5, 4, 9, -1, 2});
  const AnyEmissions product = Product(
      {{two(Poisson(3, SecondColumn::present), Poisson(4, SecondColumn::present)), {0, 3}, "n"}, {joint, {2, 1}, "xy"}},
      4);
  const auto second = marginal_of(product, 1, 1);  // the Gaussian's second column
  ASSERT_TRUE(second);
  EXPECT_EQ(second->mean, -5);
  EXPECT_NEAR(second->deviation, std::sqrt(2), 1e-15);
  EXPECT_NEAR(second->up_to(-5), 0.5, 1e-15);
  EXPECT_FALSE(marginal_of(product, 0, 0));  // depends on an exposure
  EXPECT_FALSE(marginal_of(product, 0, 3));  // the exposure
  EXPECT_FALSE(marginal_of(two(VonMises(0, 1), VonMises(1, 1)), 0, 0));
}

// log p of y beside the given cells of a row, as the E-step knows it.
double density_beside(const AnyEmissions& emissions, std::vector<double> row, double y) {
  row[0] = y;
  Block block;
  block.x = {row.data(), 1, static_cast<int>(row.size()), 1};
  std::vector<double> p(static_cast<std::size_t>(emissions.states()));
  AnyEmissions::Scratch scratch;
  emissions.add_log_density(block, {p.data(), 1, emissions.states(), 1}, scratch);
  return std::exp(p[0]);
}

template <class F>
AnyEmissions with_parameters(F family, std::vector<double> v) {
  Independent<F> emissions(1, std::move(family));
  emissions.set_parameters(v);
  return emissions;
}

TEST(Marginal, GivenTheOtherCellsOfARow) {
  constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
  // A row is y, the offset, exposure or trials, then covariates.
  const std::vector<std::pair<AnyEmissions, std::vector<double>>> counts{
      {with_parameters(GeneralizedRegression(Response::poisson, {1, true, true}), {0.3, 0.5}), {unknown, 0.7, -1.2}},
      {with_parameters(GeneralizedRegression(Response::binomial, {1, true, true}), {-0.3, 0.5}), {unknown, 9, 1.2}},
      {with_parameters(GeneralizedRegression(Response::binomial, {1, true, false}), {-0.3, 0.5}), {unknown, 1.2}},
      {with_parameters(Poisson(1, SecondColumn::present), {0.8}), {unknown, 2.5}},
      {with_parameters(Binomial(0), {0.3}), {unknown, 7}}};
  for (const auto& [emissions, row] : counts) {
    const auto marginal = marginal_of(emissions, 0, 0, row);
    ASSERT_TRUE(marginal) << emissions.name();
    EXPECT_TRUE(marginal->whole);
    double total = 0;
    double mean = 0;
    double square = 0;
    for (int y = 0; y < 60; ++y) {
      const double p = density_beside(emissions, row, y);
      total += p;
      mean += p * y;
      square += p * y * y;
      EXPECT_NEAR(marginal->up_to(y), total, 1e-12) << emissions.name() << " " << y;
    }
    EXPECT_NEAR(marginal->mean, mean, 1e-10) << emissions.name();
    EXPECT_NEAR(marginal->deviation, std::sqrt(square - mean * mean), 1e-7) << emissions.name();
    auto hole = row;
    hole.back() = unknown;
    EXPECT_FALSE(marginal_of(emissions, 0, 0, hole)) << emissions.name();
  }
  const std::vector<std::pair<AnyEmissions, std::vector<double>>> lines{
      {with_parameters(LinearRegression({1, true, true}), {0.3, 0.5, 2}), {unknown, 0.7, -1.2}},
      {with_parameters(GeneralizedRegression(Response::gamma, {1, true, true}), {0.3, 0.5, 3}), {unknown, 0.7, -1.2}}};
  for (const auto& [emissions, row] : lines) {
    const auto marginal = marginal_of(emissions, 0, 0, row);
    ASSERT_TRUE(marginal) << emissions.name();
    for (const double y : {0.2, 1.1, 3.0}) {
      const double h = 1e-5;
      EXPECT_NEAR((marginal->up_to(y + h) - marginal->up_to(y - h)) / (2 * h), density_beside(emissions, row, y), 1e-8)
          << emissions.name();
    }
    EXPECT_FALSE(marginal_of(emissions, 0, 0)) << "the row is not said";
    EXPECT_FALSE(marginal_of(emissions, 0, 2, row)) << "a covariate has no distribution";
  }
  EXPECT_NEAR(marginal_of(lines[1].first, 0, 0, lines[1].second)->mean, std::exp(0.3 + 0.7 - 0.6), 1e-14);
}

TEST(MixedMarginal, QuantilesInvertTheDistribution) {
  const AnyEmissions normals = two(Normal(0, 1), Normal(10, 4));
  const MixedMarginal mixed({0.25, 0.75}, {*marginal_of(normals, 0, 0), *marginal_of(normals, 1, 0)});
  EXPECT_NEAR(mixed.mean(), 7.5, 1e-14);
  EXPECT_NEAR(mixed.deviation(), std::sqrt(0.25 * (1 + 56.25) + 0.75 * (4 + 6.25)), 1e-13);
  for (const double p : {1e-6, 0.05, 0.2499, 0.25, 0.5, 0.95, 1 - 1e-6}) {
    EXPECT_NEAR(mixed.up_to(mixed.quantile(p)), p, 1e-12) << p;
  }
  const AnyEmissions counts = two(Poisson(2), Poisson(30));
  const MixedMarginal whole({0.5, 0.5}, {*marginal_of(counts, 0, 0), *marginal_of(counts, 1, 0)});
  for (const double p : {0.01, 0.2, 0.5, 0.9, 0.999}) {
    const double x = whole.quantile(p);
    EXPECT_EQ(x, std::floor(x));
    EXPECT_GE(whole.up_to(x), p);
    EXPECT_LT(whole.below(x), p);
  }
  EXPECT_EQ(whole.quantile(0.01), 0);
  EXPECT_EQ(support::refusal([&] { mixed.quantile(1); }).find("MixedMarginal::quantile: p: must lie between 0 and 1"),
            0U);
}

TEST(Marginal, AMixtureOfNothingIsUnknown) {
  for (const AnyEmissions& emissions :
       {two(Normal(1, 4), Normal(-3, 0.25)), two(Poisson(2), Poisson(5)), two(Uniform(0, 4), Uniform(-1, 2))}) {
    const MixedMarginal nothing({0, 0}, {*marginal_of(emissions, 0, 0), *marginal_of(emissions, 1, 0)});
    EXPECT_TRUE(std::isnan(nothing.quantile(0.5))) << emissions.name();
    EXPECT_TRUE(std::isnan(nothing.mean())) << emissions.name();
    EXPECT_TRUE(std::isnan(nothing.deviation())) << emissions.name();
    EXPECT_TRUE(std::isnan(nothing.up_to(1))) << emissions.name();
    EXPECT_TRUE(std::isnan(nothing.below(1))) << emissions.name();
  }
}

// Of weights that sum to 1 but for rounding, and of a distribution whose mean no number can hold.
TEST(Marginal, QuantilesEndAtInfinity) {
  const double infinity = std::numeric_limits<double>::infinity();
  const AnyEmissions normals = two(Normal(1, 4), Normal(-3, 0.25));
  const MixedMarginal most({0.5, 0.25}, {*marginal_of(normals, 0, 0), *marginal_of(normals, 1, 0)});
  EXPECT_EQ(most.quantile(0.8), infinity);
  EXPECT_LT(most.quantile(0.7), infinity);
  const AnyEmissions wide = two(LogNormal(0, 1500), LogNormal(0, 1500));
  const MixedMarginal median({0.5, 0.5}, {*marginal_of(wide, 0, 0), *marginal_of(wide, 1, 0)});
  EXPECT_NEAR(median.quantile(0.5), 1, 1e-9);
}

}  // namespace
}  // namespace jensen
