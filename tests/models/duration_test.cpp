#include <jensen/models/duration.h>

#include <gtest/gtest.h>

#include <boost/math/distributions/negative_binomial.hpp>
#include <boost/math/distributions/poisson.hpp>
#include <cmath>
#include <limits>

#include "support/refusal.h"

namespace jensen {
namespace {

using support::refusal;

const std::vector<DurationFamily> families{DurationFamily::free, DurationFamily::geometric, DurationFamily::poisson,
                                           DurationFamily::negative_binomial};

std::vector<double> some_parameters(DurationFamily family, int longest) {
  if (family == DurationFamily::geometric) return {0.3};
  if (family == DurationFamily::poisson) return {2.5};
  if (family == DurationFamily::negative_binomial) return {3, 1.5};
  std::vector<double> p;
  for (int d = 1; d <= longest; ++d) p.push_back(2.0 * d / (longest * (longest + 1)));
  return p;
}

TEST(Duration, IsTheFamilyCutOffAndScaled) {
  const int longest = 7;
  const auto compare = [&](DurationFamily family, const auto& probability) {
    const Duration duration(family, longest, some_parameters(family, longest));
    double total = 0;
    for (int x = 0; x < longest; ++x) total += probability(x);
    double beyond = 1;
    for (int x = 0; x < longest; ++x) {
      const auto at = static_cast<std::size_t>(x);
      EXPECT_NEAR(std::exp(duration.log_probability()[at]), probability(x) / total, 1e-14) << to_string(family) << x;
      EXPECT_NEAR(std::exp(duration.log_survivor()[at]), beyond, 1e-14) << to_string(family) << x;
      beyond -= probability(x) / total;
    }
  };
  compare(DurationFamily::geometric, [](int x) { return 0.3 * std::pow(0.7, x); });
  const boost::math::poisson_distribution<> poisson(2.5);
  compare(DurationFamily::poisson, [&](int x) { return boost::math::pdf(poisson, x); });
  const boost::math::negative_binomial_distribution<> negative(1.5, 1.5 / (1.5 + 3));
  compare(DurationFamily::negative_binomial, [&](int x) { return boost::math::pdf(negative, x); });
  compare(DurationFamily::free, [](int x) { return (x + 1) / 28.0; });
}

// Counts with a share of unfinished stays, none beyond 9.
const std::vector<double> ended{0.5, 3, 6.5, 7, 4, 2, 0, 1.25, 0, 0, 0, 0};
const std::vector<double> unfinished{1, 0, 2.5, 0.5, 0, 0, 1.5, 0, 0.25, 0, 0, 0};

// No point nearby is better, and the gradient by differences is zero: the maximum, whatever the way there.
TEST(Duration, FitIsTheMaximum) {
  for (const auto family : families) {
    Duration best(family, 12, some_parameters(family, 12));
    const double before = best.expected_log_density(ended, unfinished);
    best.fit(ended, unfinished);
    const double reached = best.expected_log_density(ended, unfinished);
    EXPECT_GT(reached, before) << to_string(family);
    const auto u = best.unconstrained();
    for (std::size_t a = 0; a < u.size(); ++a) {
      for (const double step : {-1e-2, -1e-4, 1e-4, 1e-2}) {
        Duration other = best;
        auto moved = u;
        moved[a] += step;
        other.set_unconstrained(moved);
        EXPECT_LE(other.expected_log_density(ended, unfinished), reached + 1e-12) << to_string(family) << " " << a;
      }
    }
    Duration again = best;
    again.fit(ended, unfinished);
    for (std::size_t d = 0; d < 12; ++d) {
      EXPECT_NEAR(std::exp(again.log_probability()[d]), std::exp(best.log_probability()[d]), 1e-10)
          << to_string(family);
    }
  }
}

TEST(Duration, GeometricIsLeavesOverRowsWhereNothingIsCutOff) {
  std::vector<double> ends(400, 0.0);
  std::vector<double> open(400, 0.0);
  std::copy(ended.begin(), ended.end(), ends.begin());
  std::copy(unfinished.begin(), unfinished.end(), open.begin());
  double leaves = 0;
  double stays = 0;
  for (std::size_t x = 0; x < 12; ++x) {
    leaves += ends[x];
    stays += static_cast<double>(x) * (ends[x] + open[x]);
  }
  Duration duration(DurationFamily::geometric, 400);
  duration.fit(ends, open);
  EXPECT_NEAR(duration.parameters()[0], leaves / (leaves + stays), 1e-12);
}

TEST(Duration, FreeIsTheProductLimit) {
  // Ten stays: two end after 1 row; of three a second row is the last that is seen; of the other five four end after 2
  // rows and one after 3. Two more of which only the first row is seen say nothing.
  Duration duration(DurationFamily::free, 4);
  duration.fit(std::vector<double>{2, 4, 1, 0}, std::vector<double>{2, 3, 0, 0});
  EXPECT_NEAR(duration.parameters()[0], 0.2, 1e-15);
  EXPECT_NEAR(duration.parameters()[1], 0.8 * 0.8, 1e-15);
  EXPECT_NEAR(duration.parameters()[2], 0.8 * 0.2, 1e-15);
  EXPECT_EQ(duration.parameters()[3], 0);
  EXPECT_EQ(duration.log_probability()[3], -std::numeric_limits<double>::infinity());
  EXPECT_NEAR(duration.mean(), 0.2 + 2 * 0.64 + 3 * 0.16, 1e-15);
  EXPECT_EQ(duration.quantile(0.5), 2);
}

TEST(Duration, NothingCountedChangesNothing) {
  for (const auto family : families) {
    Duration duration(family, 12, some_parameters(family, 12));
    const auto before = duration.parameters();
    duration.fit(std::vector<double>(12, 0.0), std::vector<double>(12, 0.0));
    EXPECT_EQ(duration.parameters(), before);
  }
}

TEST(Duration, CountsAtTheEdgesLeaveNoNaN) {
  std::vector<double> at_once(12, 0.0), at_last(12, 0.0), none(12, 0.0);
  at_once[0] = 5;
  at_last[11] = 5;
  for (const auto family : families) {
    for (const auto* counts : {&at_once, &at_last}) {
      Duration duration(family, 12);
      duration.fit(*counts, none);
      EXPECT_NEAR(duration.mean(), counts == &at_once ? 1 : 12, family == DurationFamily::geometric ? 6 : 1e-3);
      EXPECT_NO_THROW(Duration(family, 12, duration.parameters())) << to_string(family);
      for (const double log_p : duration.log_survivor()) EXPECT_LE(log_p, 1e-12) << to_string(family);
      Duration censored(family, 12);
      censored.fit(none, *counts);
      EXPECT_FALSE(std::isnan(censored.mean())) << to_string(family);
    }
  }
}

TEST(Duration, CoordinatesGoThereAndBack) {
  for (const auto family : families) {
    const Duration duration(family, 6, some_parameters(family, 6));
    Duration other(family, 6);
    other.set_unconstrained(duration.unconstrained());
    EXPECT_EQ(static_cast<int>(duration.unconstrained().size()), duration.free_parameters());
    for (std::size_t p = 0; p < duration.parameters().size(); ++p) {
      EXPECT_NEAR(other.parameters()[p], duration.parameters()[p], 1e-14);
    }
    EXPECT_EQ(duration_family_named(to_string(family)), family);
  }
}

TEST(Duration, SamplesFollowTheProbabilities) {
  const Duration duration(DurationFamily::poisson, 5, std::vector<double>{1.5});
  std::vector<double> share(5);
  Stream stream(1, Purpose::test);
  for (int i = 0; i < 40000; ++i) share[static_cast<std::size_t>(duration.sample(stream) - 1)] += 1 / 40000.0;
  for (std::size_t d = 0; d < 5; ++d) EXPECT_NEAR(share[d], std::exp(duration.log_probability()[d]), 0.012);
}

TEST(Duration, RefusesWhatIsNone) {
  EXPECT_EQ(refusal([] { Duration(DurationFamily::poisson, 0); }), "Duration: longest: must lie in 1 … 1000000, got 0");
  EXPECT_EQ(refusal([] { Duration(DurationFamily::geometric, 3, std::vector<double>{1}); }),
            "Duration: probability: must lie between 0 and 1, got 1");
  EXPECT_EQ(refusal([] { duration_family_named("weibull"); }),
            "durations: name: 'weibull' is none of free, geometric, poisson, negative-binomial");
  EXPECT_THROW(Duration(DurationFamily::free, 2, std::vector<double>{0.5, 0.4}), ArgumentError);
}

}  // namespace
}  // namespace jensen
