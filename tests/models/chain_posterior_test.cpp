#include <jensen/math/random.h>
#include <jensen/models/chain_posterior.h>
#include <jensen/models/chain_segments.h>
#include <jensen/models/discrete_posterior.h>
#include <jensen/models/viterbi.h>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>

#include "models/panel_segments.h"
#include "support/refusal.h"

namespace jensen {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// A short sequence with everything that a sum over all K^T paths can tell about it.
struct Puzzle {
  MarkovChain chain{1};
  std::vector<double> log_density;  // steps × K, column-major
  std::vector<std::int32_t> allowed;
  StateSets sets;
  int steps = 0;

  Puzzle(std::uint64_t seed, int states, int length, double spread, bool with_zeros, bool with_labels) : steps(length) {
    Stream stream(seed, Purpose::test);
    const auto simplex = [&](int keep) {
      std::vector<double> p(static_cast<std::size_t>(states));
      double total = 0;
      for (int k = 0; k < states; ++k) {
        const bool zero = with_zeros && k != keep && stream.uniform() < 0.3;
        total += p[static_cast<std::size_t>(k)] = zero ? 0 : stream.exponential();
      }
      for (double& v : p) v /= total;
      return p;
    };
    const auto initial = simplex(0);
    std::vector<double> transitions;
    for (int i = 0; i < states; ++i) {
      const auto row = simplex((i + 1) % states);
      transitions.insert(transitions.end(), row.begin(), row.end());
    }
    chain = MarkovChain(initial, transitions);
    for (int e = 0; e < states * steps; ++e) log_density.push_back(spread * stream.normal());
    if (!with_labels) return;
    sets.states = states;
    for (int k = 0; k < states; ++k) {
      for (int other = 0; other < states; ++other) sets.allowed.push_back(other != k ? 1 : 0);
    }
    for (int t = 0; t < steps; ++t) allowed.push_back(t % 2 == 0 ? -1 : static_cast<int>(stream.uniform() * states));
  }

