// Covariance structures: what they hold, how many numbers they are, and the M-step that keeps to them.
#include <gtest/gtest.h>
#include <jensen/em/e_step.h>
#include <jensen/error.h>
#include <jensen/fit_gaussian_mixture.h>

#include <Eigen/Dense>
#include <cmath>
#include <map>
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

struct Drawn {
  MatrixXd rotation(int d) {
    MatrixXd m(d, d);
    for (int a = 0; a < d; ++a) {
      for (int b = 0; b < d; ++b) m(a, b) = stream.normal();
    }
    return Eigen::HouseholderQR<MatrixXd>(m).householderQ();
  }
  VectorXd shape(int d) {
    VectorXd v(d);
    for (int j = 0; j < d; ++j) v(j) = stream.normal();
    return (v.array() - v.mean()).exp();
  }
  Stream stream;
};

// Random covariances of a structure, from the letters' definition.
std::vector<std::vector<double>> covariances_of(Covariance structure, int components, int d, std::uint64_t seed) {
  Drawn draw{Stream(seed, Purpose::test)};
  const std::string form = letters(structure);
  std::vector<std::vector<double>> result;
  double volume = 1;
  VectorXd shape = VectorXd::Ones(d);
  MatrixXd axes = MatrixXd::Identity(d, d);
  for (int k = 0; k < components; ++k) {
    if (k == 0 || form[0] == 'V') volume = std::exp(0.7 * draw.stream.normal());
    if (form[1] != 'I' && (k == 0 || form[1] == 'V')) shape = draw.shape(d);
    if (form[2] != 'I' && (k == 0 || form[2] == 'V')) axes = draw.rotation(d);
    result.push_back(packed_of(volume * axes * shape.asDiagonal() * axes.transpose()));
  }
  return result;
}

TEST(Covariance, NamesAndLetters) {
  const auto all = all_covariances(3);
  EXPECT_EQ(all.size(), 14U);
  for (const auto structure : all) {
    EXPECT_EQ(covariance_named(to_string(structure)), structure);
    EXPECT_EQ(covariance_named(letters(structure)), structure);
  }
  EXPECT_EQ(covariance_named("vve"), Covariance::vve);
  EXPECT_EQ(covariance_named("E"), Covariance::tied);
  EXPECT_EQ(covariance_named("V"), Covariance::full);
  EXPECT_EQ(letters(Covariance::diagonal), "VVI");
  EXPECT_EQ(all_covariances(1), (std::vector<Covariance>{Covariance::tied, Covariance::full}));
  const auto refused = support::refusal<ArgumentError>([] { covariance_named("VIV"); });
  EXPECT_EQ(refused.find("covariance: name: 'VIV' is none of full, tied, diagonal, spherical, EII"), 0U) << refused;
}

// nMclustParams("…", d = 4, G = 3) of mclust 6.0.0, less the means and weights: 12 + 2.
TEST(Covariance, AsManyFreeNumbersAsMclustCounts) {
  const std::pair<const char*, int> expected[] = {{"EII", 1},  {"VII", 3},  {"EEI", 4},  {"VEI", 6},  {"EVI", 10},
                                                  {"VVI", 12}, {"EEE", 10}, {"VEE", 12}, {"EVE", 16}, {"VVE", 18},
                                                  {"EEV", 22}, {"VEV", 24}, {"EVV", 28}, {"VVV", 30}};
  for (const auto& [name, count] : expected) {
    const auto structure = covariance_named(name);
    EXPECT_EQ(covariance_parameters(structure, 3, 4), count) << name;
    const Gaussian gaussian(3, 4, structure);
    EXPECT_EQ(gaussian.free_parameters(), 12 + count) << name;
    EXPECT_EQ(gaussian.unconstrained().size(), static_cast<std::size_t>(12 + count)) << name;
  }
}

TEST(Covariance, CoordinatesHoldExactlyWhatTheStructureAllows) {
  for (const int d : {1, 2, 3, 6}) {
    for (const auto structure : all_covariances(2)) {
      const auto drawn = covariances_of(structure, 3, d, 7);
      Gaussian gaussian(3, d, structure);
      gaussian.set(std::vector<double>(static_cast<std::size_t>(3 * d), 1.0), in_shape(structure, d, drawn));
      Gaussian back(3, d, structure);
      back.set_unconstrained(gaussian.unconstrained());
      for (int k = 0; k < 3; ++k) {
        const MatrixXd expected = matrix_of(drawn[static_cast<std::size_t>(k)], d);
        EXPECT_LT((matrix_of(back.covariance(k), d) - expected).norm(), 1e-12 * expected.norm())
            << letters(structure) << d;
      }
      // Any coordinates are the coordinates of something that follows the structure.
      auto u = gaussian.unconstrained();
      Stream stream(3, Purpose::test);
      for (double& v : u) v += 0.8 * stream.normal();
      back.set_unconstrained(u);
      EXPECT_EQ(departure_from_structure(structure, 3, d, back.covariances()), "") << letters(structure) << d;
    }
  }
}

