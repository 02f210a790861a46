// Accelerators plug into the loop through Stride; an over-relaxed one is written here to try the trial and its retreat.
#include <gtest/gtest.h>
#include <jensen/data/table.h>
#include <jensen/em/climb.h>
#include <jensen/em/fit.h>
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
  Proposal propose(const Model& accepted, std::unique_ptr<Model> next) override {
    ++proposals;
    const auto from = accepted.unconstrained();
    auto to = next->unconstrained();
    for (std::size_t j = 0; j < to.size(); ++j) to[j] = from[j] + factor_ * (to[j] - from[j]);
    fallback_ = next->clone();
    next->set_unconstrained(to);
    return {std::move(next), true};
  }
  Proposal retreat() override {
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
    Proposal propose(const Model&, std::unique_ptr<Model> next) override {
      fallback_ = next->clone();
      static_cast<void>(next);
      return {std::make_unique<Erased<support::Geometric>>(support::Geometric{.theta = std::nan("")}), true};
    }
    Proposal retreat() override { return {std::move(fallback_), false}; }

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

// Poisson counts with rate e^u, maximised by a Newton step on u: from far below it shoots far beyond the top.
struct NewtonPoisson {
  double u = 0;
  bool on_trial = true;
  double direction = 1;  // −1: an M-step that goes down, however short

  Statistics no_statistics() const { return {{0, 0}, {}}; }
  double expect(const Block& x, Statistics& s) const {
    double log_likelihood = 0;
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      s.sum[0] += x.x(i, 0) - std::exp(u);  // slope of Q
      s.sum[1] += std::exp(u);              // curvature, its sign turned
      log_likelihood += x.x(i, 0) * u - std::exp(u);
    }
    return log_likelihood;
  }
  void maximize(const Statistics& s) { u += direction * s.sum[0] / s.sum[1]; }
  bool tentative() const { return on_trial; }
  std::vector<double> unconstrained() const { return {u}; }
  void set_unconstrained(std::span<const double> v) { u = v[0]; }
};

TEST(HalvingStride, ANewtonStepThatOvershootsIsShortened) {
  const Table data({3, 5, 4, 8}, 4, 1);  // mean 5
  const auto end = fit(NewtonPoisson{.u = -3}, data, {.tolerance = 1e-12});
  EXPECT_EQ(end.report.outcome, Outcome::converged) << end.report.message;
  EXPECT_NEAR(end.model.u, std::log(5.0), 1e-9);
  EXPECT_GT(end.report.evaluations, end.report.iterations + 3) << "shortened steps cost passes";
  EXPECT_TRUE(end.report.monotone);
  for (std::size_t t = 1; t < end.report.trace.size(); ++t) EXPECT_GE(end.report.trace[t].gain, -1e-13);
  // The same step taken unasked falls, which is why it must be on trial.
  EXPECT_NE(fit(NewtonPoisson{.u = -3, .on_trial = false}, data).report.outcome, Outcome::converged);
}

TEST(HalvingStride, SharesHalveTheWayInUnconstrainedCoordinates) {
  PlainStride plain;
  HalvingStride stride(plain);
  const Erased accepted(NewtonPoisson{.u = 1});
  Proposal candidate = stride.propose(accepted, std::make_unique<Erased<NewtonPoisson>>(NewtonPoisson{.u = 9}));
  EXPECT_TRUE(candidate.trial);
  EXPECT_TRUE(candidate.plain()) << "the whole M-step is a plain one";
  double share = 1;
  int halvings = -1;
  for (; candidate.model; candidate = stride.retreat(), share /= 2, ++halvings) {
    EXPECT_EQ(candidate.share, share);
    EXPECT_EQ(candidate.plain(), share == 1);
    EXPECT_DOUBLE_EQ(candidate.model->unconstrained().front(), 1 + 8 * share);
  }
  EXPECT_EQ(halvings, HalvingStride::most_halvings);
}

TEST(HalvingStride, AStepThatNeverClimbsStallsWhereItStood) {
  const Table data({3, 5, 4, 8}, 4, 1);
  const auto end = fit(NewtonPoisson{.u = 1, .direction = -1}, data);
  EXPECT_EQ(end.report.outcome, Outcome::stalled);
  EXPECT_EQ(end.model.u, 1.0);
  EXPECT_EQ(end.report.message, "the M-step no longer climbs after 0 iterations, however short a step is tried");
}

