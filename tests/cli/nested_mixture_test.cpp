// A mixture within the components, said in --columns.
#include <cmath>

#include <fmt/format.h>

#include "cli/tool.h"

namespace jensen::cli {
namespace {

using NestedMixtureTest = ToolTest;

// Two groups that the counts tell apart; in each, x has two modes.
std::string table() {
  std::string text = "x,y,n\n";
  for (int i = 0; i < 200; ++i) {
    const bool second = i % 2 == 0;
    const double x = (second ? 0 : 4) + (i % 4 < 2 ? -6.0 : 6.0) + std::sin(7.0 * i);
    const double y = (i % 4 < 2 ? 1.0 : -1.0) + std::sin(11.0 * i + 1);
    text += fmt::format("{},{},{}\n", x, y, second ? 40 + i % 7 : i % 5);
  }
  return text;
}

TEST_F(NestedMixtureTest, EachComponentIsAMixtureOfItsOwn) {
  const std::string file = write("t.csv", table());
  const auto fit = json({"fit", "mixture", file, "-k", "2", "--columns", "n:poisson, x:mixture(components=2)", "-o",
                         path("m.json"), "--json"});
  EXPECT_TRUE(fit["monotone"]);
  EXPECT_EQ(fit["free_parameters"], 1 + 2 + 2 * (1 + 4));
  for (int k = 0; k < 2; ++k) {
    const double low = fit["parameters"][fmt::format("x.component.mean[{},0]", 2 * k)];
    const double high = fit["parameters"][fmt::format("x.component.mean[{},0]", 2 * k + 1)];
    EXPECT_NEAR(std::min(low, high), k == 0 ? -2 : -6, 0.4);
    EXPECT_NEAR(std::max(low, high), k == 0 ? 10 : 6, 0.4);
    EXPECT_NEAR(fit["parameters"][fmt::format("x.component_weight[{},0]", k)], 0.5, 0.05);
  }
  const double plain =
      json({"fit", "mixture", file, "-k", "2", "--columns", "n:poisson, x:gaussian", "--json"})["log_likelihood"];
  EXPECT_GT(fit["log_likelihood"], plain + 50);
  const auto described = run({"describe", path("m.json")});
  EXPECT_NE(described.out.find("x [1] weight"), std::string::npos) << described.out;
  EXPECT_EQ(lines(run({"predict", path("m.json"), file}).out).size(), 201u);
  EXPECT_EQ(lines(run({"sample", path("m.json"), "-n", "20"}).out).size(), 21u);
  EXPECT_EQ(lines(run({"impute", path("m.json"), write("h.csv", "x,n\n,3\n4,\n")}).out).size(), 3u);
  const auto diagnosed = json({"diagnose", path("m.json"), file, "--json"});
  EXPECT_NEAR(diagnosed["log_likelihood"], fit["log_likelihood"], 1e-8);
}

TEST_F(NestedMixtureTest, TheLikelihoodIsBounded) {
  // A row apart and twins: without a prior a component would collapse onto them.
  std::string text = "x,y\n";
  for (int i = 0; i < 40; ++i) text += fmt::format("{},{}\n", std::sin(3.0 * i), std::cos(5.0 * i));
  text += "30,30\n30,30\n";
  const std::string file = write("t.csv", text);
  const Words words{"fit", "mixture", file, "-k", "2", "--columns", "x + y:mixture(components=2)", "--json"};
  const auto fit = json(words);
  EXPECT_TRUE(fit["log_likelihood"].is_number());
  EXPECT_EQ(fit["outcome"], "converged");
  EXPECT_LT(fit["penalty"], 0) << "the prior is there, and costs something";
  auto none = words;
  none.insert(none.end(), {"--prior", "none"});
  EXPECT_EQ(run(none).out.find("\"outcome\":\"converged\""), std::string::npos) << "without it, some start collapses";
}

// The covariance that the Gaussians of a component share is one row of the table of errors.
TEST_F(NestedMixtureTest, EachComponentHasOneCovariance) {
  const auto done = run({"fit", "mixture", write("t.csv", table()), "-k", "2", "--columns",
                         "n:poisson, x + y:mixture(components=2, tied, sharing=within)", "--standard-errors", "oakes",
                         "-o", path("m.json"), "--restarts", "2"});
  EXPECT_EQ(done.code, 0) << done.err;
  const auto described = run({"describe", path("m.json"), "--standard-errors"}).out;
  EXPECT_NE(described.find("x + y [1] weight"), std::string::npos) << described;
  for (const auto& line : lines(described)) {
    if (line.find("covariance") == std::string::npos) continue;
    EXPECT_EQ(line.find("["), std::string::npos) << line;
  }
  EXPECT_NE(described.find("covariance"), std::string::npos) << described;
}

TEST_F(NestedMixtureTest, StructuresAndRefusals) {
  const std::string file = write("t.csv", table());
  const auto attempt = [&](const std::string& columns) {
    return run({"fit", "mixture", file, "-k", "2", "--columns", columns, "--restarts", "2", "--json"});
  };
  const auto parameters = [&](const std::string& columns) -> int {
    const auto done = attempt(columns);
    EXPECT_EQ(done.code, 0) << done.err;
    return nlohmann::json::parse(done.out)["free_parameters"];
  };
  EXPECT_EQ(parameters("x + y:mixture(components=2, tied)"), 1 + 2 + 8 + 3);
  EXPECT_EQ(parameters("x + y:mixture(components=3, EII)"), 1 + 4 + 12 + 1);
  EXPECT_EQ(parameters("x + y:mixture(components=2, tied, sharing=across)"), 1 + 2 + 8 + 3);
  EXPECT_EQ(parameters("x + y:mixture(components=2, tied, sharing=within)"), 1 + 2 + 8 + 2 * 3);
  EXPECT_EQ(parameters("x + y:mixture(components=3, EII, sharing=within)"), 1 + 4 + 12 + 2);
  EXPECT_EQ(parameters("x:mixture"), 1 + 2 + 8) << "two components unless said";
  EXPECT_REFUSED(attempt("x:mixture(components=1)"), "components must be a whole number ≥ 2, got 1");
  EXPECT_REFUSED(attempt("x:mixture(components=2.5)"), "components must be a whole number");
  EXPECT_REFUSED(attempt("x:mixture(width=2)"), "mixture has no option 'width'");
  EXPECT_REFUSED(attempt("x:mixture(round)"), "round");
  EXPECT_REFUSED(attempt("x:mixture(tied, sharing=none)"), "sharing must be within or across, got 'none'");
  EXPECT_REFUSED(run({"fit", "mixture", write("c.csv", "x\n1\n1\n1\n"), "-k", "1", "--columns", "x:mixture"}),
                 "column 'x' is constant");
}

}  // namespace
}  // namespace jensen::cli
