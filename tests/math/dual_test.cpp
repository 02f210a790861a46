#include <gtest/gtest.h>
#include <jensen/math/dual.h>

#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/polygamma.hpp>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

namespace jensen {
namespace {

// Every operation once, over any scalar: value by value against the same in doubles, derivatives by differences.
struct Case {
  std::string name;
  std::function<double(double, double)> plain;
  std::function<Dual<2>(const Dual<2>&, const Dual<2>&)> fixed;
  std::function<Dual<>(const Dual<>&, const Dual<>&)> free;
};

#define JENSEN_CASE(expression)                                                                                       \
  Case {                                                                                                              \
#expression,                                                                                                      \
        [](double x,                                                                                                  \
           double y) { return static_cast<void>(x), static_cast<void>(y), expression; },                              \
                                                                                      [](const Dual <2>& x,           \
                                                                                         const Dual <2>& y) -> Dual < \
                                                                                                                   2> \
    { return static_cast<void>(x), static_cast<void>(y), expression; }, [](const Dual <>& x,                          \
                                                                           const Dual <>& y) -> Dual < >              \
    { return static_cast<void>(x), static_cast<void>(y), expression; }                                                \
  }

using std::abs, std::atan, std::cos, std::cosh, std::erf, std::erfc, std::exp, std::expm1, std::lgamma, std::log,
    std::log1p, std::max, std::min, std::pow, std::sin, std::sinh, std::sqrt, std::tanh;

std::vector<Case> cases() {
  return {JENSEN_CASE(x + y * y),
          JENSEN_CASE(x * y - x * x),
          JENSEN_CASE(x / y),
          JENSEN_CASE(3.0 / (x * y)),
          JENSEN_CASE(2.0 - x * 4.0 + y / 3.0 - 1.0),
          JENSEN_CASE(2 * x + 1 - (5 - y)),
          JENSEN_CASE(-x * (+y)),
          JENSEN_CASE(exp(x - y)),
          JENSEN_CASE(expm1(x * y)),
          JENSEN_CASE(log(x + y)),
          JENSEN_CASE(log1p(x * y)),
          JENSEN_CASE(sqrt(x * y)),
          JENSEN_CASE(pow(x, 2.5) * y),
          JENSEN_CASE(pow(x, 1.0) * pow(y, 0.0)),
          JENSEN_CASE(pow(1.7, x * y)),
          JENSEN_CASE(pow(x, y)),
          JENSEN_CASE(sin(x) * cos(y)),
          JENSEN_CASE(atan(x * y)),
          JENSEN_CASE(sinh(x) + cosh(y)),
          JENSEN_CASE(tanh(x - y)),
          JENSEN_CASE(erf(x * y) + erfc(x)),
          JENSEN_CASE(lgamma(x + y)),
          JENSEN_CASE(log_gamma(x) * y),
          JENSEN_CASE(digamma(x * y)),
          JENSEN_CASE(trigamma(x + y)),
          JENSEN_CASE(abs(x - y) * x),
          JENSEN_CASE(max(x, y) * min(x, y)),
          JENSEN_CASE(square(x) * y),
          JENSEN_CASE(log1p_exp(x - 3.0 * y)),
          JENSEN_CASE(logistic(x - 3.0 * y)),
          JENSEN_CASE(log_add_exp(x * y, y - x))};
}

template <class D>
void expect_derivatives(const Case& c, const std::function<D(const D&, const D&)>& dual, double x, double y) {
  const D f = dual(D::variable(x, 0, 2), D::variable(y, 1, 2));
  EXPECT_NEAR(f.value(), c.plain(x, y), 1e-14 * std::max(1.0, std::abs(f.value()))) << c.name;
  const double h = 1e-4;
  const auto p = [&](double a, double b) { return c.plain(x + a * h, y + b * h); };
  // Five points for the slopes, nine for the curvature: errors of order h⁴ and h².
  const auto slope = [&](double a, double b) {
    return (8 * (p(a, b) - p(-a, -b)) - (p(2 * a, 2 * b) - p(-2 * a, -2 * b))) / (12 * h);
  };
  EXPECT_NEAR(f.gradient(0), slope(1, 0), 2e-10 * (1 + std::abs(f.gradient(0)))) << c.name;
  EXPECT_NEAR(f.gradient(1), slope(0, 1), 2e-10 * (1 + std::abs(f.gradient(1)))) << c.name;
  const double xx = (p(1, 0) - 2 * p(0, 0) + p(-1, 0)) / (h * h);
  const double yy = (p(0, 1) - 2 * p(0, 0) + p(0, -1)) / (h * h);
  const double xy = (p(1, 1) - p(1, -1) - p(-1, 1) + p(-1, -1)) / (4 * h * h);
  const auto close = [&](double mine, double theirs, const char* which) {
    EXPECT_NEAR(mine, theirs, 1e-5 * (1 + std::abs(theirs))) << c.name << " " << which;
  };
  close(f.hessian(0, 0), xx, "xx");
  close(f.hessian(1, 1), yy, "yy");
  close(f.hessian(1, 0), xy, "xy");
  EXPECT_EQ(f.hessian(1, 0), f.hessian(0, 1));
}

TEST(Dual, DerivativesMatchDifferencesForEveryOperation) {
  for (const auto& c : cases()) {
    for (const auto& [x, y] : {std::pair{0.7, 1.9}, std::pair{2.3, 0.4}}) {
      expect_derivatives<Dual<2>>(c, c.fixed, x, y);
      expect_derivatives<Dual<>>(c, c.free, x, y);
    }
  }
}

TEST(Dual, FixedAndDynamicSizesGiveTheSameBits) {
  for (const auto& c : cases()) {
    const auto a = c.fixed(Dual<2>::variable(0.7, 0), Dual<2>::variable(1.9, 1));
    const auto b = c.free(Dual<>::variable(0.7, 0, 2), Dual<>::variable(1.9, 1, 2));
    EXPECT_EQ(a.value(), b.value()) << c.name;
    for (int j = 0; j < 2; ++j) {
      EXPECT_EQ(a.gradient(j), b.gradient(j)) << c.name;
      for (int k = 0; k <= j; ++k) EXPECT_EQ(a.hessian(j, k), b.hessian(j, k)) << c.name;
    }
  }
}

TEST(Dual, DerivativesOfLogGammaMatchBoost) {
  for (double x : {0.01, 0.5, 1.0, 3.3, 40.0}) {
    const auto f = lgamma(Dual<1>::variable(x, 0));
    EXPECT_NEAR(f.gradient(0), boost::math::digamma(x), 1e-13 * (1 + std::abs(f.gradient(0))));
    EXPECT_NEAR(f.hessian(0, 0), boost::math::polygamma(1, x), 1e-13 * (1 + f.hessian(0, 0)));
    const auto g = digamma(Dual<1>::variable(x, 0));
    EXPECT_NEAR(g.hessian(0, 0), boost::math::polygamma(2, x), 1e-13 * (1 + std::abs(g.hessian(0, 0))));
  }
}

TEST(Dual, ConstantsHaveNoDerivatives) {
  const Dual<> c = 3;
  EXPECT_EQ(c.variables(), 0);
  EXPECT_EQ(exp(c).gradient(5), 0);
  EXPECT_EQ((c * c + 1).derivatives(), nullptr);
  const Dual<3> d = 3;
  EXPECT_EQ(exp(d).gradient(2), 0);
}

TEST(Dual, FirstOrderCarriesGradientsAlone) {
  using First = Dual<dynamic, 1>;
  const First x = First::variable(0.7, 0, 2);
  const First y = First::variable(1.9, 1, 2);
  const First f = exp(x * y) / y;
  EXPECT_NEAR(f.gradient(0), std::exp(0.7 * 1.9), 1e-14);
  EXPECT_NEAR(f.gradient(1), std::exp(0.7 * 1.9) * (0.7 / 1.9 - 1 / (1.9 * 1.9)), 1e-14);
}

TEST(Dual, ComparesByValueAndKeepsItselfInAssignments) {
  Dual<> x = Dual<>::variable(2, 0, 1);
  EXPECT_TRUE(x > 1 && x <= 2.0 && x == 2 && x < Dual<>(3));
  x *= x;
  x += x;
  EXPECT_EQ(x.value(), 8);
  EXPECT_EQ(x.gradient(0), 8);  // d/dx 2x² at 2
  EXPECT_EQ(x.hessian(0, 0), 4);
  Dual<>& same = x;
  x = same;
  EXPECT_EQ(x.gradient(0), 8);
  x = 1;
  EXPECT_EQ(x.gradient(0), 0);
}

TEST(Dual, SurvivesExtremes) {
  const auto tiny = Dual<1>::variable(1e-200, 0);
  EXPECT_EQ((tiny / (tiny * 2.0)).value(), 0.5);
  EXPECT_EQ(log1p_exp(Dual<1>::variable(800, 0)).gradient(0), 1);
  EXPECT_EQ(log1p_exp(Dual<1>::variable(-800, 0)).value(), 0);
  EXPECT_EQ(tanh(Dual<1>::variable(400, 0)).gradient(0), 0);
  const double nothing = -std::numeric_limits<double>::infinity();
  EXPECT_EQ(log_add_exp(Dual<1>(nothing), Dual<1>::variable(1, 0)).gradient(0), 1);
  EXPECT_EQ(log_add_exp(nothing, nothing), nothing);
}

}  // namespace
}  // namespace jensen
