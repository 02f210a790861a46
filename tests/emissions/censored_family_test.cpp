#include <gtest/gtest.h>

#include <jensen/data/table.h>
#include <jensen/em/fit.h>
#include <jensen/emissions/censored_family.h>
#include <jensen/models/any_mixture.h>

#include <cmath>

#include "support/refusal.h"

namespace jensen {
namespace {

const double open = std::numeric_limits<double>::quiet_NaN();

CensoredFamily with(PartlySeen kind, const std::vector<double>& parameters, Truncation truncation = {}) {
  CensoredFamily family(kind, truncation);
  family.set_parameters(parameters);
  return family;
}

double probability(const CensoredFamily& family, double lower, double upper) {
  const double row[2] = {lower, upper};
  return std::exp(family.log_density(row));
}

Fitted<AnyMixture> fitted(PartlySeen kind, Truncation truncation, const Table& data) {
  return fit(AnyMixture(Independent<CensoredFamily>(1, CensoredFamily(kind, truncation))), data);
}

TEST(CensoredFamily, IntervalsOfCountsHoldBothEnds) {
  for (const auto& family : {with(PartlySeen::poisson, {3}), with(PartlySeen::geometric, {0.3}),
                             with(PartlySeen::negative_binomial, {4, 2.5})}) {
    double total = 0;
    for (int y = 2; y <= 5; ++y) total += probability(family, y, y);
    EXPECT_NEAR(probability(family, 2, 5), total, 1e-14) << family.name();
    const double below = probability(family, 0, 0) + probability(family, 1, 1);
    EXPECT_NEAR(probability(family, 2, open), 1 - below, 1e-14) << family.name();
    EXPECT_NEAR(probability(family, open, 1), below, 1e-14) << family.name();
    EXPECT_NEAR(probability(family, 0, open), 1, 1e-14) << family.name();
  }
}

TEST(CensoredFamily, FarTailsKeepTheirDigits) {
  // P(Y ≥ 200) of a Poisson of rate 3 is 3²⁰⁰ e⁻³ / 200! (1 + 3/201 + 9/(201·202) + …)
  const double row[2] = {200, open};
  double series = 1;
  double term = 1;
  for (int j = 1; j < 30; ++j) series += term *= 3.0 / (200 + j);
  EXPECT_NEAR(with(PartlySeen::poisson, {3}).log_density(row),
              200 * std::log(3.0) - 3 - std::lgamma(201.0) + std::log(series), 1e-10);
}

// Of y successes before a failure, d seen to the end: p = d / (d + all successes).
TEST(CensoredFamily, GeometricHasTheClosedForm) {
  const Table data({0, 3, 5, 2, 4, 0, 3, 5, open, open}, 5, 2);
  const auto found = fitted(PartlySeen::geometric, {}, data);
  EXPECT_TRUE(found.report.converged()) << found.report.message;
  EXPECT_NEAR(found.model.emissions().parameters()[0], 3.0 / (3 + 14), 1e-6);
}

// λ / (1 − e^(−λ)) is the mean of what lies above 0.
TEST(CensoredFamily, APoissonAboveZeroIsTheZeroTruncatedOne) {
  const Table data({1, 2, 1, 3, 4, 1, 1, 2, 1, 3, 4, 1}, 6, 2);
  const auto found = fitted(PartlySeen::poisson, {0}, data);
  const double rate = found.model.emissions().parameters()[0];
  EXPECT_NEAR(rate / -std::expm1(-rate), 2, 1e-6);
  double total = 0;
  for (int y = 1; y < 40; ++y) total += probability(with(PartlySeen::poisson, {rate}, {0}), y, y);
  EXPECT_NEAR(total, 1, 1e-12);
  EXPECT_EQ(probability(with(PartlySeen::poisson, {rate}, {0}), 0, 0), 0);
}

TEST(CensoredFamily, GammaIsRecoveredUnderCensoringAndTruncation) {
  const auto truth = with(PartlySeen::gamma, {3, 0.5}, {1, 40});
  constexpr std::int64_t rows = 4000;
  std::vector<double> values(2 * rows);
  for (std::int64_t i = 0; i < rows; ++i) {
    Stream stream(3, Purpose::test, 0, 0, static_cast<std::uint64_t>(i));
    double row[2];
    truth.sample(stream, row);
    EXPECT_GT(row[0], 1);
    const double end = 5 + 6 * stream.uniform();  // of observation
    values[static_cast<std::size_t>(i)] = std::min(row[0], end);
    values[static_cast<std::size_t>(i + rows)] = row[0] > end ? open : row[0];
  }
  const auto found = fitted(PartlySeen::gamma, {1, 40}, Table(std::move(values), rows, 2));
  EXPECT_TRUE(found.report.converged()) << found.report.message;
  EXPECT_NEAR(found.model.emissions().parameters()[0], 3, 0.35);
  EXPECT_NEAR(found.model.emissions().parameters()[1], 0.5, 0.06);
}

TEST(CensoredFamily, NamesWhatCannotBe) {
  const auto problem = [](PartlySeen kind, double lower, double upper, Truncation truncation = {}) {
    const double row[2] = {lower, upper};
    return CensoredFamily(kind, truncation).problem(row).text;
  };
  EXPECT_EQ(problem(PartlySeen::gamma, 3, 2), "is the upper end and lies below the lower, 3: got 2");
  EXPECT_EQ(problem(PartlySeen::gamma, 0, 0), "must be positive, got 0");
  EXPECT_EQ(problem(PartlySeen::beta, 0.5, 1.5), "must lie below 1, got 1.5");
  EXPECT_EQ(problem(PartlySeen::poisson, 1.5, 3), "must be a whole number ≥ 0, got 1.5");
  EXPECT_EQ(problem(PartlySeen::poisson, 0, 0, {0}), "lies outside the truncation to (0, inf), got 0");
  EXPECT_EQ(problem(PartlySeen::poisson, open, open), "");
  EXPECT_EQ(support::refusal([] {
              CensoredFamily(PartlySeen::gamma, {3, 3});
            }),
            "CensoredFamily: truncation: must rise, got 3 and 3");
  EXPECT_EQ(support::refusal([] { with(PartlySeen::geometric, {1}); }),
            "censored-geometric: probability: must lie inside its range, got 1");
}

}  // namespace
}  // namespace jensen
