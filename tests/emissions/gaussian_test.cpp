// Gaussian emissions against Boost.Math, Eigen and closed forms.
#include <gtest/gtest.h>
#include <jensen/em/e_step.h>
#include <jensen/error.h>
#include <jensen/fit_gaussian_mixture.h>

#include <Eigen/Dense>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <functional>
#include <numbers>

#include "support/data.h"
#include "support/gaussian_reference.h"
#include "support/refusal.h"

namespace jensen {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;
using support::matrix_of;
using support::maximized;
using support::packed_of;

constexpr Covariance structures[] = {Covariance::full, Covariance::tied, Covariance::diagonal, Covariance::spherical};

// Two components in three columns, of the given structure, off the origin.
Gaussian gaussian(Covariance structure) {
  const std::vector<double> matrix{2, 0.6, 1.5, -0.4, 0.3, 0.8};
  const std::vector<double> other{0.7, -0.2, 1.1, 0.1, 0.4, 2.5};
  Gaussian result(2, 3, structure);
  const std::vector<double> means{1, -2, 5, 0.5, 3, 4};
  if (structure == Covariance::full) {
    auto both = matrix;
    both.insert(both.end(), other.begin(), other.end());
    result.set(means, both);
  } else if (structure == Covariance::tied) {
    result.set(means, matrix);
  } else if (structure == Covariance::diagonal) {
    result.set(means, {2, 1.5, 0.8, 0.7, 1.1, 2.5});
  } else {
    result.set(means, {1.3, 0.6});
  }
  return result;
}

// Rows with every pattern of holes in three columns, several rows each.
struct Holes {
  Holes() : data(Table(values(), 40, 3)), block(data.block(0, 40, buffer)) {}
  static std::vector<double> values() {
    auto v = support::clustered_values(40, 3, 2, 9);
    for (std::size_t i = 0; i < 40; ++i) {
      for (std::size_t j = 0; j < 3; ++j) {
        if ((i >> j) & 1U) v[i + 40 * j] = support::missing;
      }
    }
    return v;
  }
  Table data;
  BlockBuffer buffer;
  Block block;
};

TEST(Gaussian, UnivariateDensityIsBoosts) {
  Gaussian one(1, 1, Covariance::full);
  one.set({3}, {4});
  const boost::math::normal_distribution<double> normal(3, 2);
  std::vector<double> x{-5, 0, 3, 3.7, 40};
  Block block;
  block.x = {x.data(), 5, 1, 5};
  std::vector<double> density(5, 0.0);
  Gaussian::Scratch scratch;
  one.add_log_density(block, {density.data(), 5, 1, 5}, scratch);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_NEAR(density[i], std::log(boost::math::pdf(normal, x[i])), 1e-12);
}

TEST(Gaussian, DensityOfObservedCells) {
  Holes holes;
  for (const auto structure : structures) {
    const Gaussian g = gaussian(structure);
    std::vector<double> density(80, 0.5);
    Gaussian::Scratch scratch;
    g.add_log_density(holes.block, {density.data(), 40, 2, 40}, scratch);
    for (std::int64_t i = 0; i < 40; ++i) {
      for (int k = 0; k < 2; ++k) {
        const double expected = support::log_normal(holes.block, i, g.mean(k), matrix_of(g.covariance(k), 3));
        EXPECT_NEAR(density[static_cast<std::size_t>(i + 40 * k)], 0.5 + expected, 1e-11) << to_string(structure) << i;
      }
    }
  }
}

// E[x | x_o], E[(x − c)(x − c)ᵀ | x_o] and the entropy of x_m given x_o, from Eigen's inverse.
struct Conditional {
  Conditional(const Block& block, std::int64_t i, std::span<const double> mean, const MatrixXd& sigma) {
    const auto cells = support::cells_of(block, i);
    const auto o = static_cast<int>(cells.observed.size());
    const auto m = static_cast<int>(cells.missing.size());
    const int d = o + m;
    center = VectorXd(d);
    spread = MatrixXd::Zero(d, d);
    VectorXd deviation(o);
    for (int a = 0; a < o; ++a) {
      const int j = cells.observed[static_cast<std::size_t>(a)];
      center(j) = block.x(i, j);
      deviation(a) = block.x(i, j) - mean[static_cast<std::size_t>(j)];
    }
    MatrixXd residual = sigma(cells.missing, cells.missing);
    VectorXd shift = VectorXd::Zero(m);
    if (o > 0 && m > 0) {
      const MatrixXd gain =
          sigma(cells.missing, cells.observed) * MatrixXd(sigma(cells.observed, cells.observed)).inverse();
      residual -= gain * sigma(cells.observed, cells.missing);
      shift = gain * deviation;
    }
    for (int a = 0; a < m; ++a) {
      const int j = cells.missing[static_cast<std::size_t>(a)];
      center(j) = mean[static_cast<std::size_t>(j)] + shift(a);
      for (int b = 0; b < m; ++b) spread(j, cells.missing[static_cast<std::size_t>(b)]) = residual(a, b);
    }
    entropy =
        m == 0 ? 0 : 0.5 * (m * std::log(2 * std::numbers::pi * std::numbers::e) + std::log(residual.determinant()));
  }
  VectorXd center;
  MatrixXd spread;
  double entropy;
};

TEST(Gaussian, ExpectedMomentsOfRowsWithHoles) {
  Holes holes;
  for (const auto structure : structures) {
    const Gaussian g = gaussian(structure);
    std::vector<double> r(80);
    for (std::size_t i = 0; i < 80; ++i) r[i] = 0.01 * static_cast<double>(i % 17);
    std::vector<double> sum(g.layout().sum, 0.0);
    const std::vector<double> about{0.3, -1, 4, 1, 2, 3};  // not the model's own means
    Gaussian::Scratch scratch;
    const double entropy = g.accumulate(holes.block, {r.data(), 40, 2, 40}, {sum, about}, scratch);

    double expected_entropy = 0;
    std::vector<MatrixXd> second(2, MatrixXd::Zero(3, 3));
    for (int k = 0; k < 2; ++k) {
      const Eigen::Map<const VectorXd> pivot(about.data() + 3 * k, 3);
      double weight = 0;
      VectorXd first = VectorXd::Zero(3);
      for (std::int64_t i = 0; i < 40; ++i) {
        const double share = r[static_cast<std::size_t>(i + 40 * k)];
        const Conditional c(holes.block, i, g.mean(k), matrix_of(g.covariance(k), 3));
        weight += share;
        first += share * (c.center - pivot);
        second[static_cast<std::size_t>(k)] += share * ((c.center - pivot) * (c.center - pivot).transpose() + c.spread);
        expected_entropy += share * c.entropy;
      }
      EXPECT_NEAR(sum[static_cast<std::size_t>(k)], weight, 1e-13);
      for (int j = 0; j < 3; ++j) EXPECT_NEAR(sum[static_cast<std::size_t>(2 + 3 * k + j)], first(j), 1e-11);
    }
    EXPECT_NEAR(entropy, expected_entropy, 1e-10) << to_string(structure);
    const auto compare = [&](std::size_t at, double expected) {
      EXPECT_NEAR(sum[8 + at], expected, 1e-10) << to_string(structure);
    };
    if (structure == Covariance::tied) {
      const auto both = packed_of(second[0] + second[1]);
      for (std::size_t i = 0; i < 6; ++i) compare(i, both[i]);
    }
    for (std::size_t k = 0; k < 2; ++k) {
      const auto packed = packed_of(second[k]);
      for (std::size_t i = 0; i < 6 && structure == Covariance::full; ++i) compare(6 * k + i, packed[i]);
      for (int j = 0; j < 3 && structure == Covariance::diagonal; ++j)
        compare(3 * k + static_cast<std::size_t>(j), second[k](j, j));
      if (structure == Covariance::spherical) compare(k, second[k].trace());
    }
  }
}

// M-step --------------------------------------------------------------------------------------------------------------

struct Weighted {
  VectorXd mean;
  MatrixXd covariance;
  double weight = 0;
};
Weighted weighted(const Table& data, const double* r) {
  const int d = data.columns();
  Weighted result{VectorXd::Zero(d), MatrixXd::Zero(d, d)};
  const auto row = [&](std::int64_t i) {
    VectorXd x(d);
    for (int j = 0; j < d; ++j) x(j) = data.cell(i, j);
    return x;
  };
  for (std::int64_t i = 0; i < data.rows(); ++i) result.mean += r[i] * row(i), result.weight += r[i];
  result.mean /= result.weight;
  for (std::int64_t i = 0; i < data.rows(); ++i) {
    result.covariance += r[i] / result.weight * (row(i) - result.mean) * (row(i) - result.mean).transpose();
  }
  return result;
}

TEST(Gaussian, MStepInEveryStructureWithAndWithoutPrior) {
  const Table data = support::clustered(60, 3, 2, 4);
  std::vector<double> r(120);
  for (std::size_t i = 0; i < 60; ++i) r[i] = 0.2 + 0.6 * static_cast<double>(i % 2), r[60 + i] = 1 - r[i];
  const Weighted first = weighted(data, r.data());
  const Weighted second = weighted(data, r.data() + 60);
  const MatrixXd scale = matrix_of(std::vector<double>{3, 0.5, 2, 0.1, 0.2, 4}, 3);
  for (const double prior_rows : {0.0, 2.5}) {
    for (const auto structure : structures) {
      Gaussian start = gaussian(structure);
      start.set_prior({prior_rows, packed_of(scale)});
      const Gaussian g = maximized(start, data, r);
      for (int k = 0; k < 2; ++k) {
        const Weighted& own = k == 0 ? first : second;
        for (int j = 0; j < 3; ++j) EXPECT_NEAR(g.mean(k)[static_cast<std::size_t>(j)], own.mean(j), 1e-12);
        // Σ = (N S + c S₀) / (N + c), of the pooled rows when tied, of the diagonals or their mean otherwise.
        const double weight = structure == Covariance::tied ? 60 : own.weight;
        MatrixXd scatter = own.weight * own.covariance;
        if (structure == Covariance::tied)
          scatter = first.weight * first.covariance + second.weight * second.covariance;
        MatrixXd expected = (scatter + prior_rows * scale) / (weight + prior_rows);
        if (structure == Covariance::diagonal) expected = MatrixXd(expected.diagonal().asDiagonal());
        if (structure == Covariance::spherical) expected = expected.trace() / 3 * MatrixXd::Identity(3, 3);
        EXPECT_LT((matrix_of(g.covariance(k), 3) - expected).norm(), 1e-12) << to_string(structure) << prior_rows;
      }
      EXPECT_TRUE(g.degeneracies().empty());
    }
  }
}

TEST(Gaussian, LogPriorIsTheFormula) {
  const MatrixXd scale = matrix_of(std::vector<double>{3, 0.5, 2, 0.1, 0.2, 4}, 3);
  for (const auto structure : structures) {
    Gaussian g = gaussian(structure);
    EXPECT_EQ(g.log_prior(), 0);
    g.set_prior({2.5, packed_of(scale)});
    MatrixXd own = scale;
    if (structure == Covariance::diagonal) own = MatrixXd(scale.diagonal().asDiagonal());
    if (structure == Covariance::spherical) own = scale.trace() / 3 * MatrixXd::Identity(3, 3);
    double expected = 0;
    for (int k = 0; k < (structure == Covariance::tied ? 1 : 2); ++k) {
      const MatrixXd ratio = own * matrix_of(g.covariance(k), 3).inverse();
      expected -= 1.25 * (ratio.trace() - std::log(ratio.determinant()) - 3);
    }
    EXPECT_NEAR(g.log_prior(), expected, 1e-11) << to_string(structure);
    EXPECT_LT(g.log_prior(), 0);
  }
}

TEST(Gaussian, OneComponentIsTheClosedForm) {
  const Table data = support::clustered(200, 3, 1, 6).with_weights(support::uneven_weights(200));
  const auto weights = support::uneven_weights(200);
  const Weighted expected = weighted(data, weights.data());
  for (const auto structure : structures) {
    Options options = from_data();
    options.restarts = 1;
    const auto fitted = fit_gaussian_mixture(data, {1, structure, Prior::none}, options);
    const auto& g = fitted.model.emissions();
    for (int j = 0; j < 3; ++j) EXPECT_NEAR(g.mean(0)[static_cast<std::size_t>(j)], expected.mean(j), 1e-12);
    MatrixXd covariance = expected.covariance;
    if (structure == Covariance::diagonal) covariance = MatrixXd(covariance.diagonal().asDiagonal());
    if (structure == Covariance::spherical) covariance = covariance.trace() / 3 * MatrixXd::Identity(3, 3);
    EXPECT_LT((matrix_of(g.covariance(0), 3) - covariance).norm(), 1e-12);
    // ℓ = −½ N (d log 2π + log|Σ| + d): the trace term of a maximum is d
    const double log_likelihood =
        -0.5 * expected.weight * (3 * std::log(2 * std::numbers::pi) + std::log(covariance.determinant()) + 3);
    EXPECT_NEAR(fitted.report.log_likelihood, log_likelihood, 1e-10 * std::abs(log_likelihood));
    EXPECT_LE(fitted.report.iterations, 3);
  }
}

TEST(Gaussian, FarFromTheOriginNothingIsLost) {
  const auto near = support::clustered_values(500, 2, 1, 3);
  auto far = near;
  for (double& v : far) v += 1e8;
  const auto fitted = fit_gaussian_mixture(Table(far, 500, 2), {1, Covariance::full, Prior::none}).model.emissions();
  const Weighted expected = weighted(Table(near, 500, 2), std::vector<double>(500, 1.0).data());
  // The cells themselves were rounded to 1e8 · 1e-16; variances of order 1 can be no better than that.
  EXPECT_LT((matrix_of(fitted.covariance(0), 2) - expected.covariance).norm(), 1e-6);
  EXPECT_NEAR(fitted.mean(0)[0] - 1e8, expected.mean(0), 1e-7);
}

// Degenerate components -----------------------------------------------------------------------------------------------

TEST(Gaussian, AnEmptyComponentKeepsItsParameters) {
  const Table data = support::clustered(30, 3, 1, 4);
  std::vector<double> r(60, 0.0);
  std::fill(r.begin(), r.begin() + 30, 1.0);
  for (const auto structure : structures) {
    const Gaussian start = gaussian(structure);
    const Gaussian g = maximized(start, data, r);
    ASSERT_EQ(g.degeneracies().size(), 1U) << to_string(structure);
    EXPECT_EQ(g.degeneracies()[0].component, 1);
    EXPECT_FALSE(g.degeneracies()[0].fatal);
    EXPECT_EQ(g.degeneracies()[0].reason, "no observation belongs to it; its parameters are those of before");
    for (std::size_t j = 0; j < 3; ++j) EXPECT_EQ(g.mean(1)[j], start.mean(1)[j]);
    if (structure == Covariance::tied) continue;
    EXPECT_EQ(g.covariance(1), start.covariance(1));
  }
}

TEST(Gaussian, AnEmptyComponentOfAMixtureWeighsNothingAndScoresStayFinite) {
  const Table data = support::clustered(50, 2, 1, 4);
  Gaussian g(2, 2, Covariance::full);
  g.set({0, 0, 1e6, 1e6}, {1, 0, 1, 1, 0, 1});  // the second is so far away that it wins nothing
  Options options;
  options.max_iterations = 5;
  options.tolerance = 0;
  const auto fitted = fit_gaussian_mixture(GaussianMixture(g), data, Prior::none, options);
  EXPECT_EQ(fitted.model.weights()[1], 0);
  EXPECT_EQ(fitted.model.weights()[0], 1);
  EXPECT_TRUE(std::isfinite(fitted.report.log_likelihood));
  ASSERT_FALSE(fitted.report.degeneracies.empty());
  EXPECT_EQ(fitted.report.degeneracies[0].component, 1);
  EXPECT_EQ(effective_components(fitted.model), 1);
}

TEST(Gaussian, RowsOnALineCannotCarryAFullCovariance) {
  std::vector<double> values(40);
  for (std::size_t i = 0; i < 20; ++i) values[i] = static_cast<double>(i), values[20 + i] = 3 * values[i] - 1;
  const Table data(values, 20, 2);
  const Gaussian g = maximized(Gaussian(1, 2, Covariance::full), data, std::vector<double>(20, 1.0));
  ASSERT_EQ(g.degeneracies().size(), 1U);
  EXPECT_TRUE(g.degeneracies()[0].fatal);
  EXPECT_EQ(g.covariance(0), (std::vector<double>{1, 0, 1})) << "it keeps its previous covariance";
  const std::string reason = g.degeneracies()[0].reason;  // which of the two, rounding decides
  EXPECT_TRUE(reason.find("column 2 is a linear combination") == 0 || reason.find("its covariance is singular") == 0)
      << reason;
  // A diagonal covariance has no trouble with it.
  EXPECT_TRUE(
      maximized(Gaussian(1, 2, Covariance::diagonal), data, std::vector<double>(20, 1.0)).degeneracies().empty());
}

TEST(Gaussian, ACollapsingComponentIsSurvivedWithThePriorAndNamedWithout) {
  // Twelve equal rows among others: without a prior the likelihood is unbounded there.
  auto values = support::clustered_values(60, 1, 1, 8);
  for (std::size_t i = 0; i < 12; ++i) values[5 * i] = 2.5;
  const Table data(values, 60, 1);
  Gaussian start(2, 1, Covariance::full);
  start.set({2.5, 0}, {1e-4, 2});
  const auto none = fit_gaussian_mixture(GaussianMixture(start), data, Prior::none);
  EXPECT_EQ(none.report.outcome, Outcome::degenerate);
  ASSERT_FALSE(none.report.degeneracies.empty());
  EXPECT_EQ(none.report.degeneracies[0].component, 0);
  EXPECT_TRUE(none.report.degeneracies[0].fatal);
  EXPECT_NE(none.report.message.find("component 0"), std::string::npos) << none.report.message;
  ASSERT_EQ(none.report.degenerate_rows.size(), 1U);
  EXPECT_EQ(none.report.degenerate_rows[0].size(), 10U);
  for (std::int64_t row : none.report.degenerate_rows[0]) EXPECT_EQ(data.cell(row, 0), 2.5);

  const auto prior = fit_gaussian_mixture(GaussianMixture(start), data, Prior::data_scaled);
  EXPECT_TRUE(prior.report.converged()) << prior.report.message;
  EXPECT_GT(prior.model.emissions().covariance(0)[0], 0);
  EXPECT_LT(prior.report.log_prior, 0);
}

TEST(Gaussian, TooFewRowsAreSaid) {
  const Table data = support::clustered(60, 3, 2, 4);
  std::vector<double> r(120);
  for (std::size_t i = 0; i < 60; ++i) r[i] = i < 57 ? 1 : 0, r[60 + i] = 1 - r[i];
  Gaussian start = gaussian(Covariance::full);
  start.set_prior({1, {1, 0, 1, 0, 0, 1}});
  const auto g = maximized(start, data, r);
  ASSERT_EQ(g.degeneracies().size(), 1U);
  EXPECT_FALSE(g.degeneracies()[0].fatal);
  EXPECT_EQ(g.degeneracies()[0].reason, "it rests on 3 observations, fewer than the 4 that a full covariance needs");
}

// Parameters and refusals ---------------------------------------------------------------------------------------------

TEST(Gaussian, NamesFollowTheStructure) {
  EXPECT_EQ(gaussian(Covariance::full).parameter_names().back(), "covariance[1,2,2]");
  EXPECT_EQ(gaussian(Covariance::tied).parameter_names().back(), "covariance[2,2]");
  EXPECT_EQ(gaussian(Covariance::diagonal).parameter_names().back(), "variance[1,2]");
  EXPECT_EQ(gaussian(Covariance::spherical).parameter_names().back(), "variance[1]");
  EXPECT_EQ(gaussian(Covariance::full).parameter_names().front(), "mean[0,0]");
  EXPECT_EQ(gaussian(Covariance::full).free_parameters(), 6 + 12);
  EXPECT_EQ(gaussian(Covariance::tied).free_parameters(), 6 + 6);
  EXPECT_EQ(gaussian(Covariance::diagonal).free_parameters(), 6 + 6);
  EXPECT_EQ(gaussian(Covariance::spherical).free_parameters(), 6 + 2);
  for (const auto structure : structures) EXPECT_EQ(covariance_named(to_string(structure)), structure);
  EXPECT_THROW(covariance_named("round"), ArgumentError);
}

const auto refusal = support::refusal<ArgumentError>;

TEST(Gaussian, RefusesByName) {
  Gaussian g = gaussian(Covariance::full);
  EXPECT_EQ(refusal([] { Gaussian(0, 1, Covariance::full); }), "Gaussian: components: must be ≥ 1, got 0");
  EXPECT_EQ(refusal([] { Gaussian(1, 0, Covariance::full); }), "Gaussian: columns: must be ≥ 1, got 0");
  const std::vector<double> means(6, 0.0);
  EXPECT_EQ(refusal([&] { g.set({1, 2}, {}); }), "Gaussian::set: means: must hold 6 numbers, got 2");
  EXPECT_EQ(refusal([&] { g.set(means, {1}); }), "Gaussian::set: covariances: must hold 12 numbers, got 1");
  EXPECT_EQ(refusal([&] {
              g.set(means, {1, 0, 1, 0, 0, 1, 1, 2, 1, 0, 0, 1});
            }),
            "Gaussian: covariances: that of component 1 is not positive definite");
  EXPECT_EQ(refusal([&] {
              g.set({0, 0, 0, std::nan(""), 0, 0}, {1, 0, 1, 0, 0, 1, 1, 0, 1, 0, 0, 1});
            }),
            "Gaussian::set: means: holds nan");
  EXPECT_EQ(refusal([&] { g.set_prior({-1, {}}); }), "Gaussian::set_prior: rows: must be finite and ≥ 0, got -1");
  EXPECT_NE(refusal([&] { g.set_prior({1, {1, 0}}); }), "accepted");
  EXPECT_EQ(g.parameters(), gaussian(Covariance::full).parameters()) << "a refused change changes nothing";
}

}  // namespace
}  // namespace jensen
