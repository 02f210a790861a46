#include <gtest/gtest.h>
#include <jensen/error.h>
#include <jensen/models/discrete_posterior.h>

#include <cmath>
#include <limits>

namespace jensen {
namespace {

constexpr double impossible = -std::numeric_limits<double>::infinity();
constexpr int rows = 4;
constexpr int states = 3;
// p(x_i, k) by row; the last row is impossible in every state.
const double joint[rows][states] = {{0.2, 0.1, 0.1}, {0.0, 0.3, 0.1}, {0.05, 0.05, 0.0}, {0.5, 0.5, 0.5}};

struct Result {
  Evidence evidence;
  double q[rows][states];
};

Result run(const Rule& rule, const Block& settings = {}) {
  std::vector<double> values(rows * states);
  const Panel panel{values.data(), rows, states, rows};
  for (int i = 0; i < rows; ++i) {
    for (int k = 0; k < states; ++k) panel(i, k) = joint[i][k] > 0 ? std::log(joint[i][k]) : impossible;
  }
  Block block = settings;
  block.x = {values.data(), rows, 0, rows};
  Result result{discrete_posterior(block, rule, panel), {}};
  for (int i = 0; i < rows; ++i) {
    for (int k = 0; k < states; ++k) result.q[i][k] = panel(i, k);
  }
  return result;
}

double entropy_of(const Result& result, const double* weights = nullptr) {
  double total = 0;
  for (int i = 0; i < rows; ++i) {
    const double w = weights == nullptr ? 1 : weights[i];
    for (double wq : result.q[i]) {
      if (wq > 0) total -= wq * std::log(wq / w);
    }
  }
  return total;
}

const double log_likelihood = std::log(0.4) + std::log(0.4) + std::log(0.1) + std::log(1.5);

TEST(DiscretePosterior, PosteriorRule) {
  const Result result = run(Posterior{});
  for (int i = 0; i < rows; ++i) {
    const double mass = joint[i][0] + joint[i][1] + joint[i][2];
    for (int k = 0; k < states; ++k) EXPECT_NEAR(result.q[i][k], joint[i][k] / mass, 1e-15);
  }
  EXPECT_NEAR(result.evidence.log_likelihood, log_likelihood, 1e-14);
  EXPECT_NEAR(result.evidence.entropy, entropy_of(result), 1e-14);
  EXPECT_EQ(result.evidence.state_entropy, result.evidence.entropy);
  EXPECT_EQ(result.evidence.weight, 4);
}

TEST(DiscretePosterior, TemperedRule) {
  for (const double temperature : {0.25, 2.0, 10.0}) {
    const Result result = run(Posterior{temperature});
    for (int i = 0; i < rows; ++i) {
      double mass = 0;
      for (double p : joint[i]) mass += p > 0 ? std::pow(p, 1 / temperature) : 0;
      for (int k = 0; k < states; ++k) {
        const double expected = joint[i][k] > 0 ? std::pow(joint[i][k], 1 / temperature) / mass : 0;
        EXPECT_NEAR(result.q[i][k], expected, 1e-14);
      }
    }
    EXPECT_NEAR(result.evidence.log_likelihood, log_likelihood, 1e-14) << "of the model, not of the tempered one";
    EXPECT_NEAR(result.evidence.entropy, entropy_of(result), 1e-14);
  }
}

TEST(DiscretePosterior, ModeIsTheFirstOfTheMostProbable) {
  const Result result = run(Mode{});
  const int best[] = {0, 1, 0, 0};
  for (int i = 0; i < rows; ++i) {
    for (int k = 0; k < states; ++k) EXPECT_EQ(result.q[i][k], k == best[i] ? 1 : 0);
  }
  EXPECT_EQ(result.evidence.entropy, 0);
  EXPECT_NEAR(result.evidence.log_likelihood, log_likelihood, 1e-14);
}

TEST(DiscretePosterior, DrawsFollowThePosterior) {
  constexpr int n = 4000;
  double mean[rows][states] = {};
  for (int iteration = 0; iteration < n; ++iteration) {
    const Result result = run(Draws{1, 5, 0, static_cast<std::uint64_t>(iteration)});
    for (int i = 0; i < rows; ++i) {
      for (int k = 0; k < states; ++k) mean[i][k] += result.q[i][k] / n;
    }
    EXPECT_EQ(result.evidence.entropy, 0);
  }
  for (int i = 0; i < rows; ++i) {
    const double mass = joint[i][0] + joint[i][1] + joint[i][2];
    for (int k = 0; k < states; ++k) {
      const double p = joint[i][k] / mass;
      EXPECT_NEAR(mean[i][k], p, 5 * std::sqrt(p * (1 - p) / n) + 1e-12);
    }
  }
  const Result many = run(Draws{8, 5, 0, 0});
  for (int i = 0; i < rows; ++i) {
    double total = 0;
    for (double q : many.q[i]) {
      total += q;
      EXPECT_NEAR(q * 8, std::round(q * 8), 1e-12);
    }
    EXPECT_NEAR(total, 1, 1e-15);
  }
  EXPECT_NEAR(many.evidence.entropy, entropy_of(many), 1e-14);
}

TEST(DiscretePosterior, DrawsAreKeyedByTheRowInTheWholeData) {
  Block later;
  later.first_row = 2;
  bool differs = false;
  for (std::uint64_t iteration = 0; iteration < 20; ++iteration) {
    const Result whole = run(Draws{1, 1, 0, iteration});
    const Result same = run(Draws{1, 1, 0, iteration});
    const Result shifted = run(Draws{1, 1, 0, iteration}, later);
    for (int i = 0; i < rows; ++i) {
      for (int k = 0; k < states; ++k) {
        EXPECT_EQ(whole.q[i][k], same.q[i][k]);
        differs = differs || whole.q[i][k] != shifted.q[i][k];
      }
    }
  }
  EXPECT_TRUE(differs);
}

TEST(DiscretePosterior, DrawsAreKeyedBySeedRestartAndIteration) {
  const auto all = [](const Draws& base) {
    std::vector<double> drawn;  // of forty iterations, so that no two keys agree by chance
    for (std::uint64_t iteration = 0; iteration < 40; ++iteration) {
      const Result result = run(Draws{1, base.seed, base.restart, base.iteration + iteration});
      for (const auto& row : result.q) drawn.insert(drawn.end(), row, row + states);
    }
    return drawn;
  };
  EXPECT_EQ(all({1, 1, 1, 1}), all({1, 1, 1, 1}));
  EXPECT_NE(all({1, 1, 1, 1}), all({1, 2, 1, 1}));
  EXPECT_NE(all({1, 1, 1, 1}), all({1, 1, 2, 1}));
  EXPECT_NE(all({1, 1, 1, 1}), all({1, 1, 1, 2}));
}

Given constant(double a, double b, double c) {
  return {[=](const Block&, Panel q) {
    for (std::int64_t i = 0; i < q.rows; ++i) q(i, 0) = a, q(i, 1) = b, q(i, 2) = c;
  }};
}

TEST(DiscretePosterior, GivenResponsibilities) {
  const Result result = run(constant(0.5, 0.25, 0.25));
  for (int i = 0; i < rows; ++i) {
    EXPECT_EQ(result.q[i][0], 0.5);
    EXPECT_EQ(result.q[i][2], 0.25);
  }
  EXPECT_NEAR(result.evidence.entropy, 4 * 1.5 * std::log(2), 1e-14);
  EXPECT_NEAR(result.evidence.log_likelihood, log_likelihood, 1e-14);
}

TEST(DiscretePosterior, WeightsMultiplyEverything) {
  const double weights[] = {2, 0, 0.5, 1};
  Block block;
  block.weights = weights;
  for (const Rule& rule :
       {Rule{Posterior{}}, Rule{Posterior{3}}, Rule{Draws{3, 1, 0, 0}}, Rule{constant(0.2, 0.2, 0.6)}}) {
    const Result plain = run(rule);
    const Result weighted = run(rule, block);
    for (int i = 0; i < rows; ++i) {
      for (int k = 0; k < states; ++k) EXPECT_NEAR(weighted.q[i][k], weights[i] * plain.q[i][k], 1e-15);
    }
    EXPECT_EQ(weighted.evidence.weight, 3.5);
    EXPECT_NEAR(weighted.evidence.entropy, entropy_of(weighted, weights), 1e-14);
    EXPECT_NEAR(weighted.evidence.log_likelihood, 2 * std::log(0.4) + 0.5 * std::log(0.1) + std::log(1.5), 1e-14);
  }
}

TEST(DiscretePosterior, StatesThatAreRuledOutHaveNoPart) {
  const StateSets sets{states, {1, 0, 1, /**/ 0, 1, 0}};
  const std::int32_t allowed[] = {0, -1, 1, 0};
  Block block;
  block.allowed = allowed;
  block.state_sets = &sets;
  const Result result = run(Posterior{}, block);
  EXPECT_NEAR(result.q[0][0], 2.0 / 3, 1e-15);
  EXPECT_EQ(result.q[0][1], 0);
  EXPECT_NEAR(result.q[1][1], 0.75, 1e-15);
  EXPECT_EQ(result.q[2][1], 1);
  EXPECT_NEAR(result.evidence.log_likelihood, std::log(0.3) + std::log(0.4) + std::log(0.05) + std::log(1.0), 1e-14);
  // Given mass on a state that is ruled out goes to the others; if none is left, evenly.
  const Result given = run(constant(0, 1, 0), block);
  EXPECT_EQ(given.q[0][0], 0.5);
  EXPECT_EQ(given.q[0][2], 0.5);
  EXPECT_EQ(given.q[1][1], 1);
  const Result split = run(constant(0.1, 0.6, 0.3), block);
  EXPECT_NEAR(split.q[3][0], 0.25, 1e-15);
  EXPECT_NEAR(split.q[3][2], 0.75, 1e-15);
}

TEST(DiscretePosterior, ImpossibleRowsGetNothing) {
  const StateSets sets{states, {1, 0, 0}};
  const std::int32_t allowed[] = {-1, 0, -1, -1};  // row 1 may only be in the state in which it cannot be
  Block block;
  block.allowed = allowed;
  block.state_sets = &sets;
  for (const Rule& rule : {Rule{Posterior{}}, Rule{Posterior{2}}, Rule{Mode{}}, Rule{Draws{2, 1, 0, 0}}}) {
    const Result result = run(rule, block);
    for (int k = 0; k < states; ++k) EXPECT_EQ(result.q[1][k], 0);
    EXPECT_EQ(result.evidence.log_likelihood, impossible);
    EXPECT_TRUE(std::isfinite(result.evidence.entropy));
  }
  const double without[] = {1, 0, 1, 1};
  block.weights = without;
  for (const Rule& rule : {Rule{Posterior{}}, Rule{Posterior{2}}, Rule{Mode{}}, Rule{Draws{2, 1, 0, 0}}}) {
    EXPECT_NEAR(run(rule, block).evidence.log_likelihood, log_likelihood - std::log(0.4), 1e-14);
  }
}

std::string refusal(const Rule& rule, const Block& block = {}) {
  try {
    run(rule, block);
  } catch (const ArgumentError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(DiscretePosterior, RefusesWhatIsOutOfItsDomain) {
  EXPECT_EQ(refusal(Posterior{0}), "E-step: temperature: must be finite and > 0, got 0.000000");
  EXPECT_EQ(refusal(Posterior{-1}), "E-step: temperature: must be finite and > 0, got -1.000000");
  EXPECT_NE(refusal(Posterior{std::nan("")}), "accepted");
  EXPECT_NE(refusal(Posterior{INFINITY}), "accepted");
  EXPECT_EQ(refusal(Draws{0, 1, 0, 0}), "E-step: draws: must be at least 1, got 0");
  Block block;
  block.first_row = 10;
  EXPECT_EQ(refusal(constant(-0.5, 1, 0.5), block), "E-step: responsibilities: row 11 holds -0.500000");
  EXPECT_EQ(refusal(constant(0.5, std::nan(""), 0.5)), "E-step: responsibilities: row 1 holds nan");
  const StateSets two{2, {1, 0}};
  const std::int32_t allowed[] = {0, 0, 0, 0};
  block.allowed = allowed;
  block.state_sets = &two;
  EXPECT_EQ(refusal(Posterior{}, block), "E-step: labels: are about 2 states, the model has 3");
}

TEST(DiscretePosterior, StatisticsAloneNeedNoDensities) {
  Given rule{[](const Block&, Panel q) {
    for (std::int64_t i = 0; i < q.rows; ++i) {
      for (int k = 0; k < q.columns; ++k) q(i, k) = 0.25 * (k + static_cast<double>(i) + 1);
    }
  }};
  EXPECT_TRUE(log_joint_matters(rule));
  const Result with = run(rule);
  rule.statistics_only = true;
  EXPECT_FALSE(log_joint_matters(rule));
  const Result without = run(rule);
  for (int i = 0; i < rows; ++i) {
    for (int k = 0; k < states; ++k) {
      EXPECT_NEAR(without.q[i][k], (k + i + 1) / (6.0 + 3 * i), 1e-15);
      EXPECT_EQ(without.q[i][k], with.q[i][k]);
    }
  }
  EXPECT_EQ(without.evidence.entropy, with.evidence.entropy);
  EXPECT_EQ(without.evidence.weight, with.evidence.weight);
  EXPECT_TRUE(std::isnan(without.evidence.log_likelihood)) << "a number nobody computed must not look like one";
}

}  // namespace
}  // namespace jensen
