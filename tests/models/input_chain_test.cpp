#include <jensen/data/csv.h>
#include <jensen/em/fit.h>
#include <jensen/emissions/gaussian.h>
#include <jensen/emissions/schema_emissions.h>
#include <jensen/math/random.h>
#include <jensen/models/hidden_markov.h>
#include <jensen/models/input_chain.h>
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

// Three states, the last of which does not lead to the first nor to itself; inputs in columns 1 and 2 of three.
InputChain three_states() {
  InputChain chain(MarkovChain({0.5, 0.3, 0.2}, {0.6, 0.2, 0.2, 0.3, 0.4, 0.3, 0, 1, 0}), {1, 2});
  chain.set_coefficients(0, 1, std::vector<double>{-1, 0.7, 0.3});
  chain.set_coefficients(0, 2, std::vector<double>{0.2, -0.4, 1.1});
  chain.set_coefficients(1, 0, std::vector<double>{0.5, 0.2, -0.8});
  return chain;
}

// The same, beginning by column 0 in the first or the last state.
InputChain with_first_states() {
  InputChain chain(MarkovChain({0.5, 0, 0.5}, {0.6, 0.2, 0.2, 0.3, 0.4, 0.3, 0, 1, 0}), {1, 2}, {0});
  for (const auto& [from, to] : {std::pair(0, 1), std::pair(0, 2), std::pair(1, 0)}) {
    chain.set_coefficients(from, to, three_states().coefficients(from, to));
  }
  chain.set_initial_coefficients(2, std::vector<double>{0.4, -1.3});
  return chain;
}

// First states by columns 2 and 0, transitions without inputs.
InputChain first_states_alone() {
  InputChain chain(MarkovChain({0.2, 0.3, 0.5}, {0.6, 0.2, 0.2, 0.3, 0.4, 0.3, 0, 1, 0}), {}, {2, 0});
  chain.set_initial_coefficients(1, std::vector<double>{0.4, -1.3, 0.6});
  chain.set_initial_coefficients(2, std::vector<double>{-0.2, 0.8, 0});
  return chain;
}

struct Puzzle {
  InputChain chain;
  std::vector<double> x, log_density;

  explicit Puzzle(double spread, InputChain own = three_states()) : chain(std::move(own)) {
    Stream stream(3, Purpose::test);
    for (int e = 0; e < 3 * steps; ++e) x.push_back(stream.normal());
    for (int e = 0; e < 3 * steps; ++e) log_density.push_back(spread * stream.normal());
  }
  Block block() const {
    Block b;
    b.x = {x.data(), steps, 3, steps};
    return b;
  }
  Panel panel() { return {log_density.data(), steps, 3, steps}; }
  // By the formula.
  static double log_first(const InputChain& chain, const std::vector<double>& x, int state) {
    if (chain.initial_inputs().empty()) return std::log(chain.initial({})[static_cast<std::size_t>(state)]);
    double sum = 0;
    double own = -std::numeric_limits<double>::infinity();
    for (int k = 0; k < 3; ++k) {
      if (chain.form().initial()[static_cast<std::size_t>(k)] == 0) continue;
      const auto delta = chain.initial_coefficients(k);
      double eta = delta[0];
      for (std::size_t c = 1; c < delta.size(); ++c) {
        eta += delta[c] * x[static_cast<std::size_t>(chain.initial_inputs()[c - 1] * steps)];
      }
      sum += std::exp(eta);
      if (k == state) own = eta;
    }
    return own - std::log(sum);
  }
  static double log_moves(const InputChain& chain, const std::vector<double>& x, const StatePath& z) {
    double total = log_first(chain, x, z[0]);
    for (int t = 1; t < steps; ++t) {
      const int from = z[static_cast<std::size_t>(t - 1)];
      if (chain.inputs().empty()) {
        total += std::log(chain.form().transition(from, z[static_cast<std::size_t>(t)]));
        continue;
      }
      double sum = 0;
      double own = -std::numeric_limits<double>::infinity();
      for (int j = 0; j < 3; ++j) {
        if (from == 2 && j != 1) continue;
        const auto gamma = chain.coefficients(from, j);
        const auto at = static_cast<std::size_t>(t);
        const double eta = gamma[0] + gamma[1] * x[steps + at] + gamma[2] * x[2 * steps + at];
        sum += std::exp(eta);
        if (j == z[at]) own = eta;
      }
      total += own - std::log(sum);
    }
    return total;
  }
  double log_joint(const StatePath& z) const {
    double total = log_moves(chain, x, z);
    for (int t = 0; t < steps; ++t) {
      total += log_density[static_cast<std::size_t>(t + z[static_cast<std::size_t>(t)] * steps)];
    }
    return total;
  }
  support::PathSums sums(double temperature = 1) const {
    return support::sum_over_paths(3, steps, [&](const StatePath& z) { return log_joint(z) / temperature; });
  }
};

