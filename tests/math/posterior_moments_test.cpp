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

// Components on a line, so many standard deviations apart, and rows at one of them each: every number of columns and
// rows left over.
struct Separated {
  Separated(std::int64_t n, int d, int k, double distance, bool full)
      : rows(n), columns(d), states(k), triangular(full) {
    x = normals(static_cast<std::size_t>(n * d), 21);
    offsets.resize(static_cast<std::size_t>(d * k));
    for (int s = 0; s < k; ++s) offsets[static_cast<std::size_t>(s * d)] = distance * s;
    for (std::int64_t i = 0; i < n; ++i) x[static_cast<std::size_t>(i)] += distance * static_cast<double>(i * 7 % k);
    scales.assign(offsets.size(), 1.0);
    point.assign(static_cast<std::size_t>(d), 0.0);
    log_weights.assign(static_cast<std::size_t>(k), -1.0);
    weights = normals(static_cast<std::size_t>(n), 22);
    for (double& w : weights) w = std::abs(w);
    pairs.push_back({});
    factor.assign(packed_size(d), 0.0);
    for (int a = 1; a <= d; ++a) {
      factor[static_cast<std::size_t>(packed_index(a - 1, a - 1))] = 1;
      pairs.push_back({a, 0});
      for (int b = full ? 1 : a; b <= a; ++b) pairs.push_back({a, b});
    }
  }
  struct Result {
    kernels::Normalized sums;
    std::vector<double> bounds;  // of what was left out
    bool left_out() const {
      return std::any_of(bounds.begin(), bounds.end(), [](double bound) { return bound > 0; });
    }
  };
  // about_means: all offsets are means as well, as scales are 1 and the point is 0.
  std::pair<Result, std::vector<double>> run(double span, bool about_means = false) const {
    std::vector<kernels::DiagonalTerm> diagonal;
    std::vector<kernels::TriangularTerm> full;
    for (int s = 0; s < states; ++s) {
      const double* offset = &offsets[static_cast<std::size_t>(s * columns)];
      if (triangular) {
        full.push_back({factor.data(), offset, -0.5, nullptr});
      } else {
        diagonal.push_back({&scales[static_cast<std::size_t>(s * columns)], offset, -0.5, nullptr});
      }
    }
    std::vector<double> sums(pairs.size() * static_cast<std::size_t>(states), 0.0);
    kernels::Workspace workspace(100, std::numeric_limits<double>::quiet_NaN());
    const double top = *std::max_element(log_weights.begin(), log_weights.end()) - 0.5;
    std::vector<double> left_out(static_cast<std::size_t>(states), 0.0);
    const auto result =
        kernels::add_posterior_moments({{x.data(), rows, columns, rows},
                                        {},
                                        about_means ? nullptr : point.data(),
                                        full,
                                        diagonal,
                                        log_weights.data(),
                                        weights.data(),
                                        pairs,
                                        sums.data(),
                                        left_out.data(),
                                        {},
                                        span,
                                        top - kernels::furthest_near(static_cast<std::size_t>(columns))},
                                       workspace);
    return {{result, left_out}, sums};
  }
  // Moment f of component k among `sums`.
  double moment(const std::vector<double>& sums, std::size_t f, int k) const {
    return sums[f * static_cast<std::size_t>(states) + static_cast<std::size_t>(k)];
  }
  std::int64_t rows;
  int columns, states;
  bool triangular;
  std::vector<double> x, offsets, scales, factor, point, log_weights, weights;
  std::vector<kernels::ColumnPair> pairs;
};

constexpr double everything = std::numeric_limits<double>::infinity();

