// Rows in groups that share their component: laws, groups of one, what groups say that rows do not.
#include <gtest/gtest.h>

#include <jensen/data/table.h>
#include <jensen/em/fit.h>
#include <jensen/emissions/continuous.h>
#include <jensen/models/any_mixture.h>
#include <jensen/models/grouped_mixture.h>
#include <jensen/testing/laws.h>

#include <cmath>

namespace jensen {
namespace {

using Grouped = GroupedMixture<AnyEmissions>;

AnyEmissions two() { return Independent<Normal>({Normal(-0.5, 1), Normal(0.7, 1.5)}); }

// Groups of one to five rows, each drawn from one component.
Table drawn(int groups) {
  std::vector<double> values;
  std::vector<double> weights;
  std::vector<std::int64_t> begins{0};
  for (int g = 0; g < groups; ++g) {
    Stream stream(6, Purpose::test, 0, 0, static_cast<std::uint64_t>(g));
    for (int t = 0; t <= g % 5; ++t) {
      values.push_back(g % 3 == 0 ? -0.5 + stream.normal() : 0.7 + std::sqrt(1.5) * stream.normal());
      weights.push_back(g % 4 == 0 ? 2 : 1);
    }
    begins.push_back(static_cast<std::int64_t>(values.size()));
  }
  const auto rows = static_cast<std::int64_t>(values.size());
  return Table(std::move(values), rows, 1).with_weights(std::move(weights)).with_sequences(std::move(begins));
}

TEST(GroupedMixture, ObeysTheLaws) {
  const Table data = drawn(40);
  LawSubject subject(Grouped({0.4, 0.6}, two()), data);
  const LawReport report = check_laws(subject);
  EXPECT_TRUE(report.holds()) << report;
  for (const char* law : {"tight_bound", "gradient", "ascent", "stationary"}) {
    EXPECT_EQ(report[law].outcome, LawOutcome::held) << law << "\n" << report;
  }
}

TEST(GroupedMixture, TheLikelihoodIsThatOfWholeGroups) {
  const Table data = drawn(7);
  const Grouped model({0.4, 0.6}, two());
  const auto density = [](double x, double mean, double variance) {
    return std::exp(-0.5 * (x - mean) * (x - mean) / variance) / std::sqrt(2 * M_PI * variance);
  };
  double expected = 0;
  std::vector<double> posterior;
  const auto begins = data.sequences();
  for (std::size_t g = 0; g + 1 < begins.size(); ++g) {
    double a = 0.4;
    double b = 0.6;
    for (auto i = begins[g]; i < begins[g + 1]; ++i) {
      a *= density(data.cell(i, 0), -0.5, 1);
      b *= density(data.cell(i, 0), 0.7, 1.5);
    }
    expected += (g % 4 == 0 ? 2 : 1) * std::log(a + b);
    posterior.insert(posterior.end(), static_cast<std::size_t>(begins[g + 1] - begins[g]), a / (a + b));
  }
  BlockBuffer buffer;
  const Block block = data.block(0, data.rows(), buffer);
  Statistics s = model.no_statistics();
  Grouped::Scratch scratch;
  const Evidence evidence = model.expect(block, Posterior{}, s, scratch);
  EXPECT_NEAR(evidence.log_likelihood, expected, 1e-12);
  double weight = 0;
  for (std::int64_t i = 0; i < block.rows(); ++i) weight += block.weight(i);
  EXPECT_EQ(evidence.weight, weight);
  EXPECT_NEAR(s.sum[0] + s.sum[1], 9, 1e-12) << "seven groups, two of them of weight 2";
  std::vector<double> values(posterior.size() * 2);
  model.responsibilities(block, {values.data(), block.rows(), 2, block.rows()});
  std::vector<double> scores(posterior.size());
  model.score(block, scores);
  double total = 0;
  for (std::size_t i = 0; i < posterior.size(); ++i) {
    EXPECT_NEAR(values[i], posterior[i], 1e-12);
    total += block.weight(static_cast<std::int64_t>(i)) * scores[i];
  }
  EXPECT_NEAR(total, expected, 1e-12);
}

TEST(GroupedMixture, GroupsOfOneRowAreAMixture) {
  std::vector<double> values;
  std::vector<std::int64_t> begins{0};
  for (int i = 0; i < 50; ++i) {
    values.push_back(i % 2 == 0 ? -2 + 0.1 * i : 3 + 0.05 * i);
    begins.push_back(i + 1);
  }
  const Table rows(std::move(values), 50, 1);
  Options options;
  options.tolerance = 0;
  options.max_iterations = 25;
  const auto plain = fit(AnyMixture({0.4, 0.6}, two()), rows, options);
  const auto grouped = fit(Grouped({0.4, 0.6}, two()), rows.with_sequences(begins), options);
  EXPECT_NEAR(grouped.report.log_likelihood, plain.report.log_likelihood, 1e-10);
  const auto a = grouped.model.parameters();
  const auto b = plain.model.parameters();
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-10);
}

// A label of one row is the whole group's.
TEST(GroupedMixture, ALabelHoldsForItsGroup) {
  const Table plain({0, 0, 0, 0}, 4, 1);
  const Table data = plain.with_labels(std::vector<std::int32_t>{-1, 1, -1, -1}, 2).with_sequences({0, 2, 4});
  BlockBuffer buffer;
  const Block block = data.block(0, 4, buffer);
  std::vector<double> p(8);
  Grouped({0.4, 0.6}, two()).responsibilities(block, {p.data(), 4, 2, 4});
  EXPECT_EQ(p[0], 0);
  EXPECT_EQ(p[4], 1);
  EXPECT_GT(p[2], 0.1);
  EXPECT_EQ(p[2], p[3]);
}

}  // namespace
}  // namespace jensen
