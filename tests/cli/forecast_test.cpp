// jensen forecast and sample where the model depends on what is given: inputs, times, covariates, rows before.
#include <cmath>
#include <sstream>

#include "cli/tool.h"

namespace jensen::cli {
namespace {

using Json = nlohmann::json;

class ForecastTest : public ToolTest {
 protected:
  // Two sequences; the higher of the two states comes with a dose, y follows from it and from w.
  std::string doses() const {
    std::string text = "id,when,x,dose,y,w,side\n";
    for (int i = 0; i < 120; ++i) {
      const bool high = (i / 15) % 2 == 1;
      const double dose = (i / 15 + (i % 15 > 11 ? 1 : 0)) % 2;
      const double w = std::sin(1.7 * i);
      text += (i < 60 ? "a," : "b,") + std::to_string(i) + "," + std::to_string((high ? 5 : 0) + std::sin(3.0 * i)) +
              "," + std::to_string(dose) + "," + std::to_string((high ? 2 : 1) * w + 0.2 * std::cos(7.0 * i * i)) +
              "," + std::to_string(w) + "," + (i % 4 == 0 ? "left" : "right") + "\n";
    }
    return write("doses.csv", text);
  }
  std::string fit(const Words& more, const char* model = "m.json") const {
    Words words{"fit", "hidden-markov", doses(), "-k", "2", "--sequence", "id", "--order", "when", "--quiet", "-o"};
    words.push_back(path(model));
    words.insert(words.end(), more.begin(), more.end());
    const auto finished = run(words);
    EXPECT_EQ(finished.code, 0) << finished.err;
    return path(model);
  }
  Json forecast(const Words& more) const {
    Words words{"forecast", path("m.json"), path("doses.csv"), "--json"};
    words.insert(words.end(), more.begin(), more.end());
    return json(words)["forecasts"];
  }
  double parameter(const std::string& name) const {
    return json({"describe", path("m.json"), "--json"})["parameters"][name].get<double>();
  }
};

TEST_F(ForecastTest, InputsOfTheChain) {
  fit({"--columns", "x:gaussian", "--transition-inputs", "dose"});
  // Rows of the inputs as they come; sequences in another order than in the data.
  const auto future = write("future.csv", "dose,id\n1,b\n0,a\n0,a\n1,b\n0.5,a\n0,b\n");
  const auto ahead = forecast({"--inputs", future});
  ASSERT_EQ(ahead.size(), 6u);
  EXPECT_EQ(ahead[0]["sequence"], "a");
  EXPECT_EQ(ahead[5]["sequence"], "b");
  // One step: p(z_{T+2}) = Σ_i p(z_{T+1} = i) a_ij(dose of T + 2).
  const double dose = 0.5;
  const auto move = [&](int i, int j) {
    const std::string name = "logit[" + std::to_string(i) + "," + std::to_string(j) + ",";
    const double eta = parameter(name + "0]") + parameter(name + "1]") * dose;
    return 1 / (1 + std::exp(-eta));
  };
  const double before = ahead[1]["states"][0];
  EXPECT_NEAR(ahead[2]["states"][0].get<double>(), before * (1 - move(0, 1)) + (1 - before) * move(1, 0), 1e-12);
  // The same as rows without observed cells at the end of the data.
  write("longer.csv", read("doses.csv") + "a,900,,0,,,\na,901,,0,,,\na,902,,0.5,,,\n");
  const auto predicted = lines(run({"predict", path("m.json"), path("longer.csv"), "--probabilities"}).out);
  const auto last = predicted.back();
  EXPECT_NEAR(std::stod(last.substr(last.find(',') + 1)), ahead[2]["states"][0].get<double>(), 1e-10);

  EXPECT_EQ(forecast({"--inputs", future, "--steps", "2"}).size(), 4u);
  EXPECT_REFUSED(run({"forecast", path("m.json"), path("doses.csv"), "--inputs", future, "--steps", "4"}),
                 "--steps: 4 are more than the 3 rows of sequence 'a'");
  EXPECT_REFUSED(run({"forecast", path("m.json"), path("doses.csv")}), "given dose: say with --inputs");
  EXPECT_REFUSED(run({"forecast", path("m.json"), path("doses.csv"), "--inputs", write("f.csv", "dose,id\n1,a\n")}),
                 "has no row of sequence 'b'");
  EXPECT_REFUSED(
      run({"forecast", path("m.json"), path("doses.csv"), "--inputs", write("f.csv", "dose,id\n1,a\n1,b\n1,c\n")}),
      "has no sequence 'c'");
  EXPECT_REFUSED(run({"forecast", path("m.json"), path("doses.csv"), "--inputs", write("f.csv", "dose\n1\n")}),
                 "has no column 'id', which says which of 2 sequences");
  EXPECT_REFUSED(
      run({"forecast", path("m.json"), path("doses.csv"), "--inputs", write("f.csv", "dose,id\n1,b\nNA,a\n")}),
      "row 2, column 'dose' is missing");
  EXPECT_REFUSED(run({"forecast", path("m.json"), path("doses.csv"), "--inputs", future, "--times", "1"}), "--times");
  EXPECT_REFUSED(run({"forecast", path("m.json"), path("doses.csv"), "--inputs", future, "--seed", "1"}), "--seed");
}

TEST_F(ForecastTest, TheOrderColumnOfTheInputsIsHeard) {
  fit({"--columns", "x:gaussian", "--transition-inputs", "dose"});
  const auto as_they_come = forecast({"--inputs", write("f.csv", "id,dose\na,0\na,1\nb,1\nb,0\n")});
  const auto by_order = forecast({"--inputs", write("g.csv", "id,dose,when\nb,0,502\na,1,501\nb,1,501\na,0,500\n")});
  EXPECT_EQ(as_they_come, by_order);
}

TEST_F(ForecastTest, ContinuousTime) {
  fit({"--columns", "x:gaussian", "--continuous-time"});
  const auto ahead = forecast({"--times", "120,121.5,200"});
  ASSERT_EQ(ahead.size(), 6u);
  EXPECT_EQ(ahead[1]["time"], 121.5);
  const double up = parameter("rate[0,1]");
  const double down = parameter("rate[1,0]");
  const double stationary = down / (up + down);
  const double left = std::exp(-(up + down) * 1.5);
  EXPECT_NEAR(ahead[1]["states"][0].get<double>(),
              stationary + left * (ahead[0]["states"][0].get<double>() - stationary), 1e-12);
  const auto text = run({"forecast", path("m.json"), path("doses.csv"), "--times", "120,121.5", "--steps", "1"});
  EXPECT_EQ(lines(text.out)[0], "id,step,when,probability_0,probability_1,x_mean,x_lower,x_upper");
  EXPECT_EQ(lines(text.out).size(), 3u);
  const auto inputs = forecast({"--inputs", write("f.csv", "when,id\n120,a\n121.5,a\n130,b\n200,a\n")});
  ASSERT_EQ(inputs.size(), 4u);
  EXPECT_EQ(inputs[1], ahead[1]);
  EXPECT_REFUSED(run({"forecast", path("m.json"), path("doses.csv"), "--steps", "2"}), "or with --times");
  EXPECT_REFUSED(run({"forecast", path("m.json"), path("doses.csv"), "--times", "119"}), "was seen until when = 119");
  EXPECT_REFUSED(run({"forecast", path("m.json"), path("doses.csv"), "--times", "121,120"}), "must ascend");
  EXPECT_REFUSED(run({"forecast", path("m.json"), path("doses.csv"), "--times", "121,x"}), "must be numbers");
  EXPECT_REFUSED(run({"forecast", path("m.json"), path("doses.csv"), "--times", "121", "--steps", "2"}),
                 "--steps: 2 are more than the 1 times");
}

TEST_F(ForecastTest, CovariatesOfARegression) {
  fit({"--regress", "y ~ w + side"});
  const auto future = write("f.csv", "id,side,w\na,left,0.5\na,right,-1\nb,right,2\n");
  const auto ahead = forecast({"--inputs", future});
  ASSERT_EQ(ahead.size(), 3u);
  EXPECT_EQ(ahead[0]["columns"].size(), 1u) << "covariates are not forecast";
  const auto mean = [&](const Json& states, double w, bool right) {
    double total = 0;
    for (int k = 0; k < 2; ++k) {
      const std::string name = "y.coefficient[" + std::to_string(k) + ",";
      total += states[static_cast<std::size_t>(k)].get<double>() *
               (parameter(name + "0]") + parameter(name + "1]") * w + (right ? parameter(name + "2]") : 0));
    }
    return total;
  };
  EXPECT_NEAR(ahead[0]["columns"]["y"]["mean"].get<double>(), mean(ahead[0]["states"], 0.5, false), 1e-12);
  EXPECT_NEAR(ahead[1]["columns"]["y"]["mean"].get<double>(), mean(ahead[1]["states"], -1, true), 1e-12);
  EXPECT_FALSE(ahead[0]["columns"]["y"].contains("draws"));
  EXPECT_REFUSED(run({"forecast", path("m.json"), path("doses.csv"), "--inputs",
                      write("g.csv", "id,side,w\na,middle,0.5\nb,left,1\n")}),
                 "middle");
}

TEST_F(ForecastTest, LagsGoOnFromTheLastRows) {
  fit({"--regress", "y ~ lag(y) + lag(w)"});
  const auto future = write("f.csv", "id,w\na,0.5\na,-1\na,\nb,2\n");
  const auto ahead = forecast({"--inputs", future, "--seed", "3", "--draws", "400"});
  ASSERT_EQ(ahead.size(), 4u);
  EXPECT_FALSE(ahead[0]["columns"]["y"].contains("draws")) << "what the first row depends on was seen";
  EXPECT_EQ(ahead[1]["columns"]["y"]["draws"], 400);
  const auto rows = lines(read("doses.csv"));
  std::istringstream last(rows[60]);  // of sequence a
  std::vector<std::string> cells;
  for (std::string cell; std::getline(last, cell, ',');) cells.push_back(cell);
  double mean = 0;
  for (int k = 0; k < 2; ++k) {
    const std::string name = "y.coefficient[" + std::to_string(k) + ",";
    mean += ahead[0]["states"][static_cast<std::size_t>(k)].get<double>() *
            (parameter(name + "0]") + parameter(name + "1]") * std::stod(cells[4]) +
             parameter(name + "2]") * std::stod(cells[5]));
  }
  EXPECT_NEAR(ahead[0]["columns"]["y"]["mean"].get<double>(), mean, 1e-12);
  EXPECT_EQ(forecast({"--inputs", future, "--seed", "3", "--draws", "400"}), ahead);
  EXPECT_NE(forecast({"--inputs", future, "--seed", "4", "--draws", "400"})[1], ahead[1]);
  // Two seeds agree to what draws leave open.
  const auto many = forecast({"--inputs", future, "--seed", "5"});
  const auto& y = many[1]["columns"]["y"];
  EXPECT_NEAR(ahead[1]["columns"]["y"]["mean"].get<double>(), y["mean"].get<double>(),
              5 * y["standard_deviation"].get<double>() / 20);

  EXPECT_REFUSED(
      run({"forecast", path("m.json"), path("doses.csv"), "--inputs", write("g.csv", "id,w\na,0.5\na,\na,1\nb,2\n")}),
      "row 2, column 'lag(w)' is missing");
  EXPECT_REFUSED(run({"forecast", path("m.json"), write("hole.csv", "id,when,y,w\na,1,1,1\na,2,3,1\na,3,,1\n"),
                      "--inputs", write("g.csv", "w\n1\n")}),
                 "row 3, column 'y' is missing, on which the rows to come depend");
}

TEST_F(ForecastTest, AnAutoregressionNeedsNoInputs) {
  fit({"--regress", "y ~ lag(y) + lag(y, 2)"});
  const auto ahead = forecast({"--steps", "5", "--draws", "100"});
  ASSERT_EQ(ahead.size(), 10u);
  EXPECT_EQ(ahead[4]["columns"].size(), 1u);
  EXPECT_EQ(lines(run({"forecast", path("m.json"), path("doses.csv"), "--draws", "10"}).out)[0],
            "id,step,probability_0,probability_1,y_mean,y_lower,y_upper");
  EXPECT_REFUSED(run({"forecast", path("m.json"), path("doses.csv"), "--inputs", path("doses.csv")}), "--inputs");
  EXPECT_REFUSED(run({"forecast", path("m.json"), write("short.csv", "id,when,y\na,1,1\n")}),
                 "sequence a is too short for lag(y,2): it needs 2 rows");
}

TEST_F(ForecastTest, ColumnsThatDependOnOneAnotherInARowAreRefused) {
  fit({"--columns", "w:gaussian", "--regress", "y ~ w"});
  EXPECT_REFUSED(run({"forecast", path("m.json"), path("doses.csv")}),
                 "column 'y' depends on 'w' of the same row, which the model explains itself");
}

TEST_F(ForecastTest, SamplesOfAutoregressionsCanBeFittedAgain) {
  fit({"--regress", "y ~ lag(y) + side + lag(w)"});
  const Words words{"sample", path("m.json"), "--inputs", path("doses.csv"), "--seed", "2", "--with-component"};
  const auto finished = run(words);
  EXPECT_EQ(finished.code, 0) << finished.err;
  const auto drawn = lines(finished.out);
  ASSERT_EQ(drawn.size(), 121u);
  EXPECT_EQ(drawn[0], "id,when,y,side,w,state");
  const auto given = lines(read("doses.csv"));
  const auto cell = [](const std::string& line, int column) {
    std::istringstream in(line);
    std::string text;
    for (int j = 0; j <= column; ++j) std::getline(in, text, ',');
    return text;
  };
  for (const std::size_t first : {1u, 61u}) {
    EXPECT_EQ(std::stod(cell(drawn[first], 2)), std::stod(cell(given[first], 4))) << "the first y is given";
  }
  EXPECT_NE(std::stod(cell(drawn[2], 2)), std::stod(cell(given[2], 4)));
  for (const std::size_t line : {1u, 5u, 120u}) {
    EXPECT_EQ(cell(drawn[line], 3), cell(given[line], 6));
    EXPECT_EQ(std::stod(cell(drawn[line], 4)), std::stod(cell(given[line], 5)));
  }
  EXPECT_EQ(run(words).out, finished.out);
  write("drawn.csv", finished.out);
  const auto again = json({"fit", "hidden-markov", path("drawn.csv"), "-k", "2", "--sequence", "id", "--order", "when",
                           "--regress", "y ~ lag(y) + side + lag(w)", "--json"});
  EXPECT_EQ(again["columns"].size(), 4u);
  EXPECT_REFUSED(run({"sample", path("m.json"), "-n", "5"}), "given side[right], lag(w), the first of y");
  EXPECT_REFUSED(run({"sample", path("m.json"), "--inputs", path("doses.csv"), "-n", "5"}), "-n: does not go with");
  EXPECT_REFUSED(run({"sample", path("m.json"), "--inputs", write("f.csv", "id,y,side,w\na,,left,1\na,,left,1\n")}),
                 "row 1, column 'y' is missing: the first 1 rows");
}

TEST_F(ForecastTest, SamplesOfChainsThatChange) {
  fit({"--columns", "x:gaussian", "--transition-inputs", "dose"});
  const auto drawn = lines(run({"sample", path("m.json"), "--inputs", path("doses.csv")}).out);
  EXPECT_EQ(drawn.size(), 121u);
  EXPECT_EQ(drawn[0], "id,when,x,dose");
  fit({"--columns", "x:gaussian", "--continuous-time"});
  const auto timed = lines(run({"sample", path("m.json"), "--inputs", write("f.csv", "when\n2\n1\n1.5\n")}).out);
  ASSERT_EQ(timed.size(), 4u);
  EXPECT_EQ(timed[0], "x,when");
  EXPECT_EQ(timed[3].substr(timed[3].find(',') + 1), "1.5") << "in the order of the file";
}

TEST_F(ForecastTest, SamplesOfMixturesOfRegressions) {
  ASSERT_EQ(
      run({"fit", "mixture", doses(), "-k", "2", "--regress", "y ~ w + side", "--quiet", "-o", path("m.json")}).code,
      0);
  const auto drawn = lines(run({"sample", path("m.json"), "--inputs", path("doses.csv"), "--with-component"}).out);
  ASSERT_EQ(drawn.size(), 121u);
  EXPECT_EQ(drawn[0], "y,w,side,component");
  EXPECT_REFUSED(run({"sample", path("m.json"), "--inputs", path("doses.csv"), "--sequence", "id"}),
                 "--sequence: the model takes rows as independent");
  EXPECT_REFUSED(run({"sample", faithful_model(), "--inputs", path("doses.csv")}), "--inputs: does not apply");
}

TEST_F(ForecastTest, AnglesHaveADirectionAndAnArc) {
  std::string text = "a\n";
  for (int i = 0; i < 80; ++i) {
    const double angle = ((i / 10) % 2 == 1 ? 0.5 : 3.1) + 0.3 * std::sin(5.0 * i * i);
    text += std::to_string(std::remainder(angle, 2 * 3.14159265358979)) + "\n";
  }
  const std::string file = write("angles.csv", text);
  const auto fit =
      run({"fit", "hidden-markov", file, "-k", "2", "--columns", "a:von-mises", "--quiet", "-o", path("m.json")});
  ASSERT_EQ(fit.code, 0) << fit.err;
  const auto ahead = [&](const char* level) {
    return json({"forecast", path("m.json"), file, "--json", "--level", level})["forecasts"][0]["columns"]["a"];
  };
  const auto wide = ahead("0.9");
  const auto narrow = ahead("0.5");
  EXPECT_EQ(wide["mean"], narrow["mean"]);
  const auto turn = [](const Json& from, const Json& to) {
    return std::remainder(to.get<double>() - from.get<double>(), 2 * 3.14159265358979);
  };
  EXPECT_NEAR(turn(wide["lower"], wide["mean"]), turn(wide["mean"], wide["upper"]), 1e-9);
  EXPECT_GT(turn(narrow["lower"], narrow["mean"]), 0);
  EXPECT_GT(turn(wide["lower"], wide["mean"]), turn(narrow["lower"], narrow["mean"]));
}

}  // namespace
}  // namespace jensen::cli
