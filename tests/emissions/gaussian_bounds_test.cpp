// What is left out is below rounding, and nothing is left out where it might count.
#include <gtest/gtest.h>
#include <jensen/data/table.h>
#include <jensen/em/e_step.h>
#include <jensen/models/gaussian_mixture.h>

#include <cmath>
#include <limits>

#include "support/normals.h"

namespace jensen {
namespace {

using support::normals;

constexpr int d = 8;
constexpr int components = 12;
constexpr std::int64_t rows = 1500;

// Correlated clusters whose means are about `distance` standard deviations apart in every column, and rows from them in
// no order.
struct Clusters {
  explicit Clusters(double distance, Covariance structure = Covariance::full) : model(gaussian(distance, structure)) {
    std::vector<double> values(rows * d);
    std::vector<std::int32_t> z(rows);
    model.sample(5, 0, {values.data(), rows, d, rows}, z);
    table = Table(std::move(values), rows, d);
  }
  static Gaussian gaussian(double distance, Covariance structure) {
    Gaussian g(components, d, structure);
    std::vector<double> covariances;
    for (int k = 0; k < (structure == Covariance::tied ? 1 : components); ++k) {
      for (int a = 0; a < (structure == Covariance::spherical ? 1 : d); ++a) {
        for (int b = structure == Covariance::diagonal ? a : 0; b <= a; ++b) {
          covariances.push_back(a == b ? 1.0 + 0.1 * k : 0.3 / (1 + a - b));
        }
      }
    }
    g.set(normals(components * d, 3, distance, 10), covariances);
    return g;
  }
  GaussianMixture model;
  Table table{std::vector<double>(d), 1, d};
};

// One E-step of all rows in blocks, with or without leaving out.
Expected expected(const GaussianMixture& model, const Table& table, double negligible, bool* left_out = nullptr) {
  GaussianMixture::Scratch scratch;
  scratch.negligible = negligible;
  Expected total{model.no_statistics(), {}};
  BlockBuffer buffer;
  for (std::int64_t first = 0; first < rows; first += 500) {
    total.evidence += model.expect(table.block(first, 500, buffer), Posterior{}, total.statistics, scratch);
  }
  if (left_out != nullptr) *left_out = scratch.left_out;
  return total;
}

int left_out(const Clusters& c) {
  std::vector<double> values(rows * components);
  const Panel p{values.data(), rows, components, rows};
  BlockBuffer buffer;
  Gaussian::Scratch scratch;
  const std::vector<double> log_weights(components, -std::log(components));
  const Block block = c.table.block(0, rows, buffer);
  c.model.emissions().relevant_log_joint(block, log_weights, 0x1p-90, p, scratch);

  std::vector<double> exact(rows * components, -std::log(components));
  c.model.emissions().add_log_density(block, {exact.data(), rows, components, rows}, scratch);
  int count = 0;
  for (std::int64_t i = 0; i < rows; ++i) {
    double largest = -std::numeric_limits<double>::infinity();
    for (int k = 0; k < components; ++k) largest = std::max(largest, exact[static_cast<std::size_t>(i + k * rows)]);
    for (int k = 0; k < components; ++k) {
      const double whole = exact[static_cast<std::size_t>(i + k * rows)];
      if (std::isinf(p(i, k))) {
        ++count;
        EXPECT_LT(whole, largest + std::log(0x1p-90)) << i << ", " << k;
      } else {
        EXPECT_NEAR(p(i, k), whole, 1e-13 * (100 + std::abs(whole))) << i << ", " << k;
      }
    }
  }
  return count;
}

TEST(GaussianBounds, OnlyWhatIsNegligibleIsLeftOut) {
  EXPECT_EQ(left_out(Clusters(0.1)), 0);
  left_out(Clusters(3));
  for (const auto structure : {Covariance::full, Covariance::tied}) {
    EXPECT_GT(left_out(Clusters(20, structure)), rows * components / 2);
    EXPECT_GT(left_out(Clusters(1e3, structure)), rows * components / 2);
  }
}

void expect_same_step(const GaussianMixture& model, const Expected& whole, const Expected& quick) {
  EXPECT_NEAR(quick.evidence.log_likelihood, whole.evidence.log_likelihood,
              1e-14 * std::abs(whole.evidence.log_likelihood));
  EXPECT_NEAR(quick.evidence.entropy, whole.evidence.entropy, 1e-12 * (1 + whole.evidence.entropy));
  GaussianMixture a = model;
  GaussianMixture b = model;
  a.maximize(whole.statistics);
  b.maximize(quick.statistics);
  for (std::size_t i = 0; i < a.parameters().size(); ++i) {
    EXPECT_NEAR(b.parameters()[i], a.parameters()[i], 1e-12 * (1 + std::abs(a.parameters()[i])));
  }
}

TEST(GaussianBounds, ResultsAreThoseOfTheWholeToRounding) {
  for (const auto structure : {Covariance::full, Covariance::diagonal, Covariance::spherical}) {
    for (const double distance : {0.1, 4.0, 8.0, 20.0, 1e3}) {
      SCOPED_TRACE(to_string(structure) + " " + std::to_string(distance));
      const Clusters c(distance, structure);
      const Expected whole = expected(c.model, c.table, 0);
      const Expected quick = expected(c.model, c.table, 0x1p-90);
      EXPECT_TRUE(c.model.resolved(quick.statistics, 0x1p-90));
      expect_same_step(c.model, whole, quick);
    }
  }
}

TEST(GaussianBounds, DiagonalsAreLeftOutWhereTheyAreFarApart) {
  for (const auto structure : {Covariance::diagonal, Covariance::spherical}) {
    bool left_out = false;
    expected(Clusters(0.1, structure).model, Clusters(0.1, structure).table, 0x1p-90, &left_out);
    EXPECT_FALSE(left_out);
    expected(Clusters(8, structure).model, Clusters(8, structure).table, 0x1p-90, &left_out);
    EXPECT_TRUE(left_out);
    expected(Clusters(8, structure).model, Clusters(8, structure).table, 0, &left_out);
    EXPECT_FALSE(left_out);
  }
}

// Where leaving out is quicker than float, it is done in double.
TEST(GaussianBounds, SingleStepsOnSeparatedDataAreThoseOfDouble) {
  Clusters c(20);
  const Expected whole = expected(c.model, c.table, 0);
  c.model.emissions().set_precision(Precision::float32);
  bool left_out = false;
  const Expected quick = expected(c.model, c.table, 0x1p-90, &left_out);
  EXPECT_TRUE(left_out);
  expect_same_step(c.model, whole, quick);

  Clusters close(0.1);
  close.model.emissions().set_precision(Precision::float32);
  expected(close.model, close.table, 0x1p-90, &left_out);
  EXPECT_FALSE(left_out);
}

// A component far from all rows receives traces of responsibility only, and these alone bring it back: they count.
TEST(GaussianBounds, AComponentThatLivesOnTracesIsServedInFull) {
  const Clusters c(20);
  std::vector<double> means(c.model.emissions().means().begin(), c.model.emissions().means().end());
  std::vector<double> covariances(c.model.emissions().covariances().begin(), c.model.emissions().covariances().end());
  for (int j = 0; j < d; ++j) means[static_cast<std::size_t>(j)] += 25;  // some exp(−600) of everything
  GaussianMixture lost = c.model;
  lost.emissions().set(means, covariances);
  const Expected quick = expected(lost, c.table, 0x1p-90);
  EXPECT_FALSE(lost.resolved(quick.statistics, 0x1p-90));

  Workers workers(2);
  EStep e_step(c.table, workers);
  const Expected whole = expected(lost, c.table, 0);
  const Expected stepped = e_step(Erased<GaussianMixture>(lost));
  ASSERT_GT(whole.statistics.sum[0], 0);
  EXPECT_LT(whole.statistics.sum[0], 1e-30);
  EXPECT_NEAR(stepped.statistics.sum[0] / whole.statistics.sum[0], 1, 1e-9);
  EXPECT_EQ(e_step.evaluations(), 2);  // the quick pass was not enough
}

TEST(GaussianBounds, BitsDoNotDependOnThreadsOrOnWhatScratchHeld) {
  const Clusters c(20);
  const Erased<GaussianMixture> model(c.model);
  std::vector<double> first;
  for (const int threads : {1, 3}) {
    Workers workers(threads);
    EStep e_step(c.table, workers);
    for (int repetition = 0; repetition < 2; ++repetition) {
      const Expected e = e_step(model);
      if (first.empty()) first = e.statistics.sum;
      EXPECT_EQ(e.statistics.sum, first);
    }
  }
}

}  // namespace
}  // namespace jensen
