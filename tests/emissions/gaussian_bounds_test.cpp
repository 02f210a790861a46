// What is left out is below rounding, and nothing is left out where it might count.
#include <gtest/gtest.h>
#include <jensen/data/table.h>
#include <jensen/em/e_step.h>
#include <jensen/models/gaussian_mixture.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "support/e_steps.h"
#include "support/normals.h"

namespace jensen {
namespace {

using support::expect_same_bits_whatever_threads;
using support::expect_same_step;
using support::normals;

constexpr int d = 64;
constexpr int components = 7;  // too few for neighbourhoods
constexpr std::int64_t rows = 1500;

// Correlated clusters whose means are about `distance` standard deviations apart in every column, and rows from them in
// no order.
struct Clusters {
  explicit Clusters(double distance, Covariance structure = Covariance::full, int count = components)
      : model(gaussian(distance, structure, count)) {
    std::vector<double> values(rows * d);
    std::vector<std::int32_t> z(rows);
    model.sample(5, 0, {values.data(), rows, d, rows}, z);
    table = Table(std::move(values), rows, d);
  }
  static Gaussian gaussian(double distance, Covariance structure, int count) {
    Gaussian g(count, d, structure);
    std::vector<double> covariances;
    for (int k = 0; k < (structure == Covariance::tied ? 1 : count); ++k) {
      for (int a = 0; a < (structure == Covariance::spherical ? 1 : d); ++a) {
        for (int b = structure == Covariance::diagonal ? a : 0; b <= a; ++b) {
          covariances.push_back(a == b ? 1.0 + 0.1 * k : 0.3 / (1 + a - b));
        }
      }
    }
    g.set(normals(static_cast<std::size_t>(count * d), 3, distance, 10), covariances);
    return g;
  }
  GaussianMixture model;
  Table table{std::vector<double>(d), 1, d};
};

// One E-step of all rows in blocks, with or without leaving out; left_out gets what that was, or nothing.
Expected expected(const GaussianMixture& model, const Table& table, double negligible,
                  std::vector<double>* left_out = nullptr, bool by_row = false) {
  GaussianMixture::Scratch scratch;
  scratch.negligible = negligible;
  Expected total{model.no_statistics(), {}};
  BlockBuffer buffer;
  buffer.by_row = by_row;
  std::vector<double> sum(static_cast<std::size_t>(model.states()), 0.0);
  for (std::int64_t first = 0; first < rows; first += 500) {
    total.evidence += model.expect(table.block(first, 500, buffer), Posterior{}, total.statistics, scratch);
    for (std::size_t k = 0; k < scratch.left_out.size(); ++k) sum[k] += scratch.left_out[k];
  }
  if (left_out != nullptr) *left_out = sum;
  return total;
}

// The responsibilities of a row, as it is among others: it alone weighs anything. Returns how many were left out.
int check_row(const Clusters& c, std::int64_t i) {
  std::vector<double> weights(rows, 0.0);
  weights[static_cast<std::size_t>(i)] = 1;
  const Expected got = expected(c.model, c.table.with_weights(weights), 0x1p-90);
  std::vector<double> exact(components, -std::log(components));
  BlockBuffer buffer;
  Gaussian::Scratch scratch;
  c.model.emissions().add_log_density(c.table.block(i, 1, buffer), {exact.data(), 1, components, 1}, scratch);
  const double largest = *std::max_element(exact.begin(), exact.end());
  long double total = 0;
  for (const double value : exact) total += std::exp(static_cast<long double>(value - largest));
  int count = 0;
  for (std::size_t k = 0; k < components; ++k) {
    const double r = got.statistics.sum[k];
    const auto whole = static_cast<double>(std::exp(static_cast<long double>(exact[k] - largest)) / total);
    if (r == 0) {
      count += exact[k] > -700 + largest ? 1 : 0;
      EXPECT_LT(exact[k], largest + std::log(0x1p-90)) << i << ", " << k;
    } else {
      EXPECT_NEAR(r, whole, 1e-11 * whole) << i << ", " << k;
    }
  }
  return count;
}

TEST(GaussianBounds, OnlyWhatIsNegligibleIsLeftOut) {
  int left_out = 0;
  for (const double distance : {0.1, 1.0, 1.5, 2.0, 4.0}) {
    SCOPED_TRACE(distance);
    for (const auto structure : {Covariance::full, Covariance::tied}) {
      const Clusters c(distance, structure);
      for (std::int64_t i = 0; i < rows; i += 75) left_out += check_row(c, i);
    }
  }
  EXPECT_GT(left_out, 0);  // though it would not have been 0
}

bool any(const std::vector<double>& left_out) {
  return std::any_of(left_out.begin(), left_out.end(), [](double sum) { return sum > 0; });
}

TEST(GaussianBounds, ResultsAreThoseOfTheWholeToRounding) {
  for (const auto structure : {Covariance::full, Covariance::tied, Covariance::diagonal, Covariance::spherical}) {
    for (const double distance : {0.1, 1.0, 2.0, 4.0, 8.0, 20.0, 1e3}) {
      SCOPED_TRACE(to_string(structure) + " " + std::to_string(distance));
      const Clusters c(distance, structure);
      const Expected whole = expected(c.model, c.table, 0);
      const bool matrices = structure == Covariance::full || structure == Covariance::tied;
      for (const double negligible : {0x1p-90, 0x1p-64, 0x1p-54}) {
        std::vector<double> left_out;
        const Expected quick = expected(c.model, c.table, negligible, &left_out);
        if (matrices && distance != 1.0) {
          EXPECT_EQ(any(left_out), distance > 1);
        }
        EXPECT_TRUE(c.model.resolved(quick.statistics, left_out));
        expect_same_step(c.model, whole, quick);
      }
    }
  }
}

// Whether rows lie side by side or columns do, and whatever rows weigh.
TEST(GaussianBounds, LayoutAndWeights) {
  const Clusters c(3);
  std::vector<double> side_by_side(rows * d), weights(rows);
  BlockBuffer buffer;
  const Block all = c.table.block(0, rows, buffer);
  for (std::int64_t i = 0; i < rows; ++i) {
    for (int j = 0; j < d; ++j) side_by_side[static_cast<std::size_t>(i * d + j)] = all.x(i, j);
    weights[static_cast<std::size_t>(i)] = static_cast<double>(i % 3);
  }
  MatrixView view{side_by_side.data(), false, rows, d, d, 1, nullptr};
  const Table turned(view);
  for (const bool weighted : {false, true}) {
    const Table columns = weighted ? c.table.with_weights(weights) : c.table;
    const Table by_row = weighted ? turned.with_weights(weights) : turned;
    std::vector<double> left_out;
    const Expected quick = expected(c.model, by_row, 0x1p-90, &left_out, true);
    EXPECT_TRUE(any(left_out));
    EXPECT_EQ(quick.statistics.sum, expected(c.model, columns, 0x1p-90).statistics.sum);
    expect_same_step(c.model, expected(c.model, columns, 0), quick);
  }
}

TEST(GaussianBounds, DiagonalsAreLeftOutWhereTheyAreFarApart) {
  for (const auto structure : {Covariance::diagonal, Covariance::spherical}) {
    std::vector<double> left_out;
    const Clusters near(0.1, structure, 12), apart(3, structure, 12);
    expected(near.model, near.table, 0x1p-90, &left_out);
    EXPECT_FALSE(any(left_out));
    expected(apart.model, apart.table, 0x1p-90, &left_out);
    EXPECT_TRUE(any(left_out));
    expected(apart.model, apart.table, 0, &left_out);
    EXPECT_FALSE(any(left_out));
  }
}

// Where leaving out is quicker than float, it is done in double.
TEST(GaussianBounds, SingleStepsOnSeparatedDataAreThoseOfDouble) {
  Clusters c(20);
  const Expected whole = expected(c.model, c.table, 0);
  c.model.emissions().set_precision(Precision::float32);
  std::vector<double> left_out;
  const Expected quick = expected(c.model, c.table, 0x1p-90, &left_out);
  EXPECT_TRUE(any(left_out));
  expect_same_step(c.model, whole, quick);

  Clusters close(0.1);
  close.model.emissions().set_precision(Precision::float32);
  expected(close.model, close.table, 0x1p-90, &left_out);
  EXPECT_FALSE(any(left_out));
}

// A component far from all rows receives traces of responsibility only, and these alone bring it back: they count.
TEST(GaussianBounds, AComponentThatLivesOnTracesIsServedInFull) {
  const Clusters c(20);
  std::vector<double> means(c.model.emissions().means().begin(), c.model.emissions().means().end());
  std::vector<double> covariances(c.model.emissions().covariances().begin(), c.model.emissions().covariances().end());
  for (std::size_t j = 0; j < d; ++j) means[j] = means[d + j] + 7.5;  // some exp(−600) of another component's rows
  GaussianMixture lost = c.model;
  lost.emissions().set(means, covariances);
  std::vector<double> left_out;
  const Expected quick = expected(lost, c.table, 0x1p-90, &left_out);
  EXPECT_FALSE(lost.resolved(quick.statistics, left_out));

  Workers workers(2);
  EStep e_step(c.table, workers);
  const Expected whole = expected(lost, c.table, 0);
  const Expected stepped = e_step(Erased<GaussianMixture>(lost));
  ASSERT_GT(whole.statistics.sum[0], 0);
  EXPECT_LT(whole.statistics.sum[0], 1e-30);
  EXPECT_NEAR(stepped.statistics.sum[0] / whole.statistics.sum[0], 1, 1e-9);
  EXPECT_EQ(e_step.evaluations(), 2);  // the quick pass was not enough, and nor would another one have been
}

// Where a weight falls by more than the first pass allows, but not to traces, a second one does. It is needed only
// where what was left out is not known.
TEST(GaussianBounds, AComponentThatShrinksAtOnceIsServedWithLessLeftOut) {
  for (const auto structure : {Covariance::full, Covariance::diagonal}) {
    const Clusters c(20, structure);
    std::vector<double> weights(components, 0.0);
    weights[0] = 1;
    std::vector<double> cells(rows * d);
    std::vector<std::int32_t> z(rows);
    GaussianMixture(weights, c.model.emissions()).sample(9, 0, {cells.data(), rows, d, rows}, z);
    std::vector<double> row_weights(rows, 1.0);
    for (int k = 1; k < components; ++k) {  // a row for each of the others, of little weight
      row_weights[static_cast<std::size_t>(k)] = 0.01;
      for (int j = 0; j < d; ++j) {
        cells[static_cast<std::size_t>(j * rows + k)] = c.model.emissions().mean(k)[static_cast<std::size_t>(j)];
      }
    }
    const Table table = Table(std::move(cells), rows, d).with_weights(row_weights);
    Workers workers(1);
    EStep e_step(table, workers);
    e_step(Erased<GaussianMixture>(c.model));
    EXPECT_EQ(e_step.evaluations(), structure == Covariance::full ? 2 : 1);
  }
}

TEST(GaussianBounds, BitsDoNotDependOnThreadsOrOnWhatScratchHeld) {
  const Clusters c(20);
  expect_same_bits_whatever_threads(c.model, c.table);
}

}  // namespace
}  // namespace jensen
