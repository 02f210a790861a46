#include <gtest/gtest.h>
#include <jensen/data/csv.h>
#include <jensen/data/table.h>
#include <jensen/em/bound.h>
#include <jensen/em/fit.h>
#include <jensen/models/discrete_latent.h>
#include <jensen/models/gaussian_mixture.h>
#include <jensen/testing/laws.h>

#include <cmath>

#include "support/data.h"
#include "support/refusal.h"

namespace jensen {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// Two Poisson components, as a black box.
auto poisson_pair(double share = 0.4, double low = 1, double high = 6) {
  Parameters theta;
  const auto pi = theta.simplex("weight", {share, 1 - share});
  const auto rates = theta.positive("rate", {low, high});
  return discrete_latent(2, theta, [=](const auto& at, std::span<const double> row, int z) {
    using std::log;
    const auto& rate = at[rates][static_cast<std::size_t>(z)];
    return log(at[pi][static_cast<std::size_t>(z)]) + row[0] * log(rate) - rate - log_gamma(row[0] + 1);
  });
}

auto with_poisson_sampler() {
  return poisson_pair().with_sampler([](const auto& at, Stream& stream, std::span<double> row) {
    const int z = stream.choice(at[VectorParameter{0, 2}]);
    const double rate = at[VectorParameter{2, 2}][static_cast<std::size_t>(z)];
    row[0] = -1;
    for (double t = 0; t < 1; t += stream.exponential() / rate) row[0] += 1;
    return z;
  });
}

Table counts() {
  std::vector<double> values;
  for (std::uint64_t i = 0; i < 120; ++i) {
    Stream stream(11, Purpose::test, 0, 0, i);
    const double rate = i % 3 == 0 ? 1.5 : 7;
    double count = -1;
    for (double t = 0; t < 1; t += stream.exponential() / rate) count += 1;
    values.push_back(count);
  }
  return Table(std::move(values), 120, 1);
}

double poisson(double count, double rate) { return count * std::log(rate) - rate - std::lgamma(count + 1); }

TEST(DiscreteLatentLaws, HoldForAMixtureWrittenAsALogJoint) {
  const Table data = counts();
  LawSubject subject(with_poisson_sampler(), data);
  subject.log_joint = [](const Block& x, std::int64_t i, int z) {
    return std::log(z == 0 ? 0.4 : 0.6) + poisson(x.x(i, 0), z == 0 ? 1 : 6);
  };
  subject.exact_m_step = false;
  const LawReport report = check_laws(subject);
  EXPECT_TRUE(report.holds()) << report;
  for (const char* law : {"tight_bound",
                          "gradient",
                          "ascent",
                          "stationary",
                          "rules",
                          "brute_force",
                          "weights",
                          "blocks",
                          "entropy_of_rules",
                          "random_start",
                          "threads",
                          "fixed_labels",
                          "free_labels",
                          "parameters",
                          "unconstrained",
                          "sample",
                          "sample_distribution",
                          "score",
                          "scale",
                          "responsibilities"}) {
    EXPECT_EQ(report[law].outcome, LawOutcome::held) << law << "\n" << report;
  }
  // Q is exact at its own reference alone: nothing is certified elsewhere.
  for (const char* law : {"certificate", "bound_below", "move", "m_step_maximizes"}) {
    EXPECT_EQ(report[law].outcome, LawOutcome::not_applicable) << law << "\n" << report;
  }
}

TEST(DiscreteLatent, FixedAndDynamicSizesFitAlike) {
  const Table data = counts();
  const auto free = fit(poisson_pair(), data);
  Parameters theta = poisson_pair().theta();
  const auto fixed = fit(
      discrete_latent<3>(2, theta,
                         [](const auto& at, std::span<const double> row, int z) {
                           using std::log;
                           const auto k = static_cast<std::size_t>(z);
                           const auto& rate = at[VectorParameter{2, 2}][k];
                           return log(at[VectorParameter{0, 2}][k]) + row[0] * log(rate) - rate - log_gamma(row[0] + 1);
                         }),
      data);
  EXPECT_EQ(free.model.parameters(), fixed.model.parameters());
  EXPECT_EQ(free.report.free_parameters, 3);
}

// The same model in closed form: sums of r and r x.
TEST(DiscreteLatent, EndsWhereClosedFormEmDoes) {
  const Table data = counts();
  const auto fitted = fit(poisson_pair(), data, {.tolerance = 1e-12});
  ASSERT_TRUE(fitted.report.converged()) << fitted.report.message;
  EXPECT_TRUE(fitted.report.monotone);
  EXPECT_LT(fitted.report.gradient, 1e-10);
  EXPECT_NEAR(fitted.report.bound.gap(), 0, 1e-9);
  double pi = 0.4, low = 1, high = 6;
  for (int step = 0; step < 4000; ++step) {
    double n = 0, a = 0, b = 0, sa = 0, sb = 0;
    BlockBuffer buffer;
    const Block x = data.block(0, data.rows(), buffer);
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      const double y = x.x(i, 0);
      const double p = pi * std::exp(poisson(y, low));
      const double q = (1 - pi) * std::exp(poisson(y, high));
      const double r = p / (p + q);
      n += 1, a += r, b += 1 - r, sa += r * y, sb += (1 - r) * y;
    }
    pi = a / n, low = sa / a, high = sb / b;
  }
  const auto v = fitted.model.parameters();
  EXPECT_NEAR(v[0], pi, 1e-4);
  EXPECT_NEAR(v[2], low, 1e-4);
  EXPECT_NEAR(v[3], high, 1e-4);
}

