// Gaussians whose covariances have their structure within groups: each group is a family of its own.
#include <gtest/gtest.h>
#include <jensen/emissions/component_order.h>
#include <jensen/emissions/gaussian.h>

#include <cmath>

#include "support/data.h"
#include "support/gaussian_reference.h"
#include "support/refusal.h"

namespace jensen {
namespace {

constexpr int columns = 3;
constexpr std::int64_t rows = 80;

// Responsibilities of four components, none of them negligible.
std::vector<double> shares() {
  std::vector<double> r(rows * 4);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t k = 0; k < 4; ++k) r[i + rows * k] = i % 4 == k ? 0.7 : 0.1;
  }
  return r;
}

// The two columns of one group.
std::vector<double> shares_of(int group) {
  const auto all = shares();
  const auto begin = all.begin() + static_cast<std::ptrdiff_t>(group) * 2 * rows;
  return {begin, begin + 2 * rows};
}

Gaussian with_prior(Gaussian gaussian) {
  gaussian.set_prior({0.5, {2, 0.1, 1, 0.2, -0.3, 3}});
  return gaussian;
}

double expected_log_density(const Gaussian& g, const Data& data, const std::vector<double>& r) {
  const Statistics s = support::statistics_given(g, data, r);
  return g.expected_log_density({s.sum, s.about});
}

std::vector<double> log_densities(const Gaussian& g, const Data& data) {
  std::vector<double> values(static_cast<std::size_t>(rows) * static_cast<std::size_t>(g.states()), 0.0);
  BlockBuffer buffer;
  Gaussian::Scratch scratch;
  g.add_log_density(data.block(0, rows, buffer), {values.data(), rows, g.states(), rows}, scratch);
  return values;
}

TEST(GaussianGroups, EachIsAFamilyOfItsOwn) {
  auto values = support::clustered_values(rows, columns, 4, 3);
  for (std::size_t i = 0; i < values.size(); i += 7) values[i] = support::missing;
  const Table data(std::move(values), rows, columns);
  for (const auto structure : all_covariances(columns)) {
    SCOPED_TRACE(letters(structure));
    const Gaussian all = support::maximized(with_prior(Gaussian(4, columns, structure, 2)), data, shares());
    EXPECT_TRUE(all.degeneracies().empty());
    double log_prior = 0;
    double expected = 0;
    int free_parameters = 0;
    const auto densities = log_densities(all, data);
    for (int g = 0; g < 2; ++g) {
      const Gaussian own = support::maximized(with_prior(Gaussian(2, columns, structure)), data, shares_of(g));
      for (int k = 0; k < 2; ++k) {
        const auto covariance = all.covariance(2 * g + k);
        for (std::size_t i = 0; i < covariance.size(); ++i) EXPECT_NEAR(covariance[i], own.covariance(k)[i], 1e-11);
        for (std::size_t j = 0; j < columns; ++j) EXPECT_NEAR(all.mean(2 * g + k)[j], own.mean(k)[j], 1e-12);
      }
      const auto own_densities = log_densities(own, data);
      for (std::size_t i = 0; i < own_densities.size(); ++i) {
        EXPECT_NEAR(densities[static_cast<std::size_t>(2 * g * rows) + i], own_densities[i], 1e-9);
      }
      log_prior += own.log_prior();
      expected += expected_log_density(own, data, shares_of(g));
      free_parameters += own.free_parameters();
    }
    EXPECT_NEAR(all.log_prior(), log_prior, 1e-11);
    EXPECT_NEAR(expected_log_density(all, data, shares()), expected, 1e-9);
    EXPECT_EQ(all.free_parameters(), free_parameters);
    EXPECT_EQ(all.unconstrained().size(), static_cast<std::size_t>(free_parameters));
    Gaussian again(4, columns, structure, 2);
    again.set_unconstrained(all.unconstrained());
    for (int k = 0; k < 4; ++k) {
      const auto covariance = again.covariance(k);
      for (std::size_t i = 0; i < covariance.size(); ++i) EXPECT_NEAR(covariance[i], all.covariance(k)[i], 1e-9);
    }
  }
}

