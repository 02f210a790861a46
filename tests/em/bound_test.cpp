// F(q, θ) against sums over every state of every row, written out.
#include <gtest/gtest.h>
#include <jensen/em/bound.h>
#include <jensen/error.h>
#include <jensen/fit_gaussian_mixture.h>

#include <cmath>

#include "../examples/two_coins.h"
#include "support/data.h"
#include "support/models.h"

namespace jensen {
namespace {

const double heads[] = {5, 9, 8, 4, 7};

// log p(x, z) of the coins; ten tosses a set
double log_joint(std::size_t i, double bias) {
  const double h = heads[i];
  return std::log(0.5) + h * std::log(bias) + (10 - h) * std::log(1 - bias);
}

const Table& tosses() {
  static const Table table({5, 9, 8, 4, 7, 5, 1, 2, 6, 3}, 5, 2);
  return table;
}

struct ByHand {
  double log_likelihood = 0, expected_log_joint = 0, entropy = 0;
};

// q from the biases `at`, raised to 1 / temperature; ℓ and Q at `theta`.
ByHand by_hand(const double (&at)[2], double temperature, const double (&theta)[2]) {
  ByHand result;
  for (std::size_t i = 0; i < 5; ++i) {
    double q[2], joint[2];
    for (int z = 0; z < 2; ++z) {
      q[z] = std::exp(log_joint(i, at[z]) / temperature);
      joint[z] = log_joint(i, theta[z]);
    }
    const double mass = q[0] + q[1];
    for (int z = 0; z < 2; ++z) {
      result.expected_log_joint += q[z] / mass * joint[z];
      result.entropy -= q[z] / mass * std::log(q[z] / mass);
    }
    result.log_likelihood += std::log(std::exp(joint[0]) + std::exp(joint[1]));
  }
  return result;
}

TEST(LowerBound, PosteriorRule) {
  const Bound bound = lower_bound(TwoCoins{{0.6, 0.5}}, Posterior{}, tosses());
  const ByHand expected = by_hand({0.6, 0.5}, 1, {0.6, 0.5});
  EXPECT_NEAR(bound.log_likelihood, expected.log_likelihood, 1e-12);
  EXPECT_NEAR(bound.expected_log_joint, expected.expected_log_joint, 1e-12);
  EXPECT_NEAR(bound.entropy, expected.entropy, 1e-12);
  EXPECT_NEAR(bound.gap(), 0, 1e-12);
}

TEST(LowerBound, OtherThetaAndOtherTemperature) {
  for (const double temperature : {0.3, 1.0, 4.0}) {
    const Bound bound = lower_bound(TwoCoins{{0.6, 0.5}}, Posterior{temperature}, TwoCoins{{0.9, 0.2}}, tosses());
    const ByHand expected = by_hand({0.6, 0.5}, temperature, {0.9, 0.2});
    EXPECT_NEAR(bound.log_likelihood, expected.log_likelihood, 1e-12);
    EXPECT_NEAR(bound.expected_log_joint, expected.expected_log_joint, 1e-12);
    EXPECT_NEAR(bound.entropy, expected.entropy, 1e-12);
    EXPECT_GT(bound.gap(), 0.1);
  }
}

TEST(LowerBound, GapIsTheDivergenceFromThePosterior) {
  const double share = 0.3;
  const Given constant{[&](const Block&, Panel q) {
    for (std::int64_t i = 0; i < q.rows; ++i) q(i, 0) = share, q(i, 1) = 1 - share;
  }};
  const Bound bound = lower_bound(TwoCoins{{0.6, 0.5}}, constant, tosses());
  double divergence = 0;
  for (std::size_t i = 0; i < 5; ++i) {
    const double first = std::exp(log_joint(i, 0.6));
    const double second = std::exp(log_joint(i, 0.5));
    const double p = first / (first + second);
    divergence += share * std::log(share / p) + (1 - share) * std::log((1 - share) / (1 - p));
  }
  EXPECT_NEAR(bound.gap(), divergence, 1e-12);
}

TEST(LowerBound, ModeIsTheCompleteDataLikelihood) {
  const Bound bound = lower_bound(TwoCoins{{0.6, 0.5}}, Mode{}, tosses());
  double best = 0;
  for (std::size_t i = 0; i < 5; ++i) best += std::max(log_joint(i, 0.6), log_joint(i, 0.5));
  EXPECT_EQ(bound.entropy, 0);
  EXPECT_NEAR(bound.value(), best, 1e-12);
}

TEST(LowerBound, ThreadsChangeNoBit) {
  const Table data = support::clustered_with_holes(4000, 2, 2);
  const auto model = gaussian_mixture_for(data, {2, Covariance::full, Prior::none});
  const Bound one = lower_bound(model, Draws{3, 5, 0, 0}, data, 1);
  const Bound seven = lower_bound(model, Draws{3, 5, 0, 0}, data, 7);
  EXPECT_EQ(one.value(), seven.value());
  EXPECT_EQ(one.log_likelihood, seven.log_likelihood);
}

TEST(LowerBound, RefusesAModelWithoutQByName) {
  const Table data({1, 2}, 2, 1);
  try {
    lower_bound(support::Geometric{}, Posterior{}, data);
    FAIL();
  } catch (const UnsupportedError& error) {
    EXPECT_STREQ(error.what(),
                 "geometric cannot take any rule for q (its E-step takes no Rule), which lower_bound needs");
  }
}

}  // namespace
}  // namespace jensen
