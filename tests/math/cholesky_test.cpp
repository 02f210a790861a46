#include <gtest/gtest.h>
#include <jensen/math/cholesky.h>
#include <jensen/math/random.h>

#include <Eigen/Dense>
#include <cmath>
#include <limits>

#include "support/gaussian_reference.h"

namespace jensen {
namespace {

using Eigen::MatrixXd;
using support::matrix_of;
using support::packed_of;

MatrixXd random_covariance(int d, std::uint64_t seed) {
  Stream stream(seed, Purpose::test);
  MatrixXd a(d, d);
  for (int i = 0; i < d; ++i) {
    for (int j = 0; j < d; ++j) a(i, j) = stream.normal();
  }
  return a * a.transpose() + 0.1 * MatrixXd::Identity(d, d);
}

MatrixXd lower_of(const std::vector<double>& packed, int d) {
  return MatrixXd(matrix_of(packed, d).triangularView<Eigen::Lower>());
}

TEST(Cholesky, FactorInverseAndDeterminant) {
  for (int d = 1; d <= 12; ++d) {
    const MatrixXd sigma = random_covariance(d, static_cast<std::uint64_t>(d));
    const Cholesky result = cholesky(packed_of(sigma), d);
    ASSERT_TRUE(result.positive_definite());
    const MatrixXd l = lower_of(result.factor, d);
    EXPECT_LT((l * l.transpose() - sigma).norm(), 1e-13 * sigma.norm());
    EXPECT_LT((l * lower_of(result.inverse, d) - MatrixXd::Identity(d, d)).norm(), 1e-12);
    EXPECT_NEAR(result.log_determinant, std::log(sigma.determinant()), 1e-11);
    for (int j = 0; j < d; ++j) {
      const double without = j == 0 ? 1 : sigma.topLeftCorner(j, j).determinant();
      EXPECT_NEAR(result.pivot(j), sigma.topLeftCorner(j + 1, j + 1).determinant() / without, 1e-10 * sigma(j, j));
    }
  }
}

TEST(Cholesky, ScalesThatWouldOverflowAreFine) {
  for (const double scale : {1e-150, 1e150}) {
    const Cholesky result = cholesky(std::vector<double>{4 * scale * scale, 2 * scale, 2}, 2);  // columns × scale, × 1
    ASSERT_TRUE(result.positive_definite());
    EXPECT_NEAR(result.log_determinant, std::log(4) + 2 * std::log(scale), 1e-10);
    EXPECT_NEAR(result.factor[0] / scale, 2, 1e-14);
    EXPECT_NEAR(result.factor[2], 1, 1e-14);
  }
}

TEST(Cholesky, WhatHasNoFactorHasNone) {
  const double nan = std::nan("");
  const double infinity = std::numeric_limits<double>::infinity();
  for (const auto& matrix : std::vector<std::vector<double>>{
           {1, 2, 1}, {0, 0, 1}, {-1, 0, 1}, {1, nan, 1}, {nan, 0, 1}, {infinity, 0, 1}, {1, 1, 1}, {1, 0, 0}}) {
    EXPECT_FALSE(cholesky(matrix, 2).positive_definite());
  }
  EXPECT_TRUE(cholesky({}, 0).positive_definite());
  EXPECT_EQ(cholesky({}, 0).log_determinant, 0);
}

TEST(Cholesky, TraceOfAProduct) {
  for (int d = 1; d <= 6; ++d) {
    const MatrixXd sigma = random_covariance(d, 1);
    const MatrixXd s = random_covariance(d, 2) - MatrixXd::Identity(d, d);
    EXPECT_NEAR(trace_of_product(cholesky(packed_of(sigma), d), packed_of(s)), (sigma.inverse() * s).trace(), 1e-11);
  }
}

TEST(Cholesky, ConditioningByBlocks) {
  const int d = 6;
  const MatrixXd sigma = random_covariance(d, 4);
  for (const auto& [observed, missing] :
       std::vector<std::pair<std::vector<int>, std::vector<int>>>{{{0, 3, 5}, {1, 2, 4}},
                                                                  {{2}, {0, 1, 3, 4, 5}},
                                                                  {{5, 0}, {3}},
                                                                  {{0, 1, 2, 3, 4, 5}, {}},
                                                                  {{}, {0, 1, 2, 3, 4, 5}}}) {
    const Conditioning result = condition(packed_of(sigma), observed, missing);
    const auto o = static_cast<int>(observed.size());
    const auto m = static_cast<int>(missing.size());
    EXPECT_EQ(result.observed.d, o);
    if (m == 0) continue;
    MatrixXd regression = MatrixXd::Zero(m, o);
    MatrixXd residual = sigma(missing, missing);
    if (o > 0) {
      const MatrixXd inverse = MatrixXd(sigma(observed, observed)).inverse();
      regression = sigma(missing, observed) * inverse;
      residual -= regression * sigma(observed, missing);
    }
    for (int a = 0; a < m; ++a) {
      for (int b = 0; b < o; ++b)
        EXPECT_NEAR(result.regression[static_cast<std::size_t>(a * o + b)], regression(a, b), 1e-11);
      for (int b = 0; b <= a; ++b) EXPECT_NEAR(result.residual[packed_index(a, b)], residual(a, b), 1e-11);
    }
  }
}

TEST(Cholesky, CollinearColumnsAreFound) {
  MatrixXd sigma = random_covariance(4, 7);
  EXPECT_EQ(first_collinear_column(packed_of(sigma), 4, 1e-10), -1);
  // Column 2 ← 3 · column 0 − column 1, in other units.
  MatrixXd combine = MatrixXd::Identity(4, 4);
  combine.row(2) << 3e8, -1e8, 0, 0;
  EXPECT_EQ(first_collinear_column(packed_of(combine * sigma * combine.transpose()), 4, 1e-10), 2);
}

}  // namespace
}  // namespace jensen
