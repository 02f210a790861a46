#include <gtest/gtest.h>
#include <jensen/data/csv.h>
#include <jensen/data/units.h>
#include <jensen/em/fit.h>
#include <jensen/models/continuous_latent.h>
#include <jensen/testing/laws.h>

#include <Eigen/Cholesky>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "../examples/random_intercept.h"
#include "support/golden.h"
#include "support/refusal.h"
#include "support/source_folder.h"

namespace jensen {
namespace {

using golden::Json;

const Json& golden_result(const std::string& id) { return golden::case_named("log_joint", id).at("result"); }

// A random intercept in a linear model. The integrand is a Gaussian in z, for which any rule is exact.
auto random_intercept_normal(int points) {
  Parameters theta;
  const auto beta = theta.real("beta", 60);
  const auto between = theta.positive("between", 10);
  const auto within = theta.positive("within", 5);
  return continuous_latent<1>(
      theta,
      [=](const auto& at, std::span<const double> row, const auto& z) {
        auto total = normal_log_density(z[0], 0.0, 1.0) + 0.0 * at[beta];
        for (double x : row) {
          if (!std::isnan(x)) total += normal_log_density(x, at[beta] + at[between] * z[0], at[within]);
        }
        return total;
      },
      points);
}

Table rails() { return units(read_csv(in_source("data/rail.csv")).table, 0); }

TEST(ContinuousLatent, FitsTheLinearMixedModelOfLme4) {
  const Json expected = golden_result("lmm_rail");
  for (int points : {2, 9}) {
    const auto fitted = fit(random_intercept_normal(points), rails(), {.tolerance = 1e-10});
    ASSERT_TRUE(fitted.report.converged()) << fitted.report.message;
    EXPECT_TRUE(fitted.report.monotone);
    EXPECT_NEAR(fitted.report.log_likelihood, expected.at("loglik").get<double>(), 1e-8) << points;
    const auto v = fitted.model.parameters();
    EXPECT_NEAR(v[0], 66.5, 1e-3);
    EXPECT_NEAR(v[1] * v[1], 511.861111644855, 0.1);
    EXPECT_NEAR(v[2] * v[2], 16.1666666583688, 1e-3);
  }
}

Table centres() {
  CsvOptions columns;
  columns.columns = {"Center", "Deaths", "Total"};
  return units(read_csv(in_source("data/betablocker.csv"), columns).table, 0);
}

// ∫ by the trapezoidal rule on 4001 points in ±12: for a smooth integrand that vanishes at the ends, exact to rounding.
double by_trapezoid(const Block& x, std::int64_t i, double intercept, double effect, double spread) {
  const auto log_binomial = [](double k, double n, double logit) {
    return k * logit - n * std::log1p(std::exp(logit)) + std::lgamma(n + 1) - std::lgamma(k + 1) -
           std::lgamma(n - k + 1);
  };
  double total = 0;
  const double h = 24.0 / 4000;
  for (int m = 0; m <= 4000; ++m) {
    const double z = -12 + h * m;
    const double logit = intercept + spread * z;
    total += std::exp(log_binomial(x.x(i, 0), x.x(i, 1), logit) + log_binomial(x.x(i, 2), x.x(i, 3), logit + effect) -
                      0.5 * z * z) *
             h / std::sqrt(2 * M_PI);
  }
  return std::log(total);
}

TEST(ContinuousLatentLaws, HoldForARandomInterceptLogisticModel) {
  const Table data = centres();
  auto model = random_intercept();
  model.set_parameters(std::vector<double>{-2.3, -0.3, 0.6});
  LawSubject subject(model, data);
  subject.exact_m_step = false;
  subject.log_density = [](const Block& x, std::int64_t i) { return by_trapezoid(x, i, -2.3, -0.3, 0.6); };
  const std::vector<std::string> laws{"evidence", "ascent",      "tight_bound", "rules",      "gradient",
                                      "weights",  "blocks",      "order",       "parameters", "unconstrained",
                                      "score",    "brute_force", "zero_weight", "clone",      "stationary"};
  const LawReport report = check_laws(subject, laws);
  EXPECT_TRUE(report.holds()) << report;
  for (const auto& law : laws) EXPECT_EQ(report[law].outcome, LawOutcome::held) << law << "\n" << report;
}

TEST(ContinuousLatent, TheMaximumOfTheExactIntegralIsFound) {
  const Table data = centres();
  const auto fitted = fit(random_intercept(), data, {.tolerance = 1e-9});
  ASSERT_TRUE(fitted.report.converged()) << fitted.report.message;
  EXPECT_TRUE(fitted.report.monotone);
  BlockBuffer buffer;
  const Block x = data.block(0, data.rows(), buffer);
  const auto exact = [&](std::vector<double> v) {
    double total = 0;
    for (std::int64_t i = 0; i < x.rows(); ++i) total += by_trapezoid(x, i, v[0], v[1], v[2]);
    return total;
  };
  const auto top = fitted.model.parameters();
  EXPECT_NEAR(exact(top), fitted.report.log_likelihood, 1e-8);
  for (std::size_t j = 0; j < 3; ++j) {
    auto up = top, down = top;
    up[j] += 1e-4;
    down[j] -= 1e-4;
    EXPECT_NEAR((exact(up) - exact(down)) / 2e-4, 0, 2e-3) << j;
  }
}

// Two factors: x = Λ z + e, marginally N(0, Λ Λᵀ + σ² I).
TEST(ContinuousLatent, IntegratesInTwoDimensions) {
  Parameters theta;
  const auto loadings = theta.real("loading", {1.0, 0.5, -0.3, 0.8, 0.2, 1.1});
  const auto noise = theta.positive("noise", 0.7);
  const auto model = continuous_latent<2>(theta, [=](const auto& at, std::span<const double> row, const auto& z) {
    auto total = normal_log_density(z[0], 0.0, 1.0) + normal_log_density(z[1], 0.0, 1.0) + 0.0 * at[noise];
    for (std::size_t j = 0; j < 3; ++j) {
      const auto mean = at[loadings][2 * j] * z[0] + at[loadings][2 * j + 1] * z[1];
      total += normal_log_density(row[j], mean, at[noise]);
    }
    return total;
  });
  std::vector<double> values(60);
  for (std::size_t i = 0; i < 20; ++i) {
    Stream stream(9, Purpose::test, 0, 0, i);
    for (std::size_t j = 0; j < 3; ++j) values[j * 20 + i] = 1.5 * stream.normal();
  }
  const Table data(std::move(values), 20, 3);
  LawSubject subject(model, data);
  subject.exact_m_step = false;
  subject.log_density = [](const Block& x, std::int64_t i) {
    Eigen::Matrix<double, 3, 2> lambda;
    lambda << 1.0, 0.5, -0.3, 0.8, 0.2, 1.1;
    const Eigen::Matrix3d sigma = lambda * lambda.transpose() + 0.49 * Eigen::Matrix3d::Identity();
    const Eigen::Vector3d row(x.x(i, 0), x.x(i, 1), x.x(i, 2));
    const Eigen::LLT<Eigen::Matrix3d> llt(sigma);
    double log_root = 0;
    for (int j = 0; j < 3; ++j) log_root += std::log(llt.matrixLLT()(j, j));
    return -1.5 * std::log(2 * M_PI) - log_root - 0.5 * row.dot(llt.solve(row));
  };
  const std::vector<std::string> laws{"tight_bound", "gradient", "brute_force", "weights"};
  const LawReport report = check_laws(subject, laws);
  for (const auto& law : laws) EXPECT_EQ(report[law].outcome, LawOutcome::held) << law << "\n" << report;
}

// E[z | x] of a Gaussian in closed form: Σ x / (n + σ²) with unit variance between, σ² within.
TEST(ContinuousLatent, GivesPosteriorMeans) {
  auto model = random_intercept_normal(7).accept_missing();
  model.set_parameters(std::vector<double>{0, 1, 2});
  const Table data({3, 1, 1, NAN, 2, 5}, 2, 3);
  BlockBuffer buffer;
  std::vector<double> mean(2);
  model.posterior_mean(data.block(0, 2, buffer), {mean.data(), 2, 1, 2});
  EXPECT_NEAR(mean[0], (3 + 1 + 2) / (3 + 4.0), 1e-12);
  EXPECT_NEAR(mean[1], (1 + 5) / (2 + 4.0), 1e-12);
}

TEST(ContinuousLatent, RefusesLabelsAndRowsWithoutAMaximum) {
  const Table data = rails();
  Parameters theta;
  const auto a = theta.real("a", 0);
  const auto flat = continuous_latent<1>(theta, [=](const auto& at, std::span<const double> row, const auto& z) {
    return -square(row[0] - at[a]) + 0.0 * z[0];
  });
  const std::string message = support::refusal<DataError>([&] { fit(flat, data); });
  EXPECT_NE(message.find("row 1: the log-joint has no proper maximum in z"), std::string::npos) << message;
  EXPECT_NE(support::refusal<ArgumentError>([] { random_intercept_normal(1); }).find("points: must be ≥ 2"),
            std::string::npos);
  Options options;
  options.start = Start::random;
  EXPECT_NE(support::refusal([&] { fit(random_intercept_normal(3), data, options); }).find("continuous latent model"),
            std::string::npos);
}

// Answers of the LSAT data as patterns with counts, or nothing where the file is not there.
std::optional<Table> answers() {
  const std::string path = in_source("../shared/data/in_place/lsat.csv");
  if (!std::filesystem::exists(path)) return std::nullopt;
  const Table all = read_csv(path).table;
  BlockBuffer buffer;
  const Block x = all.block(0, all.rows(), buffer);
  std::map<std::vector<double>, double> patterns;
  for (std::int64_t i = 0; i < x.rows(); ++i) {
    std::vector<double> row;
    for (int j = 0; j < 5; ++j) row.push_back(x.x(i, j));
    patterns[row] += 1;
  }
  std::vector<double> values(patterns.size() * 5), weights;
  for (const auto& [row, count] : patterns) {
    for (std::size_t j = 0; j < 5; ++j) values[j * patterns.size() + weights.size()] = row[j];
    weights.push_back(count);
  }
  return Table(std::move(values), static_cast<std::int64_t>(patterns.size()), 5).with_weights(weights);
}

// logit P(right) = intercept_j + slope_j z; with one slope for all it is a random-intercept logistic model.
auto item_responses(std::size_t slopes) {
  Parameters theta;
  const auto intercept = theta.real("intercept", std::vector<double>(5, 0.0));
  const auto slope = theta.real("slope", std::vector<double>(slopes, 1.0));
  return continuous_latent<1>(theta, [=](const auto& at, std::span<const double> row, const auto& z) {
    auto total = normal_log_density(z[0], 0.0, 1.0) + 0.0 * at[slope][0];
    for (std::size_t j = 0; j < 5; ++j) {
      const auto logit = at[intercept][j] + at[slope][j % slope.size] * z[0];
      total += row[j] * logit - log1p_exp(logit);
    }
    return total;
  });
}

// Against ltm's numbers, polished on the exact integral.
TEST(ContinuousLatent, FitsItemResponsesAsLtmDoes) {
  const auto data = answers();
  if (!data) GTEST_SKIP() << "../shared/data/in_place/lsat.csv is not there";
  for (const auto& [id, slopes] :
       {std::pair{"irt_lsat_1pl", std::size_t{1}}, std::pair{"irt_lsat_2pl", std::size_t{5}}}) {
    const auto fitted = fit(item_responses(slopes), *data, {.tolerance = 1e-10});
    ASSERT_TRUE(fitted.report.converged()) << id << ": " << fitted.report.message;
    EXPECT_TRUE(fitted.report.monotone) << id;
    const Json expected = golden_result(id);
    EXPECT_NEAR(fitted.report.log_likelihood, expected.at("loglik").get<double>(), 1e-5) << id;
    EXPECT_EQ(fitted.report.free_parameters, expected.at("n_params").get<int>()) << id;
    const auto found = fitted.model.parameters();
    for (std::size_t j = 0; j < 5; ++j) {
      EXPECT_NEAR(found[j], expected.at("params").at("intercept").at(j).get<double>(), 2e-3) << id;
      EXPECT_NEAR(found[5 + j % slopes], expected.at("params").at("slope").at(j).get<double>(), 5e-3) << id;
    }
  }
}

}  // namespace
}  // namespace jensen