struct Expected {
  Evidence evidence;
  std::vector<double> sum, about;
};

Expected expect(Puzzle& puzzle, const Rule& rule) {
  Expected result;
  result.sum.assign(puzzle.chain.statistics_size(), 0);
  result.about.resize(puzzle.chain.reference_size());
  puzzle.chain.reference(result.about);
  ChainScratch scratch;
  result.evidence =
      chain_posterior(puzzle.block(), rule, puzzle.chain, puzzle.panel(), {result.sum, result.about}, scratch);
  return result;
}

TEST(InputChain, ProbabilitiesAreThoseOfTheLogit) {
  const auto chain = three_states();
  const std::vector<double> u{0.5, -1};
  const double one = std::exp(-1 + 0.35 - 0.3);
  const double two = std::exp(0.2 - 0.2 - 1.1);
  const auto from = chain.transitions(0, u);
  EXPECT_NEAR(from[0], 1 / (1 + one + two), 1e-15);
  EXPECT_NEAR(from[2], two / (1 + one + two), 1e-15);
  EXPECT_EQ(chain.transitions(2, u), (std::vector<double>{0, 1, 0}));
  EXPECT_EQ(chain.reference(0), 0);
  EXPECT_EQ(chain.reference(2), 1);
  // Without influence they are those of the form.
  const MarkovChain form({0.5, 0.5}, {0.9, 0.1, 0.4, 0.6});
  EXPECT_NEAR(InputChain(form, {0}).transitions(1, std::vector<double>{17})[0], 0.4, 1e-15);
}

const std::vector<InputChain> chains{three_states(), with_first_states(), first_states_alone()};

TEST(InputChain, SmoothsAsASumOverAllPathsDoes) {
  for (const auto& [spread, temperature] :
       {std::pair(1.0, 1.0), std::pair(1.0, 2.5), std::pair(400.0, 1.0), std::pair(400.0, 2.5)}) {
    for (const InputChain& chain : chains) {  // a spread of 400 goes through recursions in logs
      Puzzle puzzle(spread, chain);
      const auto exact = puzzle.sums();
      const auto q = puzzle.sums(temperature);
      const auto value = q.expected([&](const StatePath& z) { return Puzzle::log_moves(puzzle.chain, puzzle.x, z); });
      const auto got = expect(puzzle, Posterior{temperature});
      EXPECT_NEAR(got.evidence.log_likelihood, exact.log_sum, 1e-12 * std::abs(exact.log_sum));
      EXPECT_NEAR(got.evidence.entropy, q.entropy, 1e-9);
      for (std::size_t e = 0; e < q.marginals.size(); ++e) {
        EXPECT_NEAR(puzzle.log_density[e], q.marginals[e], 1e-10) << e;
      }
      for (std::size_t k = 0; chain.initial_inputs().empty() && k < 3; ++k) {
        EXPECT_NEAR(got.sum[k], q.marginals[k * steps], 1e-10);
      }
      EXPECT_NEAR(puzzle.chain.expected_log_density({got.sum, got.about}), value, 1e-9);
    }
  }
}

class EveryInputChain : public testing::TestWithParam<std::size_t> {
 protected:
  const InputChain& chain() const { return chains[GetParam()]; }
};
INSTANTIATE_TEST_SUITE_P(ByInputs, EveryInputChain, testing::Range<std::size_t>(0, 3));

