// Rows that share their component: jensen fit mixture --group, and what is done with the models.
#include <cmath>
#include <fstream>
#include <map>
#include <sstream>

#include <fmt/format.h>

#include "cli/tool.h"

namespace jensen::cli {
namespace {

using GroupedMixtureTest = ToolTest;

Words fields(const std::string& line) {
  Words cells;
  std::istringstream stream(line);
  for (std::string cell; std::getline(stream, cell, ',');) cells.push_back(cell);
  return cells;
}

// data/npreg.csv with the square of x.
std::string npreg() {
  std::ifstream file(data("npreg.csv"));
  std::string line, text;
  std::getline(file, line);
  text = line + ",x_squared\n";
  while (std::getline(file, line)) {
    const double x = std::stod(line);
    text += fmt::format("{},{}\n", line, x * x);
  }
  return text;
}

// flexmix 2.3-18, flexmix(yn ~ x + I(x^2) | id2, k = 2): tests/golden/families.json, mixreg_npreg_grouped_K2_global.
TEST_F(GroupedMixtureTest, RegressionsOfGroupsReachThoseOfFlexmix) {
  const std::string table = write("npreg.csv", npreg());
  const auto fit = json({"fit", "mixture", table, "-k", "2", "--regress", "yn ~ x + x_squared | id2", "--prior", "none",
                         "--tolerance", "1e-12", "-o", path("m.json"), "--json"});
  EXPECT_EQ(fit["model"], "grouped-mixture");
  EXPECT_EQ(fit["group"], "id2");
  EXPECT_NEAR(fit["log_likelihood"], -561.5536881590186, 1e-6);
  EXPECT_NEAR(fit["bic"], 1170.7922326169696, 1e-5);
  const auto& parameters = fit["parameters"];
  const std::map<std::string, double> expected{
      {"weight[0]", 0.5},
      {"yn.coefficient[0,0]", -0.12981210100898935},
      {"yn.coefficient[0,1]", 4.705031375120186},
      {"yn.coefficient[0,2]", 0.04514014182463123},
      {"yn.variance[0]", 3.364076150070244 * 3.364076150070244},
      {"yn.coefficient[1,0]", 14.639049353432132},
  };
  for (const auto& [name, value] : expected) {
    ASSERT_TRUE(parameters.contains(name)) << parameters;
    EXPECT_NEAR(parameters[name], value, 1e-4 * std::max(1.0, std::abs(value))) << name;
  }
  const auto again = json({"fit", "mixture", table, "-k", "2", "--regress", "yn ~ x + x_squared", "--group", "id2",
                           "--prior", "none", "--tolerance", "1e-12", "--json"});
  EXPECT_EQ(again["parameters"], parameters) << "said in the formula or beside it";
}

TEST_F(GroupedMixtureTest, AGroupHasOneAnswer) {
  const std::string table = write("npreg.csv", npreg());
  const Words fit{"fit", "mixture", table, "-k", "2", "--regress", "yn ~ x + x_squared | id2", "--quiet", "-o"};
  auto whole = fit;
  whole.push_back(path("m.json"));
  ASSERT_EQ(run(whole).code, 0);
  const auto rows = lines(read("npreg.csv"));
  const auto predicted = lines(run({"predict", path("m.json"), table, "--probabilities"}).out);
  ASSERT_EQ(predicted.size(), rows.size());
  EXPECT_EQ(predicted[0], "component,probability_0,probability_1");
  std::map<std::string, std::string> of_group;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const auto [at, fresh] = of_group.emplace(fields(rows[i])[6], predicted[i]);
    EXPECT_EQ(at->second, predicted[i]) << (fresh ? "the first of its group" : rows[i]);
  }
  EXPECT_EQ(of_group.size(), 50u);