TEST(PosteriorMoments, LeavesOutWhatIsBeyondTheSpan) {
  on_every_instruction_set([](const std::string& name) {
    for (const bool triangular : {false, true}) {
      for (const int d : {1, 4, 7, 8, 9, 17, 24, 41}) {
        for (const std::int64_t rows : {1, 9, 33, 64, 250, 256, 300, 512}) {
          const Separated problem(rows, d, 40, 14, triangular);
          const auto [quick, sums] = problem.run(62);
          const auto [whole, all] = problem.run(everything);
          EXPECT_EQ(quick.left_out(), d > (triangular ? 4 : 8) && rows > 9) << name << ", " << d << ", " << rows;
          EXPECT_FALSE(whole.left_out()) << name;
          EXPECT_NEAR(quick.sums.log_likelihood, whole.sums.log_likelihood,
                      1e-14 * std::abs(whole.sums.log_likelihood));
          EXPECT_NEAR(quick.sums.entropy, whole.sums.entropy, 1e-14 * (1 + whole.sums.entropy));
          EXPECT_EQ(quick.sums.weight, whole.sums.weight);
          for (std::size_t i = 0; i < sums.size(); ++i) {
            EXPECT_NEAR(sums[i], all[i], 1e-12 * (1 + std::abs(all[i]))) << name << ", " << d << ", " << rows;
          }
        }
      }
      const Separated close(512, 16, 24, 0.1, triangular);  // nothing to leave out
      const auto [quick, sums] = close.run(62);
      EXPECT_FALSE(quick.left_out());
      EXPECT_EQ(sums, close.run(everything).second);
    }
  });
}

// With so small a span that it shows: exponentials beside the largest, of what is below the limit.
TEST(PosteriorMoments, SayWhatTheyLeftOut) {
  on_every_instruction_set([](const std::string& name) {
    for (const bool triangular : {false, true}) {
      for (const double distance : {5.0, 7.0}) {
        const Separated problem(300, 16, 24, distance, triangular);
        constexpr double span = 9, limit = -1 - span;  // −1: logarithm of every weight
        std::vector<long double> expected(24, 0.0L);
        for (std::size_t i = 0; i < 300; ++i) {
          std::vector<long double> p(24);  // but for what all components share
          for (std::size_t k = 0; k < 24; ++k) {
            const long double z = static_cast<long double>(problem.x[i]) - distance * static_cast<double>(k);
            p[k] = -0.5L * z * z;
          }
          const long double largest = *std::max_element(p.begin(), p.end());
          for (std::size_t k = 0; k < 24; ++k) {
            if (p[k] - largest < limit) expected[k] += problem.weights[i] * std::exp(p[k] - largest);
          }
        }
        for (const bool about_means : {false, true}) {
          const Separated::Result quick = problem.run(span, about_means).first;
          const double unseen = quick.sums.weight * std::exp(limit) * 0x1p-26;
          for (std::size_t k = 0; k < 24; ++k) {
            EXPECT_GT(expected[k], 10 * unseen);
            EXPECT_GE(quick.bounds[k], static_cast<double>(expected[k]) * (1 - 1e-12)) << name << ", " << distance;
            EXPECT_LE(quick.bounds[k], static_cast<double>(expected[k]) + 2 * unseen) << name << ", " << distance;
          }
        }
      }
    }
  });
}

// A component of little weight is nothing beside others in every row, and lives on that.
TEST(PosteriorMoments, LeavesOutByTheComponentsWeight) {
  for (const bool triangular : {false, true}) {
    Separated problem(300, 16, 24, 10, triangular);
    problem.log_weights[3] = -50;  // with its own rows; on its neighbours' e^−50 more is lost, so that e^−100 is left
    std::copy_n(problem.offsets.begin(), problem.columns, problem.offsets.begin() + 3 * problem.columns);
    const auto [quick, sums] = problem.run(30);
    ASSERT_TRUE(quick.left_out());
    const auto all = problem.run(everything).second;
    EXPECT_LT(problem.moment(all, 0, 3), 1e-18);
    for (std::size_t f = 0; f < problem.pairs.size(); ++f) {
      EXPECT_NEAR(problem.moment(sums, f, 3), problem.moment(all, f, 3), 1e-11 * problem.moment(all, 0, 3));
    }
  }
}

