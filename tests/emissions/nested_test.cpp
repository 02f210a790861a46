#include <gtest/gtest.h>

#include <jensen/data/table.h>
#include <jensen/em/fit.h>
#include <jensen/emissions/continuous.h>
#include <jensen/emissions/counts.h>
#include <jensen/emissions/gaussian.h>
#include <jensen/emissions/nested.h>
#include <jensen/models/any_mixture.h>
#include <jensen/testing/laws.h>

#include "support/refusal.h"

namespace jensen {
namespace {

NestedMixture two_of_two() {
  NestedMixture nested(Independent<Normal>({Normal(-4, 1), Normal(-1, 0.5), Normal(2, 0.7), Normal(5, 2)}), 2);
  nested.set_weights({0.3, 0.7, 0.6, 0.4});
  return nested;
}

Table drawn(std::int64_t rows) {
  std::vector<double> values(static_cast<std::size_t>(rows));
  AnyMixture({0.45, 0.55}, two_of_two()).sample(3, 0, {values.data(), rows, 1, rows}, {});
  values[5] = std::numeric_limits<double>::quiet_NaN();
  return Table(std::move(values), rows, 1);
}

TEST(NestedMixture, ObeysTheLaws) {
  const Table data = drawn(80);
  LawSubject subject(AnyMixture({0.45, 0.55}, two_of_two()), data);
  subject.accepts_missing = true;
  subject.log_joint = [](const Block& x, std::int64_t i, int k) {
    const double mean[4] = {-4, -1, 2, 5};
    const double variance[4] = {1, 0.5, 0.7, 2};
    const double omega[4] = {0.3, 0.7, 0.6, 0.4};
    double total = 0;
    for (int j = 2 * k; j < 2 * k + 2; ++j) {
      const double d = x.x(i, 0) - mean[j];
      total += omega[j] * std::exp(-0.5 * d * d / variance[j]) / std::sqrt(2 * M_PI * variance[j]);
    }
    return std::log(k == 0 ? 0.45 : 0.55) + (std::isnan(x.x(i, 0)) ? 0 : std::log(total));
  };
  const LawReport report = check_laws(subject);
  EXPECT_TRUE(report.holds()) << report;
}

// p(x_o | component j) of two columns, whose covariance is [a b; b c].
double bivariate(const Block& x, std::int64_t i, const double* mean, const double* covariance) {
  const double d = x.x(i, 0) - mean[0];
  const double e = x.x(i, 1) - mean[1];
  const auto normal = [](double gap, double variance) {
    return std::exp(-0.5 * gap * gap / variance) / std::sqrt(2 * M_PI * variance);
  };
  const double first = std::isnan(d) ? 1 : normal(d, covariance[0]);
  if (std::isnan(e)) return first;
  if (std::isnan(d)) return normal(e, covariance[2]);
  const double slope = covariance[1] / covariance[0];
  return first * normal(e - slope * d, covariance[2] - slope * covariance[1]);
}

TEST(NestedMixture, WithACovarianceForEachStateObeysTheLaws) {
  constexpr double means[8] = {-4, 0, -1, 2, 2, -3, 5, 1};
  constexpr double covariances[6] = {1, 0.4, 2, 3, -0.8, 0.5};
  for (const auto structure : {Covariance::tied, Covariance::eei, Covariance::vee}) {
    SCOPED_TRACE(letters(structure));
    Gaussian inner(4, 2, structure, 2);
    auto v = inner.parameters();
    std::copy(std::begin(means), std::end(means), v.begin());
    if (structure == Covariance::tied) std::copy(std::begin(covariances), std::end(covariances), v.begin() + 8);
    inner.set_parameters(v);
    NestedMixture nested(inner, 2);
    nested.set_weights({0.3, 0.7, 0.6, 0.4});
    const AnyMixture model({0.45, 0.55}, nested);
    std::vector<double> values(160);
    model.sample(3, 0, {values.data(), 80, 2, 80}, {});
    for (const std::size_t hole : {5, 17, 90, 121}) values[hole] = std::numeric_limits<double>::quiet_NaN();
    const Table data(std::move(values), 80, 2);
    LawSubject subject(model, data);
    subject.accepts_missing = true;
    if (structure == Covariance::tied) {
      subject.log_joint = [&](const Block& x, std::int64_t i, int k) {
        const double omega[4] = {0.3, 0.7, 0.6, 0.4};
        double total = 0;
        for (int j = 2 * k; j < 2 * k + 2; ++j) {
          total += omega[j] * bivariate(x, i, means + std::ptrdiff_t{2} * j, covariances + std::ptrdiff_t{3} * k);
        }
        return std::log(k == 0 ? 0.45 : 0.55) + std::log(total);
      };
    }
    const LawReport report = check_laws(subject);
    EXPECT_TRUE(report.holds()) << report;
  }
}

// A mixture of two mixtures of two is a mixture of four.
TEST(NestedMixture, HasTheLikelihoodOfTheFlatMixture) {
  const Table data = drawn(500);
  const auto nested = fit(AnyMixture({0.45, 0.55}, two_of_two()), data);
  const auto flat = fit(AnyMixture({0.135, 0.315, 0.33, 0.22}, two_of_two().inner()), data);
  EXPECT_NEAR(nested.report.log_likelihood, flat.report.log_likelihood, 1e-4);
  EXPECT_EQ(nested.report.free_parameters, flat.report.free_parameters);
}

TEST(NestedMixture, RefusesStatesThatDoNotDivide) {
  EXPECT_EQ(support::refusal([] { NestedMixture(Independent<Poisson>(5), 2); }),
            "NestedMixture: states: must divide the 5 inner states, got 2");
}

// One state of two components is a mixture of two.
TEST(NestedMixture, ImputesAsTheMixtureThatItIs) {
  Gaussian gaussian(2, 2, Covariance::full);
  gaussian.set({0, 1, 5, -1}, {1, 0.5, 2, 3, -1, 1});
  NestedMixture nested(gaussian, 1);
  nested.set_weights({0.25, 0.75});
  const AnyMixture mixture({0.25, 0.75}, gaussian);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Table data({nan, 4, nan, 1, nan, nan}, 3, 2);
  BlockBuffer buffer;
  const Block block = data.block(0, 3, buffer);
  std::vector<double> a(6);
  std::vector<double> b(6);
  AnyMixture(AnyEmissions(nested)).impute(block, {a.data(), 3, 2, 3});
  mixture.impute(block, {b.data(), 3, 2, 3});
  for (std::size_t i = 0; i < 6; ++i) EXPECT_NEAR(a[i], b[i], 1e-12);
}

}  // namespace
}  // namespace jensen
