#include <gtest/gtest.h>
#include <jensen/data/table.h>
#include <jensen/em/fit.h>
#include <jensen/em/trace.h>

#include <cmath>
#include <limits>

#include "support/models.h"

namespace jensen {
namespace {

Step step_at(int iteration, double objective) {
  Step step;
  step.iteration = iteration;
  step.reading.log_likelihood = objective;
  step.bound = std::numeric_limits<double>::quiet_NaN();
  return step;
}

double unknown() { return std::numeric_limits<double>::quiet_NaN(); }

// Objective −8 · 4^−t: gains 6, 1.5, 0.375 …; what is left after step t is 8 · 4^−t.
TEST(Trace, AitkenIsExactForAGeometricSeries) {
  Trace trace(1e-3, 1000, 1);
  double left = 8;
  for (int t = 0; t < 5; ++t, left /= 4) {
    ASSERT_FALSE(trace.record(step_at(t, -left), true, unknown));
    const Step& last = trace.steps().back();
    if (t == 0) {
      EXPECT_TRUE(std::isnan(last.gain));
    }
    if (t == 1) {
      EXPECT_TRUE(std::isnan(last.remaining));
    }
    if (t >= 2) {
      EXPECT_NEAR(last.remaining, left, 1e-14);
    }
    if (t >= 1) {
      EXPECT_NEAR(last.gain, 3 * left, 1e-14);
    }
  }
}

TEST(Trace, ConvergesWhenWhatIsLeftFallsBelowToleranceTwice) {
  Trace trace(1e-3, 1000, 2);  // 2e-3 in all
  double left = 8;
  std::optional<Outcome> why;
  int t = 0;
  for (; t < 100 && !why; ++t, left /= 4) why = trace.record(step_at(t, -left), true, unknown);
  EXPECT_EQ(why, Outcome::converged);
  // 8 · 4^−t: the gain 3 · left must lie below 2e-3 too, which it first does at t = 7; t = 8 confirms it.
  EXPECT_EQ(trace.steps().back().iteration, 8);
}

TEST(Trace, GrowingGainsPromiseMore) {
  Trace trace(1, 1000, 1);
  for (int t = 0; t < 6; ++t) {
    ASSERT_FALSE(trace.record(step_at(t, -100 + 1e-3 * std::pow(2, t)), true, unknown)) << t;
    if (t >= 2) {
      EXPECT_TRUE(std::isinf(trace.steps().back().remaining));
    }
  }
}

TEST(Trace, LeapsDoNotFeedAitken) {
  Trace trace(1e-3, 1000, 1);
  trace.record(step_at(0, -8), true, unknown);
  trace.record(step_at(1, -2), true, unknown);
  trace.record(step_at(2, -1), false, unknown);
  EXPECT_TRUE(std::isnan(trace.steps().back().remaining));
  trace.record(step_at(3, -0.5), true, unknown);
  EXPECT_TRUE(std::isnan(trace.steps().back().remaining)) << "the gain before this one was a leap's";
  trace.record(step_at(4, -0.25), true, unknown);
  EXPECT_NEAR(trace.steps().back().remaining, 0.25, 1e-14);
}

TEST(Trace, AFallBeyondRoundingIsNotRecorded) {
  Trace trace(1e-3, 1000, 1);
  trace.record(step_at(0, -8), true, unknown);
  EXPECT_EQ(trace.record(step_at(1, -8.001), true, unknown), Outcome::objective_fell);
  EXPECT_NEAR(trace.fall(), 0.001, 1e-12);
  EXPECT_EQ(trace.steps().size(), 1U);
  EXPECT_EQ(trace.reached(), -8);
  EXPECT_FALSE(trace.monotone());
}

TEST(Trace, AFallWithinRoundingIsNone) {
  Trace trace(1e-3, 1000, 1000);
  trace.record(step_at(0, -8), true, unknown);
  EXPECT_FALSE(trace.record(step_at(1, -8 - 0.5e-7), true, unknown));  // 1e-10 (8 + 1000) = 1.008e-7
  EXPECT_TRUE(trace.monotone());
  EXPECT_EQ(trace.record(step_at(2, -8 - 2e-7), true, unknown), Outcome::objective_fell);
}

TEST(Trace, WhatIsNotFiniteEndsIt) {
  for (const double value :
       {-std::numeric_limits<double>::infinity(), std::nan(""), std::numeric_limits<double>::infinity()}) {
    Trace trace(1e-3, 1000, 1);
    trace.record(step_at(0, -8), true, unknown);
    EXPECT_EQ(trace.record(step_at(1, value), true, unknown), Outcome::not_finite);
    EXPECT_EQ(trace.steps().size(), 1U);
  }
}

TEST(Trace, BoundMustLieBetweenTheObjectives) {
  for (const auto& [bound, holds] : {std::pair{-7.0, true}, {-8.1, false}, {-5.9, false}, {-8.0, true}, {-6.0, true}}) {
    Trace trace(1e-3, 1000, 1);
    trace.record(step_at(0, -8), true, unknown);
    Step next = step_at(1, -6);
    next.bound = bound;
    trace.record(next, true, unknown);
    EXPECT_EQ(trace.monotone(), holds) << bound;
  }
}

TEST(Trace, EpochsDoNotCompare) {
  Trace trace(1e-3, 1000, 1);
  trace.record(step_at(0, -8), true, unknown);
  Step colder = step_at(1, -20);
  colder.reading.epoch = 1;
  EXPECT_FALSE(trace.record(colder, true, unknown));
  EXPECT_TRUE(trace.monotone());
  EXPECT_TRUE(std::isnan(trace.steps().back().gain));
}

TEST(Trace, AsksTheGradientOnlyWhenTheReadingsSayConverged) {
  Trace trace(1e-3, 1000, 1);
  int asked = 0;
  double left = 8;
  std::optional<Outcome> why;
  for (int t = 0; t < 7; ++t, left /= 4) why = trace.record(step_at(t, -left), true, [&] { return ++asked, 1.0; });
  EXPECT_FALSE(why);
  EXPECT_EQ(asked, 0);
  for (int t = 7; t < 12; ++t, left /= 4) why = trace.record(step_at(t, -left), true, [&] { return ++asked, 1.0; });
  EXPECT_FALSE(why) << "the gradient promises 1, the tolerance is 1e-3";
  EXPECT_GT(asked, 0);
  EXPECT_EQ(trace.record(step_at(12, -left), true, [] { return 1e-4; }), Outcome::converged);
  EXPECT_EQ(trace.promised_gain(), 1e-4);
}

// Engine and trace together.

const Table& ten_rows() {
  static const Table table(std::vector<double>(10, 0.0), 10, 1);
  return table;
}

TEST(FitTrace, ToleranceZeroDoesExactlyMaxIterations) {
  for (const int most : {0, 1, 10, 200}) {
    const auto fitted = fit(support::Geometric{}, ten_rows(), {.tolerance = 0, .max_iterations = most});
    EXPECT_EQ(fitted.report.iterations, most);
    EXPECT_EQ(fitted.report.evaluations, most + 1);
    EXPECT_EQ(fitted.report.outcome, Outcome::iteration_limit);
    EXPECT_EQ(fitted.report.trace.size(), static_cast<std::size_t>(most + 1));
    EXPECT_DOUBLE_EQ(fitted.model.theta, std::pow(0.5, most));
  }
}

// Slow EM: the last gain is a hundredth of what is left, and a rule on gains alone would stop far too early.
TEST(FitTrace, WhatIsSaidToRemainIsWhatRemains) {
  support::Geometric slow;
  slow.rate = 0.995;
  const double tolerance = 1e-6;
  const auto fitted = fit(slow, ten_rows(), {.tolerance = tolerance, .max_iterations = 100000});
  EXPECT_TRUE(fitted.report.converged());
  const double remaining = -fitted.report.log_likelihood;  // the top is at 0
  EXPECT_LE(remaining, 10 * tolerance);
  EXPECT_NEAR(fitted.report.trace.back().remaining, remaining, 0.01 * remaining);
  EXPECT_GT(remaining, 50 * fitted.report.trace.back().gain);
}

TEST(FitTrace, TheLikelihoodBelongsToTheParameters) {
  const auto fitted = fit(support::Geometric{}, ten_rows(), {.tolerance = 0, .max_iterations = 3});
  EXPECT_DOUBLE_EQ(fitted.report.log_likelihood, -0.5 * 10 * fitted.model.theta * fitted.model.theta);
}

TEST(FitTrace, AnObjectiveThatFellIsNamedAndTheLastGoodModelReturned) {
  const auto fitted = fit(support::Falling{}, ten_rows(), {.tolerance = 1e-12});
  EXPECT_EQ(fitted.report.outcome, Outcome::objective_fell);
  EXPECT_FALSE(fitted.report.monotone);
  EXPECT_FALSE(fitted.report.converged());
  EXPECT_DOUBLE_EQ(fitted.model.theta, 0.125);
  EXPECT_DOUBLE_EQ(fitted.report.log_likelihood, -5 * 0.125 * 0.125);
  EXPECT_EQ(fitted.report.iterations, 3);
  // 0.125 → 0.375: from −5/64 to −45/64
  EXPECT_NE(fitted.report.message.find("fell by 0.625 in iteration 4"), std::string::npos) << fitted.report.message;
}

TEST(FitTrace, AnMStepThatStaysPutIsStalledNotConverged) {
  const auto fitted = fit(support::Stuck{}, ten_rows());
  EXPECT_EQ(fitted.report.outcome, Outcome::stalled);
  EXPECT_FALSE(fitted.report.converged());
  EXPECT_GT(fitted.report.gradient, 0.25) << "half a unit of log-likelihood per observation is to be had";
  const auto at_the_top = fit(support::Stuck{.theta = 0}, ten_rows());
  EXPECT_EQ(at_the_top.report.outcome, Outcome::converged);
}

}  // namespace
}  // namespace jensen
