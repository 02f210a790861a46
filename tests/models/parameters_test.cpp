#include <gtest/gtest.h>
#include <jensen/models/parameters.h>

#include <bit>
#include <cmath>

#include "support/refusal.h"

namespace jensen {
namespace {

// One of every kind.
Parameters every_kind() {
  Parameters theta;
  theta.real("slope", -1.5);
  theta.real("effects", {0.25, 3});
  theta.positive("rate", 2.5);
  theta.positive("scales", {1e-8, 1e8});
  theta.probability("share", 0.125);
  theta.interval("angle", 0.3, -1, 2);
  theta.simplex("pi", {0.5, 0.3, 0.2});
  theta.ordered("cuts", {-1, 0.5, 4});
  theta.covariance("sigma", {2, 0.6, 1.5, -0.3, 0.2, 1});
  theta.correlation("rho", {1, 0.5, 1, -0.25, 0.1, 1});
  return theta;
}

TEST(Parameters, AreListedByNameInTheOrderOfDeclaration) {
  Parameters theta;
  theta.real("b", {1, 2});
  theta.positive("a", 3);
  theta.correlation("r", {1, 0.5, 1, 0.25, 0.1, 1});
  theta.covariance("s", {2, 1, 3});
  EXPECT_EQ(theta.names(), (std::vector<std::string>{"b[0]", "b[1]", "a", "r[1,0]", "r[2,0]", "r[2,1]", "s[0,0]",
                                                     "s[1,0]", "s[1,1]"}));
  EXPECT_EQ(theta.values(), (std::vector<double>{1, 2, 3, 0.5, 0.25, 0.1, 2, 1, 3}));
  EXPECT_EQ(theta.coordinates(), 9);
}

TEST(Parameters, KeepTheirBits) {
  Parameters theta = every_kind();
  const auto values = theta.values();
  theta.set_values(values);
  const auto again = theta.values();
  for (std::size_t j = 0; j < values.size(); ++j) {
    EXPECT_EQ(std::bit_cast<std::uint64_t>(values[j]), std::bit_cast<std::uint64_t>(again[j])) << theta.names()[j];
  }
}

TEST(Parameters, TransformsInvertEachOther) {
  Parameters theta = every_kind();
  const auto values = theta.values();
  const auto u = theta.unconstrained();
  ASSERT_EQ(static_cast<int>(u.size()), theta.coordinates());
  theta.set_unconstrained(u);
  const auto again = theta.values();
  for (std::size_t j = 0; j < values.size(); ++j) {
    EXPECT_NEAR(again[j], values[j], 1e-14 * std::max(1.0, std::abs(values[j]))) << theta.names()[j];
  }
}

// Anywhere in ℝ^p there are parameters inside their domains.
TEST(Parameters, EveryCoordinateLeadsIntoTheDomain) {
  Parameters theta = every_kind();
  std::vector<double> u(static_cast<std::size_t>(theta.coordinates()));
  for (std::size_t j = 0; j < u.size(); ++j) u[j] = 2.5 * std::sin(7.0 * static_cast<double>(j) + 1);
  theta.set_unconstrained(u);
  const auto back = theta.unconstrained();
  for (std::size_t j = 0; j < u.size(); ++j) EXPECT_NEAR(back[j], u[j], 1e-10) << j;
  const auto values = theta.values();
  theta.set_values(values);  // checks all domains
  EXPECT_NEAR(values[8] + values[9] + values[10], 1, 1e-15);
  EXPECT_LT(values[11], values[12]);
}

TEST(Parameters, DerivativesOfEveryTransformMatchDifferences) {
  Parameters theta = every_kind();
  const auto u = theta.unconstrained();
  // A function that mixes all values, so that a wrong derivative of any shows.
  const auto f = [&](const auto& values, std::size_t count) {
    using T = ScalarOf<decltype(values)>;
    T total(0);
    const auto all = values[VectorParameter{0, count}];
    for (std::size_t i = 0; i < count; ++i)
      total += (1 + 0.1 * static_cast<double>(i)) * all[i] / (2.0 + all[i] * all[i]);
    return total;
  };
  constexpr std::size_t count = 26;
  const auto dual = f(theta.variables<Dual<>>(u), count);
  const auto plain = [&](std::vector<double> at) { return f(theta.at(std::span<const double>(at)), count); };
  EXPECT_NEAR(dual.value(), plain(u), 1e-12);
  for (std::size_t a = 0; a < u.size(); ++a) {
    const double h = 1e-3;
    const auto moved = [&](double s, std::size_t b, double t) {
      auto v = u;
      v[a] += s * h;
      v[b] += t * h;
      return plain(v);
    };
    const double slope = (8 * (moved(1, a, 0) - moved(-1, a, 0)) - (moved(2, a, 0) - moved(-2, a, 0))) / (12 * h);
    EXPECT_NEAR(dual.gradient(static_cast<int>(a)), slope, 1e-8) << "coordinate " << a;
    for (std::size_t b = 0; b < a; ++b) {
      const double bend = (moved(1, b, 1) - moved(1, b, -1) - moved(-1, b, 1) + moved(-1, b, -1)) / (4 * h * h);
      EXPECT_NEAR(dual.hessian(static_cast<int>(a), static_cast<int>(b)), bend, 2e-5) << a << ", " << b;
    }
  }
}

TEST(Parameters, HandlesReadWhatWasDeclared) {
  Parameters theta;
  const auto slope = theta.real("slope", -1.5);
  const auto pi = theta.simplex("pi", {0.25, 0.75});
  const auto rho = theta.correlation("rho", {1, 0.5, 1});
  const auto at = theta.plain();
  EXPECT_EQ(at[slope], -1.5);
  EXPECT_EQ(at[pi][1], 0.75);
  EXPECT_EQ(at[rho](0, 1), 0.5);
  EXPECT_EQ(at[rho](1, 1), 1);
}

TEST(Parameters, RefuseWhatLiesOutsideTheirDomainByName) {
  using support::refusal;
  Parameters theta;
  const auto says = [&](const std::function<void()>& call, const std::string& what) {
    const std::string message = refusal<ArgumentError>(call);
    EXPECT_NE(message.find(what), std::string::npos) << message;
  };
  says([&] { theta.positive("rate", 0); }, "rate: must be > 0, got 0");
  says([&] { theta.positive("rates", {1, -2}); }, "rates: must be > 0, got -2");
  says([&] { theta.probability("p", 1); }, "p: must lie between 0 and 1, got 1");
  says([&] { theta.interval("a", 3, 0, 2); }, "a: must lie between 0 and 2, got 3");
  says([&] { theta.interval("a", 3, 2, 2); }, "a: must have a finite interval");
  says([&] { theta.simplex("pi", {0.5, 0.4}); }, "pi: must sum to 1, got 0.9");
  says([&] { theta.simplex("pi", {1, 0}); }, "pi: must be > 0 everywhere");
  says([&] { theta.ordered("cuts", {1, 1}); }, "cuts: must rise, got 1 after 1");
  says([&] { theta.covariance("s", {1, 2, 1}); }, "s: must be positive definite");
  says([&] { theta.covariance("s", {1, 2}); }, "s: is a packed triangle");
  says([&] { theta.correlation("r", {1, 0.5, 2}); }, "r: must have ones on its diagonal");
  says([&] { theta.real("x", NAN); }, "x: holds nan");
  says([&] { theta.real("", 1); }, "name: must not be empty");
  theta.real("x", 1);
  says([&] { theta.positive("x", 1); }, "x: is there already");
  says([&] { theta.set_values(std::vector<double>{1, 2}); }, "values: must be 1 numbers, got 2");
  theta.positive("y", 1);
  says([&] { theta.set_values(std::vector<double>{1, -2}); }, "y: must be > 0, got -2");
  says([&] { theta.set_unconstrained(std::vector<double>{1, 800}); }, "y: holds inf");
  EXPECT_EQ(theta.values(), (std::vector<double>{1, 1}));  // a refusal changes nothing
}

// Against the density written out for d = 2, and its derivative in the deviation's mean.
TEST(NormalLogDensity, MatchesTheFormulaInTwoDimensions) {
  const std::vector<double> sigma{2, 0.6, 1.5};
  const std::vector<double> x{0.7, -1.1};
  const double determinant = 2 * 1.5 - 0.36;
  const double form = (1.5 * x[0] * x[0] - 2 * 0.6 * x[0] * x[1] + 2 * x[1] * x[1]) / determinant;
  const double expected = -std::log(2 * M_PI) - 0.5 * std::log(determinant) - 0.5 * form;
  EXPECT_NEAR(normal_log_density(std::span<const double>(x), SymmetricView<double>(sigma.data(), 2)), expected, 1e-14);
  EXPECT_NEAR(normal_log_density(1.3, 0.5, 2.0), -0.5 * 0.16 - std::log(2) - 0.5 * std::log(2 * M_PI), 1e-15);
}

}  // namespace
}  // namespace jensen
