#include <jensen/data/lags.h>

#include <gtest/gtest.h>

#include <cmath>

#include "support/data.h"
#include "support/refusal.h"

namespace jensen {
namespace {

using support::missing;
using support::refusal;

// Columns y, y again twice, to be lagged by one and two.
Table two_sequences(std::vector<double> y) {
  std::vector<double> x = y;
  x.insert(x.end(), y.begin(), y.end());
  x.insert(x.end(), y.begin(), y.end());
  return Table(std::move(x), 7, 3, {"y", "lag(y)", "lag(y,2)"}).with_sequences({0, 4, 7});
}

const std::vector<Lag> both{{1, 1, 0}, {2, 2, 0}};

TEST(Lags, AreThoseOfTheSequence) {
  const Table table = with_lags(two_sequences({1, 2, 3, 4, 5, 6, 7}), both);
  const std::vector<double> y{missing, missing, 3, 4, missing, missing, 7};
  const std::vector<double> one{0, 1, 2, 3, 0, 5, 6};
  const std::vector<double> two{0, 0, 1, 2, 0, 0, 5};
  for (std::int64_t t = 0; t < 7; ++t) {
    const auto at = static_cast<std::size_t>(t);
    EXPECT_EQ(std::isnan(table.cell(t, 0)), std::isnan(y[at])) << t;
    if (!std::isnan(y[at])) {
      EXPECT_EQ(table.cell(t, 0), y[at]) << t;
    }
    EXPECT_EQ(table.cell(t, 1), one[at]) << t;
    EXPECT_EQ(table.cell(t, 2), two[at]) << t;
  }
  EXPECT_EQ(table.sequences().size(), 3u);
}

TEST(Lags, KeepWeightsAndLabels) {
  const std::vector<double> weights{2, 2, 2, 2, 3, 3, 3};
  const std::vector<std::int32_t> labels{0, -1, 1, -1, -1, 0, 1};
  const Table table = with_lags(
      two_sequences({1, 2, 3, 4, 5, 6, 7}).with_weights(weights, WeightKind::sampling).with_labels(labels, 2), both);
  BlockBuffer buffer;
  const Block block = table.block(0, 7, buffer);
  EXPECT_TRUE(std::equal(block.weights.begin(), block.weights.end(), weights.begin(), weights.end()));
  EXPECT_EQ(table.weight_kind(), WeightKind::sampling);
  EXPECT_FALSE(block.allows(2, 0));
  EXPECT_TRUE(block.allows(1, 0));
}

TEST(Lags, AMissingOneIsNamed) {
  // Row 3 is missing: row 4 depends on it, unless it is missing too.
  const std::vector<std::int64_t> file_rows{6, 5, 4, 3, 2, 1, 0};
  const std::vector<Lag> one{{1, 1, 0}};
  EXPECT_EQ(refusal<DataError>([&] {
              with_lags(two_sequences({1, 2, missing, 4, 5, 6, 7}), one);
            }),
            "row 3, column 'lag(y)': what row 4 depends on is missing");
  EXPECT_EQ(refusal<DataError>([&] {
              with_lags(two_sequences({1, 2, missing, 4, 5, 6, 7}), one, file_rows);
            }),
            "row 5, column 'lag(y)': what row 4 depends on is missing");
  const Table holes = with_lags(two_sequences({1, 2, missing, missing, 5, 6, 7}), one);
  EXPECT_EQ(holes.cell(3, 1), 0);
  EXPECT_TRUE(std::isnan(holes.cell(3, 0)));
  // Of the first row only the second lag of the third speaks, and the second row is given.
  EXPECT_EQ(refusal<DataError>([&] {
              with_lags(two_sequences({missing, 2, 3, 4, 5, 6, 7}), both);
            }),
            "row 1, column 'lag(y,2)': what row 3 depends on is missing");
  // The last row of a sequence says nothing about the next one.
  EXPECT_EQ(with_lags(two_sequences({1, 2, 3, missing, 5, 6, 7}), one).cell(4, 1), 0);
}

TEST(Lags, RefuseByName) {
  const Table table = two_sequences({1, 2, 3, 4, 5, 6, 7});
  EXPECT_EQ(refusal([&] { with_lags(table, std::vector<Lag>{{3, 1, 0}}); }), "with_lags: lags: there is no column 3");
  EXPECT_EQ(refusal([&] {
              with_lags(table, std::vector<Lag>{{1, 0, 0}});
            }),
            "with_lags: lags: steps must be at least 1, got 0");
  EXPECT_EQ(refusal([] {
              with_lags(Table({1, 2}, 2, 1), std::vector<Lag>{});
            }),
            "with_lags: table: must be cut into sequences");
}

}  // namespace
}  // namespace jensen
