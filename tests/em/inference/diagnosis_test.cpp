#include <gtest/gtest.h>
#include <jensen/em/inference/diagnosis.h>
#include <jensen/emissions/counts.h>
#include <jensen/fit_gaussian_mixture.h>
#include <jensen/models/hidden_markov.h>

#include "support/data.h"
#include "support/inference_models.h"
#include "support/models.h"

namespace jensen {
namespace {

TEST(Diagnosis, LinkageHasTheRateThatIsPrinted) {
  const auto d = diagnose(support::linkage_at_its_maximum(), support::animals());
  ASSERT_TRUE(d.rate);
  EXPECT_NEAR(*d.rate, 0.1328, 5e-5);  // Dempster, Laird and Rubin (1977), Meng and Rubin (1991)
  EXPECT_NEAR(*d.missing_fraction, *d.rate, 1e-7);
  EXPECT_NEAR(*d.parameters[0].missing_fraction, *d.rate, 1e-7) << "one parameter: the same";
  EXPECT_NEAR(*d.condition, 1, 1e-12);
  EXPECT_NEAR(d.bound_gap, 0, 1e-12);
  EXPECT_NEAR(d.gain_left, 0, 1e-12);
  EXPECT_EQ(d.observations, 197);
  EXPECT_EQ(d.coordinates, 1);
  EXPECT_TRUE(d.findings.empty()) << d.findings[0];
}

// The last differences of a trace shrink by rate² in the objective.
TEST(Diagnosis, RateIsWhatTheTraceShows) {
  const support::PoissonMixture truth({0.4, 0.6}, {2, 7});
  const Table data = support::sample_of(truth, 400, 1, 2);
  const auto fitted =
      fit(truth, data, {.tolerance = 1e-9, .max_iterations = 100000, .acceleration = Acceleration::none});
  const auto& trace = fitted.report.trace;
  const double ratio = trace.back().gain / trace[trace.size() - 2].gain;
  const auto d = diagnose(support::polished(truth, data), data);
  ASSERT_TRUE(d.rate);
  EXPECT_NEAR(*d.rate * *d.rate, ratio, 1e-3);
  EXPECT_NEAR(*d.missing_fraction, *d.rate, 1e-6);
  for (const auto& p : d.parameters) {
    EXPECT_GT(*p.missing_fraction, 0);
    EXPECT_LE(*p.missing_fraction, *d.missing_fraction + 1e-9);
  }
  EXPECT_EQ(d.slowest.movers.front().by, 1);
}

TEST(Diagnosis, OneComponentMissesNothing) {
  const Table data = support::clustered(80, 2, 2);
  const auto d = diagnose(fit_gaussian_mixture(data, {1, Covariance::full, Prior::none}).model, data);
  EXPECT_NEAR(*d.rate, 0, 1e-6);
  EXPECT_NEAR(*d.missing_fraction, 0, 1e-6);
  EXPECT_NEAR(*d.parameters[1].missing_fraction, 0, 1e-6);
}

// Cells missing at random from one column of independent columns: their share is the missing information about it.
TEST(Diagnosis, HolesAreMissingInformation) {
  std::vector<double> values(800);
  for (std::size_t i = 0; i < 400; ++i) {
    Stream stream(3, Purpose::test, 0, 0, i);
    values[i] = stream.normal();
    values[400 + i] = i % 4 == 0 ? support::missing : stream.normal();
  }
  const Table data(values, 400, 2);
  const auto model = support::polished(fit_gaussian_mixture(data, {1, Covariance::diagonal, Prior::none}).model, data);
  const auto d = diagnose(model, data);
  EXPECT_NEAR(*d.parameters[1].missing_fraction, 0, 1e-6);
  EXPECT_NEAR(*d.parameters[2].missing_fraction, 0.25, 1e-6);
  EXPECT_NEAR(*d.rate, 0.25, 1e-6);
}

TEST(Diagnosis, FindsWhatIsWrong) {
  const Table data = support::sample_of(support::PoissonMixture({1}, {4}), 300, 1, 4);
  const auto says = [](const Diagnosis& d, const char* what) {
    for (const auto& finding : d.findings) {
      if (finding.find(what) != std::string::npos) return true;
    }
    return false;
  };
  // Not at the optimum.
  EXPECT_TRUE(says(diagnose(support::PoissonMixture({1}, {4.5}), data), "the fit has not ended"));
  // Twins.
  const double mean = support::polished(support::PoissonMixture({1}, {4}), data).rates()[0];
  const auto twins = diagnose(support::PoissonMixture({0.5, 0.5}, {mean, mean}), data);
  EXPECT_TRUE(says(twins, "no standard error"));
  EXPECT_TRUE(says(twins, "do not identify") || says(twins, "weakly identified"));
  // An M-step that goes half the way.
  struct Half : support::Linkage {
    void maximize(const Statistics& s) {
      const double before = pi;
      support::Linkage::maximize(s);
      pi = (pi + before) / 2;
    }
  };
  Half half;
  half.pi = support::linkage_at_its_maximum().pi;
  const auto d = diagnose(half, support::animals());
  EXPECT_NEAR(*d.rate, 0.5 + 0.1328 / 2, 1e-4);
  EXPECT_TRUE(says(d, "does not reach the maximum of Q"));
  // Q without a term: the bound no longer touches.
  struct Loose : support::Linkage {
    double expected_log_joint(const Statistics& s) const { return support::Linkage::expected_log_joint(s) - 1; }
  };
  EXPECT_TRUE(says(diagnose(Loose{}, support::animals()), "does not touch"));
}

// One sequence: its first state is estimated as certain, and some moves between three states as impossible.
TEST(Diagnosis, ProbabilitiesEstimatedAsZeroAreNoCoordinatesOfTheRate) {
  const HiddenMarkov truth(MarkovChain({0.4, 0.3, 0.3}, {0.9, 0.1, 0, 0, 0.8, 0.2, 0.3, 0, 0.7}),
                           Independent<Poisson>(std::vector<Poisson>{Poisson(2), Poisson(5), Poisson(11)}));
  std::vector<double> x(400);
  truth.sample(5, 0, {x.data(), 400, 1, 400}, {});
  const Table data = Table(std::move(x), 400, 1).with_sequences({0, 400});
  const HiddenMarkov start(MarkovChain({0.4, 0.3, 0.3}, {0.6, 0.2, 0.2, 0.2, 0.6, 0.2, 0.2, 0.2, 0.6}),
                           truth.emissions());
  const auto fitted =
      fit(start, data, {.tolerance = 1e-10, .max_iterations = 1000, .acceleration = Acceleration::none});
  const auto& trace = fitted.report.trace;
  const double ratio = trace[trace.size() - 1].gain / trace[trace.size() - 2].gain;
  const auto d = diagnose(support::polished(start, data), data);
  ASSERT_TRUE(d.rate) << d.rate.why_not;
  ASSERT_TRUE(d.missing_fraction) << d.missing_fraction.why_not;
  EXPECT_NEAR(*d.missing_fraction, *d.rate, 1e-5);
  EXPECT_NEAR(*d.rate * *d.rate, ratio, 0.02);
  EXPECT_TRUE(d.condition) << d.condition.why_not;
  for (const auto& finding : d.findings) EXPECT_EQ(finding.find("does not reach"), std::string::npos) << finding;
}

TEST(Diagnosis, LooserTolerances) {
  const auto d = diagnose(support::linkage_at_its_maximum(), support::animals());
  ASSERT_EQ(d.looser.size(), 6u);
  EXPECT_EQ(d.looser[0].tolerance, 1e-8);
  EXPECT_EQ(d.looser[0].iterations_saved, 0);
  EXPECT_NEAR(d.looser[5].left, 0.197, 1e-12);
  EXPECT_NEAR(d.looser[5].standard_errors, std::sqrt(2 * 0.197), 1e-12);
  EXPECT_EQ(d.looser[5].iterations_saved, static_cast<int>(std::ceil(5 * std::log(10) / (-2 * std::log(*d.rate)))));
}

TEST(Diagnosis, EarlierStopsOfATrace) {
  // Gains are an exact geometric series: what Aitken estimates is what is left.
  const Table data = support::clustered(100, 1, 1);
  const auto fitted = fit(support::Geometric{1, 0, 0.9}, data, {.tolerance = 1e-12});
  const auto stops = earlier_stops(fitted.report);
  ASSERT_GE(stops.size(), 6u);
  for (const auto& stop : stops) {
    EXPECT_NEAR(stop.estimated, stop.left, 1e-6 * stop.left + 1e-9);
    EXPECT_LE(stop.left, 1.000001 * stop.tolerance * 100);
  }
  EXPECT_GT(stops.front().iteration, stops.back().iteration);
}

}  // namespace
}  // namespace jensen
