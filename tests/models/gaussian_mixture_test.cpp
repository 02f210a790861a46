// What follows from a fitted mixture: marginal and conditional distributions, imputation, samples.
#include <gtest/gtest.h>
#include <jensen/data/table.h>
#include <jensen/em/e_step.h>
#include <jensen/error.h>
#include <jensen/models/gaussian_mixture.h>

#include <Eigen/Dense>
#include <cmath>
#include <functional>

#include "support/data.h"
#include "support/gaussian_reference.h"
#include "support/normals.h"
#include "support/refusal.h"

namespace jensen {
namespace {

constexpr Covariance structures[] = {Covariance::full, Covariance::tied, Covariance::diagonal, Covariance::spherical};

GaussianMixture mixture(Covariance structure) {
  Gaussian g(2, 3, structure);
  const std::vector<double> means{1, -2, 5, 0.5, 1, 4};
  switch (structure) {
    case Covariance::full: g.set(means, {2, 0.6, 1.5, -0.4, 0.3, 0.8, 0.7, -0.2, 1.1, 0.1, 0.4, 2.5}); break;
    case Covariance::tied: g.set(means, {2, 0.6, 1.5, -0.4, 0.3, 0.8}); break;
    case Covariance::diagonal: g.set(means, {2, 1.5, 0.8, 0.7, 1.1, 2.5}); break;
    case Covariance::spherical: g.set(means, {1.3, 0.6}); break;
    default: break;  // parts of the others: covariance_test.cpp
  }
  return {{0.3, 0.7}, g};
}

double density(const GaussianMixture& model, std::vector<double> row) {
  Block block;
  block.x = {row.data(), 1, static_cast<int>(row.size()), 1};
  for (double v : row) block.has_missing = block.has_missing || std::isnan(v);
  double result = 0;
  model.score(block, {&result, 1});
  return std::exp(result);
}

// Rows that lie side by side are read where they are if nothing stands against it.
TEST(GaussianMixture, TheLayoutOfTheDataChangesNoBit) {
  constexpr std::int64_t rows = 1500;
  const auto values = support::normals(3 * rows, 5, 2.0);
  std::vector<double> by_column(values.size());
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < 3; ++j) by_column[j * rows + i] = values[3 * i + j];
  }
  std::vector<std::int32_t> labels(rows, -1);
  labels[3] = 0;
  labels[1400] = 1;
  Workers workers(1);
  const auto expect = [&](const GaussianMixture& model, const Table& table, const Rule& rule) {
    EStep e_step(table, workers);
    return e_step(Erased<GaussianMixture>(model), rule);
  };
  for (const auto structure : structures) {
    for (const double apart : {1.0, 1000.0}) {  // near the pivot, and not
      auto model = mixture(structure);
      std::vector<double> means(model.emissions().means().begin(), model.emissions().means().end());
      for (double& m : means) m *= apart;
      const auto covariances = model.emissions().covariances();
      model.emissions().set(means, {covariances.begin(), covariances.end()});
      EXPECT_TRUE(Erased<GaussianMixture>(model).takes_rows(Posterior{}));
      for (const Rule& rule : {Rule(Posterior{}), Rule(Posterior{0.5}), Rule(Mode{})}) {
        for (const bool labelled : {false, true}) {
          Table lying(MatrixView{values.data(), false, rows, 3, 3, 1, nullptr});
          Table standing(by_column, rows, 3);
          if (labelled) {
            lying = lying.with_labels(labels, 2);
            standing = standing.with_labels(labels, 2);
          }
          const Expected a = expect(model, lying, rule);
          const Expected b = expect(model, standing, rule);
          EXPECT_EQ(a.statistics.sum, b.statistics.sum);
          EXPECT_EQ(a.evidence.log_likelihood, b.evidence.log_likelihood);
          EXPECT_EQ(a.evidence.entropy, b.evidence.entropy);
        }
      }
    }
  }
}

