// Kernels over a block and many components against long double, on every instruction set that this processor has.
#include <gtest/gtest.h>
#include <jensen/math/cholesky.h>
#include <jensen/math/kernels.h>
#include <jensen/math/panel_kernels.h>

#include <cmath>
#include <limits>

#include "support/instruction_sets.h"
#include "support/normals.h"
#include "support/panel_problem.h"

namespace jensen {
namespace {

using support::compare;
using support::normals;
using support::on_every_instruction_set;
using support::same_bits;
using Problem = support::PanelProblem;

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
      compare(results.moments[f * static_cast<std::size_t>(p.k) + k], sum, magnitude, where + " moment");
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
    for (const int k : {1, 2, 5}) check(Problem(300, 24, k), "many columns, few components");
  });
}

TEST(PanelKernels, InstructionSetsWithFusedMultiplyAddGiveTheSameBits) {
  std::vector<Results> all, few_components;
  on_every_instruction_set([&](const std::string&) {
    if (!kernels::fuses_multiply_add()) return;
    all.push_back(run(Problem(531, 7, 13)));
    few_components.push_back(run(Problem(300, 24, 5)));
  });
  if (all.size() < 2) GTEST_SKIP() << "only " << all.size() << " instruction set with fused multiply-add here";
  for (std::size_t i = 1; i < all.size(); ++i) {
    EXPECT_TRUE(same_bits(all[i].triangular, all[0].triangular));
    EXPECT_TRUE(same_bits(all[i].diagonal, all[0].diagonal));
    EXPECT_TRUE(same_bits(all[i].moments, all[0].moments));
    EXPECT_TRUE(same_bits(few_components[i].moments, few_components[0].moments));
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
    for (std::size_t at = 0; at < few.moments.size(); ++at) {
      const auto count = static_cast<std::size_t>(k);
      EXPECT_EQ(few.moments[at], together.moments[at / count * 13 + at % count]) << k;
    }
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

// What floats can say: every term of a sum to a few roundings of a float.
void compare_single(double got, long double expected, long double magnitude, const std::string& where) {
  EXPECT_NEAR(got, static_cast<double>(expected), static_cast<double>(2e-6L * (magnitude + 1))) << where;
}

struct SingleResults {
  std::vector<float> triangular, diagonal;
  std::vector<double> moments;
};

SingleResults run_single(const Problem& p) {
  const auto d = static_cast<std::size_t>(p.d);
  const auto n = static_cast<std::size_t>(p.rows);
  const auto count = static_cast<std::size_t>(p.k);
  const std::vector<double> scale(d, 0.5);
  kernels::SingleCenteredRows centered;
  centered.assign(p.panel, p.point.data(), scale.data());
  const auto narrow = [](const std::vector<double>& v) { return std::vector<float>(v.begin(), v.end()); };
  const auto triangles = narrow(p.triangles), scales = narrow(p.scales), offsets = narrow(p.offsets), r = narrow(p.r);
  SingleResults results{std::vector<float>(n * count, 0.25F), std::vector<float>(n * count, 0.25F),
                        std::vector<double>(p.pairs.size() * count, 0.125)};
  std::vector<kernels::SingleTriangularTerm> triangular;
  std::vector<kernels::SingleDiagonalTerm> diagonal;
  std::vector<const float*> columns;
  for (std::size_t k = 0; k < count; ++k) {
    const float* offset = offsets.data() + k * d;
    triangular.push_back({triangles.data() + k * packed_size(p.d), offset, -1.5F, results.triangular.data() + k * n});
    diagonal.push_back({scales.data() + k * d, offset, -1.5F, results.diagonal.data() + k * n});
    columns.push_back(r.data() + k * n);
  }
  kernels::add_triangular_log_densities(centered, triangular);
  kernels::add_diagonal_log_densities(centered, p.d, diagonal);
  kernels::add_pair_moments(centered, p.pairs, columns, results.moments.data());
  return results;
}

TEST(PanelKernels, FloatsAgreeWithLongDouble) {
  on_every_instruction_set([](const std::string& name) {
    const auto check = [&](const Problem& p, const std::string& where) {
      const SingleResults results = run_single(p);
      for (std::size_t k = 0; k < static_cast<std::size_t>(p.k); ++k) {
        const auto c = [&](std::int64_t i, int column) -> long double {
          return column == 0 ? 1 : (p.panel(i, column - 1) - p.point[static_cast<std::size_t>(column - 1)]) / 2;
        };
        for (std::int64_t i = 0; i < p.rows; ++i) {
          long double squares = 0, scaled = 0, magnitude = 0;
          for (int a = 0; a < p.d; ++a) {
            const std::size_t at = k * static_cast<std::size_t>(p.d) + static_cast<std::size_t>(a);
            long double z = -static_cast<long double>(p.offsets[at]), size = std::abs(z);
            for (int b = 0; b <= a; ++b) {
              const long double term = p.triangles[k * packed_size(p.d) + packed_index(a, b)] * c(i, b + 1);
              z += term;
              size += std::abs(term);
            }
            squares += z * z;
            const long double own = p.scales[at] * c(i, a + 1) - p.offsets[at];
            scaled += own * own;
            magnitude += size * size + own * own + p.offsets[at] * p.offsets[at];
          }
          const std::size_t at = k * static_cast<std::size_t>(p.rows) + static_cast<std::size_t>(i);
          compare_single(static_cast<double>(results.triangular[at]), -1.25L - squares / 2, magnitude, name + where);
          compare_single(static_cast<double>(results.diagonal[at]), -1.25L - scaled / 2, magnitude, name + where);
        }
        for (std::size_t f = 0; f < p.pairs.size(); ++f) {
          long double sum = 0.125L, magnitude = 0;
          for (std::int64_t i = 0; i < p.rows; ++i) {
            const long double term = p.r[k * static_cast<std::size_t>(p.rows) + static_cast<std::size_t>(i)] *
                                     c(i, p.pairs[f].a) * c(i, p.pairs[f].b);
            sum += term;
            magnitude += std::abs(term);
          }
          compare_single(results.moments[f * static_cast<std::size_t>(p.k) + k], sum, magnitude,
                         name + where + " moment");
        }
      }
    };
    for (const std::int64_t rows : {1, 7, 8, 15, 16, 17, 31, 33, 64, 65, 129}) {
      check(Problem(rows, 2, 2), ", rows " + std::to_string(rows));
    }
    for (int d = 1; d <= 9; ++d) check(Problem(37, d, 3), ", columns " + std::to_string(d));
    for (int k = 1; k <= 12; ++k) check(Problem(21, 3, k), ", components " + std::to_string(k));
    check(Problem(531, 7, 5), ", many");
    check(Problem(100, 17, 3), ", many columns, few components");
  });
}

TEST(PanelKernels, FloatsHaveTheSameBitsOnInstructionSetsWithFusedMultiplyAdd) {
  std::vector<SingleResults> all;
  on_every_instruction_set([&](const std::string&) {
    if (kernels::fuses_multiply_add()) all.push_back(run_single(Problem(531, 7, 13)));
  });
  if (all.size() < 2) GTEST_SKIP() << "only " << all.size() << " instruction set with fused multiply-add here";
  for (std::size_t i = 1; i < all.size(); ++i) {
    EXPECT_EQ(all[i].triangular, all[0].triangular);
    EXPECT_EQ(all[i].diagonal, all[0].diagonal);
    EXPECT_TRUE(same_bits(all[i].moments, all[0].moments));
  }
}

// Normalising in float: responsibilities, entropy and log-likelihood against long double, with weights and every tail.
TEST(PanelKernels, NormalizesFloats) {
  on_every_instruction_set([](const std::string& name) {
    for (const std::int64_t rows : {1, 5, 16, 23, 64, 71, 200}) {
      for (const bool weighted : {false, true}) {
        constexpr int states = 4;
        const std::int64_t stride = (rows + 15) / 16 * 16 + 16;
        const auto source = normals(static_cast<std::size_t>(stride * states), 9, 30);
        std::vector<float> values(source.begin(), source.end());
        values[0] = -std::numeric_limits<float>::infinity();
        const auto before = values;
        std::vector<double> weights;
        for (std::int64_t i = 0; weighted && i < rows; ++i) weights.push_back(static_cast<double>(i % 3) * 1e60);
        const double unit = weighted ? 0x1p200 : 1;
        const auto got = kernels::normalize(BasicPanel<float>{values.data(), rows, states, stride}, weights, unit);
        long double log_likelihood = 0, entropy = 0, weight = 0;
        for (std::int64_t i = 0; i < rows; ++i) {
          const auto at = [&](int k) { return static_cast<std::size_t>(i + k * stride); };
          long double largest = before[at(1)], total = 0;
          for (int k = 0; k < states; ++k) largest = std::max(largest, static_cast<long double>(before[at(k)]));
          for (int k = 0; k < states; ++k) total += std::exp(before[at(k)] - largest);
          const long double w = weighted ? weights[static_cast<std::size_t>(i)] : 1;
          log_likelihood += w * (largest + std::log(total));
          weight += w;
          for (int k = 0; k < states; ++k) {
            const long double below = before[at(k)] - largest;  // rounded to a float, which rounds e to its power
            const long double q = std::exp(below) / total;
            if (q > 0) entropy -= w * q * std::log(q);
            const long double size = w / unit * q * (q > 0 ? 1e-6L - 1.2e-7L * below : 0);
            EXPECT_NEAR(static_cast<double>(values[at(k)]), static_cast<double>(w / unit * q),
                        static_cast<double>(size) + 1e-37)
                << name << " row " << i << " state " << k;
          }
        }
        const double scale = static_cast<double>(weight) * 1e-6;
        EXPECT_NEAR(got.log_likelihood, static_cast<double>(log_likelihood), 30 * scale) << name;
        EXPECT_NEAR(got.entropy, static_cast<double>(entropy), scale) << name;
        EXPECT_NEAR(got.weight, static_cast<double>(weight), 1e-12 * static_cast<double>(weight)) << name;
      }
    }
  });
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