  // Scores: a line for each group, which add up to the log-likelihood; by row they add up to the same.
  const auto score = json({"score", path("m.json"), table, "--json"});
  EXPECT_EQ(score["groups"].size(), 50u);
  double total = 0;
  for (const auto& group : score["groups"]) total += group["log_likelihood"].get<double>();
  EXPECT_NEAR(total, score["total"], 1e-9);
  const auto file = nlohmann::json::parse(read("m.json"));
  EXPECT_NEAR(total, file["fit"]["log_likelihood"], 1e-9);
  const auto by_row = lines(run({"score", path("m.json"), table, "--rows"}).out);
  double sum = 0;
  for (std::size_t i = 1; i < by_row.size(); ++i) sum += std::stod(by_row[i]);
  EXPECT_NEAR(sum, total, 1e-9);
  EXPECT_EQ(lines(run({"score", path("m.json"), table}).out)[0], "group,rows,log_likelihood");

  // Under another grouping the same model gives other answers; --group says which.
  const auto by_other = json({"score", path("m.json"), table, "--group", "id1", "--json"});
  EXPECT_EQ(by_other["groups"].size(), 100u);
  EXPECT_NE(by_other["total"], score["total"]);

  const auto described = run({"describe", path("m.json")});
  EXPECT_NE(described.out.find("Mixture of groups: 2 components"), std::string::npos) << described.out;
  EXPECT_NE(described.out.find("yn ~ x_squared"), std::string::npos) << described.out;
  const auto diagnosed = json({"diagnose", path("m.json"), table, "--json"});
  EXPECT_NEAR(diagnosed["log_likelihood"], total, 1e-9);
}

TEST_F(GroupedMixtureTest, TheOrderOfTheFileDoesNotMatter) {
  auto rows = lines(npreg());
  const std::string table = write("sorted.csv", npreg());
  std::string scattered = rows[0] + "\n";
  for (std::size_t start = 0; start < 7; ++start) {
    for (std::size_t i = 1 + start; i < rows.size(); i += 7) scattered += rows[i] + "\n";
  }
  const Words options{"-k", "2", "--regress", "yn ~ x | id2", "--tolerance", "1e-12", "--json"};
  const auto fitted = [&](const std::string& file) {
    Words words{"fit", "mixture", file};
    words.insert(words.end(), options.begin(), options.end());
    return json(words);
  };
  EXPECT_NEAR(fitted(write("scattered.csv", scattered))["log_likelihood"], fitted(table)["log_likelihood"], 1e-6);
}

TEST_F(GroupedMixtureTest, ColumnsOfOtherKindsComeInGroupsToo) {
  std::string text = "who,x,c\n";
  for (int who = 0; who < 40; ++who) {
    for (int t = 0; t < 4; ++t) {
      const double x = (who % 2 == 0 ? -1 : 1) + std::sin(37.0 * who + 11 * t);
      text += fmt::format("p{},{},{}\n", who, t == 3 && who % 5 == 0 ? "" : fmt::to_string(x),
                          (who + t) % 3 == 0 ? "u" : "v");
    }
  }
  const std::string table = write("people.csv", text);
  ASSERT_EQ(run({"fit", "mixture", table, "-k", "2", "--columns", "x:gaussian, c:categorical", "--group", "who",
                 "--quiet", "-o", path("m.json")})
                .code,
            0);
  EXPECT_EQ(lines(run({"impute", path("m.json"), table}).out).size(), 161u);
  const auto sample = run({"sample", path("m.json"), "--length", "3", "--sequences", "5", "--with-component"});
  const auto drawn = lines(sample.out);
  ASSERT_EQ(drawn.size(), 16u) << sample.err;
  EXPECT_EQ(drawn[0], "who,x,c,component");
  for (std::size_t i = 1; i < drawn.size(); ++i) {
    EXPECT_EQ(fields(drawn[i])[3], fields(drawn[i - (i - 1) % 3])[3]) << "rows of a group share their component";
  }
}

TEST_F(GroupedMixtureTest, SelectionComparesNumbersOfComponents) {
  const auto found = json({"select", "mixture", data("npreg.csv"), "-k", "1..3", "--regress", "yn ~ x | id2", "--folds",
                           "3", "-o", path("best.json"), "--json"});
  EXPECT_EQ(found["candidates"].size(), 3u);
  EXPECT_EQ(found["best"]["model"], "grouped-mixture");
  for (const auto& candidate : found["candidates"]) EXPECT_TRUE(candidate["cross_validated"].is_number()) << candidate;
  const auto one = json({"fit", "mixture", data("npreg.csv"), "-k", "1", "--regress", "yn ~ x", "--json"});
  for (const auto& candidate : found["candidates"]) {
    if (candidate["components"] == 1) {
      EXPECT_NEAR(candidate["log_likelihood"], one["log_likelihood"], 1e-8) << "with one component groups say nothing";
    }
  }
  EXPECT_EQ(lines(run({"predict", path("best.json"), data("npreg.csv")}).out).size(), 201u);
}

TEST_F(GroupedMixtureTest, TheBootstrapDrawsGroupsWithTheirCovariates) {
  std::string text = "g,x,y\n";
  for (int g = 0; g < 30; ++g) {
    for (int t = 0; t < 3; ++t) {
      const double x = t + 0.1 * g;
      text += fmt::format("{},{},{}\n", g, x, (g % 2 == 0 ? 3 + 2 * x : 20 - x) + std::sin(7.0 * g + 5 * t));
    }
  }
  const auto found = json({"select", "mixture", write("lines.csv", text), "-k", "1..3", "--regress", "y ~ x | g",
                           "--test", "19", "--restarts", "3", "--json"});
  std::map<int, double> p_values;
  for (const auto& candidate : found["candidates"]) {
    if (candidate["p_value"].is_number()) p_values[candidate["components"]] = candidate["p_value"];
  }
  EXPECT_EQ(p_values.at(1), 1.0 / 20) << "two lines, far apart";
  EXPECT_GT(p_values.at(2), 1.0 / 20);
}

TEST_F(GroupedMixtureTest, WhatDoesNotGoWithGroupsIsRefused) {
  const std::string rows = "id,x,y,w,v\na,1,1,1,0\na,2,2.5,1,0\nb,3,2,2,1\nb,4,5,2,1\nc,5,4,1,1\nc,6,6.5,1,0\n";
  const std::string table = write("t.csv", rows);
  const auto attempt = [&](Words more, const std::string& file) {
    Words words{"fit", "mixture", file, "-k", "2", "--regress", "y ~ x | id"};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  };
  EXPECT_REFUSED(attempt({"--gate", "v"}, table), "--gate: does not go with groups");
  EXPECT_REFUSED(attempt({"--group", "v"}, table), "--group: is 'v', but the formula's group is 'id'");
  EXPECT_REFUSED(attempt({"--weights", "v"}, table), "are of one group, but have different weights, 1 and 0");
  EXPECT_REFUSED(run({"fit", "mixture", table, "-k", "4", "--regress", "y ~ x | id"}),
                 "must be at most 3, the number of groups, got 4");
  EXPECT_REFUSED(attempt({}, write("hole.csv", "id,x,y\na,1,1\n,2,3\nb,3,4\n")),
                 "row 2, column 'id': the group is missing");
  EXPECT_REFUSED(attempt({}, write("no.csv", "x,y\n1,1\n2,3\n")), "'id'");
  EXPECT_REFUSED(run({"fit", "hidden-markov", table, "-k", "2", "--regress", "y ~ x | id"}), "--sequence");
  EXPECT_REFUSED(run({"fit", "mixture", table, "-k", "2", "--regress", "y ~ x", "--gate", "v | id"}), "--gate");
  ASSERT_EQ(run({"fit", "mixture", table, "-k", "1", "--regress", "y ~ x | id", "--quiet", "-o", path("m.json")}).code,
            0);
  EXPECT_REFUSED(run({"predict", path("m.json"), table, "--viterbi"}), "--viterbi: is for hidden Markov models");
  EXPECT_REFUSED(run({"predict", path("m.json"), table, "--sequence", "id"}), "--group");
  EXPECT_EQ(lines(run({"score", path("m.json"), table, "--residuals"}).out)[0], "log_density,residual_y");
  EXPECT_REFUSED(run({"forecast", path("m.json"), table}), "forecast");
  EXPECT_REFUSED(run({"predict", faithful_model(), data("faithful.csv"), "--group", "waiting"}),
                 "--group: the model takes rows as independent");
}

}  // namespace
}  // namespace jensen::cli
