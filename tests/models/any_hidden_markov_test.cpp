#include <jensen/emissions/gaussian.h>
#include <jensen/models/any_hidden_markov.h>

#include <gtest/gtest.h>

#include <jensen/em/fit.h>
#include <jensen/testing/laws.h>

#include <cmath>

#include "support/data.h"

namespace jensen {
namespace {

TEST(AnyHiddenMarkov, IsTheSameModelToTheBit) {
  const Table data = support::clustered_with_holes(300, 2, 2).with_sequences({0, 100, 300});
  Gaussian start(2, 2, Covariance::diagonal);
  start.set({0, 1, 3, 0}, {4, 4, 4, 4});
  Options options;
  options.max_iterations = 10;
  const auto known = fit(HiddenMarkov(start), data, options);
  const auto erased = fit(AnyHiddenMarkov(AnyEmissions(start)), data, options);
  EXPECT_EQ(known.model.parameters(), erased.model.parameters());
  EXPECT_EQ(known.report.log_likelihood, erased.report.log_likelihood);
  EXPECT_EQ(known.model.parameter_names(), erased.model.parameter_names());
  EXPECT_TRUE(erased.model.can(Capability::move));
}

// Two clusters of two states; the first goes on from its first state and never returns.
AnyHiddenMarkov two_clusters() {
  const MarkovChain whole({0.3, 0, 0.5, 0.2}, {0.8, 0.2, 0, 0, 0, 1, 0, 0, 0, 0, 0.4, 0.6, 0, 0, 0.9, 0.1});
  Gaussian emissions(4, 1, Covariance::diagonal);
  emissions.set({-1, 2, 0, 3}, {1, 2, 1, 1});
  return {ClusteredChain(whole, 2), AnyEmissions(emissions)};
}

// Sequences of these lengths, each of a cluster of its own.
Table drawn(const AnyHiddenMarkov& model, const std::vector<std::int64_t>& lengths) {
  std::vector<double> x;
  std::vector<std::int64_t> begins{0};
  for (const std::int64_t rows : lengths) {
    std::vector<double> own(static_cast<std::size_t>(rows));
    model.sample(static_cast<std::uint64_t>(rows), 0, {own.data(), rows, 1, rows}, {});
    x.insert(x.end(), own.begin(), own.end());
    begins.push_back(begins.back() + rows);
  }
  return Table(std::move(x), begins.back(), 1).with_sequences(begins);
}

// p(x, path) of the sequence x, the states of the path being the digits of `path` to base 4.
double joint(const AnyHiddenMarkov& model, const ConstPanel& x, int path) {
  const auto& whole = model.chain().as<ClusteredChain>()->whole();
  const double means[] = {-1, 2, 0, 3};
  const double variances[] = {1, 2, 1, 1};
  double p = 1;
  for (std::int64_t t = 0, before = -1; t < x.rows; ++t, path /= 4) {
    const int z = path % 4;
    const double distance = std::isnan(x(t, 0)) ? 0 : x(t, 0) - means[z];
    p *= before < 0 ? whole.initial()[static_cast<std::size_t>(z)] : whole.transition(static_cast<int>(before), z);
    if (!std::isnan(x(t, 0))) {
      p *= std::exp(-distance * distance / (2 * variances[z])) / std::sqrt(2 * 3.14159265358979323846 * variances[z]);
    }
    before = z;
  }
  return p;
}

TEST(AnyHiddenMarkov, SumsOverAllPathsOfAllClusters) {
  const AnyHiddenMarkov model = two_clusters();
  const Table drawing = drawn(model, {1, 5});
  BlockBuffer buffer;
  const Block seen = drawing.block(0, 6, buffer);
  std::vector<double> x(seen.x.column(0), seen.x.column(0) + 6);
  x[3] = std::nan("");
  const Table data = Table(std::move(x), 6, 1).with_sequences({0, 1, 6});
  const Block all = data.block(0, 6, buffer);
  std::vector<double> score(6), q(24), in_cluster(4), value(2);
  std::vector<std::int32_t> path(6);
  model.score(all, score);
  model.responsibilities(all, {q.data(), 6, 4, 6});
  model.cluster_responsibilities(all, {in_cluster.data(), 2, 2, 2});
  model.decode(all, path, value);
  for (int s = 0; s < 2; ++s) {
    const std::int64_t first = s == 0 ? 0 : 1;
    const std::int64_t rows = s == 0 ? 1 : 5;
    const ConstPanel own{all.x.data + first, rows, 1, 6};
    std::vector<double> states(4), clusters(2), last(4);
    double total = 0;
    double best = 0;
    for (int z = 0; z < static_cast<int>(std::pow(4, rows)); ++z) {
      const double p = joint(model, own, z);
      total += p;
      best = std::max(best, p);
      states[static_cast<std::size_t>(z % 4)] += p;
      last[static_cast<std::size_t>(z / static_cast<int>(std::pow(4, rows - 1)))] += p;
      clusters[static_cast<std::size_t>(z % 4 / 2)] += p;
    }
    double sum = 0;
    for (std::int64_t t = first; t < first + rows; ++t) sum += score[static_cast<std::size_t>(t)];
    EXPECT_NEAR(sum, std::log(total), 1e-12);
    EXPECT_NEAR(value[static_cast<std::size_t>(s)], std::log(best), 1e-12);
    for (std::size_t k = 0; k < 4; ++k) {
      EXPECT_NEAR(q[static_cast<std::size_t>(first) + 6 * k], states[k] / total, 1e-13);
      EXPECT_NEAR(q[static_cast<std::size_t>(first + rows - 1) + 6 * k], last[k] / total, 1e-13);
    }
    for (std::size_t c = 0; c < 2; ++c) {
      EXPECT_NEAR(in_cluster[static_cast<std::size_t>(s) + 2 * c], clusters[c] / total, 1e-13);
    }
  }
}

TEST(AnyHiddenMarkov, ObeysTheLawsWithClusters) {
  const AnyHiddenMarkov model = two_clusters();
  const Table data = drawn(model, {1, 29, 15, 35, 40, 20});
  LawSubject subject(model, data);
  subject.accepts_missing = true;
  const std::vector<std::string> laws{"evidence",    "ascent",        "certificate", "m_step_maximizes", "tight_bound",
                                      "bound_below", "rules",         "gradient",    "weights",          "order",
                                      "parameters",  "unconstrained", "score",       "responsibilities", "sample"};
  const LawReport report = check_laws(subject, laws);
  EXPECT_TRUE(report.holds()) << report;
}

}  // namespace
}  // namespace jensen