TEST_P(EveryInputChain, TheExpansionIsThatOfTheExpectedLogProbability) {
  Puzzle puzzle(1, chain());
  const auto q = puzzle.sums();
  const auto got = expect(puzzle, Posterior{});
  const auto moved = [&](std::span<const double> step) {
    InputChain chain = puzzle.chain;
    auto v = chain.parameters();
    for (std::size_t j = 0; j < step.size(); ++j) v[v.size() - step.size() + j] += step[j];
    chain.set_parameters(v);
    return chain;
  };
  const std::size_t size = puzzle.chain.reference_size();
  const double h = 1e-3;
  for (std::size_t j = 0; j < size; ++j) {
    std::vector<double> step(size);
    std::vector<double> exact, expanded;
    for (const double sign : {-1.0, 0.0, 1.0}) {
      step[j] = sign * h;
      step[(j + 1) % size] = sign * h / 2;
      const InputChain chain = moved(step);
      exact.push_back(q.expected([&](const StatePath& z) { return Puzzle::log_moves(chain, puzzle.x, z); }));
      expanded.push_back(chain.expected_log_density({got.sum, got.about}));
    }
    EXPECT_NEAR((expanded[2] - expanded[0]) / (2 * h), (exact[2] - exact[0]) / (2 * h), 1e-6) << j;
    EXPECT_NEAR((expanded[2] - 2 * expanded[1] + expanded[0]) / (h * h), (exact[2] - 2 * exact[1] + exact[0]) / (h * h),
                1e-5)
        << j;
  }
}

TEST_P(EveryInputChain, DecodesScoresFiltersAndPredicts) {
  for (const double spread : {1.0, 400.0}) {
    Puzzle puzzle(spread, chain());
    const auto exact = puzzle.sums();
    ChainScratch scratch;
    auto densities = puzzle.log_density;
    const Panel panel{densities.data(), steps, 3, steps};
    std::vector<std::int32_t> path(steps);
    double value = 0;
    viterbi(puzzle.block(), puzzle.chain, panel, path, {&value, 1});
    EXPECT_TRUE(std::equal(path.begin(), path.end(), exact.best.begin()));
    EXPECT_NEAR(value, exact.best_value, 1e-12 * std::abs(exact.best_value));
    std::vector<double> scores(steps);
    chain_score(puzzle.block(), puzzle.chain, panel, scores, scratch);
    double total = 0;
    for (const double score : scores) total += score;
    EXPECT_NEAR(total, exact.log_sum, 1e-12 * std::abs(exact.log_sum));
    densities = puzzle.log_density;
    chain_filter(puzzle.block(), puzzle.chain, panel, scratch);
    for (std::size_t k = 0; k < 3; ++k) {
      EXPECT_NEAR(densities[k * steps + steps - 1], exact.marginals[k * steps + steps - 1], 1e-12);
    }
    // What is predicted of the last row is what is smoothed where that row says nothing.
    for (std::size_t k = 0; k < 3; ++k) puzzle.log_density[k * steps + steps - 1] = 0;
    const auto unseen = puzzle.sums();
    densities = puzzle.log_density;
    chain_predict(puzzle.block(), puzzle.chain, panel, scratch);
    for (std::size_t k = 0; k < 3; ++k) {
      EXPECT_NEAR(densities[k * steps + steps - 1], unseen.marginals[k * steps + steps - 1], 1e-12);
      EXPECT_NEAR(densities[k * steps], std::exp(Puzzle::log_first(chain(), puzzle.x, static_cast<int>(k))), 1e-15);
    }
  }
}

TEST_P(EveryInputChain, ModesAndDrawsCountTheirPaths) {
  Puzzle puzzle(1, chain());
  const auto exact = puzzle.sums();
  const auto mode = expect(puzzle, Mode{});
  EXPECT_EQ(mode.evidence.entropy, 0);
  EXPECT_NEAR(puzzle.chain.expected_log_density({mode.sum, mode.about}),
              Puzzle::log_moves(puzzle.chain, puzzle.x, exact.best), 1e-12);
  Puzzle again(1, chain());
  const auto drawn = expect(again, Draws{.count = 20000, .seed = 5});
  for (std::size_t e = 0; e < exact.marginals.size(); ++e) {
    EXPECT_NEAR(again.log_density[e], exact.marginals[e], 0.02) << e;
  }
}