TEST(GaussianGroups, WithoutRowsOneKeepsItsCovariances) {
  const Table data = support::clustered(rows, columns, 2, 3);
  auto r = shares();
  std::fill(r.begin(), r.begin() + 2 * rows, 0.0);
  for (const auto structure : all_covariances(columns)) {
    const Gaussian start(4, columns, structure, 2);
    const Gaussian g = support::maximized(start, data, r);
    for (int k = 0; k < 4; ++k) {
      EXPECT_EQ(g.covariance(k) == start.covariance(k), k < 2) << letters(structure) << k;
    }
  }
}

TEST(GaussianGroups, NamesAndDegeneraciesNameTheGroup) {
  Gaussian gaussian(4, 2, Covariance::tied, 2);
  EXPECT_EQ(gaussian.parameter_names()[8 + 3], "covariance[1,0,0]");
  EXPECT_EQ(Gaussian(4, 2, Covariance::eei, 2).parameter_names().back(), "variance[1,1]");
  auto values = support::clustered_values(rows, 2, 2, 3);
  std::vector<double> r(rows * 4, 0.0);
  for (std::size_t i = 0; i < rows; ++i) {
    r[i + rows * (i % 4)] = 1;
    if (i % 4 >= 2) values[i] = static_cast<double>(i % 4);  // the components of the second group are flat
  }
  const Gaussian flat = support::maximized(gaussian, Table(std::move(values), rows, 2), r);
  ASSERT_EQ(flat.degeneracies().size(), 1U);
  EXPECT_EQ(flat.degeneracies()[0].component, 2);
  EXPECT_EQ(flat.degeneracies()[0].reason.find("(the covariance of its whole group)"), 0U);
  EXPECT_EQ(flat.covariance(3), gaussian.covariance(3));
  EXPECT_NE(flat.covariance(1), gaussian.covariance(1));
}

TEST(GaussianGroups, MoveAsAWhole) {
  Gaussian gaussian(4, 1, Covariance::tied, 2);
  gaussian.set({0, 1, 2, 3}, {4, 9});
  AnyEmissions emissions(gaussian);
  ASSERT_TRUE(reorder(emissions, std::vector<int>{3, 2, 0, 1}));
  const auto* moved = emissions.as<Gaussian>();
  EXPECT_EQ(moved->covariance(0)[0], 9);
  EXPECT_EQ(moved->covariance(3)[0], 4);
  EXPECT_EQ(moved->mean(0)[0], 3);
  EXPECT_FALSE(reorder(emissions, std::vector<int>{0, 2, 1, 3}));
  AnyEmissions free(Gaussian(4, 1, Covariance::full, 2));
  EXPECT_TRUE(reorder(free, std::vector<int>{0, 2, 1, 3})) << "nothing is shared";
}

TEST(GaussianGroups, RefusesByName) {
  EXPECT_EQ(support::refusal<ArgumentError>([] { Gaussian(4, 1, Covariance::tied, 3); }),
            "Gaussian: groups: must divide the 4 components, got 3");
  Gaussian gaussian(4, 1, Covariance::eii, 2);
  EXPECT_EQ(support::refusal<ArgumentError>([&] {
              gaussian.set({0, 1, 2, 3}, {1, -1});
            }),
            "Gaussian: covariances: that of component 2 is not positive definite");
  Gaussian turned(4, 2, Covariance::eev, 2);
  EXPECT_EQ(support::refusal<ArgumentError>([&] {
              turned.set(std::vector<double>(8, 0.0), {1, 0, 1, 1, 0, 1, 1, 0, 2, 1, 0, 1});
            }).find("Gaussian: covariances: that of component "),
            0U);
}

}  // namespace
}  // namespace jensen
