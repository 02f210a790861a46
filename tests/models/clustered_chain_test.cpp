#include <jensen/data/table.h>
#include <jensen/em/cluster_starts.h>
#include <jensen/em/fit.h>
#include <jensen/emissions/categories.h>
#include <jensen/emissions/gaussian.h>
#include <jensen/models/clustered_chain.h>
#include <jensen/models/hidden_markov.h>
#include <jensen/models/viterbi.h>
#include <jensen/testing/laws.h>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/refusal.h"

namespace jensen {
namespace {

using support::refusal;
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr int clusters = 3;
constexpr int size = 2;
constexpr int states = clusters * size;

// Everything is compared with the chain over all states, whose own tests sum over all paths.
struct Puzzle {
  ClusteredChain chain{clusters, size};
  std::vector<double> log_density;  // rows × states, column-major
  std::vector<std::int64_t> begins{10, 11, 15, 22};
  std::vector<double> weights;
  std::vector<std::int32_t> allowed;
  StateSets sets;
  static constexpr int rows = 12;

  Puzzle(std::uint64_t seed, double spread, bool with_labels, bool with_zeros) {
    Stream stream(seed, Purpose::test);
    std::vector<double> initial(states), transitions(states * states);
    double total = 0;
    for (double& p : initial) total += p = stream.exponential();
    if (with_zeros) total -= initial[1];
    if (with_zeros) initial[1] = 0;
    for (double& p : initial) p /= total;
    for (int i = 0; i < states; ++i) {
      const double stays = with_zeros && i == 3 ? 1 : stream.uniform();
      for (int j = i / size * size; j < i / size * size + size; ++j) {
        transitions[static_cast<std::size_t>(i * states + j)] = j == i ? stays : 1 - stays;
      }
    }
    chain = ClusteredChain(MarkovChain(initial, transitions), clusters);
    for (int e = 0; e < rows * states; ++e) log_density.push_back(spread * stream.normal());
    for (const int count : {1, 4, 7}) weights.insert(weights.end(), static_cast<std::size_t>(count), 0.5 * count);
    if (!with_labels) return;
    sets.states = states;
    for (int k = 0; k < states; ++k) {
      for (int other = 0; other < states; ++other) sets.allowed.push_back(other != k ? 1 : 0);
    }
    for (int t = 0; t < rows; ++t) allowed.push_back(t % 2 == 0 ? -1 : static_cast<int>(stream.uniform() * states));
  }
  Block block() const {
    Block x;
    x.x = {log_density.data(), rows, states, rows};
    x.first_row = 10;
    x.sequences = begins;
    x.weights = weights;
    x.allowed = allowed;
    x.state_sets = allowed.empty() ? nullptr : &sets;
    return x;
  }
};

struct Smoothed {
  Evidence evidence;
  std::vector<double> q, counts;
};

template <class Chain>
Smoothed run(const Puzzle& puzzle, const Rule& rule, const Chain& chain) {
  Smoothed result;
  result.q = puzzle.log_density;
  result.counts.assign(chain.statistics_size(), 0);
  ChainScratch scratch;
  result.evidence = chain_posterior(puzzle.block(), rule, chain, {result.q.data(), Puzzle::rows, states, Puzzle::rows},
                                    result.counts, scratch);
  return result;
}

void expect_near(const std::vector<double>& got, const std::vector<double>& wanted, double tolerance) {
  ASSERT_EQ(got.size(), wanted.size());
  for (std::size_t e = 0; e < got.size(); ++e) {
    if (got[e] == wanted[e]) continue;  // −∞
    EXPECT_NEAR(got[e], wanted[e], tolerance) << e;
  }
}

template <class Check>
void for_every_puzzle(Check check) {
  std::uint64_t seed = 0;
  for (const double spread : {0.5, 3.0, 900.0}) {
    for (const bool labels : {false, true}) {
      for (const bool zeros : {false, true}) {
        SCOPED_TRACE(spread);
        check(Puzzle(++seed, spread, labels, zeros));
      }
    }
  }
}

TEST(ClusteredChain, PosteriorAndModeAreThoseOfTheChainOverAllStates) {
  for_every_puzzle([](const Puzzle& puzzle) {
    for (const Rule& rule : {Rule(Posterior{}), Rule(Posterior{2.5}), Rule(Posterior{0.5}), Rule(Mode{})}) {
      const Smoothed got = run(puzzle, rule, puzzle.chain);
      const Smoothed wanted = run(puzzle, rule, puzzle.chain.whole());
      EXPECT_NEAR(got.evidence.log_likelihood, wanted.evidence.log_likelihood,
                  1e-12 * (1 + std::abs(wanted.evidence.log_likelihood)));
      EXPECT_NEAR(got.evidence.entropy, wanted.evidence.entropy, 1e-9);
      EXPECT_EQ(got.evidence.weight, wanted.evidence.weight);
      expect_near(got.q, wanted.q, 1e-10);
      expect_near(got.counts, wanted.counts, 1e-10);
    }
  });
}

TEST(ClusteredChain, ScoresFiltersPredictionsAndPathsAreThoseOfTheChainOverAllStates) {
  for_every_puzzle([](const Puzzle& puzzle) {
    const auto answer = [&](const auto& chain) {
      ChainScratch scratch;
      std::vector<std::vector<double>> parts(4, puzzle.log_density);
      const auto panel = [&](std::size_t part) {
        return Panel{parts[part].data(), Puzzle::rows, states, Puzzle::rows};
      };
      std::vector<double> score(Puzzle::rows), value(3);
      std::vector<std::int32_t> path(Puzzle::rows);
      chain_score(puzzle.block(), chain, panel(0), score, scratch);
      chain_filter(puzzle.block(), chain, panel(1), scratch);
      chain_predict(puzzle.block(), chain, panel(2), scratch);
      viterbi(puzzle.block(), chain, panel(3), path, value);
      std::vector<double> all = score;
      for (const std::size_t part : {1u, 2u}) all.insert(all.end(), parts[part].begin(), parts[part].end());
      all.insert(all.end(), value.begin(), value.end());
      all.insert(all.end(), path.begin(), path.end());
      return all;
    };
    expect_near(answer(puzzle.chain), answer(puzzle.chain.whole()), 1e-9);
  });
}

TEST(ClusteredChain, ImpossibleSequencesAreNoNaN) {
  Puzzle puzzle(5, 1, false, false);
  for (int k = 0; k < states; ++k) puzzle.log_density[static_cast<std::size_t>(3 + k * Puzzle::rows)] = -infinity;
  const Smoothed got = run(puzzle, Posterior{}, puzzle.chain);
  EXPECT_EQ(got.evidence.log_likelihood, -infinity);
  expect_near(got.q, run(puzzle, Posterior{}, puzzle.chain.whole()).q, 1e-12);
}

TEST(ClusteredChain, DrawsFollowThePosterior) {
  const Puzzle puzzle(3, 1, true, false);
  const Smoothed wanted = run(puzzle, Posterior{}, puzzle.chain);
  const Smoothed got = run(puzzle, Draws{20000, 3, 0, 0}, puzzle.chain);
  expect_near(got.q, wanted.q, 0.06);  // weights are up to 3.5
  expect_near(got.counts, wanted.counts, 0.12);
  EXPECT_NEAR(got.evidence.entropy, wanted.evidence.entropy, 0.1);
  EXPECT_EQ(run(puzzle, Draws{4, 3, 0, 0}, puzzle.chain).q, run(puzzle, Draws{4, 3, 0, 0}, puzzle.chain).q);
}

// q(c) ∝ Π_t (1/C + r_t(c)): the whole distribution, path by path.
TEST(ClusteredChain, GivenStatesStayInTheirCluster) {
  Puzzle puzzle(7, 1, false, false);
  puzzle.weights.assign(Puzzle::rows, 1.0);
  const auto r = [](std::int64_t t, int k) { return (1.0 + static_cast<double>((3 * t + 5 * k) % 7)) / 40; };
  const Given rule{[&](const Block& x, Panel given) {
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      for (int k = 0; k < states; ++k) given(i, k) = r(i, k);
    }
  }};
  const Smoothed got = run(puzzle, rule, puzzle.chain);
  std::vector<double> q(puzzle.log_density.size()), counts(puzzle.chain.statistics_size());
  double entropy = 0;
  for (std::size_t s = 0; s < 3; ++s) {
    const std::int64_t first = puzzle.begins[s] - 10;
    const std::int64_t end = puzzle.begins[s + 1] - 10;
    std::vector<double> share(clusters, 1.0);
    const auto mass = [&](std::int64_t t, int c) {
      double all = 0;
      for (int k = 0; k < states; ++k) all += r(t, k);
      return (r(t, 2 * c) + r(t, 2 * c + 1)) / all;
    };
    double total = 0;
    for (int c = 0; c < clusters; ++c) {
      for (std::int64_t t = first; t < end; ++t) share[static_cast<std::size_t>(c)] *= 1.0 / clusters + mass(t, c);
      total += share[static_cast<std::size_t>(c)];
    }
    for (int c = 0; c < clusters; ++c) {
      const double own = share[static_cast<std::size_t>(c)] / total;
      entropy -= own * std::log(own);
      const auto within = [&](std::int64_t t, int k) { return r(t, k) / (r(t, 2 * c) + r(t, 2 * c + 1)); };
      for (std::int64_t t = first; t < end; ++t) {
        for (int k = 2 * c; k < 2 * c + 2; ++k) {
          q[static_cast<std::size_t>(t + k * Puzzle::rows)] = own * within(t, k);
          entropy -= own * within(t, k) * std::log(within(t, k));
          if (t == first) counts[static_cast<std::size_t>(k)] += own * within(t, k);
          for (int j = 2 * c; t > first && j < 2 * c + 2; ++j) {
            counts[static_cast<std::size_t>(states + j * states + k)] += own * within(t - 1, j) * within(t, k);
          }
        }
      }
    }
  }
  expect_near(got.q, q, 1e-14);
  expect_near(got.counts, counts, 1e-14);
  EXPECT_NEAR(got.evidence.entropy, entropy, 1e-13);
  EXPECT_NEAR(got.evidence.log_likelihood, run(puzzle, Posterior{}, puzzle.chain).evidence.log_likelihood, 1e-12);
}

// Two groups of sequences of the same symbols in the same shares: one that stays, one that changes.
TEST(ClusteredChain, FindsSequencesByTheirDynamics) {
  const double stays[2] = {0.9, 0.2};
  std::vector<double> x;
  std::vector<std::int64_t> begins{0};
  Stream stream(3, Purpose::test);
  constexpr int sequences = 60;
  for (int s = 0; s < sequences; ++s) {
    double now = stream.uniform() < 0.5 ? 0 : 1;
    for (int t = 0; t < 40; ++t) {
      x.push_back(3 * now + stream.normal());
      now = stream.uniform() < stays[s % 2] ? now : 1 - now;
    }
    begins.push_back(begins.back() + 40);
  }
  const auto rows = static_cast<std::int64_t>(x.size());
  const Table data = Table(std::move(x), rows, 1).with_sequences(begins);
  using Model = HiddenMarkov<Gaussian, ClusteredChain>;
  BlockBuffer buffer;
  const Block all = data.block(0, rows, buffer);
  double best = -infinity;
  Model model(ClusteredChain(2, 2), Gaussian(4, 1, Covariance::diagonal));
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Gaussian emissions(4, 1, Covariance::diagonal);
    emissions.set({0, 3, 0, 3}, {1, 1, 1, 1});
    Model start(ClusteredChain(2, 2), emissions);
    // The chains alone from random clusters, the emissions as they are.
    Statistics s = start.no_statistics();
    Model::Scratch scratch;
    start.expect(all, Given{random_paths(2, 2, seed)}, s, scratch);
    start.chain().maximize(std::span<const double>(s.sum).first(start.chain().statistics_size()));
    auto [fitted, report] = fit(std::move(start), data);
    EXPECT_TRUE(report.converged()) << report.message;
    EXPECT_TRUE(report.monotone);
    EXPECT_NEAR(report.bound.gap(), 0, 1e-9 * std::abs(report.log_likelihood));
    EXPECT_EQ(report.free_parameters, 3 + 4 + 8);
    if (report.log_likelihood <= best) continue;
    best = report.log_likelihood;
    model = fitted;
  }
  const int staying = model.chain().whole().transition(0, 0) > model.chain().whole().transition(2, 2) ? 0 : 1;
  EXPECT_NEAR(model.chain().whole().transition(2 * staying, 2 * staying), 0.9, 0.05);
  EXPECT_NEAR(model.chain().whole().transition(2 - 2 * staying, 2 - 2 * staying), 0.2, 0.07);
  EXPECT_NEAR(model.chain().weight(0), 0.5, 0.08);
  std::vector<double> p(static_cast<std::size_t>(4 * rows));
  model.responsibilities(all, {p.data(), rows, 4, rows});
  int right = 0;
  for (int s = 0; s < sequences; ++s) {
    const auto first = static_cast<std::size_t>(begins[static_cast<std::size_t>(s)]);
    const auto column = static_cast<std::size_t>(2 * staying) * static_cast<std::size_t>(rows);
    const double in_staying = p[first + column] + p[first + column + static_cast<std::size_t>(rows)];
    const double later = p[first + 39 + column] + p[first + 39 + column + static_cast<std::size_t>(rows)];
    EXPECT_NEAR(in_staying, later, 1e-10);  // the same in every row of a sequence
    right += (in_staying > 0.5) == (s % 2 == 0) ? 1 : 0;
  }
  EXPECT_GE(right, sequences - 2);
}

