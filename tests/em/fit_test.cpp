#include <gtest/gtest.h>
#include <jensen/em/fit.h>
#include <jensen/error.h>
#include <jensen/fit_gaussian_mixture.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>

#include "../examples/two_coins.h"
#include "support/data.h"
#include "support/models.h"
#include "support/refusal.h"

namespace jensen {
namespace {

const auto refusal = support::refusal<>;

std::uint64_t bits(double v) { return std::bit_cast<std::uint64_t>(v); }

TEST(Fit, ClosedFormInOneStep) {
  const Table data({1, 2, 6}, 3, 1);
  const auto fitted = fit(support::UnitNormal{}, data.with_weights({1, 1, 2}));
  EXPECT_DOUBLE_EQ(fitted.model.mean, 15.0 / 4);
  EXPECT_TRUE(fitted.report.converged());
  EXPECT_EQ(fitted.report.observations, 4);
  EXPECT_EQ(fitted.report.total_weight, 4);
  EXPECT_EQ(fitted.report.rows, 3);
  EXPECT_EQ(fitted.report.free_parameters, -1);
  EXPECT_TRUE(std::isnan(fitted.report.bic())) << "the model does not count its parameters";
  EXPECT_TRUE(std::isnan(fitted.report.bound.value())) << "the model has no Q";
  EXPECT_TRUE(std::isnan(fitted.report.gradient));
  EXPECT_TRUE(std::isnan(fitted.report.state_entropy));
}

TEST(Fit, SamplingWeightsCountRows) {
  const Table data({1, 2, 6}, 3, 1);
  const auto report = fit(support::UnitNormal{}, data.with_weights({2, 0, 4}, WeightKind::sampling)).report;
  EXPECT_EQ(report.observations, 2);
  EXPECT_EQ(report.total_weight, 6);
}

TEST(Report, InformationCriteria) {
  Report report;
  report.log_likelihood = -30;
  report.free_parameters = 4;
  report.observations = 10;
  report.total_weight = 20;  // sampling weights, mean 2: the likelihood counts each row twice
  report.state_entropy = 1.5;
  EXPECT_DOUBLE_EQ(report.aic(), 30 + 8);
  EXPECT_DOUBLE_EQ(report.bic(), 30 + 4 * std::log(10));
  EXPECT_DOUBLE_EQ(report.icl(), 30 + 4 * std::log(10) + 1.5);
}

TEST(Fit, RefusesDataThatDoNotFit) {
  EXPECT_EQ(refusal([] { fit(support::UnitNormal{}, Table(std::vector<double>{}, 0, 1)); }),
            "fit: the data have no rows");
  EXPECT_EQ(refusal([] { fit(support::UnitNormal{}, Table({1, 2}, 1, 2)); }), "fit: data: have 2 columns, the model 1");
}

TEST(Fit, NamesTheRowThatHasNoLikelihood) {
  struct NoFours : support::UnitNormal {
    double expect(const Block& x, Statistics& s) const {
      const double value = UnitNormal::expect(x, s);
      for (std::int64_t i = 0; i < x.rows(); ++i) {
        if (x.x(i, 0) == 4) return -std::numeric_limits<double>::infinity();
      }
      return value;
    }
  };
  EXPECT_EQ(refusal([] {
              fit(NoFours{}, Table({1, 2, 4, 8, 4}, 5, 1));
            }),
            "fit: the start has no finite likelihood: the likelihood is not finite after 0 iterations: row 3 has "
            "log-likelihood -inf");
}

TEST(Fit, CapabilitiesAreRefusedByName) {
  const Table data({1, 2, 4}, 3, 1);
  EXPECT_EQ(refusal([&] { fit(support::Geometric{}, data, {.start = Start::random}); }),
            "geometric cannot give responsibilities by row (it has no discrete states), which a random start needs");
  const Erased model(support::Geometric{});
  EXPECT_EQ(refusal([&] { model.require(Capability::move, "incremental EM"); }),
            "geometric cannot move its statistics to other reference points, which incremental EM needs");
  EXPECT_THROW(model.expected_log_joint({}), UnsupportedError);
  EXPECT_THROW(model.unconstrained(), UnsupportedError);
  EXPECT_THROW(model.parameters(), UnsupportedError);
  EXPECT_THROW(model.parameter_names(), UnsupportedError);
  EXPECT_THROW(model.free_parameters(), UnsupportedError);
  EXPECT_THROW(model.states(), UnsupportedError);
  EXPECT_THROW(model.sample(1, 0, {}, {}), UnsupportedError);
  Statistics s = model.no_statistics();
  const auto scratch = model.scratch();
  BlockBuffer buffer;
  EXPECT_EQ(refusal([&] { model.expect(data.block(0, 3, buffer), Mode{}, s, *scratch); }),
            "geometric cannot take any rule for q (its E-step takes no Rule), which an E-step under this rule needs");
}

TEST(Fit, RunTimeDenialCounts) {
  struct Denies : TwoCoins {
    bool can(Capability capability) const { return capability != Capability::expected_log_joint; }
  };
  const Erased model{Denies()};
  EXPECT_FALSE(model.can(Capability::expected_log_joint));
  EXPECT_TRUE(model.can(Capability::rules));
  EXPECT_FALSE(model.can(Capability::move)) << "can() may deny, not promise";
}

// Restarts --------------------------------------------------------------------------------------------------------

const Table& many_optima() {
  static const Table table = support::clustered(300, 2, 6, 2, 1.5);
  return table;
}
const GaussianMixtureOptions six{6, Covariance::diagonal, Prior::data_scaled};

Options restarts(int count, Start start = Start::random) {
  Options options;
  options.start = start;
  options.restarts = count;
  options.seed = 11;
  options.tolerance = 1e-6;
  options.threads = 1;
  return options;
}

TEST(FitRestarts, EachAloneReproducesToTheBit) {
  const auto together = fit_gaussian_mixture(many_optima(), six, restarts(6));
  ASSERT_EQ(together.report.restarts.size(), 6U);
  for (const auto& entry : together.report.restarts) {
    Options alone = restarts(1);
    alone.seed = entry.seed;
    const auto repeated = fit_gaussian_mixture(many_optima(), six, alone);
    EXPECT_EQ(bits(repeated.report.log_likelihood), bits(entry.log_likelihood));
    EXPECT_EQ(repeated.report.iterations, entry.iterations);
    EXPECT_EQ(repeated.report.outcome, entry.outcome);
  }
  const auto& best = together.report.restarts[static_cast<std::size_t>(together.report.best_restart)];
  EXPECT_EQ(bits(best.log_likelihood), bits(together.report.log_likelihood));
}

TEST(FitRestarts, TheBestIsReturned) {
  const auto report = fit_gaussian_mixture(many_optima(), six, restarts(8)).report;
  for (const auto& entry : report.restarts) {
    if (!entry.degenerate) {
      EXPECT_LE(entry.log_likelihood + entry.log_prior, report.objective());
    }
  }
  ASSERT_GE(report.optima.size(), 2U) << "the data were chosen to have several optima";
  EXPECT_NEAR(report.optima.front().objective, report.objective(), 1e-9 * std::abs(report.objective()));
  int counted = 0;
  for (std::size_t i = 0; i < report.optima.size(); ++i) {
    counted += report.optima[i].starts;
    if (i > 0) {
      EXPECT_GT(report.optima[i - 1].objective - report.optima[i].objective, 1e-6 * report.total_weight);
    }
  }
  EXPECT_EQ(counted, 8);
}

// Most starts reach the same optimum but for the last digits.
TEST(FitRestarts, EndsThatDifferByRoundingAloneGoByNumber) {
  bool rounding_favours_another = false;
  for (const std::uint64_t seed : {1, 2, 3, 4}) {
    Options options = restarts(8);
    options.tolerance = 1e-12;
    options.seed = seed;
    const auto data = support::clustered(300, 2, 2, seed);
    const auto report = fit_gaussian_mixture(data, {2, Covariance::full, Prior::data_scaled}, options).report;
    std::vector<double> ends;
    for (const auto& entry : report.restarts) ends.push_back(entry.log_likelihood + entry.log_prior);
    const auto highest = std::max_element(ends.begin(), ends.end());
    const auto first = std::find_if(ends.begin(), ends.end(), [&](double end) { return end > *highest - 1e-9; });
    EXPECT_EQ(report.best_restart, first - ends.begin()) << seed;
    rounding_favours_another = rounding_favours_another || *first < *highest;
  }
  EXPECT_TRUE(rounding_favours_another);
}

TEST(FitRestarts, RandomStartsDiffer) {
  Options options = restarts(10);
  options.max_iterations = 0;
  auto report = fit_gaussian_mixture(many_optima(), six, options).report;
  std::vector<double> starts;
  for (const auto& entry : report.restarts) starts.push_back(entry.log_likelihood);
  std::sort(starts.begin(), starts.end());
  EXPECT_EQ(std::unique(starts.begin(), starts.end()), starts.end());
}

TEST(FitRestarts, ParallelEqualsSerialToTheBit) {
  for (const Start start : {Start::random, Start::k_means_plus_plus, Start::short_runs}) {
    const auto serial = fit_gaussian_mixture(many_optima(), six, restarts(5, start));
    for (const int threads : {2, 3, 7}) {
      Options options = restarts(5, start);
      options.threads = threads;
      const auto parallel = fit_gaussian_mixture(many_optima(), six, options);
      EXPECT_EQ(parallel.model.parameters(), serial.model.parameters()) << threads;
      EXPECT_EQ(parallel.report.best_restart, serial.report.best_restart);
      for (std::size_t r = 0; r < 5; ++r) {
        EXPECT_EQ(bits(parallel.report.restarts[r].log_likelihood), bits(serial.report.restarts[r].log_likelihood));
      }
    }
  }
}

TEST(FitRestarts, ACallbackThatStopsLeavesTheBestSoFar) {
  Options options = restarts(5);
  double best = -std::numeric_limits<double>::infinity();
  int begun = 0;
  options.callback = [&](const Progress& progress) {
    begun = std::max(begun, progress.restart + 1);
    best = std::max(best, progress.step.reading.objective());
    EXPECT_EQ(progress.restarts, 5);
    return progress.restart == 2 && progress.step.iteration == 3 ? Verdict::stop : Verdict::go_on;
  };
  const auto report = fit_gaussian_mixture(many_optima(), six, options).report;
  EXPECT_EQ(begun, 3);
  EXPECT_EQ(report.objective(), best);
  EXPECT_EQ(report.restarts[2].outcome, Outcome::stopped_by_caller);
  EXPECT_EQ(report.restarts[2].iterations, 3);
  EXPECT_EQ(report.restarts[4].outcome, Outcome::stopped_by_caller);
  EXPECT_EQ(report.restarts[4].message, "not begun: stopped by the caller");
  EXPECT_EQ(report.outcome, Outcome::stopped_by_caller);
}

TEST(FitRestarts, ASearchCutShortSaysSoEvenIfItsBestHadConverged) {
  Options options = restarts(5);
  options.callback = [&](const Progress& progress) {
    return progress.restart == 1 && progress.step.iteration == 0 ? Verdict::stop : Verdict::go_on;
  };
  const auto report = fit_gaussian_mixture(many_optima(), six, options).report;
  EXPECT_EQ(report.best_restart, 0);
  EXPECT_EQ(report.restarts[0].outcome, Outcome::converged);
  EXPECT_EQ(report.outcome, Outcome::stopped_by_caller);
  EXPECT_NE(report.message.find("before 4 of 5 starts had ended"), std::string::npos) << report.message;
}

// Equal rows without a prior: some starts climb towards an unbounded likelihood. Higher, but not better.
TEST(FitRestarts, DegenerateEndsRankBehindSoundOnes) {
  auto values = support::clustered_values(60, 1, 2, 8);
  for (std::size_t i = 0; i < 12; ++i) values[5 * i] = 2.5;
  const Table data(values, 60, 1);
  const auto report = fit_gaussian_mixture(data, {3, Covariance::full, Prior::none}, restarts(30)).report;
  const auto unbounded = std::count_if(report.restarts.begin(), report.restarts.end(), [&](const auto& r) {
    return r.degenerate && r.log_likelihood > report.log_likelihood;
  });
  const auto sound =
      std::count_if(report.restarts.begin(), report.restarts.end(), [](const auto& r) { return !r.degenerate; });
  ASSERT_GT(unbounded, 0);
  ASSERT_GT(sound, 0);
  EXPECT_TRUE(report.degeneracies.empty());
  EXPECT_NE(report.outcome, Outcome::degenerate);
  int counted = 0;
  for (const auto& optimum : report.optima) counted += optimum.starts;
  EXPECT_LE(counted, static_cast<int>(sound)) << "an end without an optimum is none";
}

TEST(FitRestarts, AHierarchicalStartCannotBeRepeated) {
  EXPECT_NE(refusal([] {
              fit_gaussian_mixture(many_optima(), six, restarts(2, Start::hierarchical));
            }).find("restarts: must be 1 for a hierarchical start of 300 rows, got 2"),
            std::string::npos);
}

TEST(FitRestarts, AStartWithoutLikelihoodLosesToTheOthers) {
  // State 1 wins no responsibility below 0.1 in the first row: that start's E-step then reports −∞.
  struct Fragile : TwoCoins {
    bool broken = false;
    void maximize(const Statistics& s) {
      TwoCoins::maximize(s);
      if (s.sum[0] < s.sum[1]) broken = true;
    }
    Evidence expect(const Block& x, const Rule& q, Statistics& s) const {
      Evidence evidence = TwoCoins::expect(x, q, s);
      if (broken && std::holds_alternative<Posterior>(q)) evidence.log_likelihood = std::nan("");
      return evidence;
    }
  };
  const Table tosses({5, 9, 8, 4, 7, 5, 1, 2, 6, 3}, 5, 2);
  Options options = restarts(12);
  const auto report = fit(Fragile(), tosses, options).report;
  const auto failed = std::count_if(report.restarts.begin(), report.restarts.end(),
                                    [](const auto& r) { return r.outcome == Outcome::not_finite; });
  EXPECT_GT(failed, 0);
  EXPECT_LT(failed, 12);
  EXPECT_TRUE(std::isfinite(report.log_likelihood));
}

TEST(Fit, ReportsTheBoundAndTheCertificate) {
  Options options = from_data();
  options.acceleration = Acceleration::none;  // a leap is no M-step, and nothing promises where it lands
  const auto report =
      fit_gaussian_mixture(support::clustered_with_holes(200, 2, 2), {2, Covariance::full, Prior::data_scaled}, options)
          .report;
  EXPECT_TRUE(report.monotone);
  EXPECT_NEAR(report.bound.gap(), 0, 1e-9 * std::abs(report.log_likelihood));
  EXPECT_NEAR(report.bound.value() + report.bound.gap(), report.bound.log_likelihood, 1e-12);
  for (std::size_t t = 1; t < report.trace.size(); ++t) {
    const double slack = 1e-10 * (std::abs(report.objective()) + 200);
    EXPECT_GE(report.trace[t].bound, report.trace[t - 1].reading.objective() - slack);
    EXPECT_LE(report.trace[t].bound, report.trace[t].reading.objective() + slack);
  }
  EXPECT_LT(report.gradient, 1e-6);
  EXPECT_EQ(report.free_parameters, 1 + 4 + 6);
}

}  // namespace
}  // namespace jensen
