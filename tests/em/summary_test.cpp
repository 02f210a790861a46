#include <gtest/gtest.h>
#include <jensen/em/summary.h>

#include <cmath>

#include "support/data.h"

namespace jensen {
namespace {

// Two-pass moments in long double; cells that are missing count for nothing, in products as the mean.
struct Reference {
  std::vector<long double> location, scale;
  long double correlation = 0;
};

Reference reference(const std::vector<double>& x, std::int64_t n, const std::vector<double>& weights) {
  Reference r{{0, 0}, {0, 0}, 0};
  const auto cell = [&](std::int64_t i, int j) { return x[static_cast<std::size_t>(i + j * n)]; };
  const auto weight = [&](std::int64_t i) { return weights.empty() ? 1.0L : weights[static_cast<std::size_t>(i)]; };
  long double total[2] = {0, 0}, product = 0;
  for (std::size_t j = 0; j < 2; ++j) {
    for (std::int64_t i = 0; i < n; ++i) {
      const double value = cell(i, static_cast<int>(j));
      if (std::isnan(value)) continue;
      r.location[j] += weight(i) * value;
      total[j] += weight(i);
    }
    r.location[j] /= total[j];
  }
  long double squares[2] = {0, 0};
  for (std::int64_t i = 0; i < n; ++i) {
    long double centred[2];
    for (std::size_t j = 0; j < 2; ++j) {
      const double value = cell(i, static_cast<int>(j));
      centred[j] = std::isnan(value) ? 0 : value - r.location[j];
      squares[j] += weight(i) * centred[j] * centred[j];
    }
    product += weight(i) * centred[0] * centred[1];
  }
  for (std::size_t j = 0; j < 2; ++j) r.scale[j] = std::sqrt(squares[j] / total[j]);
  r.correlation = product / std::sqrt(squares[0] * squares[1]);
  return r;
}

void expect_summary(const std::vector<double>& values, std::int64_t n, const std::vector<double>& weights) {
  Table table(values, n, 2);
  if (!weights.empty()) table = table.with_weights(weights);
  Workers workers(2);
  const Summary summary = summarize(table, workers);
  const Reference expected = reference(values, n, weights);
  for (std::size_t j = 0; j < 2; ++j) {
    const auto scale = static_cast<double>(expected.scale[j]);
    EXPECT_NEAR(summary.location[j], static_cast<double>(expected.location[j]), 1e-9 * scale);
    EXPECT_NEAR(summary.scale[j] / scale, 1, 1e-9);
  }
  EXPECT_NEAR(summary.covariance[1] / (summary.scale[0] * summary.scale[1]), static_cast<double>(expected.correlation),
              1e-9);
}

constexpr std::int64_t many = 70000;  // more than are looked at first

std::vector<double> far_away_and_trending() {
  auto values = support::clustered_values(many, 2, 3);
  for (std::int64_t i = 0; i < many; ++i) values[static_cast<std::size_t>(i)] += 1e6 + 1e-3 * static_cast<double>(i);
  return values;
}

TEST(Summary, MomentsAreThoseOfTwoPasses) {
  expect_summary(far_away_and_trending(), many, {});
  expect_summary(far_away_and_trending(), many, support::uneven_weights(many));
}

TEST(Summary, HolesCountAsMeans) {
  auto values = far_away_and_trending();
  for (std::size_t i = 5; i < values.size(); i += 7) values[i] = support::missing;
  expect_summary(values, many, {});
  expect_summary(values, many, support::uneven_weights(many));
}

TEST(Summary, RowsWithoutWeightLeaveNoTrace) {
  auto values = support::clustered_values(3000, 2, 3);
  std::vector<double> weights(3000, 1.0);
  for (std::size_t i = 0; i < 3000; i += 9) {
    values[i] = 1e200;
    weights[i] = 0;
  }
  Workers workers(1);
  const Summary summary = summarize(Table(values, 3000, 2).with_weights(weights), workers);
  EXPECT_LT(summary.largest[0], 1e3);
  EXPECT_LT(summary.scale[0], 1e3);
  EXPECT_EQ(summary.weighted_rows, 3000 - 334);
}

TEST(Summary, IsMadeOnce) {
  const Table table = support::clustered(50, 2, 2);
  SummarizedData data(table);
  Workers workers(1);
  EXPECT_EQ(&data.summary(workers), &data.summary(workers));
  EXPECT_EQ(data.summary(workers).location, summarize(table, workers).location);
}

}  // namespace
}  // namespace jensen
