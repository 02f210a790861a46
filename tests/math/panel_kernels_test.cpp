// Kernels over a block and many components against long double, on every instruction set that this processor has.
#include <gtest/gtest.h>
#include <jensen/math/cholesky.h>
#include <jensen/math/kernels.h>
#include <jensen/math/panel_kernels.h>

#include <cmath>

#include "support/instruction_sets.h"
#include "support/normals.h"

namespace jensen {
namespace {

using support::compare;
using support::normals;
using support::on_every_instruction_set;
using support::same_bits;

struct Problem {
  Problem(std::int64_t n, int columns, int components) : rows(n), d(columns), k(components) {
    const std::int64_t stride = n + 3;  // columns need not touch
    x = normals(static_cast<std::size_t>(stride * d), 1, 2, 5);
    panel = {x.data(), n, d, stride};
    point = normals(static_cast<std::size_t>(d), 2, 1, 5);
    triangles = normals(packed_size(d) * static_cast<std::size_t>(k), 3);
    scales = normals(static_cast<std::size_t>(d * k), 4);
    offsets = normals(static_cast<std::size_t>(d * k), 6);
    r = normals(static_cast<std::size_t>(n * k), 5);
    for (double& w : r) w = std::abs(w);
    for (int a = 0; a <= d; ++a) {
      for (int b = 0; b <= a; ++b) pairs.push_back({a, b});
    }
  }
  std::int64_t rows;
  int d, k;
  std::vector<double> x, point, triangles, scales, offsets, r;
  ConstPanel panel;
  std::vector<kernels::ColumnPair> pairs;
};

struct Results {
  std::vector<double> triangular, diagonal, moments;
};

Results run(const Problem& p) {
  const auto d = static_cast<std::size_t>(p.d);
  const auto n = static_cast<std::size_t>(p.rows);
  const auto count = static_cast<std::size_t>(p.k);
  kernels::CenteredRows centered;
  centered.assign(p.panel, p.point.data());
  Results results;
  results.triangular.assign(n * count, 0.25);  // on top of what is there
  results.diagonal.assign(n * count, 0.25);
  results.moments.assign(p.pairs.size() * count, 0.125);
  std::vector<kernels::TriangularTerm> triangular;
  std::vector<kernels::DiagonalTerm> diagonal;
  std::vector<const double*> r;
  for (std::size_t k = 0; k < count; ++k) {
    const double* offset = p.offsets.data() + k * d;
    triangular.push_back({p.triangles.data() + k * packed_size(p.d), offset, -1.5, results.triangular.data() + k * n});
    diagonal.push_back({p.scales.data() + k * d, offset, -1.5, results.diagonal.data() + k * n});
    r.push_back(p.r.data() + k * n);
  }
  kernels::add_triangular_log_densities(centered, triangular);
  kernels::add_diagonal_log_densities(centered, p.d, diagonal);
  kernels::add_pair_moments(centered, p.pairs, r, results.moments.data());
  return results;
}

void check_densities(const Problem& p, const Results& results, const std::string& where) {
  const auto d = static_cast<std::size_t>(p.d);
  for (std::size_t k = 0; k < static_cast<std::size_t>(p.k); ++k) {
    for (std::int64_t i = 0; i < p.rows; ++i) {
      long double squares = 0, scaled = 0, magnitude = 0;
      for (std::size_t a = 0; a < d; ++a) {
        const long double offset = p.offsets[k * d + a];
        const auto deviation = [&](std::size_t j) {
          return static_cast<long double>(p.panel(i, static_cast<int>(j)) - p.point[j]);
        };
        long double z = -offset, size = std::abs(offset);
        for (std::size_t b = 0; b <= a; ++b) {
          const long double term = p.triangles[k * packed_size(p.d) + a * (a + 1) / 2 + b] * deviation(b);
          z += term;
          size += std::abs(term);
        }
        squares += z * z;
        magnitude += size * size;
        const long double own = p.scales[k * d + a] * deviation(a) - offset;
        scaled += own * own;
        magnitude += own * own + offset * offset;
      }
      const std::size_t at = k * static_cast<std::size_t>(p.rows) + static_cast<std::size_t>(i);
      compare(results.triangular[at], 0.25L - 1.5L - 0.5L * squares, magnitude, where + " triangular");
      compare(results.diagonal[at], 0.25L - 1.5L - 0.5L * scaled, magnitude, where + " diagonal");
    }
  }
}

void check_moments(const Problem& p, const Results& results, const std::string& where) {
  for (std::size_t k = 0; k < static_cast<std::size_t>(p.k); ++k) {
    for (std::size_t f = 0; f < p.pairs.size(); ++f) {
      long double sum = 0.125L, magnitude = 0.125L;
      for (std::int64_t i = 0; i < p.rows; ++i) {
        const auto value = [&](int column) -> long double {
          return column == 0 ? 1 : p.panel(i, column - 1) - p.point[static_cast<std::size_t>(column - 1)];
        };
        const long double term = p.r[k * static_cast<std::size_t>(p.rows) + static_cast<std::size_t>(i)] *
                                 value(p.pairs[f].a) * value(p.pairs[f].b);
        sum += term;
        magnitude += std::abs(term);
      }
      compare(results.moments[k * p.pairs.size() + f], sum, magnitude, where + " moment");
    }
  }
}

TEST(PanelKernels, EveryTailAgreesWithLongDouble) {
  on_every_instruction_set([](const std::string& name) {
    const auto check = [&](const Problem& p, const std::string& where) {
      const Results results = run(p);
      check_densities(p, results, name + ", " + where);
      check_moments(p, results, name + ", " + where);
    };
    for (std::int64_t rows = 1; rows <= 40; ++rows) check(Problem(rows, 2, 2), "rows " + std::to_string(rows));
    for (int d = 1; d <= 9; ++d) check(Problem(37, d, 3), "columns " + std::to_string(d));
    for (int k = 1; k <= 18; ++k) check(Problem(21, 3, k), "components " + std::to_string(k));
    check(Problem(531, 7, 5), "many");
  });
}

TEST(PanelKernels, InstructionSetsWithFusedMultiplyAddGiveTheSameBits) {
  std::vector<Results> all;
  on_every_instruction_set([&](const std::string&) {
    if (kernels::fuses_multiply_add()) all.push_back(run(Problem(531, 7, 13)));
  });
  if (all.size() < 2) GTEST_SKIP() << "only " << all.size() << " instruction set with fused multiply-add here";
  for (std::size_t i = 1; i < all.size(); ++i) {
    EXPECT_TRUE(same_bits(all[i].triangular, all[0].triangular));
    EXPECT_TRUE(same_bits(all[i].diagonal, all[0].diagonal));
    EXPECT_TRUE(same_bits(all[i].moments, all[0].moments));
  }
}

// What is served together must not depend on company: components fall into tiles of different shapes.
TEST(PanelKernels, AComponentDoesNotDependOnItsNeighbours) {
  const Problem all(75, 4, 13);
  const Results together = run(all);
  for (int k = 1; k < 13; ++k) {
    Problem some = all;
    some.k = k;
    const Results few = run(some);
    EXPECT_TRUE(std::equal(few.triangular.begin(), few.triangular.end(), together.triangular.begin())) << k;
    EXPECT_TRUE(std::equal(few.diagonal.begin(), few.diagonal.end(), together.diagonal.begin())) << k;
    EXPECT_TRUE(std::equal(few.moments.begin(), few.moments.end(), together.moments.begin())) << k;
  }
}

TEST(PanelKernels, RowsAreCenteredAnewWhateverTheMemoryHeld) {
  kernels::CenteredRows centered;
  for (const std::int64_t rows : {40, 7, 70, 33}) {
    const Problem p(rows, 3, 1);
    centered.assign(p.panel, p.point.data());
    kernels::CenteredRows copy = centered;  // lies elsewhere in memory
    copy.assign(p.panel, p.point.data());
    for (const auto* c : {&centered, &copy}) {
      for (std::int64_t i = 0; i < rows; ++i) {
        EXPECT_EQ(c->column(0)[i], 1);
        for (int j = 0; j < 3; ++j)
          EXPECT_EQ(c->column(1 + j)[i], p.panel(i, j) - p.point[static_cast<std::size_t>(j)]);
      }
    }
  }
}

TEST(PanelKernels, ChosenRowsAreCenteredAsTheWholeIs) {
  const Problem p(70, 3, 1);
  const std::vector<std::int32_t> chosen{69, 3, 3, 40, 0};
  kernels::CenteredRows whole, some;
  whole.assign(p.panel, p.point.data());
  some.assign(p.panel, p.point.data(), chosen);
  ASSERT_EQ(some.rows(), chosen.size());
  for (int j = 0; j <= 3; ++j) {
    for (std::size_t i = 0; i < chosen.size(); ++i) EXPECT_EQ(some.column(j)[i], whole.column(j)[chosen[i]]);
    for (std::size_t i = chosen.size(); j > 0 && i < some.padded_rows(); ++i) EXPECT_EQ(some.column(j)[i], 0);
  }
}

TEST(PanelKernels, LargestStatesAndSelection) {
  on_every_instruction_set([](const std::string& name) {
    for (std::int64_t rows = 1; rows <= 20; ++rows) {
      auto v = normals(static_cast<std::size_t>(rows * 5), 8);
      for (double& value : v) value = std::round(value);  // ties among them
      const ConstPanel p{v.data(), rows, 5, rows};
      const auto n = static_cast<std::size_t>(rows);
      std::vector<double> largest(n);
      std::vector<std::int32_t> state(n), selected(n), expected;
      kernels::largest_states(p, largest.data(), state.data());
      for (std::int64_t i = 0; i < rows; ++i) {
        int best = 0;
        for (int k = 1; k < 5; ++k) best = p(i, k) > p(i, best) ? k : best;
        EXPECT_EQ(state[static_cast<std::size_t>(i)], best) << name;
        EXPECT_EQ(largest[static_cast<std::size_t>(i)], p(i, best)) << name;
        if (p(i, 1) >= largest[static_cast<std::size_t>(i)]) expected.push_back(static_cast<std::int32_t>(i));
      }
      selected.resize(kernels::select_at_least({p.column(1), n}, largest.data(), selected.data()));
      EXPECT_EQ(selected, expected) << name;
    }
  });
}

}  // namespace
}  // namespace jensen
