#include <gtest/gtest.h>

#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/gamma.hpp>
#include <boost/math/distributions/geometric.hpp>
#include <boost/math/distributions/negative_binomial.hpp>
#include <boost/math/distributions/poisson.hpp>
#include <boost/math/quadrature/gauss_kronrod.hpp>
#include <boost/math/special_functions/digamma.hpp>

#include <jensen/data/table.h>
#include <jensen/em/fit.h>
#include <jensen/emissions/censored_family.h>
#include <jensen/models/any_mixture.h>

#include <cmath>
#include <functional>
#include <vector>

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

// A family with its density and its score in the unconstrained coordinates, by the textbook.
struct Scored {
  PartlySeen kind;
  std::vector<double> parameters;
  bool counts;
  std::function<double(double)> density;
  std::vector<std::function<double(double)>> scores;
  double lower, upper;    // a cell
  Truncation truncation;  // that holds it
};

std::vector<Scored> scored() {
  namespace bm = boost::math;
  const double a = 2.5;
  const double b = 1.5;
  const double p = 0.2;
  const double m = 4;
  return {
      {PartlySeen::gamma,
       {a, b},
       false,
       [=](double y) { return bm::pdf(bm::gamma_distribution<>(a, 1 / b), y); },
       {[=](double y) { return a * (std::log(b * y) - bm::digamma(a)); }, [=](double y) { return a - b * y; }},
       0.7,
       2,
       {0.2, 6}},
      {PartlySeen::beta,
       {a, b},
       false,
       [=](double y) { return bm::pdf(bm::beta_distribution<>(a, b), y); },
       {[=](double y) { return a * (bm::digamma(a + b) - bm::digamma(a) + std::log(y)); },
        [=](double y) { return b * (bm::digamma(a + b) - bm::digamma(b) + std::log1p(-y)); }},
       0.3,
       0.7,
       {0.1, 0.95}},
      {PartlySeen::poisson,
       {m},
       true,
       [=](double y) { return bm::pdf(bm::poisson(m), y); },
       {[=](double y) { return y - m; }},
       2,
       6,
       {0, 12}},
      {PartlySeen::geometric,
       {p},
       true,
       [=](double y) { return bm::pdf(bm::geometric(p), y); },
       {[=](double y) { return 1 - p - p * y; }},
       2,
       6,
       {0, 12}},
      {PartlySeen::negative_binomial,
       {m, a},
       true,
       [=](double y) { return bm::pdf(bm::negative_binomial(a, a / (a + m)), y); },
       {[=](double y) { return y - m * (y + a) / (a + m); },
        [=](double y) {
          return a * (bm::digamma(y + a) - bm::digamma(a) + std::log(a / (a + m)) + 1 - (y + a) / (a + m));
        }},
       2,
       6,
       {0, 12}},
  };
}

// E[score | lower ≤ y ≤ upper], by integration or by summation.
double expected(const Scored& one, std::size_t coordinate, double lower, double upper) {
  const auto& score = one.scores[coordinate];
  double mass = 0;
  double total = 0;
  if (one.counts) {
    for (double y = lower; y <= upper; ++y) mass += one.density(y), total += one.density(y) * score(y);
  } else {
    using Rule = boost::math::quadrature::gauss_kronrod<double, 61>;
    mass = Rule::integrate(one.density, lower, upper, 12, 1e-13);
    total = Rule::integrate([&](double y) { return one.density(y) * score(y); }, lower, upper, 12, 1e-13);
  }
  return total / mass;
}

// Fisher's identity: the gradient that the E-step keeps is the score that is expected given the cell, less the one
// that is expected given the truncation.
TEST(CensoredFamily, TheEStepExpectsTheScoreGivenTheCell) {
  for (const auto& one : scored()) {
    const double before = one.counts ? 1 : 0;  // ends of a truncation are outside
    const double first = one.truncation.lower + before;
    const double last = one.truncation.upper - before;
    for (const bool truncated : {false, true}) {
      const auto family = with(one.kind, one.parameters, truncated ? one.truncation : Truncation{});
      std::vector<double> about(family.layout().about);
      family.reference(about);
      const double cells[3][2] = {{one.lower, one.upper}, {one.lower, open}, {one.upper, one.upper}};
      for (const auto& cell : cells) {
        if (!truncated && std::isnan(cell[1])) continue;  // has no end at which a sum may stop
        std::vector<double> sum(family.layout().sum, 0.0);
        family.add(cell, 1, {sum, about});
        for (std::size_t j = 0; j < one.scores.size(); ++j) {
          const double end = std::isnan(cell[1]) ? last : cell[1];
          double score = cell[0] == cell[1] ? one.scores[j](cell[0]) : expected(one, j, cell[0], end);
          if (truncated) score -= expected(one, j, first, last);
          EXPECT_NEAR(sum[1 + j], score, 1e-7) << family.name() << ' ' << j << ' ' << cell[1] << ' ' << truncated;
        }
      }
    }
  }
}

