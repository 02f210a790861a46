// Models written as a log-joint against other software's numbers; see README.md beside this file.
#include <gtest/gtest.h>
#include <jensen/data/csv.h>
#include <jensen/em/fit.h>
#include <jensen/math/optimize.h>
#include <jensen/testing/laws.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "../examples/blood_groups.h"
#include "../examples/shared_background.h"
#include "../examples/zero_inflated_poisson.h"
#include "support/golden.h"
#include "support/source_folder.h"

namespace jensen {
namespace {

using golden::Json;

const Json& golden_case(const std::string& id) { return golden::case_named("log_joint", id); }

Table patients() { return Table({shows_a, shows_b, shows_ab, shows_o}, 4, 1).with_weights({186, 38, 13, 284}); }

TEST(BloodGroups, ReachTheGoldenFrequencies) {
  const Json expected = golden_case("abo_clarke").at("result");
  const auto fitted = fit(blood_groups(0.3, 0.2), patients(), {.tolerance = 1e-15});
  EXPECT_NEAR(fitted.report.log_likelihood, expected.at("loglik").get<double>(), 1e-9);
  const auto found = fitted.model.parameters();
  for (std::size_t k = 0; k < 3; ++k) {
    EXPECT_NEAR(found[k], expected.at("params").at("frequencies").at(k).get<double>(), 1e-7);
  }
  EXPECT_EQ(fitted.report.free_parameters, 2);
}

TEST(BloodGroupsLaws, Hold) {
  const Table data = patients();
  LawSubject subject(blood_groups(0.3, 0.2), data);
  subject.log_density = [](const Block& x, std::int64_t i) {
    const double p = 0.3, q = 0.2, r = 0.5;
    const double shown[] = {p * p + 2 * p * r, q * q + 2 * q * r, 2 * p * q, r * r};
    return std::log(shown[static_cast<int>(x.x(i, 0))]);
  };
  subject.exact_m_step = false;
  const LawReport report = check_laws(subject);
  EXPECT_TRUE(report.holds()) << report;
  for (const char* law : {"tight_bound", "gradient", "ascent", "stationary", "brute_force", "weights"}) {
    EXPECT_EQ(report[law].outcome, LawOutcome::held) << law << "\n" << report;
  }
}

// Columns of numbers: art, fem (1 for women), mar (1 for married), kid5, phd, ment.
Table students(std::vector<std::size_t> columns) {
  std::ifstream file(in_source("data/biochemists.csv"));
  std::string line;
  std::getline(file, line);
  std::vector<std::vector<double>> read(6);
  while (std::getline(file, line)) {
    std::istringstream cells(line);
    std::string cell;
    for (std::size_t j = 0; std::getline(cells, cell, ','); ++j) {
      if (cell == "Men" || cell == "Single") cell = "0";
      if (cell == "Women" || cell == "Married") cell = "1";
      read[j].push_back(std::stod(cell));
    }
  }
  std::vector<double> values;
  for (std::size_t j : columns) values.insert(values.end(), read[j].begin(), read[j].end());
  return Table(std::move(values), static_cast<std::int64_t>(read[0].size()), static_cast<int>(columns.size()));
}

TEST(ZeroInflatedPoisson, ReachesTheGoldenCaseWithoutCovariates) {
  const Json expected = golden_case("zip_biochemists_art").at("result");
  const auto fitted = fit(zero_inflated_poisson(0), students({0}), {.tolerance = 1e-14});
  EXPECT_NEAR(fitted.report.log_likelihood, expected.at("loglik").get<double>(), 1e-8);
  EXPECT_NEAR(std::exp(fitted.model.parameters()[0]), expected.at("params").at("rate").get<double>(), 1e-6);
  EXPECT_NEAR(logistic(fitted.model.parameters()[1]), expected.at("params").at("zero_weight").get<double>(), 1e-6);
}

// The observed likelihood, written out and climbed by BFGS on differences: no E-step, no automatic derivative.
Maximum by_direct_optimisation(const Table& data, std::size_t covariates) {
  const std::size_t side = 1 + covariates;
  const auto log_likelihood = [&](std::span<const double> theta) {
    BlockBuffer buffer;
    const Block x = data.block(0, data.rows(), buffer);
    double total = 0;
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      double eta = theta[0], logit = theta[side];
      for (std::size_t j = 1; j < side; ++j) {
        eta += theta[j] * x.x(i, static_cast<int>(j));
        logit += theta[side + j] * x.x(i, static_cast<int>(j));
      }
      const double zero = 1 / (1 + std::exp(-logit));
      const double y = x.x(i, 0);
      const double count = y * eta - std::exp(eta) - std::lgamma(y + 1);
      total += y == 0 ? std::log(zero + (1 - zero) * std::exp(count)) : std::log(1 - zero) + count;
    }
    return total;
  };
  const FirstOrder with_differences = [&](std::span<const double> theta, QuadraticModel& at) {
    std::vector<double> moved(theta.begin(), theta.end());
    at.value = log_likelihood(moved);
    at.gradient.clear();
    for (double& t : moved) {
      const double was = t, h = 1e-5;
      t = was + h;
      const double up = log_likelihood(moved);
      t = was - h;
      const double down = log_likelihood(moved);
      t = was;
      at.gradient.push_back((up - down) / (2 * h));
    }
  };
  return maximize_by_bfgs(with_differences, std::vector<double>(2 * side, 0.0));
}

TEST(ZeroInflatedPoisson, RegressionEndsWhereADirectOptimiserDoes) {
  const Table data = students({0, 3, 5});
  const auto fitted = fit(zero_inflated_poisson(2), data, {.tolerance = 1e-13});
  ASSERT_TRUE(fitted.report.converged()) << fitted.report.message;
  const Maximum direct = by_direct_optimisation(data, 2);
  EXPECT_NEAR(fitted.report.log_likelihood, direct.value, 1e-6);
  EXPECT_GE(fitted.report.log_likelihood, direct.value - 1e-8);
  for (std::size_t j = 0; j < direct.x.size(); ++j) EXPECT_NEAR(fitted.model.parameters()[j], direct.x[j], 2e-3) << j;
}

// zeroinfl(art ~ . | ., data = bioChemists) of R's pscl, as printed in its documentation (six digits; −1605 on 12 df).
TEST(ZeroInflatedPoisson, FullRegressionMatchesPscl) {
  const auto fitted = fit(zero_inflated_poisson(5), students({0, 1, 2, 3, 4, 5}), {.tolerance = 1e-13});
  ASSERT_TRUE(fitted.report.converged()) << fitted.report.message;
  const double published[] = {0.640839,  -0.209144, 0.103750,  -0.143320, -0.006166, 0.018098,
                              -0.577060, 0.109752,  -0.354018, 0.217095,  0.001275,  -0.134114};
  const auto found = fitted.model.parameters();
  for (std::size_t j = 0; j < 12; ++j) EXPECT_NEAR(found[j], published[j], 2e-4) << fitted.model.parameter_names()[j];
  EXPECT_NEAR(fitted.report.log_likelihood, -1605, 0.5);
  EXPECT_EQ(fitted.report.free_parameters, 12);
}

TEST(ZeroInflatedPoissonLaws, Hold) {
  const Table all = students({0, 3, 5});
  BlockBuffer buffer;
  const Block x = all.block(0, all.rows(), buffer);
  std::vector<double> values;  // every sixth row: the file is sorted by the count
  for (int j = 0; j < 3; ++j) {
    for (std::int64_t i = 0; i < 150; ++i) values.push_back(x.x(6 * i, j));
  }
  const Table data(std::move(values), 150, 3);
  auto model = zero_inflated_poisson(2);
  model.set_parameters(std::vector<double>{0.5, -0.1, 0.02, -0.5, 0.1, -0.1});
  LawSubject subject(model, data);
  subject.exact_m_step = false;
  const LawReport report = check_laws(subject);
  EXPECT_TRUE(report.holds()) << report;
  EXPECT_EQ(report["gradient"].outcome, LawOutcome::held) << report;
}

TEST(SharedBackgroundLaws, Hold) {
  std::vector<double> values(160);
  for (std::size_t i = 0; i < 80; ++i) {
    Stream stream(7, Purpose::test, 0, 0, i);
    const bool line = i % 3 == 0;
    values[i] = line ? 4 + 5.0 * static_cast<double>(i % 2) + 0.5 * stream.normal() : 6 * stream.exponential();
    values[80 + i] = static_cast<double>(i % 2);
  }
  const Table data(std::move(values), 80, 2);
  LawSubject subject(shared_background({4.5, 8.5}), data);
  subject.exact_m_step = false;
  subject.log_joint = [](const Block& at, std::int64_t i, int z) {
    const double energy = at.x(i, 0);
    const double z1 = energy - (at.x(i, 1) == 0 ? 4.5 : 8.5);
    return std::log(0.5) + (z == 1 ? -0.5 * z1 * z1 - 0.5 * std::log(2 * M_PI) : -std::log(5.0) - energy / 5);
  };
  const LawReport report = check_laws(subject);
  EXPECT_TRUE(report.holds()) << report;
  EXPECT_EQ(report["brute_force"].outcome, LawOutcome::held) << report;
}

TEST(GoldenLogJointFile, IsWhole) { EXPECT_EQ(golden::cases("log_joint").size(), 5U); }

}  // namespace
}  // namespace jensen
