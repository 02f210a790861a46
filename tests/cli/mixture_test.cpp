// jensen fit mixture and latent-class, and what is done with the models.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include <jensen/data/npy.h>

#include "cli/tool.h"

namespace jensen::cli {
namespace {

using MixtureTest = ToolTest;

const char* const survey_schema = "age:gaussian, income:log-normal, sex:categorical, visits:poisson";

std::string survey() { return data("survey.csv"); }

TEST_F(MixtureTest, ATableOfEveryKindOfColumn) {
  const auto fit = json({"fit", "mixture", survey(), "-k", "3", "--columns", survey_schema, "--weights", "w",
                         "--labels", "known", "-o", path("m.json"), "--json"});
  EXPECT_EQ(fit["model"], "mixture");
  EXPECT_EQ(fit["components"], 3);
  EXPECT_TRUE(fit["monotone"]);
  EXPECT_EQ(fit["component_names"], (nlohmann::json{"middle", "old", "young"}));
  EXPECT_EQ(fit["schema"][2]["levels"], nlohmann::json::parse(R"([["f", "m"]])"));

  const auto predicted = run({"predict", path("m.json"), survey(), "--probabilities"});
  EXPECT_EQ(predicted.code, 0) << predicted.err;
  EXPECT_EQ(lines(predicted.out)[0], "component,probability_middle,probability_old,probability_young");
  EXPECT_EQ(lines(predicted.out).size(), 401u);

  const auto sampled = run({"sample", path("m.json"), "-n", "50", "--with-component"});
  EXPECT_EQ(sampled.code, 0) << sampled.err;
  EXPECT_EQ(lines(sampled.out)[0], "age,income,sex,visits,component");
  const auto again = run({"predict", path("m.json"), write("sample.csv", sampled.out)});
  EXPECT_EQ(lines(again.out).size(), 51u) << again.err;

  const auto filled = run({"impute", path("m.json"), survey()});
  EXPECT_EQ(filled.code, 0) << filled.err;
  const auto rows = lines(filled.out);
  ASSERT_EQ(rows.size(), 401u);
  // What the model knows has no holes left; job and smoker keep theirs.
  const auto holes = [](const std::vector<std::string>& table, const std::set<std::string>& names) {
    const auto fields = [](const std::string& row) {
      std::vector<std::string> cells;
      std::istringstream stream(row);
      for (std::string cell; std::getline(stream, cell, ',');) cells.push_back(cell);
      if (row.ends_with(',')) cells.emplace_back();
      return cells;
    };
    const auto header = fields(table[0]);
    int found = 0;
    for (std::size_t i = 1; i < table.size(); ++i) {
      const auto cells = fields(table[i]);
      EXPECT_EQ(cells.size(), header.size()) << table[i];
      for (std::size_t j = 0; j < std::min(cells.size(), header.size()); ++j) {
        found += names.contains(header[j]) && (cells[j].empty() || cells[j] == "NA") ? 1 : 0;
      }
    }
    return found;
  };
  const std::set<std::string> modelled{"age", "income", "sex", "visits"};
  std::ifstream file(survey());
  const std::string original{std::istreambuf_iterator<char>(file), {}};
  EXPECT_GT(holes(lines(original), modelled), 0);
  EXPECT_EQ(holes(rows, modelled), 0);
  EXPECT_GT(holes(rows, {"job", "smoker"}), 0);
  const auto described = run({"describe", path("m.json")});
  EXPECT_EQ(described.code, 0) << described.err;
  for (const char* text : {"Mixture: 3 components, 4 columns", "sex = f", "visits", "taken for young", "age alone"}) {
    EXPECT_NE(described.out.find(text), std::string::npos) << text << "\n" << described.out;
  }
}

TEST_F(MixtureTest, ThreadsDoNotChangeAnything) {
  const Words words{"fit", "mixture", survey(), "-k", "2", "--columns", survey_schema, "--quiet", "-o"};
  Words one = words, three = words;
  one.insert(one.end(), {path("1.json"), "--threads", "1"});
  three.insert(three.end(), {path("3.json"), "--threads", "3"});
  EXPECT_EQ(run(one).code, 0);
  EXPECT_EQ(run(three).code, 0);
  EXPECT_EQ(read("1.json"), read("3.json"));
}

TEST_F(MixtureTest, LatentClassesAreCategoricalMixtures) {
  const auto classes =
      json({"fit", "latent-class", survey(), "-k", "2", "--columns", "sex,job,smoker", "--json", "--seed", "1"});
  const auto mixture = json({"fit", "mixture", survey(), "-k", "2", "--columns",
                             "sex:categorical, job:categorical, smoker:categorical", "--json", "--seed", "1"});
  EXPECT_EQ(classes["parameters"], mixture["parameters"]);
  EXPECT_EQ(classes["free_parameters"], 1 + 2 * (1 + 2 + 1));
  const auto all = json({"fit", "latent-class", write("t.csv", "a,b\nx,1\ny,2\nx,1\ny,2\nx,2\n"), "-k", "1", "--json"});
  EXPECT_EQ(all["columns"], (nlohmann::json{"a", "b"}));
  // x x x y y and 1 1 2 2 2
  EXPECT_NEAR(all["log_likelihood"].get<double>(), 2 * (3 * std::log(0.6) + 2 * std::log(0.4)), 1e-9);
}

TEST_F(MixtureTest, YesAndNo) {
  const auto fit = json({"fit", "mixture", survey(), "-k", "1", "--columns", "smoker:bernoulli", "--json"});
  const double p = fit["parameters"]["smoker.probability[0]"];
  EXPECT_GT(p, 0.1);
  EXPECT_LT(p, 0.5);
  EXPECT_EQ(fit["schema"][0]["levels"][0], (nlohmann::json{"no", "yes"}));
  // A column of ones is all yes, not a first level.
  const auto ones = json({"fit", "mixture", write("t.csv", "a,b\n1,2\n1,3\n1,5\n"), "-k", "1", "--columns",
                          "a:bernoulli, b:gaussian", "--json"});
  EXPECT_EQ(ones["parameters"]["a.probability[0]"], 1);
}

TEST_F(MixtureTest, ExposuresAreReadAndNotModelled) {
  const auto fit = json({"fit", "mixture", survey(), "-k", "1", "--columns", "visits:poisson(exposure=days)", "-o",
                         path("m.json"), "--json"});
  EXPECT_EQ(fit["columns"], (nlohmann::json{"visits", "days"}));
  EXPECT_LT(fit["parameters"]["visits.rate[0]"].get<double>(), 0.1);
  EXPECT_REFUSED(run({"sample", path("m.json"), "-n", "3"}), "what happens given days");
}

TEST_F(MixtureTest, RefusesByName) {
  const auto rejected = [&](const char* schema) {
    return run({"fit", "mixture", survey(), "-k", "2", "--columns", schema});
  };
  EXPECT_REFUSED(rejected("age:gaussain"), "'gaussain' is none of the kinds gaussian, student-t");
  EXPECT_REFUSED(rejected("age:gaussian, size:poisson"), "there is no column 'size'");
  EXPECT_REFUSED(rejected("age:gaussian, sex"), "'sex' has no kind, others have");
  EXPECT_REFUSED(rejected("sex:gaussian"), "column 'sex'");
  EXPECT_REFUSED(rejected("job:bernoulli"), "is bernoulli, but has 3 levels (full, none, part)");
  EXPECT_REFUSED(rejected("age:poisson(exposure=age)"), "'age' is a column that is modelled itself");
  EXPECT_REFUSED(run({"fit", "mixture", survey(), "-k", "2"}), "--columns");
  EXPECT_REFUSED(run({"fit", "mixture", survey(), "--columns", survey_schema}), "--components");
  json({"fit", "mixture", survey(), "-k", "1", "--columns", "sex:categorical", "-o", path("m.json"), "--json"});
  EXPECT_REFUSED(run({"predict", path("m.json"), write("t.csv", "sex\nf\nx\n")}), "'x' is none of the levels f, m");
  EXPECT_REFUSED(
      run({"describe", write("bad.json", R"({"format": "jensen-model", "version": 1, "model": "mixture"})")}),
      "schema: is missing");
}

TEST_F(MixtureTest, ChoosesAmongDistributions) {
  const auto result =
      json({"select", "mixture", survey(), "-k", "1..2", "--columns", "age:gaussian, income:gaussian|log-normal",
            "--restarts", "2", "--json", "-o", path("m.json")});
  ASSERT_EQ(result["candidates"].size(), 4u);
  for (std::size_t i = 1; i < 4; ++i) EXPECT_LE(result["candidates"][i - 1]["bic"], result["candidates"][i]["bic"]);
  EXPECT_EQ(result["candidates"][0]["schema"], "age:gaussian, income:log-normal");
  EXPECT_EQ(run({"describe", path("m.json")}).code, 0);
  const auto text = run({"select", "mixture", survey(), "-k", "1,2", "--columns", "age:gaussian", "--restarts", "2",
                         "--criterion", "cv", "--folds", "3", "--test", "9"});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_NE(text.out.find("cross-validated"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("p of K + 1"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("Best by cv"), std::string::npos) << text.out;
  EXPECT_REFUSED(
      run({"select", "mixture", survey(), "-k", "1,2", "--columns", "age:gaussian", "--weights", "w", "--test", "9"}),
      "cannot draw the 1.14 observations that row 1 stands for");
  EXPECT_EQ(run({"select", "mixture", survey(), "-k", "1,2", "--columns", "age:gaussian", "--weights", "w",
                 "--weight-kind", "sampling", "--restarts", "1", "--test", "3"})
                .code,
            0);
}

TEST_F(MixtureTest, ColumnsThatBelongTogether) {
  const auto joint = [&](const char* kind, const char* shown) {
    const std::string columns = std::string("eruptions + waiting:") + kind;
    const auto fit = json({"fit", "mixture", data("faithful.csv"), "-k", "2", "--columns", columns, "-o",
                           path("m.json"), "--json", "--restarts", "2"});
    EXPECT_EQ(fit["columns"], (nlohmann::json{"eruptions", "waiting"}));
    const auto described = run({"describe", path("m.json")});
    EXPECT_EQ(described.code, 0) << described.err;
    EXPECT_NE(described.out.find(shown), std::string::npos) << described.out;
    const auto holes = write("holes.csv", "eruptions,waiting\n2,NA\n4.5,NA\n");
    return run({"impute", path("m.json"), holes});
  };
  // Short eruptions end sooner.
  const auto filled = lines(joint("student-t(df=4)", "eruptions + waiting df").out);
  ASSERT_EQ(filled.size(), 3U);
  EXPECT_LT(std::stod(filled[1].substr(2)), 65);
  EXPECT_GT(std::stod(filled[2].substr(4)), 70);
  EXPECT_EQ(joint("factor-analyzers", "waiting").code, 0);
  EXPECT_REFUSED(joint("von-mises-fisher(normalized)", "eruptions + waiting concentration"), "fill missing cells");
}

TEST_F(MixtureTest, ValuesThatOnlyARangeLetThrough) {
  const auto rows = write("t.csv", "x\n1.5\n2\n4\n1.1\n3\n");
  const auto fit =
      json({"fit", "mixture", rows, "-k", "1", "--columns", "x:exponential(above=1)", "--json", "-o", path("m.json")});
  // The maximum is 1 / (mean − 1), with mean 2.32; the parameter is −log of the rate.
  EXPECT_NEAR(fit["log_likelihood"].get<double>(), 5 * (-std::log(1.32) - 1), 1e-8);
  EXPECT_EQ(run({"describe", path("m.json")}).code, 0);
  EXPECT_REFUSED(run({"fit", "mixture", rows, "-k", "1", "--columns", "x:exponential(above=1.2)"}), "column 'x'");
}

TEST_F(MixtureTest, GatedMixturesFillHoles) {
  const auto patents = data("patent.csv");
  const auto fit = json({"fit", "mixture", patents, "-k", "2", "--columns", "Patents:poisson", "--gate", "RDS", "-o",
                         path("m.json"), "--json", "--restarts", "2"});
  EXPECT_LT(fit["parameters"]["Patents.rate[0]"].get<double>(), fit["parameters"]["Patents.rate[1]"].get<double>());
  const auto filled = run({"impute", path("m.json"), write("t.csv", "Patents,RDS\nNA,0.1\nNA,4\n")});
  EXPECT_EQ(filled.code, 0) << filled.err;
  const auto rows = lines(filled.out);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_NE(rows[1].substr(0, rows[1].find(',')), rows[2].substr(0, rows[2].find(',')));
}

TEST_F(MixtureTest, LogarithmsOfCovariatesAreComputed) {
  std::string plain = "y,days\n";
  std::string computed = "y,l\n";
  for (int i = 1; i <= 30; ++i) {
    plain += std::to_string(i % 5 + i / 3) + "," + std::to_string(i) + "\n";
    computed += std::to_string(i % 5 + i / 3) + "," + fmt::format("{:.17g}", std::log(i)) + "\n";
  }
  const auto raw = write("raw.csv", plain);
  const auto logs = write("logs.csv", computed);
  const auto fit = [&](const std::string& file, const char* formula, const char* model) {
    return json(
        {"fit", "mixture", file, "-k", "1", "--regress", formula, "--family", "poisson", "--json", "-o", path(model)});
  };
  const auto a = fit(raw, "y ~ log(days)", "a.json");
  const auto b = fit(logs, "y ~ l", "b.json");
  EXPECT_EQ(a["log_likelihood"], b["log_likelihood"]);
  EXPECT_EQ(a["columns"], (nlohmann::json{"y", "log(days)"}));
  EXPECT_EQ(run({"score", path("a.json"), raw}).out, run({"score", path("b.json"), logs}).out);
  // Without names, and with others, it is still the logarithm that the model reads.
  const auto scores = run({"score", path("a.json"), raw}).out;
  std::string renamed = plain;
  renamed.replace(0, 6, "n,time");
  EXPECT_EQ(run({"score", path("a.json"), write("t.csv", plain.substr(7)), "--header", "no"}).out, scores);
  EXPECT_EQ(run({"score", path("a.json"), write("t.csv", renamed), "--columns", "n,time"}).out, scores);
  EXPECT_EQ(fit(raw, "y ~ 1 + offset(log(days))", "c.json")["log_likelihood"],
            fit(logs, "y ~ 1 + offset(l)", "d.json")["log_likelihood"]);
  EXPECT_EQ(fit(raw, "y ~ days + log(days)", "e.json")["columns"], (nlohmann::json{"y", "days", "log(days)"}));
  EXPECT_REFUSED(run({"fit", "mixture", write("t.csv", "y,days\n1,2\n2,0\n3,1\n"), "-k", "1", "--regress",
                      "y ~ log(days)", "--family", "poisson"}),
                 "row 2, column 'days' must be positive for log(days), got 0");
  const auto gated = json({"fit", "mixture", raw, "-k", "2", "--columns", "y:poisson", "--gate", "log(days)", "--json",
                           "-o", path("g.json"), "--restarts", "1"});
  EXPECT_EQ(gated["columns"], (nlohmann::json{"y", "log(days)"}));
  EXPECT_REFUSED(run({"impute", path("g.json"), raw}), "reads logarithms or indicators of columns");
}

TEST_F(MixtureTest, ArraysHaveColumnsByNumber) {
  std::string text = "x1,x2,x3\n";
  std::vector<double> values(90);
  for (int i = 0; i < 30; ++i) {
    const int row[] = {i % 5 + i / 3, i + 1, i % 2};
    for (std::size_t j = 0; j < 3; ++j) values[j * 30 + static_cast<std::size_t>(i)] = row[j];
    text += fmt::format("{},{},{}\n", row[0], row[1], row[2]);
  }
  const auto file = write("t.csv", text);
  write_npy(path("t.npy"), {values.data(), 30, 3, 30});
  const auto fit = [&](const std::string& data, const char* model, const Words& more) {
    Words words{"fit", "mixture", data, "-k", "2", "--json", "--restarts", "2", "-o", path(model)};
    words.insert(words.end(), more.begin(), more.end());
    return json(words);
  };
  for (const Words& more :
       {Words{"--columns", "x3:categorical, x1:poisson"}, Words{"--regress", "x1 ~ log(x2)", "--family", "poisson"}}) {
    const auto a = fit(path("t.npy"), "a.json", more);
    const auto b = fit(file, "b.json", more);
    EXPECT_EQ(a["parameters"], b["parameters"]);
    EXPECT_EQ(a["log_likelihood"], b["log_likelihood"]);
    EXPECT_EQ(run({"score", path("a.json"), path("t.npy")}).out, run({"score", path("b.json"), file}).out);
  }
  EXPECT_REFUSED(run({"fit", "mixture", path("t.npy"), "-k", "1", "--columns", "age:gaussian"}),
                 "there is no column 'age': those of an array with 3 columns are x1 to x3");
  EXPECT_REFUSED(run({"fit", "mixture", path("t.npy"), "-k", "1", "--columns", "x1:gaussian", "--weights", "x2"}),
                 "--weights: is for text");
}

}  // namespace
}  // namespace jensen::cli