  int states() const { return chain.states(); }
  Block block(std::span<const double> weights = {}) const {
    Block x;
    x.x = {log_density.data(), steps, states(), steps};
    x.weights = weights;
    x.allowed = allowed;
    x.state_sets = allowed.empty() ? nullptr : &sets;
    return x;
  }
  double log_joint(const std::vector<int>& path, double temperature) const {
    double total = std::log(chain.initial()[static_cast<std::size_t>(path[0])]);
    for (int t = 0; t < steps; ++t) {
      const int z = path[static_cast<std::size_t>(t)];
      if (t > 0) total += std::log(chain.transition(path[static_cast<std::size_t>(t - 1)], z));
      if (!block().allows(t, z)) return -infinity;
      total += log_density[static_cast<std::size_t>(t + z * steps)];
    }
    return total / temperature;
  }
};

struct Answer {
  double log_sum = -infinity;
  double entropy = 0;
  std::vector<double> marginals, counts;  // steps × K column-major; K + K × K
  std::vector<int> best;
  double best_value = -infinity;
};

Answer enumerate(const Puzzle& puzzle, double temperature = 1) {
  const int states = puzzle.states();
  std::vector<std::pair<std::vector<int>, double>> paths;
  std::vector<int> path(static_cast<std::size_t>(puzzle.steps));
  long count = 1;
  for (int t = 0; t < puzzle.steps; ++t) count *= states;
  Answer answer;
  double largest = -infinity;
  for (long number = 0; number < count; ++number) {
    long rest = number;
    for (int& z : path) {
      z = static_cast<int>(rest % states);
      rest /= states;
    }
    const double value = puzzle.log_joint(path, temperature);
    paths.emplace_back(path, value);
    largest = std::max(largest, value);
    if (value > answer.best_value) {
      answer.best_value = value;
      answer.best = path;
    }
  }
  answer.marginals.assign(puzzle.log_density.size(), 0);
  answer.counts.assign(MarkovChain(states).statistics_size(), 0);
  if (largest == -infinity) return answer;
  double total = 0;
  for (const auto& [z, value] : paths) total += std::exp(value - largest);
  answer.log_sum = largest + std::log(total);
  for (const auto& [z, value] : paths) {
    const double q = std::exp(value - answer.log_sum);
    if (q > 0) answer.entropy -= q * (value - answer.log_sum);
    answer.counts[static_cast<std::size_t>(z[0])] += q;
    for (int t = 0; t < puzzle.steps; ++t) {
      const int now = z[static_cast<std::size_t>(t)];
      answer.marginals[static_cast<std::size_t>(t + now * puzzle.steps)] += q;
      if (t > 0)
        answer.counts[static_cast<std::size_t>(states + z[static_cast<std::size_t>(t - 1)] * states + now)] += q;
    }
  }
  return answer;
}

struct Smoothed {
  Evidence evidence;
  std::vector<double> q, counts;
};

Smoothed run(const Puzzle& puzzle, const Rule& rule, std::span<const double> weights = {}) {
  Smoothed result;
  result.q = puzzle.log_density;
  result.counts.assign(MarkovChain(puzzle.states()).statistics_size(), 0);
  ChainScratch scratch;
  const Panel panel{result.q.data(), puzzle.steps, puzzle.states(), puzzle.steps};
  result.evidence = chain_posterior(puzzle.block(weights), rule, puzzle.chain, panel, result.counts, scratch);
  return result;
}

// The same from the first and the last row at once.
Smoothed run_from_both_ends(const Puzzle& puzzle, const Posterior& rule) {
  Smoothed result;
  result.q = puzzle.log_density;
  result.counts.assign(MarkovChain(puzzle.states()).statistics_size(), 0);
  ChainScratch scratch;
  const Panel panel{result.q.data(), puzzle.steps, puzzle.states(), puzzle.steps};
  rule_out_states(puzzle.block(), panel);
  PanelSegments segments(panel);
  ChainPlan plan;
  plan.both_ends_from = 2;
  result.evidence = chain_posterior(puzzle.block(), rule, puzzle.chain, segments, plan, {result.counts, {}}, scratch);
  return result;
}

void expect_near(const std::vector<double>& got, const std::vector<double>& wanted, double tolerance,
                 const std::string& what) {
  ASSERT_EQ(got.size(), wanted.size());
  for (std::size_t e = 0; e < got.size(); ++e) EXPECT_NEAR(got[e], wanted[e], tolerance) << what << " " << e;
}

// Every combination of length, zeros, labels and spread; 900 nats apart the linear recursions give way to those in
// logs.
template <class Check>
void for_every_puzzle(Check check) {
  std::uint64_t seed = 0;
  for (const int states : {1, 2, 3}) {
    for (const int steps : {1, 2, 5, 8}) {
      for (const double spread : {0.5, 3.0, 900.0}) {
        for (const bool zeros : {false, true}) {
          for (const bool labels : {false, true}) {
            if (labels && states == 1) continue;
            const Puzzle puzzle(++seed, states, steps, spread, zeros, labels);
            SCOPED_TRACE("states " + std::to_string(states) + ", steps " + std::to_string(steps) + ", spread " +
                         std::to_string(spread) + ", zeros " + std::to_string(zeros) + ", labels " +
                         std::to_string(labels));
            check(puzzle);
          }
        }
      }
    }
  }
}

TEST(ChainPosterior, IsTheSumOverAllPaths) {
  for_every_puzzle([](const Puzzle& puzzle) {
    for (const double temperature : {1.0, 2.5}) {
      const Answer answer = enumerate(puzzle, temperature);
      const double exact = temperature == 1 ? answer.log_sum : enumerate(puzzle).log_sum;
      const Posterior rule{temperature};
      for (const Smoothed& got : {run(puzzle, rule), run_from_both_ends(puzzle, rule)}) {
        if (exact == -infinity) {
          EXPECT_EQ(got.evidence.log_likelihood, -infinity);
          expect_near(got.q, answer.marginals, 0, "q of an impossible sequence");
          continue;
        }
        EXPECT_NEAR(got.evidence.log_likelihood, exact, 1e-12 * std::abs(exact) + 1e-12);
        EXPECT_NEAR(got.evidence.entropy, answer.entropy, 1e-11 * (1 + std::abs(exact)));
        EXPECT_EQ(got.evidence.weight, puzzle.steps);
        expect_near(got.q, answer.marginals, 1e-11, "marginal");
        expect_near(got.counts, answer.counts, 1e-11, "count");
      }
    }
  });
}

TEST(ChainPosterior, ModeIsTheBestPath) {
  for_every_puzzle([](const Puzzle& puzzle) {
    const Answer answer = enumerate(puzzle);
    if (answer.log_sum == -infinity) return;
    const Smoothed got = run(puzzle, Mode{});
    EXPECT_EQ(got.evidence.entropy, 0);
    EXPECT_NEAR(got.evidence.log_likelihood, answer.log_sum, 1e-12 * std::abs(answer.log_sum) + 1e-12);
    for (int t = 0; t < puzzle.steps; ++t) {
      for (int k = 0; k < puzzle.states(); ++k) {
        EXPECT_EQ(got.q[static_cast<std::size_t>(t + k * puzzle.steps)], answer.best[static_cast<std::size_t>(t)] == k);
      }
    }
    std::vector<double> panel = puzzle.log_density;
    std::vector<std::int32_t> path(static_cast<std::size_t>(puzzle.steps));
    std::vector<double> value(1);
    viterbi(puzzle.block(), puzzle.chain, {panel.data(), puzzle.steps, puzzle.states(), puzzle.steps}, path, value);
    EXPECT_NEAR(value[0], answer.best_value, 1e-12 * std::abs(answer.best_value) + 1e-12);
  });
}

TEST(ChainPosterior, DrawsFollowThePosterior) {
  const Puzzle puzzle(5, 3, 5, 1.5, true, true);
  const Answer answer = enumerate(puzzle);
  const Smoothed got = run(puzzle, Draws{40000, 3, 0, 0});
  expect_near(got.q, answer.marginals, 0.012, "share of draws");  // five standard errors
  expect_near(got.counts, answer.counts, 0.025, "share of transitions");
  EXPECT_NEAR(got.evidence.entropy, answer.entropy, 0.03);  // of the empirical distribution
  EXPECT_EQ(run(puzzle, Draws{1, 3, 0, 0}).evidence.entropy, 0);
  EXPECT_EQ(run(puzzle, Draws{4, 3, 0, 0}).q, run(puzzle, Draws{4, 3, 0, 0}).q);
  EXPECT_NE(run(puzzle, Draws{4, 3, 0, 0}).q, run(puzzle, Draws{4, 3, 0, 1}).q);
}

TEST(ChainPosterior, GivenStatesAreIndependentInTime) {
  const Puzzle puzzle(7, 2, 3, 1, false, false);
  const Given rule{[](const Block& x, Panel q) {
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      q(i, 0) = 0.25 * static_cast<double>(i + 1);
      q(i, 1) = 1 - q(i, 0);
    }
  }};
  const Smoothed got = run(puzzle, rule);
  EXPECT_NEAR(got.counts[0], 0.25, 1e-15);
  EXPECT_NEAR(got.counts[2], 0.25 * 0.5 + 0.5 * 0.75, 1e-15);  // from 0 to 0
  EXPECT_NEAR(got.counts[5], 0.75 * 0.5 + 0.5 * 0.25, 1e-15);  // from 1 to 1
  EXPECT_NEAR(got.evidence.entropy, 2 * (-0.25 * std::log(0.25) - 0.75 * std::log(0.75)) + std::log(2.0), 1e-14);
  EXPECT_NEAR(got.evidence.log_likelihood, enumerate(puzzle).log_sum, 1e-12);
}