// Where states of some rows are known, or cells missing, a long block is seen piece by piece.
TEST(GaussianMixture, LongBlocksAreThoseOfTheirPieces) {
  constexpr std::int64_t rows = 2500;
  auto values = support::normals(3 * rows, 5, 2.0);
  std::vector<std::int32_t> labels(rows, -1);
  labels[3] = labels[2000] = 1;
  const Table labelled = Table(values, rows, 3).with_labels(labels, 2);
  values[1200] = std::numeric_limits<double>::quiet_NaN();
  const Table holes(values, rows, 3);
  for (const Table& table : {labelled, holes}) {
    const auto model = mixture(Covariance::full);
    GaussianMixture::Scratch scratch;
    BlockBuffer buffer;
    Expected whole{model.no_statistics(), {}}, pieces = whole;
    whole.evidence = model.expect(table.block(0, rows, buffer), Posterior{}, whole.statistics, scratch);
    for (std::int64_t first = 0; first < rows; first += 1024) {
      pieces.evidence += model.expect(table.block(first, std::min<std::int64_t>(1024, rows - first), buffer),
                                      Posterior{}, pieces.statistics, scratch);
    }
    for (std::size_t i = 0; i < whole.statistics.sum.size(); ++i) {
      EXPECT_NEAR(whole.statistics.sum[i], pieces.statistics.sum[i], 1e-13 * rows * 100) << i;
    }
    EXPECT_NEAR(whole.evidence.log_likelihood, pieces.evidence.log_likelihood, 1e-13 * rows * 10);
    EXPECT_EQ(whole.evidence.weight, rows);
  }
}

TEST(GaussianMixture, MarginalIntegratesTheOthersOut) {
  for (const auto structure : structures) {
    const auto model = mixture(structure);
    const int columns[] = {2, 0};
    const auto part = marginal(model, columns);
    EXPECT_EQ(part.columns(), 2);
    EXPECT_EQ(part.emissions().covariance_structure(), structure);
    for (const auto& [a, b] : {std::pair{1.0, 4.0}, {0.0, 6.0}, {-2.0, 5.0}}) {
      double integral = 0;  // trapezoidal over column 1
      for (double y = -15; y <= 15; y += 0.05) integral += 0.05 * density(model, {a, y, b});
      EXPECT_NEAR(density(part, {b, a}), integral, 1e-10);
      EXPECT_NEAR(density(part, {b, a}), density(model, {a, support::missing, b}), 1e-14);
    }
  }
}

TEST(GaussianMixture, ConditionalIsJointOverMarginal) {
  for (const auto structure : structures) {
    const auto model = mixture(structure);
    const int given[] = {2, 0};
    const double values[] = {4.5, 0.2};
    const auto rest = conditional(model, given, values);
    EXPECT_EQ(rest.columns(), 1);
    const double below = density(model, {0.2, support::missing, 4.5});
    for (double y : {-3.0, 0.0, 1.7}) EXPECT_NEAR(density(rest, {y}), density(model, {0.2, y, 4.5}) / below, 1e-12);
    // What is not given is integrated out.
    const double unknown[] = {support::missing, 0.2};
    const auto less = conditional(model, given, unknown);
    const double alone = density(model, {0.2, support::missing, support::missing});
    EXPECT_NEAR(density(less, {1.0}), density(model, {0.2, 1.0, support::missing}) / alone, 1e-12);
  }
}

TEST(GaussianMixture, ImputationIsTheConditionalMean) {
  for (const auto structure : structures) {
    const auto model = mixture(structure);
    std::vector<double> x{0.2, support::missing, 1, support::missing, support::missing, 2, 4.5, 4, 3};  // by column
    Block block;
    block.x = {x.data(), 3, 3, 3};
    block.has_missing = true;
    std::vector<double> filled(9, -99.0);
    impute(model, block, {filled.data(), 3, 3, 3});
    EXPECT_EQ(filled[0], 0.2);
    EXPECT_EQ(filled[6], 4.5);
    EXPECT_EQ(filled[8], 3);
    double mean = 0;
    double mass = 0;
    for (double y = -15; y <= 15; y += 0.02) {
      const double p = density(model, {0.2, y, 4.5});
      mass += p;
      mean += p * y;
    }
    EXPECT_NEAR(filled[3], mean / mass, 1e-8) << to_string(structure);
    double first = 0, second = 0, total = 0;  // row 2 lacks two cells
    for (double a = -12; a <= 12; a += 0.1) {
      for (double b = -12; b <= 12; b += 0.1) {
        const double p = density(model, {a, b, 4});
        total += p;
        first += p * a;
        second += p * b;
      }
    }
    EXPECT_NEAR(filled[1], first / total, 1e-6);
    EXPECT_NEAR(filled[4], second / total, 1e-6);
  }
}

