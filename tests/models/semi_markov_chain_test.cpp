#include <jensen/data/table.h>
#include <jensen/em/fit.h>
#include <jensen/emissions/gaussian.h>
#include <jensen/models/hidden_markov.h>
#include <jensen/models/semi_markov_chain.h>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/refusal.h"

namespace jensen {
namespace {

using support::refusal;
constexpr double infinity = std::numeric_limits<double>::infinity();

// A short sequence with everything that a sum over all K^T paths can tell about it.
struct Puzzle {
  SemiMarkovChain chain{1, DurationFamily::free, 1};
  std::vector<double> log_density;  // steps × K, column-major
  std::vector<std::int32_t> allowed;
  StateSets sets;
  int steps = 0;

  Puzzle(std::uint64_t seed, int states, int length, double spread, DurationFamily family, bool with_zeros,
         bool with_labels)
      : steps(length) {
    Stream stream(seed, Purpose::test);
    const auto simplex = [&](int size, int keep, int never) {
      std::vector<double> p(static_cast<std::size_t>(size));
      double total = 0;
      for (int k = 0; k < size; ++k) {
        const bool zero = k == never || (with_zeros && k != keep && stream.uniform() < 0.3);
        total += p[static_cast<std::size_t>(k)] = zero ? 0 : stream.exponential();
      }
      for (double& v : p) v /= total;
      return p;
    };
    const int longest = 4;
    const auto initial = simplex(states, 0, -1);
    std::vector<double> transitions;
    std::vector<Duration> durations;
    for (int i = 0; i < states; ++i) {
      const bool last = i + 1 == states && (with_zeros || states == 1);  // never left
      const auto row = last ? std::vector<double>() : simplex(states, (i + 1) % states, i);
      if (last) transitions.resize(transitions.size() + static_cast<std::size_t>(states - 1));
      if (last) transitions.push_back(1);
      transitions.insert(transitions.end(), row.begin(), row.end());
      if (family == DurationFamily::free) {
        durations.emplace_back(family, longest, simplex(longest, 1, -1));
      } else if (family == DurationFamily::negative_binomial) {
        durations.emplace_back(family, longest, std::vector<double>{stream.exponential(), stream.exponential()});
      } else {
        durations.emplace_back(family, longest, std::vector<double>{stream.uniform()});
      }
    }
    chain = SemiMarkovChain(MarkovChain(initial, transitions), durations);
    for (int e = 0; e < states * steps; ++e) log_density.push_back(spread * stream.normal());
    if (with_zeros) log_density[static_cast<std::size_t>(steps / 2)] = -infinity;
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
  double emission(int t, int k) const {
    return block().allows(t, k) ? log_density[static_cast<std::size_t>(t + k * steps)] : -infinity;
  }
  // The definition, stay by stay; adds `share` of the path to the statistics.
  double log_joint(const std::vector<int>& path, std::vector<double>* counts = nullptr, double share = 0) const {
    const int longest = chain.longest();
    const int jumps = states() * (states() + 1);
    double total = std::log(chain.jumps().initial()[static_cast<std::size_t>(path[0])]);
    const auto add = [&](int place) {
      if (counts != nullptr) (*counts)[static_cast<std::size_t>(place)] += share;
    };
    add(path[0]);
    for (int t = 0; t < steps; ++t) total += emission(t, path[static_cast<std::size_t>(t)]);
    for (int begin = 0; begin < steps;) {
      const int k = path[static_cast<std::size_t>(begin)];
      int end = begin;
      while (end < steps && path[static_cast<std::size_t>(end)] == k) ++end;
      const int rows = end - begin;
      begin = end;
      if (chain.absorbing(k)) {
        if (end < steps) return -infinity;
        continue;
      }
      if (rows > longest) return -infinity;
      const auto place = static_cast<std::size_t>(rows - 1);
      if (end < steps) {
        const int next = path[static_cast<std::size_t>(end)];
        total += chain.duration(k).log_probability()[place] + std::log(chain.jumps().transition(k, next));
        add(states() + k * states() + next);
        add(jumps + k * longest + rows - 1);
      } else {
        total += chain.duration(k).log_survivor()[place];
        add(jumps + states() * longest + k * longest + rows - 1);
      }
    }
    return total;
  }
  template <class Visit>
  void for_every_path(Visit visit) const {
    long count = 1;
    for (int t = 0; t < steps; ++t) count *= states();
    std::vector<int> path(static_cast<std::size_t>(steps));
    for (long number = 0; number < count; ++number) {
      long rest = number;
      for (int& z : path) {
        z = static_cast<int>(rest % states());
        rest /= states();
      }
      visit(path);
    }
  }
};

struct Answer {
  double log_sum = -infinity;
  double entropy = 0;
  std::vector<double> marginals, counts;  // steps × K column-major; statistics
  std::vector<int> best;
  double best_value = -infinity;
};

Answer enumerate(const Puzzle& puzzle, double temperature = 1) {
  Answer answer;
  puzzle.for_every_path([&](const std::vector<int>& path) {
    const double value = puzzle.log_joint(path) / temperature;
    if (!(value > answer.best_value)) return;
    answer.best_value = value;
    answer.best = path;
  });
  answer.marginals.assign(puzzle.log_density.size(), 0);
  answer.counts.assign(puzzle.chain.statistics_size(), 0);
  if (answer.best_value == -infinity) return answer;
  double total = 0;
  puzzle.for_every_path([&](const std::vector<int>& path) {
    total += std::exp(puzzle.log_joint(path) / temperature - answer.best_value);
  });
  answer.log_sum = answer.best_value + std::log(total);
  puzzle.for_every_path([&](const std::vector<int>& path) {
    const double value = puzzle.log_joint(path) / temperature;
    const double q = std::exp(value - answer.log_sum);
    if (!(q > 0)) return;
    answer.entropy -= q * (value - answer.log_sum);
    puzzle.log_joint(path, &answer.counts, q);
    for (int t = 0; t < puzzle.steps; ++t) {
      answer.marginals[static_cast<std::size_t>(t + path[static_cast<std::size_t>(t)] * puzzle.steps)] += q;
    }
  });
  return answer;
}

struct Smoothed {
  Evidence evidence;
  std::vector<double> q, counts;
};

Smoothed run(const Puzzle& puzzle, const Rule& rule, std::span<const double> weights = {}) {
  Smoothed result;
  result.q = puzzle.log_density;
  result.counts.assign(puzzle.chain.statistics_size(), 0);
  ChainScratch scratch;
  const Panel panel{result.q.data(), puzzle.steps, puzzle.states(), puzzle.steps};
  result.evidence = chain_posterior(puzzle.block(weights), rule, puzzle.chain, panel, result.counts, scratch);
  return result;
}

void expect_near(const std::vector<double>& got, const std::vector<double>& wanted, double tolerance,
                 const std::string& what) {
  ASSERT_EQ(got.size(), wanted.size());
  for (std::size_t e = 0; e < got.size(); ++e) EXPECT_NEAR(got[e], wanted[e], tolerance) << what << " " << e;
}

// The transitions of a state that is never left to itself are no part of what is compared.
std::vector<double> without_diagonal(std::vector<double> counts, int states) {
  for (int k = 0; k < states; ++k) counts[static_cast<std::size_t>(states + k * (states + 1))] = 0;
  return counts;
}

template <class Check>
void for_every_puzzle(Check check) {
  std::uint64_t seed = 0;
  for (const auto family :
       {DurationFamily::free, DurationFamily::geometric, DurationFamily::poisson, DurationFamily::negative_binomial}) {
    for (const int states : {1, 2, 3}) {
      for (const int steps : {1, 2, 5, 8}) {
        for (const double spread : {0.5, 900.0}) {
          for (const bool zeros : {false, true}) {
            for (const bool labels : {false, true}) {
              if (labels && states == 1) continue;
              if (steps == 8 && states == 3 && family == DurationFamily::geometric) continue;  // 6561 paths each
              const Puzzle puzzle(++seed, states, steps, spread, family, zeros, labels);
              SCOPED_TRACE(to_string(family) + ", states " + std::to_string(states) + ", steps " +
                           std::to_string(steps) + ", spread " + std::to_string(spread) + ", zeros " +
                           std::to_string(zeros) + ", labels " + std::to_string(labels));
              check(puzzle);
            }
          }
        }
      }
    }
  }
}

TEST(SemiMarkovChain, PosteriorIsTheSumOverAllPaths) {
  for_every_puzzle([](const Puzzle& puzzle) {
    const double exact = enumerate(puzzle).log_sum;
    for (const double temperature : {1.0, 2.5}) {
      const Answer answer = enumerate(puzzle, temperature);
      const Smoothed got = run(puzzle, Posterior{temperature});
      if (exact == -infinity) {
        EXPECT_EQ(got.evidence.log_likelihood, -infinity);
        expect_near(got.q, answer.marginals, 0, "q of an impossible sequence");
        continue;
      }
      EXPECT_NEAR(got.evidence.log_likelihood, exact, 1e-12 * std::abs(exact) + 1e-12);
      EXPECT_NEAR(got.evidence.entropy, answer.entropy, 1e-11 * (1 + std::abs(exact)));
      EXPECT_EQ(got.evidence.weight, puzzle.steps);
      expect_near(got.q, answer.marginals, 1e-11, "marginal");
      expect_near(without_diagonal(got.counts, puzzle.states()), answer.counts, 1e-11, "count");
    }
  });
}

TEST(SemiMarkovChain, ModeIsTheBestPath) {
  for_every_puzzle([](const Puzzle& puzzle) {
    const Answer answer = enumerate(puzzle);
    std::vector<double> panel = puzzle.log_density;
    std::vector<std::int32_t> path(static_cast<std::size_t>(puzzle.steps));
    std::vector<double> value(1);
    viterbi(puzzle.block(), puzzle.chain, {panel.data(), puzzle.steps, puzzle.states(), puzzle.steps}, path, value);
    if (answer.log_sum == -infinity) {
      EXPECT_EQ(value[0], -infinity);
      EXPECT_EQ(path.front(), -1);
      return;
    }
    EXPECT_NEAR(value[0], answer.best_value, 1e-12 * std::abs(answer.best_value) + 1e-12);
    EXPECT_EQ(path, std::vector<std::int32_t>(answer.best.begin(), answer.best.end()));
    const Smoothed got = run(puzzle, Mode{});
    EXPECT_EQ(got.evidence.entropy, 0);
    EXPECT_NEAR(got.evidence.log_likelihood, answer.log_sum, 1e-12 * std::abs(answer.log_sum) + 1e-12);
    std::vector<double> counts(puzzle.chain.statistics_size());
    puzzle.log_joint(answer.best, &counts, 1);
    expect_near(got.counts, counts, 0, "count");
    for (int t = 0; t < puzzle.steps; ++t) {
      for (int k = 0; k < puzzle.states(); ++k) {
        EXPECT_EQ(got.q[static_cast<std::size_t>(t + k * puzzle.steps)], answer.best[static_cast<std::size_t>(t)] == k);
      }
    }
  });
}

TEST(SemiMarkovChain, ScoresFiltersAndPredictionsAreThoseOfShorterSequences) {
  for_every_puzzle([](const Puzzle& puzzle) {
    const auto rows = static_cast<std::size_t>(puzzle.steps);
    const auto panel_of = [&](std::vector<double>& memory) {
      return Panel{memory.data(), puzzle.steps, puzzle.states(), puzzle.steps};
    };
    ChainScratch scratch;
    std::vector<double> score(rows), memory = puzzle.log_density, filtered = memory, predicted = memory;
    chain_score(puzzle.block(), puzzle.chain, panel_of(memory), score, scratch);
    chain_filter(puzzle.block(), puzzle.chain, panel_of(filtered), scratch);
    chain_predict(puzzle.block(), puzzle.chain, panel_of(predicted), scratch);
    double before = 0;
    for (int length = 1; length <= puzzle.steps; ++length) {
      Puzzle shorter = puzzle;
      shorter.steps = length;
      shorter.log_density.clear();
      for (int k = 0; k < puzzle.states(); ++k) {
        const auto column = puzzle.log_density.begin() + k * puzzle.steps;
        shorter.log_density.insert(shorter.log_density.end(), column, column + length);
      }
      Puzzle unseen = shorter;  // the last row not seen
      for (int k = 0; k < puzzle.states(); ++k) unseen.log_density[static_cast<std::size_t>((k + 1) * length - 1)] = 0;
      if (!unseen.allowed.empty()) unseen.allowed[static_cast<std::size_t>(length - 1)] = -1;
      const Answer seen = enumerate(shorter);
      const Answer ahead = enumerate(unseen);
      for (int k = 0; k < puzzle.states(); ++k) {
        const auto own = static_cast<std::size_t>(length - 1 + k * puzzle.steps);
        const auto last = static_cast<std::size_t>((k + 1) * length - 1);
        EXPECT_NEAR(filtered[own], seen.marginals[last], 1e-11);
        EXPECT_NEAR(predicted[own], ahead.marginals[last], 1e-11);
      }
      const double own = score[static_cast<std::size_t>(length - 1)];
      if (before == -infinity) {
        EXPECT_EQ(own, 0);
      } else if (seen.log_sum == -infinity) {
        EXPECT_EQ(own, -infinity);
      } else {
        EXPECT_NEAR(own, seen.log_sum - before, 1e-12 * std::abs(seen.log_sum) + 1e-11);
      }
      before = seen.log_sum;
    }
  });
}

TEST(SemiMarkovChain, DrawsFollowThePosterior) {
  for (const bool zeros : {false, true}) {
    const Puzzle puzzle(5, 3, 6, 1.5, DurationFamily::free, zeros, true);
    const Answer answer = enumerate(puzzle);
    const Smoothed got = run(puzzle, Draws{40000, 3, 0, 0});
    expect_near(got.q, answer.marginals, 0.012, "share of draws");  // five standard errors
    expect_near(got.counts, answer.counts, 0.025, "share of counts");
    EXPECT_NEAR(got.evidence.entropy, answer.entropy, 0.03);  // of the empirical distribution
    EXPECT_EQ(run(puzzle, Draws{4, 3, 0, 0}).q, run(puzzle, Draws{4, 3, 0, 0}).q);
  }
}

TEST(SemiMarkovChain, GivenStatesAreIndependentInTime) {
  const Puzzle puzzle(7, 2, 6, 1, DurationFamily::free, false, false);
  const auto q = [](int t, int k) { return k == 0 ? 0.1 + 0.15 * t : 0.9 - 0.15 * t; };
  const Given rule{[&](const Block& x, Panel given) {
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      for (int k = 0; k < 2; ++k) given(i, k) = q(static_cast<int>(i), k);
    }
  }};
  const Smoothed got = run(puzzle, rule);
  std::vector<double> counts(puzzle.chain.statistics_size());
  double entropy = 0;
  puzzle.for_every_path([&](const std::vector<int>& path) {
    double share = 1;
    for (int t = 0; t < 6; ++t) share *= q(t, path[static_cast<std::size_t>(t)]);
    entropy -= share * std::log(share);
    const int longest = puzzle.chain.longest();
    for (int t = 0; t < 6; ++t) {
      const int k = path[static_cast<std::size_t>(t)];
      if (t == 0) counts[static_cast<std::size_t>(k)] += share;
      if (t > 0 && path[static_cast<std::size_t>(t - 1)] != k) {
        counts[static_cast<std::size_t>(2 + path[static_cast<std::size_t>(t - 1)] * 2 + k)] += share;
      }
      if (t < 5 && path[static_cast<std::size_t>(t + 1)] == k) continue;
      int rows = 1;
      while (rows <= t && path[static_cast<std::size_t>(t - rows)] == k) ++rows;
      if (rows > longest) continue;  // such stays get none of the mass
      counts[static_cast<std::size_t>(6 + (t == 5 ? 2 * longest : 0) + k * longest + rows - 1)] += share;
    }
  });
  expect_near(got.counts, counts, 1e-14, "count");
  EXPECT_NEAR(got.evidence.entropy, entropy, 1e-14);
  EXPECT_NEAR(got.evidence.log_likelihood, enumerate(puzzle).log_sum, 1e-12);
}

TEST(SemiMarkovChain, AWeightMultipliesASequence) {
  const Puzzle puzzle(11, 3, 6, 1, DurationFamily::poisson, false, false);
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

// Long stays ----------------------------------------------------------------------------------------------------------

// The Markov chain over (state, rows of the stay so far), each state standing `longest` times.
MarkovChain with_ages(const SemiMarkovChain& chain) {
  const auto states = static_cast<std::size_t>(chain.states());
  const auto longest = static_cast<std::size_t>(chain.longest());
  const std::size_t all = states * longest;
  std::vector<double> initial(all);
  std::vector<double> transitions(all * all);
  for (std::size_t k = 0; k < states; ++k) {
    initial[k * longest] = chain.jumps().initial()[k];
    const Duration& duration = chain.duration(static_cast<int>(k));
    for (std::size_t d = 0; d < longest; ++d) {
      double* row = transitions.data() + (k * longest + d) * all;
      const double so_long = duration.log_survivor()[d];
      if (so_long == -infinity) {
        row[k * longest + d] = 1;  // never reached
        continue;
      }
      const bool last = d + 1 == longest || duration.log_survivor()[d + 1] == -infinity;
      const double ends = last ? 1 : std::exp(duration.log_probability()[d] - so_long);
      if (!last) row[k * longest + d + 1] = 1 - ends;
      for (std::size_t j = 0; j < states; ++j) {
        row[j * longest] += ends * chain.jumps().transition(static_cast<int>(k), static_cast<int>(j));
      }
    }
  }
  return {initial, transitions};
}

struct LongCase {
  const char* name;
  DurationFamily family;
  std::vector<double> parameters;
  double spread;  // of the log-densities
};

TEST(SemiMarkovChain, LongSequencesAreThoseOfAChainOverStatesAndAges) {
  const int states = 3;
  const int longest = 40;
  const int steps = 400;
  std::vector<double> sharp(40);  // two rows or forty
  sharp[1] = 0.5;
  sharp[39] = 0.5;
  std::vector<double> exact(40);  // forty rows, so that sums are small of which the largest terms cannot be part
  exact[39] = 1;
  const std::vector<LongCase> cases{
      {"alike", DurationFamily::poisson, {12}, 0.3},       {"apart", DurationFamily::negative_binomial, {9, 2}, 8},
      {"far apart", DurationFamily::geometric, {0.1}, 90}, {"long", DurationFamily::poisson, {200}, 8},
      {"sharp", DurationFamily::free, sharp, 30},          {"exact", DurationFamily::free, exact, 30},
  };
  for (const LongCase& c : cases) {
    for (const bool impossible : {false, true}) {
      SCOPED_TRACE(std::string(c.name) + (impossible ? ", with impossible states" : ""));
      Puzzle puzzle(1, states, 1, 1, DurationFamily::geometric, false, false);
      const MarkovChain jumps({0.5, 0.2, 0.3}, {0, 0.6, 0.4, 0.1, 0, 0.9, 0.5, 0.5, 0});
      puzzle.chain = SemiMarkovChain(
          jumps, std::vector<Duration>(static_cast<std::size_t>(states), Duration(c.family, longest, c.parameters)));
      puzzle.steps = steps;
      puzzle.log_density.clear();
      Stream stream(7, Purpose::test);
      for (int k = 0; k < states; ++k) {
        for (int t = 0; t < steps; ++t) {  // blocks of 25 rows that favour one state
          const double favoured = (t / 25) % states == k ? c.spread : 0;
          puzzle.log_density.push_back(favoured + 0.3 * c.spread * stream.normal());
        }
      }
      if (impossible) puzzle.log_density[100] = puzzle.log_density[static_cast<std::size_t>(steps) + 210] = -infinity;
      std::vector<double> repeated;
      for (int k = 0; k < states; ++k) {
        for (int d = 0; d < longest; ++d) {
          repeated.insert(repeated.end(), puzzle.log_density.begin() + k * steps,
                          puzzle.log_density.begin() + (k + 1) * steps);
        }
      }
      const MarkovChain ages = with_ages(puzzle.chain);
      std::vector<double> q = repeated;
      std::vector<double> moves(ages.statistics_size());
      ChainScratch scratch;
      Block x;
      x.x = {repeated.data(), steps, states * longest, steps};
      const Evidence wanted =
          chain_posterior(x, Posterior{}, ages, {q.data(), steps, states * longest, steps}, moves, scratch);
      const Smoothed got = run(puzzle, Posterior{});
      EXPECT_NEAR(got.evidence.log_likelihood, wanted.log_likelihood, 1e-12 * std::abs(wanted.log_likelihood));
      EXPECT_NEAR(got.evidence.entropy, wanted.entropy, 1e-9 * (1 + wanted.entropy));
      const auto all = static_cast<std::size_t>(states * longest);
      for (std::size_t k = 0; k < 3; ++k) {
        for (std::size_t t = 0; t < 400; ++t) {
          double sum = 0;
          for (std::size_t d = 0; d < 40; ++d) sum += q[(k * 40 + d) * 400 + t];
          EXPECT_NEAR(got.q[k * 400 + t], sum, 1e-10) << "state " << k << " row " << t;
          EXPECT_GE(got.q[k * 400 + t], 0);
        }
        for (std::size_t d = 0; d < 40; ++d) {
          double ended = 0;
          for (std::size_t j = 0; j < 3; ++j) ended += j == k ? 0 : moves[all + (k * 40 + d) * all + j * 40];
          EXPECT_NEAR(got.counts[12 + k * 40 + d], ended, 1e-9) << "state " << k << " stays of " << d + 1;
          EXPECT_NEAR(got.counts[12 + 120 + k * 40 + d], q[(k * 40 + d) * 400 + 399], 1e-10) << "unfinished " << d + 1;
        }
      }
    }
  }
}

// Geometric stays -----------------------------------------------------------------------------------------------------

constexpr int enough = 150;  // rows beyond which the geometric distributions below have nothing a double could tell

SemiMarkovChain geometric_of(const MarkovChain& chain) {
  std::vector<Duration> durations;
  for (int i = 0; i < chain.states(); ++i) {
    durations.emplace_back(DurationFamily::geometric, enough, std::vector<double>{1 - chain.transition(i, i)});
  }
  return {jumps_of(chain), durations};
}

TEST(SemiMarkovChain, GeometricStaysAreAHiddenMarkovModel) {
  const MarkovChain chain({0.5, 0.2, 0.3}, {0.8, 0.15, 0.05, 0.2, 0.7, 0.1, 0.1, 0.3, 0.6});
  Gaussian emissions(3, 1, Covariance::diagonal);
  emissions.set({-2, 0, 3}, {1, 1, 2});
  HiddenMarkov<Gaussian> markov(chain, emissions);
  HiddenMarkov<Gaussian, SemiMarkovChain> semi(geometric_of(chain), emissions);
  std::vector<double> x(1500);
  markov.sample(3, 0, {x.data(), 1500, 1, 1500}, {});
  const Table data = Table(std::move(x), 1500, 1).with_sequences({0, 1, 700, 702, 1500});
  BlockBuffer buffer;
  const Block block = data.block(0, 1500, buffer);
  for (int iteration = 0; iteration < 5; ++iteration) {  // the same path of EM
    Statistics of_markov = markov.no_statistics();
    Statistics of_semi = semi.no_statistics();
    HiddenMarkov<Gaussian>::Scratch scratch;
    HiddenMarkov<Gaussian, SemiMarkovChain>::Scratch other;
    const Evidence left = markov.expect(block, Posterior{}, of_markov, scratch);
    const Evidence right = semi.expect(block, Posterior{}, of_semi, other);
    EXPECT_NEAR(right.log_likelihood, left.log_likelihood, 1e-12 * std::abs(left.log_likelihood));
    EXPECT_NEAR(right.entropy, left.entropy, 1e-11 * left.entropy);
    std::vector<double> p(4500), q(4500);
    markov.responsibilities(block, {p.data(), 1500, 3, 1500});
    semi.responsibilities(block, {q.data(), 1500, 3, 1500});
    expect_near(q, p, 1e-11, "responsibility");
    markov.maximize(of_markov);
    semi.maximize(of_semi);
    const SemiMarkovChain same = geometric_of(markov.chain());
    const auto wanted = same.parameters();
    expect_near(semi.chain().parameters(), wanted, 1e-10, "parameter of the chain");
    expect_near(semi.emissions().parameters(), markov.emissions().parameters(), 1e-10, "parameter of the emissions");
  }
  std::vector<double> ahead(12), behind(12);
  markov.forecast(data.with_sequences({0, 1500}).block(0, 1500, buffer), {ahead.data(), 4, 3, 4});
  semi.forecast(data.with_sequences({0, 1500}).block(0, 1500, buffer), {behind.data(), 4, 3, 4});
  expect_near(behind, ahead, 1e-10, "forecast");
}

TEST(SemiMarkovChain, FindsTheDurationsItWasSampledFrom) {
  Gaussian emissions(2, 1, Covariance::diagonal);
  emissions.set({-1.5, 1.5}, {1, 1});
  const MarkovChain jumps({1, 0}, {0, 1, 1, 0});
  const auto recovered = [&](DurationFamily family, std::vector<Duration> durations) {
    const HiddenMarkov<Gaussian, SemiMarkovChain> truth(SemiMarkovChain(jumps, std::move(durations)), emissions);
    std::vector<double> x(8000);
    truth.sample(3, 0, {x.data(), 8000, 1, 8000}, {});
    const Table data = Table(std::move(x), 8000, 1).with_sequences({0, 1500, 8000});
    Gaussian start(2, 1, Covariance::diagonal);
    start.set({-1, 1}, {2, 2});
    const auto [model, report] =
        fit(HiddenMarkov<Gaussian, SemiMarkovChain>(SemiMarkovChain(2, family, 30), start), data);
    EXPECT_TRUE(report.converged()) << report.message;
    EXPECT_TRUE(report.monotone) << to_string(family) << report.message;
    EXPECT_NEAR(report.bound.gap(), 0, 1e-9 * std::abs(report.log_likelihood));
    for (int k = 0; k < 2; ++k) {
      const auto got = model.chain().duration(k).log_probability();
      const auto wanted = truth.chain().duration(k).log_probability();
      for (std::size_t d = 0; d < 30; ++d) EXPECT_NEAR(std::exp(got[d]), std::exp(wanted[d]), 0.05) << k << " " << d;
    }
    return report;
  };
  const auto poisson = recovered(DurationFamily::poisson, {{DurationFamily::poisson, 30, std::vector<double>{4}},
                                                           {DurationFamily::poisson, 30, std::vector<double>{9}}});
  EXPECT_EQ(poisson.free_parameters, 1 + 2 + 4);
  recovered(DurationFamily::negative_binomial, {{DurationFamily::negative_binomial, 30, std::vector<double>{5, 3}},
                                                {DurationFamily::negative_binomial, 30, std::vector<double>{8, 20}}});
  std::vector<double> either(30);  // three rows or eight
  either[2] = 0.4;
  either[7] = 0.6;
  const auto free = recovered(DurationFamily::free, {{DurationFamily::free, 30, either},
                                                     {DurationFamily::poisson, 30, std::vector<double>{9}}});
  EXPECT_EQ(free.free_parameters, 1 + 2 * 29 + 4);
}

TEST(SemiMarkovChain, LeftToRightEndsInTheLastState) {
  const SemiMarkovChain chain(MarkovChain::left_to_right(3), DurationFamily::poisson, 10);
  EXPECT_EQ(chain.free_parameters(), 2);
  EXPECT_TRUE(chain.absorbing(2));
  SemiMarkovChain::Path path(chain);
  Stream stream(1, Purpose::test);
  int state = 0;
  for (int t = 0; t < 100; ++t) {
    const int next = path.next(stream);
    EXPECT_TRUE(next == state || next == state + 1);
    state = next;
  }
  EXPECT_EQ(state, 2);
}

TEST(SemiMarkovChain, OrderOfStatesIsAName) {
  const Puzzle puzzle(3, 3, 5, 1, DurationFamily::negative_binomial, false, false);
  const std::vector<int> order{2, 0, 1};
  const auto other = puzzle.chain.reordered(order);
  for (int k = 0; k < 3; ++k) {
    const int was = order[static_cast<std::size_t>(k)];
    EXPECT_EQ(other.duration(k).parameters(), puzzle.chain.duration(was).parameters());
    EXPECT_EQ(other.jumps().transition(k, 0), puzzle.chain.jumps().transition(was, 2));
  }
}

TEST(SemiMarkovChain, RefusesWhatIsNone) {
  const std::vector<Duration> two(2, Duration(DurationFamily::poisson, 5));
  EXPECT_EQ(refusal([&] { SemiMarkovChain(MarkovChain(2), two); }),
            "SemiMarkovChain: jumps: must not lead from state 0 to itself: how long it stays is its duration");
  EXPECT_EQ(refusal([&] {
              SemiMarkovChain(MarkovChain({1, 0, 0}, {0, 1, 0, 0, 0, 1, 1, 0, 0}), two);
            }),
            "SemiMarkovChain: durations: must be 3, one for each state, got 2");
  EXPECT_EQ(refusal([&] {
              SemiMarkovChain(MarkovChain({1, 0}, {0, 1, 1, 0}),
                              {Duration(DurationFamily::poisson, 5), Duration(DurationFamily::poisson, 6)});
            }),
            "SemiMarkovChain: durations: must all be cut off at the same number of rows, got 5 and 6");
}

}  // namespace
}  // namespace jensen
