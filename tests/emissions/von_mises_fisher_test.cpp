// von Mises–Fisher emissions: density, laws, recovery, refusals.
#include <gtest/gtest.h>
#include <jensen/data/table.h>
#include <jensen/em/fit.h>
#include <jensen/error.h>
#include <jensen/math/sphere.h>
#include <jensen/models/von_mises_fisher_mixture.h>
#include <jensen/testing/laws.h>

#include <cmath>
#include <numbers>

#include "support/data.h"
#include "support/refusal.h"

namespace jensen {
namespace {

VonMisesFisher three_on_the_sphere() {
  VonMisesFisher emissions(3, 3);
  const double s = std::sqrt(0.5);
  emissions.set({1, 0, 0, 0, s, s, -0.6, 0, 0.8}, {8, 20, 3});
  return emissions;
}

// log p of one row in the first state.
double log_density(const VonMisesFisher& emissions, const std::vector<double>& row) {
  Block block;
  block.x = {row.data(), 1, emissions.columns(), 1};
  std::vector<double> p(static_cast<std::size_t>(emissions.states()));
  VonMisesFisher::Scratch scratch;
  emissions.add_log_density(block, {p.data(), 1, emissions.states(), 1}, scratch);
  return p[0];
}

// scipy.stats.vonmises_fisher(mu, kappa).logpdf(x), SciPy 1.17
TEST(VonMisesFisher, DensityIsSciPys) {
  VonMisesFisher sphere(1, 3);
  sphere.set({1 / 3.0, 2 / 3.0, 2 / 3.0}, {5});
  EXPECT_NEAR(log_density(sphere, {0.6, 0, 0.8}), -1.5617270863482156, 1e-12);
  VonMisesFisher many(1, 10);
  std::vector<double> direction(10), row(10);
  direction[0] = 1;
  row[0] = 0.6;
  row[9] = 0.8;
  many.set(direction, {50});
  EXPECT_NEAR(log_density(many, row), -10.507323555377369, 1e-11);
}

Table sample(const VonMisesFisherMixture& model, std::int64_t rows, std::uint64_t seed) {
  std::vector<double> x(static_cast<std::size_t>(rows * model.columns()));
  model.sample(seed, 0, {x.data(), rows, model.columns(), rows}, {});
  return Table(std::move(x), rows, model.columns());
}

TEST(VonMisesFisher, LawsHold) {
  for (const bool weighted : {false, true}) {
    const VonMisesFisherMixture truth({0.3, 0.5, 0.2}, three_on_the_sphere());
    Table data = sample(truth, 200, 3);
    if (weighted) data = data.with_weights(support::uneven_weights(200)).with_labels(support::some_labels(200, 3), 3);
    VonMisesFisher start(3, 3);
    start.set({0.8, 0.6, 0, 0, 1, 0, 0, 0, 1}, {5, 5, 2});
    if (weighted) start.set_prior(2, {0.1, 0.2, 0.1});
    const VonMisesFisherMixture model(start);
    LawSubject subject(model, data);
    subject.log_joint = [&](const Block& x, std::int64_t i, int k) {
      const double kappa = start.concentration(k);
      double dot = 0;
      for (int j = 0; j < 3; ++j) dot += start.direction(k)[static_cast<std::size_t>(j)] * x.x(i, j);
      return -std::log(3.0) + std::log(kappa / (4 * std::numbers::pi * std::sinh(kappa))) + kappa * dot;
    };
    subject.accepts_missing = true;
    const LawReport report = check_laws(subject);
    EXPECT_TRUE(report.holds()) << report;
    for (const auto& result : report.laws) {
      const bool applies = result.law != "equivariance" && !(result.law == "scale" && weighted);
      EXPECT_EQ(result.outcome != LawOutcome::not_applicable, applies) << result.law << ": " << result.detail;
    }
  }
}

TEST(VonMisesFisher, SamplingAndFittingFindTheTruthAgain) {
  const VonMisesFisherMixture truth({0.3, 0.5, 0.2}, three_on_the_sphere());
  const auto fitted = fit(truth, sample(truth, 6000, 4));
  EXPECT_TRUE(fitted.report.converged()) << fitted.report.message;
  for (int k = 0; k < 3; ++k) {
    const auto& there = truth.emissions();
    const auto& found = fitted.model.emissions();
    EXPECT_NEAR(found.concentration(k) / there.concentration(k), 1, 0.12);
    for (std::size_t j = 0; j < 3; ++j) EXPECT_NEAR(found.direction(k)[j], there.direction(k)[j], 0.05);
  }
}

TEST(VonMisesFisher, EmbeddingsOf768Columns) {
  VonMisesFisher emissions(2, 768);
  std::vector<double> directions(2 * 768, 0.0);
  directions[0] = 1;
  directions[768 + 1] = 1;
  emissions.set(directions, {400, 700});
  const VonMisesFisherMixture truth({0.5, 0.5}, emissions);
  Options options;
  options.start = Start::k_means_plus_plus;
  options.restarts = 2;
  const auto fitted = fit(VonMisesFisherMixture(VonMisesFisher(2, 768)), sample(truth, 400, 5), options);
  EXPECT_TRUE(fitted.report.converged()) << fitted.report.message;
  const auto& found = fitted.model.emissions();
  const double low = std::min(found.concentration(0), found.concentration(1));
  const double high = std::max(found.concentration(0), found.concentration(1));
  // κ is overestimated with more columns than rows by component: R² has expectation (1 + (n − 1) A²) / n.
  const auto biased = [](double kappa) {
    const double a = von_mises_fisher_constants(768, kappa).mean_length;
    return concentration_of(768, std::sqrt((1 + 199 * a * a) / 200));
  };
  EXPECT_NEAR(low / biased(400), 1, 0.05);
  EXPECT_NEAR(high / biased(700), 1, 0.05);
  EXPECT_TRUE(fitted.report.monotone);
}

TEST(VonMisesFisher, RowsOfOtherLengthsAreRefusedOrNormalized) {
  const Table data({3, 0.6, -2, 0.1, 4, 0.8, 0, -0.7}, 4, 2);
  const auto refusal = support::refusal<DataError>;
  const auto refused = refusal([&] { fit(VonMisesFisherMixture(VonMisesFisher(1, 2)), data); });
  EXPECT_NE(refused.find("row 1: has length 5, not 1"), std::string::npos) << refused;
  const auto fitted = fit(VonMisesFisherMixture(VonMisesFisher(1, 2, RowLength::normalized)), data);
  EXPECT_TRUE(fitted.report.converged());
  const double length = std::hypot(0.1, -0.7);
  const double x = (0.6 + 0.6 - 1 + 0.1 / length) / 4;
  const double y = (0.8 + 0.8 + 0 - 0.7 / length) / 4;
  EXPECT_NEAR(fitted.model.emissions().direction(0)[0], x / std::hypot(x, y), 1e-12);
  EXPECT_NEAR(fitted.model.emissions().concentration(0), concentration_of(2, std::hypot(x, y)), 1e-9);

  const auto zero = refusal([&] {
    fit(VonMisesFisherMixture(VonMisesFisher(1, 2, RowLength::normalized)), Table({1, 0, 0, 0}, 2, 2));
  });
  EXPECT_NE(zero.find("row 2: has length 0"), std::string::npos) << zero;
  const auto hole = refusal([&] {
    fit(VonMisesFisherMixture(VonMisesFisher(1, 2)), Table({1, 0.6, 0, support::missing}, 2, 2));
  });
  EXPECT_NE(hole.find("row 2, column 2: is missing"), std::string::npos) << hole;
}

TEST(VonMisesFisher, RowsInOneDirectionAreDegenerateWithoutAPrior) {
  const Table data({1, 1, 1, 0.6, 0, 0, 0, 0.8}, 4, 2);
  VonMisesFisher start(2, 2);
  start.set({1, 0, 0, 1}, {1000, 1});
  const auto fitted = fit(VonMisesFisherMixture(start), data);
  EXPECT_EQ(fitted.report.outcome, Outcome::degenerate);
  ASSERT_FALSE(fitted.report.degeneracies.empty());
  EXPECT_EQ(fitted.report.degeneracies[0].reason, "its rows point in one direction, to rounding");
  start.set_prior(0.01, {0.9, 0.2});
  const auto kept = fit(VonMisesFisherMixture(start), data);
  EXPECT_TRUE(kept.report.converged()) << kept.report.message;
  EXPECT_LE(kept.report.log_prior, 0);
}

TEST(VonMisesFisher, RefusesByName) {
  const auto refusal = support::refusal<ArgumentError>;
  EXPECT_EQ(refusal([] { VonMisesFisher(0, 2); }), "VonMisesFisher: components: must be ≥ 1, got 0");
  EXPECT_EQ(refusal([] { VonMisesFisher(1, 1); }), "VonMisesFisher: columns: must be ≥ 2, got 1");
  VonMisesFisher emissions(1, 2);
  EXPECT_EQ(refusal([&] {
              emissions.set({1, 1}, {1});
            }).find("VonMisesFisher::set: directions: that of component 0"),
            0U);
  EXPECT_EQ(refusal([&] { emissions.set({1, 0}, {-1}); }), "VonMisesFisher::set: concentrations: holds -1");
}

}  // namespace
}  // namespace jensen
