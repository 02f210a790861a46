// jensen select gaussian-mixture
#include <set>

#include "cli/tool.h"

namespace jensen::cli {
namespace {

using Json = nlohmann::json;

class SelectCommand : public ToolTest {
 protected:
  static Words select(const Words& more) {
    Words words{"select", "gaussian-mixture", data("faithful.csv"), "--restarts", "2"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  Json selected(Words more, int code = 0) const {
    more.emplace_back("--json");
    return json(select(more), code);
  }
};

TEST_F(SelectCommand, RanksAndSavesTheBest) {
  const Json s = selected({"-k", "1..3", "--covariance", "full,tied", "-o", "best.json"});
  ASSERT_EQ(s["candidates"].size(), 6u);
  EXPECT_EQ(s["criterion"], "bic");
  for (std::size_t i = 1; i < 6; ++i) EXPECT_LE(s["candidates"][i - 1]["bic"], s["candidates"][i]["bic"]);
  const Json& first = s["candidates"][0];
  EXPECT_EQ(first["components"], 3);
  EXPECT_EQ(first["covariance"], "tied");
  EXPECT_EQ(s["best"]["components"], 3);
  EXPECT_EQ(s["best"]["bic"], first["bic"]);
  EXPECT_EQ(s["best"]["log_likelihood"], first["log_likelihood"]);
  const Json file = Json::parse(read("best.json"));
  EXPECT_EQ(file["covariance"], "tied");
  EXPECT_EQ(file["means"], s["best"]["means"]);
}

TEST_F(SelectCommand, ListsAndRanges) {
  const auto sizes = [&](const char* list) {
    std::set<int> result;
    const Json s = selected({"-k", list, "--covariance", "spherical"});
    for (const auto& c : s["candidates"]) result.insert(c["components"].get<int>());
    return result;
  };
  EXPECT_EQ(sizes("2"), (std::set<int>{2}));
  EXPECT_EQ(sizes("1..3"), (std::set<int>{1, 2, 3}));
  EXPECT_EQ(sizes("1..2,4"), (std::set<int>{1, 2, 4}));
  EXPECT_EQ(selected({"-k", "2", "--covariance", "all"})["candidates"].size(), 4u);
  EXPECT_EQ(selected({"-k", "2"})["candidates"].size(), 4u) << "all is the default";
  EXPECT_EQ(selected({"-k", "2", "--covariance", "VVE,evi"})["candidates"].size(), 2u);
  const Json all = selected({"-k", "2", "--covariance", "mclust", "-o", "best.json"});
  EXPECT_EQ(all["candidates"].size(), 14u);
  EXPECT_EQ(all["candidates"][0]["covariance"], Json::parse(read("best.json"))["covariance"]);
  EXPECT_EQ(selected({"-k", "2", "--covariance", "mclust", "--columns", "waiting"})["candidates"].size(), 2u);
}

TEST_F(SelectCommand, CriterionMatters) {
  std::set<std::string> winners;
  for (const char* criterion : {"aic", "bic", "icl"}) {
    const Json s = selected({"-k", "1..4", "--criterion", criterion});
    for (std::size_t i = 1; i < s["candidates"].size(); ++i) {
      if (!s["candidates"][i]["sound"]) continue;
      EXPECT_LE(s["candidates"][i - 1][criterion], s["candidates"][i][criterion]);
    }
    winners.insert(s["candidates"][0]["covariance"].get<std::string>() + s["candidates"][0]["components"].dump());
  }
  EXPECT_GT(winners.size(), 1u);
}

TEST_F(SelectCommand, EngineOptionsReachTheFits) {
  const Json limited = selected({"-k", "3", "--covariance", "full", "--max-iterations", "1"}, 2);
  EXPECT_EQ(limited["best"]["outcome"], "iteration_limit");
  const Json none = selected({"-k", "2", "--covariance", "full", "--prior", "none", "--seed", "4", "--init", "random"});
  EXPECT_EQ(none["best"]["penalty"], 0);
  EXPECT_EQ(none["best"]["restarts"][0]["seed"], 4);
  const auto one = selected({"-k", "1..2", "--threads", "1"});
  const auto two = selected({"-k", "1..2", "--threads", "2"});
  EXPECT_EQ(one["candidates"], two["candidates"]);
}

TEST_F(SelectCommand, FailuresAreRowsWithReasons) {
  write("six.csv", "x\n0\n1\n2\n3\n10\n11\n");
  const Json s = json({"select", "gaussian-mixture", "six.csv", "-k", "1,9", "--covariance", "full", "--json"});
  ASSERT_EQ(s["candidates"].size(), 2u);
  EXPECT_EQ(s["candidates"][1]["fitted"], false);
  EXPECT_NE(s["candidates"][1]["reason"].get<std::string>().find("at most 6"), std::string::npos);
  const auto text = run({"select", "gaussian-mixture", "six.csv", "-k", "1,9", "--covariance", "full"});
  EXPECT_EQ(text.code, 0);
  EXPECT_NE(text.out.find("failed"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("at most 6"), std::string::npos) << text.out;
  const auto hopeless = run({"select", "gaussian-mixture", "six.csv", "-k", "9", "--quiet"});
  EXPECT_EQ(hopeless.code, 1);
  EXPECT_NE(hopeless.err.find("jensen: no candidate could be fitted"), std::string::npos) << hopeless.err;
}

TEST_F(SelectCommand, TextIsATable) {
  const auto text = run(select({"-k", "1..2", "--covariance", "full", "-o", "b.json"}));
  EXPECT_EQ(text.code, 0);
  for (const char* word : {"log-likelihood", "BIC", "*", "Best by bic: 2 components, full", "b.json"}) {
    EXPECT_NE(text.out.find(word), std::string::npos) << word << "\n" << text.out;
  }
  EXPECT_EQ(run(select({"-k", "1", "--quiet"})).out, "");
}

TEST_F(SelectCommand, BadOptionsAreRefusedByName) {
  EXPECT_REFUSED(run(select({"-k", "6..1"})), "-k: the range 6..1 is empty");
  EXPECT_REFUSED(run(select({"-k", "0..2"})), "-k: must be ≥ 1");
  EXPECT_REFUSED(run(select({"-k", "1..x"})), "-k: 'x' is not a number");
  EXPECT_REFUSED(run(select({"-k", "1..2000000000"})), "-k: the range 1..2000000000 is too long");
  EXPECT_REFUSED(run(select({"-k", "2,2"})), "components: holds an entry twice");
  EXPECT_REFUSED(run(select({"--covariance", "full,round"})), "--covariance: 'round'");
  EXPECT_REFUSED(run(select({"--criterion", "dic"})), "--criterion");
  EXPECT_REFUSED(run(select({"--labels", "waiting"})), "--labels");
  EXPECT_REFUSED(run(select({"--start", "m.json"})), "--start");
  EXPECT_REFUSED(run(select({"-o", "no/b.json"})), "no/b.json");
}

}  // namespace
}  // namespace jensen::cli
