#include <jensen/emissions/gaussian.h>
#include <jensen/models/any_hidden_markov.h>

#include <gtest/gtest.h>

#include <jensen/em/fit.h>

#include "support/data.h"

namespace jensen {
namespace {

TEST(AnyHiddenMarkov, IsTheSameModelToTheBit) {
  const Table data = support::clustered_with_holes(300, 2, 2).with_sequences({0, 100, 300});
  Gaussian start(2, 2, Covariance::diagonal);
  start.set({0, 1, 3, 0}, {4, 4, 4, 4});
  Options options;
  options.max_iterations = 10;
  const auto known = fit(HiddenMarkov(start), data, options);
  const auto erased = fit(AnyHiddenMarkov(AnyEmissions(start)), data, options);
  EXPECT_EQ(known.model.parameters(), erased.model.parameters());
  EXPECT_EQ(known.report.log_likelihood, erased.report.log_likelihood);
  EXPECT_EQ(known.model.parameter_names(), erased.model.parameter_names());
  EXPECT_TRUE(erased.model.can(Capability::move));
}

}  // namespace
}  // namespace jensen