TEST_P(EveryInputChain, StatesInAnotherOrderAreTheSameChain) {
  const std::vector<int> order{2, 0, 1};
  const auto other = chain().reordered(order);
  const std::vector<double> numbers{0.3, -0.7};
  const auto u = std::span(numbers).first(chain().inputs().size());
  const auto first = std::span(numbers).first(chain().initial_inputs().size());
  for (int i = 0; i < 3; ++i) {
    const auto was = static_cast<std::size_t>(order[static_cast<std::size_t>(i)]);
    const auto known = chain().transitions(order[static_cast<std::size_t>(i)], u);
    const auto got = other.transitions(i, u);
    EXPECT_NEAR(other.initial(first)[static_cast<std::size_t>(i)], chain().initial(first)[was], 1e-15);
    for (std::size_t j = 0; j < 3; ++j) EXPECT_NEAR(got[j], known[static_cast<std::size_t>(order[j])], 1e-15);
  }
  EXPECT_EQ(other.free_parameters(), chain().free_parameters());
}

TEST_P(EveryInputChain, ParametersHaveNamesAndCoordinates) {
  const auto names = chain().parameter_names();
  const auto v = chain().parameters();
  ASSERT_EQ(names.size(), v.size());
  EXPECT_EQ(names.front(), chain().initial_inputs().empty() ? "initial[0]"
                           : chain().inputs().empty()       ? "transition[0,0]"
                                                            : "initial_logit[2,0]");
  EXPECT_EQ(names.back(), chain().inputs().empty() ? "initial_logit[2,2]" : "logit[1,2,2]");
  InputChain other = chain();
  auto u = other.unconstrained();
  EXPECT_EQ(u.size(), static_cast<std::size_t>(chain().free_parameters()));
  for (double& value : u) value += 0.5;
  other.set_unconstrained(u);
  EXPECT_NE(other.parameters(), v);
  other.set_parameters(v);
  EXPECT_EQ(other.parameters(), v);
}

TEST(InputChain, RefusesByName) {
  const MarkovChain form(2);
  EXPECT_EQ(refusal([&] { InputChain(form, {}); }), "InputChain: inputs: must be at least one column");
  EXPECT_EQ(refusal([&] { InputChain(form, {1, 1}); }), "InputChain: inputs: column 1 comes twice");
  MarkovChain other = form;
  other.set_pseudo_counts(0, 1);
  EXPECT_NE(refusal([&] { InputChain(other, {1}); }).find("pseudo-counts"), std::string::npos);
  other = form;
  other.make_initial_stationary();
  EXPECT_NE(refusal([&] { InputChain(other, {1}); }).find("stationary"), std::string::npos);
  EXPECT_EQ(refusal([&] { InputChain(form, {}, {0, 0}); }), "InputChain: initial_inputs: column 0 comes twice");
  other = form;
  other.fix_initial(true);
  EXPECT_NE(refusal([&] { InputChain(other, {}, {1}); }).find("fixed first states"), std::string::npos);
  other = form;
  other.set_pseudo_counts(1, 0);
  EXPECT_NE(refusal([&] { InputChain(other, {}, {1}); }).find("pseudo-counts of first states"), std::string::npos);
  EXPECT_EQ(refusal([] { (void)first_states_alone().coefficients(0, 1); }),
            "InputChain: inputs: are none of the transitions");
  EXPECT_EQ(refusal([] { (void)three_states().initial_coefficients(1); }), "InputChain: initial_inputs: are none");
  EXPECT_EQ(refusal([] { (void)with_first_states().initial_coefficients(1); }),
            "InputChain: state: no sequence begins in state 1");
  EXPECT_EQ(refusal([] {
              auto chain = with_first_states();
              chain.set_initial_coefficients(0, std::vector<double>{1, 2});
            }),
            "InputChain: state: 0 is the reference of the first states");
  Puzzle first(1, with_first_states());
  first.x[1] = support::missing;  // only the first row's is looked at
  EXPECT_TRUE(std::isfinite(expect(first, Posterior{}).evidence.log_likelihood));
  first.x[0] = support::missing;
  EXPECT_EQ(refusal([&] { expect(first, Posterior{}); }),
            "row 1, column 1 is missing, on which the first states depend");
  EXPECT_EQ(refusal([] { (void)three_states().coefficients(2, 0); }),
            "InputChain: to: there is no move from state 2 to state 0");
  EXPECT_EQ(refusal([] {
              auto chain = three_states();
              chain.set_coefficients(1, 1, std::vector<double>{1, 2, 3});
            }),
            "InputChain: to: state 1 is the reference of state 1");
  Puzzle puzzle(1);
  puzzle.x[steps + 3] = support::missing;
  EXPECT_EQ(refusal([&] { expect(puzzle, Posterior{}); }),
            "row 4, column 2 is missing, on which the transitions depend");
  puzzle.x[steps + 3] = 0;
  puzzle.x[steps] = support::missing;  // nothing moves into the first row
  EXPECT_TRUE(std::isfinite(expect(puzzle, Posterior{}).evidence.log_likelihood));
}

