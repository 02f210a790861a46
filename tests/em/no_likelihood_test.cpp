#include <jensen/data/table.h>
#include <jensen/em/fit.h>
#include <jensen/em/no_likelihood.h>
#include <jensen/emissions/gaussian.h>
#include <jensen/models/hidden_markov.h>
#include <jensen/models/mixture.h>

#include <gtest/gtest.h>

namespace jensen {
namespace {

Gaussian two_places() {
  Gaussian emissions(2, 1, Covariance::diagonal);
  emissions.set({-1, 1}, {1, 1});
  return emissions;
}

TEST(NoLikelihood, NamesTheRowThatThePastMakesImpossible) {
  // The chain never leaves the state that it begins in; the last row but one of the second sequence is in another.
  const HiddenMarkov model(MarkovChain({1, 0}, {1, 0, 0, 1}), two_places());
  const Table data = Table({0, 0, 0, 0, 0, 0}, 6, 1)
                         .with_labels(std::vector<std::int32_t>{-1, 0, 0, -1, 1, -1}, 2)
                         .with_sequences({0, 2, 6});
  const auto broken = first_broken_unit(Erased(model), data);
  ASSERT_TRUE(broken);
  EXPECT_TRUE(broken->sequence);
  EXPECT_EQ(broken->unit, 1);
  EXPECT_EQ(broken->first, 2);
  EXPECT_EQ(broken->rows, 4);
  EXPECT_EQ(broken->at, 4);
  EXPECT_EQ(to_string(*broken), "sequence 2 (rows 3 to 6) has log-likelihood -inf, from row 5 on");
  try {
    fit(model, data);
    FAIL() << "the fit has no likelihood";
  } catch (const NoLikelihood& error) {
    ASSERT_TRUE(error.unit());
    EXPECT_EQ(error.unit()->at, 4);
    EXPECT_EQ(error.what(), error.problem() + ": " + to_string(*broken));
  }
}

TEST(NoLikelihood, RowsThatAreUnitsAreNamedAlone) {
  const Mixture model({1, 0}, two_places());
  const Table data = Table({0, 0, 0}, 3, 1).with_labels(std::vector<std::int32_t>{-1, 0, 1}, 2);
  const auto broken = first_broken_unit(Erased(model), data);
  ASSERT_TRUE(broken);
  EXPECT_EQ(broken->at, 2);
  EXPECT_EQ(to_string(*broken), "row 3 has log-likelihood -inf");
  EXPECT_FALSE(first_broken_unit(Erased(model), Table({0, 5}, 2, 1)));
}

}  // namespace
}  // namespace jensen
