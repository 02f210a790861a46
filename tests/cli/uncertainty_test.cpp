// --standard-errors and what goes with it, and jensen diagnose.
#include <cmath>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <jensen/data/csv.h>
#include <jensen/em/inference/profile.h>
#include <jensen/em/inference/standard_errors.h>
#include <jensen/fit_gaussian_mixture.h>

#include "cli/tool.h"

namespace jensen::cli {
namespace {

using Json = nlohmann::json;

std::string content_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

class UncertaintyCommands : public ToolTest {
 protected:
  static Words faithful(const Words& more) {
    Words words{"fit", "gaussian-mixture", data("faithful.csv"), "-k", "2", "--seed", "1", "--restarts", "2"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  Json errors(Words more) const {
    more.emplace_back("--json");
    return json(faithful(more)).at("standard_errors");
  }
  static Fitted<GaussianMixture> library_fit() {
    Options options = from_data();
    options.seed = 1;
    options.restarts = 2;
    return fit_gaussian_mixture(read_csv(data("faithful.csv")).table, {2}, options);
  }
};

TEST_F(UncertaintyCommands, EveryMethodIsTheLibrarys) {
  const auto table = read_csv(data("faithful.csv")).table;
  const auto model = library_fit().model;
  for (const char* name : {"oakes", "louis", "supplemented", "sandwich", "bootstrap", "weighted-bootstrap"}) {
    const bool bootstrap = std::string(name).find("bootstrap") != std::string::npos;
    StandardErrorOptions options{.method = standard_error_method_named(name)};
    Words words{"--standard-errors", name};
    if (bootstrap) {
      words.insert(words.end(), {"--replicates", "5"});
      options.replicates = 5;
      options.seed = 1;
    }
    const auto expected = standard_errors(model, table, options);
    const Json found = errors(words);
    EXPECT_EQ(found["method"], name);
    EXPECT_EQ(found["intervals"], bootstrap ? "percentile" : "wald");
    EXPECT_EQ(found["level"], 0.95);
    ASSERT_EQ(found["parameters"].size(), expected.parameters.size());
    for (std::size_t i = 0; i < expected.parameters.size(); ++i) {
      EXPECT_EQ(found["parameters"][i]["name"], expected.parameters[i].name);
      EXPECT_EQ(found["parameters"][i]["standard_error"], *expected.parameters[i].standard_error) << name << i;
      EXPECT_LE(found["parameters"][i]["lower"], found["parameters"][i]["upper"]);
    }
    if (bootstrap) {
      EXPECT_EQ(found["replicates"], 5);
    } else {
      EXPECT_LT(found["gain_left"], 1e-3);
    }
  }
  EXPECT_FALSE(json(faithful({"--json", "--standard-errors", "none"})).contains("standard_errors"));
  EXPECT_FALSE(json(faithful({"--json"})).contains("standard_errors"));
}

TEST_F(UncertaintyCommands, LevelAndIntervals) {
  const Json narrow = errors({"--standard-errors", "oakes", "--level", "0.5"})["parameters"][2];
  const double z = 0.6744897501960817;
  const double error = narrow["standard_error"];
  EXPECT_NEAR(narrow["upper"].get<double>() - narrow["lower"].get<double>(), 2 * z * error, 1e-9);
  const auto table = read_csv(data("faithful.csv")).table;
  const auto profile = profile_intervals(library_fit().model, table, {.level = 0.9});
  const Json found = errors({"--standard-errors", "oakes", "--intervals", "profile", "--level", "0.9"});
  EXPECT_EQ(found["intervals"], "profile");
  EXPECT_EQ(found["parameters"][2]["lower"], *profile[2].lower);
  EXPECT_EQ(found["parameters"][2]["upper"], *profile[2].upper);
}

TEST_F(UncertaintyCommands, AreKeptInTheFileAndDescribed) {
  const auto finished = run(faithful({"--standard-errors", "oakes", "-o", "model.json"}));
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_NE(finished.out.find("Standard errors (oakes) and 95% intervals (wald)"), std::string::npos) << finished.out;
  const Json file = Json::parse(read("model.json"));
  EXPECT_EQ(file["fit"]["standard_errors"], errors({"--standard-errors", "oakes"}));
  const auto described = run({"describe", "model.json"}).out;
  EXPECT_NE(described.find("Standard errors (oakes)"), std::string::npos) << described;
  EXPECT_NE(described.find("mean[1,0]"), std::string::npos);
  EXPECT_EQ(json({"describe", "model.json", "--json"})["fit"]["standard_errors"], file["fit"]["standard_errors"]);
}

TEST_F(UncertaintyCommands, AReasonStandsWhereThereIsNoNumber) {
  const Words words{"fit", "gaussian-mixture", data("faithful.csv"), "-k", "1", "--standard-errors", "oakes"};
  const auto text = run(words).out;
  EXPECT_NE(text.find("not available for weight[0]: it is fixed"), std::string::npos) << text;
  Words more = words;
  more.insert(more.end(), {"--json", "-o", "one.json"});
  const Json first = json(more)["standard_errors"]["parameters"][0];
  EXPECT_TRUE(first["standard_error"].is_null());
  EXPECT_EQ(first["standard_error_not_available"], "it is fixed: no free coordinate moves it");
  EXPECT_EQ(run({"describe", "one.json"}).code, 0) << "reasons are read back";
}

TEST_F(UncertaintyCommands, WeightsOfEitherKind) {
  write("rows.csv", "x\n1\n1\n2\n5\n5\n5\n3\n4\n");
  write("weighted.csv", "x,w\n1,2\n2,1\n5,3\n3,1\n4,1\n");
  const auto of = [&](const std::string& file, Words more) {
    Words words{"fit", "gaussian-mixture", file, "-k", "1", "--standard-errors", "oakes", "--json", "--prior", "none"};
    words.insert(words.end(), more.begin(), more.end());
    return json(words)["standard_errors"]["parameters"][1]["standard_error"].get<double>();
  };
  EXPECT_NEAR(of("weighted.csv", {"--weights", "w"}), of("rows.csv", {}), 1e-7);
  // As a sample of five.
  EXPECT_NEAR(of("weighted.csv", {"--weights", "w", "--weight-kind", "sampling"}),
              of("rows.csv", {}) * std::sqrt(8.0 / 5), 1e-6);
}

TEST_F(UncertaintyCommands, RefusesWhatDoesNotGoTogether) {
  const auto with = [&](const Words& more) { return run(faithful(more)); };
  EXPECT_REFUSED(with({"--level", "0.9"}), "--level: does not apply without --standard-errors");
  EXPECT_REFUSED(with({"--intervals", "wald"}), "--intervals: does not apply without --standard-errors");
  EXPECT_REFUSED(with({"--replicates", "9"}), "--replicates: does not apply without --standard-errors bootstrap");
  EXPECT_REFUSED(with({"--standard-errors", "oakes", "--replicates", "9"}), "--replicates: does not apply");
  EXPECT_REFUSED(with({"--standard-errors", "bootstrap", "--replicates", "1"}), "--replicates: must be at least 2");
  EXPECT_REFUSED(with({"--standard-errors", "oakes", "--level", "1"}), "--level: must lie between 0 and 1");
  EXPECT_REFUSED(with({"--standard-errors", "oakes", "--intervals", "percentile"}),
                 "--intervals: percentile does not go with --standard-errors oakes");
  EXPECT_REFUSED(with({"--standard-errors", "bootstrap", "--intervals", "profile"}),
                 "--intervals: profile does not go with --standard-errors bootstrap");
  EXPECT_REFUSED(with({"--standard-errors", "hessian"}), "--standard-errors");
  EXPECT_REFUSED(run({"fit", "gaussian-mixture", data("airquality.csv"), "--columns", "Ozone,Wind", "-k", "2",
                      "--standard-errors", "louis"}),
                 "--standard-errors: louis needs states to be all that is unseen");
}

TEST_F(UncertaintyCommands, DiagnoseSaysHowAFitStands) {
  ASSERT_EQ(run(faithful({"-o", "model.json", "--tolerance", "1e-11"})).code, 0);
  const Json d = json({"diagnose", "model.json", data("faithful.csv"), "--json"});
  EXPECT_EQ(d["observations"], 272);
  EXPECT_EQ(d["coordinates"], 11);
  EXPECT_GT(d["rate"], 0);
  EXPECT_LT(d["rate"], 1);
  EXPECT_NEAR(d["rate"].get<double>(), d["missing_fraction"].get<double>(), 1e-5);
  EXPECT_LT(d["gain_left"], 1e-6) << "the prior of the fit is part of the objective";
  EXPECT_NEAR(d["bound_gap"].get<double>(), 0, 1e-10);
  EXPECT_GE(d["condition"], 1);
  EXPECT_EQ(d["parameters"].size(), 12u);
  EXPECT_EQ(d["looser"].size(), 6u);
  EXPECT_TRUE(d["findings"].empty()) << d["findings"];
  const auto text = run({"diagnose", "model.json", data("faithful.csv")});
  EXPECT_EQ(text.code, 0);
  for (const char* word : {"rate of EM", "missing", "condition", "left to gain", "bound's gap", "tolerance"}) {
    EXPECT_NE(text.out.find(word), std::string::npos) << word << "\n" << text.out;
  }
  EXPECT_EQ(json({"diagnose", "model.json", data("faithful.csv"), "--json", "--threads", "3"}), d);
  // Other data: the fit is not at their optimum, and that is said.
  const auto rows = lines(content_of(data("faithful.csv")));
  std::string half = rows[0] + "\n";
  for (std::size_t i = 1; i < rows.size(); i += 2) half += rows[i] + "\n";
  write("half.csv", half);
  EXPECT_NE(run({"diagnose", "model.json", "half.csv"}).out.find("! the fit has not ended"), std::string::npos);
}

TEST_F(UncertaintyCommands, DiagnoseTakesWeightsAndLabelsAsTheFitDid) {
  ASSERT_EQ(
      run({"fit", "gaussian-mixture", data("iris.csv"), "-k", "3", "--labels", "Species", "-o", "iris.json"}).code, 0);
  const Json labelled = json({"diagnose", "iris.json", data("iris.csv"), "--labels", "Species", "--json"});
  EXPECT_NEAR(labelled["missing_fraction"].get<double>(), 0, 1e-6) << "nothing is missing where labels are known";
  EXPECT_LT(labelled["gain_left"], 1e-6);
  write("weighted.csv", "x,w\n1,2\n2,1\n5,3\n3,1\n4,1\n");
  ASSERT_EQ(run({"fit", "gaussian-mixture", "weighted.csv", "-k", "1", "--weights", "w", "-o", "w.json"}).code, 0);
  const Json weighted = json({"diagnose", "w.json", "weighted.csv", "--weights", "w", "--json"});
  EXPECT_EQ(weighted["observations"], 8);
  EXPECT_LT(weighted["gain_left"], 1e-6);
  EXPECT_EQ(json({"diagnose", "w.json", "weighted.csv", "--weights", "w", "--weight-kind", "sampling",
                  "--json"})["observations"],
            5);
  EXPECT_REFUSED(run({"diagnose", "w.json", "weighted.csv", "--weight-kind", "sampling"}),
                 "--weight-kind: does not apply without --weights");
  EXPECT_REFUSED(run({"diagnose", "w.json", data("iris.csv")}), "lacks columns of the model: x");
  EXPECT_REFUSED(run({"diagnose", "-", "-"}), "standard input is the model already");
}

}  // namespace
}  // namespace jensen::cli
