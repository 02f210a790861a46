#include <gtest/gtest.h>

#include <jensen/data/table.h>
#include <jensen/em/fit.h>
#include <jensen/emissions/continuous.h>
#include <jensen/emissions/gaussian.h>
#include <jensen/emissions/product.h>
#include <jensen/emissions/regression.h>
#include <jensen/models/any_mixture.h>
#include <jensen/models/gated_mixture.h>
#include <jensen/testing/laws.h>

#include "support/refusal.h"

namespace jensen {
namespace {

// y normal given z, weights by v and its square; column 1 is v, column 2 its square.
GatedMixture three() {
  GatedMixture model(Product({{Independent<Normal>({Normal(-3, 1), Normal(0, 0.6), Normal(4, 2)}), {0}, "y"}}, 3),
                     {1, 2});
  model.set_gate({0.2, 1.5, -0.3, -0.4, -1, 0.5});
  return model;
}

Table drawn(std::int64_t rows, std::uint64_t seed = 8) {
  std::vector<double> values(static_cast<std::size_t>(3 * rows));
  const Panel x{values.data(), rows, 3, rows};
  for (std::int64_t i = 0; i < rows; ++i) {
    x(i, 1) = Stream(seed, Purpose::test, 0, 0, static_cast<std::uint64_t>(i)).normal();
    x(i, 2) = x(i, 1) * x(i, 1);
  }
  three().sample(seed, 0, x, {});
  return Table(std::move(values), rows, 3);
}

TEST(GatedMixture, ObeysTheLaws) {
  const Table data = drawn(90);
  LawSubject subject(three(), data);
  subject.exact_m_step = false;
  subject.log_joint = [](const Block& x, std::int64_t i, int k) {
    const double gate[3][3] = {{0, 0, 0}, {0.2, 1.5, -0.3}, {-0.4, -1, 0.5}};
    double eta[3];
    for (int l = 0; l < 3; ++l) eta[l] = gate[l][0] + gate[l][1] * x.x(i, 1) + gate[l][2] * x.x(i, 2);
    const double mean[3] = {-3, 0, 4};
    const double variance[3] = {1, 0.6, 2};
    const double d = x.x(i, 0) - mean[k];
    return eta[k] - std::log(std::exp(eta[0]) + std::exp(eta[1]) + std::exp(eta[2])) -
           0.5 * (std::log(2 * M_PI * variance[k]) + d * d / variance[k]);
  };
  const LawReport report = check_laws(subject);
  EXPECT_TRUE(report.holds()) << report;
}

TEST(GatedMixture, RecoversTheGate) {
  const Table data = drawn(8000);
  GatedMixture start = three();
  start.set_gate(std::vector<double>(6, 0.0));
  const auto fitted = fit(start, data);
  EXPECT_TRUE(fitted.report.converged()) << fitted.report.message;
  for (std::size_t j = 0; j < 6; ++j) EXPECT_NEAR(fitted.model.gate()[j], three().gate()[j], 0.3) << j;
  EXPECT_EQ(fitted.report.free_parameters, 6 + 6);
}

// Without covariates the gate is the weights of a mixture.
TEST(GatedMixture, WithoutCovariatesIsAMixture) {
  std::vector<double> y;
  const Table three_columns = drawn(300);
  for (std::int64_t i = 0; i < 300; ++i) y.push_back(three_columns.cell(i, 0));
  const Table data(y, 300, 1);
  const Independent<Normal> normals({Normal(-3, 1), Normal(0, 0.6), Normal(4, 2)});
  EXPECT_NEAR(fit(GatedMixture(normals, {}), data).report.log_likelihood,
              fit(Mixture<AnyEmissions>(normals), data).report.log_likelihood, 1e-5);
}

// A start wants statistics alone: the densities are not asked for, and nothing else changes.
TEST(GatedMixture, StatisticsAloneAreTheSame) {
  const Table data = drawn(40);
  const GatedMixture model = three();
  const auto r = [](const Block&, Panel p) {
    for (int k = 0; k < p.columns; ++k) std::fill_n(p.column(k), p.rows, (k + 1) / 6.0);
  };
  BlockBuffer buffer;
  GatedMixture::Scratch scratch;
  Statistics whole = model.no_statistics();
  Statistics alone = whole;
  const Block block = data.block(0, 40, buffer);
  EXPECT_TRUE(std::isfinite(model.expect(block, Given{r, false}, whole, scratch).log_likelihood));
  EXPECT_TRUE(std::isnan(model.expect(block, Given{r, true}, alone, scratch).log_likelihood));
  EXPECT_EQ(alone.sum, whole.sum);
}

TEST(GatedMixture, NamesTheMissingCovariate) {
  const Table data({1, 2, 3, 0, std::numeric_limits<double>::quiet_NaN(), 1, 0, 1, 1}, 3, 3);
  EXPECT_EQ(support::refusal<DataError>([&] { fit(three(), data); }),
            "gated-mixture: row 2, column 2 is missing, on which the weights depend");
}

// Without a slope the gate is a mixture's weights.
TEST(GatedMixture, ImputesAsAMixtureDoesWhereTheGateIsFlat) {
  Gaussian gaussian(2, 2, Covariance::full);
  gaussian.set({0, 1, 5, -1}, {1, 0.5, 2, 3, -1, 1});
  const Product product({{gaussian, {0, 1}, "y"}}, 3);
  const AnyEmissions emissions(product);
  GatedMixture gated(emissions, {2});
  gated.set_gate({std::log(3.0), 0});
  const AnyMixture mixture({0.25, 0.75}, emissions);
  ASSERT_TRUE(Erased<GatedMixture>(gated).can(Capability::impute));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Table data({nan, 4, nan, 1, nan, nan, 9, 9, 9}, 3, 3);
  BlockBuffer buffer;
  const Block block = data.block(0, 3, buffer);
  std::vector<double> a(9);
  std::vector<double> b(9);
  gated.impute(block, {a.data(), 3, 3, 3});
  mixture.impute(block, {b.data(), 3, 3, 3});
  for (std::size_t i = 0; i < 9; ++i) EXPECT_NEAR(a[i], b[i], 1e-12);
  gated.set_gate({0, 1});  // at 9 the second component is all but certain
  gated.impute(block, {a.data(), 3, 3, 3});
  EXPECT_NEAR(a[2], 5, 0.01);
}

}  // namespace
}  // namespace jensen
