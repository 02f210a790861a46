// jensen fit gaussian-mixture: every option changes what happens, and the result is what it says.
#include <cmath>
#include <set>

#include <gtest/gtest.h>
#include <jensen/data/csv.h>
#include <jensen/data/npy.h>
#include <jensen/fit_gaussian_mixture.h>

#include "cli/tool.h"

namespace jensen::cli {
namespace {

using Json = nlohmann::json;

class FitCommand : public ToolTest {
 protected:
  static Words fit(const std::string& file, const Words& more) {
    Words words{"fit", "gaussian-mixture", file};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  Json fitted(const std::string& file, Words more, int code = 0) const {
    more.emplace_back("--json");
    return json(fit(file, more), code);
  }
  Json faithful(const Words& more, int code = 0) const {
    Words all{"-k", "2", "--seed", "1", "--restarts", "3"};
    all.insert(all.end(), more.begin(), more.end());
    return fitted(data("faithful.csv"), all, code);
  }
};

// Wall-clock times aside, which no two runs share.
Json timeless(Json fit) {
  fit.erase("seconds");
  fit.erase("threads");
  return fit;
}

TEST_F(FitCommand, JsonHoldsEveryFieldAndAgreesWithTheLibrary) {
  const Json fit = faithful({});
  Options options = from_data();
  options.seed = 1;
  options.restarts = 3;
  const auto [model, report] = fit_gaussian_mixture(read_csv(data("faithful.csv")).table, {2}, options);
  EXPECT_EQ(fit["outcome"], "converged");
  EXPECT_EQ(fit["converged"], true);
  EXPECT_EQ(fit["log_likelihood"], report.log_likelihood);
  EXPECT_EQ(fit["penalty"], report.log_prior);
  EXPECT_LT(fit["penalty"], 0);
  EXPECT_EQ(fit["iterations"], report.iterations);
  EXPECT_EQ(fit["evaluations"], report.evaluations);
  for (const char* part : {"load", "start", "fit"}) EXPECT_GT(fit["seconds"][part], 0) << part;
  EXPECT_EQ(fit["free_parameters"], 11);
  EXPECT_EQ(fit["aic"], report.aic());
  EXPECT_EQ(fit["bic"], report.bic());
  EXPECT_EQ(fit["icl"], report.icl());
  EXPECT_EQ(fit["observations"], 272);
  EXPECT_EQ(fit["rows"], 272);
  EXPECT_EQ(fit["components"], 2);
  EXPECT_EQ(fit["effective_components"], 2);
  EXPECT_EQ(fit["columns"], Json({"eruptions", "waiting"}));
  EXPECT_EQ(fit["covariance"], "full");
  EXPECT_EQ(fit["prior"], "default");
  EXPECT_EQ(fit["monotone"], true);
  EXPECT_NEAR(fit["bound_gap"].get<double>(), 0, 1e-9);
  EXPECT_EQ(fit["degeneracies"], Json::array());
  EXPECT_FALSE(fit["instruction_set"].get<std::string>().empty());
  EXPECT_FALSE(fit["message"].get<std::string>().empty());
  EXPECT_EQ(fit["optima"][0]["starts"], 3);
  ASSERT_EQ(fit["restarts"].size(), 3u);
  for (std::size_t r = 0; r < 3; ++r) {
    EXPECT_EQ(fit["restarts"][r]["seed"], report.restarts[r].seed);
    EXPECT_EQ(fit["restarts"][r]["outcome"], "converged");
    EXPECT_EQ(fit["restarts"][r]["log_likelihood"], report.restarts[r].log_likelihood);
    EXPECT_EQ(fit["restarts"][r]["iterations"], report.restarts[r].iterations);
  }
  for (int k = 0; k < 2; ++k) {
    EXPECT_EQ(fit["weights"][k], model.weights()[static_cast<std::size_t>(k)]);
    for (int a = 0; a < 2; ++a) {
      EXPECT_EQ(fit["means"][k][a], model.emissions().mean(k)[static_cast<std::size_t>(a)]);
      for (int b = 0; b < 2; ++b) {
        EXPECT_EQ(fit["covariances"][k][a][b], model.emissions().covariance(k)[packed_index(a, b)]);
      }
    }
  }
}

TEST_F(FitCommand, TextSaysWhatMatters) {
  const auto finished = run(fit(data("faithful.csv"), {"-k", "2", "-o", "m.json"}));
  EXPECT_EQ(finished.code, 0);
  EXPECT_EQ(finished.err, "") << "standard error is no terminal: no progress";
  for (const char* word : {"2 components", "272 rows", "converged after", "reached this one", "--prior none", "m.json",
                           "log-likelihood", "BIC", "eruptions", "waiting", "±", "jensen predict m.json"}) {
    EXPECT_NE(finished.out.find(word), std::string::npos) << word << "\n" << finished.out;
  }
}

TEST_F(FitCommand, SavesWhatItPrints) {
  const Json fit = faithful({"-o", "model.json"});
  const Json saved = Json::parse(read("model.json"));
  for (const char* field : {"weights", "means", "covariances", "columns", "components"}) {
    EXPECT_EQ(saved[field], fit[field]) << field;
  }
  for (const char* field : {"outcome", "log_likelihood", "penalty", "bic", "iterations"}) {
    EXPECT_EQ(saved["fit"][field], fit[field]) << field;
  }
}

TEST_F(FitCommand, ThreadsDoNotChangeABit) {
  EXPECT_EQ(timeless(faithful({"--threads", "1"})), timeless(faithful({"--threads", "2"})));
  EXPECT_EQ(faithful({"--threads", "2"})["threads"], 2);
}

TEST_F(FitCommand, ARestartCanBeRepeatedAlone) {
  const Json fit = fitted(data("iris.csv"), {"--exclude", "Species", "-k", "4", "--restarts", "5", "--seed", "3"});
  const auto best = fit["best_restart"].get<std::size_t>();
  std::set<double> ends;
  for (const auto& restart : fit["restarts"]) ends.insert(restart["log_likelihood"].get<double>());
  EXPECT_GT(ends.size(), 1u) << "or this test shows nothing";
  const Json alone = fitted(data("iris.csv"), {"--exclude", "Species", "-k", "4", "--restarts", "1", "--seed",
                                               fit["restarts"][best]["seed"].dump()});
  for (const char* field : {"log_likelihood", "weights", "means", "covariances", "iterations"}) {
    EXPECT_EQ(alone[field], fit[field]) << field;
  }
  EXPECT_EQ(alone["restarts"].size(), 1u);
}

TEST_F(FitCommand, SeedAndInitMatter) {
  const Words base{"--exclude", "Species", "-k", "4", "--restarts", "1", "--max-iterations", "0"};
  std::set<double> starts;
  for (const Words& more : {Words{}, Words{"--seed", "5"}, Words{"--init", "random"}, Words{"--init", "hierarchical"},
                            Words{"--init", "short-runs"}}) {
    Words all = base;
    all.insert(all.end(), more.begin(), more.end());
    starts.insert(fitted(data("iris.csv"), all, 2)["log_likelihood"].get<double>());
  }
  EXPECT_EQ(starts.size(), 5u);
  const Json hierarchical = fitted(data("iris.csv"), {"--exclude", "Species", "-k", "3", "--init", "hierarchical"});
  EXPECT_EQ(hierarchical["restarts"].size(), 1u);
}

TEST_F(FitCommand, CovarianceAndPrior) {
  const std::pair<const char*, int> structures[] = {{"full", 11}, {"tied", 8}, {"diagonal", 9}, {"spherical", 7}};
  for (const auto& [name, parameters] : structures) {
    const Json fit = faithful({"--covariance", name});
    EXPECT_EQ(fit["covariance"], name);
    EXPECT_EQ(fit["free_parameters"], parameters);
  }
  EXPECT_NEAR(faithful({"--covariance", "full", "--prior", "none"})["log_likelihood"].get<double>(), -1130.2639601848,
              1e-6);
  EXPECT_EQ(faithful({"--prior", "none"})["penalty"], 0);
  EXPECT_LT(faithful({"--prior", "default"})["log_likelihood"], faithful({"--prior", "none"})["log_likelihood"]);
}

TEST_F(FitCommand, IterationsAndTolerance) {
  const Json ten = faithful({"--tolerance", "0", "--max-iterations", "10"}, 2);
  EXPECT_EQ(ten["iterations"], 10);
  EXPECT_EQ(ten["outcome"], "iteration_limit");
  EXPECT_EQ(ten["converged"], false);
  const auto iterations = [&](const char* tolerance) {
    return fitted(data("iris.csv"), {"--exclude", "Species", "-k", "3", "--tolerance", tolerance})["iterations"]
        .get<int>();
  };
  EXPECT_LT(iterations("1e-3"), iterations("1e-12"));
}

TEST_F(FitCommand, ColumnsAndExclude) {
  EXPECT_EQ(fitted(data("iris.csv"), {"-k", "2", "--columns", "Petal.Width,Sepal.Length"})["columns"],
            Json({"Petal.Width", "Sepal.Length"}));
  EXPECT_EQ(fitted(data("iris.csv"), {"-k", "2", "--exclude", "Species,Sepal.Length"})["columns"],
            Json({"Sepal.Width", "Petal.Length", "Petal.Width"}));
  write("odd.csv", "\"a,b\",c\n1,5\n2,3\n4,4\n7,1\n");
  EXPECT_EQ(fitted("odd.csv", {"-k", "1", "--columns", "\"a,b\""})["columns"], Json({"a,b"}));
}

TEST_F(FitCommand, WeightsStandForRepeatedRows) {
  write("weighted.csv", "x,w\n1,1\n2,3\n4,1\n5,2\n9,0\n");
  write("repeated.csv", "x\n1\n2\n2\n2\n4\n5\n5\n");
  const Json weighted = fitted("weighted.csv", {"-k", "1", "--weights", "w"});
  const Json repeated = fitted("repeated.csv", {"-k", "1"});
  EXPECT_NEAR(weighted["log_likelihood"], repeated["log_likelihood"], 1e-12);
  EXPECT_NEAR(weighted["bic"], repeated["bic"], 1e-12);
  EXPECT_EQ(weighted["observations"], 7);
  EXPECT_EQ(weighted["columns"], Json({"x"}));
  const Json sampling = fitted("weighted.csv", {"-k", "1", "--weights", "w", "--weight-kind", "sampling"});
  EXPECT_EQ(sampling["observations"], 4) << "rows of positive weight";
  EXPECT_NE(sampling["bic"], weighted["bic"]);
  EXPECT_EQ(fitted("weighted.csv", {"-k", "1", "--weights", "w", "--weight-kind", "frequency"})["bic"],
            weighted["bic"]);
}

TEST_F(FitCommand, LabelsNameTheComponents) {
  const Json fit = fitted(data("iris.csv"), {"-k", "3", "--labels", "Species", "-o", "iris.json"});
  EXPECT_EQ(fit["component_names"], Json({"setosa", "versicolor", "virginica"}));
  EXPECT_NEAR(fit["means"][0][0], 5.006, 1e-12) << "the mean of the setosas";
  const auto predicted = lines(run({"predict", "iris.json", data("iris.csv")}).out);
  ASSERT_EQ(predicted.size(), 151u);
  EXPECT_EQ(predicted[1], "setosa");
  EXPECT_EQ(predicted[150], "virginica");
  EXPECT_REFUSED(run(this->fit(data("iris.csv"), {"-k", "2", "--labels", "Species"})), "there are 3 distinct labels");
}

TEST_F(FitCommand, MissingMarkersDelimiterAndHeader) {
  write("a.csv", "x;y\n1;2\n-;3\n3;1\n5;7\n;4\n");
  EXPECT_REFUSED(run(fit("a.csv", {"-k", "1"})), "a.csv: row 2 (line 3), column 'x': '-' is not a number");
  const Json fit = fitted("a.csv", {"-k", "1", "--missing", "-,?"});
  EXPECT_NEAR(fit["means"][0][0], 3, 0.5);
  EXPECT_EQ(fit["rows"], 5);
  EXPECT_REFUSED(run(this->fit("a.csv", {"-k", "1", "--missing", "-", "--delimiter", ","})), "x;y");
  write("tab.txt", "1\t2\n3\t5\n4\t4\n8\t1\n");
  EXPECT_EQ(fitted("tab.txt", {"-k", "1", "--delimiter", "tab"})["columns"], Json({"x1", "x2"}));
  write("years.csv", "2001,2002\n1,2\n3,1\n4,4\n");
  EXPECT_EQ(fitted("years.csv", {"-k", "1"})["rows"], 4);
  EXPECT_EQ(fitted("years.csv", {"-k", "1", "--header", "no"})["rows"], 4);
  EXPECT_EQ(fitted("years.csv", {"-k", "1", "--header", "yes"})["columns"], Json({"2001", "2002"}));
  EXPECT_EQ(fitted("years.csv", {"-k", "1", "--header", "yes"})["rows"], 3);
}

TEST_F(FitCommand, NpyAndStandardInputEqualTheFile) {
  const Json file = timeless(faithful({}));
  const auto table = read_csv(data("faithful.csv")).table;
  BlockBuffer buffer;
  write_npy(path("faithful.npy"), table.block(0, table.rows(), buffer).x);
  Json npy = timeless(fitted("faithful.npy", {"-k", "2", "--seed", "1", "--restarts", "3"}));
  EXPECT_EQ(npy["columns"], Json({"x1", "x2"}));
  npy["columns"] = file["columns"];
  EXPECT_EQ(npy, file);
  write("copy.csv", "");
  const auto text = shell("cat " + data("faithful.csv") + " > copy.csv");
  EXPECT_EQ(timeless(json({"fit", "gaussian-mixture", "-", "-k", "2", "--seed", "1", "--restarts", "3", "--json"}, 0,
                          read("copy.csv"))),
            file);
}

// --start
// --------------------------------------------------------------------------------------------------------------

constexpr const char* start_file = R"({"weights": [0.5, 0.5], "means": [[2, 55], [4.5, 80]],
  "covariances": [[[0.1, 0], [0, 30]], [[0.2, 0], [0, 30]]]})";

TEST_F(FitCommand, AStartIsUsedAsItIs) {
  write("start.json", start_file);
  const Json zero = fitted(data("faithful.csv"), {"--start", "start.json", "--max-iterations", "0"}, 2);
  const Json start = Json::parse(start_file);
  for (const char* field : {"weights", "means", "covariances"}) EXPECT_EQ(zero[field], start[field]) << field;
  EXPECT_EQ(zero["iterations"], 0);
  const Json ten =
      fitted(data("faithful.csv"),
             {"--start", "start.json", "--tolerance", "0", "--max-iterations", "10", "--trace", "t.csv"}, 2);
  EXPECT_EQ(ten["iterations"], 10);
  EXPECT_EQ(ten["restarts"].size(), 1u);
  const auto trace = read_csv(path("t.csv"));
  ASSERT_EQ(trace.table.rows(), 11);
  EXPECT_EQ(trace.table.cell(0, 2), zero["log_likelihood"].get<double>()) << "the trace begins with the start itself";
  EXPECT_EQ(trace.table.cell(10, 2), ten["log_likelihood"].get<double>());
  for (int i = 1; i <= 10; ++i) EXPECT_GT(trace.table.cell(i, 4), trace.table.cell(i - 1, 4)) << "objective";
}

TEST_F(FitCommand, AStartsColumnsAreFoundByName) {
  const std::string model = faithful_model();
  write("swapped.csv", "waiting,extra,eruptions\n79,a,3.6\n54,b,1.8\n74,c,3.333\n62,d,2.283\n85,e,4.533\n55,f,2.883\n");
  write("plain.csv", "eruptions,waiting\n3.6,79\n1.8,54\n3.333,74\n2.283,62\n4.533,85\n2.883,55\n");
  const Words evaluate{"--start", model, "--max-iterations", "0"};
  EXPECT_EQ(timeless(fitted("swapped.csv", evaluate, 2)), timeless(fitted("plain.csv", evaluate, 2)));
  write("other.csv", "eruptions,pause\n1,2\n3,4\n");
  EXPECT_REFUSED(run(fit("other.csv", evaluate)), "waiting");
  const Json reordered =
      fitted("swapped.csv", {"--start", model, "--max-iterations", "0", "--columns", "waiting,eruptions"}, 2);
  EXPECT_EQ(reordered["columns"], Json({"waiting", "eruptions"}));
  EXPECT_NEAR(reordered["log_likelihood"], fitted("plain.csv", evaluate, 2)["log_likelihood"].get<double>(), 1e-10);
}

TEST_F(FitCommand, PrintedJsonIsAStart) {
  const Finished printed = run(fit(data("faithful.csv"), {"-k", "2", "--covariance", "tied", "--json"}));
  write("printed.json", printed.out);
  const Json again = fitted(data("faithful.csv"), {"--start", "printed.json", "--max-iterations", "0"}, 2);
  EXPECT_EQ(again["covariance"], "tied");
  EXPECT_EQ(again["log_likelihood"], Json::parse(printed.out)["log_likelihood"]);
}

TEST_F(FitCommand, WhatDoesNotApplyToAStartIsRefused) {
  write("start.json", start_file);
  const auto with = [&](const Words& more) {
    Words all{"--start", "start.json"};
    all.insert(all.end(), more.begin(), more.end());
    return run(fit(data("faithful.csv"), all));
  };
  EXPECT_REFUSED(with({"--restarts", "2"}), "--restarts: does not apply with --start");
  EXPECT_REFUSED(with({"--init", "random"}), "--init: does not apply with --start");
  EXPECT_REFUSED(with({"--seed", "1"}), "--seed: does not apply with --start");
  EXPECT_REFUSED(with({"-k", "3"}), "-k: is 3, but start.json has 2 components");
  EXPECT_REFUSED(with({"--covariance", "tied"}), "start.json: covariances[1]: differs");
  EXPECT_EQ(with({"-k", "2", "--covariance", "diagonal"}).code, 0);
  EXPECT_REFUSED(run(fit(data("iris.csv"), {"--start", "start.json", "--exclude", "Species"})), "2 columns");
}

// Outcomes
// -------------------------------------------------------------------------------------------------------------

TEST_F(FitCommand, DegenerateComponentsAreNamedWithTheirRows) {
  write("point.csv", "x\n-3\n-2\n-1\n0\n1\n2\n3\n500\n500\n500\n-1.5\n1.5\n-0.5\n0.5\n-2.5\n2.5\n-0.2\n");
  const Json fit = fitted("point.csv", {"-k", "2", "--init", "hierarchical", "-o", "m.json"});
  ASSERT_EQ(fit["degeneracies"].size(), 1u);
  EXPECT_EQ(fit["degeneracies"][0]["rows"], Json({8, 9, 10}));
  const auto text = run(this->fit("point.csv", {"-k", "2", "--init", "hierarchical"}));
  EXPECT_NE(text.out.find("is degenerate"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("(rows 8, 9, 10)"), std::string::npos) << text.out;
  EXPECT_NE(run({"describe", "m.json"}).out.find("is degenerate"), std::string::npos);
  const Json unbounded =
      fitted("point.csv", {"-k", "2", "--init", "hierarchical", "--prior", "none", "-o", "n.json"}, 2);
  EXPECT_EQ(unbounded["outcome"], "degenerate");
  EXPECT_TRUE(exists("n.json")) << "the result is written all the same";
}

// Refusals
// -------------------------------------------------------------------------------------------------------------

TEST_F(FitCommand, BadInputIsRefusedByName) {
  EXPECT_REFUSED(run(fit(data("faithful.csv"), {})), "-k: say how many components");
  EXPECT_REFUSED(run(fit("none.csv", {"-k", "2"})), "none.csv: cannot be read: No such file");
  EXPECT_REFUSED(run(fit(data("iris.csv"), {"-k", "2"})), "column 'Species': 'setosa' is not a number");
  EXPECT_REFUSED(run(fit(data("iris.csv"), {"-k", "2", "--columns", "Petal.Size"})), "there is no column 'Petal.Size'");
  EXPECT_REFUSED(run(fit(data("iris.csv"), {"-k", "2", "--exclude", "Colour"})), "there is no column 'Colour'");
  EXPECT_REFUSED(run(fit(data("faithful.csv"), {"-k", "2", "--weights", "w"})), "there is no column 'w'");
  EXPECT_REFUSED(run(fit(data("faithful.csv"), {"-k", "2", "--weight-kind", "sampling"})), "--weight-kind");
  EXPECT_REFUSED(run(fit(data("faithful.csv"), {"-k", "0"})), "must be ≥ 1");
  EXPECT_REFUSED(run(fit(data("faithful.csv"), {"-k", "273"})), "distinct rows");
  EXPECT_REFUSED(run(fit(data("faithful.csv"), {"-k", "2000000000"})), "distinct rows");
  write("bad.csv", "a,b\n1,2\n3,4x\n");
  EXPECT_REFUSED(run(fit("bad.csv", {"-k", "1"})), "bad.csv: row 2 (line 3), column 'b': '4x' is not a number");
  write("short.csv", "a,b\n1,2\n3\n");
  EXPECT_REFUSED(run(fit("short.csv", {"-k", "1"})), "line 3");
  write("empty.csv", "");
  EXPECT_REFUSED(run(fit("empty.csv", {"-k", "1"})), "empty.csv: the file is empty");
  write("constant.csv", "a,b\n1,2\n1,3\n1,4\n");
  EXPECT_REFUSED(run(fit("constant.csv", {"-k", "1"})), "'a' is constant");
}

TEST_F(FitCommand, Float32IsChosenByName) {
  const Json exact = json(fit(data("faithful.csv"), {"-k", "2", "--tolerance", "1e-6", "--json"}));
  const Json single = json(fit(data("faithful.csv"), {"-k", "2", "--precision", "float32", "--json"}));
  EXPECT_EQ(exact["precision"], "float64");
  EXPECT_EQ(single["precision"], "float32");
  EXPECT_NE(single["log_likelihood"], exact["log_likelihood"]);
  EXPECT_NEAR(single["log_likelihood"].get<double>(), exact["log_likelihood"].get<double>(), 0.01);
  EXPECT_REFUSED(run(fit(data("faithful.csv"), {"-k", "2", "--precision", "float32", "--tolerance", "1e-8"})),
                 "tolerance: must be 0 or at least");
  EXPECT_REFUSED(run(fit(data("faithful.csv"), {"-k", "2", "--precision", "half"})), "--precision");
  EXPECT_REFUSED(run({"fit", "gaussian-mixture", data("airquality.csv"), "--columns", "Ozone,Wind", "-k", "2",
                      "--precision", "float32"}),
                 "row 5, column 'Ozone': the cell is missing");
}

TEST_F(FitCommand, BadOptionsAreRefusedByName) {
  const auto with = [&](const Words& more) {
    Words all{"-k", "2"};
    all.insert(all.end(), more.begin(), more.end());
    return run(fit(data("faithful.csv"), all));
  };
  EXPECT_REFUSED(with({"--bogus"}), "--bogus");
  EXPECT_REFUSED(with({"--restarts", "0"}), "restarts: must be ≥ 1");
  EXPECT_REFUSED(with({"--restarts", "2", "--init", "hierarchical"}), "restarts: must be 1 for a hierarchical start");
  EXPECT_REFUSED(with({"--restarts", "many"}), "--restarts");
  EXPECT_REFUSED(with({"--seed", "-1"}), "--seed");
  EXPECT_REFUSED(with({"--seed", "18446744073709551616"}), "--seed");
  EXPECT_REFUSED(with({"--tolerance", "-1"}), "tolerance");
  EXPECT_REFUSED(with({"--tolerance", "nan"}), "tolerance");
  EXPECT_REFUSED(with({"--max-iterations", "-1"}), "max_iterations");
  EXPECT_REFUSED(with({"--threads", "-1"}), "threads");
  EXPECT_REFUSED(with({"--prior", "strong"}), "--prior");
  EXPECT_REFUSED(with({"--init", "given"}), "--init");
  EXPECT_REFUSED(with({"--covariance", "all"}), "--covariance");
  EXPECT_REFUSED(with({"--delimiter", ",,"}), "--delimiter");
  EXPECT_REFUSED(with({"--header", "maybe"}), "--header");
  EXPECT_REFUSED(with({"--columns", "a,,b"}), "--columns: a name is empty");
  EXPECT_REFUSED(with({"-k", "3"}), "--components");
  EXPECT_REFUSED(with({"-o", "no/folder/m.json"}), "no/folder/m.json: cannot be written");
  EXPECT_REFUSED(with({"-o", data("faithful.csv")}), "would overwrite");
  EXPECT_REFUSED(with({"-o", "same", "--trace", "same"}), "--trace");
  EXPECT_REFUSED(with({"--start", "none.json"}), "none.json");
}

TEST_F(FitCommand, OptionsForTextAreRefusedForNpy) {
  const std::vector<double> values = {1, 2, 3, 5, 8, 13};
  write_npy(path("x.npy"), {values.data(), 6, 1, 6});
  EXPECT_EQ(run(fit("x.npy", {"-k", "1"})).code, 0);
  for (const char* option : {"--columns", "--exclude", "--weights", "--labels", "--missing", "--delimiter"}) {
    EXPECT_REFUSED(run(fit("x.npy", {"-k", "1", option, "x"})), std::string(option) + ": is for text");
  }
  EXPECT_REFUSED(run(fit("x.npy", {"-k", "1", "--header", "no"})), "--header: is for text");
}

TEST_F(FitCommand, NamesThatAModelFileCannotHoldAreRefusedFirst) {
  write("latin.csv",
        "gr\xf6\xdf"
        "e\n1\n2\n4\n7\n");
  EXPECT_REFUSED(run(fit("latin.csv", {"-k", "1", "-o", "m.json"})), "is not UTF-8");
  EXPECT_FALSE(exists("m.json"));
  EXPECT_EQ(fitted("latin.csv", {"-k", "1"})["columns"][0],
            "gr\xef\xbf\xbd\xef\xbf\xbd"
            "e");
}

}  // namespace
}  // namespace jensen::cli
