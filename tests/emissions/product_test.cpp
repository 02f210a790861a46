#include <gtest/gtest.h>

#include <jensen/data/table.h>
#include <jensen/emissions/categories.h>
#include <jensen/emissions/continuous.h>
#include <jensen/emissions/counts.h>
#include <jensen/emissions/family_named.h>
#include <jensen/emissions/gaussian.h>
#include <jensen/emissions/product.h>
#include <jensen/fit_mixture.h>
#include <jensen/testing/laws.h>

#include "support/gaussian_reference.h"
#include "support/refusal.h"

namespace jensen {
namespace {

const double hole = std::numeric_limits<double>::quiet_NaN();

// Columns: two jointly Gaussian that do not lie side by side (0 and 3), a count with its exposure (1, 2), a category
// (4), a positive number (5), and one that nothing reads (6).
Product everything() {
  Gaussian gaussian(2, 2, Covariance::full);
  gaussian.set({0, 0, 2, 3}, {1, 0.5, 1, 1, -0.3, 2});
  std::vector<Product::Part> parts;
  parts.push_back({gaussian, {3, 0}, "size"});
  parts.push_back(
      {Independent<Poisson>({Poisson(1, SecondColumn::present), Poisson(5, SecondColumn::present)}), {1, 2}, "visits"});
  parts.push_back({Independent<Categorical>({Categorical({0.1, 0.2, 0.7}), Categorical({0.6, 0.2, 0.2})}), {4}, ""});
  parts.push_back({Independent<Gamma>({Gamma(2, 3), Gamma(6, 1)}), {5}, "income"});
  return Product(std::move(parts), 7);
}

Table drawn(std::int64_t rows, bool holes, std::uint64_t seed = 4) {
  std::vector<double> values(static_cast<std::size_t>(rows * 7), 0.0);
  const Panel x{values.data(), rows, 7, rows};
  for (std::int64_t i = 0; i < rows; ++i) x(i, 2) = 1 + static_cast<double>(i % 3);
  AnyMixture({0.4, 0.6}, everything()).sample(seed, 0, x, {});
  Stream stream(seed, Purpose::test);
  for (std::int64_t i = 0; i < rows && holes; ++i) {
    for (int j : {0, 1, 3, 4, 5}) {
      if (stream.uniform() < 0.15) x(i, j) = hole;
    }
  }
  return Table(std::move(values), rows, 7);
}

TEST(Product, ObeysTheLawsWithHolesEverywhere) {
  const Table data = drawn(90, true);
  LawSubject subject(AnyMixture({0.4, 0.6}, everything()), data);
  subject.accepts_missing = true;
  subject.log_joint = [](const Block& x, std::int64_t i, int k) {
    const auto seen = [&](int j) { return !std::isnan(x.x(i, j)); };
    double total = std::log(k == 0 ? 0.4 : 0.6);
    const Product product = everything();
    // The Gaussian's own columns as a block of two.
    const double pair[2] = {x.x(i, 3), x.x(i, 0)};
    const Table two({pair[0], pair[1]}, 1, 2);
    BlockBuffer buffer;
    const auto& gaussian = *product.parts()[0].emissions.as<Gaussian>();
    total += support::log_normal(two.block(0, 1, buffer), 0, gaussian.mean(k),
                                 support::matrix_of(gaussian.covariance(k), 2));
    const double mean = (k == 0 ? 1 : 5) * x.x(i, 2);
    if (seen(1)) total += x.x(i, 1) * std::log(mean) - mean - std::lgamma(x.x(i, 1) + 1);
    const double p[2][3] = {{0.1, 0.2, 0.7}, {0.6, 0.2, 0.2}};
    if (seen(4)) total += std::log(p[k][static_cast<int>(x.x(i, 4))]);
    const double a = k == 0 ? 2 : 6;
    const double b = k == 0 ? 3 : 1;
    if (seen(5)) total += a * std::log(b) - std::lgamma(a) + (a - 1) * std::log(x.x(i, 5)) - b * x.x(i, 5);
    return total;
  };
  const LawReport report = check_laws(subject);
  EXPECT_TRUE(report.holds()) << report;
}

TEST(Product, NamesItsParameters) {
  const Product product = everything();
  const auto names = product.parameter_names();
  ASSERT_EQ(names.size(), product.parameters().size());
  EXPECT_EQ(names[0], "size.mean[0,0]");
  EXPECT_EQ(names[10], "visits.rate[0]");
  EXPECT_EQ(names[12], "x5.probability[0,0]");
  EXPECT_EQ(product.free_parameters(), 10 + 2 + 4 + 4);
}

TEST(Product, RefusesWhatDoesNotFitTogether) {
  using support::refusal;
  const auto poisson = [](int states) { return Independent<Poisson>(states); };
  EXPECT_EQ(refusal([&] {
              (void)Product({{poisson(2), {0}, "a"}, {poisson(3), {1}, "b"}});
            }),
            "Product: b: has 3 states, the first part 2");
  EXPECT_EQ(refusal([&] { (void)Product({{poisson(2), {0, 1}, "a"}}); }), "Product: a: reads 1 columns, 2 are given");
  EXPECT_EQ(refusal([&] { (void)Product({{poisson(2), {4}, "a"}}, 3); }), "Product: a: names a column outside 0 … 2");
  EXPECT_EQ(refusal([&] { (void)family_named("cauchy", 2); }).substr(0, 49),
            "family_named: name: 'cauchy' is none of normal, l");
}

TEST(FitMixture, RecoversColumnsOfDifferentKinds) {
  const Table data = drawn(2000, true);
  Options options = from_data();
  options.restarts = 3;
  const auto fitted = fit_mixture(data, everything(), options);
  EXPECT_TRUE(fitted.report.converged()) << fitted.report.message;
  EXPECT_TRUE(fitted.report.degeneracies.empty());
  EXPECT_TRUE(fitted.report.monotone);
  const auto truth = fit(AnyMixture({0.4, 0.6}, everything()), data);
  EXPECT_NEAR(fitted.report.log_likelihood, truth.report.log_likelihood, 1e-3);
}

TEST(FitMixture, NamesTheCellThatNoParametersExplain) {
  const Table data({1, 2, 0, 2, 1, 3.5}, 3, 2, {"a", "visits"});
  Product product({{Independent<Poisson>(2), {0}, "a"}, {Independent<Poisson>(2), {1}, "b"}});
  EXPECT_EQ(support::refusal<DataError>([&] { fit_mixture(data, product, from_data()); }),
            "fit_mixture: row 3, column 'visits' must be a whole number ≥ 0, got 3.5");
}

// Plain likelihood has no maximum here: a component on the tied values may narrow without end.
TEST(FitMixture, ThePriorKeepsComponentsFromCollapsingAndSaysSo) {
  std::vector<double> values;
  Stream stream(2, Purpose::test);
  for (int i = 0; i < 60; ++i) values.push_back(i < 25 ? 3.0 : 1 + 0.5 * stream.exponential());
  // Known states: otherwise a start that ends sound is preferred.
  std::vector<std::int32_t> labels;
  for (int i = 0; i < 60; ++i) labels.push_back(i < 25 ? 0 : 1);
  const Table data = Table(values, 60, 1).with_labels(labels, 2);
  Options options = from_data();
  options.restarts = 1;
  for (const char* family : {"normal", "log-normal", "gamma"}) {
    const auto held = fit_mixture(data, family_named(family, 2), options);
    EXPECT_TRUE(held.report.converged()) << family << ": " << held.report.message;
    EXPECT_TRUE(std::isfinite(held.report.log_likelihood));
    ASSERT_FALSE(held.report.degeneracies.empty()) << family;
    EXPECT_NE(held.report.degeneracies.front().reason.find("the prior keeps it from collapsing"), std::string::npos);
    const auto plain = fit_mixture(data, family_named(family, 2), options, Prior::none);
    EXPECT_EQ(plain.report.outcome, Outcome::degenerate) << family << ": " << plain.report.message;
  }
}

TEST(FitMixture, UnitsDoNotMatter) {
  std::vector<double> values, scaled;
  Stream stream(2, Purpose::test);
  for (int i = 0; i < 200; ++i) values.push_back((i % 2 == 0 ? 1 : 8) * (stream.exponential() + stream.exponential()));
  for (double v : values) scaled.push_back(1e6 * v);
  for (const char* family : {"log-normal", "gamma", "exponential", "weibull"}) {
    const auto a = fit_mixture(Table(values, 200, 1), family_named(family, 2), from_data());
    const auto b = fit_mixture(Table(scaled, 200, 1), family_named(family, 2), from_data());
    EXPECT_NEAR(b.report.log_likelihood, a.report.log_likelihood - 200 * std::log(1e6), 1e-4) << family;
  }
}

}  // namespace
}  // namespace jensen