TEST(ChainPosterior, AWeightMultipliesASequence) {
  const Puzzle puzzle(11, 3, 6, 1, false, false);
  const std::vector<double> three(6, 3.0);
  for (const Rule& rule : {Rule(Posterior{}), Rule(Posterior{3}), Rule(Mode{}), Rule(Draws{5, 1, 0, 0})}) {
    const Smoothed once = run(puzzle, rule);
    const Smoothed thrice = run(puzzle, rule, three);
    EXPECT_NEAR(thrice.evidence.log_likelihood, 3 * once.evidence.log_likelihood, 1e-12);
    EXPECT_NEAR(thrice.evidence.entropy, 3 * once.evidence.entropy, 1e-12);
    for (std::size_t e = 0; e < once.q.size(); ++e) EXPECT_NEAR(thrice.q[e], 3 * once.q[e], 1e-13);
    for (std::size_t e = 0; e < once.counts.size(); ++e) EXPECT_NEAR(thrice.counts[e], 3 * once.counts[e], 1e-12);
  }
}

TEST(ChainPosterior, SequencesAreApart) {
  const Puzzle left(21, 2, 3, 1, false, false);
  Puzzle right(22, 2, 4, 1, false, false);
  right.chain = left.chain;
  std::vector<double> both;
  for (int k = 0; k < 2; ++k) {
    both.insert(both.end(), left.log_density.begin() + 3 * k, left.log_density.begin() + 3 * (k + 1));
    both.insert(both.end(), right.log_density.begin() + 4 * k, right.log_density.begin() + 4 * (k + 1));
  }
  const std::vector<std::int64_t> begins{10, 13, 17};
  Block x;
  x.x = {both.data(), 7, 2, 7};
  x.first_row = 10;
  x.sequences = begins;
  std::vector<double> counts(6);
  ChainScratch scratch;
  const Evidence evidence = chain_posterior(x, Posterior{}, left.chain, {both.data(), 7, 2, 7}, counts, scratch);
  const Smoothed one = run(left, Posterior{});
  const Smoothed two = run(right, Posterior{});
  EXPECT_NEAR(evidence.log_likelihood, one.evidence.log_likelihood + two.evidence.log_likelihood, 1e-13);
  for (std::size_t e = 0; e < 6; ++e) EXPECT_NEAR(counts[e], one.counts[e] + two.counts[e], 1e-13);
}

