// The best of several ends is the same in whatever order they come.
#include <gtest/gtest.h>
#include <jensen/em/best_start.h>
#include <jensen/em/trace.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

namespace jensen {
namespace {

constexpr double precision = std::numeric_limits<double>::epsilon();
constexpr double weight = 100;
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

struct Found {
  double objective;
  Outcome outcome = Outcome::converged;
  bool degenerate = false;
};

EndedStart ended(int start, const Found& found) {
  EndedStart result{start, 0, {}};
  result.climb.reading.log_likelihood = found.objective;
  result.climb.evidence.weight = weight;
  result.climb.outcome = found.outcome;
  if (found.degenerate) result.climb.degeneracies.push_back({0, false, "thin"});
  return result;
}

// Offered in every order.
void expect_best(const std::vector<Found>& found, int best) {
  std::vector<int> order(found.size());
  std::iota(order.begin(), order.end(), 0);
  do {
    BestStart starts(precision);
    for (const int start : order) starts.offer(ended(start, found[static_cast<std::size_t>(start)]));
    EXPECT_EQ(starts.best().start, best);
    EXPECT_LE(starts.kept().size(), found.size());
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(BestStart, TheHighestWins) { expect_best({{-300}, {-200}, {-250}, {-400}}, 1); }

TEST(BestStart, RoundingLosesToTheEarlierNumber) {
  const double r = rounding(-200, weight, precision);
  expect_best({{-300}, {-200 - 0.9 * r}, {-200}, {-200 - 0.5 * r}, {-200 + 1e-13}}, 1);
  expect_best({{-200 - 1.1 * r}, {-200 - 0.5 * r}, {-200}}, 1);
  // Each is as good as the next, the first not as good as the last.
  expect_best({{-200 - 1.6 * r}, {-200 - 0.8 * r}, {-200}}, 1);
}

TEST(BestStart, SoundBeforeDegenerateBeforeFallenBeforeNotFinite) {
  const Found nothing{nan, Outcome::not_finite};
  const Found fallen{-10, Outcome::objective_fell};
  const Found thin{-100, Outcome::converged, true};
  expect_best({nothing, fallen, thin, {-200}}, 3);
  expect_best({nothing, fallen, thin}, 2);
  expect_best({nothing, fallen, nothing}, 1);
  expect_best({nothing, nothing}, 0);
}

TEST(BestStart, KeepsNoMoreThanMayStillWin) {
  BestStart starts(precision);
  starts.offer(ended(3, {-200}));
  starts.offer(ended(5, {-200 - 1e-12}));
  EXPECT_EQ(starts.kept().size(), 1U) << "a later one that is no higher";
  starts.offer(ended(1, {-200 - 1e-12}));
  EXPECT_EQ(starts.kept().size(), 2U);
  starts.offer(ended(7, {-150}));
  EXPECT_EQ(starts.kept().size(), 1U);
  EXPECT_EQ(starts.best().start, 7);
}

}  // namespace
}  // namespace jensen
