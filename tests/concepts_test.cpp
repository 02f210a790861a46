#include <gtest/gtest.h>
#include <jensen/concepts.h>
#include <jensen/em/model.h>
#include <jensen/error.h>
#include <jensen/models/gaussian_mixture.h>

#include "support/models.h"

namespace jensen {
namespace {

TEST(Statistics, AddOnlyAboutTheSamePoints) {
  Statistics s{{1, 2}, {5}};
  s += {{10, 20}, {5}};
  EXPECT_EQ(s.sum, (std::vector<double>{11, 22}));
  EXPECT_EQ(s.about, (std::vector<double>{5}));
  EXPECT_THROW((s += {{1, 1}, {5.000001}}), ArgumentError);
  EXPECT_THROW((s += {{1, 1}, {}}), ArgumentError);
  EXPECT_THROW((s += {{1}, {5}}), ArgumentError);
  EXPECT_EQ(s.sum, (std::vector<double>{11, 22})) << "a refused sum adds nothing";
}

TEST(Statistics, ScaleLeavesReferencePointsAlone) {
  Statistics s{{1, 2}, {5}};
  s *= 0.5;
  EXPECT_EQ(s.sum, (std::vector<double>{0.5, 1}));
  EXPECT_EQ(s.about, (std::vector<double>{5}));
}

TEST(Evidence, EveryPartAdds) {
  Evidence e{1, 2, 3, 4};
  e += {10, 20, 30, 40};
  EXPECT_EQ(e.log_likelihood, 11);
  EXPECT_EQ(e.entropy, 22);
  EXPECT_EQ(e.state_entropy, 33);
  EXPECT_EQ(e.weight, 44);
}

// The three forms of an E-step are told apart, and nothing less is a model.
struct NoMStep {
  Statistics no_statistics() const { return {}; }
  double expect(const Block&, Statistics&) const { return 0; }
};
struct EStepThatIsNotConst {
  Statistics no_statistics() const { return {}; }
  double expect(const Block&, Statistics&) { return 0; }
  void maximize(const Statistics&) {}
};
static_assert(LatentModel<support::UnitNormal> && ExpectsPlainly<support::UnitNormal>);
static_assert(LatentModel<GaussianMixture> && ExpectsWithScratch<GaussianMixture> && !ExpectsPlainly<GaussianMixture>);
static_assert(!LatentModel<NoMStep>);
static_assert(!LatentModel<EStepThatIsNotConst>);
static_assert(!LatentModel<int>);

TEST(Capability, IsFoundByConcept) {
  const Erased plain(support::UnitNormal{});
  const Erased mixture(GaussianMixture(Gaussian(2, 1, Covariance::full)));
  for (const auto capability : {Capability::rules, Capability::expected_log_joint, Capability::unconstrained,
                                Capability::parameters, Capability::move, Capability::free_parameters,
                                Capability::score, Capability::states, Capability::sample, Capability::impute}) {
    EXPECT_FALSE(plain.can(capability)) << describe(capability);
    EXPECT_TRUE(mixture.can(capability)) << describe(capability);
    EXPECT_NO_THROW(mixture.require(capability, "a test"));
  }
  EXPECT_EQ(plain.columns(), 1);
  EXPECT_EQ(plain.name(), "this model");
  EXPECT_EQ(plain.log_prior(), 0);
  EXPECT_TRUE(plain.degeneracies().empty());
}

}  // namespace
}  // namespace jensen
