// jensen describe --standard-errors: parameters by column and component, with their errors.
#include <algorithm>

#include <fmt/format.h>

#include "cli/tool.h"

namespace jensen::cli {
namespace {

using DescribeTest = ToolTest;

std::string line_of(const std::string& text, const std::string& begin) {
  for (const auto& line : lines(text)) {
    const auto from = line.find_first_not_of(' ');
    if (from != std::string::npos && line.compare(from, begin.size(), begin) == 0) return line;
  }
  return {};
}

int brackets(const std::string& line) { return static_cast<int>(std::count(line.begin(), line.end(), '(')); }

TEST_F(DescribeTest, StandardErrorsStandBesideTheParametersOfEachColumn) {
  ASSERT_EQ(run({"fit", "mixture", data("survey.csv"), "-k", "2", "--columns",
                 "age:gaussian, sex:categorical, visits:poisson, smoker:bernoulli", "--standard-errors", "oakes",
                 "--quiet", "-o", path("m.json")})
                .code,
            0);
  const auto file = nlohmann::json::parse(read("m.json"));
  const auto described = run({"describe", path("m.json"), "--standard-errors"});
  ASSERT_EQ(described.code, 0) << described.err;
  for (const char* label : {"weight", "age mean", "age variance", "sex = f", "sex = m", "visits rate", "smoker = "}) {
    const auto line = line_of(described.out.substr(described.out.rfind("component")), label);
    EXPECT_EQ(brackets(line), 2) << label << " in\n" << described.out;
  }
  // The numbers are those of the file.
  for (const auto& p : file["fit"]["standard_errors"]["parameters"]) {
    if (p["name"] != "age.mean[1,0]") continue;
    const double error = p["standard_error"];
    const auto line = line_of(described.out, "age mean");
    const double shown = std::stod(line.substr(line.rfind('(') + 1));
    EXPECT_NEAR(shown, error, 0.01 * error) << line;
  }
  EXPECT_EQ(described.out.find("lower"), std::string::npos) << "in place of the list";
  EXPECT_NE(run({"describe", path("m.json")}).out.find("lower"), std::string::npos);
}

TEST_F(DescribeTest, WhatComponentsShareStandsOnce) {
  const auto shown = [&](const Words& fit) {
    Words words{"fit",     "mixture", data("faithful.csv"), "-k",       "2", "--standard-errors", "oakes",
                "--quiet", "-o",      path("m.json"),       "--columns"};
    words.insert(words.end(), fit.begin(), fit.end());
    const auto done = run(words);
    EXPECT_EQ(done.code, 0) << done.err;
    return run({"describe", path("m.json"), "--standard-errors"}).out;
  };
  const auto tied = shown({"eruptions + waiting:gaussian(tied)"});
  const auto shared = tied.substr(tied.find("Of no single component"));
  EXPECT_EQ(brackets(line_of(shared, "eruptions variance")), 1) << tied;
  EXPECT_EQ(brackets(line_of(shared, "eruptions, waiting covariance")), 1) << tied;
  EXPECT_EQ(brackets(line_of(tied, "waiting mean")), 2) << tied;
  const auto diagonal = shown({"eruptions + waiting:gaussian(EEI)"});
  EXPECT_EQ(brackets(line_of(diagonal.substr(diagonal.find("Of no single component")), "waiting variance")), 1)
      << diagonal;
  const auto own = shown({"eruptions + waiting:gaussian(VVI)"});
  EXPECT_EQ(brackets(line_of(own, "waiting variance")), 2) << own;
  EXPECT_EQ(own.find("Of no single component"), std::string::npos) << own;
}

TEST_F(DescribeTest, RegressionsChainsAndGaussianMixtures) {
  ASSERT_EQ(run({"fit", "mixture", data("patent.csv"), "-k", "2", "--regress", "Patents ~ lgRD", "--family", "poisson",
                 "--gate", "RDS", "--standard-errors", "oakes", "--quiet", "-o", path("g.json")})
                .code,
            0);
  const auto gated = run({"describe", path("g.json"), "--standard-errors"}).out;
  const auto table = gated.substr(gated.rfind("component "));
  EXPECT_EQ(brackets(line_of(table, "Patents ~ lgRD")), 2) << gated;
  EXPECT_EQ(brackets(line_of(table, "gate ~ RDS")), 1) << "none of the reference\n" << gated;
  ASSERT_EQ(run({"fit", "hidden-markov", data("earthquakes.csv"), "-k", "2", "--columns", "count:poisson",
                 "--standard-errors", "oakes", "--quiet", "-o", path("h.json")})
                .code,
            0);
  const auto chain = run({"describe", path("h.json"), "--standard-errors"}).out;
  EXPECT_EQ(brackets(line_of(chain.substr(chain.rfind("state ")), "to 1")), 2) << chain;
  ASSERT_EQ(run({"fit", "gaussian-mixture", data("faithful.csv"), "-k", "2", "--standard-errors", "oakes", "--quiet",
                 "-o", path("f.json")})
                .code,
            0);
  const auto faithful = run({"describe", path("f.json"), "--standard-errors"}).out;
  EXPECT_EQ(brackets(line_of(faithful, "waiting variance")), 2) << faithful;
  EXPECT_REFUSED(run({"describe", faithful_model(), "--standard-errors"}), "holds none: fit with --standard-errors");
}

}  // namespace
}  // namespace jensen::cli
