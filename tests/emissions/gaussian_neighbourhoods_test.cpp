// An E-step among neighbours is the whole one to rounding, and what it remembers changes no bit.
#include <gtest/gtest.h>
#include <jensen/data/table.h>
#include <jensen/em/e_step.h>
#include <jensen/models/gaussian_mixture.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>

#include "support/e_steps.h"
#include "support/normals.h"

namespace jensen {
namespace {

using support::expect_same_bits_whatever_threads;
using support::expect_same_step;
using support::normals;

constexpr Covariance structures[] = {Covariance::full, Covariance::tied, Covariance::diagonal, Covariance::spherical};
constexpr double negligible = 0x1p-54;

// Clusters of unequal spread whose means scatter by `scatter`, and rows from them in no order.
struct Clusters {
  Clusters(int dimensions, int count, double scatter, Covariance structure, std::int64_t size = 1300)
      : d(dimensions), components(count), rows(size), model(gaussian(scatter, structure)) {
    std::vector<double> values(static_cast<std::size_t>(rows * d));
    std::vector<std::int32_t> z(static_cast<std::size_t>(rows));
    model.sample(5, 0, {values.data(), rows, d, rows}, z);
    table = Table(std::move(values), rows, d);
  }
  Gaussian gaussian(double scatter, Covariance structure) const {
    Gaussian g(components, d, structure);
    std::vector<double> covariances;
    for (int k = 0; k < (structure == Covariance::tied ? 1 : components); ++k) {
      for (int a = 0; a < (structure == Covariance::spherical ? 1 : d); ++a) {
        for (int b = structure == Covariance::diagonal ? a : 0; b <= a; ++b) {
          covariances.push_back(a == b ? 1.0 + 0.1 * k + 0.05 * a : 0.4 / (1 + a - b));
        }
      }
    }
    g.set(normals(static_cast<std::size_t>(components * d), 3, scatter, 10), covariances);
    return g;
  }
  // One E-step in blocks of 500 rows, or of as many as that; the states noted, if any, in `likely`.
  Expected expected(double least, const Table& data, std::span<std::uint16_t> likely = {}, bool by_row = false,
                    std::int64_t at_once = 500) const {
    GaussianMixture::Scratch scratch;
    scratch.negligible = least;
    scratch.likely = likely;
    Expected total{model.no_statistics(), {}};
    BlockBuffer buffer;
    buffer.by_row = by_row;
    for (std::int64_t first = 0; first < data.rows(); first += at_once) {
      const Block block = data.block(first, std::min(at_once, data.rows() - first), buffer);
      total.evidence += model.expect(block, Posterior{}, total.statistics, scratch);
    }
    return total;
  }
  int d, components;
  std::int64_t rows;
  GaussianMixture model;
  Table table{std::vector<double>(1), 1, 1};
};

void expect_same_bits(const Expected& a, const Expected& b) {
  EXPECT_EQ(a.statistics.sum, b.statistics.sum);
  EXPECT_EQ(a.evidence.log_likelihood, b.evidence.log_likelihood);
  EXPECT_EQ(a.evidence.entropy, b.evidence.entropy);
  EXPECT_EQ(a.evidence.weight, b.evidence.weight);
}

bool noted(const std::vector<std::uint16_t>& likely) {
  return std::any_of(likely.begin(), likely.end(), [](std::uint16_t k) { return k > 0; });
}

TEST(GaussianNeighbourhoods, ResultsAreThoseOfTheWholeToRounding) {
  for (const auto structure : structures) {
    for (const int d : {2, 5, 16, 33}) {
      for (const double scatter : {0.5, 3.0, 6.0, 12.0, 40.0, 1e4}) {
        SCOPED_TRACE(to_string(structure) + " " + std::to_string(d) + " " + std::to_string(scatter));
        const Clusters c(d, 20, scatter, structure);
        std::vector<std::uint16_t> likely(static_cast<std::size_t>(c.rows));
        const Expected quick = c.expected(negligible, c.table, likely);
        if (scatter < 1) {
          EXPECT_FALSE(noted(likely));
        }
        if (scatter > 20 && d > 2) {
          EXPECT_TRUE(noted(likely));
        }
        expect_same_step(c.model, c.expected(0, c.table), quick);
      }
    }
  }
}

// Row by row, each in a block of its own: a share that is left out is below 2⁻⁶⁴ of the component's weight.
TEST(GaussianNeighbourhoods, NothingIsLeftOutThatCounts) {
  int left_out = 0;
  for (const auto structure : structures) {
    for (const double scatter : {9.0, 11.0, 15.0}) {
      SCOPED_TRACE(to_string(structure) + " " + std::to_string(scatter));
      const Clusters c(8, 24, scatter, structure, 400);
      std::vector<std::uint16_t> likely(static_cast<std::size_t>(c.rows));
      c.expected(negligible, c.table, likely);
      ASSERT_TRUE(noted(likely));
      BlockBuffer buffer;
      Gaussian::Scratch scratch;
      GaussianMixture::Scratch own;
      own.negligible = negligible;
      own.likely = likely;
      for (std::int64_t i = 0; i < c.rows; ++i) {
        const Block row = c.table.block(i, 1, buffer);
        std::vector<double> exact(24, -std::log(24));
        c.model.emissions().add_log_density(row, {exact.data(), 1, 24, 1}, scratch);
        Statistics s = c.model.no_statistics();
        c.model.expect(row, Posterior{}, s, own);
        const long double largest = *std::max_element(exact.begin(), exact.end());
        long double total = 0;
        for (const double value : exact) total += std::exp(value - largest);
        for (std::size_t k = 0; k < 24; ++k) {
          const auto r = static_cast<double>(std::exp(exact[k] - largest) / total);
          if (s.sum[k] == 0) {
            EXPECT_LT(r, 0x1p-64 / 24 * (1 + 1e-9));
            ++left_out;
          } else {
            EXPECT_NEAR(s.sum[k], r, 1e-11 * r);
          }
        }
      }
    }
  }
  EXPECT_GT(left_out, 0);
}

TEST(GaussianNeighbourhoods, BitsDoNotDependOnWhatWasNoted) {
  for (const auto structure : structures) {
    for (const double scatter : {8.0, 20.0}) {
      SCOPED_TRACE(to_string(structure) + " " + std::to_string(scatter));
      const Clusters c(12, 20, scatter, structure);
      const Expected fresh = c.expected(negligible, c.table);
      std::vector<std::uint16_t> likely(static_cast<std::size_t>(c.rows));
      expect_same_bits(c.expected(negligible, c.table, likely), fresh);
      ASSERT_TRUE(noted(likely));
      expect_same_bits(c.expected(negligible, c.table, likely), fresh);  // all known
      const auto known = likely;
      for (std::size_t i = 0; i < likely.size(); ++i) likely[i] = static_cast<std::uint16_t>(i * 7 % 23);  // wrong
      expect_same_bits(c.expected(negligible, c.table, likely), fresh);
      EXPECT_EQ(likely, known);
      std::fill(likely.begin(), likely.end(), std::uint16_t{65535});  // no component
      expect_same_bits(c.expected(negligible, c.table, likely), fresh);
      EXPECT_EQ(likely, known);
      // Memory that ends too early is not written beyond its end.
      std::vector<std::uint16_t> small(700, 0);
      expect_same_bits(c.expected(negligible, c.table, small), fresh);
    }
  }
}

TEST(GaussianNeighbourhoods, BitsDependNeitherOnThreadsNorOnLayout) {
  for (const auto structure : structures) {
    const Clusters c(9, 16, 12, structure);
    expect_same_bits_whatever_threads(c.model, c.table);
    std::vector<double> side_by_side(static_cast<std::size_t>(c.rows * c.d));
    BlockBuffer buffer;
    const Block all = c.table.block(0, c.rows, buffer);
    for (std::int64_t i = 0; i < c.rows; ++i) {
      for (int j = 0; j < c.d; ++j) side_by_side[static_cast<std::size_t>(i * c.d + j)] = all.x(i, j);
    }
    const MatrixView view{side_by_side.data(), false, c.rows, c.d, c.d, 1, nullptr};
    expect_same_bits(c.expected(negligible, Table(view), {}, true), c.expected(negligible, c.table));
  }
}

// Weights, of which some are 0, are those of rows repeated.
TEST(GaussianNeighbourhoods, Weights) {
  for (const auto structure : structures) {
    SCOPED_TRACE(to_string(structure));
    const Clusters c(10, 16, 9, structure);
    std::vector<double> weights(static_cast<std::size_t>(c.rows));
    for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = static_cast<double>(i % 4) / 2;
    const Table weighted = c.table.with_weights(weights);
    std::vector<std::uint16_t> likely(static_cast<std::size_t>(c.rows));
    const Expected quick = c.expected(negligible, weighted, likely);
    EXPECT_TRUE(noted(likely));
    expect_same_step(c.model, c.expected(0, weighted), quick);
  }
}

// Rows far from all components, between them, and so far that no density is left.
TEST(GaussianNeighbourhoods, RowsThatAreNearNothing) {
  for (const auto structure : structures) {
    SCOPED_TRACE(to_string(structure));
    const Clusters c(6, 16, 12, structure);
    std::vector<double> values;
    BlockBuffer buffer;
    const Block all = c.table.block(0, c.rows, buffer);
    for (int j = 0; j < c.d; ++j) {
      for (std::int64_t i = 0; i < c.rows; ++i) {
        const double x = all.x(i, j);
        values.push_back(i % 50 == 0 ? 10 + 0.5 * (x - 10) : i % 50 == 1 ? 10 + 1e3 * (x - 10) : x);
      }
    }
    const Table some(values, c.rows, c.d);
    std::vector<std::uint16_t> likely(static_cast<std::size_t>(c.rows));
    expect_same_step(c.model, c.expected(0, some), c.expected(negligible, some, likely));
    EXPECT_TRUE(noted(likely));
    expect_same_bits(c.expected(negligible, some, likely), c.expected(negligible, some));

    // Where it is most of them, a block goes the whole way.
    std::vector<double> distant = values;
    for (double& x : distant) x = 10 + 30 * (x - 10);
    const Table most(distant, c.rows, c.d);
    std::vector<std::uint16_t> none(static_cast<std::size_t>(c.rows));
    c.expected(negligible, most, none);
    EXPECT_FALSE(noted(none));
    Workers alone(1);
    expect_same_step(c.model, c.expected(0, most), EStep(most, alone)(Erased<GaussianMixture>(c.model)));

    values[3] = 1e200;  // whose square overflows
    const Table overflowing(values, c.rows, c.d);
    EXPECT_EQ(c.expected(negligible, overflowing, likely).evidence.log_likelihood,
              -std::numeric_limits<double>::infinity());
    EXPECT_EQ(c.expected(0, overflowing).evidence.log_likelihood, -std::numeric_limits<double>::infinity());
  }
}

// A component that hardly weighs anything is nobody's neighbour, and gets what is its own.
TEST(GaussianNeighbourhoods, ALightComponent) {
  for (const auto structure : structures) {
    SCOPED_TRACE(to_string(structure));
    Clusters c(8, 16, 12, structure);
    std::vector<double> weights(16, (1 - 1e-9) / 15);
    weights[3] = 1e-9;
    c.model = GaussianMixture(weights, c.model.emissions());
    std::vector<std::uint16_t> likely(static_cast<std::size_t>(c.rows));
    expect_same_step(c.model, c.expected(0, c.table), c.expected(negligible, c.table, likely));
    EXPECT_TRUE(noted(likely));
    expect_same_bits(c.expected(negligible, c.table, likely), c.expected(negligible, c.table));

    weights.assign(16, 1.0 / 15);
    weights[3] = 0;
    c.model = GaussianMixture(weights, c.model.emissions());
    const Expected without = c.expected(negligible, c.table, likely);
    EXPECT_EQ(without.statistics.sum[3], 0);
    expect_same_step(c.model, c.expected(0, c.table), without);
  }
}

// Whoever wants less left out than neighbourhoods promise does not get them.
TEST(GaussianNeighbourhoods, LessThanTheyPromise) {
  const Clusters c(8, 16, 12, Covariance::diagonal);
  std::vector<std::uint16_t> likely(static_cast<std::size_t>(c.rows));
  for (const double least : {0.0, 0x1p-60, 0x1p-90}) {
    c.expected(least, c.table, likely);
    EXPECT_FALSE(noted(likely));
  }
}

}  // namespace
}  // namespace jensen