TEST(ClusteredChain, ObeysTheLaws) {
  const MarkovChain whole({0.3, 0.2, 0.1, 0.4}, {0.8, 0.2, 0, 0, 0.3, 0.7, 0, 0, 0, 0, 0.4, 0.6, 0, 0, 0.9, 0.1});
  Gaussian emissions(4, 1, Covariance::diagonal);
  emissions.set({-1, 2, 0, 3}, {1, 2, 1, 1});
  const HiddenMarkov<Gaussian, ClusteredChain> model(ClusteredChain(whole, 2), emissions);
  std::vector<double> x;
  std::vector<std::int64_t> begins{0};
  for (const std::int64_t rows : {1, 29, 15, 35, 40, 20}) {  // every sequence draws its own cluster
    std::vector<double> own(static_cast<std::size_t>(rows));
    model.sample(static_cast<std::uint64_t>(rows), 0, {own.data(), rows, 1, rows}, {});
    x.insert(x.end(), own.begin(), own.end());
    begins.push_back(begins.back() + rows);
  }
  const Table data = Table(std::move(x), begins.back(), 1).with_sequences(begins);
  LawSubject subject(model, data);
  subject.accepts_missing = true;
  const std::vector<std::string> laws{"evidence",         "ascent",      "certificate",   "m_step_maximizes",
                                      "tight_bound",      "bound_below", "rules",         "gradient",
                                      "weights",          "zero_weight", "order",         "blocks",
                                      "threads",          "parameters",  "unconstrained", "score",
                                      "responsibilities", "sample",      "missing_row",   "free_labels",
                                      "fixed_labels"};
  const LawReport report = check_laws(subject, laws);
  EXPECT_TRUE(report.holds()) << report;
}

