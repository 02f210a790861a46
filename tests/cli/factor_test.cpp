// Columns of words in formulas: jensen fit mixture --regress 'y ~ sex'.
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "cli/tool.h"

namespace jensen::cli {
namespace {

using FactorTest = ToolTest;

// flexmix 2.3-18, flexmix(cbind(Deaths, Total - Deaths) ~ Treatment | Center, k = 3, FLXMRglm(family = "binomial")):
// tests/golden/families.json, mixbinom_betablocker_K3_global.
TEST_F(FactorTest, TrialsOfTwoTreatmentsByCentreReachThoseOfFlexmix) {
  const auto fit =
      json({"fit", "mixture", data("betablocker.csv"), "-k", "3", "--regress", "Deaths / Total ~ Treatment | Center",
            "--family", "binomial", "--restarts", "20", "--tolerance", "1e-12", "--json", "-o", path("m.json")});
  EXPECT_NEAR(fit["log_likelihood"], -158.309480286316, 1e-6);
  EXPECT_EQ(fit["free_parameters"], 8);
  const std::map<std::string, double> expected{{"weight[0]", 0.239502538961387},
                                               {"Deaths.coefficient[0,0]", -2.9163489105365},
                                               {"Deaths.coefficient[0,1]", -0.0804761631052783},
                                               {"Deaths.coefficient[1,1]", -0.262994378788772},
                                               {"Deaths.coefficient[2,0]", -1.57993721183109}};
  for (const auto& [name, value] : expected) EXPECT_NEAR(fit["parameters"][name], value, 1e-3) << name;
  EXPECT_EQ(fit["factors"], nlohmann::json::parse(R"([{"column": "Treatment", "levels": ["Control", "Treated"]}])"));
  EXPECT_EQ(fit["columns"], (nlohmann::json{"Deaths", "Total", "Treatment[Treated]"}));
  EXPECT_NE(run({"describe", path("m.json")}).out.find("Deaths ~ Treatment[Treated]"), std::string::npos);
}

// Three levels, one of them missing now and then; by hand as indicators in further columns.
std::string table() {
  std::string text = "y,sex,job,x,clerk,none,m\n";
  for (int i = 0; i < 60; ++i) {
    const int job = (i * 7) % 3;
    const bool male = i % 2 == 0;
    const double x = std::sin(3.0 * i);
    const double y = (i % 5 < 2 ? 10 : 0) + job + (male ? 2 : 0) + x + std::sin(11.0 * i);
    text += fmt::format("{},{},{},{},{},{},{}\n", y, male ? "m" : "f",
                        job == 0   ? "baker"
                        : job == 1 ? "clerk"
                                   : "none",
                        x, job == 1 ? 1 : 0, job == 2 ? 1 : 0, male ? 1 : 0);
  }
  return text;
}

TEST_F(FactorTest, IndicatorsAreThoseMadeByHand) {
  const std::string file = write("t.csv", table());
  const auto fit = [&](const std::string& formula, const Words& more = {}) {
    Words words{"fit", "mixture", file, "-k", "2", "--regress", formula, "--seed", "3", "--json"};
    words.insert(words.end(), more.begin(), more.end());
    return json(words);
  };
  const auto coded = fit("y ~ job + x");
  EXPECT_EQ(coded["columns"], (nlohmann::json{"y", "job[clerk]", "job[none]", "x"}));
  EXPECT_EQ(coded["parameters"], fit("y ~ clerk + none + x")["parameters"]) << "baker is the reference";
  EXPECT_EQ(fit("y ~ x", {"--gate", "sex"})["parameters"], fit("y ~ x", {"--gate", "m"})["parameters"]);
  // Without an intercept the first factor has all its levels, the second has not.
  const auto without = fit("y ~ 0 + sex + job");
  EXPECT_EQ(without["columns"], (nlohmann::json{"y", "sex[f]", "sex[m]", "job[clerk]", "job[none]"}));
  EXPECT_NEAR(without["log_likelihood"], fit("y ~ sex + job")["log_likelihood"], 1e-6);
  // Numbers are factors where that is said.
  EXPECT_EQ(fit("y ~ factor(clerk)")["columns"], (nlohmann::json{"y", "clerk[1]"}));
}

TEST_F(FactorTest, AModelKnowsItsLevels) {
  const std::string file = write("t.csv", table());
  ASSERT_EQ(run({"fit", "mixture", file, "-k", "2", "--regress", "y ~ job + sex", "--gate", "sex", "--quiet", "-o",
                 path("m.json")})
                .code,
            0);
  // One level alone, in any order of columns, means what it meant in the fit.
  const auto all = lines(run({"predict", path("m.json"), file, "--probabilities"}).out);
  const auto rows = lines(table());
  std::string some = "sex,job,y\n";
  Words expected{all[0]};
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (rows[i].find(",none,") == std::string::npos || rows[i].find(",m,") == std::string::npos) continue;
    some += fmt::format("m,none,{}\n", rows[i].substr(0, rows[i].find(',')));
    expected.push_back(all[i]);
  }
  ASSERT_GT(expected.size(), 5u);
  EXPECT_EQ(lines(run({"predict", path("m.json"), write("some.csv", some), "--probabilities"}).out), expected);
  EXPECT_EQ(
      lines(run({"predict", path("m.json"), write("named.csv", "a,b,c\n1,none,m\n"), "--columns", "a,b,c"}).out).size(),
      2u);
  EXPECT_REFUSED(run({"predict", path("m.json"), write("new.csv", "y,job,sex\n1,clerk,m\n2,smith,f\n")}),
                 "row 2 (line 3), column 'job'");
  EXPECT_REFUSED(run({"score", path("m.json"), path("new.csv")}), "'smith'");
  EXPECT_REFUSED(run({"predict", path("m.json"), write("lacks.csv", "y,sex\n1,m\n")}), "job");
  EXPECT_EQ(lines(run({"predict", path("m.json"), write("hole.csv", "y,job,sex\n1,,m\n")}).out)[1], "NA")
      << "nothing is known without the covariate";
}

TEST_F(FactorTest, WhatIsNoFactorIsRefused) {
  const std::string file = write("t.csv", "y,a,b,c\n1,u,1,p\n2,u,x,q\n3,u,2,p\n4,u,3,q\n");
  const auto attempt = [&](const std::string& formula) {
    return run({"fit", "mixture", file, "-k", "1", "--regress", formula});
  };
  EXPECT_REFUSED(attempt("y ~ a"), "column 'a' has a single level, 'u'");
  EXPECT_REFUSED(attempt("y ~ b"), "'x' is not a number");
  EXPECT_REFUSED(attempt("y ~ a:c"), "interactions");
  EXPECT_REFUSED(attempt("y ~ log(c)"), "'p' is not a number");
  EXPECT_REFUSED(attempt("y / b ~ c"), "--family binomial");
  EXPECT_EQ(run({"fit", "mixture", file, "-k", "1", "--regress", "y ~ c", "--quiet"}).code, 0);
}

}  // namespace
}  // namespace jensen::cli
