#include <jensen/em/fit.h>
#include <jensen/emissions/gaussian.h>
#include <jensen/models/hidden_markov.h>
#include <jensen/models/mixture.h>

#include <gtest/gtest.h>

#include "support/data.h"
#include "support/refusal.h"

namespace jensen {
namespace {

using support::refusal;

HiddenMarkov<Gaussian> two_regimes() {
  Gaussian emissions(2, 1, Covariance::diagonal);
  emissions.set({-2, 2}, {1, 1});
  return {MarkovChain({0.5, 0.5}, {0.95, 0.05, 0.1, 0.9}), emissions};
}

Table sampled(const HiddenMarkov<Gaussian>& model, std::int64_t rows, std::uint64_t seed) {
  std::vector<double> x(static_cast<std::size_t>(rows));
  model.sample(seed, 0, {x.data(), rows, 1, rows}, {});
  return Table(std::move(x), rows, 1);
}

TEST(HiddenMarkov, FindsWhatItWasSampledFrom) {
  const Table data = sampled(two_regimes(), 20000, 3).with_sequences({0, 20000});
  Gaussian start(2, 1, Covariance::diagonal);
  start.set({-1, 1}, {4, 4});
  const auto [model, report] = fit(HiddenMarkov(start), data);
  EXPECT_TRUE(report.converged()) << report.message;
  EXPECT_TRUE(report.monotone);
  EXPECT_NEAR(report.bound.gap(), 0, 1e-9 * std::abs(report.log_likelihood));
  EXPECT_NEAR(model.emissions().mean(0)[0], -2, 0.05);
  EXPECT_NEAR(model.chain().transition(0, 1), 0.05, 0.01);
  EXPECT_NEAR(model.chain().transition(1, 0), 0.1, 0.015);
  EXPECT_EQ(report.free_parameters, 1 + 2 + 4);
  EXPECT_EQ(report.observations, 20000);
}

TEST(HiddenMarkov, ThreadsChangeNoBit) {
  std::vector<std::int64_t> begins{0};
  for (int s = 0; s < 40; ++s) begins.push_back(begins.back() + 13 + s * 97 % 200);
  const Table data = sampled(two_regimes(), begins.back(), 5).with_sequences(begins);
  Options options;
  options.max_iterations = 5;
  options.threads = 1;
  const auto one = fit(two_regimes(), data, options);
  options.threads = 3;
  const auto three = fit(two_regimes(), data, options);
  EXPECT_EQ(one.model.parameters(), three.model.parameters());
  EXPECT_EQ(one.report.log_likelihood, three.report.log_likelihood);
}

TEST(HiddenMarkov, UnitsMustBeSaid) {
  const Table data = sampled(two_regimes(), 10, 1);
  EXPECT_EQ(refusal([&] { fit(two_regimes(), data); }),
            "hidden Markov model: data: must say which rows form a sequence (a single one: all rows)");
  EXPECT_EQ(refusal([&] {
              fit(Mixture(Gaussian(2, 1, Covariance::diagonal)), data.with_sequences({0, 10}));
            }),
            "mixture: data: are cut into sequences, but this model takes rows as independent");
}

TEST(HiddenMarkov, AnImpossibleSequenceIsNamed) {
  // The chain never leaves state 0, and the second sequence is said to be in state 1.
  HiddenMarkov model(MarkovChain({1, 0}, {1, 0, 0, 1}), two_regimes().emissions());
  const Table data = Table({0, 0, 0, 0}, 4, 1).with_labels(std::vector<std::int32_t>{-1, -1, 1, -1}, 2);
  const std::string text = refusal([&] { fit(std::move(model), data.with_sequences({0, 2, 4})); });
  EXPECT_NE(text.find("sequence 2 (rows 3 to 4) has log-likelihood -inf, from row 3 on"), std::string::npos) << text;
}

TEST(HiddenMarkov, DecodesTheStatesItWasDrawnFrom) {
  Gaussian emissions(2, 1, Covariance::diagonal);
  emissions.set({-20, 20}, {1, 1});
  const HiddenMarkov model(MarkovChain({0.5, 0.5}, {0.9, 0.1, 0.1, 0.9}), emissions);
  std::vector<double> x(200);
  std::vector<std::int32_t> z(200);
  model.sample(7, 0, {x.data(), 200, 1, 200}, z);
  Block block;
  block.x = {x.data(), 200, 1, 200};
  std::vector<std::int32_t> path(200);
  model.decode(block, path);
  EXPECT_EQ(path, z);
}

TEST(HiddenMarkov, RowsFarFromEveryStateAreNoNaN) {
  Gaussian emissions(2, 1, Covariance::diagonal);
  emissions.set({0, 1}, {1e-4, 1e-4});
  const HiddenMarkov model(MarkovChain(2), emissions);
  const Table data = Table({0, 1e8, 1, -1e8, support::missing}, 5, 1).with_sequences({0, 5});
  BlockBuffer buffer;
  std::vector<double> p(10);
  model.responsibilities(data.block(0, 5, buffer), {p.data(), 5, 2, 5});
  for (int i = 0; i < 5; ++i) {
    EXPECT_NEAR(p[static_cast<std::size_t>(i)] + p[static_cast<std::size_t>(5 + i)], 1, 1e-12);
  }
}

TEST(HiddenMarkov, ChainAndEmissionsMustAgree) {
  EXPECT_EQ(refusal([] { HiddenMarkov(MarkovChain(3), Gaussian(2, 1, Covariance::full)); }),
            "HiddenMarkov: chain: has 3 states, the emissions have 2");
}

}  // namespace
}  // namespace jensen