TEST(GaussianMixture, ARowWithoutCellsIsFilledWithTheMean) {
  const auto model = mixture(Covariance::full);
  std::vector<double> x(3, support::missing);
  Block block;
  block.x = {x.data(), 1, 3, 1};
  block.has_missing = true;
  std::vector<double> filled(3);
  impute(model, block, {filled.data(), 1, 3, 1});
  for (std::size_t j = 0; j < 3; ++j) {
    EXPECT_NEAR(filled[j], 0.3 * model.emissions().mean(0)[j] + 0.7 * model.emissions().mean(1)[j], 1e-14);
  }
}

TEST(GaussianMixture, SamplesHaveTheirMoments) {
  constexpr std::int64_t n = 40000;
  for (const auto structure : structures) {
    const auto model = mixture(structure);
    std::vector<double> x(3 * n);
    std::vector<std::int32_t> z(n);
    model.sample(5, 0, {x.data(), n, 3, n}, z);
    for (int k = 0; k < 2; ++k) {
      Eigen::VectorXd mean = Eigen::VectorXd::Zero(3);
      Eigen::MatrixXd second = Eigen::MatrixXd::Zero(3, 3);
      double count = 0;
      for (std::size_t i = 0; i < n; ++i) {
        if (z[i] != k) continue;
        Eigen::VectorXd row(3);
        for (std::size_t j = 0; j < 3; ++j) row(static_cast<int>(j)) = x[i + j * n] - model.emissions().mean(k)[j];
        mean += row;
        second += row * row.transpose();
        ++count;
      }
      const double weight = model.weights()[static_cast<std::size_t>(k)];
      EXPECT_NEAR(count / n, weight, 5 * std::sqrt(weight * (1 - weight) / n));
      const auto sigma = support::matrix_of(model.emissions().covariance(k), 3);
      for (int a = 0; a < 3; ++a) {
        EXPECT_NEAR(mean(a) / count, 0, 5 * std::sqrt(sigma(a, a) / count));
        for (int b = 0; b < 3; ++b) {
          const double deviation = std::sqrt((sigma(a, a) * sigma(b, b) + sigma(a, b) * sigma(a, b)) / count);
          EXPECT_NEAR(second(a, b) / count, sigma(a, b), 5 * deviation) << to_string(structure);
        }
      }
    }
  }
}

TEST(GaussianMixture, TwinsAndWeightlessComponentsDoNotCount) {
  Gaussian g(4, 1, Covariance::full);
  g.set({0, 0, 3, 9}, {1, 1, 1, 1});
  EXPECT_EQ(effective_components({{0.25, 0.25, 0.5, 0}, g}), 2);
  EXPECT_EQ(effective_components({{0.25, 0.25, 0.25, 0.25}, g}), 3);
  g.set({0, 0, 3, 9}, {1, 1.1, 1, 1});
  EXPECT_EQ(effective_components({{0.25, 0.25, 0.25, 0.25}, g}), 4);
}

const auto refusal = support::refusal<ArgumentError>;

TEST(GaussianMixture, RefusesByName) {
  const auto model = mixture(Covariance::full);
  const auto columns = [](std::initializer_list<int> list) { return std::vector<int>(list); };
  EXPECT_EQ(refusal([&] { marginal(model, columns({3})); }), "marginal: columns: 3 is not in 0 … 2");
  EXPECT_EQ(refusal([&] { marginal(model, columns({1, 1})); }), "marginal: columns: 1 comes twice");
  EXPECT_EQ(refusal([&] { marginal(model, columns({})); }), "marginal: columns: must name at least one");
  const double values[] = {1, 2, 3};
  EXPECT_EQ(refusal([&] { conditional(model, columns({0}), values); }),
            "conditional: values: must be 1 numbers, got 3");
  EXPECT_EQ(refusal([&] {
              conditional(model, columns({0, 1, 2}), values);
            }),
            "conditional: columns: must leave at least one column free");
  const double infinite[] = {INFINITY};
  EXPECT_EQ(refusal([&] { conditional(model, columns({0}), infinite); }),
            "conditional: values: holds an infinite number");
  EXPECT_EQ(refusal([] {
              GaussianMixture({0.5, 0.6}, Gaussian(2, 1, Covariance::full));
            }),
            "Mixture: weights: sum to 1.1, not to 1");
}

}  // namespace
}  // namespace jensen
