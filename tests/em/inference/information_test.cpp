// Oakes, Louis and supplemented EM against each other, against second differences of ℓ, and against closed forms.
#include <gtest/gtest.h>
#include <jensen/em/inference/information.h>
#include <jensen/emissions/continuous.h>
#include <jensen/emissions/counts.h>
#include <jensen/fit_gaussian_mixture.h>
#include <jensen/models/any_mixture.h>
#include <jensen/models/discrete_latent.h>

#include "support/data.h"
#include "support/inference_models.h"
#include "support/refusal.h"

namespace jensen {
namespace {

Eigen::MatrixXd square(const std::vector<double>& packed, std::size_t size) {
  Eigen::MatrixXd m(size, size);
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t j = 0; j < size; ++j) {
      m(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) =
          packed[packed_index(static_cast<int>(i), static_cast<int>(j))];
    }
  }
  return m;
}

// The largest difference where complete information is 1 on the diagonal.
double difference(const Information& information, const Eigen::MatrixXd& expected) {
  const Eigen::VectorXd scale = square(information.complete, information.size()).diagonal().array().rsqrt().matrix();
  return (scale.asDiagonal() * (square(information.observed(), information.size()) - expected) * scale.asDiagonal())
      .cwiseAbs()
      .maxCoeff();
}

template <class M>
void expect_all_routes_agree(const M& model, const Data& data, double step, double tolerance) {
  const Erased<M> erased(model);
  const Eigen::MatrixXd expected = support::brute_force_information(erased, data, step);
  const Information oakes = oakes_information(erased, data, 1);
  const Information louis = louis_information(erased, data, 1);
  const Information supplemented = supplemented_information(erased, data, 1);
  EXPECT_LT(difference(oakes, expected), tolerance) << "Oakes";
  EXPECT_LT(difference(louis, expected), tolerance) << "Louis";
  EXPECT_LT(difference(supplemented, expected), tolerance) << "supplemented";
  EXPECT_LT(difference(louis, square(oakes.observed(), oakes.size())), 1e-8);
  EXPECT_LT(difference(supplemented, square(oakes.observed(), oakes.size())), 1e-8);
  EXPECT_LT(oakes.asymmetry, 1e-7);
  EXPECT_LT(supplemented.asymmetry, 1e-6);
  EXPECT_EQ(oakes.evaluations, 1 + 4 * static_cast<int>(oakes.size()));
  EXPECT_EQ(oakes.size(), model.unconstrained().size());
}

TEST(Information, LinkageIsTheClosedForm) {
  const Table data = support::animals();
  const Erased<support::Linkage> model(support::linkage_at_its_maximum());
  const double pi = model.get().pi;
  // Louis (1982) prints 377.5 for π; in the logit u it is multiplied by (dπ/du)².
  const double in_pi = 125 / ((2 + pi) * (2 + pi)) + 38 / ((1 - pi) * (1 - pi)) + 34 / (pi * pi);
  EXPECT_NEAR(in_pi, 377.5, 0.05);
  const double slope = pi * (1 - pi);
  for (const auto& information :
       {oakes_information(model, data), louis_information(model, data), supplemented_information(model, data)}) {
    EXPECT_NEAR(information.observed()[0] / (slope * slope), in_pi, 1e-6 * in_pi);
    // Complete data are binomial: n π (1 − π) in the logit, n = 125 π/(2 + π) + 72. Meng and Rubin (1991) print the
    // rate .1328.
    EXPECT_NEAR(information.complete[0], (125 * pi / (2 + pi) + 72) * slope, 1e-7 * information.complete[0]);
    EXPECT_NEAR(information.missing[0] / information.complete[0], 0.1328, 5e-5);
    EXPECT_NEAR(information.gradient[0], 0, 1e-7);
    EXPECT_EQ(information.observations, 197);
  }
}

TEST(Information, PoissonMixture) {
  const support::PoissonMixture truth({0.35, 0.65}, {1.5, 6});
  const Table data = support::sample_of(truth, 400, 1, 1);
  expect_all_routes_agree(support::polished(truth, data), data, 0.01, 1e-6);
}

// Where the M-step is a step on an expansion of Q, Oakes' identity needs Q's derivatives at θ alone, which it has.
template <class M>
void expect_oakes_is_the_curvature_of_the_likelihood(const M& start, const Data& data) {
  const M model = support::polished(start, data);
  const Erased<M> erased(model);
  const Information oakes = oakes_information(erased, data, 1);
  EXPECT_LT(difference(oakes, support::brute_force_information(erased, data, 0.01)), 2e-6);
  for (std::size_t j = 0; j < oakes.size(); ++j) EXPECT_NEAR(oakes.gradient[j], 0, 1e-4 * oakes.observations) << j;
}

TEST(Information, WeibullsWhoseStepIsTentative) {
  const Mixture<AnyEmissions> truth({0.4, 0.6}, Independent<Weibull>({Weibull(1.5, 1), Weibull(4, 6)}));
  ASSERT_TRUE(truth.tentative());
  expect_oakes_is_the_curvature_of_the_likelihood(truth, support::sample_of(truth, 400, 1, 2));
}

TEST(Information, NegativeBinomials) {
  const Mixture<AnyEmissions> truth(
      {0.5, 0.5}, Independent<NegativeBinomial>({NegativeBinomial(400, 2, 3), NegativeBinomial(400, 30, 6)}));
  expect_oakes_is_the_curvature_of_the_likelihood(truth, support::sample_of(truth, 400, 1, 2));
}

