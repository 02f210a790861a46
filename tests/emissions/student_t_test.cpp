// Student-t emissions against Boost.Math, numerical integration and what Gaussians say.
#include <gtest/gtest.h>
#include <jensen/em/fit.h>
#include <jensen/em/starts.h>
#include <jensen/error.h>
#include <jensen/fit_gaussian_mixture.h>
#include <jensen/models/student_t_mixture.h>
#include <jensen/testing/laws.h>

#include <Eigen/Dense>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numbers>

#include "support/data.h"
#include "support/gaussian_reference.h"
#include "support/refusal.h"

namespace jensen {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;
using support::matrix_of;

// log t(x_o; μ_o, Σ_oo, ν) by LU and the library's lgamma.
double log_t(const Block& x, std::int64_t i, std::span<const double> mean, const MatrixXd& scale, double nu) {
  const auto observed = support::cells_of(x, i).observed;
  const auto o = static_cast<int>(observed.size());
  if (o == 0) return 0;
  VectorXd deviation(o);
  for (int a = 0; a < o; ++a) {
    deviation(a) = x.x(i, observed[static_cast<std::size_t>(a)]) -
                   mean[static_cast<std::size_t>(observed[static_cast<std::size_t>(a)])];
  }
  const Eigen::FullPivLU<MatrixXd> lu(scale(observed, observed));
  const double distance = deviation.dot(lu.solve(deviation));
  return std::lgamma(0.5 * (nu + o)) - std::lgamma(0.5 * nu) - 0.5 * o * std::log(nu * std::numbers::pi) -
         0.5 * std::log(lu.determinant()) - 0.5 * (nu + o) * std::log(1 + distance / nu);
}

double density(const StudentT& t, double x) {
  Block block;
  block.x = {&x, 1, 1, 1};
  double value = 0;
  StudentT::Scratch scratch;
  t.add_log_density(block, {&value, 1, 1, 1}, scratch);
  return value;
}

TEST(StudentT, UnivariateDensityIsBoosts) {
  for (const double nu : {0.3, 1.0, 4.5, 40.0, 1e3, 1e8}) {
    StudentT t(1, 1, Covariance::full, DegreesOfFreedom::fixed, nu);
    t.set({3}, {4}, {nu});
    const boost::math::students_t_distribution<double> reference(nu);
    for (const double x : {-5.0, 0.0, 3.0, 3.7, 20.0}) {
      const double expected = std::log(boost::math::pdf(reference, (x - 3) / 2) / 2);
      EXPECT_NEAR(density(t, x), expected, 1e-11 * (1 + std::abs(expected))) << nu << " " << x;
    }
  }
}

TEST(StudentT, BecomesTheNormal) {
  StudentT t(1, 1, Covariance::full, DegreesOfFreedom::fixed, 1e12);
  for (const double x : {0.0, 1.5, -4.0}) {
    EXPECT_NEAR(density(t, x), -0.5 * x * x - 0.5 * std::log(2 * std::numbers::pi), 1e-9);
  }
}

TEST(StudentT, AFarRowIsFiniteAndWeighsNothing) {
  StudentT t(1, 1, Covariance::full, DegreesOfFreedom::fixed, 3);
  EXPECT_TRUE(std::isfinite(density(t, 1e150)));
  const Table data({0, 0.5, -0.7, 1.1, -0.2, 0.9, -1.3, 1e9}, 8, 1);
  const auto fitted = fit(StudentTMixture(t), data);
  EXPECT_TRUE(fitted.report.converged()) << fitted.report.message;
  EXPECT_NEAR(fitted.model.emissions().mean(0)[0], 0, 0.5);
  EXPECT_LT(fitted.model.emissions().scale(0)[0], 5);
}

class StudentTLaws : public ::testing::TestWithParam<std::tuple<Covariance, DegreesOfFreedom, bool, bool>> {};

TEST_P(StudentTLaws, Hold) {
  const auto [covariance, degrees, holes, prior] = GetParam();
  constexpr int rows = 150;
  constexpr int columns = 3;
  auto values = support::clustered_values(rows, columns, 2, 3);
  for (std::int64_t i = 0; i < rows; ++i) {  // heavier tails, so that ν lies inside its limits
    Stream stream(8, Purpose::test, 0, 0, static_cast<std::uint64_t>(i));
    const double stretch = std::sqrt(1 / (0.3 + stream.exponential()));
    for (int j = 0; j < columns; ++j) {
      double& x = values[static_cast<std::size_t>(i + j * rows)];
      x = x * stretch;
      if (holes && (stream.uniform() < 0.15 || i == rows / 2)) x = support::missing;
    }
  }
  Table data(std::move(values), rows, columns);
  if (holes) data = data.with_weights(support::uneven_weights(rows)).with_labels(support::some_labels(rows, 2), 2);
  const GaussianMixtureOptions options{2, covariance, prior ? Prior::data_scaled : Prior::none};
  const auto made = [&options, freedom = degrees](const Data& of) {
    return StudentTMixture(StudentT(gaussian_mixture_for(of, options, 1).emissions(), freedom, 6));
  };
  Workers workers(1);
  const auto start = started(Erased(made(data)), Start::k_means_plus_plus, data, 5, workers);
  const StudentTMixture model = static_cast<const Erased<StudentTMixture>&>(*start).get();
  LawSubject subject(*start, data);
  subject.log_joint = [&](const Block& x, std::int64_t i, int k) {
    const StudentT& t = model.emissions();
    return std::log(model.weights()[static_cast<std::size_t>(k)]) +
           log_t(x, i, t.mean(k), matrix_of(t.scale(k), columns), t.nu(k));
  };
  subject.make = [&](const Data& other) -> std::unique_ptr<Model> {
    return std::make_unique<Erased<StudentTMixture>>(made(other));
  };
  const bool round = covariance == Covariance::spherical || covariance == Covariance::vve;
  subject.scaling = round ? Scaling::common : Scaling::by_column;
  subject.accepts_missing = true;
  const LawReport report = check_laws(subject);
  EXPECT_TRUE(report.holds()) << report;
  for (const auto& result : report.laws) {
    EXPECT_EQ(result.outcome == LawOutcome::not_applicable, result.law == "scale" && prior)
        << result.law << result.detail;
  }
}

std::string name_of(const ::testing::TestParamInfo<StudentTLaws::ParamType>& info) {
  const auto [covariance, degrees, holes, prior] = info.param;
  return to_string(covariance) + "_" + to_string(degrees) + (holes ? "_holes" : "") + (prior ? "_prior" : "");
}

constexpr auto own = DegreesOfFreedom::own;
INSTANTIATE_TEST_SUITE_P(Every, StudentTLaws,
                         ::testing::Combine(::testing::Values(Covariance::full, Covariance::tied, Covariance::diagonal,
                                                              Covariance::spherical, Covariance::vve),
                                            ::testing::Values(own), ::testing::Bool(), ::testing::Bool()),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Further, StudentTLaws,
                         ::testing::Combine(::testing::Values(Covariance::full),
                                            ::testing::Values(DegreesOfFreedom::tied, DegreesOfFreedom::fixed),
                                            ::testing::Bool(), ::testing::Bool()),
                         name_of);

TEST(StudentT, SamplingAndFittingFindTheTruthAgain) {
  StudentT truth(2, 2, Covariance::full);
  truth.set({0, 0, 12, -9}, {1, 0.4, 2, 3, -0.5, 1}, {3, 8});
  const StudentTMixture model({0.4, 0.6}, truth);
  std::vector<double> x(8000);
  model.sample(2, 0, {x.data(), 4000, 2, 4000}, {});
  Options options;
  options.max_iterations = 3000;
  const auto fitted = fit(model, Table(std::move(x), 4000, 2), options);
  const StudentT& t = fitted.model.emissions();
  EXPECT_TRUE(fitted.report.converged()) << fitted.report.message;
  EXPECT_NEAR(t.nu(0), 3, 0.6);
  EXPECT_NEAR(t.nu(1), 8, 2.5);
  EXPECT_NEAR(t.mean(1)[0], 12, 0.1);
  EXPECT_LT((matrix_of(t.scale(0), 2) - matrix_of(truth.scale(0), 2)).norm(), 0.3);
}

// Liu and Rubin (1995): the observed likelihood is climbed in ν, which leaves out what not seeing u costs.
TEST(StudentT, EcmeClimbsToTheSameTopInFewerIterations) {
  for (const auto degrees : {DegreesOfFreedom::own, DegreesOfFreedom::tied}) {
    StudentT truth(2, 2, Covariance::full, degrees);
    truth.set({0, 0, 12, -9}, {1, 0.4, 2, 3, -0.5, 1},
              degrees == DegreesOfFreedom::own ? std::vector<double>{3, 8} : std::vector<double>{4});
    const StudentTMixture model({0.4, 0.6}, truth);
    std::vector<double> x(1200);
    model.sample(2, 0, {x.data(), 600, 2, 600}, {});
    for (std::size_t i = 0; i < x.size(); i += 37) x[i] = support::missing;
    const Table data(std::move(x), 600, 2);
    Options options;
    options.tolerance = 1e-10;
    options.acceleration = Acceleration::none;
    const auto plain = fit(model, data, options);
    options.algorithm = Algorithm::ecm;
    const auto ecme = fit(model, data, options);
    EXPECT_EQ(ecme.report.outcome, Outcome::converged) << ecme.report.message;
    EXPECT_TRUE(ecme.report.monotone);
    for (std::size_t t = 1; t < ecme.report.trace.size(); ++t) EXPECT_GE(ecme.report.trace[t].gain, -1e-9) << t;
    EXPECT_NEAR(ecme.report.log_likelihood, plain.report.log_likelihood, 1e-6);
    EXPECT_NEAR(ecme.model.emissions().nu(0), plain.model.emissions().nu(0), 1e-2);
    EXPECT_LT(2 * ecme.report.iterations, plain.report.iterations);
    options.acceleration = Acceleration::squarem;
    EXPECT_NE(support::refusal([&] { fit(model, data, options); }).find("after one E-step"), std::string::npos);
  }
}

// What the E-step before ν's turn keeps are the derivatives of Σ r log p(x | k) in ν.
TEST(StudentT, TheStatisticsOfTheDegreesAreDerivatives) {
  StudentT t(1, 2, Covariance::full);
  t.set({0.5, -1}, {2, 0.3, 1}, {5});
  std::vector<double> values{0, 1, 4, -7, support::missing, 2, -1, 0.5, 3, 1};
  const Table data(values, 5, 2);
  BlockBuffer buffer;
  const Block x = data.block(0, 5, buffer);
  const std::vector<double> r{1, 0.5, 0, 2, 0.25};
  StudentT::Scratch scratch;
  const auto density = [&](double nu) {
    StudentT moved = t;
    moved.set({0.5, -1}, {2, 0.3, 1}, {nu});
    std::vector<double> p(5, 0.0);
    moved.add_log_density(x, {p.data(), 5, 1, 5}, scratch);
    double total = 0;
    for (std::size_t i = 0; i < 5; ++i) total += r[i] * p[i];
    return total;
  };
  const Layout layout = t.layout();
  std::vector<double> sum(layout.sum);
  std::vector<double> about(layout.about);
  t.reference(about);
  t.accumulate(x, {r.data(), 5, 1, 5}, {sum, about}, scratch);
  EXPECT_EQ(sum[3], 0) << "where their turn does not come they cost nothing";
  StudentT next = t;
  next.maximize({sum, about}, 0);  // weights and scales: ν is next
  next.set({0.5, -1}, {2, 0.3, 1}, {5});
  std::fill(sum.begin(), sum.end(), 0.0);
  next.accumulate(x, {r.data(), 5, 1, 5}, {sum, about}, scratch);
  const double h = 1e-3;
  EXPECT_NEAR(sum[3], (density(5 + h) - density(5 - h)) / (2 * h), 1e-7);
  EXPECT_NEAR(sum[4], (density(5 + h) - 2 * density(5) + density(5 - h)) / (h * h), 1e-6);
}

TEST(StudentT, NormalDataEndAtTheUpperLimit) {
  const auto fitted = fit(StudentTMixture(StudentT(1, 1, Covariance::full)), support::clustered(300, 1, 1, 6));
  EXPECT_TRUE(fitted.report.converged()) << fitted.report.message;
  EXPECT_TRUE(fitted.model.emissions().at_limit(0));
  EXPECT_EQ(fitted.model.emissions().nu(0), 200);
  EXPECT_EQ(fitted.report.free_parameters, 3);
}

TEST(StudentT, NamesAndRefusals) {
  StudentT t(2, 2, Covariance::diagonal);
  EXPECT_EQ(t.parameter_names()[4], "scale[0,0]");
  EXPECT_EQ(t.parameter_names().back(), "nu[1]");
  EXPECT_EQ(StudentT(2, 2, Covariance::full, DegreesOfFreedom::tied).parameter_names().back(), "nu");
  EXPECT_EQ(t.free_parameters(), 4 + 4 + 2);
  EXPECT_EQ(StudentT(2, 2, Covariance::diagonal, DegreesOfFreedom::fixed).free_parameters(), 8);
  const auto refusal = support::refusal<ArgumentError>;
  EXPECT_EQ(refusal([&] { t.set({0, 0, 0, 0}, {1, 1, 1, 1}, {5}); }), "StudentT::set: nu: must hold 2 numbers, got 1");
  EXPECT_EQ(refusal([&] {
              t.set({0, 0, 0, 0}, {1, 1, 1, 1}, {5, 500});
            }),
            "StudentT::set: nu: 500 is not in [0.1, 200]");
  EXPECT_EQ(refusal([&] { t.set_limits(3, 2); }), "StudentT::set_limits: limits: must be 0 < lower < upper, got 3, 2");
}

}  // namespace
}  // namespace jensen
