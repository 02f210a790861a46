// The laws on hidden Markov models: units are sequences of different lengths, one of a single row.
#include <gtest/gtest.h>
#include <jensen/em/starts.h>
#include <jensen/emissions/gaussian.h>
#include <jensen/fit_gaussian_mixture.h>
#include <jensen/models/hidden_markov.h>
#include <jensen/testing/laws.h>

#include <tuple>

#include "support/data.h"
#include "support/gaussian_reference.h"

namespace jensen {
namespace {

constexpr int rows = 180;
constexpr int columns = 2;
constexpr int states = 3;
const std::vector<std::int64_t> begins{0, 31, 32, 60, 81, 83, 140, 180};

struct Case {
  std::string name;
  Covariance covariance;
  MarkovChain chain;
  bool holes = false, weights = false, labels = false, pseudo_counts = false;
  bool both_ends = false;
};

MarkovChain stationary() {
  MarkovChain chain(states);
  chain.make_initial_stationary();
  return chain;
}

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

Table data_of(const Case& c) {
  Table data =
      c.holes ? support::clustered_with_holes(rows, columns, states) : support::clustered(rows, columns, states);
  if (c.weights) {
    std::vector<double> weights;
    for (std::size_t s = 1; s < begins.size(); ++s) {
      weights.insert(weights.end(), static_cast<std::size_t>(begins[s] - begins[s - 1]),
                     s == 3 ? 0.0 : 0.5 * static_cast<double>(s));
    }
    data = data.with_weights(weights);
  }
  if (c.labels) data = data.with_labels(support::some_labels(rows, states), states);
  return data.with_sequences(begins);
}

// log p of the sequence that begins at `first`, by the textbook recursion in logs and long double.
double log_density(const HiddenMarkov<Gaussian>& model, const Block& x, std::int64_t first) {
  const auto next = std::upper_bound(begins.begin(), begins.end(), first);
  const auto& chain = model.chain();
  std::vector<long double> reached(states);
  for (std::int64_t t = first; t < *next; ++t) {
    std::vector<long double> now(states);
    for (int j = 0; j < states; ++j) {
      long double prior = t == first ? chain.initial()[static_cast<std::size_t>(j)] : 0;
      for (int i = 0; t > first && i < states; ++i)
        prior += reached[static_cast<std::size_t>(i)] * chain.transition(i, j);
      const auto covariance = model.emissions().covariance(j);
      now[static_cast<std::size_t>(j)] =
          prior * std::exp(static_cast<long double>(
                      support::log_normal(x, t, model.emissions().mean(j), support::matrix_of(covariance, columns))));
    }
    reached = now;
  }
  long double total = 0;
  for (const long double r : reached) total += r;
  return static_cast<double>(std::log(total));
}

class HiddenMarkovLaws : public ::testing::TestWithParam<Case> {};

TEST_P(HiddenMarkovLaws, Hold) {
  const Case& c = GetParam();
  const Table data = data_of(c);
  MarkovChain chain = c.chain;
  if (c.pseudo_counts) chain.set_pseudo_counts(0.5, 2);
  const auto prototype = [&](const Data& other) {
    HiddenMarkov model(chain, gaussian_mixture_for(other, {states, c.covariance, Prior::none}, 1).emissions());
    if (c.both_ends) model.set_both_ends_from(2);
    return Erased(std::move(model));
  };
  Workers workers(1);
  const auto start = started(prototype(data), Start::k_means_plus_plus, data, 5, workers);
  const auto model = static_cast<const Erased<HiddenMarkov<Gaussian>>&>(*start).get();
  LawSubject subject(*start, data);
  subject.log_density = [&](const Block& x, std::int64_t first) { return log_density(model, x, first); };
  subject.make = [&](const Data& other) { return prototype(other).clone(); };
  subject.accepts_missing = true;
  const LawReport report = check_laws(subject);
  EXPECT_TRUE(report.holds()) << report;
  for (const std::string law : {"brute_force", "weights", "order", "threads", "tight_bound", "gradient", "rules",
                                "m_step_maximizes", "score", "move", "sample_distribution", "equivariance"}) {
    EXPECT_EQ(report[law].outcome, LawOutcome::held) << law << ": " << report[law].detail;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Every, HiddenMarkovLaws,
    ::testing::Values(Case{"stationary", Covariance::diagonal, stationary(), false, true, true, true},
                      Case{"full", Covariance::full, MarkovChain(states), false, false, false, true},
                      Case{"diagonal_holes", Covariance::diagonal, MarkovChain(states), true, false, false, true},
                      Case{"tied_weights_labels", Covariance::tied, MarkovChain(states), false, true, true, true},
                      Case{"banded", Covariance::diagonal, MarkovChain::banded(states, 1)},
                      Case{"from_both_ends", Covariance::full, MarkovChain(states), true, true, true, true, true},
                      Case{"banded_from_both_ends", Covariance::diagonal, MarkovChain::banded(states, 1), false, false,
                           false, false, true},
                      Case{"full_holes_weights_prior", Covariance::full, MarkovChain(states), true, true, false, true}),
    [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace jensen
