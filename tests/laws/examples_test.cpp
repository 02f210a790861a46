// The laws on the two example models.
#include <gtest/gtest.h>
#include <jensen/data/table.h>
#include <jensen/em/fit.h>
#include <jensen/math/random.h>
#include <jensen/testing/laws.h>

#include "../examples/two_coins.h"
#include "support/inference_models.h"

namespace jensen {
namespace {

TEST(GeneticLinkageLaws, Hold) {
  const Table data = support::animals();
  LawSubject subject(GeneticLinkage{0.3}, data);
  subject.log_density = [](const Block& x, std::int64_t i) {
    const double p[] = {0.5 + 0.3 / 4, 0.7 / 4, 0.7 / 4, 0.3 / 4};
    return std::log(p[static_cast<int>(x.x(i, 0))]);
  };
  const LawReport report = check_laws(subject);
  EXPECT_TRUE(report.holds()) << report;
  for (const char* law : {"tight_bound", "certificate", "gradient", "stationary", "rules", "brute_force", "weights",
                          "entropy_of_rules", "m_step_maximizes", "random_start", "threads", "fixed_labels"}) {
    EXPECT_EQ(report[law].outcome, LawOutcome::held) << law << "\n" << report;
  }
  EXPECT_EQ(report["move"].outcome, LawOutcome::not_applicable);
  EXPECT_NE(report["move"].detail.find("this model cannot move its statistics"), std::string::npos)
      << report["move"].detail;
}

TEST(GeneticLinkageFit, EndsAtTheRootOfTheScore) {
  const auto fitted = fit(GeneticLinkage{0.1}, support::animals(), {.tolerance = 0, .max_iterations = 60});
  EXPECT_NEAR(fitted.model.pi, 0.6268214978709824, 1e-14);
  EXPECT_EQ(fitted.report.iterations, 60);
  EXPECT_EQ(fitted.report.observations, 197);
}

TEST(GeneticLinkageFit, NamesTheRowOfAnImpossibleCell) {
  const Table data({0, 1, 5, 3}, 4, 1);
  try {
    fit(GeneticLinkage{}, data);
    FAIL() << "accepted cell 5";
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("row 3"), std::string::npos) << error.what();
  }
}

// With everything optional added, so that more laws apply.
struct NamedCoins : TwoCoins {
  std::string name() const { return "two coins"; }
  int columns() const { return 2; }
  std::vector<double> unconstrained() const {
    return {std::log(bias[0] / (1 - bias[0])), std::log(bias[1] / (1 - bias[1]))};
  }
  void set_unconstrained(std::span<const double> u) {
    for (std::size_t z = 0; z < 2; ++z) bias[z] = 1 / (1 + std::exp(-u[z]));
  }
  std::vector<double> parameters() const { return {bias[0], bias[1]}; }
  void set_parameters(std::span<const double> v) { bias[0] = v[0], bias[1] = v[1]; }
  std::vector<std::string> parameter_names() const { return {"bias[0]", "bias[1]"}; }
};

// Many runs of tosses of several lengths, so that no law holds by symmetry.
Table many_tosses() {
  std::vector<double> values(80);
  for (std::size_t i = 0; i < 40; ++i) {
    Stream stream(3, Purpose::test, 0, 0, i);
    const double bias = i % 3 == 0 ? 0.8 : 0.35;
    for (std::size_t toss = 0; toss < 5 + i % 7; ++toss) values[i + (stream.uniform() < bias ? 0 : 40)] += 1;
  }
  return Table(std::move(values), 40, 2);
}

TEST(TwoCoinsLaws, Hold) {
  const Table data = many_tosses();
  LawSubject subject(NamedCoins{{{0.6, 0.45}}}, data);
  subject.log_joint = [](const Block& x, std::int64_t i, int z) {
    const double bias = z == 0 ? 0.6 : 0.45;
    return std::log(0.5 * std::pow(bias, x.x(i, 0)) * std::pow(1 - bias, x.x(i, 1)));
  };
  const LawReport report = check_laws(subject);
  EXPECT_TRUE(report.holds()) << report;
  for (const char* law : {"tight_bound", "certificate", "gradient", "stationary", "rules", "brute_force", "parameters",
                          "responsibilities", "unconstrained", "free_labels", "fixed_labels", "scale"}) {
    EXPECT_EQ(report[law].outcome, LawOutcome::held) << law << "\n" << report;
  }
}

// Figure 1 of Do and Batzoglou (2008), to the two digits printed there.
TEST(TwoCoinsFit, ReachesThePublishedNumbers) {
  const Table tosses({5, 9, 8, 4, 7, 5, 1, 2, 6, 3}, 5, 2);
  const auto fitted = fit(TwoCoins{{0.6, 0.5}}, tosses, {.tolerance = 0, .max_iterations = 10});
  EXPECT_NEAR(fitted.model.bias[0], 0.80, 0.005);
  EXPECT_NEAR(fitted.model.bias[1], 0.52, 0.005);
}

}  // namespace
}  // namespace jensen
