// Kernels over chosen rows against long double, on every instruction set that this processor has.
#include "math/chosen_rows.h"

#include <gtest/gtest.h>
#include <jensen/math/cholesky.h>

#include <cmath>
#include <limits>

#include "support/instruction_sets.h"
#include "support/normals.h"

namespace jensen {
namespace {

using support::normals;
using support::on_every_instruction_set;

// Rows that lie apart from each other by more than they are long, some of them, and weights.
struct Problem {
  Problem(int columns, std::size_t count)
      : d(columns),
        stride(columns + 3),
        values(normals(static_cast<std::size_t>(60 * stride), 1, 2, 5)),
        point(normals(static_cast<std::size_t>(columns), 2, 1, 5)),
        r(normals(count, 3)) {
    for (std::size_t i = 0; i < count; ++i) {
      chosen.push_back(static_cast<std::int32_t>(7 * i % 60));
      r[i] = std::abs(r[i]);
    }
  }
  RowsInMemory rows() const { return {values.data(), stride}; }
  long double centered(std::size_t i, int j) const {
    return static_cast<long double>(rows().row(chosen[i])[j]) - point[static_cast<std::size_t>(j)];
  }
  int d;
  std::int64_t stride;
  std::vector<double> values, point, r;
  std::vector<std::int32_t> chosen;
};

TEST(ChosenRows, AreCentredAsColumns) {
  on_every_instruction_set([](const std::string& name) {
    for (const int d : {1, 2, 3, 8, 13}) {
      for (std::size_t count = 0; count <= 40; count += count < 20 ? 1 : 20) {
        const Problem p(d, count);
        kernels::CenteredRows x;
        x.assign(p.rows(), d, p.point.data(), p.chosen);
        ASSERT_EQ(x.rows(), count);
        for (std::size_t i = 0; i < x.padded_rows(); ++i) {
          EXPECT_EQ(x.column(0)[i], 1);
          for (int j = 0; j < d; ++j) {
            const double expected = i < count ? static_cast<double>(p.centered(i, j)) : 0;
            EXPECT_EQ(x.column(1 + j)[i], expected) << name << " row " << i << " column " << j;
          }
        }
      }
    }
  });
}

TEST(ChosenRows, BoundsAlongDirections) {
  std::vector<double> first;  // the same bits wherever multiply-adds are fused
  on_every_instruction_set([&](const std::string& name) {
    std::vector<double> all;
    for (const int d : {1, 6, 17}) {
      for (const std::size_t count : {1, 7, 8, 17, 33, 50}) {
        for (const std::size_t terms_count : {1, 3, 4, 13}) {
          const Problem p(d, count);
          kernels::CenteredRows x;
          x.assign(p.rows(), d, p.point.data(), p.chosen);
          const auto directions = normals(terms_count * static_cast<std::size_t>(d), 4);
          std::vector<double> out((count + 1) * terms_count, 99.0);
          std::vector<kernels::DirectionTerm> terms;
          for (std::size_t t = 0; t < terms_count; ++t) {
            terms.push_back({directions.data() + t * static_cast<std::size_t>(d), 3.0 + static_cast<double>(t), -1.5,
                             out.data() + t * (count + 1)});
          }
          kernels::bound_along_directions(x, terms);
          for (std::size_t t = 0; t < terms_count; ++t) {
            for (std::size_t i = 0; i < count; ++i) {
              long double projection = terms[t].distance;
              for (int j = 0; j < d; ++j) projection += terms[t].direction[j] * p.centered(i, j);
              const long double exact = -1.5L - projection * projection / 2;
              EXPECT_NEAR(terms[t].out[i], static_cast<double>(exact), 1e-9 * (10 + static_cast<double>(-exact)))
                  << name << ' ' << d << ' ' << count << ' ' << t;
            }
            EXPECT_EQ(terms[t].out[count], 99) << name;  // not a number too far
          }
          all.insert(all.end(), out.begin(), out.end());
        }
      }
    }
    if (!kernels::fuses_multiply_add()) return;
    if (first.empty()) first = all;
    EXPECT_EQ(all, first) << name;
  });
}

// What overflows on its way may be anything, and bounds nothing.
TEST(ChosenRows, BoundsOfWhatOverflows) {
  on_every_instruction_set([](const std::string& name) {
    const std::vector<double> values{1e300, -1e300, 1e200, 0.0};
    const std::vector<double> point(2, 0.0), direction{1e10, 1e10};
    const std::vector<std::int32_t> chosen{0, 1};
    kernels::CenteredRows x;
    x.assign({values.data(), 2}, 2, point.data(), chosen);
    std::vector<double> out(2);
    const kernels::DirectionTerm term{direction.data(), 0.0, 7.0, out.data()};
    kernels::bound_along_directions(x, {&term, 1});
    EXPECT_EQ(out[0], 7) << name;  // 10³¹⁰ − 10³¹⁰
    EXPECT_EQ(out[1], 7) << name;  // its square
  });
}

TEST(ChosenRows, Moments) {
  std::vector<double> first_bits;
  on_every_instruction_set([&](const std::string& name) {
    std::vector<double> all;
    for (const int d : {1, 2, 7, 8, 9, 16, 29, 65, 130}) {
      for (const std::size_t count : {0, 1, 5, 60, 300}) {
        const Problem p(d, count);
        const auto at = [](int a, int b) { return static_cast<std::size_t>(packed_index(a, b)); };
        double weight = 0.25;  // on top of what is there
        std::vector<double> first(static_cast<std::size_t>(d), 0.5), second(packed_size(d), 0.125);
        kernels::Workspace workspace;
        kernels::add_moments_of_rows(p.rows(), d, p.chosen, p.r.data(), p.point.data(), &weight, first.data(),
                                     second.data(), workspace);
        long double total = 0.25L;
        for (const double r : p.r) total += r;
        EXPECT_NEAR(weight, static_cast<double>(total), 1e-14 * static_cast<double>(total)) << name;
        for (int a = 0; a < d; ++a) {
          long double sum = 0.5L, size = 0.5L;
          for (std::size_t i = 0; i < count; ++i) {
            sum += p.r[i] * p.centered(i, a);
            size += std::abs(p.r[i] * p.centered(i, a));
          }
          EXPECT_NEAR(first[static_cast<std::size_t>(a)], static_cast<double>(sum), 1e-14 * static_cast<double>(size));
          for (int b = 0; b <= a; ++b) {
            sum = size = 0.125L;
            for (std::size_t i = 0; i < count; ++i) {
              const long double product = p.r[i] * p.centered(i, a) * p.centered(i, b);
              sum += product;
              size += std::abs(product);
            }
            EXPECT_NEAR(second[at(a, b)], static_cast<double>(sum), 1e-14 * static_cast<double>(size))
                << name << ' ' << d << ' ' << count << ' ' << a << ' ' << b;
          }
        }
        double same_weight = 0.25;
        std::vector<double> same_first(static_cast<std::size_t>(d), 0.5), squares(static_cast<std::size_t>(d), 0.125);
        kernels::add_squares_of_rows(p.rows(), d, p.chosen, p.r.data(), p.point.data(), &same_weight, same_first.data(),
                                     squares.data(), workspace);
        EXPECT_EQ(same_weight, weight);
        for (int a = 0; a < d; ++a) {
          const auto j = static_cast<std::size_t>(a);
          EXPECT_NEAR(same_first[j], first[j], 1e-13 * (1 + std::abs(first[j])));
          EXPECT_NEAR(squares[j], second[at(a, a)], 1e-13 * squares[j]);
        }
        all.push_back(weight);
        all.insert(all.end(), first.begin(), first.end());
        all.insert(all.end(), second.begin(), second.end());
        all.insert(all.end(), squares.begin(), squares.end());
      }
    }
    if (!kernels::fuses_multiply_add()) return;
    if (first_bits.empty()) first_bits = all;
    EXPECT_EQ(all, first_bits) << name;
  });
}

}  // namespace
}  // namespace jensen
