#include <jensen/data/csv.h>
#include <jensen/em/fit.h>
#include <jensen/emissions/schema_emissions.h>
#include <jensen/math/random.h>
#include <jensen/models/hidden_markov.h>
#include <jensen/models/timed_chain.h>
#include <jensen/testing/laws.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "support/data.h"
#include "support/earthquakes.h"
#include "support/path_sums.h"
#include "support/refusal.h"
#include "support/source_folder.h"

namespace jensen {
namespace {

using support::earthquakes;
using support::exact;
using support::poisson;
using support::refusal;
using support::StatePath;

constexpr int steps = 6;
using Matrix = std::vector<double>;

// State 2 is left for state 1 only.
TimedChain three_states() {
  TimedChain chain(MarkovChain({0.5, 0.3, 0.2}, {0.6, 0.2, 0.2, 0.3, 0.4, 0.3, 0, 0.5, 0.5}), 1);
  chain.set_rates(Matrix{0, 0.5, 0.1, 0.9, 0, 0.4, 0, 1.5, 0});
  return chain;
}

// exp(Q t) as the limit of (1 + Q t / n)^n, extrapolated: by other means than the library's.
Matrix exponential(const TimedChain& chain, double t) {
  const auto q = chain.generator();
  const auto product = [](const std::vector<long double>& a, const std::vector<long double>& b) {
    std::vector<long double> c(9);
    for (int i = 0; i < 3; ++i) {
      for (int j = 0; j < 3; ++j) {
        for (int k = 0; k < 3; ++k)
          c[static_cast<std::size_t>(3 * i + j)] +=
              a[static_cast<std::size_t>(3 * i + k)] * b[static_cast<std::size_t>(3 * k + j)];
      }
    }
    return c;
  };
  std::vector<long double> scaled, term{1, 0, 0, 0, 1, 0, 0, 0, 1};
  for (const double v : q) scaled.push_back(static_cast<long double>(v) * t);
  std::vector<long double> sum = term;
  for (int n = 1; n < 60; ++n) {
    term = product(term, scaled);
    for (std::size_t e = 0; e < 9; ++e) sum[e] += term[e] /= n;
  }
  return {sum.begin(), sum.end()};
}

struct Puzzle {
  TimedChain chain = three_states();
  std::vector<double> x, log_density;

