#include <jensen/data/csv.h>
#include <jensen/error.h>
#include <jensen/select_gaussian_mixture.h>

#include <cmath>
#include <limits>
#include <set>
#include <stdexcept>

#include <gtest/gtest.h>

#include "support/source_folder.h"

namespace jensen {
namespace {

Table faithful() { return read_csv(in_source("data/faithful.csv")).table; }

Options few_restarts() {
  Options options = from_data();
  options.restarts = 3;
  options.seed = 1;
  return options;
}

TEST(SelectGaussianMixture, EveryCandidateIsTheFitAlone) {
  const Table data = faithful();
  SelectionOptions selection;
  selection.components = {1, 2, 3};
  selection.covariances = {Covariance::full, Covariance::diagonal};
  const Selection result = select_gaussian_mixture(data, selection, few_restarts());
  ASSERT_EQ(result.candidates.size(), 6u);
  for (const auto& c : result.candidates) {
    const auto alone = fit_gaussian_mixture(data, {c.components, c.covariance}, few_restarts());
    EXPECT_EQ(c.log_likelihood, alone.report.log_likelihood);
    EXPECT_EQ(c.log_prior, alone.report.log_prior);
    EXPECT_EQ(c.free_parameters, alone.report.free_parameters);
    EXPECT_EQ(c.aic, alone.report.aic());
    EXPECT_EQ(c.bic, alone.report.bic());
    EXPECT_EQ(c.icl, alone.report.icl());
    EXPECT_EQ(c.iterations, alone.report.iterations);
    EXPECT_EQ(c.outcome, Outcome::converged);
    EXPECT_TRUE(c.fitted && c.sound) << c.reason;
    EXPECT_EQ(c.starts, 3);
    EXPECT_GE(c.starts_at_best, 1);
    EXPECT_LE(c.starts_at_best, 3);
  }
}

TEST(SelectGaussianMixture, RanksByTheCriterionAskedFor) {
  const Table data = faithful();
  std::set<std::pair<int, Covariance>> winners;
  for (const auto criterion : {Criterion::aic, Criterion::bic, Criterion::icl}) {
    SelectionOptions selection;
    selection.components = {1, 2, 3, 4};
    selection.criterion = criterion;
    const Selection result = select_gaussian_mixture(data, selection, few_restarts());
    ASSERT_EQ(result.candidates.size(), 16u);
    for (std::size_t i = 1; i < result.candidates.size(); ++i) {
      if (!result.candidates[i].sound) continue;
      EXPECT_TRUE(result.candidates[i - 1].sound);
      EXPECT_LE(result.candidates[i - 1].value(criterion), result.candidates[i].value(criterion));
    }
    const Candidate& best = result.candidates.front();
    ASSERT_TRUE(result.best);
    EXPECT_EQ(result.best->model.states(), best.components);
    EXPECT_EQ(result.best->model.emissions().covariance_structure(), best.covariance);
    EXPECT_EQ(result.best->report.log_likelihood, best.log_likelihood);
    winners.emplace(best.components, best.covariance);
  }
  EXPECT_GT(winners.size(), 1u) << "on these data the criteria disagree";
}

TEST(SelectGaussianMixture, ThreadsThatShareOutCandidatesChangeNoBit) {
  const Table data = faithful();
  SelectionOptions selection;
  selection.components = {1, 2, 3, 4};
  std::vector<Selection> results;
  for (const int threads : {1, 4}) {
    int under_way = 0;
    std::set<int> begun;
    selection.begun = [&](int index, int count, const Candidate&) {
      EXPECT_EQ(count, 16);
      EXPECT_EQ(++under_way, 1) << "by one thread at a time";
      begun.insert(index);
      --under_way;
    };
    Options options = few_restarts();
    options.threads = threads;
    results.push_back(select_gaussian_mixture(data, selection, options));
    EXPECT_EQ(begun.size(), 16u);
  }
  for (std::size_t i = 0; i < 16; ++i) {
    const Candidate& a = results[0].candidates[i];
    const Candidate& b = results[1].candidates[i];
    EXPECT_EQ(a.components, b.components);
    EXPECT_EQ(a.covariance, b.covariance);
    EXPECT_EQ(a.log_likelihood, b.log_likelihood);
    EXPECT_EQ(a.iterations, b.iterations);
    EXPECT_EQ(a.starts_at_best, b.starts_at_best);
  }
  EXPECT_EQ(results[0].best->model.parameters(), results[1].best->model.parameters());
}

TEST(SelectGaussianMixture, PrecisionReachesEveryCandidate) {
  const Table data = faithful();
  SelectionOptions selection;
  selection.components = {2};
  Options options = few_restarts();
  options.tolerance = 1e-6;
  const Selection exact = select_gaussian_mixture(data, selection, options);
  selection.precision = Precision::float32;
  const Selection single = select_gaussian_mixture(data, selection, options);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_TRUE(single.candidates[i].sound) << single.candidates[i].reason;
    EXPECT_NE(single.candidates[i].log_likelihood, exact.candidates[i].log_likelihood);
    EXPECT_NEAR(single.candidates[i].log_likelihood, exact.candidates[i].log_likelihood, 0.01);
  }
  options.tolerance = 1e-9;
  EXPECT_NE(select_gaussian_mixture(data, selection, options).candidates[0].reason.find("tolerance"),
            std::string::npos);
}

TEST(SelectGaussianMixture, ACandidateThatCannotBeFittedIsARow) {
  const std::vector<double> rows = {0, 1, 2, 3, 10, 11};
  const Table data = Table::from_rows(rows, 6, 1);
  SelectionOptions selection;
  selection.components = {1, 7, 0};
  selection.covariances = {Covariance::spherical};
  const Selection result = select_gaussian_mixture(data, selection, few_restarts());
  ASSERT_EQ(result.candidates.size(), 3u);
  EXPECT_TRUE(result.candidates[0].sound);
  EXPECT_EQ(result.candidates[1].components, 7);
  EXPECT_FALSE(result.candidates[1].fitted);
  EXPECT_NE(result.candidates[1].reason.find("at most 6"), std::string::npos) << result.candidates[1].reason;
  EXPECT_FALSE(result.candidates[2].fitted);
  EXPECT_TRUE(result.best);
}

TEST(SelectGaussianMixture, WithoutAnyFitThereIsNoBest) {
  const Table data({1, 1, 1, 1}, 4, 1, {"same"});
  SelectionOptions selection;
  selection.components = {1};
  const Selection result = select_gaussian_mixture(data, selection, few_restarts());
  EXPECT_FALSE(result.best);
  for (const auto& c : result.candidates) {
    EXPECT_FALSE(c.fitted);
    EXPECT_NE(c.reason.find("'same' is constant"), std::string::npos) << c.reason;
  }
}

TEST(SelectGaussianMixture, DegenerateCandidatesRankBehindSoundOnes) {
  // Twenty rows, of which five are one point: a component that settles on it has no variance.
  std::vector<double> rows = {-3.1, -2.2, -1.7, -1.1, -0.6, -0.3, 0.2, 0.4, 0.9, 1.3, 1.8, 2.1, 2.9, 3.3, 3.9};
  rows.insert(rows.end(), 5, 50.0);
  const Table data = Table::from_rows(rows, 20, 1);
  SelectionOptions selection;
  selection.components = {2, 1};
  selection.covariances = {Covariance::full};
  const Selection result = select_gaussian_mixture(data, selection, few_restarts());
  ASSERT_EQ(result.candidates.size(), 2u);
  EXPECT_EQ(result.candidates[0].components, 1);
  EXPECT_EQ(result.candidates[1].components, 2);
  EXPECT_TRUE(result.candidates[1].fitted);
  EXPECT_FALSE(result.candidates[1].sound);
  EXPECT_NE(result.candidates[1].reason.find("component"), std::string::npos);
  EXPECT_LT(result.candidates[1].bic, result.candidates[0].bic) << "by the criterion alone it would have won";
}

TEST(SelectGaussianMixture, StopLeavesTheRestUntried) {
  SelectionOptions selection;
  selection.components = {2, 3, 4};
  selection.covariances = {Covariance::full};
  std::vector<int> begun;
  selection.begun = [&](int index, int count, const Candidate& c) {
    EXPECT_EQ(count, 3);
    EXPECT_EQ(c.components, selection.components[static_cast<std::size_t>(index)]);
    begun.push_back(index);
  };
  Options options = few_restarts();
  options.threads = 1;  // several would begin as many candidates at once
  options.callback = [&](const Progress&) { return begun.size() == 2 ? Verdict::stop : Verdict::go_on; };
  const Selection result = select_gaussian_mixture(faithful(), selection, options);
  EXPECT_EQ(begun, (std::vector<int>{0, 1}));
  ASSERT_TRUE(result.best);
  const Candidate& last = result.candidates.back();
  EXPECT_EQ(last.components, 4);
  EXPECT_EQ(last.reason, "not tried: stopped by the caller");
}

TEST(SelectGaussianMixture, RefusesBadOptions) {
  const Table data = faithful();
  SelectionOptions selection;
  selection.components = {};
  EXPECT_THROW(select_gaussian_mixture(data, selection), ArgumentError);
  selection.components = {2, 2};
  EXPECT_THROW(select_gaussian_mixture(data, selection), ArgumentError);
  selection.components = {2};
  selection.covariances = {};
  EXPECT_THROW(select_gaussian_mixture(data, selection), ArgumentError);
  selection.covariances = {Covariance::full};
  Options options = few_restarts();
  options.tolerance = -1;
  EXPECT_THROW(select_gaussian_mixture(data, selection, options), ArgumentError);
  options = {};
  EXPECT_THROW(select_gaussian_mixture(data, selection, options), ArgumentError) << "Start::given";
}

TEST(SelectGaussianMixture, OtherExceptionsPass) {
  SelectionOptions selection;
  selection.components = {2};
  Options options = few_restarts();
  options.callback = [](const Progress&) -> Verdict { throw std::logic_error("the caller's own"); };
  EXPECT_THROW(select_gaussian_mixture(faithful(), selection, options), std::logic_error);
}

TEST(Criterion, NamesRoundTrip) {
  for (const auto criterion : {Criterion::aic, Criterion::bic, Criterion::icl}) {
    EXPECT_EQ(criterion_named(to_string(criterion)), criterion);
  }
  EXPECT_THROW(criterion_named("BIC"), ArgumentError);
}

}  // namespace
}  // namespace jensen