TEST(Covariance, WhatDepartsFromTheStructureIsRefused) {
  for (const auto structure : all_covariances(2)) {
    if (!is_coupled(structure)) continue;
    auto kept = in_shape(structure, 3, covariances_of(structure, 3, 3, 11));
    Gaussian gaussian(3, 3, structure);
    const std::vector<double> means(9, 0.0);
    gaussian.set(means, kept);
    const std::size_t size = shape_size(structure, 3);
    kept[size] *= 1.3;  // the second component's first variance alone
    const auto refused = support::refusal<ArgumentError>([&] { gaussian.set(means, kept); });
    EXPECT_EQ(refused.find("Gaussian: covariances: that of component "), 0U) << letters(structure) << refused;
    EXPECT_NE(refused.find(" is not " + to_string(structure)), std::string::npos) << refused;
  }
}

double log_likelihood_given(const Gaussian& g, const Table& data, const std::vector<double>& r) {
  const Statistics s = support::statistics_given(g, data, r);
  return g.expected_log_density({s.sum, s.about});
}

// Groups drawn from a structure: the M-step's fit is better than the truth and than all structures within it, and worse
// than all that contain it.
TEST(Covariance, MStepsAreOrderedAsTheStructuresAre) {
  const std::pair<const char*, const char*> within[] = {
      {"EII", "VII"}, {"EII", "EEI"}, {"VII", "VEI"}, {"EEI", "VEI"}, {"EEI", "EVI"}, {"VEI", "VVI"},
      {"EVI", "VVI"}, {"EEI", "EEE"}, {"VEI", "VEE"}, {"EVI", "EVE"}, {"VVI", "VVE"}, {"EEE", "VEE"},
      {"EEE", "EVE"}, {"EEE", "EEV"}, {"VEE", "VVE"}, {"EVE", "VVE"}, {"VEE", "VEV"}, {"EEV", "VEV"},
      {"EEV", "EVV"}, {"EVE", "EVV"}, {"VVE", "VVV"}, {"VEV", "VVV"}, {"EVV", "VVV"}};
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const int d = 3;
    const Table data = support::clustered(90, d, 3, seed);
    std::vector<double> r(270);
    for (std::size_t i = 0; i < 90; ++i) {
      for (std::size_t k = 0; k < 3; ++k) r[i + 90 * k] = i % 3 == k ? 0.8 : 0.1;
    }
    std::map<std::string, double> reached;
    for (const auto structure : all_covariances(d)) {
      const Gaussian g = maximized(Gaussian(3, d, structure), data, r);
      EXPECT_TRUE(g.degeneracies().empty());
      EXPECT_EQ(departure_from_structure(structure, 3, d, g.covariances()), "") << letters(structure);
      reached[letters(structure)] = log_likelihood_given(g, data, r);
      // A second M-step from the same statistics has nothing left to gain.
      EXPECT_NEAR(log_likelihood_given(maximized(g, data, r), data, r), reached[letters(structure)], 1e-9);
    }
    for (const auto& [inner, outer] : within) EXPECT_LE(reached.at(inner), reached.at(outer) + 1e-9) << inner << outer;
  }
}

// In two columns an axis is an angle: brute force over it finds no better EVE or VVE.
TEST(Covariance, CommonAxesInThePlaneAreTheBest) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const Table data = support::clustered(60, 2, 2, seed, 1);
    std::vector<double> r(120);
    for (std::size_t i = 0; i < 60; ++i) r[i] = i % 2 == 0 ? 0.9 : 0.3, r[60 + i] = 1 - r[i];
    const auto full = maximized(Gaussian(2, 2, Covariance::full), data, r);
    double weights[2] = {36, 24};
    for (const bool equal : {false, true}) {
      const Covariance structure = equal ? Covariance::eve : Covariance::vve;
      double lowest = std::numeric_limits<double>::infinity();
      for (int step = 0; step < 20000; ++step) {
        const double angle = step * 1.5707963267948966 / 20000;
        double criterion = 0;
        double volume = 0;
        for (int k = 0; k < 2; ++k) {
          MatrixXd axes(2, 2);
          axes << std::cos(angle), -std::sin(angle), std::sin(angle), std::cos(angle);
          const MatrixXd v = axes.transpose() * matrix_of(full.covariance(k), 2) * axes;
          criterion += weights[k] * std::log(v(0, 0) * v(1, 1));
          volume += weights[k] * std::sqrt(v(0, 0) * v(1, 1)) / 60;
        }
        lowest = std::min(lowest, equal ? 2 * 60 * std::log(volume) : criterion);
      }
      const Gaussian g = maximized(Gaussian(2, 2, structure), data, r);
      const double best = -0.5 * (60 * 2 * std::log(2 * std::numbers::pi) + lowest + 60 * 2);
      EXPECT_NEAR(log_likelihood_given(g, data, r), best, 1e-5) << letters(structure) << seed;
    }
  }
}

