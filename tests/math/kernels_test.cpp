// Kernels against long double, on every instruction set that this processor has.
#include <gtest/gtest.h>
#include <jensen/math/cholesky.h>
#include <jensen/math/kernels.h>
#include <jensen/math/random.h>

#include <bit>
#include <cmath>
#include <limits>

#include "support/instruction_sets.h"
#include "support/normals.h"

namespace jensen {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

using support::compare;
using support::normals;
using support::on_every_instruction_set;
using support::same_bits;

struct Problem {
  Problem(std::int64_t n, int columns) : rows(n), d(columns) {
    const std::int64_t stride = n + 3;  // columns need not touch
    x = normals(static_cast<std::size_t>(stride * d), 1, 2, 5);
    mean = normals(static_cast<std::size_t>(d), 2, 1, 5);
    triangle = normals(packed_size(d), 3);
    precision = normals(static_cast<std::size_t>(d), 4);
    for (double& p : precision) p = std::exp(p);
    r = normals(static_cast<std::size_t>(n), 5);
    for (double& w : r) w = std::abs(w);
    panel = {x.data(), n, d, stride};
  }
  std::int64_t rows;
  int d;
  std::vector<double> x, mean, triangle, precision, r;
  ConstPanel panel;
};

struct Results {
  std::vector<double> triangular, diagonal, full, diagonal_moments;
};

Results run(const Problem& p) {
  const auto d = static_cast<std::size_t>(p.d);
  Results results;
  kernels::Workspace workspace;
  results.triangular.assign(static_cast<std::size_t>(p.rows), 0.25);
  kernels::add_triangular_log_density(p.panel, p.mean.data(), p.triangle.data(), -1.5, results.triangular.data(),
                                      workspace);
  results.diagonal.assign(static_cast<std::size_t>(p.rows), 0.25);
  kernels::add_diagonal_log_density(p.panel, p.mean.data(), p.precision.data(), -1.5, results.diagonal.data(),
                                    workspace);
  results.full.assign(1 + d + packed_size(p.d), 0.125);  // on top of what is there
  kernels::add_full_moments(p.panel, p.mean.data(), p.r.data(), results.full.data(), results.full.data() + 1,
                            results.full.data() + 1 + d, workspace);
  results.diagonal_moments.assign(1 + 2 * d, 0.125);
  kernels::add_diagonal_moments(p.panel, p.mean.data(), p.r.data(), results.diagonal_moments.data(),
                                results.diagonal_moments.data() + 1, results.diagonal_moments.data() + 1 + d,
                                workspace);
  return results;
}

void check(const Problem& p, const std::string& where) {
  const Results results = run(p);
  const int d = p.d;
  std::vector<long double> moments(1 + static_cast<std::size_t>(d) + packed_size(d), 0.125L);
  std::vector<long double> magnitudes = moments;
  for (std::int64_t i = 0; i < p.rows; ++i) {
    long double squares = 0;
    long double scaled = 0;
    const auto deviation = [&](int j) {
      return static_cast<long double>(p.panel(i, j) - p.mean[static_cast<std::size_t>(j)]);
    };
    for (int a = 0; a < d; ++a) {
      long double product = 0;
      for (int b = 0; b <= a; ++b) product += p.triangle[packed_index(a, b)] * deviation(b);
      squares += product * product;
      scaled += p.precision[static_cast<std::size_t>(a)] * deviation(a) * deviation(a);
    }
    const auto at = static_cast<std::size_t>(i);
    compare(results.triangular[at], 0.25L - 1.5L - 0.5L * squares, squares * d, where + " triangular");
    compare(results.diagonal[at], 0.25L - 1.5L - 0.5L * scaled, scaled * d, where + " diagonal");
    const long double r = p.r[at];
    const auto add = [&](std::size_t to, long double value) {
      moments[to] += value;
      magnitudes[to] += std::abs(value);
    };
    add(0, r);
    for (int a = 0; a < d; ++a) {
      add(1 + static_cast<std::size_t>(a), r * deviation(a));
      for (int b = 0; b <= a; ++b) {
        add(1 + static_cast<std::size_t>(d) + packed_index(a, b), r * deviation(a) * deviation(b));
      }
    }
  }
  for (std::size_t m = 0; m < moments.size(); ++m) {
    compare(results.full[m], moments[m], magnitudes[m], where + " moment " + std::to_string(m));
  }
  for (int j = 0; j < d; ++j) {
    const auto at = static_cast<std::size_t>(j);
    const std::size_t variance = 1 + static_cast<std::size_t>(d) + packed_index(j, j);
    compare(results.diagonal_moments[1 + at], moments[1 + at], magnitudes[1 + at], where + " first moment");
    compare(results.diagonal_moments[1 + static_cast<std::size_t>(d) + at], moments[variance], magnitudes[variance],
            where + " second moment");
  }
  compare(results.diagonal_moments[0], moments[0], magnitudes[0], where + " weight");
}

TEST(Kernels, EveryTailAgreesWithLongDouble) {
  on_every_instruction_set([](const std::string& name) {
    for (std::int64_t rows = 1; rows <= 40; ++rows) check(Problem(rows, 3), name + ", rows " + std::to_string(rows));
    for (int d = 1; d <= 13; ++d) check(Problem(37, d), name + ", columns " + std::to_string(d));
    check(Problem(300, 33), name + ", many");
  });
}

// log-joint panel of many magnitudes, with −∞ among them
std::vector<double> log_joint(std::size_t rows, std::size_t states) {
  auto v = normals(rows * states, 9, 30, -100);
  for (std::size_t i = 0; i < v.size(); i += 13) v[i] = -infinity;
  return v;
}

struct NormalizedPanel {
  std::vector<double> p, log_normalizer, sums;
};

NormalizedPanel normalized(std::vector<double> p, std::int64_t rows, int states, const std::vector<double>& weights) {
  NormalizedPanel result;
  result.log_normalizer.resize(static_cast<std::size_t>(rows));
  const auto sums = kernels::normalize({p.data(), rows, states, rows}, weights, result.log_normalizer.data());
  result.sums = {sums.log_likelihood, sums.entropy, sums.weight};
  result.p = std::move(p);
  return result;
}

TEST(Kernels, InstructionSetsWithFusedMultiplyAddGiveTheSameBits) {
  std::vector<Results> all;
  std::vector<NormalizedPanel> panels, unweighted;
  std::vector<std::vector<double>> exps;
  std::vector<std::string> names;
  on_every_instruction_set([&](const std::string& name) {
    if (!kernels::fuses_multiply_add()) return;
    names.push_back(name);
    all.push_back(run(Problem(531, 7)));
    panels.push_back(normalized(log_joint(531, 5), 531, 5, Problem(531, 1).r));
    unweighted.push_back(normalized(log_joint(531, 5), 531, 5, {}));
    exps.push_back(normals(1003, 6, 100));
    kernels::exp(exps.back());
    kernels::log(exps.back());
    exps.back().push_back(kernels::sum(normals(1003, 7)));
  });
  if (names.size() < 2) GTEST_SKIP() << "only " << names.size() << " instruction set with fused multiply-add here";
  for (std::size_t i = 1; i < all.size(); ++i) {
    const std::string pair = names[i] + " against " + names[0];
    EXPECT_TRUE(same_bits(all[i].triangular, all[0].triangular)) << pair;
    EXPECT_TRUE(same_bits(all[i].diagonal, all[0].diagonal)) << pair;
    EXPECT_TRUE(same_bits(all[i].full, all[0].full)) << pair;
    EXPECT_TRUE(same_bits(all[i].diagonal_moments, all[0].diagonal_moments)) << pair;
    EXPECT_TRUE(same_bits(panels[i].p, panels[0].p)) << pair;
    EXPECT_TRUE(same_bits(panels[i].log_normalizer, panels[0].log_normalizer)) << pair;
    EXPECT_TRUE(same_bits(panels[i].sums, panels[0].sums)) << pair;
    EXPECT_TRUE(same_bits(unweighted[i].p, unweighted[0].p)) << pair;
    EXPECT_TRUE(same_bits(unweighted[i].sums, unweighted[0].sums)) << pair;
    EXPECT_TRUE(same_bits(exps[i], exps[0])) << pair;
  }
}

TEST(Kernels, NormalizeAgreesWithLongDouble) {
  on_every_instruction_set([](const std::string& name) {
    for (std::int64_t rows = 1; rows <= 40; ++rows) {
      for (const int states : {1, 2, 5}) {
        const auto n = static_cast<std::size_t>(rows);
        const auto before = log_joint(n, static_cast<std::size_t>(states));
        std::vector<double> weights = Problem(rows, 1).r;
        weights[n / 2] = 0;
        const auto after = normalized(before, rows, states, weights);
        long double log_likelihood = 0, entropy = 0, weight = 0;
        for (std::size_t i = 0; i < n; ++i) {
          long double total = 0;
          for (int k = 0; k < states; ++k)
            total += std::exp(static_cast<long double>(before[i + static_cast<std::size_t>(k) * n]));
          const bool possible = total > 0;
          if (possible) {
            EXPECT_NEAR(after.log_normalizer[i], static_cast<double>(std::log(total)), 1e-13) << name;
          } else {
            EXPECT_EQ(after.log_normalizer[i], -infinity) << name;
          }
          for (int k = 0; k < states; ++k) {
            const auto at = i + static_cast<std::size_t>(k) * n;
            const long double q = possible ? std::exp(static_cast<long double>(before[at])) / total : 0;
            EXPECT_NEAR(after.p[at], static_cast<double>(weights[i] * q), 1e-13) << name;
            if (q > 0) entropy -= weights[i] * q * std::log(q);
          }
          if (weights[i] > 0) log_likelihood += weights[i] * std::log(total);
          weight += weights[i];
        }
        EXPECT_NEAR(after.sums[2], static_cast<double>(weight), 1e-13 * static_cast<double>(rows)) << name;
        EXPECT_NEAR(after.sums[1], static_cast<double>(entropy), 1e-12 * static_cast<double>(rows)) << name;
        if (std::isfinite(static_cast<double>(log_likelihood))) {
          EXPECT_NEAR(after.sums[0], static_cast<double>(log_likelihood),
                      1e-13 * static_cast<double>(rows) * std::abs(static_cast<double>(log_likelihood)))
              << name;
        } else {
          EXPECT_EQ(after.sums[0], -infinity) << name;
        }
      }
    }
  });
}

TEST(Kernels, NormalizeAtTheEdges) {
  on_every_instruction_set([](const std::string& name) {
    // Rows: far down, far up, one state, impossible, NaN, +∞.
    const double nan = std::nan("");
    const std::vector<double> before{-1e5,     1e5,     -infinity, -infinity, nan, infinity,  //
                                     -1e5 - 1, 1e5 - 1, 2,         -infinity, 0,   0};
    const auto after = normalized(before, 6, 2, {});
    const double q = 1 / (1 + std::exp(-1));
    EXPECT_NEAR(after.p[0], q, 1e-12) << name;
    EXPECT_NEAR(after.p[1], q, 1e-12) << name;
    EXPECT_EQ(after.p[2], 0) << name;
    EXPECT_EQ(after.p[8], 1) << name;
    EXPECT_EQ(after.p[3], 0) << name;
    EXPECT_EQ(after.p[9], 0) << name;
    EXPECT_NEAR(after.log_normalizer[0], -1e5 - std::log(q), 1e-10) << name;
    EXPECT_EQ(after.log_normalizer[2], 2) << name;
    EXPECT_EQ(after.log_normalizer[3], -infinity) << name;
    EXPECT_TRUE(std::isnan(after.log_normalizer[4])) << name;
    EXPECT_TRUE(std::isnan(after.log_normalizer[5])) << name << ": +∞ is no log-density";
    EXPECT_TRUE(std::isnan(after.sums[0])) << name;
    // The same rows with weight 0 count for nothing.
    const auto weightless = normalized(before, 6, 2, {1, 1, 1, 0, 0, 0});
    EXPECT_TRUE(std::isfinite(weightless.sums[0])) << name;
    EXPECT_EQ(weightless.sums[2], 3) << name;
    // A weighted impossible row makes the whole impossible.
    EXPECT_EQ(normalized(before, 6, 2, {1, 1, 1, 1, 0, 0}).sums[0], -infinity) << name;
  });
}

// Vectors of rows without extremes are normalised without looking out for them.
TEST(Kernels, WhatARowHoldsDoesNotChangeAnother) {
  on_every_instruction_set([](const std::string& name) {
    constexpr std::int64_t rows = 70;
    constexpr int states = 3;
    constexpr std::size_t odd = 9;  // the row that is to hold extremes
    std::vector<double> narrow(static_cast<std::size_t>(rows * states));
    for (std::size_t i = 0; i < narrow.size(); ++i) narrow[i] = -3.0 * static_cast<double>(i * 7 % 11);
    const auto expected = normalized(narrow, rows, states, {});
    for (const double extreme : {-800.0, 800.0, -infinity, infinity, std::nan("")}) {
      for (int state = 0; state < states; ++state) {
        auto wide = narrow;
        wide[odd + static_cast<std::size_t>(state * rows)] = extreme;
        const auto got = normalized(wide, rows, states, {});
        EXPECT_EQ(std::isnan(got.log_normalizer[odd]), !(extreme < infinity)) << name << extreme;
        for (std::size_t i = 0; i < static_cast<std::size_t>(rows); ++i) {
          if (i == odd) continue;
          ASSERT_EQ(got.log_normalizer[i], expected.log_normalizer[i]) << name << extreme;
          for (std::size_t at = i; at < wide.size(); at += rows)
            ASSERT_EQ(got.p[at], expected.p[at]) << name << extreme;
        }
      }
    }
  });
}

// Unweighted rows have their logarithms taken together, weighted ones each for itself.
TEST(Kernels, WeightsOfOneAreNoWeights) {
  on_every_instruction_set([](const std::string& name) {
    for (const std::int64_t rows : {1, 7, 255, 256, 257, 1000}) {
      for (const int states : {1, 3, 40}) {
        const auto n = static_cast<std::size_t>(rows);
        const auto before = log_joint(n, static_cast<std::size_t>(states));
        const auto without = normalized(before, rows, states, {});
        const auto with = normalized(before, rows, states, std::vector<double>(n, 1.0));
        const std::string where = name + ", " + std::to_string(rows) + " rows, " + std::to_string(states) + " states";
        EXPECT_TRUE(same_bits(without.p, with.p)) << where;
        EXPECT_TRUE(same_bits(without.log_normalizer, with.log_normalizer)) << where;
        EXPECT_EQ(without.sums[2], with.sums[2]) << where;
        if (!std::isfinite(with.sums[0])) {
          EXPECT_EQ(without.sums[0], with.sums[0]) << where;
          continue;
        }
        const double size = static_cast<double>(rows) + std::abs(with.sums[0]);
        EXPECT_NEAR(without.sums[0], with.sums[0], 1e-15 * size) << where;
        EXPECT_NEAR(without.sums[1], with.sums[1], 1e-15 * size) << where;
      }
    }
  });
}

TEST(Kernels, ExpOfANumberDoesNotDependOnItsNeighbours) {
  on_every_instruction_set([](const std::string& name) {
    auto mixed = normals(64, 3, 50);
    auto alone = mixed;
    for (std::size_t i = 0; i < mixed.size(); i += 5) mixed[i] = i % 2 == 0 ? -infinity : 2000;
    kernels::exp(alone);
    kernels::exp(mixed);
    for (std::size_t i = 0; i < mixed.size(); ++i) {
      if (i % 5 == 0) continue;
      EXPECT_EQ(mixed[i], alone[i]) << name << " at " << i;
    }
  });
}

double ulps(double got, long double expected) {
  const double nearest = static_cast<double>(expected);
  const double ulp = std::nextafter(std::abs(nearest), infinity) - std::abs(nearest);
  return static_cast<double>(std::abs(got - expected) / ulp);
}

TEST(Kernels, ExpAndLogAreWithinOneUlpOrSo) {
  on_every_instruction_set([](const std::string& name) {
    double worst_exp = 0;
    double worst_log = 0;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      auto v = normals(1000, seed, seed % 2 == 0 ? 200 : 1);
      for (double& x : v) x = std::clamp(x, -700.0, 700.0);
      auto exponentials = v;
      kernels::exp(exponentials);
      auto logs = exponentials;
      kernels::log(logs);
      for (std::size_t i = 0; i < v.size(); ++i) {
        worst_exp = std::max(worst_exp, ulps(exponentials[i], std::exp(static_cast<long double>(v[i]))));
        worst_log = std::max(worst_log, ulps(logs[i], std::log(static_cast<long double>(exponentials[i]))));
      }
    }
    EXPECT_LT(worst_exp, kernels::fuses_multiply_add() ? 0.9 : 1.0) << name;
    EXPECT_LT(worst_log, 1.0) << name;
  });
}