// log Σ_k exp(terms), the largest first.
double log_sum(const std::vector<double>& terms) {
  double total = 0;
  for (const double term : terms) total += std::exp(term - terms.front());
  return terms.front() + std::log(total);
}

// Probabilities far below 1e-308, by the finite sums that whole shapes have.
TEST(CensoredFamily, TailsThatNoNumberHoldsHaveTheirLogarithm) {
  const auto log_choose = [](double n, double k) {
    return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1);
  };
  const auto near = [](const CensoredFamily& family, double lower, double upper, double expected) {
    const double row[2] = {lower, upper};
    EXPECT_NEAR(family.log_density(row), expected, 1e-12 * std::abs(expected)) << family.name();
  };
  // Q(2, x) = e⁻ˣ (1 + x); P(a, x) = e⁻ˣ Σ_{k ≥ a} xᵏ / k!.
  near(with(PartlySeen::gamma, {2, 1}), 2000, open, -2000 + std::log(2001));
  near(with(PartlySeen::gamma, {2, 1}), 2000, 2000.5, -2000 + std::log(2001 - std::exp(-0.5) * 2001.5));
  std::vector<double> terms;
  for (int k = 200; k < 230; ++k) terms.push_back(k * std::log(0.01) - 0.01 - std::lgamma(k + 1.0));
  near(with(PartlySeen::gamma, {200, 1}), open, 0.01, log_sum(terms));
  near(with(PartlySeen::poisson, {0.01}), 200, open, log_sum(terms));
  // P(Y ≤ 3) at rate 2000.
  terms.clear();
  for (int k = 3; k >= 0; --k) terms.push_back(k * std::log(2000.0) - 2000 - std::lgamma(k + 1.0));
  near(with(PartlySeen::poisson, {2000}), open, 3, log_sum(terms));
  near(with(PartlySeen::geometric, {0.9}), 1000, open, 1000 * std::log(0.1));
  // I_x(a, b) = Σ_{k ≥ a} C(a + b − 1, k) xᵏ (1 − x)^(a + b − 1 − k).
  terms.clear();
  for (int k = 200; k <= 204; ++k) {
    terms.push_back(log_choose(204, k) + k * std::log(0.01) + (204 - k) * std::log(0.99));
  }
  near(with(PartlySeen::beta, {200, 5}), open, 0.01, log_sum(terms));
  // Failures before the third success: P(Y ≥ 800) = P(fewer than three successes in 802 trials), p = 0.75.
  terms.clear();
  for (int k = 2; k >= 0; --k) {
    terms.push_back(log_choose(802, k) + k * std::log(0.75) + (802 - k) * std::log(0.25));
  }
  near(with(PartlySeen::negative_binomial, {1, 3}), 800, open, log_sum(terms));
}

// The hazard of a gamma of shape 2 is x / (1 + x): in the tail it is the score.
TEST(CensoredFamily, FarTailsMoveTheStep) {
  const auto family = with(PartlySeen::gamma, {2, 1});
  std::vector<double> about(family.layout().about), sum(family.layout().sum);
  family.reference(about);
  const double row[2] = {2000, open};
  family.add(row, 1, {sum, about});
  EXPECT_NEAR(sum[2], -2000 * 2000.0 / 2001, 1e-3) << "∂/∂ log rate";
}

// A cell that one component all but rules out leaves the other's step alone.
TEST(CensoredFamily, CellsBeyondOneComponentDoNotHarmIt) {
  const Table data({1, 2, 1.5, 2.5, 3, 4000, 4100, 3900, 4050, 1, 2, 1.5, 2.5, 3, open, 4100, 3900, open}, 9, 2);
  std::vector<CensoredFamily> both{with(PartlySeen::gamma, {2, 1}), with(PartlySeen::gamma, {40, 0.01})};
  const auto found = fit(AnyMixture({0.5, 0.5}, Independent<CensoredFamily>(both)), data);
  EXPECT_TRUE(std::isfinite(found.report.log_likelihood)) << found.report.message;
  const auto v = found.model.emissions().parameters();
  EXPECT_NEAR(v[0] / v[1], 2, 1e-4);  // the mean of the five that were seen whole
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
