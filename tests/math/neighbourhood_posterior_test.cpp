// Shares among neighbours against those among all components, on every instruction set that this processor has.
#include "math/neighbourhood_posterior.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "support/instruction_sets.h"
#include "support/normals.h"

namespace jensen {
namespace {

using support::normals;
using support::on_every_instruction_set;

constexpr double unseen = 64 * 0.6931471805599453094;

// Components of unit variances, full or diagonal, and rows that are near them in turn.
struct Problem {
  Problem(int columns, std::size_t count, std::size_t size, bool matrices, double scatter)
      : d(static_cast<std::size_t>(columns)),
        states(count),
        rows(size),
        means(normals(count * d, 1, scatter)),
        scales(d, 1.0),
        values(normals(size * d, 2)),
        log_weights(count) {
    for (std::size_t a = 0; a < d; ++a) {
      for (std::size_t b = 0; b <= a; ++b) factor.push_back(a == b ? 1.0 : 0.1);
    }
    for (std::size_t i = 0; i < values.size(); ++i) values[i] += means[i / d % count * d + i % d];
    for (std::size_t k = 0; k < count; ++k) {
      log_weights[k] = -std::log(static_cast<double>(1 + k));
      const double constant = 0.25 * static_cast<double>(k);
      if (matrices) {
        triangular.push_back({factor.data(), means.data() + k * d, constant, nullptr});
      } else {
        diagonal.push_back({scales.data(), means.data() + k * d, constant, nullptr});
      }
    }
    // All are neighbours of all: nothing is promised.
    for (std::size_t j = 0; j <= count; ++j) all.begin.push_back(j * (count - 1));
    for (std::size_t j = 0; j < count; ++j) {
      for (std::size_t k = 0; k < count; ++k) {
        if (k != j) all.states.push_back(static_cast<std::int32_t>(k));
      }
    }
    all.reach.assign(all.states.size(), 0.0);
    all.furthest = static_cast<double>(d) + 20;
  }
  kernels::NeighbourhoodPosterior posterior(std::uint16_t* likely = nullptr, const double* weights = nullptr) const {
    return {{values.data(), static_cast<std::int64_t>(d)},
            rows,
            triangular,
            diagonal,
            static_cast<int>(d),
            log_weights.data(),
            weights,
            &all,
            -100,
            likely,
            unseen,
            -1e300};
  }
  long double log_joint(std::size_t i, std::size_t k) const {
    long double squares = 0;
    for (std::size_t a = 0; a < d; ++a) {
      long double z = 0;
      for (std::size_t b = triangular.empty() ? a : 0; b <= a; ++b) {
        const long double w = triangular.empty() ? 1.0 : factor[a * (a + 1) / 2 + b];
        z += w * (static_cast<long double>(values[i * d + b]) - means[k * d + b]);
      }
      squares += z * z;
    }
    return log_weights[k] + 0.25L * static_cast<long double>(k) - squares / 2;
  }
  std::size_t d, states, rows;
  std::vector<double> means, factor, scales, values, log_weights;
  std::vector<kernels::TriangularTerm> triangular;
  std::vector<kernels::DiagonalTerm> diagonal;
  kernels::Neighbourhoods all;
};

TEST(NeighbourhoodPosterior, SharesOfWhatCounts) {
  std::vector<double> first_bits;
  on_every_instruction_set([&](const std::string& name) {
    std::vector<double> bits;
    for (const bool matrices : {false, true}) {
      for (const int d : {1, 3, 8, 17}) {
        for (const std::size_t rows : {1, 7, 8, 100, 531}) {
          SCOPED_TRACE(name + ' ' + std::to_string(d) + ' ' + std::to_string(rows));
          const Problem p(d, 5, rows, matrices, 2);
          std::vector<double> weights(rows);
          for (std::size_t i = 0; i < rows; ++i) weights[i] = static_cast<double>(i % 3);
          kernels::SparsePanel r;
          kernels::NeighbourhoodMemory memory;
          std::vector<std::uint16_t> likely(rows);
          const auto got = kernels::posterior_among_neighbours(p.posterior(likely.data(), weights.data()), r, memory);
          std::vector<double> shares(rows * p.states, 0.0);
          ASSERT_EQ(r.begin.size(), p.states + 1);
          for (std::size_t k = 0; k < p.states; ++k) {
            for (std::size_t e = r.begin[k]; e < r.begin[k + 1]; ++e) {
              EXPECT_TRUE(e == r.begin[k] || r.rows[e - 1] < r.rows[e]);
              shares[static_cast<std::size_t>(r.rows[e]) * p.states + k] = r.values[e];
            }
          }
          long double log_likelihood = 0, entropy = 0, size = 0;
          for (std::size_t i = 0; i < rows; ++i) {
            long double largest = p.log_joint(i, 0);
            std::size_t best = 0;
            for (std::size_t k = 1; k < p.states; ++k) {
              if (p.log_joint(i, k) > largest) best = k;
              largest = std::max(largest, p.log_joint(i, k));
            }
            EXPECT_EQ(likely[i], best + 1);
            long double total = 0;
            for (std::size_t k = 0; k < p.states; ++k) total += std::exp(p.log_joint(i, k) - largest);
            log_likelihood += weights[i] * (largest + std::log(total));
            size += weights[i] * std::abs(largest);
            for (std::size_t k = 0; k < p.states; ++k) {
              const long double q = std::exp(p.log_joint(i, k) - largest) / total;
              entropy -= q > 0 ? weights[i] * q * std::log(q) : 0;
              const bool counts = p.log_joint(i, k) - largest >= p.log_weights[k] - unseen && weights[i] > 0;
              const double share = shares[i * p.states + k];
              EXPECT_NEAR(share, counts ? static_cast<double>(weights[i] * q) : 0.0, 1e-12 * share);
            }
          }
          EXPECT_NEAR(got.log_likelihood, static_cast<double>(log_likelihood), 1e-14 * static_cast<double>(size + 1));
          EXPECT_NEAR(got.entropy, static_cast<double>(entropy), 1e-12 * static_cast<double>(entropy + 1));
          bits.insert(bits.end(), {got.log_likelihood, got.entropy, got.weight});
          bits.insert(bits.end(), r.values.begin(), r.values.end());

          // What is noted decides where rows are looked for, and no bit.
          for (const std::uint16_t wrong : {std::uint16_t{0}, std::uint16_t{2}, std::uint16_t{99}}) {
            std::vector<std::uint16_t> other(rows, wrong);
            kernels::SparsePanel same;
            const auto again =
                kernels::posterior_among_neighbours(p.posterior(other.data(), weights.data()), same, memory);
            EXPECT_EQ(same.values, r.values);
            EXPECT_EQ(same.rows, r.rows);
            EXPECT_EQ(again.log_likelihood, got.log_likelihood);
            EXPECT_EQ(again.entropy, got.entropy);
            EXPECT_EQ(other, likely);
          }
        }
      }
    }
    if (!kernels::fuses_multiply_add()) return;
    if (first_bits.empty()) first_bits = bits;
    EXPECT_EQ(bits, first_bits) << name;
  });
}

// A component that is promised to be too little is not looked at, though it is not: what is looked at decides.
TEST(NeighbourhoodPosterior, NeighboursAlone) {
  Problem p(4, 3, 200, true, 1);
  p.all.reach.assign(p.all.states.size(), 1e300);
  kernels::SparsePanel r;
  kernels::NeighbourhoodMemory memory;
  std::vector<std::uint16_t> likely(p.rows, 2);
  kernels::posterior_among_neighbours(p.posterior(likely.data()), r, memory);
  std::size_t near = 0;
  for (std::size_t i = 0; i < p.rows; ++i) {
    const double square = -2 * static_cast<double>(p.log_joint(i, 1) - p.log_weights[1] - 0.25L);
    near += square <= p.all.furthest ? 1 : 0;
  }
  EXPECT_GT(near, 0U);
  EXPECT_EQ(static_cast<std::size_t>(std::count(likely.begin(), likely.end(), 2)), near);
}

// Rows about which nothing is said: too far from where they were, or unlikely altogether.
TEST(NeighbourhoodPosterior, RowsElsewhereSeeAllComponents) {
  Problem p(4, 6, 300, false, 9);
  kernels::SparsePanel r, all;
  kernels::NeighbourhoodMemory memory;
  const auto expected = kernels::posterior_among_neighbours(p.posterior(), all, memory);
  p.all.reach.assign(p.all.states.size(), 1e300);  // true of these means, but for what is further away than `furthest`
  std::vector<std::uint16_t> likely(p.rows, 1);
  const auto got = kernels::posterior_among_neighbours(p.posterior(likely.data()), r, memory);
  EXPECT_EQ(got.log_likelihood, expected.log_likelihood);
  EXPECT_EQ(r.values, all.values);
  auto unlikely = p.posterior(likely.data());
  unlikely.near = 1e300;
  kernels::posterior_among_neighbours(unlikely, r, memory);
  EXPECT_EQ(memory.order.size(), (p.rows + 7) / 8 * 8);  // all of them once more, as of no component
}

}  // namespace
}  // namespace jensen
