// Every family, in one table: the laws on a mixture of two of them with densities by Boost.Math, recovery of what a
// sample was drawn from, and what lies outside its domain.
#include <gtest/gtest.h>

#include <boost/math/distributions/bernoulli.hpp>
#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/exponential.hpp>
#include <boost/math/distributions/gamma.hpp>
#include <boost/math/distributions/geometric.hpp>
#include <boost/math/distributions/lognormal.hpp>
#include <boost/math/distributions/negative_binomial.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/poisson.hpp>
#include <boost/math/distributions/uniform.hpp>
#include <boost/math/distributions/weibull.hpp>
#include <boost/math/special_functions/bessel.hpp>
#include <boost/math/special_functions/factorials.hpp>

#include <jensen/data/table.h>
#include <jensen/em/fit.h>
#include <jensen/emissions/categories.h>
#include <jensen/emissions/censored.h>
#include <jensen/emissions/censored_family.h>
#include <jensen/emissions/continuous.h>
#include <jensen/emissions/counts.h>
#include <jensen/emissions/regression.h>
#include <jensen/models/any_mixture.h>
#include <jensen/testing/laws.h>

namespace jensen {
namespace {

namespace bm = boost::math;
using Row = std::span<const double>;

struct FamilyCase {
  std::string name;
  std::function<AnyEmissions()> make;       // two states, apart
  std::function<double(int, Row)> density;  // p(row | state), by Boost.Math
  std::vector<double> given = {};           // values of the given columns, cycled over rows; x(i, given_column)
  int given_column = 1;
  double outside = -1;              // a value of column 0 that is outside the domain; NaN: none is
  bool exact = true;                // the M-step maximizes Q
  std::vector<double> totals = {};  // multinomial: first cell by row before sampling
  bool censor = false;              // two ends instead of a value
  bool counts = false;              // of whole numbers, both ends among them
  double top = 1e300;               // no end lies above it
  double grid = 0.5;                // between the ends of what is seen to a grid
};
void PrintTo(const FamilyCase& c, std::ostream* out) { *out << c.name; }

template <class F>
std::function<AnyEmissions()> two(F first, F second) {
  return [=] { return AnyEmissions(Independent<F>(std::vector<F>{first, second})); };
}
template <class Distribution>
std::function<double(int, Row)> pdf_of(Distribution first, Distribution second) {
  return [=](int k, Row row) { return bm::pdf(k == 0 ? first : second, row[0]); };
}

const double none = std::numeric_limits<double>::quiet_NaN();

template <class F>
std::function<AnyEmissions()> two_with(F family, std::vector<double> first, std::vector<double> second) {
  F other = family;
  family.set_parameters(first);
  other.set_parameters(second);
  return two(family, other);
}

// y and one covariate.
void add_regressions(std::vector<FamilyCase>& all) {
  const std::vector<double> covariate = {-1, 0.5, 2, 1.2, -0.3, 0};
  FamilyCase c;
  c.given = covariate;
  c.name = "linear_regression";
  c.make = two_with(LinearRegression({1, true, false}), {1, 2, 0.5}, {-4, -1, 1.5});
  c.density = [](int k, Row row) {
    return bm::pdf(k == 0 ? bm::normal(1 + 2 * row[1], std::sqrt(0.5)) : bm::normal(-4 - row[1], std::sqrt(1.5)),
                   row[0]);
  };
  c.outside = none;
  all.push_back(c);
  c.exact = false;
  c.name = "poisson_regression";
  c.outside = 0.5;
  c.make = two_with(GeneralizedRegression(Response::poisson, {1, true, false}), {0, 0.5}, {2.5, -0.4});
  c.density = [](int k, Row row) {
    return bm::pdf(bm::poisson(std::exp(k == 0 ? 0.5 * row[1] : 2.5 - 0.4 * row[1])), row[0]);
  };
  all.push_back(c);
  c.name = "poisson_regression_offset";
  c.make = two_with(GeneralizedRegression(Response::poisson, {0, true, true}), {0.2}, {2});
  c.density = [](int k, Row row) { return bm::pdf(bm::poisson(std::exp((k == 0 ? 0.2 : 2) + row[1])), row[0]); };
  all.push_back(c);
  c.name = "gamma_regression";
  c.outside = -1;
  c.make = two_with(GeneralizedRegression(Response::gamma, {1, true, false}), {0, 0.5, 3}, {3, -0.4, 6});
  c.density = [](int k, Row row) {
    const double shape = k == 0 ? 3 : 6;
    return bm::pdf(bm::gamma_distribution<>(shape, std::exp(k == 0 ? 0.5 * row[1] : 3 - 0.4 * row[1]) / shape), row[0]);
  };
  all.push_back(c);
  c.name = "binomial_regression_trials";
  c.outside = 0.5;
  c.given = {5, 9, 12, 7};
  c.make = two_with(GeneralizedRegression(Response::binomial, {0, true, true}), {-1.5}, {1.2});
  c.density = [](int k, Row row) {
    return bm::pdf(bm::binomial(row[1], 1 / (1 + std::exp(k == 0 ? 1.5 : -1.2))), row[0]);
  };
  all.push_back(c);
}

// Both ends; a sample shows y itself, and then some of it is hidden.
void add_censored(std::vector<FamilyCase>& all) {
  FamilyCase c;
  c.exact = false;
  c.censor = true;
  c.outside = none;
  const auto density = [](auto first, auto second) {
    return [=](int k, Row row) {
      const auto& d = k == 0 ? first : second;
      if (row[0] == row[1]) return bm::pdf(d, row[0]);
      const double below = std::isnan(row[0]) ? 0 : bm::cdf(d, row[0]);
      if (std::isnan(row[1])) return bm::cdf(bm::complement(d, row[0]));
      return bm::cdf(d, row[1]) - below;
    };
  };
  c.name = "censored_normal";
  c.make = two_with(CensoredRegression(Lifetime::normal), {-1, 0.8}, {3, 1.2});
  c.density = density(bm::normal(-1, 0.8), bm::normal(3, 1.2));
  all.push_back(c);
  c.name = "censored_log_normal";
  c.make = two_with(CensoredRegression(Lifetime::log_normal), {0, 0.4}, {2, 0.3});
  c.density = density(bm::lognormal(0, 0.4), bm::lognormal(2, 0.3));
  all.push_back(c);
  c.name = "censored_exponential";
  c.make = two_with(CensoredRegression(Lifetime::exponential), {-1}, {2});
  c.density = density(bm::exponential(std::exp(1.0)), bm::exponential(std::exp(-2.0)));
  all.push_back(c);
  c.name = "censored_weibull";
  c.make = two_with(CensoredRegression(Lifetime::weibull), {0, 0.7}, {2, 0.25});
  c.density = density(bm::weibull(1 / 0.7, 1), bm::weibull(4, std::exp(2.0)));
  all.push_back(c);
}

// The same of families with other parameters than location and scale.
void add_censored_families(std::vector<FamilyCase>& all) {
  FamilyCase c;
  c.exact = false;
  c.censor = true;
  c.outside = -1;
  const auto density = [](auto first, auto second, double step) {
    return [=](int k, Row row) {
      const auto& d = k == 0 ? first : second;
      if (row[0] == row[1]) return bm::pdf(d, row[0]);
      const bool from_the_start = std::isnan(row[0]) || row[0] - step < 0;
      const double below = from_the_start ? 0 : bm::cdf(d, row[0] - step);
      if (std::isnan(row[1])) return from_the_start ? 1 : bm::cdf(bm::complement(d, row[0] - step));
      return bm::cdf(d, row[1]) - below;
    };
  };
  c.name = "censored_gamma";
  c.make = two_with(CensoredFamily(PartlySeen::gamma), {2, 4}, {9, 1.5});
  c.density = density(bm::gamma_distribution<>(2, 1 / 4.0), bm::gamma_distribution<>(9, 1 / 1.5), 0);
  all.push_back(c);
  c.name = "censored_beta";
  c.make = two_with(CensoredFamily(PartlySeen::beta), {2, 6}, {7, 1.5});
  c.density = density(bm::beta_distribution<>(2, 6), bm::beta_distribution<>(7, 1.5), 0);
  c.top = 0.999;
  c.grid = 0.125;
  all.push_back(c);
  c.top = 1e300;
  c.grid = 2;
  c.counts = true;
  c.name = "censored_poisson";
  c.make = two_with(CensoredFamily(PartlySeen::poisson), {1.5}, {12});
  c.density = density(bm::poisson(1.5), bm::poisson(12), 1);
  all.push_back(c);
  c.name = "censored_geometric";
  c.make = two_with(CensoredFamily(PartlySeen::geometric), {0.4}, {0.03});
  c.density = density(bm::geometric(0.4), bm::geometric(0.03), 1);
  all.push_back(c);
  c.name = "censored_negative_binomial";
  c.make = two_with(CensoredFamily(PartlySeen::negative_binomial), {2, 1}, {40, 5});
  c.density = density(bm::negative_binomial(1, 1 / 3.0), bm::negative_binomial(5, 5 / 45.0), 1);
  all.push_back(c);
}

std::vector<FamilyCase> cases() {
  std::vector<FamilyCase> all;
  all.push_back({"normal",
                 two(Normal(-1, 0.5), Normal(2, 1.5)),
                 pdf_of(bm::normal(-1, std::sqrt(0.5)), bm::normal(2, std::sqrt(1.5))),
                 {},
                 1,
                 none});
  all.push_back({"log_normal", two(LogNormal(0, 0.1), LogNormal(1.5, 0.2)),
                 pdf_of(bm::lognormal(0, std::sqrt(0.1)), bm::lognormal(1.5, std::sqrt(0.2)))});
  all.push_back(
      {"exponential", two(Exponential(3), Exponential(0.2)), pdf_of(bm::exponential(3), bm::exponential(0.2))});
  all.push_back({"gamma", two(Gamma(2, 4), Gamma(9, 1.5)),
                 pdf_of(bm::gamma_distribution<>(2, 1 / 4.0), bm::gamma_distribution<>(9, 1 / 1.5))});
  all.push_back(
      {"beta", two(Beta(2, 6), Beta(7, 1.5)), pdf_of(bm::beta_distribution<>(2, 6), bm::beta_distribution<>(7, 1.5))});
  all.push_back({"von_mises",
                 two(VonMises(0.5, 4), VonMises(-2.5, 1.5)),
                 [](int k, Row row) {
                   const double mu = k == 0 ? 0.5 : -2.5;
                   const double kappa = k == 0 ? 4 : 1.5;
                   return std::exp(kappa * std::cos(row[0] - mu)) / (2 * M_PI * bm::cyl_bessel_i(0, kappa));
                 },
                 {},
                 1,
                 none});
  all.push_back({"weibull",
                 two(Weibull(1.5, 1), Weibull(4, 6)),
                 pdf_of(bm::weibull(1.5, 1), bm::weibull(4, 6)),
                 {},
                 1,
                 -1,
                 false});
  all.push_back({"poisson", two(Poisson(0.8), Poisson(6)), pdf_of(bm::poisson(0.8), bm::poisson(6)), {}, 1, 2.5});
  all.push_back({"poisson_exposed",
                 two(Poisson(0.5, SecondColumn::present), Poisson(4, SecondColumn::present)),
                 [](int k, Row row) { return bm::pdf(bm::poisson((k == 0 ? 0.5 : 4) * row[1]), row[0]); },
                 {0.5, 2, 1}});
  all.push_back({"binomial",
                 two(Binomial(8, 0.2), Binomial(8, 0.7)),
                 pdf_of(bm::binomial(8, 0.2), bm::binomial(8, 0.7)),
                 {},
                 1,
                 9});
  all.push_back({"binomial_trials",
                 two(Binomial(0, 0.2), Binomial(0, 0.7)),
                 [](int k, Row row) { return bm::pdf(bm::binomial(row[1], k == 0 ? 0.2 : 0.7), row[0]); },
                 {5, 12, 3}});
  all.push_back({"geometric", two(Geometric(0.7), Geometric(0.1)), pdf_of(bm::geometric(0.7), bm::geometric(0.1))});
  all.push_back({"negative_binomial",
                 two(NegativeBinomial(200, 2, 1.5), NegativeBinomial(200, 15, 6)),
                 pdf_of(bm::negative_binomial(1.5, 1.5 / 3.5), bm::negative_binomial(6, 6 / 21.0)),
                 {},
                 1,
                 201});
  all.push_back(
      {"zero_inflated_poisson", two(ZeroInflatedPoisson(0.4, 2), ZeroInflatedPoisson(0.1, 9)), [](int k, Row row) {
         const double zero = k == 0 ? 0.4 : 0.1;
         return (row[0] == 0 ? zero : 0) + (1 - zero) * bm::pdf(bm::poisson(k == 0 ? 2 : 9), row[0]);
       }});
  all.push_back(
      {"bernoulli", two(Bernoulli(0.2), Bernoulli(0.9)), pdf_of(bm::bernoulli(0.2), bm::bernoulli(0.9)), {}, 1, 0.5});
  all.push_back({"categorical",
                 two(Categorical({0.1, 0.2, 0.7}), Categorical({0.6, 0.3, 0.1})),
                 [](int k, Row row) {
                   const double p[2][3] = {{0.1, 0.2, 0.7}, {0.6, 0.3, 0.1}};
                   return p[k][static_cast<int>(row[0])];
                 },
                 {},
                 1,
                 3});
  Multinomial a(3);
  Multinomial b(3);
  a.set_parameters(std::vector<double>{0.1, 0.2, 0.7});
  b.set_parameters(std::vector<double>{0.6, 0.3, 0.1});
  all.push_back({"multinomial",
                 two(a, b),
                 [](int k, Row row) {
                   const double p[2][3] = {{0.1, 0.2, 0.7}, {0.6, 0.3, 0.1}};
                   double value = bm::factorial<double>(static_cast<unsigned>(row[0] + row[1] + row[2]));
                   for (std::size_t j = 0; j < 3; ++j) {
                     value *= std::pow(p[k][j], row[j]) / bm::factorial<double>(static_cast<unsigned>(row[j]));
                   }
                   return value;
                 },
                 {},
                 1,
                 0.5,
                 true,
                 {7, 12, 4}});
  add_regressions(all);
  add_censored(all);
  add_censored_families(all);
  return all;
}

class Families : public testing::TestWithParam<FamilyCase> {
 protected:
  static constexpr double weight = 0.4;
  AnyMixture truth() const { return AnyMixture({weight, 1 - weight}, GetParam().make()); }

