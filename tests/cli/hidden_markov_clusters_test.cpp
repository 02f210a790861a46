// Mixtures of hidden Markov models: fit hidden-markov --clusters, and what is done with the models.
#include <algorithm>
#include <cmath>
#include <sstream>

#include "cli/tool.h"

namespace jensen::cli {
namespace {

// Sequences a to l: every other one changes its state at every second row, the others at every tenth.
std::string of_two_kinds() {
  std::string text = "id,step\n";
  for (int s = 0; s < 12; ++s) {
    for (int t = 0; t < 40; ++t) {
      const bool high = (t / (s % 2 == 0 ? 10 : 2)) % 2 == 1;
      text += std::string(1, static_cast<char>('a' + s)) + "," +
              std::to_string((high ? 8 : 2) + std::sin(7.0 * t * t + s)) + "\n";
    }
  }
  return text;
}

class ClustersTest : public ToolTest {
 protected:
  std::string tracks() const { return write("tracks.csv", of_two_kinds()); }
  Words clusters_words(const Words& more = {}) const {
    Words words{"fit", "hidden-markov", tracks(), "--sequence", "id", "--columns", "step:gamma", "-k",
                "2",   "--clusters",    "2"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  std::string clusters_model() const {
    const auto finished = run(clusters_words({"-o", path("clusters.json"), "--quiet"}));
    EXPECT_EQ(finished.code, 0) << finished.err;
    return path("clusters.json");
  }
};

TEST_F(ClustersTest, SequencesAreFittedInClusters) {
  const auto fit = json(clusters_words({"--json"}));
  EXPECT_EQ(fit["states"], 4);
  EXPECT_EQ(fit["chain"]["kind"], "clusters");
  EXPECT_EQ(fit["chain"]["clusters"], 2);
  EXPECT_EQ(fit["free_parameters"], 3 + 4 + 8);
  EXPECT_FALSE(fit["parameters"].contains("transition[0,2]"));
  EXPECT_TRUE(fit["monotone"]);
  auto one = clusters_words({"--json"});
  one[std::find(one.begin(), one.end(), "--clusters") - one.begin() + 1] = "1";
  EXPECT_GT(fit["log_likelihood"].get<double>(), json(one)["log_likelihood"].get<double>() + 10);
  const auto onwards = json(clusters_words({"--transitions", "left-right", "--max-iterations", "5", "--json"}), 2);
  EXPECT_EQ(onwards["free_parameters"], 1 + 2 + 8);
  EXPECT_EQ(onwards["parameters"]["transition[3,2]"], 0);
  const auto text = run(clusters_words());
  EXPECT_NE(text.out.find("Mixture of hidden Markov models: 2 clusters of 2 states, 1 column"), std::string::npos)
      << text.out;
}

TEST_F(ClustersTest, TheModelSaysToWhichClusterASequenceBelongs) {
  const std::string m = clusters_model();
  const auto smoothed = lines(run({"predict", m, path("tracks.csv"), "--probabilities"}).out);
  ASSERT_EQ(smoothed.size(), 1u + 12 * 40);
  EXPECT_EQ(smoothed[0],
            "state,cluster,probability_0,probability_1,probability_2,probability_3,cluster_probability_0,"
            "cluster_probability_1");
  const auto path_of = lines(run({"predict", m, path("tracks.csv"), "--viterbi"}).out);
  const auto filtered = lines(run({"predict", m, path("tracks.csv"), "--filtered"}).out);
  EXPECT_EQ(path_of[0], "state,cluster");
  const auto numbers = [](const std::string& line) {
    std::vector<double> result;
    std::istringstream cells(line);
    for (std::string cell; std::getline(cells, cell, ',');) result.push_back(std::stod(cell));
    return result;
  };
  const double first = numbers(smoothed[1])[1];
  for (std::size_t i = 1; i < smoothed.size(); ++i) {
    const auto row = numbers(smoothed[i]);
    const std::size_t sequence = (i - 1) / 40;
    EXPECT_EQ(row[1], sequence % 2 == 0 ? first : 1 - first);
    EXPECT_EQ(row[6], numbers(smoothed[1 + 40 * sequence])[6]) << "the same in all rows of a sequence";
    EXPECT_NEAR(row[6] + row[7], 1, 1e-12);
    EXPECT_NEAR(row[2] + row[3], row[6], 1e-9);
    const auto most = numbers(path_of[i]);
    EXPECT_EQ(most[1], row[1]);
    EXPECT_EQ(std::floor(most[0] / 2), most[1]);
    if (i % 40 > 0) continue;
    EXPECT_EQ(numbers(filtered[i])[1], row[1]) << "all rows are seen";
  }
}

TEST_F(ClustersTest, EveryCommandTakesTheModel) {
  const std::string m = clusters_model();
  const auto described = run({"describe", m}).out;
  for (const char* text : {"Mixture of hidden Markov models: 2 clusters of 2 states",
                           "Cluster 0: 0.5000 of the sequences", "Cluster 1: 0.5000", "long run", "to 3"}) {
    EXPECT_NE(described.find(text), std::string::npos) << text << "\n" << described;
  }
  const auto facts = json({"describe", m, "--json"});
  EXPECT_NEAR(facts["cluster_weights"][0].get<double>() + facts["cluster_weights"][1].get<double>(), 1, 1e-12);
  EXPECT_EQ(facts["durations"].size(), 4u);
  EXPECT_NEAR(facts["stationary"][0].get<double>() + facts["stationary"][1].get<double>(), 1, 1e-9);
  EXPECT_NEAR(facts["stationary"][2].get<double>() + facts["stationary"][3].get<double>(), 1, 1e-9);
  const auto score = json({"score", m, path("tracks.csv"), "--json"});
  EXPECT_EQ(score["sequences"].size(), 12u);
  EXPECT_NEAR(score["total"].get<double>(), facts["fit"]["log_likelihood"].get<double>(), 1e-8);
  EXPECT_EQ(lines(run({"score", m, path("tracks.csv"), "--residuals"}).out)[0], "log_density,residual_step");
  EXPECT_EQ(json({"diagnose", m, path("tracks.csv"), "--json"})["coordinates"], 15);

  const auto sample = run({"sample", m, "--length", "30", "--sequences", "20", "--with-component"});
  const auto rows = lines(sample.out);
  ASSERT_EQ(rows.size(), 601u) << sample.err;
  EXPECT_EQ(rows[0], "id,step,state,cluster");
  int second = 0;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].back(), rows[(i - 1) / 30 * 30 + 1].back()) << "a sequence keeps to its cluster";
    EXPECT_EQ((rows[i][rows[i].size() - 3] - '0') / 2, rows[i].back() - '0');
    second += i % 30 == 1 && rows[i].back() == '1' ? 1 : 0;
  }
  EXPECT_GT(second, 3);
  EXPECT_LT(second, 17);