TEST(Information, ALogJointAlone) {
  const Table students = support::sample_of(support::PoissonMixture({0.3, 0.7}, {0.5, 5}), 300, 1, 6);
  Parameters theta;
  const auto share = theta.probability("share", 0.3);
  const auto rates = theta.ordered("rate", {0.5, 5});
  const auto model = discrete_latent(2, theta, [=](const auto& at, std::span<const double> row, int z) {
    using std::log;
    const auto rate = at[rates][static_cast<std::size_t>(z)];
    return (z == 0 ? log(at[share]) : log(1.0 - at[share])) + row[0] * log(rate) - rate - log_gamma(row[0] + 1);
  });
  ASSERT_FALSE(Erased(model).can(Capability::global_bound));
  expect_oakes_is_the_curvature_of_the_likelihood(model, students);
}

TEST(Information, GaussianMixturesOfEveryStructure) {
  for (const auto covariance : {Covariance::full, Covariance::tied, Covariance::diagonal, Covariance::spherical}) {
    SCOPED_TRACE(to_string(covariance));
    const Table data = support::clustered(150, 2, 2).with_weights(support::uneven_weights(150));
    const auto start = fit_gaussian_mixture(data, {2, covariance}).model;
    expect_all_routes_agree(support::polished(start, data), data, 0.01, 1e-6);
  }
}

// Where q is not the optimum's: ∇Q = ∇ℓ everywhere, so Oakes and Louis hold at any θ.
TEST(Information, OakesAndLouisHoldAwayFromTheOptimum) {
  const support::PoissonMixture model({0.5, 0.5}, {2, 5});
  const Table data = support::sample_of(support::PoissonMixture({0.35, 0.65}, {1.5, 6}), 300, 1, 2);
  const Erased erased(model);
  const Eigen::MatrixXd expected = support::brute_force_information(erased, data);
  EXPECT_LT(difference(oakes_information(erased, data), expected), 1e-6);
  const Information louis = louis_information(erased, data);
  // Louis' identity has the term E[s sᵀ] − E[s] E[s]ᵀ by row at any θ.
  EXPECT_LT(difference(louis, expected), 1e-6);
}

TEST(Information, HolesAndLabelsAreLatentsLikeOthers) {
  Table data = support::clustered_with_holes(160, 2, 2);
  const auto holes = support::polished(fit_gaussian_mixture(data, {2, Covariance::full}).model, data);
  const Erased erased(holes);
  EXPECT_LT(difference(oakes_information(erased, data), support::brute_force_information(erased, data)), 1e-6);
  EXPECT_LT(difference(supplemented_information(erased, data), support::brute_force_information(erased, data)), 1e-6);
  const std::string refused = support::refusal<UnsupportedError>([&] { louis_information(erased, data); });
  EXPECT_NE(refused.find("missing cells"), std::string::npos) << refused;

  data = support::clustered(160, 2, 2).with_labels(support::some_labels(160, 2), 2);
  expect_all_routes_agree(support::polished(fit_gaussian_mixture(data, {2, Covariance::full}).model, data), data, 0.01,
                          1e-6);
}

TEST(Information, DoesNotDependOnThreadsOrScale) {
  const Table data = support::clustered(1500, 2, 2);
  const Erased model(support::polished(fit_gaussian_mixture(data, {2, Covariance::full}).model, data));
  const auto one = oakes_information(model, data, 1);
  const auto four = oakes_information(model, data, 4);
  EXPECT_EQ(one.complete, four.complete);
  EXPECT_EQ(one.missing, four.missing);
  EXPECT_EQ(louis_information(model, data, 1).missing, louis_information(model, data, 3).missing);

  // A million observations as weights: the same information for each.
  const Table heavy = data.with_weights(std::vector<double>(1500, 1e6));
  const auto heavier = oakes_information(model, heavy, 1);
  const auto fitted = square(one.observed(), one.size());
  EXPECT_LT(difference(heavier, 1e6 * fitted), 2e-4);  // the prior does not grow along
}

TEST(Information, Refusals) {
  const Table data = support::clustered(20, 2, 1);
  struct Bare : support::Linkage {
    void unconstrained() const {}
  };
  const Erased<Bare> bare(Bare{});
  EXPECT_NE(support::refusal<UnsupportedError>([&] {
              oakes_information(bare, support::animals());
            }).find("cannot map its parameters to unconstrained coordinates, which oakes_information needs"),
            std::string::npos);
  struct Tentative : support::Linkage {
    bool tentative() const { return true; }
  };
  EXPECT_NE(support::refusal<UnsupportedError>([&] {
              supplemented_information(Erased<Tentative>(Tentative{}), support::animals());
            }).find("cannot promise that its M-step reaches the maximum of Q, which supplemented EM needs"),
            std::string::npos);
  const Erased poisson(support::PoissonMixture({1}, {1}));
  EXPECT_NE(
      support::refusal<ArgumentError>([&] { oakes_information(poisson, data); }).find("have 2 columns, the model 1"),
      std::string::npos);
  EXPECT_NE(support::refusal<DataError>([&] { oakes_information(poisson, Table({}, 0, 1)); }).find("have no rows"),
            std::string::npos);
}

}  // namespace
}  // namespace jensen
