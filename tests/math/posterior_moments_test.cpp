// E-step and moments at one go against the steps, on every instruction set that this processor has.
#include "math/posterior_moments.h"

#include <gtest/gtest.h>
#include <jensen/math/cholesky.h>
#include <jensen/math/kernels.h>
#include <jensen/math/panel_kernels.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "support/instruction_sets.h"
#include "support/normals.h"
#include "support/panel_problem.h"

namespace jensen {
namespace {

using support::normals;
using support::on_every_instruction_set;
using Problem = support::PanelProblem;

// One go and step by step: the same whatever number of rows and components is left over, to the bit or to rounding.
void check_posterior_moments(const Problem& p, bool triangular, bool weighted, bool to_the_bit,
                             const std::string& where) {
  const auto n = static_cast<std::size_t>(p.rows);
  const auto d = static_cast<std::size_t>(p.d);
  const auto count = static_cast<std::size_t>(p.k);
  const std::vector<double> log_weights = normals(count, 11);
  std::vector<double> weights = weighted ? normals(n, 12) : std::vector<double>{};
  for (double& w : weights) w = std::max(0.0, w);

  std::vector<double> panel(n * count);
  std::vector<kernels::TriangularTerm> full;
  std::vector<kernels::DiagonalTerm> diagonal;
  std::vector<const double*> r;
  for (std::size_t k = 0; k < count; ++k) {
    double* column = panel.data() + k * n;
    std::fill_n(column, n, log_weights[k]);
    if (triangular) full.push_back({p.triangles.data() + k * packed_size(p.d), p.offsets.data() + k * d, -1.5, column});
    if (!triangular) diagonal.push_back({p.scales.data() + k * d, p.offsets.data() + k * d, -1.5, column});
    r.push_back(column);
  }
  kernels::CenteredRows centered;
  centered.assign(p.panel, p.point.data());
  kernels::add_triangular_log_densities(centered, full);
  kernels::add_diagonal_log_densities(centered, p.d, diagonal);
  const auto expected = kernels::normalize(Panel{panel.data(), p.rows, p.k, p.rows}, weights, nullptr);
  std::vector<double> moments(p.pairs.size() * count, 0.0);
  kernels::add_pair_moments(centered, p.pairs, r, moments.data());

  const auto check = [&](ConstPanel x, RowsInMemory by_row, const std::string& how) {
    std::vector<double> sums(moments.size(), 0.0);
    kernels::Workspace workspace;
    constexpr double everything = std::numeric_limits<double>::infinity();
    std::vector<double> left_out(count, 0.0);
    const auto got = kernels::add_posterior_moments({x,
                                                     by_row,
                                                     p.point.data(),
                                                     full,
                                                     diagonal,
                                                     log_weights.data(),
                                                     weighted ? weights.data() : nullptr,
                                                     p.pairs,
                                                     sums.data(),
                                                     left_out.data(),
                                                     {},
                                                     everything},
                                                    workspace);
    EXPECT_EQ(left_out, std::vector<double>(count, 0.0)) << where << how;
    EXPECT_EQ(got.weight, expected.weight) << where << how;
    if (!to_the_bit) {
      double largest = 0;
      for (const double moment : moments) largest = std::max(largest, std::abs(moment));
      for (std::size_t i = 0; i < sums.size(); ++i) EXPECT_NEAR(sums[i], moments[i], 1e-12 * largest) << where << how;
      const double size = std::abs(expected.log_likelihood) + expected.weight;
      EXPECT_NEAR(got.log_likelihood, expected.log_likelihood, 1e-14 * size) << where << how;
      EXPECT_NEAR(got.entropy, expected.entropy, 1e-14 * size) << where << how;
      return;
    }
    EXPECT_EQ(sums, moments) << where << how;
    EXPECT_EQ(got.log_likelihood, expected.log_likelihood) << where << how;
    EXPECT_EQ(got.entropy, expected.entropy) << where << how;
  };
  check(p.panel, {}, "");
  for (const std::size_t apart : {d, d + 3}) {  // the same cells row by row
    std::vector<double> rows(n * apart, std::numeric_limits<double>::quiet_NaN());
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < d; ++j) {
        rows[i * apart + j] = p.panel(static_cast<std::int64_t>(i), static_cast<int>(j));
      }
    }
    const auto stride = static_cast<std::int64_t>(apart);
    check({nullptr, p.rows, p.d, 0}, {rows.data(), stride}, ", rows " + std::to_string(apart) + " apart");
  }
}