// Two states seen through noise; the input of row t, in column 1, moves them at row t.
HiddenMarkov<AnyEmissions, InputChain> two_regimes() {
  const Schema x{{{"x"}, "normal", {}, {}}};
  AnyEmissions emissions = emissions_for(x, 2, 1);
  auto v = emissions.parameters();
  v = {-2, 1, 2, 1};
  emissions.set_parameters(v);
  InputChain chain(MarkovChain({0.6, 0.4}, {0.8, 0.2, 0.3, 0.7}), {1});
  chain.set_coefficients(0, 1, std::vector<double>{-2, 1.5});
  chain.set_coefficients(1, 0, std::vector<double>{-1.5, -1});
  return {chain, emissions};
}

// Rows of a model whose input comes and goes, cut into sequences of `length`.
template <class Model>
Table drawn(const Model& model, std::int64_t rows, std::int64_t length, std::uint64_t seed) {
  std::vector<double> x(static_cast<std::size_t>(2 * rows));
  for (std::int64_t i = 0; i < rows; ++i) {
    x[static_cast<std::size_t>(rows + i)] = std::sin(0.37 * static_cast<double>(i)) + (i % 7 == 0 ? 1 : 0);
  }
  std::vector<std::int64_t> begins;
  for (std::int64_t first = 0; first < rows; first += length) {
    begins.push_back(first);
    model.sample(seed + static_cast<std::uint64_t>(first), 0, {x.data() + first, length, 2, rows}, {});
  }
  begins.push_back(rows);
  return Table(std::move(x), rows, 2).with_sequences(begins);
}

void expect_laws(const HiddenMarkov<AnyEmissions, InputChain>& model, const Table& data) {
  auto away = model;
  auto u = away.unconstrained();
  for (std::size_t j = 0; j < u.size(); ++j) u[j] += 0.1 * std::cos(static_cast<double>(j));
  away.set_unconstrained(u);
  LawSubject subject(away, data);
  subject.exact_m_step = false;
  auto laws = law_names();
  // A sample takes the inputs of all its rows as given: it cannot begin in the middle.
  std::erase(laws, "sample");
  std::erase(laws, "sample_distribution");
  const auto report = check_laws(subject, laws);
  EXPECT_TRUE(report.holds()) << report;
}

TEST(InputChain, ObeysTheLaws) { expect_laws(two_regimes(), drawn(two_regimes(), 120, 30, 3)); }

// The input of the first row says in which of the two states a sequence begins.
HiddenMarkov<AnyEmissions, InputChain> two_beginnings(std::vector<int> inputs) {
  auto model = two_regimes();
  InputChain chain(MarkovChain({0.6, 0.4}, {0.8, 0.2, 0.3, 0.7}), std::move(inputs), {1});
  chain.set_initial_coefficients(1, std::vector<double>{-0.5, 2});
  return {chain, model.emissions()};
}

TEST(InputChain, ObeysTheLawsWithInitialInputs) {
  for (const auto& inputs : {std::vector<int>{}, std::vector<int>{1}}) {
    const auto model = two_beginnings(inputs);
    expect_laws(model, drawn(model, 120, 6, 3));
  }
}

TEST(InputChain, FindsTheFirstStatesItWasDrawnFrom) {
  const auto truth = two_beginnings({});
  const Table data = drawn(truth, 16000, 8, 11);
  auto start = truth;
  start.chain() = InputChain(MarkovChain(2), {}, {1});
  const auto [model, report] = fit(start, data);
  EXPECT_TRUE(report.converged()) << report.message;
  EXPECT_TRUE(report.monotone);
  EXPECT_NEAR(model.chain().initial_coefficients(1)[0], -0.5, 0.2);  // two standard errors
  EXPECT_NEAR(model.chain().initial_coefficients(1)[1], 2, 0.3);
  EXPECT_NEAR(model.chain().form().transition(0, 1), 0.2, 0.02);
  EXPECT_NEAR(model.chain().form().transition(1, 0), 0.3, 0.02);
  EXPECT_EQ(report.free_parameters, 2 + 2 + 4);
}

