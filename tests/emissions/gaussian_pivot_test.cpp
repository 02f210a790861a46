// Components are served about a common pivot only where no digits that count are lost: log-densities and moments
// against long double, from components at the pivot to narrow ones a million standard deviations away.
#include <gtest/gtest.h>
#include <jensen/emissions/gaussian.h>
#include <jensen/math/cholesky.h>
#include <jensen/math/kernels.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "support/normals.h"

namespace jensen {
namespace {

using support::normals;

constexpr int d = 5;
constexpr int components = 3;
constexpr std::int64_t rows = 300;

// Means `distance` standard deviations apart, correlated columns whose standard deviations are `width`.
struct Clusters {
  Clusters(Covariance structure, double distance, double width) : gaussian(components, d, structure) {
    std::vector<double> means = normals(components * d, 1, distance * width, 7 * distance * width);
    std::vector<double> covariances;
    const auto factors = normals(components * packed_size(d), 2, 0.6);
    for (int k = 0; k < (structure == Covariance::tied ? 1 : components); ++k) {
      const double* l = factors.data() + static_cast<std::size_t>(k) * packed_size(d);
      for (int a = 0; a < d; ++a) {
        for (int b = 0; b <= a; ++b) {
          double value = a == b ? 0.1 : 0;
          for (int c = 0; c <= b; ++c) value += l[packed_index(a, c)] * l[packed_index(b, c)];
          value *= width * width;
          const bool matrix = structure == Covariance::full || structure == Covariance::tied;
          if (matrix || (a == b && (structure == Covariance::diagonal || a == 0))) covariances.push_back(value);
        }
      }
    }
    gaussian.set(means, covariances);
    x = normals(rows * d, 3, width);
    for (std::int64_t i = 0; i < rows; ++i) {
      for (int j = 0; j < d; ++j) {
        const double mean = gaussian.mean(static_cast<int>(i % components))[static_cast<std::size_t>(j)];
        x[static_cast<std::size_t>(i + j * rows)] += mean;
      }
    }
    block.x = {x.data(), rows, d, rows};
  }
  Gaussian gaussian;
  std::vector<double> x;
  Block block;
};

struct Whitened {
  explicit Whitened(const Gaussian& g) {
    for (int k = 0; k < components; ++k) factors.push_back(cholesky(g.covariance(k), d));
  }
  // W (x − mean) in long double, from W as it is in double
  std::vector<long double> of(const Clusters& c, std::int64_t i, int k) const {
    std::vector<long double> z(d, 0);
    for (int a = 0; a < d; ++a) {
      for (int b = 0; b <= a; ++b) {
        const long double deviation =
            static_cast<long double>(c.block.x(i, b)) - c.gaussian.mean(k)[static_cast<std::size_t>(b)];
        z[static_cast<std::size_t>(a)] += factors[static_cast<std::size_t>(k)].inverse[packed_index(a, b)] * deviation;
      }
    }
    return z;
  }
  std::vector<Cholesky> factors;
};

constexpr Covariance structures[] = {Covariance::full, Covariance::tied, Covariance::diagonal, Covariance::spherical};

template <class Body>
void for_each_case(Body body) {
  for (const auto structure : structures) {
    for (const double distance : {0.1, 3.0, 7.0, 10.0, 14.0, 30.0, 100.0, 1e4, 1e6}) {
      for (const double width : {1e-6, 1.0, 1e5}) {
        const std::string name = to_string(structure) + ", " + std::to_string(distance) + " sd apart";
        body(Clusters(structure, distance, width), name);
      }
    }
  }
}

// Of rows near the component, whose density counts.
TEST(GaussianPivot, LogDensitiesAtEveryDistance) {
  for_each_case([](const Clusters& c, const std::string& name) {
    const Whitened whitened(c.gaussian);
    std::vector<double> density(rows * components, 0.0);
    Gaussian::Scratch scratch;
    c.gaussian.add_log_density(c.block, {density.data(), rows, components, rows}, scratch);
    double worst = 0;
    for (int k = 0; k < components; ++k) {
      const double log_determinant = whitened.factors[static_cast<std::size_t>(k)].log_determinant;
      for (std::int64_t i = 0; i < rows; ++i) {
        long double squares = 0;
        for (const long double z : whitened.of(c, i, k)) squares += z * z;
        if (squares > 100) continue;
        const long double expected = -0.5L * (d * std::log(2 * std::numbers::pi) + log_determinant + squares);
        worst =
            std::max(worst, std::abs(static_cast<double>(density[static_cast<std::size_t>(i + k * rows)] - expected)));
      }
    }
    EXPECT_LT(worst, 2e-13) << name;
  });
}

TEST(GaussianPivot, MomentsAtEveryDistance) {
  for_each_case([](const Clusters& c, const std::string& name) {
    const Layout layout = c.gaussian.layout();
    std::vector<double> sum(layout.sum), about(layout.about);
    c.gaussian.reference(about);
    std::vector<double> r(rows * components, 0.0);  // each row to its own component alone
    for (std::int64_t i = 0; i < rows; ++i) {
      r[static_cast<std::size_t>(i + i % components * rows)] = 0.5 + 0.001 * static_cast<double>(i);
    }
    Gaussian::Scratch scratch;
    c.gaussian.accumulate(c.block, {r.data(), rows, components, rows}, {sum, about}, scratch);
    double worst = 0;
    for (int k = 0; k < components && c.gaussian.covariance_structure() != Covariance::tied; ++k) {
      long double weight = 0;
      std::vector<long double> first(d, 0), second(packed_size(d), 0);
      for (std::int64_t i = k; i < rows; i += components) {
        const long double w = r[static_cast<std::size_t>(i + k * rows)];
        const auto deviation = [&](int j) {
          return static_cast<long double>(c.block.x(i, j)) - c.gaussian.mean(k)[static_cast<std::size_t>(j)];
        };
        weight += w;
        for (int a = 0; a < d; ++a) {
          first[static_cast<std::size_t>(a)] += w * deviation(a);
          for (int b = 0; b <= a; ++b) second[packed_index(a, b)] += w * deviation(a) * deviation(b);
        }
      }
      // errors in units of the component's own spread
      const auto sd = [&](int j) { return std::sqrt(second[packed_index(j, j)] / weight); };
      const auto note = [&](double got, long double expected, long double unit) {
        worst = std::max(worst, static_cast<double>(std::abs(got - expected) / (weight * unit)));
      };
      note(sum[static_cast<std::size_t>(k)], weight, 1);
      const double* own_second = sum.data() + components * (1 + d);
      long double trace = 0, spread = 0;
      for (int a = 0; a < d; ++a) {
        note(sum[static_cast<std::size_t>(components + k * d + a)], first[static_cast<std::size_t>(a)], sd(a));
        trace += second[packed_index(a, a)];
        spread += sd(a) * sd(a);
        if (c.gaussian.covariance_structure() == Covariance::diagonal) {
          note(own_second[k * d + a], second[packed_index(a, a)], sd(a) * sd(a));
        }
        for (int b = 0; b <= a && c.gaussian.covariance_structure() == Covariance::full; ++b) {
          note(own_second[static_cast<std::size_t>(k) * packed_size(d) + packed_index(a, b)],
               second[packed_index(a, b)], sd(a) * sd(b));
        }
      }
      if (c.gaussian.covariance_structure() == Covariance::spherical) note(own_second[k], trace, spread);
    }
    EXPECT_LT(worst, 2e-13) << name;
  });
}

// The E-step at one go is that of the steps, about the pivot or about means, from columns or from rows.
TEST(GaussianPivot, OneGoAtEveryDistance) {
  for_each_case([](const Clusters& c, const std::string& name) {
    const Layout layout = c.gaussian.layout();
    std::vector<double> about(layout.about), sum(layout.sum), weights(components);
    c.gaussian.reference(about);
    const std::vector<double> log_weights{std::log(0.5), std::log(0.3), std::log(0.2)};
    std::vector<double> panel(rows * components);
    for (std::size_t i = 0; i < panel.size(); ++i) panel[i] = log_weights[i / rows];
    const Panel p{panel.data(), rows, components, rows};
    Gaussian::Scratch scratch;
    c.gaussian.add_log_density(c.block, p, scratch);
    const auto steps = kernels::normalize(p, {}, nullptr);
    c.gaussian.accumulate(c.block, p, {sum, about}, scratch);

    std::vector<double> side_by_side(c.x.size());
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < d; ++j) side_by_side[i * d + j] = c.x[i + j * rows];
    }
    Block by_row = c.block;
    by_row.x.data = nullptr;
    by_row.by_row = {side_by_side.data(), d};
    for (const Block& block : {c.block, by_row}) {
      for (const double negligible : {0.0, 0x1p-64}) {
        std::vector<double> own(layout.sum), own_weights(components);
        const auto evidence =
            c.gaussian.expect_posterior(block, log_weights, negligible, own_weights, {own, about}, scratch);
        ASSERT_TRUE(evidence.has_value()) << name;
        EXPECT_NEAR(evidence->log_likelihood, steps.log_likelihood, 1e-12 * std::abs(steps.log_likelihood)) << name;
        EXPECT_NEAR(evidence->entropy, steps.entropy, 1e-11 * rows) << name;
        for (int k = 0; k < components; ++k) {
          EXPECT_NEAR(own_weights[static_cast<std::size_t>(k)], sum[static_cast<std::size_t>(k)], 1e-11 * rows) << name;
        }
        double largest = 0;  // moments of each order in units of the largest
        for (int order = 1; order <= 2; ++order) {
          const std::size_t begin = order == 1 ? components : components * (1 + d);
          const std::size_t end = order == 1 ? components * (1 + d) : layout.sum;
          for (std::size_t i = begin; i < end; ++i) largest = std::max(largest, std::abs(sum[i]));
          for (std::size_t i = begin; i < end; ++i) EXPECT_NEAR(own[i], sum[i], 1e-11 * largest) << name << ", " << i;
        }
      }
    }
  });
}

// Statistics may be wanted about points that are not the object's own means.
TEST(GaussianPivot, MomentsAboutOtherPointsAreTheMovedOnes) {
  for (const auto structure : structures) {
    const Clusters c(structure, 3, 1);
    const Layout layout = c.gaussian.layout();
    std::vector<double> r = normals(rows * components, 5);
    for (double& value : r) value = std::abs(value);
    const ConstPanel panel{r.data(), rows, components, rows};
    Gaussian::Scratch scratch;
    std::vector<double> own(layout.sum), about(layout.about), elsewhere(layout.sum), moved(layout.sum);
    c.gaussian.reference(about);
    std::vector<double> others = about;
    for (double& value : others) value += 0.5;
    c.gaussian.accumulate(c.block, panel, {own, about}, scratch);
    c.gaussian.accumulate(c.block, panel, {elsewhere, others}, scratch);
    c.gaussian.move({elsewhere, others}, {moved, about});
    for (std::size_t i = 0; i < own.size(); ++i) EXPECT_NEAR(moved[i], own[i], 1e-11 * (1 + std::abs(own[i])));
  }
}

}  // namespace
}  // namespace jensen