TEST(ClusteredChain, ClustersAlikeHaveTheZerosOfTheOneChain) {
  MarkovChain onwards = MarkovChain::left_to_right(3);
  onwards.set_pseudo_counts(0.5, 2);
  const auto chain = ClusteredChain::alike(onwards, 2);
  EXPECT_EQ(chain.free_parameters(), 1 + 2 * 2);  // a weight, and in each cluster two states that may be left
  EXPECT_EQ(chain.whole().initial_pseudo_count(), 0.5);
  EXPECT_EQ(chain.whole().transition_pseudo_count(), 2);
  for (int c = 0; c < 2; ++c) {
    EXPECT_EQ(chain.weight(c), 0.5);
    EXPECT_EQ(chain.cluster(c).parameters(), onwards.parameters());
  }
  MarkovChain fixed(2);
  fixed.fix_initial(true);
  EXPECT_EQ(refusal([&] { ClusteredChain::alike(fixed, 2); }),
            "ClusteredChain: cluster: must not have a fixed initial distribution");
  MarkovChain stationary(2);
  stationary.make_initial_stationary();
  EXPECT_EQ(refusal([&] { ClusteredChain::alike(stationary, 2); }),
            "ClusteredChain: cluster: must not have a stationary initial distribution");
}

TEST(ClusteredChain, ParametersAreThoseWithinClusters) {
  ClusteredChain chain(2, 2);
  EXPECT_EQ(chain.parameter_names(),
            (std::vector<std::string>{"initial[0]", "initial[1]", "initial[2]", "initial[3]", "transition[0,0]",
                                      "transition[0,1]", "transition[1,0]", "transition[1,1]", "transition[2,2]",
                                      "transition[2,3]", "transition[3,2]", "transition[3,3]"}));
  const std::vector<double> values{0.125, 0.125, 0.5, 0.25, 0.25, 0.75, 0.5, 0.5, 0.125, 0.875, 1, 0};
  chain.set_parameters(values);
  EXPECT_EQ(chain.parameters(), values);
  EXPECT_EQ(chain.whole().transition(2, 3), 0.875);
  EXPECT_EQ(chain.whole().transition(1, 2), 0);
  EXPECT_EQ(chain.weight(1), 0.75);
  EXPECT_EQ(chain.by_weight(), (std::vector<int>{2, 3, 0, 1}));
  EXPECT_EQ(chain.reordered(chain.by_weight()).weight(0), 0.75);
  EXPECT_THROW(chain.set_parameters(std::span(values).first(11)), ArgumentError);
}

TEST(ClusteredChain, RefusesWhatIsNone) {
  EXPECT_EQ(refusal([] { ClusteredChain(MarkovChain(4), 2); }),
            "ClusteredChain: whole: leads from state 0 to state 2 of another cluster");
  EXPECT_EQ(refusal([] { ClusteredChain(MarkovChain(4), 3); }),
            "ClusteredChain: clusters: must divide the 4 states into parts of the same size, got 3");
  const std::vector<int> mixed{0, 2, 1, 3};
  EXPECT_THROW(ClusteredChain(2, 2).reordered(mixed), ArgumentError);
  const std::vector<int> swapped{3, 2, 0, 1};
  EXPECT_NO_THROW(ClusteredChain(2, 2).reordered(swapped));
}

}  // namespace
}  // namespace jensen
