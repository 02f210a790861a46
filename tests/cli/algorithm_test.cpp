// --algorithm, --accelerate, --checkpoint and --resume: each changes the fit, and a killed one goes on.
#include <csignal>
#include <ctime>
#include <map>
#include <random>

#include "cli/tool.h"

namespace jensen::cli {
namespace {

using AlgorithmTest = ToolTest;

Words fit_words(const Words& more) {
  Words words{"fit", "gaussian-mixture", data("faithful.csv"), "-k", "3", "--restarts", "2", "--quiet"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

TEST_F(AlgorithmTest, EachGivesAFitOfItsOwn) {
  std::map<std::string, std::string> models;
  for (const char* algorithm :
       {"em", "classification", "stochastic", "monte-carlo", "annealed", "incremental", "online"}) {
    const std::string name = std::string(algorithm) + ".json";
    const auto done = run(fit_words({"--algorithm", algorithm, "-o", name}));
    EXPECT_EQ(done.code, 0) << algorithm << done.err;
    for (const auto& [other, text] : models) EXPECT_NE(text, read(name)) << other << " and " << algorithm;
    models[algorithm] = read(name);
  }
  run(fit_words({"-o", "default.json"}));
  EXPECT_EQ(read("default.json"), models["em"]);
  EXPECT_EQ(run(fit_words({"--algorithm", "ecm"})).code, 0);
  EXPECT_EQ(run(fit_words({"--algorithm", "sparse"})).code, 0);
  EXPECT_REFUSED(run(fit_words({"--algorithm", "gibbs"})), "--algorithm");
}

TEST_F(AlgorithmTest, AcceleratorsNeedFewerPasses) {
  const Words slow{"-k", "4", "--restarts", "1", "--tolerance", "1e-11", "--seed", "3"};
  Words words{"fit", "gaussian-mixture", data("faithful.csv"), "--json", "--quiet"};
  words.insert(words.end(), slow.begin(), slow.end());
  const auto by_default = json(words);
  words.insert(words.end(), {"--accelerate", "none"});
  const auto plain = json(words);
  for (const char* accelerator : {"squarem", "anderson", "quasi-newton"}) {
    words.back() = accelerator;
    EXPECT_LT(json(words).at("evaluations"), plain.at("evaluations")) << accelerator;
  }
  words.back() = "squarem";
  EXPECT_EQ(json(words).at("evaluations"), by_default.at("evaluations")) << "the default";
  const auto counted = json({"fit", "gaussian-mixture", data("faithful.csv"), "-k", "4", "--restarts", "1", "--json",
                             "--tolerance", "0", "--max-iterations", "30"},
                            2);
  EXPECT_EQ(counted.at("evaluations"), 31) << "plain EM, where iterations are counted";
  EXPECT_REFUSED(run(fit_words({"--accelerate", "squarem", "--algorithm", "online"})), "acceleration: must be none");
}

TEST_F(AlgorithmTest, AnnealedStartsAreStarts) {
  run(fit_words({"--init", "annealed", "--max-iterations", "1", "-o", "annealed.json"}));
  run(fit_words({"--init", "random", "--max-iterations", "1", "-o", "random.json"}));
  EXPECT_NE(read("annealed.json"), read("random.json"));
}

TEST_F(AlgorithmTest, ACheckpointThatCannotBeHonouredIsRefused) {
  EXPECT_REFUSED(run(fit_words({"--resume"})), "--resume: say which file with --checkpoint");
  EXPECT_REFUSED(run(fit_words({"--checkpoint-every", "3"})), "--checkpoint-every: say which file");
  EXPECT_REFUSED(run(fit_words({"--checkpoint", "no/such/folder/x"})), "no/such/folder/x");
  EXPECT_EQ(run(fit_words({"--checkpoint", "fit.ckpt"})).code, 0);
  EXPECT_TRUE(exists("fit.ckpt"));
  EXPECT_REFUSED(run(fit_words({"--checkpoint", "fit.ckpt", "--resume", "--seed", "5"})),
                 "fit.ckpt: the checkpoint is of another fit");
}

// SIGKILL at random moments, again and again, until a run gets through; every run is started by the same command.
TEST_F(AlgorithmTest, KilledAtAnyMomentAndResumedItEndsWithTheSameBits) {
  std::mt19937 random(20240607);
  for (const char* accelerator : {"none", "anderson"}) {
    Words words{"fit",
                "gaussian-mixture",
                data("faithful.csv"),
                "-k",
                "4",
                "--restarts",
                "4",
                "--tolerance",
                "1e-10",
                "--max-iterations",
                "150",
                "--quiet",
                "--accelerate",
                accelerator,
                "-o"};
    const auto with = [&](const Words& more) {
      Words all = words;
      all.insert(all.end(), more.begin(), more.end());
      return all;
    };
    const auto whole = run(with({"whole.json"}));
    const Words resumed = with({"resumed.json", "--checkpoint", "fit.ckpt", "--checkpoint-every", "0", "--resume"});
    int kills = 0;
    Finished end;
    for (;;) {
      Running running = start(resumed);
      if (kills < 12) {
        const long milliseconds = 3 + static_cast<long>(random() % 60);
        const timespec pause{0, milliseconds * 1000000};
        ::nanosleep(&pause, nullptr);
        running.signal(SIGKILL);
      }
      end = running.wait();
      if (end.code != 128 + SIGKILL) break;
      ++kills;
    }
    EXPECT_GT(kills, 0);
    EXPECT_EQ(end.code, whole.code) << end.err;
    EXPECT_EQ(read("resumed.json"), read("whole.json")) << accelerator << " after " << kills << " kills";
    std::filesystem::remove(path("fit.ckpt"));
    std::filesystem::remove(path("resumed.json"));
  }
}

}  // namespace
}  // namespace jensen::cli
