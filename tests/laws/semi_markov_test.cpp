// The laws on hidden semi-Markov models: units are sequences of different lengths, one of a single row.
#include <gtest/gtest.h>
#include <jensen/em/starts.h>
#include <jensen/emissions/gaussian.h>
#include <jensen/fit_gaussian_mixture.h>
#include <jensen/models/hidden_markov.h>
#include <jensen/models/semi_markov_chain.h>
#include <jensen/testing/laws.h>

#include "support/data.h"

namespace jensen {
namespace {

constexpr int rows = 180;
constexpr int columns = 2;
constexpr int states = 3;
const std::vector<std::int64_t> begins{0, 31, 32, 60, 81, 83, 140, 180};

struct Case {
  std::string name;
  SemiMarkovChain chain;
  bool holes = false, weights = false, labels = false, pseudo_counts = false;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

// Stays of very different lengths in states that overlap.
Table data_of(const Case& c) {
  Gaussian emissions(states, columns, Covariance::diagonal);
  emissions.set({-2, 0, 1, 1, 4, -1}, {1, 1, 1, 2, 1, 1});
  const SemiMarkovChain chain(
      MarkovChain({0.4, 0.3, 0.3}, {0, 0.5, 0.5, 0.7, 0, 0.3, 0.4, 0.6, 0}),
      std::vector<Duration>(states, Duration(DurationFamily::negative_binomial, 30, std::vector<double>{3, 0.7})));
  const HiddenMarkov<Gaussian, SemiMarkovChain> truth(chain, emissions);
  std::vector<double> x(rows * columns);
  std::vector<std::int32_t> z(rows);
  truth.sample(2, 0, {x.data(), rows, columns, rows}, z);
  for (std::size_t e = 0; c.holes && e < x.size(); e += 7) x[e] = support::missing;
  Table data(std::move(x), rows, columns);
  if (c.weights) {
    std::vector<double> weights;
    for (std::size_t s = 1; s < begins.size(); ++s) {
      weights.insert(weights.end(), static_cast<std::size_t>(begins[s] - begins[s - 1]),
                     s == 3 ? 0.0 : 0.5 * static_cast<double>(s));
    }
    data = data.with_weights(weights);
  }
  for (std::size_t t = 0; t < z.size(); ++t) z[t] = t % 6 == 0 ? z[t] : -1;
  if (c.labels) data = data.with_labels(z, states);
  return data.with_sequences(begins);
}

class SemiMarkovLaws : public ::testing::TestWithParam<Case> {};

TEST_P(SemiMarkovLaws, Hold) {
  const Case& c = GetParam();
  const Table data = data_of(c);
  SemiMarkovChain chain = c.chain;
  if (c.pseudo_counts) chain.jumps().set_pseudo_counts(0.5, 2);
  const auto prototype = [&](const Data& other) {
    return Erased(HiddenMarkov<Gaussian, SemiMarkovChain>(
        chain, gaussian_mixture_for(other, {states, Covariance::diagonal, Prior::none}, 1).emissions()));
  };
  Workers workers(1);
  const auto start = started(prototype(data), Start::k_means_plus_plus, data, 5, workers);
  LawSubject subject(*start, data);
  subject.make = [&](const Data& other) { return prototype(other).clone(); };
  subject.accepts_missing = true;
  auto laws = law_names();
  // Probabilities that are estimated as zero lie at the edge of their coordinates, where differences say nothing.
  if (c.chain.duration(0).family() == DurationFamily::free) std::erase(laws, "stationary");
  const LawReport report = check_laws(subject, laws);
  EXPECT_TRUE(report.holds()) << report;
  for (const std::string law : {"weights", "order", "threads", "tight_bound", "bound_below", "gradient", "rules",
                                "m_step_maximizes", "score", "move", "sample_distribution", "equivariance"}) {
    EXPECT_EQ(report[law].outcome, LawOutcome::held) << law << ": " << report[law].detail;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Every, SemiMarkovLaws,
    ::testing::Values(
        Case{"free", {states, DurationFamily::free, 12}},
        Case{"geometric_weights", {states, DurationFamily::geometric, 40}, false, true, false, true},
        Case{"poisson_holes", {states, DurationFamily::poisson, 40}, true},
        Case{"negative_binomial_labels", {states, DurationFamily::negative_binomial, 40}, false, true, true, true}),
    [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace jensen
