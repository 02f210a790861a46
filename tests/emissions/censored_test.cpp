#include <gtest/gtest.h>

#include <boost/math/quadrature/gauss_kronrod.hpp>

#include <jensen/data/table.h>
#include <jensen/em/fit.h>
#include <jensen/emissions/censored.h>
#include <jensen/models/any_mixture.h>

#include "support/refusal.h"

namespace jensen {
namespace {

const double open = std::numeric_limits<double>::quiet_NaN();

double integral(const std::function<double(double)>& f, double from, double to) {
  return boost::math::quadrature::gauss_kronrod<double, 61>::integrate(f, from, to, 12, 1e-13);
}

std::vector<CensoredRegression> all(Truncation truncation = {}) {
  std::vector<CensoredRegression> found;
  for (const auto lifetime : {Lifetime::normal, Lifetime::log_normal, Lifetime::exponential, Lifetime::weibull}) {
    found.emplace_back(lifetime, RegressionDesign{0, true, false}, truncation);
    found.back().set_parameters(lifetime == Lifetime::exponential ? std::vector<double>{0.7}
                                                                  : std::vector<double>{0.7, 0.6});
  }
  return found;
}

double density(const CensoredRegression& family, double y) {
  const double row[2] = {y, y};
  return std::exp(family.log_density(row));
}

// What is not seen is integrated out: an interval is the integral of the density over it.
TEST(Censored, IntervalsAreIntegralsOfTheDensity) {
  for (const auto& family : all()) {
    for (const auto& [lower, upper] : {std::pair{0.5, 2.0}, {1.0, 1.25}, {3.0, 9.0}}) {
      const double row[2] = {lower, upper};
      EXPECT_NEAR(std::exp(family.log_density(row)),
                  integral([&](double y) { return density(family, y); }, lower, upper), 1e-10)
          << family.name();
    }
    const double right[2] = {2.5, open};
    EXPECT_NEAR(std::exp(family.log_density(right)),
                integral([&](double y) { return density(family, y); }, 2.5, std::numeric_limits<double>::infinity()),
                1e-9)
        << family.name();
    const double left[2] = {open, 2.5};
    const double infinite[2] = {-std::numeric_limits<double>::infinity(), 2.5};
    EXPECT_NEAR(std::exp(family.log_density(left)) + std::exp(family.log_density(right)), 1, 1e-12) << family.name();
    EXPECT_EQ(family.log_density(left), family.log_density(infinite));
  }
}

TEST(Censored, TruncatedDensitiesIntegrateToOne) {
  for (const auto& family : all({0.8, 3})) {
    EXPECT_NEAR(integral([&](double y) { return density(family, y); }, 0.8, 3), 1, 1e-10) << family.name();
    const double row[2] = {open, 1.5};
    EXPECT_NEAR(std::exp(family.log_density(row)), integral([&](double y) { return density(family, y); }, 0.8, 1.5),
                1e-10)
        << family.name();
  }
}

TEST(Censored, FarTailsStayFinite) {
  CensoredRegression family(Lifetime::normal);
  family.set_parameters(std::vector<double>{0, 1});
  const double row[2] = {60, open};
  EXPECT_NEAR(family.log_density(row), -0.5 * 3600 - std::log(60) - 0.5 * std::log(2 * M_PI) - 1 / 3600.0, 1e-6);
  const double between[2] = {60, 60.5};
  EXPECT_TRUE(std::isfinite(family.log_density(between)));
}

// P(Y ≤ y) = 1 − exp(−(y / scale)^shape), which for small y is its argument.
TEST(Censored, EarlyLifetimesKeepTheirLogarithm) {
  CensoredRegression family(Lifetime::weibull);
  family.set_parameters(std::vector<double>{0, 0.01});  // shape 100
  const double row[2] = {open, 1e-6};
  EXPECT_NEAR(family.log_density(row), 100 * std::log(1e-6), 1e-9);
  const double between[2] = {0.5e-6, 1e-6};
  EXPECT_NEAR(family.log_density(between), 100 * std::log(1e-6) + std::log1p(-std::pow(0.5, 100)), 1e-9);
}

TEST(Censored, ExponentialLifetimesHaveTheClosedForm) {
  const Table data({1, 2, 3, 4, 1, open, 3, open}, 4, 2);  // two events in ten units of time
  const auto fitted =
      fit(AnyMixture(Independent<CensoredRegression>(1, CensoredRegression(Lifetime::exponential))), data);
  EXPECT_NEAR(std::exp(-fitted.model.emissions().parameters()[0]), 0.2, 1e-6) << fitted.report.message;
  EXPECT_NEAR(fitted.report.log_likelihood, 2 * std::log(0.2) - 2, 1e-9);
}

TEST(Censored, RecoversUnderCensoringAndTruncation) {
  CensoredRegression truth(Lifetime::weibull, {0, true, false}, {0.3, 50});
  truth.set_parameters(std::vector<double>{1, 0.5});
  constexpr std::int64_t rows = 4000;
  std::vector<double> values(2 * rows);
  for (std::int64_t i = 0; i < rows; ++i) {
    Stream stream(3, Purpose::test, 0, 0, static_cast<std::uint64_t>(i));
    double row[2];
    truth.sample(stream, row);
    const double end = 2 + 3 * stream.uniform();  // of observation
    values[static_cast<std::size_t>(i)] = std::min(row[0], end);
    values[static_cast<std::size_t>(i + rows)] = row[0] > end ? open : row[0];
  }
  CensoredRegression family(Lifetime::weibull, {0, true, false}, {0.3, 50});
  const auto fitted = fit(AnyMixture(Independent<CensoredRegression>(1, family)), Table(std::move(values), rows, 2));
  EXPECT_TRUE(fitted.report.converged()) << fitted.report.message;
  EXPECT_NEAR(fitted.model.emissions().parameters()[0], 1, 0.04);
  EXPECT_NEAR(fitted.model.emissions().parameters()[1], 0.5, 0.03);
}

TEST(Censored, NamesWhatCannotBe) {
  const CensoredRegression family(Lifetime::weibull, {0, true, false}, {1, 9});
  const auto problem = [&](double lower, double upper) {
    const double row[2] = {lower, upper};
    return family.problem(row).text;
  };
  EXPECT_EQ(problem(3, 2), "is the upper end and lies below the lower, 3: got 2");
  EXPECT_EQ(problem(-2, -2), "must be positive, got -2");
  EXPECT_EQ(problem(12, 13), "lies outside the truncation to (1, 9), got 12");
  EXPECT_EQ(problem(open, open), "");
}

}  // namespace
}  // namespace jensen