TEST(HalvingStride, ALeapComesBeforeTheTentativeStepAndItsHalves) {
  const Table data({3, 5, 4, 8}, 4, 1);
  Workers workers(1);
  OverRelaxed leap(1.9);
  const Climb end =
      climb(Erased(NewtonPoisson{.u = -3}), data, workers, {.tolerance = 0, .max_iterations = 200}, leap, {});
  EXPECT_GT(leap.retreats, 0);
  EXPECT_EQ(end.outcome, Outcome::iteration_limit);
  EXPECT_NEAR(end.model->unconstrained().front(), std::log(5.0), 1e-6);
}

// Emissions hand it on: a mixture of Newton-stepped Poisson rates.
struct NewtonPoissons {
  struct Scratch {};
  std::vector<double> u{0, 0.1};
  int states() const { return 2; }
  int columns() const { return 1; }
  Layout layout() const { return {4, 2}; }
  void reference(std::span<double> about) const { std::copy(u.begin(), u.end(), about.begin()); }
  void add_log_density(const Block& x, Panel p, Scratch&) const {
    for (int k = 0; k < 2; ++k) {
      for (std::int64_t i = 0; i < p.rows; ++i) {
        p(i, k) += x.x(i, 0) * u[static_cast<std::size_t>(k)] - std::exp(u[static_cast<std::size_t>(k)]);
      }
    }
  }
  double accumulate(const Block& x, ConstPanel r, Slice s, Scratch&) const {
    for (std::size_t k = 0; k < 2; ++k) {
      for (std::int64_t i = 0; i < r.rows; ++i) {
        s.sum[2 * k] += r(i, static_cast<int>(k)) * (x.x(i, 0) - std::exp(s.about[k]));
        s.sum[2 * k + 1] += r(i, static_cast<int>(k)) * std::exp(s.about[k]);
      }
    }
    return 0;
  }
  void maximize(const ConstSlice& s) {
    for (std::size_t k = 0; k < 2; ++k) u[k] = s.about[k] + s.sum[2 * k] / s.sum[2 * k + 1];
  }
  bool tentative() const { return true; }
  double log_prior() const { return 0; }
  double expected_log_density(const ConstSlice&) const { return 0; }
  std::vector<Degeneracy> degeneracies() const { return {}; }
  void move(const ConstSlice&, Slice) const {}
  void sample(int, Stream&, std::span<double>) const {}
  int free_parameters() const { return 2; }
  std::vector<double> unconstrained() const { return u; }
  void set_unconstrained(std::span<const double> v) { u.assign(v.begin(), v.end()); }
  std::vector<double> parameters() const { return u; }
  void set_parameters(std::span<const double> v) { u.assign(v.begin(), v.end()); }
  std::vector<std::string> parameter_names() const { return {"u[0]", "u[1]"}; }
};

TEST(HalvingStride, AMixtureOfTentativeEmissionsIsTentative) {
  std::vector<double> counts;
  for (int i = 0; i < 40; ++i) counts.push_back(i % 2 == 0 ? 1 + i % 3 : 20 + i % 5);
  const Table data(counts, 40, 1);
  EXPECT_TRUE(Erased(Mixture<NewtonPoissons>(NewtonPoissons{})).tentative());
  EXPECT_FALSE(Erased(gaussian_mixture_for(data, {})).tentative());
  const Erased start(Mixture<NewtonPoissons>(NewtonPoissons{{-2, 4}}));
  Workers workers(1);
  PlainStride plain;
  const Climb end = climb(start, data, workers, {.tolerance = 1e-12}, plain, {});
  double low = 0;
  double high = 0;
  for (int i = 0; i < 40; ++i) (i % 2 == 0 ? low : high) += counts[static_cast<std::size_t>(i)] / 20;
  ASSERT_EQ(end.outcome, Outcome::converged) << end.message;
  const auto u = end.model->unconstrained();
  EXPECT_NEAR(u[1], std::log(low), 1e-3);
  EXPECT_NEAR(u[2], std::log(high), 1e-3);
}

}  // namespace
}  // namespace jensen
