#include <gtest/gtest.h>
#include <jensen/math/sparse_panel.h>

#include <cmath>
#include <limits>

#include "support/normals.h"

namespace jensen {
namespace {

using support::normals;

constexpr double infinity = std::numeric_limits<double>::infinity();

// Entries of a whole panel that are not −∞.
kernels::SparsePanel entries_of(ConstPanel p) {
  kernels::SparsePanel sparse;
  for (int k = 0; k < p.columns; ++k) {
    for (std::int64_t i = 0; i < p.rows; ++i) {
      if (p(i, k) != -infinity) sparse.add(static_cast<std::int32_t>(i), p(i, k));
    }
    sparse.end_column();
  }
  return sparse;
}

TEST(SparsePanel, IsNormalizedAsAWholePanelIs) {
  constexpr std::int64_t rows = 300;
  constexpr int columns = 7;
  auto values = normals(rows * columns, 3, 20);
  for (std::size_t i = 0; i < values.size(); i += 7) values[i] = -infinity;
  for (int k = 0; k < columns; ++k) values[static_cast<std::size_t>(k * rows)] = -infinity;  // a row of nothing else
  values[5] = -1e5;  // nothing beside the others
  auto weights = normals(rows, 4);
  for (double& w : weights) w = std::max(0.0, w);
  for (const bool weighted : {false, true}) {
    const std::span<const double> own = weighted ? std::span<const double>(weights) : std::span<const double>();
    auto whole = values;
    whole[0] = weighted ? -infinity : 1.0;
    weights[0] = 0;
    const Panel p{whole.data(), rows, columns, rows};
    kernels::SparsePanel sparse = entries_of(p);
    const auto expected = kernels::normalize(p, own, nullptr);
    kernels::Workspace workspace;
    const auto got = kernels::normalize(sparse, rows, own, workspace);
    EXPECT_NEAR(got.log_likelihood, expected.log_likelihood, 1e-13 * std::abs(expected.log_likelihood));
    EXPECT_NEAR(got.entropy, expected.entropy, 1e-13 * rows);
    EXPECT_NEAR(got.weight, expected.weight, 1e-13 * rows);
    ASSERT_EQ(sparse.begin.size(), columns + 1U);
    for (int k = 0; k < columns; ++k) {
      for (std::size_t e = sparse.begin[static_cast<std::size_t>(k)]; e < sparse.begin[static_cast<std::size_t>(k) + 1];
           ++e) {
        EXPECT_NEAR(sparse.values[e], p(sparse.rows[e], k), 1e-15 * 10) << sparse.rows[e] << ", " << k;
      }
    }
  }
}

// What a sum cannot hold shows in the log-likelihood, unless its row has no weight.
TEST(SparsePanel, ImpossibleRowsAndThoseThatAreNoNumbers) {
  const auto log_likelihood = [](std::vector<double> values, std::vector<double> weights) {
    kernels::SparsePanel p;
    for (std::size_t i = 0; i < values.size(); ++i) p.add(static_cast<std::int32_t>(i), values[i]);
    p.end_column();
    kernels::Workspace workspace;
    return kernels::normalize(p, values.size(), weights, workspace).log_likelihood;
  };
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(log_likelihood({-3, -infinity}, {}), -infinity);
  EXPECT_EQ(log_likelihood({-3, -infinity}, {1, 0}), -3);
  EXPECT_TRUE(std::isnan(log_likelihood({-3, nan}, {})));
  EXPECT_TRUE(std::isnan(log_likelihood({nan, -3}, {1, 1})));
  EXPECT_EQ(log_likelihood({nan, -3}, {0, 2}), -6);
  kernels::SparsePanel nothing;
  kernels::Workspace workspace;
  EXPECT_EQ(kernels::normalize(nothing, 0, {}, workspace).weight, 0);
}

}  // namespace
}  // namespace jensen