// What is far from all components moves variances by shares that are nothing elsewhere.
TEST(PosteriorMoments, LeavesOutLessInRowsFarFromAll) {
  for (const bool triangular : {false, true}) {
    for (const double further : {0.0, 1e8}) {
      Separated problem(300, 16, 24, 14, triangular);
      // A row between the first two components in column 0, so that the second one has e^−66 of the first, and far from
      // all in column 1.
      problem.x[0] = 7 - 66.0 / 14;
      problem.x[300] = further;
      const auto one = problem.run(62).second;
      problem.weights[0] = 0;
      const auto without = problem.run(62).second;
      const double difference =
          problem.moment(one, problem.triangular ? 5 : 4, 1) - problem.moment(without, problem.triangular ? 5 : 4, 1);
      ASSERT_EQ(problem.pairs[problem.triangular ? 5 : 4].b, 2);
      if (further > 0) {
        EXPECT_GT(std::abs(difference), 0) << triangular;
      } else {
        EXPECT_EQ(difference, 0) << triangular;
      }
    }
  }
}

// Each component about its own mean, whether much counts or little, and whether anything may be left out.
TEST(PosteriorMoments, AboutMeans) {
  on_every_instruction_set([](const std::string& name) {
    for (const bool triangular : {false, true}) {
      for (const int d : {1, 2, 5, 8, 9, 17, 41}) {
        for (const std::int64_t rows : {1, 9, 33, 300, 512}) {
          for (const double distance : {0.5, 14.0}) {
            const Separated problem(rows, d, 12, distance, triangular);
            const auto [about_point, sums] = problem.run(everything);
            for (const double span : {62.0, everything}) {
              const auto [got, own] = problem.run(span, true);
              EXPECT_EQ(got.left_out(), span < everything);
              EXPECT_EQ(got.sums.weight, about_point.sums.weight);
              EXPECT_NEAR(got.sums.log_likelihood, about_point.sums.log_likelihood,
                          1e-12 * std::abs(about_point.sums.log_likelihood));
              EXPECT_NEAR(got.sums.entropy, about_point.sums.entropy, 1e-11 * (1 + about_point.sums.entropy));
              for (int k = 0; k < 12; ++k) {
                const double weight = problem.moment(sums, 0, k);
                const auto mean = [&](int a) { return problem.offsets[static_cast<std::size_t>(k * d + a - 1)]; };
                std::vector<double> first(static_cast<std::size_t>(d) + 1);
                for (std::size_t f = 0; f < problem.pairs.size(); ++f) {
                  const auto [a, b] = problem.pairs[f];
                  const double about_zero = problem.moment(sums, f, k);
                  const auto i = static_cast<std::size_t>(a), j = static_cast<std::size_t>(b);
                  if (b == 0) first[i] = about_zero;
                  const double expected =
                      a == 0   ? weight
                      : b == 0 ? about_zero - weight * mean(a)
                               : about_zero - first[i] * mean(b) - first[j] * mean(a) + weight * mean(a) * mean(b);
                  EXPECT_NEAR(problem.moment(own, f, k), expected, 1e-10 * (1 + weight) * (1 + distance))
                      << name << ", " << d << ", " << rows << ", " << f;
                }
              }
            }
          }
        }
      }
    }
  });
}

TEST(PosteriorMoments, LeavingOutHasTheSameBitsOnInstructionSetsWithFusedMultiplyAdd) {
  for (const bool triangular : {false, true}) {
    for (const int d : {5, 19, 37}) {
      for (const double distance : {1.0, 3.0, 5.0, 8.0, 14.0}) {
        std::vector<std::vector<double>> all;
        on_every_instruction_set([&](const std::string&) {
          if (!kernels::fuses_multiply_add()) return;
          all.emplace_back();
          for (const bool about_means : {false, true}) {
            const auto [result, sums] = Separated(500, d, 24, distance, triangular).run(62, about_means);
            all.back().insert(all.back().end(), sums.begin(), sums.end());
            all.back().insert(all.back().end(), result.bounds.begin(), result.bounds.end());
            all.back().insert(all.back().end(), {result.sums.log_likelihood, result.sums.entropy});
          }
        });
        for (const auto& other : all) EXPECT_EQ(other, all.front()) << distance << ", " << d;
      }
    }
  }
}

}  // namespace
}  // namespace jensen
