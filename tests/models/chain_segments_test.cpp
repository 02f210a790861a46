#include <jensen/data/table.h>
#include <jensen/em/fit.h>
#include <jensen/emissions/gaussian.h>
#include <jensen/math/random.h>
#include <jensen/models/chain_segments.h>
#include <jensen/models/hidden_markov.h>
#include <jensen/models/input_chain.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "models/panel_segments.h"
#include "support/refusal.h"
#include "support/sanitizers.h"

namespace jensen {
namespace {

// Log-densities of a sequence, column-major, and a chain of as many states.
struct Sequence {
  MarkovChain chain;
  std::vector<double> log_density;
  std::int64_t steps;

  Sequence(int states, std::int64_t length, double spread) : chain(states), steps(length) {
    Stream stream(5, Purpose::test);
    const auto distribution = [&](std::vector<double>& all) {
      std::vector<double> p;
      double total = 0;
      for (int k = 0; k < states; ++k) total += p.emplace_back(stream.exponential());
      for (const double v : p) all.push_back(v / total);
    };
    std::vector<double> initial;
    std::vector<double> transitions;
    distribution(initial);
    for (int k = 0; k < states; ++k) distribution(transitions);
    chain = MarkovChain(initial, transitions);
    for (std::int64_t e = 0; e < states * steps; ++e) log_density.push_back(spread * stream.normal() - 700);
  }
  double at(std::int64_t t, int k) const { return log_density[static_cast<std::size_t>(t + k * steps)]; }
};

struct Posteriors {
  long double log_likelihood = 0;
  std::vector<long double> smoothed, counts;  // steps × K column-major; K × K
};

// The textbook's recursions (Rabiner 1989) in extended precision, step by step.
Posteriors reference(const Sequence& x) {
  const int states = x.chain.states();
  const auto size = static_cast<std::size_t>(states);
  std::vector<std::vector<long double>> alpha, beta;
  std::vector<long double> scale;
  Posteriors result;
  const auto density = [&](std::int64_t t, std::size_t k) { return std::exp(x.at(t, static_cast<int>(k)) + 700.0L); };
  for (std::int64_t t = 0; t < x.steps; ++t) {
    std::vector<long double> now(size);
    long double total = 0;
    for (std::size_t j = 0; j < size; ++j) {
      long double prior = t == 0 ? static_cast<long double>(x.chain.initial()[j]) : 0;
      for (std::size_t i = 0; t > 0 && i < size; ++i) prior += alpha.back()[i] * x.chain.transitions()[i * size + j];
      total += now[j] = prior * density(t, j);
    }
    for (auto& a : now) a /= total;
    result.log_likelihood += std::log(total) - 700;
    scale.push_back(total);
    alpha.push_back(now);
  }
  result.smoothed.assign(size * static_cast<std::size_t>(x.steps), 0);
  result.counts.assign(size * size, 0);
  std::vector<long double> later(size, 1);
  for (std::int64_t t = x.steps; t-- > 0;) {
    const auto at = static_cast<std::size_t>(t);
    for (std::size_t k = 0; k < size; ++k) {
      result.smoothed[at + k * static_cast<std::size_t>(x.steps)] = alpha[at][k] * later[k];
    }
    if (t == 0) break;
    std::vector<long double> before(size, 0);
    for (std::size_t i = 0; i < size; ++i) {
      for (std::size_t j = 0; j < size; ++j) {
        const long double move = x.chain.transitions()[i * size + j] * density(t, j) * later[j] / scale[at];
        before[i] += move;
        result.counts[i * size + j] += alpha[at - 1][i] * move;
      }
    }
    later = before;
  }
  return result;
}

constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

// The sum over the paths of one sequence; q is turned from log-densities into the posterior.
Evidence smooth(const MarkovChain& chain, std::vector<double>& q, std::vector<double>& counts,
                std::int64_t both_ends_from, ChainScratch& scratch) {
  const int states = chain.states();
  const auto steps = static_cast<std::int64_t>(q.size()) / states;
  Block block;
  block.x = {q.data(), steps, states, steps};
  PanelSegments segments({q.data(), steps, states, steps});
  ChainPlan plan;
  plan.both_ends_from = both_ends_from;
  return chain_posterior(block, Posterior{}, chain, segments, plan, Slice{counts, {}}, scratch);
}

TEST(ChainSegments, SmoothsLongSequencesAsTheTextbookDoes) {
  for (const int states : {1, 3, 8, 11, 40}) {
    for (const std::int64_t steps : {511, 512, 513, 2050}) {
      const Sequence x(states, steps, 3);
      const Posteriors wanted = reference(x);
      for (const std::int64_t both_ends_from : {never, std::int64_t{2}}) {
        auto q = x.log_density;
        std::vector<double> counts(MarkovChain(states).statistics_size());
        ChainScratch scratch;
        const Evidence evidence = smooth(x.chain, q, counts, both_ends_from, scratch);
        EXPECT_NEAR(evidence.log_likelihood / static_cast<double>(wanted.log_likelihood), 1, 1e-13);
        double worst = 0;
        for (std::size_t e = 0; e < q.size(); ++e) {
          worst = std::max(worst, std::abs(q[e] - static_cast<double>(wanted.smoothed[e])));
        }
        EXPECT_LT(worst, 1e-12) << states << " states, " << steps << " steps";
        for (std::size_t e = 0; e < wanted.counts.size(); ++e) {
          EXPECT_NEAR(counts[static_cast<std::size_t>(states) + e], static_cast<double>(wanted.counts[e]), 1e-9);
        }
      }
    }
  }
}

// Does what it is given in reverse, and counts.
class Backwards final : public Helpers {
 public:
  void share(int tasks, const std::function<void(int)>& task) override {
    ++calls;
    while (tasks-- > 0) task(tasks);
  }
  int calls = 0;
};

TEST(ChainSegments, BothEndsOfALongSequenceAreSharedInAnyOrder) {
  const Sequence x(5, 3000, 3);
  const auto run = [&](std::int64_t both_ends_from, Helpers* helpers) {
    auto q = x.log_density;
    std::vector<double> counts(30);
    ChainScratch scratch;
    scratch.helpers = helpers;
    const Evidence evidence = smooth(x.chain, q, counts, both_ends_from, scratch);
    q.insert(q.end(), counts.begin(), counts.end());
    q.insert(q.end(), {evidence.log_likelihood, evidence.entropy});
    return q;
  };
  Backwards backwards;
  EXPECT_EQ(run(3000, &backwards), run(3000, nullptr));
  EXPECT_GT(backwards.calls, 0);
  backwards.calls = 0;
  EXPECT_EQ(run(3001, &backwards), run(never, nullptr));
  EXPECT_EQ(backwards.calls, 0);
}

TEST(ChainSegments, AMillionStepsOfPoissonLikeDensitiesKeepTheirDigits) {
  const std::int64_t steps = 1'000'000;
  const Sequence x(2, steps, 1);
  long double first = 0, second = 0, total = 0, lost = 0;
  for (std::int64_t t = 0; t < steps; ++t) {
    const auto p = x.chain.transitions();
    const long double a = t == 0 ? x.chain.initial()[0] : first * p[0] + second * p[2];
    const long double b = t == 0 ? x.chain.initial()[1] : first * p[1] + second * p[3];
    first = a * std::exp(x.at(t, 0) + 700.0L);
    second = b * std::exp(x.at(t, 1) + 700.0L);
    const long double sum = first + second;
    first /= sum;
    second /= sum;
    const long double term = std::log(sum) - 700 - lost;  // Kahan
    const long double next = total + term;
    lost = (next - total) - term;
    total = next;
  }
  auto q = x.log_density;
  std::vector<double> counts(6);
  ChainScratch scratch;
  Block block;
  block.x = {q.data(), steps, 2, steps};
  const Evidence evidence = chain_posterior(block, Posterior{}, x.chain, {q.data(), steps, 2, steps}, counts, scratch);
  EXPECT_NEAR(evidence.log_likelihood / static_cast<double>(total), 1, 1e-13);
  EXPECT_NEAR((counts[2] + counts[3] + counts[4] + counts[5]) / static_cast<double>(steps - 1), 1, 1e-12);
}

// The rows of a sequence again and again, none of them in memory; counts the visits to state 0.
class Repeated final : public ChainSegments {
 public:
  explicit Repeated(const Sequence& period) : period_(period) {}

