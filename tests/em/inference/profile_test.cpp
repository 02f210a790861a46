#include <gtest/gtest.h>
#include <jensen/em/inference/profile.h>
#include <jensen/em/inference/standard_errors.h>
#include <jensen/fit_gaussian_mixture.h>

#include <functional>

#include "support/data.h"
#include "support/inference_models.h"
#include "support/refusal.h"

namespace jensen {
namespace {

constexpr double z = 1.959963984540054;

double root(const std::function<double(double)>& f, double low, double high) {
  for (int i = 0; i < 200; ++i) {
    const double middle = 0.5 * (low + high);
    ((f(middle) > 0) == (f(low) > 0) ? low : high) = middle;
  }
  return low;
}

TEST(Profile, LinkageIsWhereItsOwnLikelihoodHasFallen) {
  const auto data = support::animals();
  const auto model = support::linkage_at_its_maximum();
  const auto fall = [&](double pi) {
    const auto l = [](double p) { return 125 * std::log(2 + p) + 38 * std::log(1 - p) + 34 * std::log(p); };
    return 2 * (l(model.pi) - l(pi)) - z * z;
  };
  const auto interval = profile_intervals(model, data)[0];
  EXPECT_NEAR(*interval.lower, root(fall, 0.3, model.pi), 1e-6);
  EXPECT_NEAR(*interval.upper, root(fall, model.pi, 0.9), 1e-6);
  // Skewed: not what Wald's says.
  const auto wald = wald_intervals(standard_errors(model, data))[0];
  EXPECT_GT(std::abs(*interval.lower - *wald.lower), 1e-3);
}

// One normal: ℓ(μ) = −n/2 log(s² + (x̄ − μ)²), ℓ(v) = −n/2 (log v + s²/v).
TEST(Profile, OneNormalIsTheClosedForm) {
  const Table data = support::clustered(40, 1, 1);
  const auto model = fit_gaussian_mixture(data, {1, Covariance::full, Prior::none}).model;
  const double mean = model.emissions().mean(0)[0];
  const double variance = model.emissions().covariance(0)[0];
  const auto intervals = profile_intervals(model, data);
  EXPECT_EQ(intervals[0].lower.why_not, "it is fixed: no free coordinate moves it");
  const double reach = std::sqrt(variance * (std::exp(z * z / 40) - 1));
  EXPECT_NEAR(*intervals[1].lower, mean - reach, 1e-5 * reach);
  EXPECT_NEAR(*intervals[1].upper, mean + reach, 1e-5 * reach);
  const auto fall = [&](double v) { return 40 * (std::log(v / variance) + variance / v - 1) - z * z; };
  EXPECT_NEAR(*intervals[2].lower, root(fall, 0.1 * variance, variance), 1e-5 * variance);
  EXPECT_NEAR(*intervals[2].upper, root(fall, variance, 10 * variance), 1e-5 * variance);
}

// A mixture by brute force: the other parameters by EM with this one held, written out.
TEST(Profile, PoissonMixtureIsWhatHeldEmReaches) {
  const support::PoissonMixture truth({0.4, 0.6}, {2, 8});
  const Table data = support::sample_of(truth, 250, 1, 1);
  const auto model = support::polished(truth, data);
  struct Held : support::PoissonMixture {
    Held(const PoissonMixture& m, double rate) : PoissonMixture(m), held(rate) { hold(); }
    double held;
    void hold() {
      auto v = parameters();
      v[2] = held;
      set_parameters(v);
    }
    void maximize(const Statistics& s) {
      PoissonMixture::maximize(s);
      hold();
    }
    void unconstrained() const {}  // the gradient does not vanish along what is held
  };
  Workers alone(1);
  EStep e_step(data, alone);
  const double top = e_step(Erased<support::PoissonMixture>(model)).evidence.log_likelihood;
  const auto fall = [&](double rate) {
    const auto fitted = fit(Held(model, rate), data, {.tolerance = 1e-10, .max_iterations = 20000});
    return 2 * (top - fitted.report.log_likelihood) - z * z;
  };
  const auto intervals = profile_intervals(model, data);
  ASSERT_TRUE(intervals[2].lower && intervals[2].upper) << intervals[2].lower.why_not << intervals[2].upper.why_not;
  EXPECT_NEAR(fall(*intervals[2].lower), 0, 1e-4);
  EXPECT_NEAR(fall(*intervals[2].upper), 0, 1e-4);
  // A weight and its complement: mirrored.
  EXPECT_NEAR(*intervals[0].lower, 1 - *intervals[1].upper, 1e-5);
  EXPECT_NEAR(*intervals[0].upper, 1 - *intervals[1].lower, 1e-5);
}

TEST(Profile, EveryParameterOfAGaussianMixture) {
  const Table data = support::clustered(300, 2, 2);
  const auto model = support::polished(fit_gaussian_mixture(data, {2, Covariance::full}).model, data);
  const auto intervals = profile_intervals(model, data, {.level = 0.9, .threads = 1});
  const auto errors = standard_errors(model, data);
  const auto wald = wald_intervals(errors, 0.9);
  for (std::size_t i = 0; i < intervals.size(); ++i) {
    const auto& p = errors.parameters[i];
    ASSERT_TRUE(intervals[i].lower && intervals[i].upper) << p.name << intervals[i].lower.why_not;
    EXPECT_LT(*intervals[i].lower, p.estimate);
    EXPECT_GT(*intervals[i].upper, p.estimate);
    EXPECT_NEAR(*intervals[i].lower, *wald[i].lower, *p.standard_error) << p.name;
    EXPECT_NEAR(*intervals[i].upper, *wald[i].upper, *p.standard_error) << p.name;
  }
}

TEST(Profile, AnEdgeIsAReason) {
  // One success in six: the weight of the rare component may well be next to nothing.
  const support::PoissonMixture start({0.1, 0.9}, {9, 3});
  const Table data({3, 2, 4, 3, 1, 5, 2, 3, 4, 2, 8, 3, 1, 2, 4}, 15, 1);
  const auto model = support::polished(start, data);
  const auto errors = standard_errors(model, data);
  ASSERT_TRUE(errors.parameters[0].standard_error) << errors.parameters[0].standard_error.why_not;
  const auto interval = profile_intervals(model, data)[0];
  EXPECT_FALSE(interval.lower);
  EXPECT_NE(interval.lower.why_not.find("edge of its range"), std::string::npos) << interval.lower.why_not;
}

TEST(Profile, Refusals) {
  const auto model = support::linkage_at_its_maximum();
  const auto data = support::animals();
  EXPECT_NE(support::refusal([&] { profile_intervals(model, data, {.level = 0}); }).find("level"), std::string::npos);
  EXPECT_NE(support::refusal([&] { profile_intervals(model, data, {.max_iterations = 0}); }).find("max_iterations"),
            std::string::npos);
  const Erased erased(model);
  EXPECT_NE(support::refusal([&] { profile_interval(erased, data, 1); }).find("1 is not one of 1"), std::string::npos);
  EXPECT_FALSE(profile_interval(erased, data, 0, {.max_iterations = 1}).lower);
}

}  // namespace
}  // namespace jensen
