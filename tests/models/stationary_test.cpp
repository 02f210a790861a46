#include <jensen/models/markov_chain.h>
#include <jensen/models/stationary.h>

#include <gtest/gtest.h>

#include <jensen/math/random.h>

#include <cmath>

#include "support/refusal.h"

namespace jensen {
namespace {

std::vector<double> random_transitions(std::size_t states, std::uint64_t seed) {
  Stream stream(seed, Purpose::test);
  std::vector<double> a(states * states);
  for (std::size_t i = 0; i < states; ++i) {
    double total = 0;
    for (std::size_t j = 0; j < states; ++j) total += a[i * states + j] = stream.exponential();
    for (std::size_t j = 0; j < states; ++j) a[i * states + j] /= total;
  }
  return a;
}

double objective(std::span<const double> a, std::span<const double> first, std::span<const double> counts) {
  const auto pi = stationary_distribution(a, static_cast<int>(first.size()));
  double total = 0;
  for (std::size_t k = 0; k < first.size(); ++k) total += first[k] > 0 ? first[k] * std::log(pi[k]) : 0;
  for (std::size_t e = 0; e < counts.size(); ++e) total += counts[e] > 0 ? counts[e] * std::log(a[e]) : 0;
  return total;
}

TEST(Stationary, IsWhatTheChainKeeps) {
  const auto two = stationary_distribution(std::vector<double>{0.9, 0.1, 0.3, 0.7}, 2);
  EXPECT_NEAR(two[0], 0.75, 1e-15);
  EXPECT_NEAR(two[1], 0.25, 1e-15);
  const std::size_t states = 6;
  const auto a = random_transitions(states, 1);
  const auto pi = stationary_distribution(a, static_cast<int>(states));
  double total = 0;
  for (std::size_t j = 0; j < states; ++j) {
    double kept = 0;
    for (std::size_t i = 0; i < states; ++i) kept += pi[i] * a[i * states + j];
    EXPECT_NEAR(kept, pi[j], 1e-15);
    total += pi[j];
  }
  EXPECT_NEAR(total, 1, 1e-15);
  // Nearly apart: the small probabilities decide, and lose no digits.
  const auto apart = stationary_distribution(std::vector<double>{1 - 1e-12, 1e-12, 3e-12, 1 - 3e-12}, 2);
  EXPECT_NEAR(apart[0], 0.75, 1e-14);
}

TEST(Stationary, LeavesOutWhatIsLeftForGood) {
  const auto pi = stationary_distribution(std::vector<double>{0.5, 0.25, 0.25, 0, 0.5, 0.5, 0, 1, 0}, 3);
  EXPECT_EQ(pi[0], 0);
  EXPECT_NEAR(pi[1], 2.0 / 3, 1e-15);
  EXPECT_TRUE(stationary_distribution(std::vector<double>{1, 0, 0, 1}, 2).empty());
  EXPECT_EQ(stationary_distribution(std::vector<double>{1}, 1), std::vector<double>{1});
}

TEST(Stationary, TheClimbEndsWhereNoDirectionLeadsUp) {
  for (const std::size_t states : {2, 3, 5}) {
    for (std::uint64_t seed = 1; seed < 6; ++seed) {
      Stream stream(seed, Purpose::test, states);
      std::vector<double> first(states), counts(states * states);
      for (double& f : first) f = 20 * stream.exponential();
      for (double& c : counts) c = 5 * stream.exponential();
      auto a = random_transitions(states, seed);
      const double before = objective(a, first, counts);
      const auto pi = climb_to_stationary(a, first, counts);
      const double reached = objective(a, first, counts);
      EXPECT_GT(reached, before);
      EXPECT_EQ(pi, stationary_distribution(a, static_cast<int>(states)));
      // A little more to one entry of a row, less to another.
      for (std::size_t i = 0; i < states; ++i) {
        for (std::size_t j = 0; j < states; ++j) {
          for (std::size_t l = 0; l < states; ++l) {
            const double step = 1e-4 * std::min(a[i * states + j], a[i * states + l]);
            auto moved = a;
            moved[i * states + j] += step;
            moved[i * states + l] -= step;
            EXPECT_LE(objective(moved, first, counts), reached + 1e-10 * std::abs(reached)) << i << j << l;
          }
        }
      }
    }
  }
}

TEST(Stationary, ZerosStayAndPiFollows) {
  MarkovChain chain = MarkovChain::banded(3, 1);
  chain.make_initial_stationary();
  EXPECT_EQ(chain.free_parameters(), 1 + 2 + 1);
  EXPECT_EQ(chain.unconstrained().size(), 4U);
  const std::vector<double> counts{2, 0, 1, 5, 1, 0, 2, 6, 3, 0, 1, 9};
  const double before = chain.expected_log_density(counts);
  chain.maximize(counts);
  EXPECT_GT(chain.expected_log_density(counts), before);
  EXPECT_EQ(chain.transition(0, 2), 0);
  const auto pi = stationary_distribution(chain.transitions(), 3);
  EXPECT_EQ(std::vector<double>(chain.initial().begin(), chain.initial().end()), pi);
  // Without first states the shares of the counts are the maximum.
  chain.maximize(std::vector<double>{0, 0, 0, 5, 1, 0, 2, 6, 3, 0, 1, 9});
  EXPECT_NEAR(chain.transition(1, 2), 3.0 / 11, 1e-15);

  MarkovChain other = MarkovChain::banded(3, 1);
  other.make_initial_stationary();
  other.set_parameters(chain.parameters());
  EXPECT_EQ(other.parameters(), chain.parameters());
  other.set_unconstrained(chain.unconstrained());
  for (int k = 0; k < 3; ++k) {
    EXPECT_NEAR(other.initial()[static_cast<std::size_t>(k)], chain.initial()[static_cast<std::size_t>(k)], 1e-14);
  }
  EXPECT_EQ(
      support::refusal([] {
        MarkovChain({0.5, 0.5}, {1, 0, 0, 1}).make_initial_stationary();
      }),
      "MarkovChain::make_initial_stationary: transitions: have more than one stationary distribution: some states "
      "never lead to some others");
  EXPECT_THROW(MarkovChain::left_to_right(3).make_initial_stationary(), ArgumentError);
}

}  // namespace
}  // namespace jensen
