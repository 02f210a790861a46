#include <gtest/gtest.h>

#include <jensen/data/table.h>
#include <jensen/em/fit.h>
#include <jensen/emissions/gaussian.h>
#include <jensen/models/any_mixture.h>
#include <jensen/testing/laws.h>

#include "support/refusal.h"

namespace jensen {
namespace {

Table points() {
  std::vector<double> values;
  Stream stream(3, Purpose::test);
  for (int i = 0; i < 120; ++i) values.push_back(stream.normal() + (i % 60 < 20 ? 4 : 0));
  values[7] = std::numeric_limits<double>::quiet_NaN();
  return Table(std::move(values), 60, 2);
}

Gaussian two_gaussians() {
  Gaussian gaussian(2, 2, Covariance::full);
  gaussian.set({0, 0, 3, 3}, {1, 0, 1, 1, 0.2, 1});
  return gaussian;
}

// The least: a point mass each at 0 and 1, softened; nothing optional.
struct Least {
  struct Scratch {};
  double log_odds = 1;
  int states() const { return 2; }
  int columns() const { return 1; }
  Layout layout() const { return {2, 0}; }
  void reference(std::span<double>) const {}
  void add_log_density(const Block& x, Panel p, Scratch&) const {
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      for (int k = 0; k < 2; ++k) p(i, k) -= std::log1p(std::exp(x.x(i, 0) == k ? -log_odds : log_odds));
    }
  }
  double accumulate(const Block& x, ConstPanel r, Slice s, Scratch&) const {
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      for (int k = 0; k < 2; ++k) s.sum[x.x(i, 0) == k ? 0 : 1] += r(i, k);
    }
    return 0;
  }
  void maximize(ConstSlice s) { log_odds = std::log(s.sum[0] / s.sum[1]); }
};

TEST(AnyEmissions, AMixtureOfAnyGaussianIsAMixtureOfGaussian) {
  const Table data = points();
  const Mixture<Gaussian> direct({0.6, 0.4}, two_gaussians());
  const AnyMixture any({0.6, 0.4}, two_gaussians());
  const auto a = fit(direct, data);
  const auto b = fit(any, data);
  EXPECT_EQ(a.report.log_likelihood, b.report.log_likelihood);
  EXPECT_EQ(a.model.parameters(), b.model.parameters());
  EXPECT_EQ(a.report.free_parameters, b.report.free_parameters);
  EXPECT_EQ(any.parameter_names(), direct.parameter_names());
}

TEST(AnyEmissions, ObeysTheLaws) {
  const Table data = points();
  LawSubject subject(AnyMixture({0.6, 0.4}, two_gaussians()), data);
  subject.accepts_missing = true;
  const LawReport report = check_laws(subject);
  EXPECT_TRUE(report.holds()) << report;
}

TEST(AnyEmissions, DeniesAndRefusesWhatTheOnesInsideLack) {
  const AnyMixture mixture{Least()};
  for (const auto c : {Capability::expected_log_joint, Capability::unconstrained, Capability::parameters,
                       Capability::move, Capability::free_parameters, Capability::sample}) {
    EXPECT_FALSE(mixture.can(c)) << describe(c);
    EXPECT_FALSE(Erased<AnyMixture>(mixture).can(c)) << describe(c);
    EXPECT_FALSE(Mixture<Least>(Least()).can(c)) << describe(c);
  }
  EXPECT_TRUE(mixture.can(Capability::score));
  EXPECT_EQ(support::refusal<UnsupportedError>([&] { (void)mixture.unconstrained(); }),
            "these emissions cannot map its parameters to unconstrained coordinates, which this call needs");
}

TEST(AnyEmissions, TheLeastIsEnoughToBeFitted) {
  const Table data({0, 0, 1, 0, 1, 1, 0, 0}, 8, 1);
  EXPECT_EQ(fit(AnyMixture(Least()), data).report.log_likelihood,
            fit(Mixture<Least>(Least()), data).report.log_likelihood);
  LawSubject subject(AnyMixture(Least{}), data);
  const LawReport report = check_laws(subject);
  EXPECT_TRUE(report.holds()) << report;
}

TEST(AnyEmissions, IsAValueAndKnowsItsType) {
  AnyEmissions a = two_gaussians();
  AnyEmissions b = a;
  b.as<Gaussian>()->set({9, 9, 9, 9}, {1, 0, 1, 1, 0, 1});
  EXPECT_EQ(a.as<Gaussian>()->mean(1)[0], 3);
  EXPECT_EQ(a.as<Least>(), nullptr);
  AnyEmissions::Scratch scratch;  // serves emissions of another type after those it was made for
  const Table data({0, 0, 1, 0}, 2, 2);
  BlockBuffer buffer;
  std::vector<double> values(4, 0.0);
  const Panel p{values.data(), 2, 2, 2};
  a.add_log_density(data.block(0, 2, buffer), p, scratch);
  const AnyEmissions least = Least();
  const double before = values[0];
  least.add_log_density(data.block(0, 2, buffer), p, scratch);
  EXPECT_NEAR(values[0], before - std::log1p(std::exp(-1.0)), 1e-15);
}

}  // namespace
}  // namespace jensen
