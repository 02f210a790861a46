#include <jensen/models/markov_chain.h>

#include <gtest/gtest.h>

#include <cmath>

#include "support/refusal.h"

namespace jensen {
namespace {

std::vector<double> copy(std::span<const double> v) { return {v.begin(), v.end()}; }

TEST(MarkovChain, MStepIsTheShareOfTheCounts) {
  MarkovChain chain(2);
  const std::vector<double> counts{3, 1, 6, 2, 1, 4};
  chain.maximize(counts);
  EXPECT_EQ(copy(chain.initial()), (std::vector<double>{0.75, 0.25}));
  EXPECT_EQ(copy(chain.transitions()), (std::vector<double>{0.75, 0.25, 0.2, 0.8}));
  EXPECT_DOUBLE_EQ(chain.expected_log_density(counts), 3 * std::log(.75) + std::log(.25) + 6 * std::log(.75) +
                                                           2 * std::log(.25) + std::log(.2) + 4 * std::log(.8));
}

TEST(MarkovChain, PseudoCountsAreAPrior) {
  MarkovChain chain(2);
  chain.set_pseudo_counts(1, 2);
  chain.maximize(std::vector<double>{3, 1, 6, 2, 0, 0});
  EXPECT_DOUBLE_EQ(chain.initial()[0], 4.0 / 6);
  EXPECT_DOUBLE_EQ(chain.transition(0, 0), 8.0 / 12);
  EXPECT_DOUBLE_EQ(chain.transition(1, 0), 0.5);  // the prior's mode where nothing was seen
  EXPECT_DOUBLE_EQ(chain.log_prior(), std::log(4.0 / 6) + std::log(2.0 / 6) +
                                          2 * (std::log(8.0 / 12) + std::log(4.0 / 12) + 2 * std::log(0.5)));
  EXPECT_THROW(chain.set_pseudo_counts(-1, 0), ArgumentError);
}

TEST(MarkovChain, AStateThatIsNeverLeftKeepsItsRow) {
  MarkovChain chain({0.5, 0.5}, {0.9, 0.1, 0.3, 0.7});
  chain.maximize(std::vector<double>{1, 0, 5, 0, 0, 0});
  EXPECT_EQ(copy(chain.transitions()), (std::vector<double>{1, 0, 0.3, 0.7}));
  EXPECT_EQ(chain.free_parameters(), 3);  // estimated zeros are parameters
  MarkovChain other = chain;
  other.set_unconstrained(chain.unconstrained());
  EXPECT_NEAR(other.transition(0, 1), 0, 1e-299);
  EXPECT_NEAR(other.transition(1, 1), 0.7, 1e-15);
}

TEST(MarkovChain, ZerosAreStructural) {
  MarkovChain chain = MarkovChain::left_to_right(3);
  EXPECT_EQ(chain.free_parameters(), 2);
  EXPECT_EQ(chain.unconstrained().size(), 2U);
  chain.maximize(
      std::vector<double>{0, 5, 5, 3, 1, 7, 7, 2, 2, 7, 7, 1});  // counts where there is a zero do not matter
  EXPECT_EQ(copy(chain.initial()), (std::vector<double>{1, 0, 0}));
  EXPECT_EQ(copy(chain.transitions()), (std::vector<double>{0.75, 0.25, 0, 0, 0.5, 0.5, 0, 0, 1}));
  const MarkovChain banded = MarkovChain::banded(4, 1);
  EXPECT_EQ(banded.transition(0, 2), 0);
  EXPECT_DOUBLE_EQ(banded.transition(1, 2), 1.0 / 3);
  EXPECT_EQ(banded.free_parameters(), 3 + 1 + 2 + 2 + 1);
}

TEST(MarkovChain, WhatIsFixedStays) {
  MarkovChain chain({0.5, 0.5}, {0.9, 0.1, 0.3, 0.7});
  chain.fix_transitions(true);
  chain.maximize(std::vector<double>{3, 1, 5, 5, 5, 5});
  EXPECT_EQ(copy(chain.transitions()), (std::vector<double>{0.9, 0.1, 0.3, 0.7}));
  EXPECT_EQ(chain.free_parameters(), 1);
  chain.fix_initial(true);
  chain.maximize(std::vector<double>{1, 3, 5, 5, 5, 5});
  EXPECT_EQ(copy(chain.initial()), (std::vector<double>{0.75, 0.25}));
  EXPECT_EQ(chain.free_parameters(), 0);
  EXPECT_TRUE(chain.unconstrained().empty());
}

TEST(MarkovChain, CoordinatesGoThereAndBack) {
  const MarkovChain chain({0.2, 0, 0.8}, {0.5, 0.25, 0.25, 0, 1, 0, 0.1, 0.2, 0.7});
  MarkovChain other = chain;
  other.set_unconstrained(chain.unconstrained());
  for (std::size_t e = 0; e < 9; ++e) EXPECT_NEAR(other.transitions()[e], chain.transitions()[e], 1e-15);
  other.set_parameters(chain.parameters());
  EXPECT_EQ(other.parameters(), chain.parameters());
  EXPECT_EQ(chain.parameter_names()[4], "transition[0,1]");
  EXPECT_EQ(chain.parameter_names().size(), chain.parameters().size());
}

TEST(MarkovChain, RefusesWhatIsNoDistribution) {
  EXPECT_THROW(MarkovChain(0), ArgumentError);
  EXPECT_THROW(MarkovChain({1}, {1, 0}), ArgumentError);
  EXPECT_THROW(MarkovChain({0.5, 0.4}, {1, 0, 0, 1}), ArgumentError);
  try {
    MarkovChain({0.5, 0.5}, {1, 0, 0.5, 0.6});
    FAIL();
  } catch (const ArgumentError& error) {
    EXPECT_NE(std::string(error.what()).find("transitions from state 1"), std::string::npos) << error.what();
  }
  MarkovChain chain(2);
  EXPECT_THROW(chain.set_unconstrained(std::vector<double>{1}), ArgumentError);
  EXPECT_THROW(chain.set_parameters(std::vector<double>{1}), ArgumentError);
  EXPECT_THROW(MarkovChain::banded(2, -1), ArgumentError);
}

TEST(MarkovChain, StatesChangePlacesWithTheirZeros) {
  MarkovChain chain({1, 0, 0}, {0.5, 0.5, 0, 0, 0.25, 0.75, 0, 0, 1});
  chain.set_pseudo_counts(0, 2);
  const std::vector<int> order{2, 0, 1};
  const MarkovChain turned = chain.reordered(order);
  EXPECT_EQ(copy(turned.initial()), (std::vector<double>{0, 1, 0}));
  EXPECT_EQ(copy(turned.transitions()), (std::vector<double>{1, 0, 0, 0, 0.5, 0.5, 0.75, 0, 0.25}));
  EXPECT_EQ(turned.free_parameters(), chain.free_parameters());
  EXPECT_DOUBLE_EQ(turned.log_prior(), chain.log_prior());
}

TEST(MarkovChain, NothingGoesWhereAStructuralZeroIs) {
  MarkovChain chain = MarkovChain::left_to_right(2);
  EXPECT_EQ(support::refusal([&] {
              chain.set_parameters(std::vector<double>{0.9, 0.1, 0.5, 0.5, 0, 1});
            }),
            "MarkovChain::set_parameters: v: initial[1] is zero by the structure of the chain, got 0.1");
}

}  // namespace
}  // namespace jensen
