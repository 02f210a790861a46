#include <gtest/gtest.h>
#include <jensen/em/fit.h>
#include <jensen/em/options.h>
#include <jensen/error.h>
#include <jensen/fit_gaussian_mixture.h>

#include <cmath>
#include <functional>
#include <set>

#include "support/data.h"
#include "support/refusal.h"

namespace jensen {
namespace {

const auto refusal = support::refusal<>;

TEST(Options, EachInvalidOneIsRefusedByName) {
  const auto refused = [](Options options) { return refusal([&] { options.validate(); }); };
  EXPECT_EQ(refused({.tolerance = -1e-9}), "fit: tolerance: must be finite and ≥ 0, got -1e-09");
  EXPECT_EQ(refused({.tolerance = std::nan("")}), "fit: tolerance: must be finite and ≥ 0, got nan");
  EXPECT_EQ(refused({.tolerance = INFINITY}), "fit: tolerance: must be finite and ≥ 0, got inf");
  EXPECT_EQ(refused({.max_iterations = -1}), "fit: max_iterations: must be ≥ 0, got -1");
  EXPECT_EQ(refused({.start = Start::random, .restarts = 0}), "fit: restarts: must be ≥ 1, got 0");
  EXPECT_EQ(refused({.threads = -2}), "fit: threads: must be ≥ 0 (0: one per processor), got -2");
  EXPECT_EQ(refused({.restarts = 2}).substr(0, 45), "fit: restarts: must be 1 when the start is gi");
  EXPECT_EQ(refused({}), "accepted");
}

TEST(Options, FitRefusesThemBeforeItLooksAtData) {
  const Table data = support::clustered(20, 1, 2);
  EXPECT_EQ(refusal([&] { fit(gaussian_mixture_for(data, {}), data, {.tolerance = -1}); }).substr(0, 15),
            "fit: tolerance:");
}

const Table& data() {
  static const Table table = support::clustered(400, 2, 3, 1, 1.2);
  return table;
}

Report report_of(Options options) {
  options.threads = 1;
  return fit_gaussian_mixture(data(), {3, Covariance::full, Prior::data_scaled}, options).report;
}

Options base() {
  Options options;
  options.start = Start::k_means_plus_plus;
  options.seed = 3;
  return options;
}

TEST(Options, EveryOneChangesTheFit) {
  const Report usual = report_of(base());
  ASSERT_TRUE(usual.converged());

  Options loose = base();
  loose.tolerance = 1e-3;
  EXPECT_LT(report_of(loose).iterations, usual.iterations);

  Options few = base();
  few.max_iterations = 4;
  EXPECT_EQ(report_of(few).iterations, 4);
  EXPECT_EQ(report_of(few).outcome, Outcome::iteration_limit);

  Options many = base();
  many.restarts = 4;
  EXPECT_EQ(report_of(many).restarts.size(), 4U);

  Options other_seed = base();
  other_seed.seed = 4;
  EXPECT_NE(report_of(other_seed).trace.front().reading.log_likelihood, usual.trace.front().reading.log_likelihood);

  Options watched = base();
  int calls = 0;
  watched.callback = [&](const Progress&) { return ++calls, Verdict::go_on; };
  EXPECT_EQ(report_of(watched).iterations, usual.iterations);
  EXPECT_EQ(calls, usual.iterations + 1);

  std::set<double> starts;
  for (const Start start : {Start::k_means_plus_plus, Start::random, Start::hierarchical, Start::short_runs}) {
    Options options = base();
    options.start = start;
    options.max_iterations = 0;
    starts.insert(report_of(options).log_likelihood);
  }
  EXPECT_EQ(starts.size(), 4U);
}

TEST(Options, ThreadsChangeNoBit) {
  Options options = base();
  const Table many = support::clustered(3000, 2, 3, 1, 1.2);
  std::set<double> likelihoods;
  for (const int threads : {1, 2, 5}) {
    options.threads = threads;
    likelihoods.insert(
        fit_gaussian_mixture(many, {3, Covariance::full, Prior::data_scaled}, options).report.log_likelihood);
  }
  EXPECT_EQ(likelihoods.size(), 1U);
}

TEST(Options, RestartSeedsDifferAndTheFirstIsTheSeedItself) {
  std::set<std::uint64_t> seeds;
  for (int restart = 0; restart < 1000; ++restart) seeds.insert(restart_seed(42, restart));
  EXPECT_EQ(seeds.size(), 1000U);
  EXPECT_EQ(restart_seed(42, 0), 42U);
  for (int restart = 1; restart < 1000; ++restart) EXPECT_LT(restart_seed(42, restart), std::uint64_t{1} << 53);
  EXPECT_NE(restart_seed(42, 1), restart_seed(43, 1));
}

}  // namespace
}  // namespace jensen
