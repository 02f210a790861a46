// Student-t mixtures computed by EMMIXskew, teigen and MASS; see README.md beside this file.
#include <jensen/data/csv.h>
#include <jensen/em/e_step.h>
#include <jensen/em/fit.h>
#include <jensen/fit_gaussian_mixture.h>
#include <jensen/models/student_t_mixture.h>

#include <gtest/gtest.h>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "support/golden.h"

namespace jensen {
namespace {

using golden::Json;

const Json& cases() { return golden::cases("student_t"); }

// From labels: a first M-step with all u = 1, which is the Gaussian's.
StudentTMixture start_of(const Json& golden, const Table& table) {
  const GaussianMixtureOptions options{golden.at("components"), Covariance::full, Prior::none};
  Erased<GaussianMixture> normal(gaussian_mixture_for(table, options));
  if (golden.contains("init")) {
    Workers workers(1);
    normal.maximize(EStep(table, workers)(normal, golden::given_labels(golden.at("init"))).statistics);
  }
  const bool fixed = golden.at("df").is_number();
  const std::vector<double> weights(normal.get().weights().begin(), normal.get().weights().end());
  return {weights, StudentT(normal.get().emissions(), fixed ? DegreesOfFreedom::fixed : DegreesOfFreedom::own,
                            fixed ? golden.at("df").get<double>() : 50)};
}

class GoldenStudentT : public testing::TestWithParam<std::size_t> {};

TEST_P(GoldenStudentT, ConvergesToTheSameNumbers) {
  const Json& golden = cases()[GetParam()];
  const auto read = golden::table_of(golden.at("dataset"));
  if (!read) GTEST_SKIP() << golden::absent(golden);
  const Table& table = *read;
  Options options;
  options.tolerance = 1e-13;
  options.max_iterations = 20000;
  const auto fitted = fit(start_of(golden, table), table, options);
  const Json& result = golden.at("result");
  const double tolerance = golden.at("tolerance").at("loglik_abs");
  EXPECT_NEAR(fitted.report.log_likelihood, result.at("loglik"), tolerance) << fitted.report.message;
  EXPECT_TRUE(fitted.report.monotone);
  EXPECT_EQ(fitted.report.free_parameters, result.at("n_params"));
  EXPECT_NEAR(fitted.report.bic(), result.at("bic"), 2 * tolerance);
  const Json& params = result.at("params");
  const double relative = golden.at("tolerance").at("params_rel");
  const StudentT& t = fitted.model.emissions();
  for (int k = 0; k < t.states(); ++k) {
    const auto at = static_cast<std::size_t>(k);
    EXPECT_NEAR(fitted.model.weights()[at], params.at("weights")[at], relative);
    EXPECT_NEAR(t.nu(k), params.at("df")[at], relative * t.nu(k));
    EXPECT_EQ(t.at_limit(k), params.at("df")[at] == 200);
    const auto scale = t.scale(k);
    for (int a = 0; a < t.columns(); ++a) {
      const double deviation = std::sqrt(scale[packed_index(a, a)]);
      EXPECT_NEAR(t.mean(k)[static_cast<std::size_t>(a)], params.at("means")[at][static_cast<std::size_t>(a)],
                  relative * (deviation + std::abs(t.mean(k)[static_cast<std::size_t>(a)])));
      for (int b = 0; b <= a; ++b) {
        EXPECT_NEAR(scale[packed_index(a, b)],
                    params.at("scales")[at][static_cast<std::size_t>(a)][static_cast<std::size_t>(b)],
                    relative * deviation * std::sqrt(scale[packed_index(b, b)]));
      }
    }
  }
}

std::string name_of(const testing::TestParamInfo<std::size_t>& info) { return cases()[info.param].at("id"); }

INSTANTIATE_TEST_SUITE_P(StudentT, GoldenStudentT, testing::Range<std::size_t>(0, 7), name_of);

TEST(GoldenStudentTFile, IsWhole) { EXPECT_EQ(cases().size(), 7U); }

}  // namespace
}  // namespace jensen
