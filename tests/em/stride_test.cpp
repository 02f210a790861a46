// Accelerators plug into the loop through Stride; an over-relaxed one is written here to try the trial and its retreat.
#include <gtest/gtest.h>
#include <jensen/em/climb.h>
#include <jensen/em/starts.h>
#include <jensen/fit_gaussian_mixture.h>

#include <cmath>

#include "support/data.h"
#include "support/models.h"

namespace jensen {
namespace {

// θ + ω (M(θ) − θ) in unconstrained coordinates, on trial; the retreat is the plain step.
class OverRelaxed final : public Stride {
 public:
  explicit OverRelaxed(double factor) : factor_(factor) {}
  Candidate propose(const Model& accepted, std::unique_ptr<Model> next) override {
    ++proposals;
    const auto from = accepted.unconstrained();
    auto to = next->unconstrained();
    for (std::size_t j = 0; j < to.size(); ++j) to[j] = from[j] + factor_ * (to[j] - from[j]);
    fallback_ = next->clone();
    next->set_unconstrained(to);
    return {std::move(next), true};
  }
  Candidate retreat() override {
    ++retreats;
    return {std::move(fallback_), false};
  }

  int proposals = 0;
  int retreats = 0;

 private:
  double factor_;
  std::unique_ptr<Model> fallback_;
};

struct Problem {
  Table data = support::clustered(500, 2, 2, 3, 1.5);
  Workers workers{1};
  std::unique_ptr<Model> start =
      started(Erased(gaussian_mixture_for(data, {2, Covariance::full, Prior::data_scaled}, 1)),
              Start::k_means_plus_plus, data, 1, workers);
  Climb run(Stride& stride, int most = 3000) {
    Options options;
    options.max_iterations = most;
    options.tolerance = most < 3000 ? 0 : 1e-12;
    return climb(*start, data, workers, options, stride, {});
  }
};

void expect_ascent(const Climb& end) {
  for (std::size_t t = 1; t < end.trace.size(); ++t) {
    EXPECT_GE(end.trace[t].reading.objective(), end.trace[t - 1].reading.objective() - 1e-6);
    EXPECT_GT(end.trace[t].iteration, end.trace[t - 1].iteration);
    EXPECT_GT(end.trace[t].evaluations, end.trace[t - 1].evaluations);
  }
}

TEST(Stride, OverRelaxationReachesTheSameOptimum) {
  Problem problem;
  PlainStride plain;
  const Climb reference = problem.run(plain);
  ASSERT_EQ(reference.outcome, Outcome::converged);
  OverRelaxed stride(1.7);
  const Climb end = problem.run(stride, 400);
  EXPECT_NEAR(end.reading.objective(), reference.reading.objective(), 1e-8);
  EXPECT_GT(stride.proposals, stride.retreats) << "most leaps are accepted";
  expect_ascent(end);
  EXPECT_EQ(end.evaluations, end.iterations + 1 + stride.retreats) << "each retreat costs one pass";
}

TEST(Stride, ALeapTooFarIsTakenBack) {
  Problem problem;
  OverRelaxed stride(40);
  const Climb end = problem.run(stride, 60);
  EXPECT_GT(stride.retreats, 5);
  expect_ascent(end);
  EXPECT_EQ(end.iterations, 60);
  EXPECT_NE(end.outcome, Outcome::objective_fell);
}

TEST(Stride, PlainStepsAreTheDefault) {
  Problem problem;
  PlainStride plain;
  const Climb one = problem.run(plain, 7);
  EXPECT_EQ(one.evaluations, 8);
  EXPECT_EQ(one.iterations, 7);
}

// A proposal whose objective is not a number counts as having fallen short.
TEST(Stride, ATrialWithoutLikelihoodIsTakenBack) {
  class ToNowhere final : public Stride {
   public:
    Candidate propose(const Model&, std::unique_ptr<Model> next) override {
      fallback_ = next->clone();
      static_cast<void>(next);
      return {std::make_unique<Erased<support::Geometric>>(support::Geometric{.theta = std::nan("")}), true};
    }
    Candidate retreat() override { return {std::move(fallback_), false}; }

   private:
    std::unique_ptr<Model> fallback_;
  };
  const Table data(std::vector<double>(4, 0.0), 4, 1);
  Workers workers(1);
  ToNowhere stride;
  const Climb end =
      climb(Erased(support::Geometric{}), data, workers, {.tolerance = 0, .max_iterations = 5}, stride, {});
  EXPECT_EQ(end.outcome, Outcome::iteration_limit);
  EXPECT_DOUBLE_EQ(static_cast<const Erased<support::Geometric>&>(*end.model).get().theta, 1.0 / 32);
  EXPECT_EQ(end.evaluations, 11);
}

}  // namespace
}  // namespace jensen
