// Factor analysers: their density as the Gaussian it is, laws, recovery, Heywood cases, many columns.
#include <gtest/gtest.h>
#include <jensen/data/table.h>
#include <jensen/em/starts.h>
#include <jensen/emissions/any.h>
#include <jensen/emissions/student_t.h>
#include <jensen/error.h>
#include <jensen/fit_factor_analyzers.h>
#include <jensen/testing/laws.h>

#include <cmath>

#include "support/data.h"
#include "support/gaussian_reference.h"
#include "support/refusal.h"

namespace jensen {
namespace {

using support::matrix_of;

// n rows in d columns of two groups, each with its own two factors.
Table factored(std::int64_t n, int d, bool holes) {
  std::vector<double> x(static_cast<std::size_t>(n * d));
  for (std::int64_t i = 0; i < n; ++i) {
    Stream stream(12, Purpose::test, 0, 0, static_cast<std::uint64_t>(i));
    const double f = stream.normal();
    const double g = stream.normal();
    const int group = static_cast<int>(i % 2);
    for (int j = 0; j < d; ++j) {
      const double first = (group == 0 ? 1.2 : -0.5) * (1 + 0.2 * j);
      const double second = j % 2 == group ? 0.8 : -0.6;
      double value = 3.0 * group * (j % 3 - 1) + first * f + second * g + (0.5 + 0.1 * j) * stream.normal();
      if (holes && (stream.uniform() < 0.12 || i == n / 2)) value = support::missing;
      x[static_cast<std::size_t>(i + j * n)] = value;
    }
  }
  return Table(std::move(x), n, d);
}

// scipy.stats.multivariate_normal(mean, loadings @ loadings.T + diag(noise)).logpdf(x)
TEST(FactorAnalyzers, DensityIsSciPys) {
  FactorAnalyzers analyzers(1, 3, 2);
  analyzers.set({0, 1, -1}, {1, 0, 0.5, 0.8, -0.7, 2}, {0.5, 1, 1.5});
  const std::vector<double> row{1, 0.5, -2};
  Block block;
  block.x = {row.data(), 1, 3, 1};
  double p = 0;
  FactorAnalyzers::Scratch scratch;
  analyzers.add_log_density(block, {&p, 1, 1, 1}, scratch);
  EXPECT_NEAR(p, -4.5096259057578765, 1e-12);
}

class FactorAnalyzersLaws : public ::testing::TestWithParam<std::tuple<std::string, int, bool>> {};

TEST_P(FactorAnalyzersLaws, Hold) {
  const auto [name, factors, holes] = GetParam();
  constexpr int rows = 160;
  constexpr int columns = 5;
  Table data = factored(rows, columns, holes);
  if (holes) data = data.with_weights(support::uneven_weights(rows)).with_labels(support::some_labels(rows, 2), 2);
  const FactorAnalyzersOptions options{2, factors, factor_structure_named(name)};
  Workers workers(1);
  const auto start =
      started(Erased(factor_analyzers_for(data, options, 1)), Start::k_means_plus_plus, data, 5, workers);
  const auto model = static_cast<const Erased<MixtureOfFactorAnalyzers>&>(*start).get();
  LawSubject subject(*start, data);
  subject.log_joint = [&](const Block& x, std::int64_t i, int k) {
    return std::log(model.weights()[static_cast<std::size_t>(k)]) +
           support::log_normal(x, i, model.emissions().mean(k), matrix_of(model.emissions().covariance(k), columns));
  };
  subject.make = [&](const Data& other) -> std::unique_ptr<Model> {
    return std::make_unique<Erased<MixtureOfFactorAnalyzers>>(factor_analyzers_for(other, options, 1));
  };
  subject.scaling = options.structure.isotropic_noise ? Scaling::common : Scaling::by_column;
  subject.accepts_missing = true;
  // With several factors EM takes thousands of steps to the end: one factor alone is followed there.
  std::vector<std::string> laws = law_names();
  if (factors > 1) std::erase(laws, "stationary");
  const LawReport report = check_laws(subject, laws);
  EXPECT_TRUE(report.holds()) << report;
  for (const auto& result : report.laws) {
    EXPECT_NE(result.outcome, LawOutcome::not_applicable) << result.law << ": " << result.detail;
  }
}

std::string name_of(const ::testing::TestParamInfo<FactorAnalyzersLaws::ParamType>& info) {
  const auto [name, factors, holes] = info.param;
  return name + "_" + std::to_string(factors) + (holes ? "_holes" : "");
}

INSTANTIATE_TEST_SUITE_P(Every, FactorAnalyzersLaws,
                         ::testing::Combine(::testing::Values("UUU", "UUC", "UCU", "UCC", "CUU", "CUC", "CCU", "CCC"),
                                            ::testing::Values(2), ::testing::Bool()),
                         name_of);
INSTANTIATE_TEST_SUITE_P(OneFactor, FactorAnalyzersLaws,
                         ::testing::Combine(::testing::Values("UUU"), ::testing::Values(1), ::testing::Bool()),
                         name_of);

TEST(FactorAnalyzers, SamplingAndFittingFindTheTruthAgain) {
  FactorAnalyzers truth(2, 6, 2);
  std::vector<double> loadings;
  std::vector<double> noise;
  for (int k = 0; k < 2; ++k) {
    for (int j = 0; j < 6; ++j) {
      loadings.push_back(k == 0 ? 1.0 + 0.2 * j : (j % 2 == 0 ? 1.5 : -1));
      loadings.push_back(j < 3 ? 1 : -0.7);
      noise.push_back(0.3 + 0.1 * j);
    }
  }
  truth.set({0, 0, 0, 0, 0, 0, 5, -5, 5, -5, 5, -5}, loadings, noise);
  const MixtureOfFactorAnalyzers model({0.5, 0.5}, truth);
  std::vector<double> x(3000 * 6);
  model.sample(3, 0, {x.data(), 3000, 6, 3000}, {});
  Options options = from_data();
  options.restarts = 1;
  options.tolerance = 1e-4;  // EM crawls along loadings that hardly matter: the covariances are settled long before
  const auto fitted = fit_factor_analyzers(Table(std::move(x), 3000, 6), {2, 2, {}, 1e-6}, options);
  EXPECT_TRUE(fitted.report.converged()) << fitted.report.message;
  const int first = fitted.model.emissions().mean(0)[0] < 2 ? 0 : 1;
  for (int k = 0; k < 2; ++k) {
    const auto expected = matrix_of(truth.covariance(k), 6);
    const auto found = matrix_of(fitted.model.emissions().covariance(k == 0 ? first : 1 - first), 6);
    EXPECT_LT((found - expected).norm(), 0.1 * expected.norm());
  }
}

// McLachlan, Peel and Bean (2003): the means are updated as if the factors were no latents.
TEST(FactorAnalyzers, AecmClimbsToTheSameTop) {
  for (const bool holes : {false, true}) {
    const Table data = factored(300, 5, holes);
    Workers workers(1);
    const auto start =
        started(Erased(factor_analyzers_for(data, {2, 1, {}}, 1)), Start::k_means_plus_plus, data, 5, workers);
    Options options;
    options.tolerance = 1e-9;
    options.acceleration = Acceleration::none;
    const auto plain = fit(*start, data, options);
    options.algorithm = Algorithm::ecm;
    const auto aecm = fit(*start, data, options);
    EXPECT_EQ(aecm.report.outcome, Outcome::converged) << aecm.report.message;
    EXPECT_TRUE(aecm.report.monotone);
    for (std::size_t t = 1; t < aecm.report.trace.size(); ++t) EXPECT_GE(aecm.report.trace[t].gain, -1e-9) << t;
    EXPECT_NEAR(aecm.report.log_likelihood, plain.report.log_likelihood, 1e-5);
    EXPECT_NE(aecm.report.iterations, plain.report.iterations);
    EXPECT_LE(aecm.report.iterations, plain.report.iterations + 2);
    EXPECT_GE(aecm.report.evaluations, 2 * aecm.report.iterations) << "each part has its own E-step";
  }
}

TEST(FactorAnalyzers, AnyRotationIsKeptInOneForm) {
  FactorAnalyzers analyzers(1, 4, 2);
  const std::vector<double> loadings{1, 2, -0.5, 1, 0.3, 0.7, 2, -1};
  analyzers.set({0, 0, 0, 0}, loadings, {1, 1, 2, 0.5});
  EXPECT_EQ(analyzers.loadings(0)[1], 0);
  for (int a = 0; a < 4; ++a) {
    for (int b = 0; b <= a; ++b) {
      double expected = 0;
      for (int f = 0; f < 2; ++f) {
        expected += loadings[static_cast<std::size_t>(2 * a + f)] * loadings[static_cast<std::size_t>(2 * b + f)];
      }
      if (a == b) expected += analyzers.noise(0, a);
      EXPECT_NEAR(analyzers.covariance(0)[packed_index(a, b)], expected, 1e-14);
    }
  }
  EXPECT_EQ(analyzers.free_parameters(), 4 + 7 + 4);
  EXPECT_EQ(analyzers.unconstrained().size(), 15U);
}

TEST(FactorAnalyzers, TwoColumnsTheSameAreDegenerateWithoutAFloor) {
  const auto one = support::clustered_values(60, 3, 1, 4);
  std::vector<double> x = one;
  x.insert(x.end(), one.begin(), one.begin() + 60);
  Options options = from_data();
  options.restarts = 1;
  options.max_iterations = 2000;
  const auto none = fit_factor_analyzers(Table(x, 60, 4), {1, 1, {}, 0}, options);
  for (double v : none.model.emissions().parameters()) EXPECT_TRUE(std::isfinite(v));
  const auto with = fit_factor_analyzers(Table(x, 60, 4), {1, 1, {}, 1e-6}, options);
  EXPECT_TRUE(std::isfinite(with.report.log_likelihood));
  EXPECT_FALSE(with.report.degeneracies.empty());
}

TEST(FactorAnalyzers, HundredsOfColumns) {
  Options options = from_data();
  options.restarts = 1;
  options.max_iterations = 20;
  options.tolerance = 0;
  const auto fitted = fit_factor_analyzers(factored(200, 300, false), {2, 2, {}, 1e-6}, options);
  EXPECT_TRUE(fitted.report.monotone) << fitted.report.message;
  EXPECT_TRUE(std::isfinite(fitted.report.log_likelihood));
  EXPECT_LT(std::abs(fitted.report.bound.gap()), 1e-8 * std::abs(fitted.report.log_likelihood));
}

TEST(FactorAnalyzers, RefusesByName) {
  const auto refusal = support::refusal<ArgumentError>;
  EXPECT_EQ(refusal([] { FactorAnalyzers(1, 3, 3); }),
            "FactorAnalyzers: factors: must be at least 1 and fewer than the 3 columns, got 3");
  EXPECT_EQ(refusal([] { factor_structure_named("UU"); }),
            "factor structure: name: 'UU' is none of UUU, UUC, UCU, UCC, CUU, CUC, CCU, CCC");
  FactorAnalyzers analyzers(1, 2, 1);
  EXPECT_EQ(refusal([&] {
              analyzers.set({0, 0}, {1, 1}, {1, 0});
            }),
            "FactorAnalyzers::set: noise: 0 is not positive, or below its floor 0");
  EXPECT_EQ(to_string(factor_structure_named("CUC")), "CUC");
}

// The Gaussian with the same covariances, and a Student-t with them as scales, expect the same in every hole.
TEST(FactorAnalyzers, HolesAreFilledAsByTheGaussianThatTheyAre) {
  const Table data = factored(40, 5, true);
  FactorAnalyzersOptions options;
  options.components = options.factors = 2;
  const auto fitted = fit_factor_analyzers(data, options);
  const FactorAnalyzers& analyzers = fitted.model.emissions();
  Gaussian gaussian(2, 5, Covariance::full);
  std::vector<double> means, covariances;
  for (int k = 0; k < 2; ++k) {
    const auto covariance = analyzers.covariance(k);
    means.insert(means.end(), analyzers.mean(k).begin(), analyzers.mean(k).end());
    covariances.insert(covariances.end(), covariance.begin(), covariance.end());
  }
  gaussian.set(means, covariances);
  BlockBuffer buffer;
  const Block block = data.block(0, 40, buffer);
  std::vector<double> p(80, 0.3);
  for (std::size_t i = 40; i < 80; ++i) p[i] = 0.7;
  const auto filled = [&](const AnyEmissions& emissions) {
    std::vector<double> values(200);
    const Panel panel{values.data(), 40, 5, 40};
    for (int j = 0; j < 5; ++j) std::copy_n(block.x.column(j), 40, panel.column(j));
    emissions.impute(block, {p.data(), 40, 2, 40}, panel);
    return values;
  };
  const auto own = filled(analyzers);
  const auto expected = filled(gaussian);
  EXPECT_EQ(filled(StudentT(gaussian)), expected);
  for (std::size_t i = 0; i < own.size(); ++i) EXPECT_NEAR(own[i], expected[i], 1e-10);
}

}  // namespace
}  // namespace jensen