// A start far from the data, on either side: Newton steps alone would leave the numbers.
TEST(DiscreteLatent, ClimbsFromAPoorStart) {
  for (double rate : {1e-6, 1e5}) {
    Parameters theta;
    const auto mean = theta.positive("mean", rate);
    const auto fitted = fit(discrete_latent(1, theta,
                                            [=](const auto& at, std::span<const double> row, int) {
                                              using std::log;
                                              return row[0] * log(at[mean]) - at[mean] - log_gamma(row[0] + 1);
                                            }),
                            Table({2, 3, 10}, 3, 1), {.tolerance = 1e-12});
    EXPECT_TRUE(fitted.report.converged()) << fitted.report.message;
    EXPECT_TRUE(fitted.report.monotone);
    EXPECT_NEAR(fitted.model.parameters()[0], 5, 1e-5);
    EXPECT_LT(fitted.report.evaluations, 60);
  }
}

TEST(DiscreteLatent, StartsFromTheData) {
  Options options;
  options.start = Start::k_means_plus_plus;
  options.restarts = 4;
  options.tolerance = 1e-10;
  const auto fitted = fit(poisson_pair(0.5, 3, 4), counts(), options);
  EXPECT_TRUE(fitted.report.converged()) << fitted.report.message;
  EXPECT_NEAR(fitted.report.log_likelihood, fit(poisson_pair(), counts()).report.log_likelihood, 1e-5);
}

// Weights, labels, and a log prior whose mode has a closed form: a gamma prior adds counts and exposure.
TEST(DiscreteLatent, FindsTheModeUnderALogPrior) {
  Parameters theta;
  const auto rate = theta.positive("rate", 1);
  const auto model = discrete_latent(1, theta, [=](const auto& at, std::span<const double> row, int) {
                       using std::log;
                       return row[0] * log(at[rate]) - at[rate] - log_gamma(row[0] + 1);
                     }).with_log_prior([=](const auto& at) {
    using std::log;
    return 2.0 * log(at[rate]) - 5.0 * at[rate];  // gamma, shape 3, rate 5
  });
  const Table data = Table({2, 4, 7}, 3, 1).with_weights({1, 2, 0.5});
  const auto fitted = fit(model, data, {.tolerance = 1e-14});
  EXPECT_NEAR(fitted.model.parameters()[0], (2 + 8 + 3.5 + 2) / (3.5 + 5), 1e-7);
  EXPECT_NEAR(fitted.report.log_prior, 2 * std::log(15.5 / 8.5) - 5 * 15.5 / 8.5, 1e-7);
  EXPECT_TRUE(fitted.report.monotone);
}

TEST(DiscreteLatent, RefusesMissingCellsUnlessItIsSaidToHandleThem) {
  const Table holes({1, 2, NAN, 4, 1, 1, 2, 3}, 4, 2);
  Parameters theta;
  const auto mean = theta.real("mean", {0, 0});
  const auto model = discrete_latent(1, theta, [=](const auto& at, std::span<const double> row, int) {
    ScalarOf<decltype(at)> total(0);
    for (std::size_t j = 0; j < 2; ++j) {
      if (!std::isnan(row[j])) total += normal_log_density(row[j], at[mean][j], 1.0);
    }
    return total;
  });
  const std::string message = support::refusal<DataError>([&] { fit(model, holes); });
  EXPECT_NE(message.find("row 3, column 1: the cell is missing"), std::string::npos) << message;
  const auto fitted = fit(model.accept_missing(), holes, {.tolerance = 1e-12});
  EXPECT_NEAR(fitted.model.parameters()[0], 7.0 / 3, 1e-7);
  EXPECT_NEAR(fitted.model.parameters()[1], 7.0 / 4, 1e-7);
}