  explicit Puzzle(double spread) : x(2 * steps) {
    Stream stream(4, Purpose::test);
    for (int t = 1; t < steps; ++t) {
      // One step comes twice.
      x[static_cast<std::size_t>(steps + t)] =
          x[static_cast<std::size_t>(steps + t - 1)] + (t % 3 == 0 ? 0.5 : stream.exponential());
    }
    for (int e = 0; e < 3 * steps; ++e) log_density.push_back(spread * stream.normal());
  }
  Block block() const {
    Block b;
    b.x = {x.data(), steps, 2, steps};
    return b;
  }
  Panel panel() { return {log_density.data(), steps, 3, steps}; }
  double elapsed(int t) const {
    return x[static_cast<std::size_t>(steps + t)] - x[static_cast<std::size_t>(steps + t - 1)];
  }
  // exp(Q Δ) of each step.
  std::vector<Matrix> moves() const {
    std::vector<Matrix> all{{}};
    for (int t = 1; t < steps; ++t) all.push_back(exponential(chain, elapsed(t)));
    return all;
  }
  static double log_moves(const std::vector<Matrix>& moves, const StatePath& z) {
    double total = 0;
    for (std::size_t t = 1; t < steps; ++t) total += std::log(moves[t][static_cast<std::size_t>(3 * z[t - 1] + z[t])]);
    return total;
  }
  support::PathSums sums(double temperature = 1) const {
    return support::sum_over_paths(3, steps, [&, all = moves()](const StatePath& z) {
      double total = std::log(chain.initial()[static_cast<std::size_t>(z[0])]) + log_moves(all, z);
      for (int t = 0; t < steps; ++t) {
        total += log_density[static_cast<std::size_t>(t + z[static_cast<std::size_t>(t)] * steps)];
      }
      return total / temperature;
    });
  }
};

// Expected jumps and times between rows by Simpson's rule; R in the diagonal.
Matrix jumps_and_times(const Puzzle& puzzle, const support::PathSums& q) {
  Matrix total(9);
  constexpr int cells = 200;
  for (int t = 1; t < steps; ++t) {
    Matrix pairs(9);
    for (std::size_t p = 0; p < q.paths.size(); ++p) {
      pairs[static_cast<std::size_t>(3 * q.paths[p][static_cast<std::size_t>(t - 1)] +
                                     q.paths[p][static_cast<std::size_t>(t)])] += q.probability[p];
    }
    const double elapsed = puzzle.elapsed(t);
    const auto whole = exponential(puzzle.chain, elapsed);
    for (int cell = 0; cell <= cells; ++cell) {
      const double weight = elapsed / cells / 3 * (cell == 0 || cell == cells ? 1 : cell % 2 == 1 ? 4 : 2);
      const auto before = exponential(puzzle.chain, elapsed * cell / cells);
      const auto after = exponential(puzzle.chain, elapsed * (cells - cell) / cells);
      for (std::size_t i = 0; i < 3; ++i) {
        for (std::size_t j = 0; j < 3; ++j) {
          const double rate = i == j ? 1 : puzzle.chain.rate(static_cast<int>(i), static_cast<int>(j));
          for (std::size_t a = 0; a < 3; ++a) {
            for (std::size_t b = 0; b < 3; ++b) {
              total[3 * i + j] +=
                  weight * pairs[3 * a + b] * before[3 * a + i] * rate * after[3 * j + b] / whole[3 * a + b];
            }
          }
        }
      }
    }
  }
  return total;
}

TEST(TimedChain, TransitionsAreTheExponentialOfTheGenerator) {
  const auto chain = three_states();
  for (const double t : {0.01, 1.0, 4.0}) {
    const auto known = exponential(chain, t);
    const auto got = chain.transitions(t);
    for (std::size_t e = 0; e < 9; ++e) EXPECT_NEAR(got[e], known[e], 1e-14) << t;
  }
  EXPECT_NEAR(chain.leaving(1), 1.3, 1e-15);
  // The form says what happens in a unit of time.
  const TimedChain made(MarkovChain({0.5, 0.5}, {0.9, 0.1, 0.4, 0.6}), 0, 2);
  EXPECT_EQ(made.rate(1, 0), 0.2);
}

TEST(TimedChain, SmoothsAsASumOverAllPathsDoes) {
  for (const double spread : {1.0, 400.0}) {
    for (const double temperature : {1.0, 2.0}) {
      Puzzle puzzle(spread);
      const auto exact = puzzle.sums();
      const auto q = puzzle.sums(temperature);
      const auto paths = jumps_and_times(puzzle, q);
      std::vector<double> counts(puzzle.chain.statistics_size());
      ChainScratch scratch;
      const auto densities = puzzle.log_density;
      const auto evidence =
          chain_posterior(puzzle.block(), Posterior{temperature}, puzzle.chain, puzzle.panel(), counts, scratch);
      EXPECT_NEAR(evidence.log_likelihood, exact.log_sum, 1e-12 * std::abs(exact.log_sum));
      EXPECT_NEAR(evidence.state_entropy, q.entropy, 1e-9);
      for (std::size_t e = 0; e < q.marginals.size(); ++e) EXPECT_NEAR(puzzle.log_density[e], q.marginals[e], 1e-10);
      for (std::size_t k = 0; k < 3; ++k) EXPECT_NEAR(counts[k], q.marginals[k * steps], 1e-10);
      for (std::size_t e = 0; e < 9; ++e) EXPECT_NEAR(counts[3 + e], paths[e], 1e-8) << e;
      // log p(rows' states and the paths between them) has for expectation that of the rows' states less the entropy
      // of the paths between.
      double known = q.expected([&, all = puzzle.moves()](const StatePath& z) { return Puzzle::log_moves(all, z); });
      for (std::size_t k = 0; k < 3; ++k) {
        if (counts[k] > 0) known += counts[k] * std::log(puzzle.chain.initial()[k]);
      }
      EXPECT_NEAR(puzzle.chain.expected_log_density(counts) + evidence.entropy - evidence.state_entropy, known, 1e-9);
    }
  }
}

TEST(TimedChain, EqualStepsAreAMarkovChain) {
  Puzzle puzzle(1);
  for (int t = 0; t < steps; ++t) puzzle.x[static_cast<std::size_t>(steps + t)] = 10 + 0.75 * t;
  const MarkovChain known({0.5, 0.3, 0.2}, puzzle.chain.transitions(0.75));
  const auto densities = puzzle.log_density;
  std::vector<double> counts(puzzle.chain.statistics_size());
  ChainScratch scratch;
  const auto timed = chain_posterior(puzzle.block(), Posterior{}, puzzle.chain, puzzle.panel(), counts, scratch);
  const auto smoothed = puzzle.log_density;
  puzzle.log_density = densities;
  const auto even = chain_posterior(puzzle.block(), Posterior{}, known, puzzle.panel(), counts, scratch);
  EXPECT_NEAR(timed.log_likelihood, even.log_likelihood, 1e-12);
  EXPECT_NEAR(timed.state_entropy, even.entropy, 1e-12);
  for (std::size_t e = 0; e < smoothed.size(); ++e) EXPECT_NEAR(smoothed[e], puzzle.log_density[e], 1e-13);
}

TEST(TimedChain, DecodesScoresAndPredicts) {
  Puzzle puzzle(1);
  const auto exact = puzzle.sums();
  ChainScratch scratch;
  auto densities = puzzle.log_density;
  const Panel panel{densities.data(), steps, 3, steps};
  std::vector<std::int32_t> path(steps);
  double value = 0;
  viterbi(puzzle.block(), puzzle.chain, panel, path, {&value, 1});
  EXPECT_TRUE(std::equal(path.begin(), path.end(), exact.best.begin()));
  EXPECT_NEAR(value, exact.best_value, 1e-12);
  std::vector<double> scores(steps);
  chain_score(puzzle.block(), puzzle.chain, panel, scores, scratch);
  double total = 0;
  for (const double score : scores) total += score;
  EXPECT_NEAR(total, exact.log_sum, 1e-12);
  for (std::size_t k = 0; k < 3; ++k) puzzle.log_density[k * steps + steps - 1] = 0;
  const auto unseen = puzzle.sums();
  densities = puzzle.log_density;
  chain_predict(puzzle.block(), puzzle.chain, panel, scratch);
  for (std::size_t k = 0; k < 3; ++k) {
    EXPECT_NEAR(densities[k * steps + steps - 1], unseen.marginals[k * steps + steps - 1], 1e-12);
  }
}

TEST(TimedChain, RatesAreJumpsOverTime) {
  auto chain = three_states();
  chain.maximize(Matrix{3, 1, 0, /**/ 4, 2, 1, /**/ 3, 6, 9, /**/ 0, 5, 0});
  EXPECT_EQ(chain.initial()[0], 0.75);
  EXPECT_EQ(chain.rate(0, 1), 0.5);
  EXPECT_EQ(chain.rate(0, 2), 0.25);
  EXPECT_EQ(chain.rate(1, 0), 0.5);
  EXPECT_EQ(chain.rate(1, 2), 1.5);
  EXPECT_EQ(chain.rate(2, 1), 1.5) << "no time was spent in it";
  EXPECT_EQ(chain.free_parameters(), 2 + 5);
  const auto swapped = chain.reordered(std::vector<int>{1, 0, 2});
  EXPECT_EQ(swapped.rate(0, 2), 1.5);
  EXPECT_EQ(swapped.rate(2, 0), 1.5);
  EXPECT_EQ(swapped.rate(2, 1), 0);
  EXPECT_EQ(swapped.free_parameters(), 2 + 5);
}

TEST(TimedChain, RefusesByName) {
  EXPECT_EQ(refusal([] { TimedChain(MarkovChain(2), 0, 0); }), "TimedChain: unit: must be finite and > 0, got 0");
  EXPECT_EQ(refusal([] {
              three_states().set_rates(Matrix{0, 1, 1, 1, 0, 1, 1, 1, 0});
            }),
            "TimedChain: rates: rate[2,0] is zero by the structure of the chain, got 1");
  EXPECT_EQ(refusal([] {
              three_states().set_rates(Matrix{0, -1, 1, 1, 0, 1, 0, 1, 0});
            }),
            "TimedChain: rates: rate[0,1] must be finite and >= 0, got -1");
  Puzzle puzzle(1);
  std::vector<double> counts(puzzle.chain.statistics_size());
  ChainScratch scratch;
  const auto attempt = [&] {
    return refusal(
        [&] { chain_posterior(puzzle.block(), Posterior{}, puzzle.chain, puzzle.panel(), counts, scratch); });
  };
  puzzle.x[steps + 3] = support::missing;
  EXPECT_EQ(attempt(), "row 4, column 2: the time is missing");
  puzzle.x[steps + 3] = puzzle.x[steps + 2];
  EXPECT_NE(attempt().find("row 4, column 2: the time"), std::string::npos);
}

HiddenMarkov<AnyEmissions, TimedChain> two_regimes() {
  const Schema x{{{"x"}, "normal", {}, {}}};
  AnyEmissions emissions = emissions_for(x, 2, 1);
  emissions.set_parameters(std::vector<double>{-2, 1, 2, 1});
  TimedChain chain(MarkovChain({0.6, 0.4}, {0.8, 0.2, 0.3, 0.7}), 1);
  chain.set_rates(Matrix{0, 0.2, 0.35, 0});
  return {chain, emissions};
}

// Rows at `times` after one another, cut into sequences of `length`.
template <class Model, class Times>
Table drawn(const Model& model, std::int64_t rows, std::int64_t length, std::uint64_t seed, Times times) {
  std::vector<double> x(static_cast<std::size_t>(2 * rows));
  Stream stream(seed, Purpose::test);
  for (std::int64_t i = 0; i < rows; ++i) {
    const double before = i % length == 0 ? 100 : x[static_cast<std::size_t>(rows + i - 1)];
    x[static_cast<std::size_t>(rows + i)] = before + times(stream);
  }
  std::vector<std::int64_t> begins;
  for (std::int64_t first = 0; first < rows; first += length) {
    begins.push_back(first);
    model.sample(seed + static_cast<std::uint64_t>(first), 0, {x.data() + first, length, 2, rows}, {});
  }
  begins.push_back(rows);
  return Table(std::move(x), rows, 2).with_sequences(begins);
}

double irregular(Stream& stream) { return 0.1 + stream.exponential(); }

TEST(TimedChain, ObeysTheLaws) {
  const auto model = two_regimes();
  const Table data = drawn(model, 90, 30, 3, irregular);
  auto away = model;
  auto u = away.unconstrained();
  for (std::size_t j = 0; j < u.size(); ++j) u[j] += 0.2 * std::cos(static_cast<double>(j));
  away.set_unconstrained(u);
  const LawSubject subject(away, data);
  auto laws = law_names();
  // A sample takes the times of all its rows as given: it cannot begin in the middle.
  std::erase(laws, "sample");
  std::erase(laws, "sample_distribution");
  const auto report = check_laws(subject, laws);
  EXPECT_TRUE(report.holds()) << report;
}

TEST(TimedChain, FindsWhatItWasDrawnFrom) {
  const auto truth = two_regimes();
  const Table data =
      drawn(truth, 6000, 1000, 7, [](Stream& stream) { return 0.25 * (1 + std::floor(4 * stream.uniform())); });
  auto start = truth;
  start.chain() = TimedChain(MarkovChain(2), 1);
  const auto [model, report] = fit(start, data);
  EXPECT_TRUE(report.converged()) << report.message;
  EXPECT_TRUE(report.monotone);
  EXPECT_NEAR(report.bound.gap(), 0, 1e-9 * std::abs(report.log_likelihood));
  EXPECT_NEAR(model.chain().rate(0, 1), 0.2, 0.03);
  EXPECT_NEAR(model.chain().rate(1, 0), 0.35, 0.05);
  EXPECT_EQ(report.free_parameters, 1 + 2 + 4);
}

// R's msm 1.7: msm(count ~ time, qmatrix = …, hmodel = list(hmmPois(…), …), initprobs = 1/K, reltol = 1e-15).
TEST(TimedChain, AgreesWithMsm) {
  const Table data = earthquakes([](int row, double year) { return year + 0.3 * (row % 3); });
  MarkovChain form(2);
  form.fix_initial(true);
  const auto two =
      fit(HiddenMarkov<AnyEmissions, TimedChain>(TimedChain(form, 1, 3), poisson({15, 26})), data, exact());
  EXPECT_NEAR(two.report.log_likelihood, -342.083345583118, 1e-9);
  EXPECT_NEAR(two.model.chain().rate(0, 1), 0.07967516404, 1e-6);
  EXPECT_NEAR(two.model.chain().rate(1, 0), 0.10935735933, 1e-6);
  EXPECT_NEAR(two.model.emissions().parameters()[1], 25.2667299788, 1e-5);

  MarkovChain neighbours = MarkovChain::banded(3, 1);
  neighbours.fix_initial(true);
  const auto three =
      fit(HiddenMarkov<AnyEmissions, TimedChain>(TimedChain(neighbours, 1, 3), poisson({13, 20, 30})), data, exact());
  EXPECT_NEAR(three.report.log_likelihood, -330.386015083304, 1e-8);
  EXPECT_NEAR(three.model.chain().rate(1, 2), 0.08483605123, 1e-5);
  EXPECT_NEAR(three.model.chain().rate(2, 1), 0.21562293939, 1e-5);
}

TEST(TimedChain, EqualStepsReachTheOptimumOfAMarkovChain) {
  const auto truth = two_regimes();
  const Table data = drawn(truth, 1500, 500, 9, [](Stream&) { return 0.5; });
  const auto timed = fit(truth, data);
  const auto even = fit(HiddenMarkov<AnyEmissions>(MarkovChain(2), truth.emissions()), data);
  EXPECT_NEAR(timed.report.log_likelihood, even.report.log_likelihood, 1e-4);
  const auto known = timed.model.chain().transitions(0.5);
  for (std::size_t e = 0; e < 4; ++e) EXPECT_NEAR(known[e], even.model.chain().transitions()[e], 1e-3);
}

// State 1 is left for good. While its rows are less likely it falls below the smallest double, no step of which is
// small; later rows make it the only one that explains them.
TEST(TimedChain, AStateLostToUnderflowIsFound) {
  TimedChain chain(MarkovChain({0.5, 0.5}, {1, 0, 0.5, 0.5}), 0);
  chain.set_rates(Matrix{0, 0, 0.7, 0});
  constexpr int early = 5;
  constexpr int rows = 15;
  std::vector<double> times, log_density;
  for (int t = 0; t < rows; ++t) times.push_back(0.3 * t * t);
  for (int t = 0; t < rows; ++t) log_density.push_back(t < early ? 0 : -190);
  for (int t = 0; t < rows; ++t) log_density.push_back(t < early ? -200 : 0);
  // All rows in state 1, or the last one in state 0 or all of them: other paths are e^-190 of these.
  const double always = std::log(0.5) - 5 * 200.0 - 0.7 * times.back();
  Block x;
  x.x = {times.data(), rows, 1, rows};
  ChainScratch scratch;
  std::vector<double> scores(rows);
  auto own = log_density;
  chain_score(x, chain, {own.data(), rows, 2, rows}, scores, scratch);
  double total = 0;
  for (const double score : scores) total += score;
  EXPECT_NEAR(total, always, 1e-10);
  own = log_density;
  std::vector<double> sums(chain.statistics_size());
  const Evidence evidence = chain_posterior(x, Posterior{}, chain, {own.data(), rows, 2, rows}, sums, scratch);
  EXPECT_NEAR(evidence.log_likelihood, always, 1e-10);
  EXPECT_NEAR(own[rows], 1, 1e-12) << "the first row is of state 1";
}

}  // namespace
}  // namespace jensen
