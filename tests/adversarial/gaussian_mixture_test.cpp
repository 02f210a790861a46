// Inputs on which users of other EM software reported failures; each test names the report (repository#thread).
#include <jensen/data/csv.h>
#include <jensen/data/table.h>
#include <jensen/fit_gaussian_mixture.h>
#include <jensen/math/random.h>

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

namespace jensen {
namespace {

constexpr Covariance structures[] = {Covariance::full, Covariance::tied, Covariance::diagonal, Covariance::spherical};
constexpr Prior priors[] = {Prior::data_scaled, Prior::none};

// What every fit must leave behind, whatever it was given.
void expect_sound(const Fitted<GaussianMixture>& fitted) {
  const Report& report = fitted.report;
  const GaussianMixture& model = fitted.model;
  EXPECT_TRUE(std::isfinite(report.log_likelihood));
  double total = 0;
  for (double w : model.weights()) {
    EXPECT_TRUE(w >= 0 && std::isfinite(w));
    total += w;
  }
  EXPECT_NEAR(total, 1, 1e-12);
  for (double v : model.parameters()) EXPECT_TRUE(std::isfinite(v));
  for (int k = 0; k < model.states(); ++k) {
    EXPECT_TRUE(cholesky(model.emissions().covariance(k), model.columns()).positive_definite()) << "component " << k;
  }
  for (std::size_t i = 1; i < report.trace.size(); ++i) {
    const double now = report.trace[i].reading.objective();
    EXPECT_GE(report.trace[i].gain, -1e-10 * (std::abs(now) + report.total_weight)) << "iteration " << i;
  }
  EXPECT_TRUE(report.monotone);
  EXPECT_NE(report.outcome, Outcome::objective_fell) << report.message;
  EXPECT_NE(report.outcome, Outcome::not_finite) << report.message;
}

Options quick(int restarts = 3) {
  Options options = from_data();
  options.restarts = restarts;
  options.seed = 1;
  options.max_iterations = 500;
  return options;
}

// Fits under every structure and prior: each either ends sound or is refused with an error of ours.
void survive(const Table& table, int components, const Options& options = quick()) {
  for (const Covariance structure : structures) {
    for (const Prior prior : priors) {
      SCOPED_TRACE(to_string(structure) + (prior == Prior::none ? ", no prior" : ""));
      try {
        expect_sound(fit_gaussian_mixture(table, {components, structure, prior}, options));
      } catch (const Error& error) {
        EXPECT_FALSE(std::string(error.what()).empty());
      }
    }
  }
}

// Two well separated clusters in three columns; `change` maps (value, row, column).
Table base(
    const std::function<double(double, int, int)>& change = [](double x, int, int) { return x; }, int rows = 200) {
  std::vector<double> values;
  for (int i = 0; i < rows; ++i) {
    Stream stream(3, Purpose::test, 0, 0, static_cast<std::uint64_t>(i));
    for (int j = 0; j < 3; ++j) values.push_back(change(stream.normal() + (i % 2 == 0 ? 0 : 6), i, j));
  }
  return Table::from_rows(values, rows, 3);
}

Fitted<GaussianMixture> fit_base(const Table& table, Prior prior = Prior::none,
                                 Covariance structure = Covariance::full) {
  auto fitted = fit_gaussian_mixture(table, {2, structure, prior}, quick());
  expect_sound(fitted);
  return fitted;
}

// A, B: collapse, empties, duplicates, scale and precision ------------------------------------------------------------

TEST(Adversarial, AsManyColumnsAsRows) {  // scikit-learn#8453: densities above 1 are legal, degenerate components named
  std::vector<double> values;
  Stream stream(1, Purpose::test);
  for (int i = 0; i < 100; ++i) values.push_back(stream.normal());
  const Table table = Table::from_rows(values, 10, 10);
  const auto fitted = fit_gaussian_mixture(table, {2, Covariance::full, Prior::data_scaled}, quick());
  expect_sound(fitted);
  EXPECT_FALSE(fitted.report.degeneracies.empty());
  EXPECT_THROW(fit_gaussian_mixture(table, {2, Covariance::full, Prior::none}, quick()), DataError);
  survive(table, 2);
}

TEST(Adversarial, WarmStartWhoseComponentLosesAllRows) {  // scikit-learn#12099, ExpectationMaximization.jl#11
  std::vector<double> values;
  Stream stream(2, Purpose::test);
  for (int i = 0; i < 10; ++i) values.push_back(stream.normal());
  const Table table = Table::from_rows(values, 10, 1);
  for (const Prior prior : priors) {
    Gaussian gaussian(2, 1, Covariance::full);
    gaussian.set({100, 200}, {1e-6, 1e-6});
    const auto fitted = fit_gaussian_mixture(GaussianMixture(gaussian), table, prior, quick(1));
    expect_sound(fitted);
    EXPECT_FALSE(fitted.report.degeneracies.empty());
    EXPECT_EQ(effective_components(fitted.model), 1);
  }
}

TEST(Adversarial, StartThatGivesNaN) {  // scikit-learn#18216: a clear error, not an unassigned result
  Gaussian gaussian(2, 3, Covariance::full);
  EXPECT_THROW(gaussian.set({0, 0, std::nan(""), 0, 0, 0}, {1, 0, 1, 0, 0, 1, 1, 0, 1, 0, 0, 1}), ArgumentError);
  Gaussian far(1, 3, Covariance::spherical);
  far.set({0, 0, 0}, {1e-300});
  EXPECT_THROW(fit_gaussian_mixture(GaussianMixture(far), base([](double x, int, int) { return x * 1e10; })),
               DataError);
}

TEST(Adversarial, ManyIdenticalRows) {  // mlpack#496: must not loop, must not divide by zero
  survive(base([](double x, int i, int) { return i < 190 ? 1.0 : x; }), 3);
  EXPECT_THROW(fit_gaussian_mixture(base([](double, int, int) { return 1.0; }), {2}), ArgumentError);
}

TEST(Adversarial, MoreComponentsThanDistinctRows) {  // scikit-learn#10059: 17 rows, 9 distinct, K = 10; mlpack#479
  std::vector<double> values;
  for (int i = 0; i < 17; ++i) values.push_back(i % 9);
  const Table table = Table::from_rows(values, 17, 1);
  try {
    fit_gaussian_mixture(table, {10}, quick());
    FAIL();
  } catch (const ArgumentError& error) {
    EXPECT_NE(std::string(error.what()).find("at most 9"), std::string::npos) << error.what();
  }
  survive(table, 9);
  survive(table, 5);
}

TEST(Adversarial, ComponentThatThePriorHolds) {  // three equal rows: sound with the prior, and named
  const Table table = Table::from_rows(std::vector<double>{-3, -2, -1, 0, 1, 2, 3, 50, 50, 50}, 10, 1);
  Options options = quick(1);
  options.start = Start::hierarchical;
  const auto held = fit_gaussian_mixture(table, {2, Covariance::full, Prior::data_scaled}, options);
  expect_sound(held);
  ASSERT_EQ(held.report.degeneracies.size(), 1U);
  EXPECT_FALSE(held.report.degeneracies[0].fatal);
  EXPECT_EQ(held.report.degenerate_rows[0], (std::vector<std::int64_t>{7, 8, 9}));
  const auto free = fit_gaussian_mixture(table, {2, Covariance::full, Prior::none}, options);
  expect_sound(free);
  EXPECT_EQ(free.report.outcome, Outcome::degenerate);
  EXPECT_EQ(free.report.degenerate_rows[0], (std::vector<std::int64_t>{7, 8, 9}));
}

TEST(Adversarial, ThePriorLeavesClustersFarApartAlone) {
  const Table table = base([](double x, int i, int) { return x + (i % 2 == 0 ? 0 : 100); });
  const auto with = fit_base(table, Prior::data_scaled);
  const auto without = fit_base(table, Prior::none);
  EXPECT_TRUE(with.report.degeneracies.empty());
  for (int k = 0; k < 2; ++k) {
    EXPECT_NEAR(with.model.emissions().covariance(k)[0] / without.model.emissions().covariance(k)[0], 1, 0.005);
  }
}

TEST(Adversarial, ComponentOfWeightZero) {  // gatk#6425: never scored as NaN
  Gaussian gaussian(2, 3, Covariance::full);
  gaussian.set({0, 0, 0, 6, 6, 6}, {1, 0, 1, 0, 0, 1, 1, 0, 1, 0, 0, 1});
  const GaussianMixture model({1, 0}, gaussian);
  const Table table = base();
  BlockBuffer buffer;
  std::vector<double> scores(200);
  model.score(table.block(0, 200, buffer), scores);
  for (double s : scores) EXPECT_TRUE(std::isfinite(s));
  const auto fitted = fit_gaussian_mixture(model, table, Prior::data_scaled, quick(1));
  expect_sound(fitted);
  EXPECT_EQ(fitted.model.weights()[1], 0);
}

TEST(Adversarial, OneComponentIsTheClosedForm) {  // opencv#5430
  const Table table = base();
  const auto fitted = fit_gaussian_mixture(table, {1, Covariance::full, Prior::none}, quick());
  expect_sound(fitted);
  double mean = 0;
  double square = 0;
  for (int i = 0; i < 200; ++i) mean += table.cell(i, 1) / 200;
  for (int i = 0; i < 200; ++i) square += (table.cell(i, 1) - mean) * (table.cell(i, 1) - mean) / 200;
  EXPECT_NEAR(fitted.model.emissions().mean(0)[1], mean, 1e-13);
  EXPECT_NEAR(fitted.model.emissions().covariance(0)[packed_index(1, 1)], square, 1e-12);
}

TEST(Adversarial, TinyVarianceOnALargeMean) {  // volk#290: ten numbers 1 ± 1e-5
  std::vector<double> values;
  for (int i = 0; i < 10; ++i) values.push_back(1 + 1e-5 * (i % 2 == 0 ? 1 : -1));
  const auto fitted =
      fit_gaussian_mixture(Table::from_rows(values, 10, 1), {1, Covariance::full, Prior::none}, quick(1));
  EXPECT_NEAR(fitted.model.emissions().covariance(0)[0], 1e-10, 1e-20);
}

TEST(Adversarial, ConstantColumn) {  // scikit-learn#19766: refused by name, under spherical harmless
  const Table table = base([](double x, int, int j) { return j == 1 ? 7.0 : x; });
  for (const Covariance structure : {Covariance::full, Covariance::tied, Covariance::diagonal}) {
    try {
      fit_gaussian_mixture(table, {2, structure}, quick());
      FAIL();
    } catch (const DataError& error) {
      EXPECT_NE(std::string(error.what()).find("'x2' is constant"), std::string::npos) << error.what();
    }
  }
  for (const Prior prior : priors)
    expect_sound(fit_gaussian_mixture(table, {2, Covariance::spherical, prior}, quick()));
}

TEST(Adversarial, RowsFarFromTheStandardNormal) {  // mlpack#833: a start that looks at the data
  std::vector<double> values;
  for (int i = 0; i < 200; ++i) {
    const int r = i % 4 + 1;
    values.insert(values.end(), {r * 1.0, r * 11.0, r * 111.0});
  }
  const Table table = Table::from_rows(values, 200, 3);
  survive(table, 2);
  for (const Prior prior : priors) expect_sound(fit_gaussian_mixture(table, {2, Covariance::diagonal, prior}, quick()));
}

TEST(Adversarial, ThirtyColumns) {  // mlpack#2112: densities below the smallest double
  std::vector<double> values;
  Stream stream(5, Purpose::test);
  for (int i = 0; i < 300 * 30; ++i) values.push_back(1000 * stream.normal() + (i / 30 % 2) * 1e5);
  const auto fitted =
      fit_gaussian_mixture(Table::from_rows(values, 300, 30), {2, Covariance::diagonal, Prior::none}, quick());
  expect_sound(fitted);
  EXPECT_LT(fitted.report.log_likelihood / 300, -200);
}

// C, E: silent wrong results, reproducibility -------------------------------------------------------------------------

TEST(Adversarial, TheBestRestartIsReturned) {  // scikit-learn#10869, with more power than one seed
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    Options options = quick(8);
    options.seed = seed;
    options.start = Start::random;
    const auto fitted = fit_gaussian_mixture(base(), {4, Covariance::full, Prior::data_scaled}, options);
    const RestartReport& best = fitted.report.restarts[static_cast<std::size_t>(fitted.report.best_restart)];
    EXPECT_EQ(best.log_likelihood, fitted.report.log_likelihood);
    for (const auto& restart : fitted.report.restarts) {
      if (!restart.degenerate || best.degenerate) {
        EXPECT_LE(restart.log_likelihood + restart.log_prior, fitted.report.objective());
      }
    }
  }
}

TEST(Adversarial, WeightsOfTheWrongShapeAndZeroWeights) {  // pomegranate#151
  const Table table = base();
  EXPECT_THROW(table.with_weights(std::vector<double>(356, 0.0)), Error);
  EXPECT_THROW(table.with_weights(std::vector<double>(200, 0.0)), Error);
  std::vector<double> weights(200, 0.0);
  for (std::size_t i = 0; i < 60; ++i) weights[i] = 1;
  const auto weighted = fit_gaussian_mixture(table.with_weights(weights), {2, Covariance::full, Prior::none}, quick());
  const auto cut =
      fit_gaussian_mixture(base([](double x, int, int) { return x; }, 60), {2, Covariance::full, Prior::none}, quick());
  EXPECT_NEAR(weighted.report.log_likelihood, cut.report.log_likelihood, 1e-9);
}

TEST(Adversarial, SameBitsForAnyNumberOfThreads) {  // scikit-learn#27518, pomegranate#291
  std::vector<double> values;
  Stream stream(8, Purpose::test);
  for (int i = 0; i < 40000; ++i) values.push_back(stream.normal() + (i % 3) * 2);
  const Table table = Table::from_rows(values, 20000, 2);
  for (const int restarts : {1, 5}) {
    std::vector<double> first;
    for (const int threads : {1, 2, 7, 64}) {
      Options options = quick(restarts);
      options.max_iterations = 5;
      options.threads = threads;
      const auto parameters =
          fit_gaussian_mixture(table, {3, Covariance::full, Prior::none}, options).model.parameters();
      if (first.empty()) first = parameters;
      EXPECT_EQ(first, parameters) << threads << " threads, " << restarts << " restarts";
    }
  }
}

TEST(Adversarial, RestartsDiffer) {  // scikit-learn#7377: 1000 identical restarts
  const auto fitted = fit_gaussian_mixture(base(), {5, Covariance::full, Prior::data_scaled}, quick(20));
  std::vector<double> values;
  for (const auto& restart : fitted.report.restarts) values.push_back(restart.log_likelihood);
  std::sort(values.begin(), values.end());
  EXPECT_GT(std::unique(values.begin(), values.end()) - values.begin(), 5);
}

// The grid: the same fit up to the transform, or a refusal ------------------------------------------------------------

TEST(AdversarialGrid, Shifts) {
  const double reference = fit_base(base()).report.log_likelihood;
  for (const double shift : {1e6, 1e8}) {
    const auto fitted = fit_base(base([&](double x, int, int) { return x + shift; }));
    EXPECT_NEAR(fitted.report.log_likelihood, reference, 200 * 3 * 1e-15 * shift + 1e-7) << shift;
  }
  fit_base(base([](double x, int, int) { return x + 1e12; }));  // data are rounded to 1e-4 there
}

TEST(AdversarialGrid, ScalesOfAllColumns) {
  const double reference = fit_base(base()).report.log_likelihood;
  for (const double scale : {1e150, 1e-150, 1e8, 1e-8}) {
    for (const Covariance structure : structures) {
      const auto unscaled = fit_base(base(), Prior::none, structure);
      const auto fitted = fit_base(base([&](double x, int, int) { return x * scale; }), Prior::none, structure);
      EXPECT_NEAR(fitted.report.log_likelihood, unscaled.report.log_likelihood - 200 * 3 * std::log(scale), 1e-6)
          << scale;
      const auto with_prior =
          fit_base(base([&](double x, int, int) { return x * scale; }), Prior::data_scaled, structure);
      EXPECT_NEAR(with_prior.report.log_prior, fit_base(base(), Prior::data_scaled, structure).report.log_prior, 1e-6);
    }
  }
  EXPECT_TRUE(std::isfinite(reference));
}

TEST(AdversarialGrid, ColumnsOfDifferentScale) {
  const double reference = fit_base(base()).report.log_likelihood;
  const auto fitted = fit_base(base([](double x, int, int j) { return x * (j == 0 ? 1e8 : (j == 1 ? 1e-8 : 1)); }));
  EXPECT_NEAR(fitted.report.log_likelihood, reference, 1e-6);
}

TEST(AdversarialGrid, DuplicatedAndCollinearColumns) {
  for (const int kind : {0, 1}) {
    std::vector<double> values;
    const Table original = base();
    for (int i = 0; i < 200; ++i) {
      const double a = original.cell(i, 0);
      const double b = original.cell(i, 1);
      values.insert(values.end(), {a, b, kind == 0 ? b : 2 * a - 3 * b});
    }
    const Table table = Table::from_rows(values, 200, 3);
    try {
      fit_gaussian_mixture(table, {2, Covariance::full, Prior::none}, quick());
      FAIL();
    } catch (const DataError& error) {
      EXPECT_NE(std::string(error.what()).find("'x3' is a linear combination"), std::string::npos) << error.what();
    }
    const auto fitted = fit_gaussian_mixture(table, {2, Covariance::full, Prior::data_scaled}, quick());
    expect_sound(fitted);
    EXPECT_FALSE(fitted.report.degeneracies.empty());
    survive(table, 2);
  }
}

TEST(AdversarialGrid, AThousandDuplicatesOfEachRow) {
  std::vector<double> values;
  const Table original = base();
  for (int copy = 0; copy < 1000; ++copy) {
    for (int i = 0; i < 200; ++i) {
      for (int j = 0; j < 3; ++j) values.push_back(original.cell(i, j));
    }
  }
  const auto fitted = fit_base(Table::from_rows(values, 200000, 3));
  const auto weighted = fit_base(original.with_weights(std::vector<double>(200, 1000.0)));
  EXPECT_NEAR(fitted.report.log_likelihood / weighted.report.log_likelihood, 1, 1e-10);
  EXPECT_NEAR(fitted.report.bic() / weighted.report.bic(), 1, 1e-10);
}

TEST(AdversarialGrid, OneRowVeryFarAway) {
  survive(base([](double x, int i, int) { return i == 17 ? 1e15 : x; }), 2);
  survive(base([](double x, int i, int) { return i == 17 ? 1e15 : x; }), 3);
}

TEST(AdversarialGrid, InfiniteSubnormalAndMissingCells) {
  EXPECT_THROW(
      base([](double x, int i, int j) { return i == 4 && j == 2 ? std::numeric_limits<double>::infinity() : x; }),
      DataError);
  fit_base(base([](double x, int i, int j) { return i == 4 && j == 2 ? 5e-324 : x; }));
  const auto all_missing_row = base([](double x, int i, int) { return i == 4 ? std::nan("") : x; });
  for (const Covariance structure : structures) {
    for (const Prior prior : priors) {
      const auto fitted = fit_gaussian_mixture(all_missing_row, {2, structure, prior}, quick());
      expect_sound(fitted);
      BlockBuffer buffer;
      double score = 1;
      fitted.model.score(all_missing_row.block(4, 1, buffer), {&score, 1});
      EXPECT_NEAR(score, 0, 1e-15);  // nothing seen: probability 1
    }
  }
  EXPECT_THROW(fit_gaussian_mixture(base([](double x, int, int j) { return j == 1 ? std::nan("") : x; }), {2}, quick()),
               DataError);
}

// With nine cells in ten missing and no prior the climb leads to a singular covariance, and before it is named rounding
// in the bound outgrows the certificate: after 2700 plain iterations, after 250 with leaps.
TEST(AdversarialGrid, HolesEverywhere) {
  Options plain = quick();
  plain.acceleration = Acceleration::none;
  for (const double share : {.1, .5, .9}) {
    survive(base([&](double x, int i, int j) {
              Stream stream(11, Purpose::test, 0, static_cast<std::uint64_t>(j), static_cast<std::uint64_t>(i));
              return stream.uniform() < share ? std::nan("") : x;
            }),
            2, share < .9 ? quick() : plain);
  }
}

TEST(AdversarialGrid, FewRows) {
  EXPECT_THROW(fit_gaussian_mixture(Table::from_rows({}, 0, 3), {2}, quick()), DataError);
  for (const int rows : {1, 2, 3, 4, 5}) survive(base([](double x, int, int) { return x; }, rows), 3);
}

TEST(AdversarialGrid, LayoutsAndPrecisions) {
  const Table original = base();
  const double reference = fit_base(original).report.log_likelihood;
  std::vector<double> reversed;  // negative strides
  std::vector<float> single;
  for (int i = 0; i < 200; ++i) {
    for (int j = 0; j < 3; ++j) {
      reversed.push_back(original.cell(199 - i, 2 - j));
      single.push_back(static_cast<float>(original.cell(i, j)));
    }
  }
  const Table strided({reversed.data() + 200 * 3 - 1, false, 200, 3, -3, -1, nullptr});
  EXPECT_EQ(fit_base(strided).report.log_likelihood, reference);
  const Table narrow({single.data(), true, 200, 3, 3, 1, nullptr});
  EXPECT_NEAR(fit_base(narrow).report.log_likelihood, reference, 1e-3);
}

TEST(AdversarialGrid, LabelsForSomeRows) {
  std::vector<std::int32_t> labels(200, -1);
  for (std::size_t i = 0; i < 20; ++i) labels[i] = i % 2 == 0 ? 1 : 0;
  for (const Start start : {Start::k_means_plus_plus, Start::random, Start::hierarchical, Start::short_runs}) {
    Options options = quick(1);
    options.start = start;
    const auto fitted =
        fit_gaussian_mixture(base().with_labels(labels, 2), {2, Covariance::full, Prior::none}, options);
    expect_sound(fitted);
    EXPECT_LT(fitted.model.emissions().mean(1)[0], 3);  // label 1 is the cluster at the origin
    EXPECT_GT(fitted.model.emissions().mean(0)[0], 3);
  }
  EXPECT_THROW(fit_gaussian_mixture(base().with_labels(labels, 2), {3}, quick()), ArgumentError);
}

}  // namespace
}  // namespace jensen
