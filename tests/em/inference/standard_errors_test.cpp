#include <gtest/gtest.h>
#include <jensen/em/inference/standard_errors.h>
#include <jensen/emissions/counts.h>
#include <jensen/fit_gaussian_mixture.h>
#include <jensen/models/hidden_markov.h>

#include "support/data.h"
#include "support/inference_models.h"
#include "support/refusal.h"

namespace jensen {
namespace {

using Method = StandardErrorMethod;

StandardErrors errors_by(const auto& model, const Data& data, Method method) {
  return standard_errors(model, data, {.method = method, .threads = 1});
}

double of(const StandardErrors& errors, const std::string& name) {
  for (const auto& p : errors.parameters) {
    if (p.name == name) return p.standard_error ? *p.standard_error : throw Error(p.standard_error.why_not);
  }
  throw Error("no parameter " + name);
}

std::string why_not(const StandardErrors& errors, const std::string& name) {
  for (const auto& p : errors.parameters) {
    if (p.name == name) return p.standard_error.why_not;
  }
  throw Error("no parameter " + name);
}

// n, and the moments of data under weights, for closed forms.
struct Moments {
  double n = 0;
  std::vector<double> mean;
  Eigen::MatrixXd covariance;
};
Moments moments_of(const Data& data) {
  BlockBuffer buffer;
  const Block x = data.block(0, data.rows(), buffer);
  const int d = data.columns();
  Moments m{0, std::vector<double>(static_cast<std::size_t>(d)), Eigen::MatrixXd::Zero(d, d)};
  for (std::int64_t i = 0; i < x.rows(); ++i) m.n += x.weight(i);
  for (int j = 0; j < d; ++j) {
    for (std::int64_t i = 0; i < x.rows(); ++i) m.mean[static_cast<std::size_t>(j)] += x.weight(i) * x.x(i, j) / m.n;
  }
  for (int a = 0; a < d; ++a) {
    for (int b = 0; b < d; ++b) {
      for (std::int64_t i = 0; i < x.rows(); ++i) {
        m.covariance(a, b) += x.weight(i) * (x.x(i, a) - m.mean[static_cast<std::size_t>(a)]) *
                              (x.x(i, b) - m.mean[static_cast<std::size_t>(b)]) / m.n;
      }
    }
  }
  return m;
}

// One normal: se(μ_j) = √(Σ_jj / n) and se(Σ_ab) = √((Σ_aa Σ_bb + Σ_ab²) / n).
TEST(StandardErrors, OneNormalIsTheClosedForm) {
  const Table data = support::clustered(200, 3, 2).with_weights(support::uneven_weights(200));
  const auto model = fit_gaussian_mixture(data, {1, Covariance::full, Prior::none}).model;
  const Moments m = moments_of(data);
  for (const auto method : {Method::oakes, Method::louis, Method::supplemented}) {
    const auto errors = errors_by(model, data, method);
    EXPECT_NEAR(errors.observations, m.n, 1e-9);
    EXPECT_LT(errors.gain_left, 1e-8);
    for (int a = 0; a < 3; ++a) {
      const std::string mean = "mean[0," + std::to_string(a) + "]";
      EXPECT_NEAR(of(errors, mean) / std::sqrt(m.covariance(a, a) / m.n), 1, 1e-7);
      for (int b = 0; b <= a; ++b) {
        const double closed =
            std::sqrt((m.covariance(a, a) * m.covariance(b, b) + m.covariance(a, b) * m.covariance(a, b)) / m.n);
        EXPECT_NEAR(of(errors, "covariance[0," + std::to_string(a) + "," + std::to_string(b) + "]") / closed, 1, 1e-6);
      }
    }
    // A weight of one component is 1 by definition.
    EXPECT_EQ(why_not(errors, "weight[0]"), "it is fixed: no free coordinate moves it");
    // means of a normal are independent of its covariance
    EXPECT_NEAR(errors.correlation(1, 5), 0, 1e-7);
    EXPECT_NEAR(errors.correlation(1, 2), m.covariance(0, 1) / std::sqrt(m.covariance(0, 0) * m.covariance(1, 1)),
                1e-7);
  }
}

// The sandwich of a normal's mean is the same; of its variance √((m₄ − σ⁴) / n), the kurtosis of the data.
TEST(StandardErrors, SandwichOfOneNormalKnowsTheKurtosis) {
  const Table data = support::clustered(150, 1, 2).with_weights(support::uneven_weights(150));
  const auto model = fit_gaussian_mixture(data, {1, Covariance::full, Prior::none}).model;
  const Moments m = moments_of(data);
  BlockBuffer buffer;
  const Block x = data.block(0, 150, buffer);
  double fourth = 0;
  for (std::int64_t i = 0; i < 150; ++i) fourth += x.weight(i) * std::pow(x.x(i, 0) - m.mean[0], 4) / m.n;
  const double variance = m.covariance(0, 0);
  const auto errors = errors_by(model, data, Method::sandwich);
  EXPECT_NEAR(of(errors, "mean[0,0]") / std::sqrt(variance / m.n), 1, 1e-6);
  EXPECT_NEAR(of(errors, "covariance[0,0,0]") / std::sqrt((fourth - variance * variance) / m.n), 1, 1e-6);
}

// Sampling weights: the variance of a weighted mean about itself, Σ w² (x − μ)² / (Σ w)², whatever the weights' scale.
TEST(StandardErrors, SandwichUnderSamplingWeightsIsThatOfAWeightedMean) {
  const auto weights = support::uneven_weights(150);
  for (double scale : {1.0, 1e-4}) {
    auto scaled = weights;
    for (double& w : scaled) w *= scale;
    const Table data = support::clustered(150, 1, 2).with_weights(scaled, WeightKind::sampling);
    const auto model = fit_gaussian_mixture(data, {1, Covariance::full, Prior::none}).model;
    const Moments m = moments_of(data);
    BlockBuffer buffer;
    const Block x = data.block(0, 150, buffer);
    double linearized = 0;
    double positive = 0;
    for (std::int64_t i = 0; i < 150; ++i) {
      linearized += std::pow(x.weight(i) / m.n * (x.x(i, 0) - m.mean[0]), 2);
      positive += x.weight(i) > 0 ? 1 : 0;
    }
    EXPECT_NEAR(of(errors_by(model, data, Method::sandwich), "mean[0,0]") / std::sqrt(linearized), 1, 1e-6) << scale;
    // Information methods take the weights as if they summed to the number of rows.
    EXPECT_NEAR(of(errors_by(model, data, Method::oakes), "mean[0,0]") / std::sqrt(m.covariance(0, 0) / positive), 1,
                1e-6)
        << scale;
  }
}

TEST(StandardErrors, LinkageAgreesWithWhatIsPrinted) {
  // Louis (1982), and Meng and Rubin (1991): variance 1 / 377.5, so a standard error of .0515.
  for (const auto method : {Method::oakes, Method::louis, Method::supplemented}) {
    const auto errors = errors_by(support::linkage_at_its_maximum(), support::animals(), method);
    EXPECT_NEAR(of(errors, "pi"), 1 / std::sqrt(377.5), 1e-5);
  }
  // One row a score: Σ w s² by hand.
  const double pi = support::linkage_at_its_maximum().pi;
  const double scores[] = {1 / (2 + pi), -1 / (1 - pi), -1 / (1 - pi), 1 / pi};
  const double counts[] = {125, 18, 20, 34};
  double b = 0;
  double a = 0;
  for (int i = 0; i < 4; ++i) b += counts[i] * scores[i] * scores[i];
  a = 125 / ((2 + pi) * (2 + pi)) + 38 / ((1 - pi) * (1 - pi)) + 34 / (pi * pi);
  const auto sandwich = errors_by(support::linkage_at_its_maximum(), support::animals(), Method::sandwich);
  EXPECT_NEAR(of(sandwich, "pi"), std::sqrt(b) / a, 1e-8);
}

// Law for all: a row of frequency weight w is w rows.
TEST(StandardErrors, FrequencyWeightsAreRepeatedRows) {
  const auto values = support::clustered_values(120, 1, 2);
  std::vector<double> weights;
  std::vector<double> repeated;
  for (std::size_t i = 0; i < values.size(); ++i) {
    weights.push_back(static_cast<double>(i % 4));
    for (std::size_t copy = 0; copy < i % 4; ++copy) repeated.push_back(values[i]);
  }
  const Table weighted = Table(values, 120, 1).with_weights(weights);
  const auto rows = static_cast<std::int64_t>(repeated.size());
  const Table copies(repeated, rows, 1);
  const auto model = support::polished(fit_gaussian_mixture(copies, {2, Covariance::full}).model, copies);
  for (const auto method : {Method::oakes, Method::louis, Method::supplemented, Method::sandwich}) {
    const auto one = errors_by(model, weighted, method);
    const auto other = errors_by(model, copies, method);
    for (std::size_t i = 0; i < one.parameters.size(); ++i) {
      EXPECT_NEAR(*one.parameters[i].standard_error / *other.parameters[i].standard_error, 1, 1e-7)
          << to_string(method) << " " << one.parameters[i].name;
    }
  }
  // The parametric bootstrap draws the same rows from either; the weighted one only in distribution.
  StandardErrorOptions options{.method = Method::parametric_bootstrap, .threads = 1, .replicates = 8};
  const auto one = standard_errors(model, weighted, options);
  const auto other = standard_errors(model, copies, options);
  EXPECT_EQ(one.draws, other.draws);
  options = {.method = Method::weighted_bootstrap, .threads = 1, .replicates = 300, .seed = 5};
  const double ratio = of(standard_errors(model, weighted, options), "mean[0,0]") /
                       of(standard_errors(model, copies, options), "mean[0,0]");
  EXPECT_NEAR(ratio, 1, 5 / std::sqrt(300.0));
}

TEST(StandardErrors, SimplexesFollowFromTheirLogits) {
  const support::PoissonMixture truth({0.2, 0.3, 0.5}, {1, 6, 20});
  const Table data = support::sample_of(truth, 600, 1, 3);
  const auto errors = errors_by(support::polished(truth, data), data, Method::oakes);
  // Weights sum to 1: their covariance matrix annihilates the vector of ones.
  for (int i = 0; i < 6; ++i) {
    double total = 0;
    for (int j = 0; j < 3; ++j) total += errors.covariance[packed_index(i, j)];
    EXPECT_NEAR(total, 0, 1e-9);
  }
  // Little overlap: nearly the binomial error.
  EXPECT_NEAR(of(errors, "weight[2]"), std::sqrt(0.25 / 600), 0.15 * std::sqrt(0.25 / 600));
}

TEST(StandardErrors, BoundariesHaveReasonsAndLeaveOthersAlone) {
  const support::PoissonMixture truth({0.4, 0.6}, {2, 12});
  const Table data = support::sample_of(truth, 300, 1, 4);
  const auto sound = support::polished(truth, data);
  const auto expected = errors_by(sound, data, Method::oakes);
  const auto p = sound.parameters();
  const support::PoissonMixture empty({p[0], 0, p[1]}, {p[2], 7, p[3]});
  for (const auto method : {Method::oakes, Method::louis, Method::supplemented, Method::sandwich}) {
    const auto errors = errors_by(empty, data, method);
    EXPECT_EQ(why_not(errors, "weight[1]"), "it is 0, at the boundary of its range") << to_string(method);
    EXPECT_EQ(why_not(errors, "rate[1]"), "the data say nothing about it") << to_string(method);
    if (method == Method::sandwich) continue;
    EXPECT_NEAR(of(errors, "weight[0]") / of(expected, "weight[0]"), 1, 1e-6) << to_string(method);
    EXPECT_NEAR(of(errors, "rate[2]") / of(expected, "rate[1]"), 1, 1e-6) << to_string(method);
  }
}

TEST(StandardErrors, ComponentsThatCoincideAreNotIdentified) {
  const support::PoissonMixture truth({1}, {4});
  const Table data = support::sample_of(truth, 300, 1, 4);
  const double mean = support::polished(truth, data).rates()[0];
  const auto errors = errors_by(support::PoissonMixture({0.5, 0.5}, {mean, mean}), data, Method::oakes);
  for (const auto& parameter : errors.parameters) {
    EXPECT_FALSE(parameter.standard_error) << parameter.name;
    EXPECT_FALSE(parameter.standard_error.why_not.empty());
  }
  EXPECT_NE(why_not(errors, "weight[0]").find("do not identify it"), std::string::npos) << why_not(errors, "weight[0]");
}

TEST(StandardErrors, ASaddleIsNoMaximum) {
  // Two clusters far apart, one mean on top of both: ℓ has a minimum there along the difference of the means.
  std::vector<double> values;
  for (int i = 0; i < 100; ++i) values.push_back(i % 2 == 0 ? 0.0 + i % 7 : 40.0 + i % 5);
  double mean = 0;
  for (double v : values) mean += v / 100;
  const Table data(values, 100, 1);
  const auto errors = errors_by(support::PoissonMixture({0.5, 0.5}, {mean, mean}), data, Method::oakes);
  EXPECT_NE(why_not(errors, "rate[0]").find("no maximum"), std::string::npos) << why_not(errors, "rate[0]");
}

TEST(StandardErrors, EdgesOfTheRange) {
  // A weight that vanishes, but not to zero.
  const Table data = support::sample_of(support::PoissonMixture({1}, {4}), 200, 1, 4);
  const support::PoissonMixture model({1e-13, 1 - 1e-13}, {9, 4});
  const auto errors = errors_by(model, data, Method::oakes);
  EXPECT_FALSE(errors.parameters[0].standard_error);
  EXPECT_FALSE(errors.parameters[2].standard_error);
  EXPECT_NEAR(of(errors, "rate[1]"), std::sqrt(4.0 / 200), 0.2 * std::sqrt(4.0 / 200));
}

TEST(StandardErrors, ABoundThatHoldsAParameter) {
  struct Bounded : support::Linkage {  // pi at most 0.6, its own coordinate
    std::vector<double> unconstrained() const { return {pi}; }
    void set_unconstrained(std::span<const double> u) { pi = std::min(u[0], 0.6); }
  };
  Bounded at_the_bound;
  at_the_bound.pi = 0.6;
  EXPECT_EQ(why_not(errors_by(at_the_bound, support::animals(), Method::oakes), "pi"), "it lies at a bound");
  Bounded inside;
  inside.pi = 0.55;
  EXPECT_EQ(why_not(errors_by(inside, support::animals(), Method::oakes), "pi"), "");
}

TEST(StandardErrors, ThePriorCounts) {
  const Table data = support::clustered(60, 2, 2);
  auto model = fit_gaussian_mixture(data, {1, Covariance::full, Prior::none}).model;
  const Moments m = moments_of(data);
  // A prior worth as many rows as the data, at the data's own covariance: the maximum stays, the information about Σ
  // doubles, that about μ stays.
  CovariancePrior prior{60, {}};
  for (int a = 0; a < 2; ++a) {
    for (int b = 0; b <= a; ++b) prior.scale.push_back(m.covariance(a, b));
  }
  const auto without = errors_by(model, data, Method::oakes);
  model.emissions().set_prior(prior);
  const auto with = errors_by(model, data, Method::oakes);
  EXPECT_NEAR(of(with, "mean[0,0]") / of(without, "mean[0,0]"), 1, 1e-7);
  EXPECT_NEAR(of(with, "covariance[0,1,0]") / of(without, "covariance[0,1,0]"), std::sqrt(0.5), 1e-6);
}

TEST(StandardErrors, GainLeftIsWhatANewtonStepPromises) {
  const auto data = support::animals();
  support::Linkage off;
  off.pi = 0.60;
  const auto log_likelihood = [&](double pi) {
    return 125 * std::log(0.5 + pi / 4) + 38 * std::log((1 - pi) / 4) + 34 * std::log(pi / 4);
  };
  const double truly = log_likelihood(support::linkage_at_its_maximum().pi) - log_likelihood(0.60);
  EXPECT_NEAR(errors_by(off, data, Method::oakes).gain_left, truly, 0.05 * truly);
}

TEST(StandardErrors, WaldIntervals) {
  const auto errors = errors_by(support::linkage_at_its_maximum(), support::animals(), Method::oakes);
  const auto interval = wald_intervals(errors, 0.95)[0];
  EXPECT_NEAR(*interval.upper - *interval.lower, 2 * 1.959963984540054 * of(errors, "pi"), 1e-12);
  EXPECT_NEAR((*interval.upper + *interval.lower) / 2, 0.6268214978709824, 1e-12);
  EXPECT_NE(support::refusal([&] { wald_intervals(errors, 1); }).find("must lie between 0 and 1"), std::string::npos);
  EXPECT_NE(support::refusal([&] { percentile_intervals(errors); }).find("hold no draws"), std::string::npos);
  const auto one = errors_by(fit_gaussian_mixture(support::clustered(30, 1, 1), {1, Covariance::full}).model,
                             support::clustered(30, 1, 1), Method::oakes);
  EXPECT_EQ(wald_intervals(one)[0].lower.why_not, "it is fixed: no free coordinate moves it");
}

TEST(StandardErrors, MethodsHaveNames) {
  for (const auto method : {Method::oakes, Method::louis, Method::supplemented, Method::sandwich,
                            Method::parametric_bootstrap, Method::weighted_bootstrap}) {
    EXPECT_EQ(standard_error_method_named(to_string(method)), method);
  }
  EXPECT_NE(support::refusal([] { standard_error_method_named("fisher"); }).find("must be one of oakes, louis"),
            std::string::npos);
}

// Rows of a sequence are not independent: what takes them one by one says so by name.
TEST(StandardErrors, OfASequenceAreRefusedByWhatNeedsIndependentRows) {
  std::vector<double> counts;
  for (int i = 0; i < 40; ++i) counts.push_back(i / 10 % 2 == 0 ? i % 3 : 9 + i % 4);
  const Table data = Table(std::move(counts), 40, 1).with_sequences({0, 20, 40});
  const HiddenMarkov model(Independent<Poisson>({Poisson(1), Poisson(10)}));
  for (const auto& refusing : {std::pair{Method::louis, "independent"}, std::pair{Method::sandwich, "the sandwich"},
                               std::pair{Method::parametric_bootstrap, "the bootstrap"}}) {
    const auto refused = support::refusal<UnsupportedError>([&] { errors_by(model, data, refusing.first); });
    EXPECT_NE(refused.find("be taken apart into rows that are independent of each other"), std::string::npos)
        << refused;
    EXPECT_NE(refused.find(refusing.second), std::string::npos) << refused;
  }
}

}  // namespace
}  // namespace jensen