// Known states and an input of two values: the maximum is where probabilities are shares, input by input.
TEST(InputChain, KnownFirstStatesAreALogisticRegression) {
  const std::vector<std::int32_t> z{0, 0, 1, 1, 0, 0, 0, 1, 0, 1, 1, 1, 0, 0, 1, 0, 0, 1, 1, 0};
  const std::vector<double> u{1, 0, 1, 0, 1, 1, 0, 0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 1, 0, 0};
  std::vector<double> x;
  std::vector<std::int64_t> begins;
  for (int t = 0; t < 20; ++t) x.push_back(std::sin(t));
  for (int t = 0; t <= 20; ++t) begins.push_back(t);
  x.insert(x.end(), u.begin(), u.end());
  const Table data = Table(x, 20, 2).with_labels(z, 2).with_sequences(begins);
  auto start = two_regimes();
  start.chain() = InputChain(MarkovChain(2), {}, {1});
  const auto [model, report] = fit(start, data);
  EXPECT_TRUE(report.converged()) << report.message;
  for (const double input : {0.0, 1.0}) {
    double ones = 0;
    double all = 0;
    for (std::size_t t = 0; t < z.size(); ++t) {
      if (u[t] != input) continue;
      all += 1;
      ones += z[t];
    }
    EXPECT_NEAR(model.chain().initial(std::vector<double>{input})[1], ones / all, 1e-5) << input;
  }
}

TEST(InputChain, FindsWhatItWasDrawnFrom) {
  const auto truth = two_regimes();
  const Table data = drawn(truth, 20000, 2000, 11);
  auto start = truth;
  start.chain() = InputChain(MarkovChain(2), {1});
  const auto [model, report] = fit(start, data);
  EXPECT_TRUE(report.converged()) << report.message;
  EXPECT_TRUE(report.monotone);
  EXPECT_NEAR(model.chain().coefficients(0, 1)[0], -2, 0.2);
  EXPECT_NEAR(model.chain().coefficients(0, 1)[1], 1.5, 0.2);
  EXPECT_NEAR(model.chain().coefficients(1, 0)[0], -1.5, 0.2);
  EXPECT_NEAR(model.chain().coefficients(1, 0)[1], -1, 0.2);
  EXPECT_EQ(report.free_parameters, 1 + 4 + 4);
}

// Known states and an input of two values: the maximum is where probabilities are shares, input by input.
TEST(InputChain, KnownStatesAreALogisticRegression) {
  const std::vector<std::int32_t> z{0, 0, 1, 1, 0, 0, 0, 1, 0, 1, 1, 1, 0, 0, 1, 0, 0, 1, 1, 0};
  const std::vector<double> u{1, 0, 1, 0, 1, 1, 0, 0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 1, 0, 0};
  std::vector<double> x;
  for (int t = 0; t < 20; ++t) x.push_back(std::sin(t));
  x.insert(x.end(), u.begin(), u.end());
  const Table data = Table(x, 20, 2).with_labels(z, 2).with_sequences({0, 20});
  auto start = two_regimes();
  start.chain() = InputChain(MarkovChain(2), {1});
  const auto [model, report] = fit(start, data);
  EXPECT_TRUE(report.converged()) << report.message;
  for (const int from : {0, 1}) {
    for (const double input : {0.0, 1.0}) {
      double moves = 0;
      double all = 0;
      for (std::size_t t = 1; t < z.size(); ++t) {
        if (z[t - 1] != from || u[t] != input) continue;
        all += 1;
        moves += z[t] != from ? 1 : 0;
      }
      const auto p = model.chain().transitions(from, std::vector<double>{input});
      EXPECT_NEAR(p[static_cast<std::size_t>(1 - from)], moves / all, 1e-5) << from << " " << input;
    }
  }
}