TEST(DiscreteLatent, NamesTheRowThatNoStateExplains) {
  Parameters theta;
  const auto p = theta.probability("p", 0.5);
  const auto model = discrete_latent(2, theta, [=](const auto& at, std::span<const double> row, int z) {
    using T = ScalarOf<decltype(at)>;
    using std::log;
    if (row[0] != z) return T(-infinity);
    return z == 0 ? log(at[p]) : log(1.0 - at[p]);
  });
  const std::string message = support::refusal<DataError>([&] { fit(model, Table({0, 1, 1, 5}, 4, 1)); });
  EXPECT_NE(message.find("row 4"), std::string::npos) << message;
  const auto fitted = fit(model, Table({0, 1, 1, 1}, 4, 1));
  EXPECT_NEAR(fitted.model.parameters()[0], 0.25, 1e-6);
}

TEST(DiscreteLatent, RefusesWhatIsNoModel) {
  const auto f = [](const auto&, std::span<const double>, int) { return 0.0; };
  EXPECT_NE(support::refusal<ArgumentError>([&] { discrete_latent(0, Parameters(), f); }).find("states"),
            std::string::npos);
  Parameters many;
  many.real("x", std::vector<double>(201, 0.0));
  EXPECT_NE(
      support::refusal<ArgumentError>([&] { discrete_latent(1, many, f); }).find("has 201 coordinates; at most 200"),
      std::string::npos);
  EXPECT_NE(support::refusal<ArgumentError>([&] { discrete_latent<2>(1, Parameters(), f); }).find("N = 2"),
            std::string::npos);
}

// A full covariance as a parameter: the closed form of one Gaussian.
TEST(DiscreteLatent, FindsAMeanAndACovarianceMatrix) {
  const Table data = support::clustered(80, 2, 1, 5);
  Parameters theta;
  const auto mean = theta.real("mean", {0, 0});
  const auto sigma = theta.covariance("sigma", {1, 0, 1});
  const auto fitted = fit(discrete_latent(1, theta,
                                          [=](const auto& at, std::span<const double> row, int) {
                                            using T = ScalarOf<decltype(at)>;
                                            const T deviation[] = {row[0] - at[mean][0], row[1] - at[mean][1]};
                                            return normal_log_density(std::span<const T>(deviation), at[sigma]);
                                          }),
                          data, {.tolerance = 1e-13});
  const auto exact = fit(GaussianMixture(Gaussian(1, 2, Covariance::full)), data);
  const auto expected = exact.model.emissions().parameters();
  const auto found = fitted.model.parameters();
  for (std::size_t j = 0; j < expected.size(); ++j) EXPECT_NEAR(found[j], expected[j], 1e-5) << j;
  EXPECT_NEAR(fitted.report.log_likelihood, exact.report.log_likelihood, 1e-9);
}

TEST(DiscreteLatent, FitsManyParameters) {
  constexpr std::size_t items = 30;
  std::vector<double> values(200 * items);
  for (std::size_t i = 0; i < 200; ++i) {
    Stream stream(5, Purpose::test, 0, 0, i);
    for (std::size_t j = 0; j < items; ++j) values[j * 200 + i] = stream.uniform() < (i % 2 == 0 ? 0.2 : 0.7) ? 1 : 0;
  }
  Parameters theta;
  const auto p = theta.probability("p", std::vector<double>(items, 0.4));
  const auto q = theta.probability("q", std::vector<double>(items, 0.6));
  const auto fitted = fit(discrete_latent(2, theta,
                                          [=](const auto& at, std::span<const double> row, int z) {
                                            using std::log;
                                            ScalarOf<decltype(at)> total(std::log(0.5));
                                            const auto chances = z == 0 ? at[p] : at[q];
                                            for (std::size_t j = 0; j < items; ++j) {
                                              total += row[j] == 1 ? log(chances[j]) : log(1.0 - chances[j]);
                                            }
                                            return total;
                                          }),
                          Table(std::move(values), 200, static_cast<int>(items)), {.tolerance = 1e-10});
  ASSERT_TRUE(fitted.report.converged()) << fitted.report.message;
  EXPECT_TRUE(fitted.report.monotone);
  double low = 0, high = 0;
  const auto found = fitted.model.parameters();
  for (std::size_t j = 0; j < items; ++j) low += found[j] / items, high += found[items + j] / items;
  EXPECT_NEAR(low, 0.2, 0.03);
  EXPECT_NEAR(high, 0.7, 0.03);
}

}  // namespace
}  // namespace jensen