  // What is seen of a sample. Hiding that depends on the value hidden is what a likelihood has to cope with, not what
  // an estimate can recover from: there cells are seen to a grid instead, which says nothing of the value within.
  enum class Seen { with_hiding, to_a_grid };
  std::vector<double> drawn(std::int64_t rows, std::uint64_t seed, Seen seen = Seen::with_hiding) const {
    const AnyMixture model = truth();
    std::vector<double> values(static_cast<std::size_t>(rows) * static_cast<std::size_t>(model.columns()), 0.0);
    const Panel x{values.data(), rows, model.columns(), rows};
    for (std::int64_t i = 0; i < rows; ++i) {
      const auto cycle = [&](const std::vector<double>& v) { return v[static_cast<std::size_t>(i) % v.size()]; };
      if (!GetParam().given.empty()) x(i, GetParam().given_column) = cycle(GetParam().given);
      if (!GetParam().totals.empty()) x(i, 0) = cycle(GetParam().totals);
    }
    model.sample(seed, 0, x, {});
    for (std::int64_t i = 0; i < rows && GetParam().censor; ++i) {
      if (seen == Seen::with_hiding) hide(x, i);
      if (seen == Seen::to_a_grid && i % 2 == 0) {
        x(i, 0) = std::floor(x(i, 0) / GetParam().grid) * GetParam().grid;
        x(i, 1) = std::min(x(i, 0) + GetParam().grid - (GetParam().counts ? 1 : 0), GetParam().top);
      }
    }
    return values;
  }
  static void hide(Panel x, std::int64_t i) {
    const bool counts = GetParam().counts;
    const double unit = std::abs(x(i, 0)) + 0.1;
    const bool positive = x(i, 0) > 0;
    const auto down = [&](double by) { return counts ? std::max(x(i, 0) - 2, 0.0) : x(i, 0) - by; };
    const auto up = [&](double by) { return std::min(counts ? x(i, 0) + 1 : x(i, 0) + by, GetParam().top); };
    if (i % 5 == 1) x(i, 1) = none, x(i, 0) = down(0.3 * unit);                              // on the right
    if (i % 5 == 2) x(i, 1) = up(0.4 * unit), x(i, 0) = none;                                // on the left
    if (i % 5 == 3) x(i, 1) = up(0.2 * unit), x(i, 0) = down(positive ? 0.3 * x(i, 0) : 1);  // between
    if (i % 5 == 1 && positive) x(i, 0) = std::max(x(i, 0), 0.0);
  }
  std::vector<double> row(const Block& x, std::int64_t i) const {
    std::vector<double> cells;
    for (int j = 0; j < x.columns(); ++j) cells.push_back(x.x(i, j));
    return cells;
  }
};

TEST_P(Families, ObeyTheLaws) {
  constexpr std::int64_t rows = 90;
  std::vector<double> values = drawn(rows, 11);
  const int columns = truth().columns();
  for (std::int64_t i = 4; i < rows; i += 17) {  // holes in what is observed
    for (int j = 0; j < (GetParam().totals.empty() && !GetParam().censor ? 1 : columns); ++j) {
      values[static_cast<std::size_t>(i + j * rows)] = std::numeric_limits<double>::quiet_NaN();
    }
  }
  const Table data(std::move(values), rows, columns);
  LawSubject subject(truth(), data);
  subject.accepts_missing = true;
  subject.exact_m_step = GetParam().exact;
  subject.log_joint = [&](const Block& x, std::int64_t i, int k) {
    const auto cells = row(x, i);
    const double prior = std::log(k == 0 ? weight : 1 - weight);
    return std::isnan(cells[0]) && (!GetParam().censor || std::isnan(cells[1]))
             ? prior
             : prior + std::log(GetParam().density(k, cells));
  };
  const LawReport report = check_laws(subject);
  EXPECT_TRUE(report.holds()) << report;
}

TEST_P(Families, RecoverWhatASampleWasDrawnFrom) {
  constexpr std::int64_t rows = 4000;
  const Table data(drawn(rows, 5, Seen::to_a_grid), rows, truth().columns());
  const auto fitted = fit(truth(), data);
  EXPECT_TRUE(fitted.report.converged()) << fitted.report.message;
  EXPECT_TRUE(fitted.report.degeneracies.empty()) << fitted.report.degeneracies.front().reason;
  const auto expected = truth().parameters();
  const auto found = fitted.model.parameters();
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t j = 0; j < found.size(); ++j) {
    EXPECT_NEAR(found[j], expected[j], 0.25 * std::max(0.3, std::abs(expected[j]))) << truth().parameter_names()[j];
  }
}

// From responsibilities alone, the model's parameters being the family's defaults.
TEST_P(Families, StartFromResponsibilities) {
  constexpr std::int64_t rows = 400;
  const Table data(drawn(rows, 6), rows, truth().columns());
  Options options;
  options.start = Start::k_means_plus_plus;
  options.restarts = 4;
  options.threads = 1;
  options.max_iterations = 300;
  const auto from_seeds = fit(truth(), data, options);
  options = {};
  options.threads = 1;
  options.max_iterations = 300;
  const auto from_truth = fit(truth(), data, options);
  EXPECT_GT(from_seeds.report.log_likelihood, from_truth.report.log_likelihood - 0.01 * rows);
}

TEST_P(Families, NameTheCellOutsideTheirDomain) {
  const AnyEmissions emissions = GetParam().make();
  std::vector<double> values = drawn(20, 7);
  BlockBuffer buffer;
  const Table sound(values, 20, emissions.columns());
  EXPECT_FALSE(emissions.problem(sound.block(0, 20, buffer)).has_value());
  if (std::isnan(GetParam().outside)) return;
  values[13] = GetParam().outside;
  const Table data(values, 20, emissions.columns());
  const auto problem = emissions.problem(data.block(10, 10, buffer));
  ASSERT_TRUE(problem.has_value());
  EXPECT_EQ(problem->row, 13);
  EXPECT_EQ(problem->column, 0);
  EXPECT_NE(problem->text.find("got"), std::string::npos) << problem->text;
}

// Its ends are given, and nothing is fitted: no case of the suite.
TEST(UniformFamily, IsTheKnownDensity) {
  const Uniform family(-1, 3);
  const bm::uniform known(-1, 3);
  for (const double x : {-0.999, 0.0, 2.5}) EXPECT_NEAR(std::exp(family.log_density(x)), bm::pdf(known, x), 1e-15);
  EXPECT_EQ(family.log_density(3.5), -std::numeric_limits<double>::infinity());
}

INSTANTIATE_TEST_SUITE_P(All, Families, testing::ValuesIn(cases()), [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace jensen
