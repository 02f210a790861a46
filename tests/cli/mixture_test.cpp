// jensen fit mixture and latent-class, and what is done with the models.
#include <cmath>

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
  for (const auto& row : rows) {
    // age, income, sex come first; job and smoker, which the model does not know, keep their holes.
    EXPECT_EQ(row.substr(0, row.find(',')).find("NA"), std::string::npos) << row;
  }
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
  EXPECT_REFUSED(rejected("age:gaussain"), "'gaussain' is none of the kinds gaussian, log-normal");
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
      "does not apply to rows with weights");
}

}  // namespace
}  // namespace jensen::cli