  const auto ahead = json({"forecast", m, path("tracks.csv"), "--steps", "2", "--json"})["forecasts"];
  ASSERT_EQ(ahead.size(), 24u);
  // What the last row says of the states goes on by the transitions within its cluster.
  const auto last = json({"describe", m, "--json"})["parameters"];
  double stepped = 0;
  for (const int k : {0, 1}) {
    stepped += ahead[0]["states"][static_cast<std::size_t>(k)].get<double>() *
               last["transition[" + std::to_string(k) + ",1]"].get<double>();
  }
  EXPECT_NEAR(ahead[1]["states"][1].get<double>(), stepped, 1e-12);

  const std::string hole = write("hole.csv", "id,step\na,2\na,\na,2.5\nb,8\n");
  const auto filled = lines(run({"impute", m, hole}).out);
  EXPECT_EQ(filled[1], "a,2");
  EXPECT_GT(std::stod(filled[2].substr(2)), 0);
  const auto selected = json({"select", "hidden-markov", path("tracks.csv"), "--sequence", "id", "--columns",
                              "step:gamma", "-k", "1..2", "--clusters", "2", "--restarts", "2", "--json"});
  EXPECT_EQ(selected["best"]["states"], 4);
  EXPECT_EQ(selected["candidates"][0]["components"], 2);
}

TEST_F(ClustersTest, SamplesAtInputsSayTheCluster) {
  std::string text = "id,y,x\n";
  for (int s = 0; s < 6; ++s) {
    for (int t = 0; t < 20; ++t) {
      text += std::to_string(s) + "," + std::to_string((s % 2 == 0 ? 5 : -5) + 0.1 * t + std::sin(5.0 * t * t)) + "," +
              std::to_string(t) + "\n";
    }
  }
  const std::string file = write("inputs.csv", text);
  const auto fit = run({"fit", "hidden-markov", file, "--sequence", "id", "--regress", "y ~ x", "-k", "1", "--clusters",
                        "2", "--quiet", "-o", path("regression.json")});
  ASSERT_EQ(fit.code, 0) << fit.err;
  const auto rows = lines(run({"sample", path("regression.json"), "--inputs", file, "--with-component"}).out);
  ASSERT_EQ(rows.size(), 121u);
  EXPECT_TRUE(rows[0].ends_with("state,cluster")) << rows[0];
  for (std::size_t i = 1; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].back(), rows[i][rows[i].size() - 3]) << "a cluster is one state";
    EXPECT_EQ(rows[i].back(), rows[(i - 1) / 20 * 20 + 1].back());
  }
}

TEST_F(ClustersTest, RefusesByName) {
  const auto attempt = [&](const Words& more) { return run(clusters_words(more)); };
  EXPECT_REFUSED(attempt({"--durations", "poisson"}), "--clusters: does not go with --durations");
  EXPECT_REFUSED(attempt({"--transition-inputs", "dose"}), "--clusters: does not go with --transition-inputs");
  EXPECT_REFUSED(attempt({"--continuous-time", "--order", "when"}), "--clusters: does not go with --continuous-time");
  EXPECT_REFUSED(attempt({"--initial", "stationary"}), "--clusters: does not go with --initial stationary");
  EXPECT_REFUSED(attempt({"--initial", "uniform"}), "--clusters: does not go with --initial uniform");
  EXPECT_REFUSED(attempt({"--labels", "z"}), "--clusters: does not go with --labels");
  const std::string few = write("few.csv", "id,step\na,1\na,2\nb,1\n");
  EXPECT_REFUSED(
      run({"fit", "hidden-markov", few, "--sequence", "id", "--columns", "step:gamma", "-k", "1", "--clusters", "3"}),
      "clusters: must be at most 2, the number of sequences, got 3");
  EXPECT_REFUSED(run({"fit", "hidden-markov", few, "--columns", "step:gamma", "-k", "1", "--clusters", "0"}),
                 "--clusters");
  EXPECT_REFUSED(run({"select", "hidden-markov", path("tracks.csv"), "--sequence", "id", "--columns", "step:gamma",
                      "--clusters", "1..3"}),
                 "--clusters");
}

}  // namespace
}  // namespace jensen::cli