TEST(Covariance, SamplingAndFittingFindTheTruthAgain) {
  for (const auto structure : all_covariances(2)) {
    const int d = 3;
    const auto drawn = covariances_of(structure, 2, d, 5);
    Gaussian truth(2, d, structure);
    truth.set({0, 0, 0, 6, -5, 4}, in_shape(structure, d, drawn));
    const GaussianMixture model({0.4, 0.6}, truth);
    std::vector<double> x(3000 * 3);
    model.sample(1, 0, {x.data(), 3000, d, 3000}, {});
    const auto fitted = fit_gaussian_mixture(model, Table(std::move(x), 3000, d), Prior::none);
    EXPECT_TRUE(fitted.report.converged()) << letters(structure) << fitted.report.message;
    for (int k = 0; k < 2; ++k) {
      const MatrixXd expected = matrix_of(drawn[static_cast<std::size_t>(k)], d);
      EXPECT_LT((matrix_of(fitted.model.emissions().covariance(k), d) - expected).norm(), 0.15 * expected.norm())
          << letters(structure);
    }
  }
}

// A group on one point: structures that give it a volume or a shape of its own have no maximum, the others do.
TEST(Covariance, AGroupWithoutSpreadIsDegenerateWhereItHasSomethingOfItsOwn) {
  auto values = support::clustered_values(60, 3, 2, 4);
  for (std::size_t i = 0; i < 20; ++i) {
    for (std::size_t j = 0; j < 3; ++j) values[i + 60 * j] = static_cast<double>(j);
  }
  std::vector<double> r(120, 0.0);
  for (std::size_t i = 0; i < 60; ++i) r[i < 20 ? i : 60 + i] = 1;
  for (const auto structure : all_covariances(3)) {
    const Gaussian start(2, 3, structure);
    const Gaussian g = maximized(start, Table(values, 60, 3), r);
    const bool survives = is_shared(structure) || structure == Covariance::eev;
    bool fatal = false;
    for (const auto& degeneracy : g.degeneracies()) {
      fatal = fatal || degeneracy.fatal;
      EXPECT_EQ(degeneracy.component, 0) << letters(structure) << degeneracy.reason;
    }
    EXPECT_EQ(fatal, !survives) << letters(structure);
    for (double v : g.covariances()) EXPECT_TRUE(std::isfinite(v));
    if (!is_coupled(structure) || !fatal) continue;
    EXPECT_EQ(g.covariance(1), start.covariance(1)) << letters(structure);
  }
}

TEST(Covariance, AnEmptyComponentKeepsWhatIsItsOwn) {
  const Table data = support::clustered(40, 3, 1, 4);
  std::vector<double> r(80, 0.0);
  std::fill(r.begin(), r.begin() + 40, 1.0);
  for (const auto structure : all_covariances(3)) {
    Gaussian start(2, 3, structure);
    start.set(std::vector<double>(6, 0.0), in_shape(structure, 3, covariances_of(structure, 2, 3, 9)));
    const Gaussian g = maximized(start, data, r);
    ASSERT_EQ(g.degeneracies().size(), 1U) << letters(structure);
    EXPECT_FALSE(g.degeneracies()[0].fatal);
    EXPECT_EQ(departure_from_structure(structure, 2, 3, g.covariances()), "") << letters(structure);
    const double before = matrix_of(start.covariance(1), 3).determinant();
    const double after = matrix_of(g.covariance(1), 3).determinant();
    if (letters(structure)[0] != 'V') continue;
    EXPECT_NEAR(after / before, 1, 1e-9) << letters(structure);
  }
}

TEST(Covariance, PartsOfAStructure) {
  const int columns[] = {2, 0};
  const int given[] = {1};
  const double value[] = {0.5};
  for (const auto structure : all_covariances(3)) {
    Gaussian gaussian(2, 3, structure);
    gaussian.set({0, 0, 0, 1, 2, 3}, in_shape(structure, 3, covariances_of(structure, 2, 3, 21)));
    const GaussianMixture whole({0.4, 0.6}, gaussian);
    const auto part = marginal(whole, columns).emissions();
    EXPECT_EQ(part.covariance_structure(), structure_of_part(structure));
    EXPECT_EQ(conditional(whole, given, value).emissions().covariance_structure(), structure_of_part(structure));
    for (int k = 0; k < 2; ++k) {
      EXPECT_EQ(part.covariance(k)[packed_index(1, 0)], gaussian.covariance(k)[packed_index(2, 0)]);
      EXPECT_EQ(part.covariance(k)[packed_index(0, 0)], gaussian.covariance(k)[packed_index(2, 2)]);
    }
    const int all[] = {2, 0, 1};
    EXPECT_EQ(marginal(whole, all).emissions().covariance_structure(), structure);
  }
}

}  // namespace
}  // namespace jensen