// A direct search over the likelihood, written in NumPy (BFGS and Nelder–Mead of SciPy, 12 starts that agree).
TEST(InputChain, AgreesWithADirectSearch) {
  const Table data = earthquakes([](int, double year) { return (year - 1950) / 50; });
  MarkovChain form(2);
  form.fix_initial(true);
  const auto [model, report] =
      fit(HiddenMarkov<AnyEmissions, InputChain>(InputChain(form, {1}), poisson({15, 26})), data, exact());
  EXPECT_NEAR(report.log_likelihood, -340.65789817690, 1e-9);
  EXPECT_NEAR(model.chain().coefficients(0, 1)[0], -2.4203608, 1e-5);
  EXPECT_NEAR(model.chain().coefficients(0, 1)[1], -1.046405, 1e-5);
  EXPECT_NEAR(model.chain().coefficients(1, 0)[0], -1.6338772, 1e-5);
  EXPECT_NEAR(model.chain().coefficients(1, 0)[1], 1.740468, 1e-5);
  EXPECT_NEAR(std::log(model.emissions().parameters()[0]), 2.739753, 1e-6);
}

TEST(InputChain, ForecastsNeedInputs) {
  const auto model = two_regimes();
  const Table data = drawn(model, 10, 10, 1);
  BlockBuffer buffer;
  std::vector<double> p(4);
  EXPECT_NE(refusal([&] {
              model.forecast(data.block(0, 10, buffer), {p.data(), 2, 2, 2});
            }).find("has no column 2, on which the transitions depend"),
            std::string::npos);
  EXPECT_NE(refusal([&] {
              std::vector<double> x(20);
              model.sample(1, 5, {x.data(), 10, 2, 10}, {});
            }).find("without those of all rows"),
            std::string::npos);
}

// State 1 cannot be reached again once it is left. While its rows are less likely it falls below the smallest double,
// no step of which is small; later rows make it the only one that explains them.
TEST(InputChain, AStateLostToUnderflowIsFound) {
  InputChain chain(MarkovChain({0.5, 0.5}, {1, 0, 0.5, 0.5}), {0});
  chain.set_coefficients(1, 0, std::vector<double>{-0.3, 0.4});
  constexpr int early = 5;
  constexpr int rows = 15;
  std::vector<double> u, log_density;
  for (int t = 0; t < rows; ++t) u.push_back(std::sin(t));
  for (int t = 0; t < rows; ++t) log_density.push_back(t < early ? 0 : -190);
  for (int t = 0; t < rows; ++t) log_density.push_back(t < early ? -200 : 0);
  // Paths are in state 1 for the first m rows, and in state 0 then.
  std::vector<double> paths;
  for (int m = 0; m <= rows; ++m) {
    double path = std::log(0.5);
    for (int t = 0; t < rows; ++t) {
      path += log_density[static_cast<std::size_t>(t < m ? rows + t : t)];
      if (t == 0 || t > m) continue;
      const auto moves = chain.transitions(1, std::vector<double>{u[static_cast<std::size_t>(t)]});
      path += std::log(moves[t == m ? 0 : 1]);
    }
    paths.push_back(path);
  }
  const double largest = *std::max_element(paths.begin(), paths.end());
  double sum = 0;
  for (const double path : paths) sum += std::exp(path - largest);
  const double expected = largest + std::log(sum);
  EXPECT_LT(expected, -900);

  Block x;
  x.x = {u.data(), rows, 1, rows};
  const auto panel = [&](std::vector<double>& own) { return Panel{own.data(), rows, 2, rows}; };
  ChainScratch scratch;
  std::vector<double> scores(rows);
  auto own = log_density;
  chain_score(x, chain, panel(own), scores, scratch);
  double total = 0;
  for (const double score : scores) total += score;
  EXPECT_NEAR(total, expected, 1e-10);
  own = log_density;
  std::vector<double> sums(chain.statistics_size()), about(chain.reference_size());
  chain.reference(about);
  const Evidence evidence = chain_posterior(x, Posterior{}, chain, panel(own), {sums, about}, scratch);
  EXPECT_NEAR(evidence.log_likelihood, expected, 1e-10);
  EXPECT_NEAR(own[rows], 1, 1e-12) << "the first row is of state 1";
  EXPECT_NEAR(sums[1], 1, 1e-12);
}

}  // namespace
}  // namespace jensen