TEST(PosteriorMoments, AreThoseOfTheSteps) {
  on_every_instruction_set([](const std::string& name) {
    for (const int d : {1, 2, 3, 4, 5, 9, 14}) {
      for (const int k : {1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 16, 17, 26}) {
        for (const std::int64_t rows : {1, 8, 31, 32, 250, 256, 300, 512, 1100}) {
          if (rows > 512 && k > 2) continue;
          const std::string where = name + ", " + std::to_string(d) + " columns, " + std::to_string(k) +
                                    " components, " + std::to_string(rows) + " rows";
          const Problem p(rows, d, k);
          check_posterior_moments(p, true, rows % 2 == 0, d > 4, where + ", full");
          check_posterior_moments(p, false, rows % 2 == 0, d > 4, where + ", diagonal");
        }
      }
    }
  });
}

// Few columns have a way of their own, but not with rows whose exponentials would be none.
TEST(PosteriorMoments, OfFewColumnsAndRowsFarFromAll) {
  on_every_instruction_set([](const std::string& name) {
    for (const int d : {1, 2, 3, 4}) {
      Problem p(8, d, 5);
      p.x[0] = 1e5;
      check_posterior_moments(p, true, false, true, name + ", one row far, full");
      check_posterior_moments(p, false, true, true, name + ", one row far, diagonal");
    }
  });
}

// Totals of exponentials so small that a product of a few is nothing.
TEST(PosteriorMoments, OfFewColumnsAndSmallTotals) {
  on_every_instruction_set([](const std::string& name) {
    constexpr std::int64_t rows = 700;
    const std::vector<double> x(rows, 30.0), offsets{0, 1}, log_weights(2, std::log(0.5));
    const double scale = 1, point = 0;
    const std::vector<kernels::DiagonalTerm> terms{{&scale, &offsets[0], -0.5, nullptr},
                                                   {&scale, &offsets[1], -0.5, nullptr}};
    const std::vector<kernels::ColumnPair> pairs{{}, {1, 0}, {1, 1}};
    std::vector<double> sums(6, 0.0);
    kernels::Workspace workspace;
    const auto got = kernels::add_posterior_moments({{x.data(), rows, 1, rows},
                                                     {},
                                                     &point,
                                                     {},
                                                     terms,
                                                     log_weights.data(),
                                                     nullptr,
                                                     pairs,
                                                     sums.data(),
                                                     nullptr,
                                                     {},
                                                     std::numeric_limits<double>::infinity()},
                                                    workspace);
    const double nearer = -0.5 * 29 * 29 - 0.5 + std::log(0.5);  // the other is e^−29.5 of it
    const double r = std::exp(-29.5);
    EXPECT_NEAR(got.log_likelihood, rows * (nearer + std::log1p(r)), 1e-9) << name;
    EXPECT_NEAR(got.entropy, rows * 30.5 * r, 1e-9) << name;
    EXPECT_NEAR(sums[0], rows * r, 1e-12 * rows * r) << name;
    EXPECT_NEAR(sums[1], rows * (1 - r), 1e-12 * rows) << name;
    EXPECT_NEAR(sums[5], 900.0 * rows, 1e-6) << name;
  });
}

TEST(PosteriorMoments, OfFewColumnsHaveTheSameBitsOnInstructionSetsWithFusedMultiplyAdd) {
  for (const int d : {1, 2, 3, 4}) {
    for (const bool weighted : {false, true}) {
      const Problem p(531, d, 7);
      const std::vector<double> log_weights(7, -2.0);
      std::vector<std::vector<double>> all;
      on_every_instruction_set([&](const std::string&) {
        if (!kernels::fuses_multiply_add()) return;
        std::vector<kernels::TriangularTerm> terms;
        for (std::size_t k = 0; k < 7; ++k) {
          terms.push_back({p.triangles.data() + k * packed_size(d), p.offsets.data() + k * static_cast<std::size_t>(d),
                           -1.5, nullptr});
        }
        std::vector<double> sums(p.pairs.size() * 7, 0.0);
        kernels::Workspace workspace;
        const auto got = kernels::add_posterior_moments({p.panel,
                                                         {},
                                                         p.point.data(),
                                                         terms,
                                                         {},
                                                         log_weights.data(),
                                                         weighted ? p.r.data() : nullptr,
                                                         p.pairs,
                                                         sums.data(),
                                                         nullptr,
                                                         {},
                                                         std::numeric_limits<double>::infinity()},
                                                        workspace);
        sums.insert(sums.end(), {got.log_likelihood, got.entropy, got.weight});
        all.push_back(sums);
      });
      for (const auto& other : all) EXPECT_EQ(other, all.front()) << d;
    }
  }
}

}  // namespace
}  // namespace jensen
