// A small version of tests/coverage: enough to notice intervals that are a third too short or too long.
#include "support/coverage.h"

#include <gtest/gtest.h>

namespace jensen {
namespace {

void expect_nominal(const std::vector<support::Coverage>& all, int data_sets) {
  const double spread = std::sqrt(0.95 * 0.05 / data_sets);
  for (const auto& c : all) {
    EXPECT_NEAR(c.oakes, 0.95, 3.5 * spread) << c.parameter;
    EXPECT_NEAR(c.sandwich, 0.95, 3.5 * spread) << c.parameter;
    EXPECT_LT(c.oakes, 1) << c.parameter;
  }
}

TEST(Coverage, GeneticLinkage) {
  const auto all = support::coverage_of(support::linkage_at_its_maximum(),
                                        {.data_sets = 300, .rows = 197, .threads = 1, .profile = false});
  expect_nominal(all, 300);
}

TEST(Coverage, TwoPoissons) {
  const auto all = support::coverage_of(support::PoissonMixture({0.4, 0.6}, {2, 9}),
                                        {.data_sets = 120, .rows = 300, .threads = 2, .profile = false});
  expect_nominal(all, 120);
  const auto profiled = support::coverage_of(support::PoissonMixture({0.4, 0.6}, {2, 9}),
                                             {.data_sets = 60, .rows = 300, .seed = 2, .threads = 2});
  for (const auto& c : profiled) EXPECT_NEAR(c.profile, 0.95, 3.5 * std::sqrt(0.95 * 0.05 / 60)) << c.parameter;
}

TEST(Coverage, TwoNormals) {
  expect_nominal(
      support::coverage_of(support::two_normals(), {.data_sets = 120, .rows = 600, .threads = 2, .profile = false}),
      120);
}

}  // namespace
}  // namespace jensen
