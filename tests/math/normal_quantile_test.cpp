#include <gtest/gtest.h>
#include <jensen/math/normal_quantile.h>

#include <boost/math/distributions/normal.hpp>
#include <cmath>

#include "support/refusal.h"

namespace jensen {
namespace {

TEST(NormalQuantile, AgreesWithBoostFromTheTailsToTheCentre) {
  const boost::math::normal normal;
  for (double p :
       {1e-300, 1e-100, 1e-20, 1e-12, 1e-6, 0.001, 0.025, 0.074, 0.076, 0.3, 0.5, 0.6, 0.93, 0.975, 0.9999}) {
    EXPECT_NEAR(normal_quantile(p), quantile(normal, p), 2e-15 * (1 + std::abs(quantile(normal, p)))) << p;
  }
}

TEST(NormalQuantile, EndsAndRefusals) {
  EXPECT_EQ(normal_quantile(0), -INFINITY);
  EXPECT_EQ(normal_quantile(1), INFINITY);
  EXPECT_NE(support::refusal([] { normal_quantile(-0.1); }).find("must lie in [0, 1]"), std::string::npos);
  EXPECT_NE(support::refusal([] { normal_quantile(NAN); }).find("must lie in [0, 1]"), std::string::npos);
}

}  // namespace
}  // namespace jensen
