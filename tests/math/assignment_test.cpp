#include <gtest/gtest.h>
#include <jensen/math/assignment.h>
#include <jensen/math/random.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "support/refusal.h"

namespace jensen {
namespace {

double price(const std::vector<double>& cost, const std::vector<int>& assigned) {
  double total = 0;
  for (std::size_t i = 0; i < assigned.size(); ++i) {
    total += cost[i * assigned.size() + static_cast<std::size_t>(assigned[i])];
  }
  return total;
}

TEST(Assignment, IsTheCheapestOfAllPermutations) {
  for (int n = 1; n <= 6; ++n) {
    for (std::uint64_t seed = 0; seed < 30; ++seed) {
      Stream stream(seed, Purpose::test, static_cast<std::uint64_t>(n));
      std::vector<double> cost(static_cast<std::size_t>(n * n));
      for (double& c : cost) c = stream.normal();
      std::vector<int> permutation(static_cast<std::size_t>(n));
      std::iota(permutation.begin(), permutation.end(), 0);
      double cheapest = std::numeric_limits<double>::infinity();
      do cheapest = std::min(cheapest, price(cost, permutation));
      while (std::next_permutation(permutation.begin(), permutation.end()));
      EXPECT_NEAR(price(cost, cheapest_assignment(cost, n)), cheapest, 1e-12) << n << " " << seed;
    }
  }
}

TEST(Assignment, EdgesAndRefusals) {
  EXPECT_TRUE(cheapest_assignment({}, 0).empty());
  const std::vector<double> three(3);
  EXPECT_NE(support::refusal([&] { cheapest_assignment(three, 2); }).find("must hold n²"), std::string::npos);
}

}  // namespace
}  // namespace jensen
