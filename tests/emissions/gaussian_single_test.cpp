// E-steps in float32: how far they are from float64, how a fit copes with that, and what is refused.
#include <gtest/gtest.h>
#include <jensen/data/table.h>
#include <jensen/em/e_step.h>
#include <jensen/error.h>
#include <jensen/fit_gaussian_mixture.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "support/instruction_sets.h"
#include "support/normals.h"

namespace jensen {
namespace {

using support::normals;

constexpr Covariance structures[] = {Covariance::full, Covariance::tied, Covariance::diagonal, Covariance::spherical};

// Overlapping clusters about `shift`, in units of `unit`, whose means scatter by `spread`.
Table clusters(std::int64_t rows, int columns, int components, double spread, double shift, double unit) {
  const auto n = static_cast<std::size_t>(rows);
  const auto d = static_cast<std::size_t>(columns);
  const auto means = normals(d * static_cast<std::size_t>(components), 1, spread);
  std::vector<double> x = normals(n * d, 2);
  for (std::size_t j = 0; j < d; ++j) {
    for (std::size_t i = 0; i < n; ++i) {
      double& value = x[j * n + i];
      if (j > 0) value = 0.8 * value + 0.6 * x[(j - 1) * n + i] / unit;
      value += means[i % static_cast<std::size_t>(components) * d + j];
      value *= unit;
    }
  }
  for (double& value : x) value += shift * unit;
  return {std::move(x), rows, columns};
}

GaussianMixture fitted(const Table& table, int components, Covariance structure) {
  Options options = from_data();
  options.restarts = 1;
  options.max_iterations = 5;
  options.tolerance = 0;
  options.threads = 1;
  return fit_gaussian_mixture(table, {components, structure}, options).model;
}

Expected expected_of(GaussianMixture model, const Data& data, Precision precision, int threads = 1) {
  model.emissions().set_precision(precision);
  Workers workers(threads);
  EStep e_step(data, workers);
  return e_step(Erased<GaussianMixture>(model));
}

// The M-step's parameters, means and deviations in units of each component's own standard deviations.
double largest_difference(GaussianMixture a, const Expected& left, GaussianMixture b, const Expected& right) {
  a.maximize(left.statistics);
  b.maximize(right.statistics);
  double largest = 0;
  for (int k = 0; k < a.states(); ++k) {
    const auto at = static_cast<std::size_t>(k);
    largest = std::max(largest, std::abs(a.weights()[at] / b.weights()[at] - 1));
    const auto covariance = a.emissions().covariance(k), other = b.emissions().covariance(k);
    for (int j = 0; j < a.columns(); ++j) {
      const double sd = std::sqrt(other[packed_index(j, j)]);
      const auto column = static_cast<std::size_t>(j);
      largest = std::max(largest, std::abs(a.emissions().mean(k)[column] - b.emissions().mean(k)[column]) / sd);
      for (int i = 0; i <= j; ++i) {
        const double scale = sd * std::sqrt(other[packed_index(i, i)]);
        largest = std::max(largest, std::abs(covariance[packed_index(j, i)] - other[packed_index(j, i)]) / scale);
      }
    }
  }
  return largest;
}

// docs/kernels.md prints what this records.
TEST(GaussianSingle, ErrorsAgainstDouble) {
  for (const double spread : {1.0, 4.0, 40.0}) {
    double log_likelihood = 0, entropy = 0, parameters = 0;
    for (const auto structure : structures) {
      for (const double shift : {0.0, 1e6}) {
        for (const double unit : {1.0, 1e-30, 1e25}) {
          const Table table = clusters(3000, 6, 4, spread, shift, unit);
          const GaussianMixture model = fitted(table, 4, structure);
          const Expected exact = expected_of(model, table, Precision::float64);
          const Expected single = expected_of(model, table, Precision::float32);
          const auto off = [&](double a, double b) { return std::abs(a - b) / exact.evidence.weight; };
          EXPECT_NE(single.evidence.log_likelihood, exact.evidence.log_likelihood) << "float32 computed in double";
          log_likelihood = std::max(log_likelihood, off(single.evidence.log_likelihood, exact.evidence.log_likelihood));
          entropy = std::max(entropy, off(single.evidence.entropy, exact.evidence.entropy));
          parameters = std::max(parameters, largest_difference(model, single, model, exact));
        }
      }
    }
    EXPECT_LT(log_likelihood, 1e-6) << "means scatter by " << spread;
    EXPECT_LT(entropy, 1e-6) << "means scatter by " << spread;
    EXPECT_LT(parameters, 1e-5) << "means scatter by " << spread;
    const auto record = [&](const std::string& what, double value) {
      RecordProperty(what + " where means scatter by " + std::to_string(static_cast<int>(spread)),
                     std::to_string(value * 1e9) + "e-9");
    };
    record("log-likelihood", log_likelihood);
    record("entropy", entropy);
    record("parameters", parameters);
  }
}

// Long double's densities, row by row: what float32 is off by where one row is looked at.
TEST(GaussianSingle, LogDensitiesAgainstLongDouble) {
  for (const auto structure : structures) {
    for (const double spread : {1.0, 4.0, 40.0}) {
      const Table table = clusters(300, 6, 4, spread, 1e4, 1);
      GaussianMixture model = fitted(table, 4, structure);
      model.emissions().set_precision(Precision::float32);
      BlockBuffer buffer;
      const Block block = table.block(0, 300, buffer);
      std::vector<double> values(300 * 4, 0.0);
      Gaussian::Scratch scratch;
      model.emissions().add_log_density(block, {values.data(), 300, 4, 300}, scratch);
      for (int k = 0; k < 4; ++k) {
        const Cholesky factor = cholesky(model.emissions().covariance(k), 6);
        for (std::int64_t i = 0; i < 300; ++i) {
          long double squares = 0, size = 0;
          for (int a = 0; a < 6; ++a) {
            long double z = 0;
            for (int b = 0; b <= a; ++b) {
              z += factor.inverse[packed_index(a, b)] *
                   (static_cast<long double>(block.x(i, b)) - model.emissions().mean(k)[static_cast<std::size_t>(b)]);
            }
            squares += z * z;
            size = std::max(size, std::abs(z));
          }
          const long double expected =
              -0.5L * (6 * std::log(2 * std::numbers::pi_v<long double>) + factor.log_determinant + squares);
          // |z| times what a whitened coordinate is off by, D at its largest and a margin for correlations
          const long double bound = 6 * (6 + 2) * 0x1p-24L * (16 + size) * (1 + size);
          EXPECT_NEAR(values[static_cast<std::size_t>(i + 300 * k)], static_cast<double>(expected),
                      static_cast<double>(bound))
              << to_string(structure) << ", spread " << spread;
        }
      }
    }
  }
}

TEST(GaussianSingle, TheResultDoesNotDependOnThreadsOrInstructionSets) {
  const Table table = clusters(5000, 5, 3, 2, 0, 1);
  const GaussianMixture model = fitted(table, 3, Covariance::full);
  std::vector<Expected> all;
  support::on_every_instruction_set([&](const std::string&) {
    if (!kernels::fuses_multiply_add()) return;
    for (const int threads : {1, 3}) all.push_back(expected_of(model, table, Precision::float32, threads));
  });
  for (const Expected& e : all) {
    EXPECT_EQ(e.statistics.sum, all[0].statistics.sum);
    EXPECT_EQ(e.evidence.log_likelihood, all[0].evidence.log_likelihood);
  }
}

TEST(GaussianSingle, WeightsAreOfAnySize) {
  const Table table = clusters(700, 3, 2, 3, 0, 1);
  std::vector<double> weights = normals(700, 4);
  for (double& w : weights) w = std::abs(w) * 1e80;
  const Table weighted = table.with_weights(weights);
  const GaussianMixture model = fitted(table, 2, Covariance::full);
  const Expected exact = expected_of(model, weighted, Precision::float64);
  const Expected single = expected_of(model, weighted, Precision::float32);
  EXPECT_NEAR(single.evidence.log_likelihood / exact.evidence.log_likelihood, 1, 1e-6);
  EXPECT_LT(largest_difference(model, single, model, exact), 1e-5);
}

// Every rule for q comes out as in double, to float's rounding.
TEST(GaussianSingle, OtherRulesComputeInFloatToo) {
  const Table table = clusters(600, 4, 3, 3, 0, 1);
  GaussianMixture model = fitted(table, 3, Covariance::full);
  for (const Rule& rule : {Rule(Posterior{2}), Rule(Mode{})}) {
    Workers one(1);
    EStep e_step(table, one);
    model.emissions().set_precision(Precision::float64);
    const Expected exact = e_step(Erased<GaussianMixture>(model), rule);
    model.emissions().set_precision(Precision::float32);
    const Expected single = e_step(Erased<GaussianMixture>(model), rule);
    EXPECT_NEAR(single.evidence.log_likelihood / exact.evidence.log_likelihood, 1, 1e-6);
    EXPECT_LT(largest_difference(model, single, model, exact), 1e-3) << "one row may change its component";
    EXPECT_NE(single.statistics.sum, exact.statistics.sum);
  }
}

TEST(GaussianSingle, FitsEndWhereThoseInDoubleDo) {
  const Table table = clusters(4000, 4, 3, 3, 100, 1);
  Options options = from_data();
  options.restarts = 3;
  options.tolerance = 1e-6;
  for (const auto structure : structures) {
    const auto exact = fit_gaussian_mixture(table, {3, structure}, options);
    const auto single = fit_gaussian_mixture(table, {3, structure, Prior::data_scaled, Precision::float32}, options);
    EXPECT_EQ(single.report.outcome, Outcome::converged) << single.report.message;
    EXPECT_TRUE(single.report.monotone);
    EXPECT_NEAR(single.report.log_likelihood, exact.report.log_likelihood, 1e-5 * 4000) << to_string(structure);
    EXPECT_NE(single.report.log_likelihood, exact.report.log_likelihood);
    EXPECT_EQ(single.model.emissions().precision(), Precision::float64) << "what is returned computes in double";
  }
}

template <class Error, class Body>
std::string refusal(Body body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(GaussianSingle, RefusesWhatItCannotDo) {
  std::vector<double> x = normals(300, 1);
  const GaussianMixtureOptions model{2, Covariance::full, Prior::data_scaled, Precision::float32};
  Options options = from_data();
  const Table whole(x, 100, 3);
  const std::string tolerance =
      refusal<ArgumentError>([&] { static_cast<void>(fit_gaussian_mixture(whole, model, options)); });
  EXPECT_NE(tolerance.find("tolerance: must be 0 or at least 9.5e-07, got 1e-08"), std::string::npos) << tolerance;
  options.tolerance = 1e-6;
  x[207] = std::numeric_limits<double>::quiet_NaN();
  const Table holes(x, 100, 3);
  const std::string missing =
      refusal<DataError>([&] { static_cast<void>(fit_gaussian_mixture(holes, model, options)); });
  EXPECT_NE(missing.find("row 8, column 'x3': the cell is missing"), std::string::npos) << missing;
  EXPECT_NE(missing.find("use float64"), std::string::npos) << missing;
  const GaussianMixture complete = fitted(whole, 2, Covariance::full);
  const std::string e_step =
      refusal<DataError>([&] { static_cast<void>(expected_of(complete, holes, Precision::float32)); });
  EXPECT_NE(e_step.find("row 8, column 3"), std::string::npos) << e_step;
  EXPECT_THROW(precision_named("float16"), ArgumentError);
  EXPECT_EQ(precision_named("float32"), Precision::float32);
}

}  // namespace
}  // namespace jensen
