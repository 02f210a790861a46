// jensen fit hidden-markov, select hidden-markov and forecast, and what is done with the models.
#include <cmath>
#include <iomanip>
#include <sstream>

#include "cli/tool.h"

namespace jensen::cli {
namespace {

using Json = nlohmann::json;

class HiddenMarkovTest : public ToolTest {
 protected:
  std::string earthquakes() const { return data("earthquakes.csv"); }
  Words fit_words(const Words& more) const {
    Words words{"fit", "hidden-markov"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  std::string model(const Words& more = {}) const {
    Words words = fit_words({earthquakes(), "-k", "3", "--columns", "count:poisson", "--quiet", "-o", path("m.json")});
    words.insert(words.end(), more.begin(), more.end());
    const auto finished = run(words);
    EXPECT_EQ(finished.code, 0) << finished.err;
    return path("m.json");
  }
  // Two sequences whose rows lie scattered in the file; y is a word, z has a hole.
  std::string scattered() const {
    std::string text = "when,x,id,y,z\n";
    for (int i = 0; i < 40; ++i) {
      const bool high = (i / 10) % 2 == 1;
      const std::string id = i % 3 == 0 ? "b" : "a";
      text += std::to_string(100 - i) + "," + std::to_string(high ? 8 + i % 3 : i % 3) + "," + id + "," +
              (high ? "up" : "down") + "," + (i == 7 ? "NA" : std::to_string(0.5 * (i % 7))) + "\n";
    }
    return write("scattered.csv", text);
  }
  // The same rows, sorted by hand.
  std::string sorted() const {
    const auto rows = lines(read("scattered.csv"));
    std::string text = rows[0] + "\n";
    for (const char* id : {",a,", ",b,"}) {
      for (std::size_t i = rows.size(); i-- > 1;) {
        if (rows[i].find(id) != std::string::npos) text += rows[i] + "\n";
      }
    }
    return write("sorted.csv", text);
  }
};

const char* const three_kinds = "x:poisson, y:categorical, z:gaussian";

TEST_F(HiddenMarkovTest, FitsTheEarthquakes) {
  const auto fit = json(fit_words({earthquakes(), "-k", "3", "--columns", "count:poisson", "--json"}));
  EXPECT_EQ(fit["model"], "hidden-markov");
  EXPECT_EQ(fit["states"], 3);
  EXPECT_NEAR(fit["log_likelihood"].get<double>(), -328.5274841, 1e-5);  // depmixS4
  EXPECT_EQ(fit["free_parameters"], 2 + 6 + 3);
  EXPECT_TRUE(fit["monotone"]);
  EXPECT_LT(fit["parameters"]["count.rate[0]"], fit["parameters"]["count.rate[1]"]);
  // Zucchini, MacDonald and Langrock (2016): two states, stationary.
  const auto stationary =
      json(fit_words({earthquakes(), "-k", "2", "--columns", "count:poisson", "--initial", "stationary", "--json"}));
  EXPECT_NEAR(stationary["log_likelihood"].get<double>(), -342.3183, 1e-4);
  EXPECT_EQ(stationary["free_parameters"], 4);
}

TEST_F(HiddenMarkovTest, AModelIsReadBackAndApplied) {
  const std::string m = model();
  const auto smoothed = run({"predict", m, earthquakes(), "--probabilities"});
  EXPECT_EQ(smoothed.code, 0) << smoothed.err;
  ASSERT_EQ(lines(smoothed.out).size(), 108u);
  EXPECT_EQ(lines(smoothed.out)[0], "state,probability_0,probability_1,probability_2");
  const auto filtered = run({"predict", m, earthquakes(), "--probabilities", "--filtered"});
  EXPECT_NE(smoothed.out, filtered.out);
  // Nothing comes after the last row.
  const auto last = [](const Finished& finished) { return lines(finished.out).back(); };
  EXPECT_EQ(last(smoothed).substr(0, 12), last(filtered).substr(0, 12));
  const auto path = run({"predict", m, earthquakes(), "--viterbi"});
  EXPECT_EQ(lines(path.out).size(), 108u);
  EXPECT_REFUSED(run({"predict", m, earthquakes(), "--viterbi", "--filtered"}), "--viterbi");
  EXPECT_REFUSED(run({"predict", m, earthquakes(), "--viterbi", "--probabilities"}), "--viterbi");

  const auto score = json({"score", m, earthquakes(), "--json"});
  EXPECT_NEAR(score["total"].get<double>(), -328.5274841, 1e-5);
  EXPECT_EQ(score["sequences"][0]["rows"], 107);
  EXPECT_EQ(score["log_density"].size(), 107u);
  EXPECT_EQ(lines(run({"score", m, earthquakes()}).out).size(), 2u);
  EXPECT_EQ(lines(run({"score", m, earthquakes(), "--rows"}).out)[0], "log_density");
  const auto residuals = run({"score", m, earthquakes(), "--residuals"});
  EXPECT_EQ(lines(residuals.out)[0], "log_density,residual_count");
  EXPECT_EQ(lines(residuals.out).size(), 108u);

  const auto described = run({"describe", m});
  for (const char* text : {"Hidden Markov model: 3 states, 1 column", "Chain of states", "long run", "stays"}) {
    EXPECT_NE(described.out.find(text), std::string::npos) << text << "\n" << described.out;
  }
  const auto facts = json({"describe", m, "--json"});
  const double stays = facts["parameters"]["transition[1,1]"];
  EXPECT_NEAR(facts["durations"][1].get<double>(), 1 / (1 - stays), 1e-9);
  EXPECT_EQ(facts["stationary"].size(), 3u);
  const auto diagnosis = json({"diagnose", m, earthquakes(), "--json"});
  EXPECT_NEAR(diagnosis["log_likelihood"].get<double>(), -328.5274841, 1e-5);
}

TEST_F(HiddenMarkovTest, ForecastsFollowTheChain) {
  const std::string m = model();
  const auto ahead = json({"forecast", m, earthquakes(), "--steps", "400", "--level", "0.5", "--json"})["forecasts"];
  ASSERT_EQ(ahead.size(), 400u);
  const auto chain = json({"describe", m, "--json"});
  const auto a = [&](int i, int j) {
    return chain["parameters"]["transition[" + std::to_string(i) + "," + std::to_string(j) + "]"].get<double>();
  };
  for (int k = 0; k < 3; ++k) {
    double stepped = 0;
    for (int i = 0; i < 3; ++i) stepped += ahead[0]["states"][static_cast<std::size_t>(i)].get<double>() * a(i, k);
    EXPECT_NEAR(ahead[1]["states"][static_cast<std::size_t>(k)].get<double>(), stepped, 1e-12);
    EXPECT_NEAR(ahead[399]["states"][static_cast<std::size_t>(k)].get<double>(),
                chain["stationary"][static_cast<std::size_t>(k)].get<double>(), 1e-9);
  }
  const auto count = ahead[0]["columns"]["count"];
  EXPECT_LT(count["lower"], count["mean"]);
  const auto wide =
      json({"forecast", m, earthquakes(), "--level", "0.99", "--json"})["forecasts"][0]["columns"]["count"];
  EXPECT_LT(wide["lower"], count["lower"]);
  EXPECT_GT(wide["upper"], count["upper"]);
  const auto text = run({"forecast", m, earthquakes(), "--steps", "12"});
  EXPECT_EQ(lines(text.out).size(), 13u);
  EXPECT_EQ(lines(text.out)[0], "step,probability_0,probability_1,probability_2,count_mean,count_lower,count_upper");
  EXPECT_REFUSED(run({"forecast", faithful_model(), data("faithful.csv")}), "is no hidden Markov model");
  EXPECT_REFUSED(run({"forecast", m, earthquakes(), "--level", "1"}), "--level");
}

TEST_F(HiddenMarkovTest, TheOrderOfTheFileDoesNotMatter) {
  const std::string mixed = scattered();
  const Words options{"-k", "2", "--columns", three_kinds, "--sequence", "id", "--order", "when", "--quiet", "-o"};
  const auto fitted = [&](const std::string& file, const std::string& m) {
    Words words = fit_words({file});
    words.insert(words.end(), options.begin(), options.end());
    words.push_back(path(m));
    const auto finished = run(words);
    EXPECT_EQ(finished.code, 0) << finished.err;
  };
  fitted(mixed, "1.json");
  fitted(sorted(), "2.json");
  EXPECT_EQ(read("1.json"), read("2.json"));
  // The columns by which it was cut are in the model; predictions come in the order of the file.
  const auto rows = lines(read("scattered.csv"));
  const auto states = lines(run({"predict", path("1.json"), mixed, "--viterbi"}).out);
  ASSERT_EQ(states.size(), rows.size());
  for (std::size_t i = 1; i < rows.size(); ++i) {
    EXPECT_EQ(states[i], rows[i].find("up") != std::string::npos ? "1" : "0") << rows[i];
  }
  const auto scores = lines(run({"score", path("1.json"), mixed}).out);
  ASSERT_EQ(scores.size(), 3u);
  EXPECT_EQ(scores[1].substr(0, 5), "a,26,");
  EXPECT_EQ(scores[2].substr(0, 5), "b,14,");
  EXPECT_EQ(lines(run({"score", path("1.json"), mixed, "--sequence", ""}).out).size(), 2u);
  const auto ahead = lines(run({"forecast", path("1.json"), mixed, "--steps", "2"}).out);
  EXPECT_EQ(ahead[0],
            "id,step,probability_0,probability_1,x_mean,x_lower,x_upper,y,y_probability,z_mean,z_lower,z_upper");
  EXPECT_EQ(ahead.size(), 5u);
  const auto filled = lines(run({"impute", path("1.json"), mixed}).out);
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (i == 8) continue;
    EXPECT_EQ(filled[i], rows[i]);
  }
  EXPECT_EQ(filled[8].find("NA"), std::string::npos) << filled[8];
}

TEST_F(HiddenMarkovTest, SamplesCanBeFittedAgain) {
  scattered();
  EXPECT_EQ(run(fit_words({path("scattered.csv"), "-k", "2", "--columns", three_kinds, "--sequence", "id", "--order",
                           "when", "--quiet", "-o", path("m.json")}))
                .code,
            0);
  const auto sample = run({"sample", path("m.json"), "--length", "30", "--sequences", "4", "--with-component"});
  EXPECT_EQ(sample.code, 0) << sample.err;
  EXPECT_EQ(lines(sample.out)[0], "id,when,x,y,z,state");
  EXPECT_EQ(lines(sample.out).size(), 121u);
  EXPECT_EQ(lines(run({"score", path("m.json"), write("s.csv", sample.out)}).out).size(), 5u);
  // Another sequence is another draw, and the first one is that of the seed alone.
  const auto one = lines(run({"sample", path("m.json"), "--length", "30", "--with-component"}).out);
  EXPECT_EQ(one[5], lines(sample.out)[5]);
  EXPECT_NE(lines(sample.out)[5].substr(4), lines(sample.out)[35].substr(4));
  EXPECT_REFUSED(run({"sample", path("m.json")}), "-n");
  EXPECT_REFUSED(run({"sample", path("m.json"), "-n", "3", "--sequences", "2"}), "--sequences");
  EXPECT_REFUSED(run({"sample", faithful_model(), "--length", "3"}), "--length");
  EXPECT_REFUSED(run({"sample", faithful_model()}), "-n");
}

TEST_F(HiddenMarkovTest, OptionsOfTheChainAreHeard) {
  const auto fit = [&](const Words& more) {
    Words words = fit_words({scattered(), "-k", "3", "--columns", "x:gaussian, z:gaussian", "--json"});
    words.insert(words.end(), more.begin(), more.end());
    const auto finished = run(words);
    EXPECT_NE(finished.code, 1) << finished.err;
    return Json::parse(finished.out);
  };
  const auto full = fit({});
  EXPECT_EQ(full["free_parameters"], 2 + 6 + 12);
  const auto onwards = fit({"--transitions", "left-right"});
  EXPECT_EQ(onwards["free_parameters"], 2 + 12);
  EXPECT_EQ(onwards["parameters"]["initial[0]"], 1);
  EXPECT_EQ(fit({"--transitions", "banded:1"})["free_parameters"], 2 + 4 + 12);
  EXPECT_EQ(fit({"--initial", "uniform"})["parameters"]["initial[1]"], 1.0 / 3);
  EXPECT_EQ(fit({"--initial", "stationary"})["chain"]["initial"], "stationary");
  EXPECT_LT(fit({"--pseudo-count", "1"})["penalty"], full["penalty"]);
  const auto joint = fit({"--covariance", "full"});
  EXPECT_EQ(joint["free_parameters"], 2 + 6 + 3 * 5);
  EXPECT_EQ(joint["schema"].size(), 1u);
  EXPECT_EQ(fit({"--algorithm", "classification"})["model"], "hidden-markov");
  EXPECT_EQ(fit({"--init", "random", "--restarts", "2"})["restarts"].size(), 2u);
}

TEST_F(HiddenMarkovTest, StatesKnownForSomeRowsAndWeights) {
  const std::string file =
      write("t.csv", "x,z,w,id\n1,low,2,a\n2,,2,a\n9,high,2,a\n8,,2,a\n1,,1,b\n2,low|high,1,b\n9,,1,b\n");
  const auto fit = json(fit_words({file, "-k", "2", "--columns", "x:poisson", "--labels", "z", "--weights", "w",
                                   "--sequence", "id", "-o", path("m.json"), "--json"}));
  EXPECT_EQ(fit["component_names"], (Json{"high", "low"}));
  EXPECT_EQ(fit["total_weight"], 11);
  EXPECT_EQ(lines(run({"predict", path("m.json"), file, "--viterbi"}).out)[1], "low");
  EXPECT_REFUSED(run(fit_words({write("u.csv", "x,w,id\n1,2,a\n2,1,b\n3,3,a\n"), "-k", "1", "--columns", "x:poisson",
                                "--weights", "w", "--sequence", "id"})),
                 "rows 1 and 3 are of one sequence, but have different weights, 2 and 3");
}

// Two sequences at irregular times, their rows in any order; x is high where a dose came some rows before.
std::string doses() {
  std::string text = "x,when,dose,id\n";
  for (int i = 59; i >= 0; --i) {
    const int dose = (i / 6) % 2;
    const int high = ((i + 4) / 6) % 2;
    for (const char* id : {"a", "b"}) {
      text += std::to_string(4 * high + 0.5 * std::sin(3.0 * i)) + "," + std::to_string(i + 0.3 * (i % 3)) + "," +
              std::to_string(dose) + "," + id + "\n";
    }
  }
  return text;
}

TEST_F(HiddenMarkovTest, TransitionsDependOnColumns) {
  const Words words =
      fit_words({write("doses.csv", doses()), "-k", "2", "--columns", "x:gaussian", "--sequence", "id", "--order",
                 "when", "-o", path("inputs.json"), "--json", "--transition-inputs", "dose"});
  const auto fit = json(words);
  EXPECT_TRUE(fit["monotone"]);
  EXPECT_EQ(fit["free_parameters"], 1 + 4 + 4);
  EXPECT_EQ(fit["columns"], (Json{"x", "dose"}));
  auto plain = words;
  plain.resize(plain.size() - 2);
  EXPECT_GT(fit["log_likelihood"].get<double>(), json(plain)["log_likelihood"].get<double>() + 1);
  EXPECT_EQ(json(words)["parameters"], fit["parameters"]);
  ASSERT_EQ(run(words).code, 0);

  const auto described = json({"describe", path("inputs.json"), "--json"});
  EXPECT_EQ(described["chain"]["inputs"], Json{"dose"});
  EXPECT_EQ(described["parameters"], fit["parameters"]);
  const auto text = run({"describe", path("inputs.json")}).out;
  EXPECT_NE(text.find("intercept"), std::string::npos) << text;
  EXPECT_NE(text.find("dose"), std::string::npos) << text;
  const auto score = json({"score", path("inputs.json"), path("doses.csv"), "--json"});
  EXPECT_NEAR(score["total"].get<double>(), fit["log_likelihood"].get<double>(), 1e-8);
  EXPECT_EQ(lines(run({"score", path("inputs.json"), path("doses.csv"), "--residuals"}).out)[0],
            "log_density,residual_x");
  EXPECT_EQ(lines(run({"predict", path("inputs.json"), path("doses.csv"), "--viterbi"}).out).size(), 121u);
  EXPECT_REFUSED(run({"forecast", path("inputs.json"), path("doses.csv")}), "given dose");
  EXPECT_REFUSED(run({"sample", path("inputs.json"), "-n", "5"}), "given dose");
  EXPECT_REFUSED(run({"predict", path("inputs.json"), write("hole.csv", "x,when,dose,id\n1,1,,a\n2,2,0,a\n1,3,,a\n")}),
                 "row 3, column 'dose': is missing, on which the transitions depend");
  const auto errors = json({"diagnose", path("inputs.json"), path("doses.csv"), "--json"});
  EXPECT_EQ(errors["coordinates"], 9);
}

// Forty sequences of ten rows that begin in the high state mostly where sex is 1, which only first rows say; every
// third first row in the other one.
std::string beginnings() {
  std::string text = "id,when,x,sex,dose\n";
  for (int s = 0; s < 40; ++s) {
    const int sex = s % 2;
    bool high = (s % 3 == 0) != (sex == 1);
    for (int t = 0; t < 10; ++t) {
      if (t > 0 && (7 * s + 3 * t) % 8 == 0) high = !high;
      text += std::to_string(s) + "," + std::to_string(t) + "," +
              std::to_string((high ? 4 : 0) + std::sin(3.0 * s + 5.0 * t)) + "," +
              (t == 0 ? std::to_string(sex) : std::string()) + "," + std::to_string((s + t) % 3) + "\n";
    }
  }
  return text;
}

TEST_F(HiddenMarkovTest, FirstStatesDependOnColumns) {
  const std::string file = write("beginnings.csv", beginnings());
  const Words plain = fit_words({file, "-k", "2", "--columns", "x:gaussian", "--sequence", "id", "--order", "when",
                                 "-o", path("m.json"), "--json"});
  auto words = plain;
  for (const char* word : {"--initial-inputs", "sex", "--standard-errors", "oakes"}) words.emplace_back(word);
  const auto fit = json(words);
  EXPECT_TRUE(fit["monotone"]);
  EXPECT_EQ(fit["free_parameters"], 2 + 2 + 4);
  EXPECT_EQ(fit["columns"], (Json{"x", "sex"}));
  EXPECT_EQ(fit["chain"]["initial_inputs"], Json{"sex"});
  EXPECT_EQ(fit["chain"]["transitions"], "free");
  EXPECT_GT(fit["log_likelihood"].get<double>(), json(plain)["log_likelihood"].get<double>() + 1);
  // Of the 20 sequences of either sex 7 begin in the other state.
  EXPECT_NEAR(fit["parameters"]["initial_logit[1,0]"].get<double>(), std::log(7.0 / 13), 0.02);
  EXPECT_NEAR(fit["parameters"]["initial_logit[1,1]"].get<double>(), 2 * std::log(13.0 / 7), 0.02);
  ASSERT_EQ(run(words).code, 0);
  // Of log-odds of shares that are all but known: 1 / a + 1 / b.
  const auto errors = fit["standard_errors"]["parameters"];
  const auto intercept =
      std::find_if(errors.begin(), errors.end(), [](const Json& p) { return p["name"] == "initial_logit[1,0]"; });
  ASSERT_NE(intercept, errors.end());
  EXPECT_NEAR((*intercept)["standard_error"].get<double>(), std::sqrt(1 / 7.0 + 1 / 13.0), 0.02);
  EXPECT_EQ(json({"describe", path("m.json"), "--json"})["durations"].size(), 2u);
  const auto text = run({"describe", path("m.json")}).out;
  EXPECT_NE(text.find("log-odds of beginning there"), std::string::npos) << text;
  const auto score = json({"score", path("m.json"), file, "--json"});
  EXPECT_NEAR(score["total"].get<double>(), fit["log_likelihood"].get<double>(), 1e-8);
  EXPECT_EQ(lines(run({"predict", path("m.json"), file, "--viterbi"}).out).size(), 401u);
  // Rows to come do not depend on it, sequences to come do.
  EXPECT_EQ(lines(run({"forecast", path("m.json"), file, "--steps", "2"}).out).size(), 81u);
  EXPECT_REFUSED(run({"forecast", path("m.json"), file, "--inputs", file}), "--inputs: does not apply");
  EXPECT_REFUSED(run({"sample", path("m.json"), "-n", "5"}), "given sex");
  EXPECT_EQ(lines(run({"sample", path("m.json"), "--inputs", file}).out).size(), 401u);
  EXPECT_REFUSED(run({"sample", path("m.json"), "--inputs", write("none.csv", "id,sex\na,\na,1\n")}),
                 "row 1, column 'sex' is missing");
  EXPECT_REFUSED(run({"predict", path("m.json"), write("none.csv", "id,when,x,sex\na,1,0,\na,2,0,1\n")}),
                 "row 1, column 'sex': is missing, on which the first states depend");
}

TEST_F(HiddenMarkovTest, FirstStatesAndTransitionsDependOnColumns) {
  const std::string file = write("beginnings.csv", beginnings());
  const Words words =
      fit_words({file, "-k", "2", "--columns", "x:gaussian", "--sequence", "id", "--order", "when", "-o",
                 path("m.json"), "--json", "--transition-inputs", "dose", "--initial-inputs", "sex + dose"});
  const auto fit = json(words);
  EXPECT_EQ(fit["free_parameters"], 3 + 4 + 4);
  EXPECT_EQ(fit["columns"], (Json{"x", "dose", "sex"}));
  EXPECT_TRUE(fit["parameters"].contains("initial_logit[1,2]"));
  EXPECT_TRUE(fit["parameters"].contains("logit[1,0,1]"));
  const auto score = json({"score", path("m.json"), file, "--json"});
  EXPECT_NEAR(score["total"].get<double>(), fit["log_likelihood"].get<double>(), 1e-8);
  EXPECT_REFUSED(run({"forecast", path("m.json"), file}), "given dose: say");
  EXPECT_REFUSED(run({"sample", path("m.json"), "-n", "5"}), "given dose, sex: say");
}

TEST_F(HiddenMarkovTest, InitialInputsRefuseByName) {
  const std::string file = write("beginnings.csv", beginnings());
  const auto attempt = [&](const Words& more) {
    Words words = fit_words(
        {file, "-k", "2", "--columns", "x:gaussian", "--sequence", "id", "--order", "when", "--initial-inputs", "sex"});
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  };
  for (const Words& other :
       {Words{"--initial", "uniform"}, Words{"--initial", "stationary"}, Words{"--pseudo-count", "1"}}) {
    EXPECT_REFUSED(attempt(other), "--initial-inputs: does not go with " + other.front());
  }
  EXPECT_REFUSED(attempt({"--transitions", "left-right"}), "--initial-inputs: does not apply to left-right");
  EXPECT_REFUSED(attempt({"--durations", "poisson"}), "--durations: does not go with --initial-inputs");
  EXPECT_REFUSED(attempt({"--clusters", "2"}), "--clusters: does not go with --initial-inputs");
  EXPECT_REFUSED(attempt({"--continuous-time"}), "--continuous-time: does not go with --initial-inputs");
  EXPECT_REFUSED(attempt({"--memory", "checkpoints"}), "--memory checkpoints: does not go with --initial-inputs");
  const auto with = [&](const char* formula) {
    return run(
        fit_words({file, "-k", "2", "--columns", "x:gaussian", "--sequence", "id", "--initial-inputs", formula}));
  };
  EXPECT_REFUSED(with("x ~ sex"), "--initial-inputs: must be columns");
  EXPECT_REFUSED(with("lag(sex)"), "--initial-inputs: lag(sex): lags are for --regress");
  EXPECT_REFUSED(with("sax"), "sax");
}

TEST_F(HiddenMarkovTest, TimeIsContinuous) {
  const Words words =
      fit_words({write("doses.csv", doses()), "-k", "2", "--columns", "x:gaussian", "--sequence", "id", "--order",
                 "when", "-o", path("timed.json"), "--json", "--standard-errors", "oakes", "--continuous-time"});
  const auto fit = json(words);
  EXPECT_TRUE(fit["monotone"]);
  EXPECT_EQ(fit["free_parameters"], 1 + 2 + 4);
  const double leaving = fit["parameters"]["rate[0,1]"];
  EXPECT_GT(leaving, 0.05);
  EXPECT_LT(leaving, 0.5);
  const auto described = json({"describe", path("timed.json"), "--json"});
  EXPECT_EQ(described["chain"]["kind"], "continuous-time");
  EXPECT_NEAR(described["durations"][0].get<double>(), 1 / leaving, 1e-9);
  const double back = fit["parameters"]["rate[1,0]"];
  EXPECT_NEAR(described["stationary"][0].get<double>(), back / (leaving + back), 1e-9);
  EXPECT_NE(run({"describe", path("timed.json")}).out.find("stays, when"), std::string::npos);
  const auto score = json({"score", path("timed.json"), path("doses.csv"), "--json"});
  EXPECT_NEAR(score["total"].get<double>(), fit["log_likelihood"].get<double>(), 1e-8);
  EXPECT_EQ(lines(run({"predict", path("timed.json"), path("doses.csv"), "--filtered"}).out).size(), 121u);
  EXPECT_REFUSED(run({"forecast", path("timed.json"), path("doses.csv")}), "given when");
  EXPECT_REFUSED(run({"score", path("timed.json"), path("doses.csv"), "--order", "x"}),
                 "--order: the model reads the time from 'when'");
}

TEST_F(HiddenMarkovTest, CheckpointsChangeNothingButMemory) {
  const std::string rows = write("doses.csv", doses());
  const auto words = [&](const std::string& memory) {
    return fit_words({rows, "-k", "2", "--columns", "x:gaussian", "--sequence", "id", "--order", "when", "--json", "-o",
                      path(memory + ".json"), "--memory", memory});
  };
  auto all = json(words("all"));
  auto little = json(words("checkpoints"));
  EXPECT_EQ(little["parameters"], all["parameters"]);
  EXPECT_EQ(little["log_likelihood"], all["log_likelihood"]);
  const auto file = nlohmann::json::parse(read(path("checkpoints.json")));
  EXPECT_EQ(file["chain"]["memory"], "checkpoints");
  EXPECT_FALSE(nlohmann::json::parse(read(path("all.json")))["chain"].contains("memory"));
  EXPECT_EQ(run({"predict", path("checkpoints.json"), rows, "--probabilities"}).out,
            run({"predict", path("all.json"), rows, "--probabilities"}).out);
  for (const Words& command : {Words{"score"}, Words{"score", "--rows"}, Words{"predict", "--viterbi"}}) {
    const auto with = [&](const char* model, const Words& memory) {
      Words said{command.front(), path(model), rows};
      said.insert(said.end(), command.begin() + 1, command.end());
      said.insert(said.end(), memory.begin(), memory.end());
      const auto finished = run(said);
      EXPECT_EQ(finished.code, 0) << finished.err;
      return finished.out;
    };
    const std::string known = with("all.json", {});
    EXPECT_EQ(with("checkpoints.json", {}), known);
    EXPECT_EQ(with("all.json", {"--memory", "checkpoints"}), known);
    EXPECT_EQ(with("checkpoints.json", {"--memory", "all"}), known);
  }
  EXPECT_REFUSED(run({"predict", path("all.json"), rows, "--memory", "checkpoints"}), "--memory: is for --viterbi");
  EXPECT_REFUSED(run({"score", path("all.json"), rows, "--residuals", "--memory", "checkpoints"}),
                 "--memory: does not go with --residuals");
  EXPECT_REFUSED(run({"score", faithful_model(), data("faithful.csv"), "--memory", "checkpoints"}),
                 "--memory: is for hidden Markov models");
  ASSERT_EQ(run(fit_words({rows, "-k", "2", "--columns", "x:gaussian", "--sequence", "id", "--order", "when", "-o",
                           path("stays.json"), "--durations", "poisson"}))
                .code,
            0);
  EXPECT_REFUSED(run({"score", path("stays.json"), rows, "--memory", "checkpoints"}),
                 "--memory checkpoints: does not go with durations");
  auto more = words("checkpoints");
  more.insert(more.end(), {"--durations", "poisson"});
  EXPECT_REFUSED(run(more), "--memory checkpoints: does not go with --durations");
  more = words("checkpoints");
  more.insert(more.end(), {"--algorithm", "stochastic"});
  EXPECT_REFUSED(run(more), "memory: checkpoints do not go with algorithm stochastic");
  EXPECT_REFUSED(run(words("some")), "--memory");
}

TEST_F(HiddenMarkovTest, StaysHaveLengthsOfTheirOwn) {
  const Words words = fit_words({write("doses.csv", doses()), "-k", "2", "--columns", "x:gaussian", "--sequence", "id",
                                 "--order", "when", "-o", path("stays.json"), "--json", "--standard-errors", "oakes",
                                 "--durations", "poisson", "--max-duration", "20"});
  const auto fit = json(words);
  EXPECT_TRUE(fit["monotone"]);
  EXPECT_EQ(fit["free_parameters"], 1 + 2 + 4);
  auto plain = words;
  plain.resize(plain.size() - 4);
  // Stays are of six rows each, which no geometric distribution says.
  EXPECT_GT(fit["log_likelihood"].get<double>(), json(plain)["log_likelihood"].get<double>() + 5);
  ASSERT_EQ(run(words).code, 0);

  const auto described = json({"describe", path("stays.json"), "--json"});
  EXPECT_EQ(described["chain"]["kind"], "semi-markov");
  EXPECT_EQ(described["chain"]["max_duration"], 20);
  EXPECT_EQ(described["parameters"], fit["parameters"]);
  const double rate = fit["parameters"]["duration.rate[0]"];
  EXPECT_NEAR(rate, 5, 0.7);
  EXPECT_NEAR(described["durations"][0].get<double>(), 1 + rate, 1e-3);  // little is cut off
  const double other = described["durations"][1];
  EXPECT_NEAR(described["stationary"][1].get<double>(), other / (1 + rate + other), 1e-3);
  EXPECT_NE(run({"describe", path("stays.json")}).out.find("poisson"), std::string::npos);
  const auto score = json({"score", path("stays.json"), path("doses.csv"), "--json"});
  EXPECT_NEAR(score["total"].get<double>(), fit["log_likelihood"].get<double>(), 1e-8);
  for (const char* how : {"--filtered", "--viterbi", "--probabilities"}) {
    EXPECT_EQ(lines(run({"predict", path("stays.json"), path("doses.csv"), how}).out).size(), 121u) << how;
  }
  EXPECT_EQ(lines(run({"forecast", path("stays.json"), path("doses.csv"), "--steps", "3"}).out).size(), 7u);
  EXPECT_EQ(lines(run({"sample", path("stays.json"), "--length", "10", "--sequences", "2"}).out).size(), 21u);
  EXPECT_EQ(json({"diagnose", path("stays.json"), path("doses.csv"), "--json"})["coordinates"], 7);
  const auto selected =
      json({"select", "hidden-markov", path("doses.csv"), "-k", "1..2", "--columns", "x:gaussian", "--sequence", "id",
            "--order", "when", "--durations", "free", "--max-duration", "9", "--json"});
  EXPECT_EQ(selected["candidates"].size(), 2u);
}

TEST_F(HiddenMarkovTest, ChainsThatChangeRefuseByName) {
  const auto attempt = [&](const Words& more) {
    Words words = fit_words({write("doses.csv", doses()), "-k", "2", "--columns", "x:gaussian", "--sequence", "id"});
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  };
  EXPECT_REFUSED(attempt({"--continuous-time"}), "--continuous-time: say with --order when each row was seen");
  EXPECT_REFUSED(attempt({"--continuous-time", "--order", "when", "--transition-inputs", "dose"}),
                 "--continuous-time: does not go with --transition-inputs");
  EXPECT_REFUSED(attempt({"--continuous-time", "--order", "when", "--initial", "stationary"}),
                 "--continuous-time: does not go with --initial stationary");
  EXPECT_REFUSED(attempt({"--transition-inputs", "dose", "--pseudo-count", "1"}),
                 "--transition-inputs: does not go with --pseudo-count");
  EXPECT_REFUSED(attempt({"--max-duration", "5"}), "--max-duration: does not apply without --durations");
  EXPECT_REFUSED(attempt({"--durations", "free"}), "--durations free: say with --max-duration");
  EXPECT_REFUSED(attempt({"--durations", "poisson", "--transition-inputs", "dose"}),
                 "--durations: does not go with --transition-inputs");
  EXPECT_REFUSED(attempt({"--durations", "poisson", "--initial", "stationary"}),
                 "--durations: does not go with --initial stationary");
  EXPECT_REFUSED(attempt({"--transition-inputs", "x ~ dose"}), "--transition-inputs: must be columns");
  EXPECT_REFUSED(attempt({"--transition-inputs", "doze"}), "doze");
  EXPECT_REFUSED(attempt({"--transition-inputs", "dose", "--algorithm", "online"}), "move");
}

TEST_F(HiddenMarkovTest, RegressionsOnThePast) {
  // Two sequences; before and twice are y one and two rows earlier, made by hand.
  std::string text = "id,y,known,before,twice\n";
  for (const char* id : {"a", "b"}) {
    std::vector<double> y{0, 1};
    for (int i = 2; i < 60; ++i) {
      const bool high = (i / 12) % 2 == 1;
      y.push_back((high ? 3 - 0.5 * y.back() : 0.8 * y.back() - 0.1 * y[y.size() - 2]) + 0.3 * std::sin(5.0 * i * i));
    }
    for (std::size_t i = 0; i < y.size(); ++i) {
      const std::string own = std::to_string(y[i]);
      text += std::string(id) + "," + own + "," + (i < 2 ? "NA" : own) + "," +
              (i < 1 ? "0" : std::to_string(y[i - 1])) + "," + (i < 2 ? "0" : std::to_string(y[i - 2])) + "\n";
    }
  }
  const std::string file = write("past.csv", text);
  const auto fit = [&](const char* formula, const char* model) {
    return json(fit_words({file, "-k", "2", "--sequence", "id", "--regress", formula, "-o", path(model), "--json"}));
  };
  const auto lagged = fit("y ~ lag(y) + lag(y, 2)", "lagged.json");
  const auto by_hand = fit("known ~ before + twice", "by_hand.json");
  EXPECT_EQ(lagged["log_likelihood"], by_hand["log_likelihood"]) << "given the first two rows of each sequence";
  EXPECT_EQ(lagged["columns"], (Json{"y", "lag(y)", "lag(y,2)"}));
  EXPECT_GT(lagged["log_likelihood"].get<double>(), fit("y ~ 1", "level.json")["log_likelihood"].get<double>());
  const auto score = json({"score", path("lagged.json"), file, "--json"});
  EXPECT_NEAR(score["total"].get<double>(), lagged["log_likelihood"].get<double>(), 1e-8);
  EXPECT_EQ(score["log_density"][60], 0.0) << "the first row of the second sequence is given";
  EXPECT_EQ(run({"predict", path("lagged.json"), file, "--viterbi"}).out,
            run({"predict", path("by_hand.json"), file, "--viterbi"}).out);
  EXPECT_REFUSED(run({"sample", path("lagged.json"), "-n", "5"}), "given the first of y");
  const std::string hole = write("hole.csv", "id,y\na,1\na,\na,2\na,3\na,1\n");
  EXPECT_REFUSED(run({"score", path("lagged.json"), hole}), "row 2, column 'lag(y)': what row 3 depends on is missing");
  EXPECT_REFUSED(run({"fit", "mixture", file, "-k", "2", "--regress", "y ~ lag(y)"}),
                 "lag(y): rows of a mixture do not follow one another");
  EXPECT_REFUSED(run(fit_words({file, "-k", "2", "--columns", "y:gaussian", "--transition-inputs", "lag(y)"})),
                 "lags are for --regress");
}

// statsmodels 0.15: MarkovRegression(y[1:], k_regimes=2, exog=y[:-1], switching_variance=True), y the log of the
// counts.
TEST_F(HiddenMarkovTest, AgreesWithStatsmodelsOnTheAutoregression) {
  std::ostringstream text;
  text << std::setprecision(17) << "year,y\n";
  for (const auto& line : lines(read(earthquakes()))) {
    const auto comma = line.find(',');
    if (line.find("year") != std::string::npos) continue;
    text << line.substr(0, comma) << "," << std::log(std::stod(line.substr(comma + 1))) << "\n";
  }
  const auto fit = json(fit_words({write("log.csv", text.str()), "-k", "2", "--order", "year", "--regress",
                                   "y ~ lag(y)", "--initial", "stationary", "--prior", "none", "--restarts", "10",
                                   "--init", "random", "--tolerance", "1e-12", "--json"}));
  EXPECT_NEAR(fit["log_likelihood"].get<double>(), -22.95704847833465, 1e-8);
  const auto& found = fit["parameters"];
  EXPECT_NEAR(found["transition[0,0]"].get<double>(), 0.91400391600, 1e-4);
  EXPECT_NEAR(found["y.coefficient[0,1]"].get<double>(), 0.50160731535, 1e-4);
  EXPECT_NEAR(found["y.coefficient[1,0]"].get<double>(), 2.11511687666, 1e-3);
  EXPECT_NEAR(found["y.variance[1]"].get<double>(), 0.11315356771, 1e-4);
}

TEST_F(HiddenMarkovTest, AnImpossibleSequenceIsNamedByRowsOfTheFile) {
  // Left to right there is no way back from state 1, which row 2 takes when the rows are in order.
  const std::string file = write("back.csv",
                                 "when,id,x,state\n4,b,1,1\n3,b,0,0\n1,a,0.5,0\n1,b,0.2,0\n2,a,1.5,1\n2,b,1,1\n"
                                 "3,a,1.1,1\n");
  EXPECT_REFUSED(run(fit_words({file, "-k", "2", "--columns", "x:normal", "--sequence", "id", "--order", "when",
                                "--labels", "state", "--transitions", "left-right"})),
                 "sequence 'b' has log-likelihood -inf, from row 2 on");
  EXPECT_REFUSED(run(fit_words({write("one.csv", "when,x,state\n3,0,0\n2,1,1\n1,0.2,0\n"), "-k", "2", "--columns",
                                "x:normal", "--order", "when", "--labels", "state", "--transitions", "left-right"})),
                 "from row 1 on");
  // A selection says the same of each candidate.
  const auto selected = run({"select", "hidden-markov", file, "-k", "2", "--columns", "x:normal", "--sequence", "id",
                             "--order", "when", "--labels", "state", "--transitions", "left-right", "--json"});
  EXPECT_EQ(selected.code, 1);
  const std::string reason = Json::parse(selected.out)["candidates"][0]["reason"];
  EXPECT_NE(reason.find("sequence 'b' has log-likelihood -inf, from row 2 on"), std::string::npos) << reason;
}

TEST_F(HiddenMarkovTest, OrderedSpeaksOfParameters) {
  const Words two{earthquakes(), "-k", "2", "--columns", "count:poisson", "--restarts", "5"};
  const auto attempt = [&](const Words& more) {
    Words words = fit_words(two);
    words.insert(words.end(), more.begin(), more.end());
    return words;
  };
  const auto rising = json(attempt({"--json"}));
  const auto falling = json(attempt({"--ordered", "count.rate[1] < count.rate[0]", "--json"}));
  EXPECT_LT(rising["parameters"]["count.rate[0]"], rising["parameters"]["count.rate[1]"]);
  EXPECT_GT(falling["parameters"]["count.rate[0]"], falling["parameters"]["count.rate[1]"]);
  EXPECT_NEAR(falling["log_likelihood"].get<double>(), rising["log_likelihood"].get<double>(), 1e-4);
  EXPECT_EQ(falling["constraints"], Json::parse(R"({"order": ["count.rate[1]<count.rate[0]"]})"));
  EXPECT_REFUSED(run(attempt({"--ordered", "count.rate[1] <"})), "--ordered: ");
}

TEST_F(HiddenMarkovTest, RefusesByName) {
  const auto attempt = [&](const std::string& text, const Words& more) {
    Words words = fit_words({write("t.csv", text), "-k", "1", "--columns", "x:poisson"});
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  };
  const std::string rows = "x,id,t\n1,a,2\n2,b,1\n3,a,2\n";
  EXPECT_REFUSED(attempt(rows, {"--sequence", "id", "--order", "t"}),
                 "row 3, column 't': 2 comes twice in a sequence: in row 1 already");
  EXPECT_REFUSED(attempt("x,id,t\n1,a,1\n2,a,soon\n", {"--order", "t"}), "'soon'");
  EXPECT_REFUSED(attempt("x,id,t\n1,a,1\n2,a,\n", {"--order", "t"}), "row 2, column 't': the order is missing");
  EXPECT_REFUSED(attempt("x,id\n1,a\n2,\n", {"--sequence", "id"}), "row 2, column 'id': the sequence is missing");
  EXPECT_REFUSED(attempt(rows, {"--sequence", "who"}), "there is no column 'who'");
  EXPECT_REFUSED(attempt(rows, {"--sequence", "x"}), "--sequence: column 'x' is used already");
  EXPECT_REFUSED(attempt(rows, {"--transitions", "round"}), "--transitions: 'round' is none of full");
  EXPECT_REFUSED(attempt(rows, {"--transitions", "left-right", "--initial", "uniform"}), "--initial");
  EXPECT_REFUSED(attempt(rows, {"--covariance", "full"}), "--covariance: does not apply");
  EXPECT_REFUSED(attempt(rows, {"--pseudo-count", "-1"}), "--pseudo-count");
  // The row of the file, although rows are sorted.
  EXPECT_REFUSED(attempt("x,id\n1,b\n-2,b\n3,a\n", {"--sequence", "id"}), "row 2, column 'x'");
  EXPECT_REFUSED(run({"predict", faithful_model(), data("faithful.csv"), "--viterbi"}), "--viterbi");
  EXPECT_REFUSED(run({"predict", faithful_model(), data("faithful.csv"), "--sequence", "waiting"}), "--sequence");
  EXPECT_REFUSED(run({"score", faithful_model(), data("faithful.csv"), "--rows"}),
                 "--rows: is for hidden Markov models");
}

TEST_F(HiddenMarkovTest, ChoosesTheNumberOfStates) {
  const auto selected = json({"select", "hidden-markov", earthquakes(), "-k", "1..3", "--columns",
                              "count:poisson|geometric", "--restarts", "3", "-o", path("best.json"), "--json"});
  ASSERT_EQ(selected["candidates"].size(), 6u);
  EXPECT_EQ(selected["candidates"][0]["components"], 2);
  EXPECT_EQ(selected["candidates"][0]["schema"], "count:poisson");
  EXPECT_EQ(selected["best"]["states"], 2);
  EXPECT_EQ(json({"describe", path("best.json"), "--json"})["states"], 2);
  const auto text = run({"select", "hidden-markov", earthquakes(), "-k", "1,2", "--columns", "count:poisson",
                         "--restarts", "2", "--criterion", "icl"});
  EXPECT_NE(text.out.find("Best by icl: 2 states"), std::string::npos) << text.out;
}

}  // namespace
}  // namespace jensen::cli