TEST(Kernels, ExpAndLogAtTheEdges) {
  on_every_instruction_set([](const std::string& name) {
    const double nan = std::nan("");
    std::vector<double> e{-infinity, -1000, -746, 0, 709.7, 710, 1e300, infinity, nan};
    kernels::exp(e);
    EXPECT_EQ(e[0], 0) << name;
    EXPECT_EQ(e[1], 0) << name;
    EXPECT_EQ(e[2], 0) << name;
    EXPECT_EQ(e[3], 1) << name;
    EXPECT_NEAR(e[4] / std::exp(709.7), 1, 1e-15) << name;
    EXPECT_EQ(e[5], infinity) << name;
    EXPECT_EQ(e[6], infinity) << name;
    EXPECT_EQ(e[7], infinity) << name;
    EXPECT_TRUE(std::isnan(e[8])) << name;
    std::vector<double> l{0, -0.0, -1, -infinity, infinity, nan, 1, std::numeric_limits<double>::min()};
    kernels::log(l);
    EXPECT_EQ(l[0], -infinity) << name;
    EXPECT_EQ(l[1], -infinity) << name;
    EXPECT_TRUE(std::isnan(l[2])) << name;
    EXPECT_TRUE(std::isnan(l[3])) << name;
    EXPECT_EQ(l[4], infinity) << name;
    EXPECT_TRUE(std::isnan(l[5])) << name;
    EXPECT_EQ(l[6], 0) << name;
    EXPECT_NEAR(l[7], -708.3964185322641, 1e-12) << name;
  });
}

