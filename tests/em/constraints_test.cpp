#include <gtest/gtest.h>
#include <jensen/em/constrained_model.h>
#include <jensen/emissions/continuous.h>
#include <jensen/fit_gaussian_mixture.h>
#include <jensen/fit_mixture.h>
#include <jensen/testing/laws.h>

#include <bit>
#include <cmath>

#include "../examples/two_coins.h"
#include "support/data.h"
#include "support/refusal.h"

namespace jensen {
namespace {

GaussianMixture start(const Data& data, int components, Covariance covariance) {
  Options options;
  options.start = Start::hierarchical;
  options.max_iterations = 3;
  return fit_gaussian_mixture(data, {components, covariance, Prior::none}, options).model;
}

double named(const GaussianMixture& model, const std::string& name) {
  const auto names = model.parameter_names();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return model.parameters()[i];
  }
  ADD_FAILURE() << "no parameter " << name;
  return NAN;
}

void expect_sound(const Report& report) {
  EXPECT_TRUE(report.converged()) << report.message;
  EXPECT_TRUE(report.monotone);
  EXPECT_LT(report.gradient, 1e-7);
}

// The components' own covariances tied are the tied structure, which has a closed form.
TEST(Constraints, TiedCovariancesEndWhereTheTiedStructureDoes) {
  const Table data = support::clustered(150, 2, 2, 4);
  const auto constrained =
      fit(start(data, 2, Covariance::full), data,
          {.tolerance = 1e-11, .constraints = Constraints().tie({"covariance[0,*]", "covariance[1,*]"})});
  const auto tied = fit(start(data, 2, Covariance::tied), data, {.tolerance = 1e-11});
  expect_sound(constrained.report);
  EXPECT_NEAR(constrained.report.log_likelihood, tied.report.log_likelihood, 1e-7);
  EXPECT_EQ(constrained.report.free_parameters, tied.report.free_parameters);
  for (int a = 0; a < 3; ++a) {
    EXPECT_EQ(constrained.model.emissions().covariance(0)[static_cast<std::size_t>(a)],
              constrained.model.emissions().covariance(1)[static_cast<std::size_t>(a)]);
  }
}

TEST(Constraints, AFixedMeanKeepsItsBits) {
  const Table data = support::clustered(150, 2, 2, 4);
  const double value = 0.1 + 0.2;  // a number that no arithmetic lands on by chance
  const auto fitted = fit(start(data, 2, Covariance::full), data,
                          {.tolerance = 1e-11, .constraints = Constraints().fix("mean[0,1]", value)});
  expect_sound(fitted.report);
  EXPECT_EQ(std::bit_cast<std::uint64_t>(named(fitted.model, "mean[0,1]")), std::bit_cast<std::uint64_t>(value));
  EXPECT_EQ(fitted.report.free_parameters, 11 - 1);
  const auto free = fit(start(data, 2, Covariance::full), data, {.tolerance = 1e-11});
  EXPECT_LT(fitted.report.log_likelihood, free.report.log_likelihood);
}

// One component, mean fixed at m: the covariance is that about m, in closed form.
TEST(Constraints, ACovarianceAboutAFixedMeanHasItsClosedForm) {
  const Table data = support::clustered(60, 2, 1, 9);
  const auto fitted = fit(start(data, 1, Covariance::full), data,
                          {.tolerance = 1e-12, .constraints = Constraints().fix("mean[0,*]", 0.5)});
  expect_sound(fitted.report);
  BlockBuffer buffer;
  const Block x = data.block(0, 60, buffer);
  for (int a = 0; a < 2; ++a) {
    for (int b = 0; b <= a; ++b) {
      double total = 0;
      for (std::int64_t i = 0; i < 60; ++i) total += (x.x(i, a) - 0.5) * (x.x(i, b) - 0.5) / 60;
      EXPECT_NEAR(fitted.model.emissions().covariance(0)[packed_index(a, b)], total, 1e-5 * std::abs(total)) << a << b;
    }
  }
}

TEST(Constraints, FixedWeightsLeaveTheRestToEm) {
  const Table data = support::clustered(150, 1, 3, 4);
  const auto fitted = fit(start(data, 3, Covariance::full), data,
                          {.tolerance = 1e-11, .constraints = Constraints().fix("weight[1]", 0.25)});
  expect_sound(fitted.report);
  EXPECT_EQ(fitted.model.weights()[1], 0.25);
  EXPECT_NEAR(fitted.model.weights()[0] + fitted.model.weights()[2], 0.75, 1e-14);
  EXPECT_EQ(fitted.report.free_parameters, 8 - 1);
  const auto all = fit(start(data, 3, Covariance::full), data,
                       {.tolerance = 1e-11, .constraints = Constraints().tie({"weight[*]"})});
  expect_sound(all.report);
  for (double w : all.model.weights()) EXPECT_NEAR(w, 1.0 / 3, 1e-15);
  EXPECT_EQ(all.report.free_parameters, 6);
}

// Where EM would cross over, the two means meet; each at the same number.
TEST(Constraints, OrderedMeansMeetWhereTheirOrderHoldsThemApart) {
  const Table data = support::clustered(150, 1, 2, 4);
  const GaussianMixture free = start(data, 2, Covariance::tied);
  const bool rises = free.emissions().mean(0)[0] < free.emissions().mean(1)[0];
  const std::string low = rises ? "mean[0,0]" : "mean[1,0]";
  const std::string high = rises ? "mean[1,0]" : "mean[0,0]";
  const auto along = fit(free, data, {.tolerance = 1e-11, .constraints = Constraints().order({low, high})});
  const auto unconstrained = fit(free, data, {.tolerance = 1e-11});
  EXPECT_EQ(along.model.parameters(), unconstrained.model.parameters());  // the plain M-step satisfies it: same bits
  const auto against = fit(free, data, {.tolerance = 1e-9, .constraints = Constraints().order({high, low})});
  EXPECT_TRUE(against.report.monotone) << against.report.message;
  EXPECT_LE(named(against.model, high), named(against.model, low));
  EXPECT_LT(against.report.log_likelihood, along.report.log_likelihood);
}

TEST(Constraints, AnActiveBoundIsReachedExactly) {
  const Table data = support::clustered(150, 1, 2, 4);
  const GaussianMixture free = start(data, 2, Covariance::diagonal);
  const double most = 0.5 * fit(free, data).model.emissions().covariance(0)[0];
  const auto fitted =
      fit(free, data, {.tolerance = 1e-11, .constraints = Constraints().bound("variance[0,0]", 0.01, most)});
  EXPECT_TRUE(fitted.report.converged()) << fitted.report.message;
  EXPECT_TRUE(fitted.report.monotone);
  EXPECT_EQ(named(fitted.model, "variance[0,0]"), most);
  const auto fixed = fit(free, data, {.tolerance = 1e-11, .constraints = Constraints().fix("variance[0,0]", most)});
  EXPECT_NEAR(fitted.report.log_likelihood, fixed.report.log_likelihood, 1e-7);
  EXPECT_EQ(fitted.report.free_parameters, 5);
  EXPECT_EQ(fixed.report.free_parameters, 4);
}

// A single entry of a covariance matrix held at zero: the matrix stays positive definite.
TEST(Constraints, AZeroCovarianceWithinAMatrix) {
  const Table data = support::clustered(120, 3, 1, 4);
  const auto fitted =
      fit(start(data, 1, Covariance::full), data,
          {.tolerance = 1e-12, .constraints = Constraints().fix("covariance[0,1,0]", 0).fix("covariance[0,2,0]", 0)});
  expect_sound(fitted.report);
  EXPECT_EQ(fitted.report.free_parameters, 7);
  // Column 0 is then independent of the others, whose own maximum is in closed form.
  const auto free = fit(start(data, 1, Covariance::full), data).model.emissions().covariance(0);
  for (std::size_t i : {0U, 2U, 4U, 5U}) EXPECT_NEAR(fitted.model.emissions().covariance(0)[i], free[i], 1e-5);
}

TEST(ConstraintsLaws, HoldForAConstrainedMixture) {
  const Table data = support::clustered(90, 2, 2, 4);
  const ConstrainedModel model(Erased<GaussianMixture>(start(data, 2, Covariance::diagonal)),
                               Constraints().fix("mean[0,0]", 0.3).tie({"variance[0,*]", "variance[1,*]"}));
  LawSubject subject(static_cast<const Model&>(model), data);
  subject.steps = 6;
  const LawReport report = check_laws(subject);
  EXPECT_TRUE(report.holds()) << report;
  for (const char* law : {"ascent", "certificate", "tight_bound", "gradient", "m_step_maximizes", "stationary",
                          "parameters", "unconstrained", "threads", "weights", "clone"}) {
    EXPECT_EQ(report[law].outcome, LawOutcome::held) << law << "\n" << report;
  }
}

TEST(Constraints, AreRefusedByName) {
  const Table data = support::clustered(60, 2, 2, 4);
  const Erased<GaussianMixture> model(start(data, 2, Covariance::full));
  const auto says = [&](const Constraints& c, const std::string& what) {
    const std::string message = support::refusal<Error>([&] { ConstrainedModel(model, c); });
    EXPECT_NE(message.find(what), std::string::npos) << message;
  };
  says(Constraints().fix("mean[0,7]", 1), "mean[0,7]: the model has no such parameter; similar are mean[0,0]");
  says(Constraints().fix("maen[1,*]", 1), "similar are");
  says(Constraints().fix("weight[*]", 0.7), "contradict the model");
  says(Constraints().fix("mean[0,0]", 1).fix("mean[1,0]", 2).tie({"mean[*,0]"}), "fixed at");
  says(Constraints().fix("mean[0,0]", 1).bound("mean[0,0]", 2, 3), "no value satisfies");
  says(Constraints().tie({"mean[0,*]", "covariance[1,*]"}), "cannot be tied one to one");
  says(Constraints().tie({"mean[0,0]"}), "nothing to tie it to");
  says(Constraints().fix("covariance[0,0,0]", -1), "");
  EXPECT_NE(support::refusal<UnsupportedError>([&] {
              ConstrainedModel(Erased<TwoCoins>(TwoCoins{{0.6, 0.5}}), Constraints().fix("bias[0]", 0.5));
            }).find("a constraint"),
            std::string::npos);
}

TEST(Constraints, AreReadFromText) {
  Constraints c;
  c.read_fix("mean[0,1]=-2.5e1").read_fix("weight[0]").read_tie("mean[0,1],mean[1,1]").read_bound("a=0..");
  c.read_bound("b=-1..2").read_order("x[0,0],x[1,0],y");
  EXPECT_EQ(c.fixed()[0].name, "mean[0,1]");
  EXPECT_EQ(c.fixed()[0].value, -25);
  EXPECT_FALSE(c.fixed()[1].value.has_value());
  EXPECT_EQ(c.tied()[0], (std::vector<std::string>{"mean[0,1]", "mean[1,1]"}));
  EXPECT_EQ(c.bounded()[0].upper, INFINITY);
  EXPECT_EQ(c.bounded()[1].lower, -1);
  EXPECT_EQ(c.ordered()[0].size(), 3U);
  const auto refuses = [](const std::function<void(Constraints&)>& call) {
    return support::refusal<ArgumentError>([&] {
      Constraints fresh;
      call(fresh);
    });
  };
  EXPECT_NE(refuses([](Constraints& f) { f.read_fix("mean[0]=x"); }).find("'x' is no number"), std::string::npos);
  EXPECT_NE(refuses([](Constraints& f) { f.read_bound("a=3"); }).find("LOWER..UPPER"), std::string::npos);
  EXPECT_NE(refuses([](Constraints& f) { f.read_bound("a=3..2"); }).find("no number lies"), std::string::npos);
  EXPECT_NE(refuses([](Constraints& f) { f.read_bound("a=.."); }).find("neither"), std::string::npos);
  EXPECT_NE(refuses([](Constraints& f) { f.read_order("a<"); }).find("empty name"), std::string::npos);
  EXPECT_NE(refuses([](Constraints& f) { f.read_tie("a,,b"); }).find("empty name"), std::string::npos);
}

Table gammas(double shape, double rate) {
  constexpr std::int64_t rows = 200;
  std::vector<double> values;
  for (std::uint64_t i = 0; i < rows; ++i) {
    Stream stream(7, Purpose::test, 0, 0, i);
    values.push_back(stream.gamma(shape) / rate);
  }
  return {std::move(values), rows, 1};
}

// A gamma whose shape is its rate has mean 1. Far from such data its weight vanishes, and the rest of the M-step must
// not wait for it: what is left is one gamma, to the last digits that its likelihood has.
TEST(Constraints, AComponentThatNothingBelongsToLeavesTheOthersAtTheirMaximum) {
  for (const double rate : {0.4, 1e-3}) {
    const Table data = gammas(25, rate);
    Options options;
    options.restarts = 10;
    options.start = Start::k_means_plus_plus;
    const auto alone = fit_mixture(data, AnyEmissions(Independent<Gamma>(1)), options, Prior::none);
    options.constraints.tie({"shape[0]", "rate[0]"});
    const auto fitted = fit_mixture(data, AnyEmissions(Independent<Gamma>(2)), options);
    for (const auto& entry : fitted.report.restarts) EXPECT_EQ(entry.outcome, Outcome::converged) << entry.message;
    EXPECT_NEAR(fitted.report.log_likelihood, alone.report.log_likelihood, 1e-5);
  }
}

TEST(Constraints, AWeightThatVanishesOnTheWayIsNoDeadEnd) {
  Options options;
  options.restarts = 5;
  options.start = Start::k_means_plus_plus;
  options.constraints.tie({"shape[0]", "rate[0]"}).tie({"shape[1]", "rate[1]"});
  const auto report = fit_mixture(gammas(5, 0.007), AnyEmissions(Independent<Gamma>(2)), options).report;
  EXPECT_TRUE(report.converged()) << report.message;
}

// A state that lives on traces must be looked at in full under constraints too.
TEST(Constraints, LeaveTheModelToSayWhetherStatisticsAreResolved) {
  const Table data = support::clustered(60, 2, 2, 4);
  const GaussianMixture model = start(data, 2, Covariance::full);
  const ConstrainedModel held(Erased<GaussianMixture>(model), Constraints().fix("mean[0,0]"));
  Statistics s = held.no_statistics();
  s.sum[0] = 60;
  s.sum[1] = 20;
  const std::vector<double> left_out{0, 1e-18};
  EXPECT_TRUE(held.resolved(s, left_out));
  EXPECT_EQ(held.negligible_beside(s), model.negligible_beside(s));
  s.sum[1] = 1e-12;
  EXPECT_FALSE(model.resolved(s, left_out));
  EXPECT_FALSE(held.resolved(s, left_out));
  EXPECT_LT(held.negligible_beside(s), 0x1p-90);
}

}  // namespace
}  // namespace jensen
