// Choosing among mixtures of columns: cross-validation, the bootstrap test, forms, threads.
#include <jensen/math/random.h>
#include <jensen/select_mixture.h>

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "support/data.h"
#include "support/refusal.h"

namespace jensen {
namespace {

Options quick() {
  Options options = from_data();
  options.restarts = 2;
  options.threads = 1;
  return options;
}

// One column of `clusters` unit normals far apart.
Table clusters(std::int64_t rows, int clusters) {
  std::vector<double> values(static_cast<std::size_t>(rows));
  for (std::int64_t i = 0; i < rows; ++i) {
    Stream stream(9, Purpose::test, 0, 0, static_cast<std::uint64_t>(i));
    values[static_cast<std::size_t>(i)] = 7 * static_cast<double>(i % clusters) + stream.normal();
  }
  return Table(std::move(values), rows, 1, {"x"});
}

const MixtureCandidate& candidate(const MixtureSelection& selection, int components, int form = 0) {
  for (const auto& c : selection.candidates) {
    if (c.components == components && c.form == form) return c;
  }
  throw Error("no such candidate");
}

// A row's fold is drawn by seed and row, and every row is left out once.
TEST(SelectMixture, CrossValidationScoresRowsThatTheFitDidNotSee) {
  const Table data = clusters(60, 1);
  MixtureSelectionOptions selection;
  selection.components = {1};
  selection.folds = 3;
  selection.prior = Prior::none;
  const Options options = quick();
  const auto chosen = select_mixture(data, {parse_schema("x:gaussian")}, selection, options);
  // Rows that a fit did not see cost it about p / n each, 2 of 60, however they are cut; another seed cuts otherwise.
  const double seen = chosen.candidates[0].log_likelihood / 60;
  EXPECT_LT(chosen.candidates[0].cross_validated, seen);
  EXPECT_GT(chosen.candidates[0].cross_validated, seen - 0.2);
  const auto again = select_mixture(data, {parse_schema("x:gaussian")}, selection, options);
  EXPECT_EQ(chosen.candidates[0].cross_validated, again.candidates[0].cross_validated);
  Options other = options;
  other.seed = 5;
  const auto cut = select_mixture(data, {parse_schema("x:gaussian")}, selection, other);
  EXPECT_NE(chosen.candidates[0].cross_validated, cut.candidates[0].cross_validated);
  EXPECT_NEAR(chosen.candidates[0].cross_validated, cut.candidates[0].cross_validated, 0.1);
  selection.folds = 6;
  const auto finer = select_mixture(data, {parse_schema("x:gaussian")}, selection, options);
  EXPECT_NE(chosen.candidates[0].cross_validated, finer.candidates[0].cross_validated);
}

TEST(SelectMixture, CrossValidationFindsTheClusters) {
  MixtureSelectionOptions selection;
  selection.components = {1, 2, 3};
  selection.criterion = MixtureCriterion::cross_validation;
  selection.folds = 4;
  const auto chosen = select_mixture(clusters(90, 2), {parse_schema("x:gaussian")}, selection, quick());
  EXPECT_EQ(chosen.candidates[0].components, 2);
  EXPECT_GT(candidate(chosen, 2).cross_validated, candidate(chosen, 1).cross_validated + 0.3);
}

TEST(SelectMixture, TheBootstrapTestRejectsTooFewAndNotTheRightNumber) {
  MixtureSelectionOptions selection;
  selection.components = {1, 2, 3};
  selection.bootstrap = 19;
  const auto chosen = select_mixture(clusters(60, 2), {parse_schema("x:gaussian(tied)")}, selection, quick());
  EXPECT_EQ(candidate(chosen, 1).p_value, 1.0 / 20) << "no sample of one normal looks like two clusters";
  EXPECT_GT(candidate(chosen, 2).p_value, 1.0 / 20);
  EXPECT_TRUE(std::isnan(candidate(chosen, 3).p_value)) << "there is no K = 4 to compare with";
  for (int k : {1, 2}) {
    const double twentieths = candidate(chosen, k).p_value * 20;
    EXPECT_EQ(twentieths, std::round(twentieths));
  }
}

MixtureSelectionOptions tested(std::vector<int> components) {
  MixtureSelectionOptions selection;
  selection.components = std::move(components);
  selection.bootstrap = 19;
  return selection;
}

TEST(SelectMixture, TheBootstrapDrawsARowOfWeightTwoTwice) {
  const Table once = clusters(30, 1);
  std::vector<double> values, weights;
  for (std::int64_t i = 0; i < 30; ++i) {
    weights.push_back(static_cast<double>(i % 3));
    for (std::int64_t copy = 0; copy < i % 3; ++copy) values.push_back(once.cell(i, 0));
  }
  const auto rows = static_cast<std::int64_t>(values.size());
  const Table many(std::move(values), rows, 1, {"x"});
  const auto forms = alternatives(parse_schema("x:gaussian(tied)"));
  const auto weighted = select_mixture(once.with_weights(weights), forms, tested({1, 2}), quick());
  const auto repeated = select_mixture(many, forms, tested({1, 2}), quick());
  EXPECT_EQ(candidate(weighted, 1).p_value, candidate(repeated, 1).p_value);
  // As sampling weights the same numbers are weights of draws, not numbers of them.
  const auto sampling =
      select_mixture(once.with_weights(weights, WeightKind::sampling), forms, tested({1, 2}), quick());
  EXPECT_GT(candidate(sampling, 1).p_value, 1.0 / 20);
}

TEST(SelectMixture, TheBootstrapHoldsLabels) {
  const auto forms = alternatives(parse_schema("x:gaussian(tied)"));
  const auto p_value = [&](int count) {
    const Table data = clusters(72, count);
    std::vector<std::int32_t> labels(72, -1);
    for (std::size_t i = 0; i < labels.size(); i += 3) {
      const int cluster = static_cast<int>(i) % count;
      if (cluster < 2) labels[i] = cluster;
    }
    return candidate(select_mixture(data.with_labels(labels, 3), forms, tested({2, 3}), quick()), 2).p_value;
  };
  EXPECT_GT(p_value(2), 1.0 / 20) << "both clusters have their labels";
  EXPECT_EQ(p_value(4), 1.0 / 20) << "two clusters are there that no label names";
}

TEST(SelectMixture, LabelsBeyondKAreThatCandidatesFailure) {
  const Table data = clusters(30, 3);
  std::vector<std::int32_t> labels(30, -1);
  for (std::size_t i = 0; i < 15; ++i) labels[i] = static_cast<std::int32_t>(i % 3);
  MixtureSelectionOptions selection;
  selection.components = {2, 3, 4};
  const auto found =
      select_mixture(data.with_labels(labels, 4), alternatives(parse_schema("x:gaussian(tied)")), selection, quick());
  EXPECT_TRUE(candidate(found, 3).fitted);
  EXPECT_FALSE(candidate(found, 2).fitted);
  EXPECT_NE(candidate(found, 2).reason.find("row 3 is labelled as of a state beyond the 2"), std::string::npos)
      << candidate(found, 2).reason;
  EXPECT_TRUE(candidate(found, 4).fitted);
}

TEST(SelectMixture, TheBootstrapTakesGivenColumnsFromTheData) {
  std::vector<double> values(80);
  for (std::size_t i = 0; i < 40; ++i) {
    Stream stream(5, Purpose::test, 0, 0, i);
    values[40 + i] = 1 + static_cast<double>(i % 5);
    values[i] = std::floor((i % 2 == 0 ? 2 : 30) * values[40 + i] * (0.9 + 0.2 * stream.uniform()));
  }
  const Table data(std::move(values), 40, 2, {"n", "days"});
  const auto forms = alternatives(parse_schema("n:poisson(exposure=days)"));
  const auto found = select_mixture(data, forms, tested({1, 2}), quick());
  EXPECT_EQ(candidate(found, 1).p_value, 1.0 / 20);
}

TEST(SelectMixture, WhatCannotBeDrawnIsRefusedByName) {
  const auto refusal = [](const Table& data, const char* schema) {
    return support::refusal<ArgumentError>([&] {
      select_mixture(data, alternatives(parse_schema(schema)), tested({1, 2}), quick());
    });
  };
  const Table data = clusters(6, 1);
  EXPECT_NE(refusal(data.with_weights({1, 2, 2.5, 1, 1, 1}), "x:gaussian")
                .find("cannot draw the 2.5 observations that row 3 stands for"),
            std::string::npos);
  const Table ends({1, 2, 3, 4, 2, 5, 3, 9}, 4, 2, {"from", "to"});
  EXPECT_NE(refusal(ends, "[from, to]:weibull").find("does not say which cells would be censored"), std::string::npos);
}

TEST(SelectMixture, ThreadsDoNotChangeAnything) {
  MixtureSelectionOptions selection;
  selection.components = {1, 2};
  selection.folds = 2;
  selection.bootstrap = 3;
  const auto forms = alternatives(parse_schema("x:gaussian|log-normal|exponential"));
  std::vector<double> values;
  for (int i = 0; i < 40; ++i) values.push_back(1 + (i % 2) * 8 + 0.1 * (i % 7));
  const Table data(std::move(values), 40, 1, {"x"});
  const auto with = [&](int threads) {
    Options options = quick();
    options.threads = threads;
    return select_mixture(data, forms, selection, options);
  };
  const auto one = with(1);
  const auto three = with(3);
  ASSERT_EQ(one.candidates.size(), three.candidates.size());
  const auto same = [](double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); };
  int tested = 0;
  for (std::size_t i = 0; i < one.candidates.size(); ++i) {
    const auto& a = one.candidates[i];
    const auto& b = three.candidates[i];
    EXPECT_EQ(a.form, b.form);
    EXPECT_EQ(a.components, b.components);
    EXPECT_EQ(a.log_likelihood, b.log_likelihood);
    EXPECT_TRUE(same(a.cross_validated, b.cross_validated)) << i;
    EXPECT_TRUE(same(a.p_value, b.p_value)) << i;
    tested += std::isnan(a.p_value) ? 0 : 1;
  }
  EXPECT_EQ(tested, 1);
  EXPECT_EQ(one.best->model.parameters(), three.best->model.parameters());
}

TEST(SelectMixture, AllIsEveryCovarianceStructureOnce) {
  for (const char* kind : {"gaussian", "student-t"}) {
    const auto two = alternatives(parse_schema(std::string("a + b:") + kind + "(all)"));
    std::set<std::string> words;
    for (const Schema& form : two) {
      words.insert(form[0].options[0].first);
      check_schema(form);
    }
    EXPECT_EQ(words.size(), 14U) << kind;
    EXPECT_EQ(two.size(), 14U) << kind;
    EXPECT_EQ(alternatives(parse_schema(std::string("a:") + kind + "(all)")).size(), 2U) << kind;
  }
  EXPECT_EQ(alternatives(parse_schema("a+b:gaussian(full|EII), c:poisson|geometric")).size(), 4U);
}

TEST(SelectMixture, ChoosesAmongKindsOfSeveralColumns) {
  MixtureSelectionOptions selection;
  selection.components = {1};
  const Table data = support::clustered(80, 3, 1, 3);
  const auto forms = alternatives(parse_schema("a + b + c:gaussian|student-t|factor-analyzers"));
  const auto chosen = select_mixture(data, forms, selection, quick());
  for (const auto& c : chosen.candidates) EXPECT_TRUE(c.fitted) << c.form << c.reason;
  EXPECT_EQ(candidate(chosen, 1, 0).free_parameters + 1, candidate(chosen, 1, 1).free_parameters);
  // One factor fits any three covariances.
  EXPECT_EQ(candidate(chosen, 1, 0).free_parameters, candidate(chosen, 1, 2).free_parameters);
}

}  // namespace
}  // namespace jensen