TEST(Kernels, ADensityDoesNotDependOnItsNeighbours) {
  const Problem whole(40, 3);
  const Results all = run(whole);
  for (std::int64_t rows = 1; rows < 40; ++rows) {
    Problem part = whole;
    part.panel = {part.x.data(), rows, 3, 43};
    part.rows = rows;
    const Results some = run(part);
    for (std::size_t i = 0; i < static_cast<std::size_t>(rows); ++i) {
      EXPECT_EQ(some.triangular[i], all.triangular[i]);
      EXPECT_EQ(some.diagonal[i], all.diagonal[i]);
    }
  }
}

// 1 + 2^-30 squared is 1 + 2^-29 + 2^-60: the last term survives only where the product is not rounded before the sum.
TEST(Kernels, MultiplyAddsAreFused) {
  on_every_instruction_set([](const std::string& name) {
    if (!kernels::fuses_multiply_add()) return;
    const double a = 1 + 0x1p-30;
    const double b = -(1 + 0x1p-29);
    const double zero[] = {0, 0};
    kernels::Workspace workspace;

    std::vector<double> x(18, 0.0);  // rows 0 and 8 share a lane
    x[0] = b, x[9] = 1;
    x[8] = a, x[17] = a;
    const std::vector<double> ones(9, 1.0);
    double weight = 0, first[2] = {}, second[3] = {};
    kernels::add_full_moments({x.data(), 9, 2, 9}, zero, ones.data(), &weight, first, second, workspace);
    EXPECT_EQ(second[1], 0x1p-60) << name;

    const double row[] = {1, a};
    const double triangle[] = {0, b, a};
    double density = 0;
    kernels::add_triangular_log_density({row, 1, 2, 1}, zero, triangle, 0, &density, workspace);
    EXPECT_EQ(density, -0x1p-121) << name;
  });
}

// The order is part of the promise of equal bits: eight lanes, added crosswise.
TEST(Kernels, SumsAddEightLanesInAFixedOrder) {
  const auto v = normals(77, 8, 1e3);
  double lane[8] = {};
  for (std::size_t i = 0; i < v.size(); ++i) lane[i % 8] += v[i];
  EXPECT_EQ(kernels::sum(v), ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7])));
}

TEST(Kernels, SumOfEveryLength) {
  for (std::size_t n = 0; n <= 40; ++n) {
    const auto v = normals(n, 3);
    long double expected = 0;
    for (double x : v) expected += x;
    EXPECT_NEAR(kernels::sum(v), static_cast<double>(expected), 1e-14) << n;
  }
}

}  // namespace
}  // namespace jensen