  void add_log_density(std::int64_t first, Panel p) override {
    for (int k = 0; k < p.columns; ++k) {
      std::int64_t at = first % period_.steps;
      for (std::int64_t t = 0; t < p.rows; ++t) {
        p(t, k) += period_.at(at, k);
        at = at + 1 < period_.steps ? at + 1 : 0;
      }
    }
  }
  void take(std::int64_t, ConstPanel q) override {
    for (std::int64_t t = 0; t < q.rows; ++t) visits += q(t, 0);
  }
  ChainSegments& other_end() override { return *this; }

  long double visits = 0;

 private:
  const Sequence& period_;
};

TEST(ChainSegments, TenMillionStepsKeepTenDigits) {
  // The chain has forgotten a row long before it comes again, so that every period but the first and the last one adds
  // the same to the log-likelihood and to the counts.
  const Sequence once(2, 4096, 1.5);
  const auto periods = [&](std::int64_t times) {
    Sequence all = once;
    all.steps = times * once.steps;
    all.log_density.clear();
    for (int k = 0; k < 2; ++k) {
      for (std::int64_t t = 0; t < all.steps; ++t) all.log_density.push_back(once.at(t % once.steps, k));
    }
    return reference(all);
  };
  const Posteriors two = periods(2);
  const Posteriors three = periods(3);
  const std::int64_t times = support::sanitized ? 100 : 2442;
  const auto after_all = [&](long double second, long double third) {
    return static_cast<double>(second + static_cast<long double>(times - 2) * (third - second));
  };
  const auto visits = [](const Posteriors& p) {
    return std::accumulate(p.smoothed.begin(), p.smoothed.begin() + static_cast<std::ptrdiff_t>(p.smoothed.size() / 2),
                           0.0L);
  };
  Repeated segments(once);
  Block block;
  block.x = {nullptr, times * once.steps, 0, times * once.steps};
  std::vector<double> counts(6);
  ChainScratch scratch;
  ChainPlan plan;
  plan.memory = ChainMemory::checkpoints;
  const Evidence evidence = chain_posterior(block, Posterior{}, once.chain, segments, plan, Slice{counts, {}}, scratch);
  constexpr double tolerance = 1e-12;
  EXPECT_NEAR(evidence.log_likelihood / after_all(two.log_likelihood, three.log_likelihood), 1, tolerance);
  EXPECT_NEAR(static_cast<double>(segments.visits) / after_all(visits(two), visits(three)), 1, tolerance);
  for (std::size_t e = 0; e < 4; ++e) {
    EXPECT_NEAR(counts[2 + e] / after_all(two.counts[e], three.counts[e]), 1, tolerance) << e;
  }
}

TEST(ChainSegments, AStateLostLongBeforeItIsNeededIsFound) {
  // Two chains that never meet. The first row is e^−800 against the second, ten later ones e^−100 against the first:
  // each step alone looks harmless.
  const MarkovChain chain({0.5, 0.5}, {1, 0, 0, 1});
  const std::int64_t steps = 11;
  std::vector<double> log_density(22, 0.0);
  log_density[11] = -800;
  for (std::size_t t = 1; t < 11; ++t) log_density[t] = -100;
  Block block;
  block.x = {log_density.data(), steps, 2, steps};
  ChainScratch scratch;
  for (const std::int64_t both_ends_from : {never, std::int64_t{2}}) {
    auto q = log_density;
    std::vector<double> counts(6);
    const Evidence evidence = smooth(chain, q, counts, both_ends_from, scratch);
    EXPECT_NEAR(evidence.log_likelihood, std::log(0.5) - 800, 1e-10);
    EXPECT_NEAR(q[11], 1, 1e-12);
    EXPECT_NEAR(counts[5], 10, 1e-12);
  }
  std::vector<double> score(11);
  auto q = log_density;
  const Panel panel{q.data(), steps, 2, steps};
  chain_score(block, chain, panel, score, scratch);
  double total = 0;
  for (const double s : score) total += s;
  EXPECT_NEAR(total, std::log(0.5) - 800, 1e-10);
}

HiddenMarkov<Gaussian> two_columns(int states) {
  Gaussian gaussian(states, 2, Covariance::diagonal);
  std::vector<double> means;
  for (int k = 0; k < 2 * states; ++k) means.push_back(0.5 * k);
  gaussian.set(means, std::vector<double>(static_cast<std::size_t>(2 * states), 1.0));
  return HiddenMarkov<Gaussian>(std::move(gaussian));
}

TEST(ChainSegments, ThreadsWithinOneLongSequenceChangeNoBit) {
  auto start = two_columns(3);
  start.set_both_ends_from(1000);
  const std::int64_t rows = 5000;
  std::vector<double> values(static_cast<std::size_t>(2 * rows));
  start.sample(1, 0, {values.data(), rows, 2, rows}, {});
  for (std::size_t i = 100; i < 300; ++i) values[i] = std::numeric_limits<double>::quiet_NaN();
  const Table data = Table(std::move(values), rows, 2).with_sequences({0, 40, 3999, rows});
  Options options;
  options.max_iterations = 4;
  options.threads = 1;
  const auto one = fit(start, data, options);
  for (const int threads : {2, 5}) {
    options.threads = threads;
    const auto several = fit(start, data, options);
    EXPECT_EQ(one.model.parameters(), several.model.parameters());
    EXPECT_EQ(one.report.log_likelihood, several.report.log_likelihood);
  }
  start.set_both_ends_from(never);
  const auto from_one_end = fit(start, data, options);
  EXPECT_NEAR(one.report.log_likelihood / from_one_end.report.log_likelihood, 1, 1e-13);
  EXPECT_NE(one.model.parameters(), from_one_end.model.parameters());
}

TEST(ChainSegments, OneRowHasNoTwoEnds) {
  EXPECT_EQ(support::refusal([] { two_columns(2).set_both_ends_from(1); }),
            "HiddenMarkov: rows: must be at least 2, got 1");
}

TEST(ChainSegments, CheckpointsGiveTheSameBitsFromLessMemory) {
  auto model = two_columns(4);
  const std::int64_t rows = 60'000;
  std::vector<double> values(static_cast<std::size_t>(2 * rows));
  model.sample(1, 0, {values.data(), rows, 2, rows}, {});
  const std::vector<std::int64_t> begins{0, 3, 1000, rows};
  Block x;
  x.x = {values.data(), rows, 2, rows};
  x.sequences = begins;
  for (const double temperature : {1.0, 2.0}) {
    HiddenMarkov<Gaussian>::Scratch whole;
    HiddenMarkov<Gaussian>::Scratch small;
    Statistics kept = model.no_statistics();
    Statistics again = model.no_statistics();
    model.set_memory(ChainMemory::log_densities);
    const Evidence one = model.expect(x, Posterior{temperature}, kept, whole);
    model.set_memory(ChainMemory::checkpoints);
    const Evidence two = model.expect(x, Posterior{temperature}, again, small);
    EXPECT_EQ(one.log_likelihood, two.log_likelihood);
    EXPECT_EQ(one.entropy, two.entropy);
    EXPECT_EQ(kept.sum, again.sum);
    EXPECT_GT(whole.chain.size(), static_cast<std::size_t>(4 * rows));
    EXPECT_LT(small.chain.size(), static_cast<std::size_t>(rows));
  }
}

TEST(ChainSegments, ResponsibilitiesGivenByRowTakeNoMemoryOfTheSequence) {
  const auto model = two_columns(3);
  const std::int64_t rows = 20'000;
  std::vector<double> values(static_cast<std::size_t>(2 * rows));
  model.sample(1, 0, {values.data(), rows, 2, rows}, {});
  const std::vector<std::int64_t> begins{0, 1, 700, rows};
  Block x;
  x.x = {values.data(), rows, 2, rows};
  x.sequences = begins;
  const auto soft = [](const Block& block, Panel q) {
    for (std::int64_t i = 0; i < q.rows; ++i) {
      q(i, 0) = 1 / (1 + std::exp(block.x(i, 0)));
      q(i, 2) = 1 - q(i, 0);
    }
  };
  HiddenMarkov<Gaussian>::Scratch whole;
  HiddenMarkov<Gaussian>::Scratch small;
  Statistics at_once = model.no_statistics();
  Statistics in_segments = model.no_statistics();
  const Evidence one = model.expect(x, Given{soft, true}, at_once, whole);
  const Evidence two = model.expect(x, Given{ByRow{soft}, true}, in_segments, small);
  EXPECT_NEAR(one.entropy / two.entropy, 1, 1e-12);
  EXPECT_EQ(one.weight, two.weight);
  for (std::size_t e = 0; e < at_once.sum.size(); ++e) {
    EXPECT_NEAR(in_segments.sum[e], at_once.sum[e], 1e-11 * (1 + std::abs(at_once.sum[e]))) << e;
  }
  EXPECT_GE(whole.chain.size(), static_cast<std::size_t>(3 * rows));
  EXPECT_LT(small.chain.size(), static_cast<std::size_t>(rows));
}

TEST(ChainSegments, MemoryHasNames) {
  EXPECT_EQ(chain_memory_named("all"), ChainMemory::log_densities);
  EXPECT_EQ(to_string(chain_memory_named("checkpoints")), "checkpoints");
  EXPECT_EQ(support::refusal([] { chain_memory_named("some"); }), "memory: name: 'some' is none of all, checkpoints");
}

TEST(ChainSegments, AChainThatSeesWholeSequencesRefusesCheckpoints) {
  HiddenMarkov<Gaussian, InputChain> model(InputChain(MarkovChain(2), {1}), two_columns(2).emissions());
  const std::vector<double> values{0, 1, 0.5, 2, 1, 0};
  Block x;
  x.x = {values.data(), 3, 2, 3};
  HiddenMarkov<Gaussian, InputChain>::Scratch scratch;
  Statistics statistics = model.no_statistics();
  EXPECT_NO_THROW(model.expect(x, Posterior{}, statistics, scratch));
  model.set_memory(ChainMemory::checkpoints);
  EXPECT_THROW(model.expect(x, Posterior{}, statistics, scratch), UnsupportedError);
  std::vector<double> scores(3);
  std::vector<std::int32_t> path(3);
  EXPECT_THROW(model.score(x, scores), UnsupportedError);
  EXPECT_THROW(model.decode(x, path), UnsupportedError);
}

// What a model says of rows from all of its memory and from checkpoints.
template <class Model>
void expect_same_scores_and_paths(Model model, const Block& x) {
  const auto rows = static_cast<std::size_t>(x.rows());
  std::vector<double> scores(rows, 1), again(rows, 2), value(sequence_bounds(x).size() - 1), other(value.size());
  std::vector<std::int32_t> path(rows, 7), found(rows, 8);
  model.score(x, scores);
  model.decode(x, path, value);
  model.set_memory(ChainMemory::checkpoints);
  model.score(x, again);
  model.decode(x, found, other);
  EXPECT_EQ(again, scores);
  EXPECT_EQ(found, path);
  EXPECT_EQ(other, value);
}

TEST(ChainSegments, ScoresAndPathsFromCheckpointsAreTheSameBits) {
  for (const int states : {1, 3, 9}) {
    for (const std::int64_t rows : {1, 63, 512, 513, 3000}) {
      SCOPED_TRACE(std::to_string(states) + " states, " + std::to_string(rows) + " rows");
      auto model = two_columns(states);
      std::vector<double> values(static_cast<std::size_t>(2 * rows));
      model.sample(1, 0, {values.data(), rows, 2, rows}, {});
      for (std::size_t i = 0; i < values.size(); i += 7) values[i] = std::numeric_limits<double>::quiet_NaN();
      const std::vector<std::int64_t> begins =
          rows > 600 ? std::vector<std::int64_t>{0, 1, 600, rows} : std::vector<std::int64_t>{0, rows};
      Block x;
      x.x = {values.data(), rows, 2, rows};
      x.has_missing = true;
      x.sequences = begins;
      expect_same_scores_and_paths(model, x);
      // Known states, of which some cannot follow one another: impossible from some row on.
      if (states == 1) continue;
      StateSets sets;
      sets.states = states;
      for (int k = 0; k < states; ++k) {
        for (int other = 0; other < states; ++other) sets.allowed.push_back(other == k ? 1 : 0);
      }
      std::vector<std::int32_t> allowed(static_cast<std::size_t>(rows), -1);
      if (rows > 600) allowed[700] = 1;
      if (rows > 600) allowed[900] = 0;
      x.allowed = allowed;
      x.state_sets = &sets;
      expect_same_scores_and_paths(HiddenMarkov<Gaussian>(MarkovChain::left_to_right(states), model.emissions()), x);
    }
  }
}

TEST(ChainSegments, AScoreFromCheckpointsFindsAStateLostToUnderflow) {
  // State 1 cannot be reached again once it is left; the last rows are its own, the first ones all but impossible.
  Gaussian emissions(2, 1, Covariance::diagonal);
  emissions.set({0, 20}, {1, 1});
  const HiddenMarkov<Gaussian> model(MarkovChain({0.5, 0.5}, {1, 0, 0.5, 0.5}), emissions);
  std::vector<double> values(800, 20.0);
  std::fill_n(values.begin(), 5, 0.0);
  Block x;
  x.x = {values.data(), 800, 1, 800};
  expect_same_scores_and_paths(model, x);
}

// Remembers what it is asked for.
class Watched final : public ChainSegments {
 public:
  explicit Watched(Panel all) : all_(all) {}
  void add_log_density(std::int64_t first, Panel p) override {
    most = std::max(most, p.rows);
    rows += p.rows;
    all_.add_log_density(first, p);
  }
  void take(std::int64_t, ConstPanel) override { ADD_FAILURE() << "there is no posterior"; }
  ChainSegments& other_end() override { return *this; }

  std::int64_t most = 0;
  std::int64_t rows = 0;

 private:
  PanelSegments all_;
};

TEST(ChainSegments, ScoresAndPathsFromCheckpointsTakeAFewRowsAtATime) {
  Sequence sequence(4, 20'000, 2);
  Block x;
  x.x = {sequence.log_density.data(), sequence.steps, 4, sequence.steps};
  const Panel all{sequence.log_density.data(), sequence.steps, 4, sequence.steps};
  Watched scored(all);
  ChainScratch scratch;
  std::vector<double> scores(20'000);
  chain_score(x, sequence.chain, scored, scores, scratch);
  EXPECT_LE(scored.most, 512);
  EXPECT_EQ(scored.rows, 20'000) << "once";
  EXPECT_LT(scratch.size(), 20'000u * 4 / 2);
  Watched decoded(all);
  std::vector<std::int32_t> path(20'000);
  viterbi(x, sequence.chain, decoded, path, {});
  EXPECT_LE(decoded.most, 512);
  EXPECT_LE(decoded.rows, 40'000) << "twice";
}

}  // namespace
}  // namespace jensen
