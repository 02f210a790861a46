#include <gtest/gtest.h>
#include <jensen/em/inference/standard_errors.h>
#include <jensen/fit_gaussian_mixture.h>

#include <set>

#include "em/inference/replicates.h"
#include "support/data.h"
#include "support/inference_models.h"
#include "support/refusal.h"

namespace jensen {
namespace {

using Method = StandardErrorMethod;

TEST(Bootstrap, BothKindsAgreeWithInformationForLargeSamples) {
  const support::PoissonMixture truth({0.4, 0.6}, {2, 12});
  const Table data = support::sample_of(truth, 500, 1, 1);
  const auto model = support::polished(truth, data);
  const auto oakes = standard_errors(model, data);
  for (const auto method : {Method::parametric_bootstrap, Method::weighted_bootstrap}) {
    const auto errors = standard_errors(model, data, {.method = method, .threads = 2, .replicates = 300, .seed = 1});
    EXPECT_EQ(errors.failed, 0);
    EXPECT_EQ(errors.draws.size(), 4u * 300);
    for (std::size_t i = 0; i < 4; ++i) {
      // The standard deviation of 300 draws is known to a twenty-fourth; skewness and kurtosis take the rest.
      EXPECT_NEAR(*errors.parameters[i].standard_error / *oakes.parameters[i].standard_error, 1, 0.2)
          << to_string(method) << " " << errors.parameters[i].name;
    }
    const auto percentile = percentile_intervals(errors);
    const auto wald = wald_intervals(errors);
    for (std::size_t i = 0; i < 4; ++i) {
      EXPECT_NEAR(*percentile[i].lower, *wald[i].lower, 0.5 * *errors.parameters[i].standard_error);
      EXPECT_NEAR(*percentile[i].upper, *wald[i].upper, 0.5 * *errors.parameters[i].standard_error);
    }
  }
}

TEST(Bootstrap, DoesNotDependOnThreadsButOnTheSeed) {
  const Table data = support::clustered(120, 2, 2);
  const auto model = fit_gaussian_mixture(data, {2, Covariance::diagonal}).model;
  for (const auto method : {Method::parametric_bootstrap, Method::weighted_bootstrap}) {
    const auto draws = [&](int threads, std::uint64_t seed) {
      return standard_errors(model, data, {.method = method, .threads = threads, .replicates = 6, .seed = seed}).draws;
    };
    const auto one = draws(1, 3);
    EXPECT_EQ(one, draws(3, 3));
    EXPECT_NE(one, draws(1, 4));
  }
}

// A model whose refits come out with components in another order: M-steps sort by falling rate.
class Shuffling : public support::PoissonMixture {
 public:
  using PoissonMixture::PoissonMixture;
  int* m_steps = nullptr;
  void maximize(const Statistics& s) {
    PoissonMixture::maximize(s);
    if (++*m_steps > 1) return;  // once, in the first M-step of all
    auto v = parameters();
    std::swap(v[0], v[1]);
    std::swap(v[2], v[3]);
    set_parameters(v);
  }
};

TEST(Bootstrap, RefitsAreRelabelled) {
  const support::PoissonMixture truth({0.4, 0.6}, {2, 12});
  const Table data = support::sample_of(truth, 200, 1, 1);
  int m_steps = 0;
  Shuffling model({0.4, 0.6}, {2, 12});
  model.m_steps = &m_steps;
  const auto errors =
      standard_errors(model, data, {.method = Method::weighted_bootstrap, .threads = 1, .replicates = 2, .seed = 1});
  ASSERT_EQ(errors.draws.size(), 8u);
  EXPECT_LT(errors.draws[2], errors.draws[3]) << "the replicate whose components were swapped";
  EXPECT_LT(errors.draws[6], errors.draws[7]);
  // The same refits as without a swap.
  const auto plain = standard_errors(static_cast<const support::PoissonMixture&>(model), data,
                                     {.method = Method::weighted_bootstrap, .threads = 1, .replicates = 2, .seed = 1});
  for (std::size_t i = 0; i < 8; ++i) EXPECT_NEAR(errors.draws[i], plain.draws[i], 1e-3 * plain.draws[i]);
}

TEST(Bootstrap, WeightsOfRubin) {
  const Table data = support::clustered(4000, 1, 1);
  const auto weights = random_weights(data, 1, 0);
  double sum = 0;
  double squares = 0;
  for (double w : weights) {
    EXPECT_GT(w, 0);
    sum += w / 4000;
    squares += w * w / 4000;
  }
  EXPECT_NEAR(sum, 1, 1e-12);
  EXPECT_NEAR(squares, 2, 0.25);  // E w² of an exponential; its standard error is √(20/4000)
  // Frequency weight w: mean w, variance w. Zero stays zero.
  const Table heavy = data.with_weights([] {
    std::vector<double> w(4000, 9.0);
    for (std::size_t i = 0; i < 2000; ++i) w[i] = 0.25;
    w[0] = 0;
    return w;
  }());
  const auto gamma = random_weights(heavy, 1, 0);
  EXPECT_EQ(gamma[0], 0);
  const auto moments = [&](std::size_t begin, std::size_t end) {
    double mean = 0;
    double variance = 0;
    const auto n = static_cast<double>(end - begin);
    for (std::size_t i = begin; i < end; ++i) mean += gamma[i] / n;
    for (std::size_t i = begin; i < end; ++i) variance += (gamma[i] - mean) * (gamma[i] - mean) / n;
    return std::pair(mean, variance);
  };
  EXPECT_NEAR(moments(2000, 4000).first, 9, 6 * 3 / std::sqrt(2000.0));
  EXPECT_NEAR(moments(2000, 4000).second, 9, 2);
  EXPECT_NEAR(moments(1, 2000).first, 0.25, 6 * 0.5 / std::sqrt(2000.0));
  EXPECT_NEAR(moments(1, 2000).second, 0.25, 0.15);
}

TEST(Bootstrap, SamplesHaveTheHolesAndLabelsOfTheData) {
  const Table data = support::clustered_with_holes(90, 2, 2).with_labels(support::some_labels(90, 2), 2);
  const Erased model(fit_gaussian_mixture(data, {2, Covariance::full}).model);
  const Sampler sampler(model, data);
  const Table drawn = sampler.draw(7);
  BlockBuffer one;
  BlockBuffer two;
  const Block x = data.block(0, 90, one);
  const Block y = drawn.block(0, 90, two);
  ASSERT_EQ(y.rows(), 90);
  int differ = 0;
  for (std::int64_t i = 0; i < 90; ++i) {
    for (int j = 0; j < 2; ++j) {
      EXPECT_EQ(std::isnan(x.x(i, j)), std::isnan(y.x(i, j)));
      differ += x.x(i, j) != y.x(i, j) ? 1 : 0;
    }
    const auto known = [](const Block& b, std::int64_t row) { return b.allows(row, 0) != b.allows(row, 1); };
    EXPECT_EQ(known(x, i), known(y, i));
  }
  EXPECT_GT(differ, 100);
  EXPECT_EQ(standard_errors(model, data, {.method = Method::parametric_bootstrap, .replicates = 4}).replicates, 4);
}

TEST(Bootstrap, Refusals) {
  const Table data = support::clustered(30, 1, 1);
  const auto model = fit_gaussian_mixture(data, {1, Covariance::full}).model;
  const auto refused = [&](const Data& on, StandardErrorOptions options) {
    return support::refusal([&] { standard_errors(model, on, options); });
  };
  EXPECT_NE(
      refused(data, {.method = Method::weighted_bootstrap, .replicates = 1}).find("replicates: must be at least 2"),
      std::string::npos);
  const Table halves = data.with_weights(std::vector<double>(30, 0.5));
  EXPECT_NE(refused(halves, {.method = Method::parametric_bootstrap}).find("whole numbers, row 1 weighs 0.5"),
            std::string::npos);
  EXPECT_EQ(refused(halves, {.method = Method::weighted_bootstrap, .replicates = 2}), "accepted");
  struct Silent : support::Linkage {
    void sample() const {}
  };
  EXPECT_NE(support::refusal<UnsupportedError>([&] {
              standard_errors(Silent{}, support::animals(), {.method = Method::parametric_bootstrap});
            }).find("cannot draw samples, which parametric bootstrap needs"),
            std::string::npos);
  // Where nothing converges there is a reason, not a number.
  const auto none = standard_errors(
      model, data,
      {.method = Method::weighted_bootstrap, .threads = 1, .replicates = 4, .tolerance = 0, .max_iterations = 1});
  EXPECT_EQ(none.failed, 4);
  EXPECT_EQ(none.parameters[1].standard_error.why_not, "only 0 of 4 refits converged");
}

}  // namespace
}  // namespace jensen