TEST(ChainPosterior, AMillionStepsKeepTheirDigits) {
  // Two states that emit alike: every row contributes the same, whatever the chain does.
  constexpr std::int64_t steps = 1'000'000;
  const MarkovChain chain({0.5, 0.5}, {0.999, 0.001, 0.002, 0.998});
  std::vector<double> density(static_cast<std::size_t>(2 * steps), -745.25);
  std::vector<double> counts(6);
  ChainScratch scratch;
  Block x;
  x.x = {density.data(), steps, 2, steps};
  const Evidence evidence = chain_posterior(x, Posterior{}, chain, {density.data(), steps, 2, steps}, counts, scratch);
  EXPECT_NEAR(evidence.log_likelihood / (-745.25 * steps), 1, 1e-13);
  EXPECT_NEAR((counts[2] + counts[3] + counts[4] + counts[5]) / (steps - 1), 1, 1e-11);
}

TEST(ChainPosterior, ARareSymbolIsNoNaN) {
  // Only state 1 can explain the last row, and it takes a jump of probability 1e-300 to be there.
  const MarkovChain chain({1, 0}, {1 - 1e-15, 1e-300, 0, 1});
  std::vector<double> density{0, 0, -infinity, 0, 0, 0};
  std::vector<double> counts(6);
  ChainScratch scratch;
  Block x;
  x.x = {density.data(), 3, 2, 3};
  const Evidence evidence = chain_posterior(x, Posterior{}, chain, {density.data(), 3, 2, 3}, counts, scratch);
  EXPECT_NEAR(evidence.log_likelihood, std::log(2.0) - 300 * std::log(10.0), 1e-10);
  for (const double q : density) EXPECT_TRUE(q >= 0 && q <= 1);
  EXPECT_NEAR(density[4], 0.5, 1e-12);  // jumped in the first step or in the second
}

TEST(ChainPosterior, ScoresSumToTheLogLikelihood) {
  for_every_puzzle([](const Puzzle& puzzle) {
    const double exact = enumerate(puzzle).log_sum;
    std::vector<double> panel = puzzle.log_density;
    std::vector<double> score(static_cast<std::size_t>(puzzle.steps));
    ChainScratch scratch;
    chain_score(puzzle.block(), puzzle.chain, {panel.data(), puzzle.steps, puzzle.states(), puzzle.steps}, score,
                scratch);
    double total = 0;
    for (const double s : score) total += s;
    if (exact == -infinity) {
      EXPECT_EQ(total, -infinity);
    } else {
      EXPECT_NEAR(total, exact, 1e-12 * std::abs(exact) + 1e-12);
    }
  });
}

TEST(ChainPosterior, RefusesRulesOutOfTheirDomain) {
  const Puzzle puzzle(1, 2, 2, 1, false, false);
  EXPECT_THROW(run(puzzle, Posterior{0}), ArgumentError);
  EXPECT_THROW(run(puzzle, Draws{0, 0, 0, 0}), ArgumentError);
  EXPECT_THROW(run(puzzle, Given{[](const Block&, Panel q) { q(0, 0) = -1; }}), ArgumentError);
}

}  // namespace
}  // namespace jensen
