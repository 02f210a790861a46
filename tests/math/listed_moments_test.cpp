// Moments of what counts alone: their layout, when they are worth their while, and what an E-step at one go makes of
// them. Rows that a list names are tested in chosen_rows_test.cpp, too.
#include "math/listed_moments.h"

#include <gtest/gtest.h>
#include <jensen/math/cholesky.h>
#include <jensen/math/kernels.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "math/posterior_moments.h"
#include "support/instruction_sets.h"
#include "support/normals.h"

namespace jensen {
namespace {

using kernels::ListedShape;
using kernels::padded_triangle;
using support::normals;
using support::on_every_instruction_set;

TEST(ListedMoments, RowsOfTheTriangleFollowEachOtherInWholeLanes) {
  for (std::size_t a = 0; a < 100; ++a) {
    const std::size_t width = padded_triangle(a + 1) - padded_triangle(a);
    EXPECT_EQ(width % 8, 0U) << a;
    EXPECT_GE(width, a + 1);
    EXPECT_LT(width, a + 1 + 8);
  }
}

TEST(ListedMoments, ShapesHoldWhatTheySay) {
  for (const std::size_t d : {1, 7, 8, 9, 100}) {
    for (const bool triangular : {false, true}) {
      const ListedShape shape{256, d, 5, triangular};
      EXPECT_EQ(shape.length() % 8, 0U);
      EXPECT_GE(shape.length(), d);
      EXPECT_EQ(shape.second_size(), triangular ? padded_triangle(shape.length()) : shape.length());
      const std::size_t bytes_of_lists = (256 * 5 + 8) * sizeof(std::uint16_t);  // the last line may lie beyond the end
      EXPECT_GE(shape.lists_size() * sizeof(double), bytes_of_lists);
      EXPECT_GE(shape.size(), 2 * 256 * shape.length() + 5 * (8 + shape.length() + shape.second_size()));
    }
  }
  for (const std::size_t d : {1, 64, 8192, 10000}) {
    const ListedShape chosen = kernels::shape_of_chosen(d, true);
    EXPECT_GE(chosen.rows, 1U);
    EXPECT_LE(chosen.rows, 65535U);  // lists hold 16 bits
  }
}

// With few columns a row that is listed costs many times as much as in a product.
TEST(ListedMoments, AreWorthMoreTheMoreColumnsThereAre) {
  for (const bool triangular : {false, true}) {
    double before = 0;
    for (const std::size_t d : {1, 2, 4, 8, 16, 32, 64, 128}) {
      const double worth = ListedShape{256, d, 64, triangular}.worth();
      EXPECT_GE(worth, before) << d;
      EXPECT_LE(worth, ListedShape::most_worth);
      before = worth;
    }
    EXPECT_EQ((ListedShape{256, 2, 16, triangular}.worth()), 0);
    EXPECT_GT((ListedShape{256, 64, 64, triangular}.worth()), 1.0 / 2);
    // What all components share weighs less where there are many.
    EXPECT_LT((ListedShape{256, 16, 16, triangular}.worth()), (ListedShape{256, 16, 64, triangular}.worth()));
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

TEST(ListedMoments, LeavesOutWhatIsBeyondTheSpan) {
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
TEST(ListedMoments, SayWhatTheyLeftOut) {
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
TEST(ListedMoments, LeavesOutByTheComponentsWeight) {
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
TEST(ListedMoments, LeavesOutLessInRowsFarFromAll) {
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
TEST(ListedMoments, AboutMeans) {
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

TEST(ListedMoments, LeavingOutHasTheSameBitsOnInstructionSetsWithFusedMultiplyAdd) {
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
