#include <gtest/gtest.h>
#include <jensen/data/table.h>
#include <jensen/em/accelerate/acceleration.h>
#include <jensen/em/climb.h>
#include <jensen/em/fit.h>
#include <jensen/em/starts.h>
#include <jensen/fit_gaussian_mixture.h>

#include <cmath>

#include "../examples/genetic_linkage.h"
#include "../examples/poisson_mixture.h"
#include "support/data.h"
#include "support/models.h"
#include "support/refusal.h"

namespace jensen {
namespace {

const std::vector<Acceleration> accelerators{Acceleration::squarem, Acceleration::anderson, Acceleration::quasi_newton};

Table london_deaths() {
  return Table({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 10, 1).with_weights({162, 267, 271, 185, 111, 61, 27, 8, 3, 1});
}

// Golden: numpy/scipy, −1989.9458598830654 with weights .35989, .64011 and rates 1.25610, 2.66341.
TEST(Acceleration, LondonDeathsInFarFewerPasses) {
  for (Acceleration acceleration : accelerators) {
    Options options;
    options.acceleration = acceleration;
    options.tolerance = 1e-11;
    const auto [model, report] = fit(PoissonMixture({0.5, 0.5}, {1, 3}), london_deaths(), options);
    EXPECT_EQ(report.outcome, Outcome::converged) << to_string(acceleration) << ": " << report.message;
    EXPECT_NEAR(report.log_likelihood, -1989.9458598830654, 2e-6) << to_string(acceleration);
    EXPECT_NEAR(model.rate(0), 1.2560999, 2e-3);
    EXPECT_NEAR(model.rate(1), 2.6634077, 2e-3);
    EXPECT_TRUE(report.monotone);
    EXPECT_LT(report.evaluations, 400) << to_string(acceleration) << ": plain EM needs thousands";
    for (std::size_t t = 1; t < report.trace.size(); ++t) EXPECT_GE(report.trace[t].gain, -1e-9) << t;
  }
}

TEST(Acceleration, OnAStraightMapItLandsOnTheFixedPoint) {
  // θ ↦ ½ θ: one SQUAREM or quasi-Newton leap from two steps, one Anderson leap with no damping left to speak of.
  struct Line {
    double theta = 8;
    Statistics no_statistics() const { return {{0}, {}}; }
    double expect(const Block&, Statistics&) const { return -theta * theta; }
    void maximize(const Statistics&) { theta /= 2; }
    std::vector<double> unconstrained() const { return {theta}; }
    void set_unconstrained(std::span<const double> u) { theta = u[0]; }
  };
  Squarem squarem;
  QuasiNewton quasi_newton;
  for (Stride* stride : {static_cast<Stride*>(&squarem), static_cast<Stride*>(&quasi_newton)}) {
    Proposal candidate = stride->propose(Erased(Line{8}), std::make_unique<Erased<Line>>(Line{4}));
    EXPECT_FALSE(candidate.trial);
    // SQUAREM's first leap is held back by its longest step; the second is not.
    for (int cycle = 0; cycle < 3 && !candidate.trial; ++cycle) {
      candidate = stride->propose(Erased(Line{4}), std::make_unique<Erased<Line>>(Line{2}));
      if (!candidate.trial) candidate = stride->propose(Erased(Line{8}), std::make_unique<Erased<Line>>(Line{4}));
    }
    candidate = candidate.trial ? std::move(candidate)
                                : stride->propose(Erased(Line{4}), std::make_unique<Erased<Line>>(Line{2}));
    ASSERT_TRUE(candidate.trial);
    EXPECT_NEAR(candidate.model->unconstrained().front(), 0, 1e-12);
    EXPECT_EQ(stride->retreat().model->unconstrained().front(), 2) << "the plain M-step is the fallback";
  }
}

TEST(Acceleration, GaussianMixturesEndWhereExactEmEnds) {
  const Table data = support::clustered(500, 2, 2, 3, 1.5);
  Workers workers(1);
  const auto start = started(Erased(gaussian_mixture_for(data, {2, Covariance::full, Prior::data_scaled}, 1)),
                             Start::k_means_plus_plus, data, 1, workers);
  Options options;
  options.tolerance = 1e-12;
  options.acceleration = Acceleration::none;
  const auto plain = fit(*start, data, options).report;
  for (Acceleration acceleration : accelerators) {
    options.acceleration = acceleration;
    options.threads = 1;
    const auto fitted = fit(*start, data, options);
    EXPECT_TRUE(fitted.report.converged()) << to_string(acceleration) << fitted.report.message;
    EXPECT_NEAR(fitted.report.log_likelihood, plain.log_likelihood, 1e-7) << to_string(acceleration);
    EXPECT_LT(fitted.report.evaluations, plain.evaluations) << to_string(acceleration);
    options.threads = 3;
    EXPECT_EQ(fit(*start, data, options).model->parameters(), fitted.model->parameters());
  }
}

TEST(Acceleration, SquaremIsTheDefaultWhereItCanBe) {
  const auto evaluations = [](Options options) {
    return fit(PoissonMixture({0.5, 0.5}, {1, 3}), london_deaths(), options).report.evaluations;
  };
  Options options;
  options.acceleration = Acceleration::squarem;
  const int squarem = evaluations(options);
  options.acceleration = Acceleration::none;
  const int plain = evaluations(options);
  options.acceleration = Acceleration::automatic;
  EXPECT_EQ(evaluations(options), squarem);
  EXPECT_LT(squarem, plain);
  // Counted iterations are plain ones: each step is the M-step of the one before.
  options.tolerance = 0;
  options.max_iterations = 12;
  const auto counted = fit(PoissonMixture({0.5, 0.5}, {1, 3}), london_deaths(), options).report;
  EXPECT_EQ(counted.evaluations, 13);
  for (std::size_t t = 1; t < counted.trace.size(); ++t) EXPECT_FALSE(std::isnan(counted.trace[t].bound)) << t;
  // Where the model or the algorithm cannot be accelerated nothing is refused.
  const Table two({1, 2}, 2, 1);
  EXPECT_NO_THROW(fit(support::UnitNormal{}, two, {}));
  options = {.max_iterations = 30, .algorithm = Algorithm::stochastic};
  EXPECT_NO_THROW(options.validate());
}

// Coordinates come and go where a probability becomes 0: what was seen before is about another space.
TEST(Acceleration, ForgetsWhatHadOtherCoordinates) {
  struct Shrinking {
    std::vector<double> u;
    Statistics no_statistics() const { return {{0}, {}}; }
    double expect(const Block&, Statistics&) const { return 0; }
    void maximize(const Statistics&) {}
    std::vector<double> unconstrained() const { return u; }
    void set_unconstrained(std::span<const double> to) { u.assign(to.begin(), to.end()); }
  };
  const auto at = [](std::vector<double> u) { return std::make_unique<Erased<Shrinking>>(Shrinking{std::move(u)}); };
  for (Acceleration acceleration : accelerators) {
    const auto stride = make_stride(acceleration);
    double x = 64;
    for (int step = 0; step < 7; ++step, x /= 2) stride->propose(*at({x, x, x}), at({x / 2, x / 2, x / 3}));
    const auto between = stride->propose(*at({x, x, x}), at({x / 2, x / 2}));
    EXPECT_FALSE(between.trial);
    EXPECT_EQ(between.model->unconstrained(), (std::vector{x / 2, x / 2}));
    for (int step = 0; step < 7; ++step, x /= 2) {
      const auto proposal = stride->propose(*at({x, x}), at({x / 2, x / 3}));
      ASSERT_EQ(proposal.model->unconstrained().size(), 2U) << to_string(acceleration);
      for (double u : proposal.model->unconstrained()) EXPECT_TRUE(std::isfinite(u));
    }
  }
}

TEST(Acceleration, IsRefusedByNameWhereItCannotBe) {
  const Table data({1, 2}, 2, 1);
  Options options;
  options.acceleration = Acceleration::squarem;
  EXPECT_EQ(support::refusal([&] { fit(support::UnitNormal{}, data, options); }),
            "this model cannot map its parameters to unconstrained coordinates, which acceleration by squarem needs");
  options.algorithm = Algorithm::stochastic;
  EXPECT_EQ(support::refusal([&] { options.validate(); }),
            "fit: acceleration: must be none with algorithm stochastic, whose steps are not one fixed map, got "
            "squarem");
}

TEST(Acceleration, CoordinatesBeyondNumbersAreNoModel) {
  const Erased like(GeneticLinkage{0.3});
  const std::vector<double> bad{std::nan("")};
  EXPECT_EQ(at_coordinates(like, bad), nullptr);
  const std::vector<double> good{0};
  EXPECT_EQ(at_coordinates(like, good)->unconstrained().front(), 0);
}

}  // namespace
}  // namespace jensen
