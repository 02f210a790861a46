// --fix, --tie, --bound and --order, and what every fit command has beside its engine: checkpoints, standard errors.
#include <algorithm>
#include <cmath>
#include <csignal>
#include <ctime>

#include "cli/tool.h"

namespace jensen::cli {
namespace {

using Json = nlohmann::json;

class ConstraintTest : public ToolTest {
 protected:
  static Words with(Words words, const Words& more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  static Words gaussian(const Words& more) {
    return with({"fit", "gaussian-mixture", data("faithful.csv"), "-k", "2", "--restarts", "2", "--seed", "1"}, more);
  }
  static Words deaths(const Words& more, const char* restarts = "2") {
    return with({"fit", "mixture", data("london_deaths.csv"), "-k", "2", "--columns", "deaths:poisson", "--weights",
                 "days", "--restarts", restarts, "--seed", "1"},
                more);
  }
  static Words classes(const Words& more) {
    return with(
        {"fit", "latent-class", data("survey.csv"), "-k", "2", "--columns", "sex,job,smoker", "--restarts", "2"}, more);
  }
};

TEST_F(ConstraintTest, EveryFitCommandHoldsAWeight) {
  const auto one = json(gaussian({"--fix", "weight[0]=0.3", "--json"}));
  EXPECT_EQ(one["weights"][0], 0.3);
  EXPECT_EQ(one["free_parameters"], json(gaussian({"--json"}))["free_parameters"].get<int>() - 1);
  EXPECT_EQ(one["constraints"], Json::parse(R"({"fix": ["weight[0]=0.3"]})"));
  EXPECT_TRUE(one["monotone"]);
  for (const auto& command : {deaths({}), classes({})}) {
    const auto held = json(with(command, {"--fix", "weight[0] = 0.25", "--json"}));
    EXPECT_EQ(held["parameters"]["weight[0]"], 0.25);
    EXPECT_EQ(held["free_parameters"], json(with(command, {"--json"}))["free_parameters"].get<int>() - 1);
  }
}

TEST_F(ConstraintTest, TiedCovariancesAreTheTiedStructure) {
  const auto tied = json(gaussian({"--tie", "covariance[#,*]", "--prior", "none", "--tolerance", "1e-10", "--json"}));
  const auto structure = json(gaussian({"--covariance", "tied", "--prior", "none", "--tolerance", "1e-10", "--json"}));
  EXPECT_EQ(tied["covariances"][0], tied["covariances"][1]);
  EXPECT_NEAR(tied["log_likelihood"].get<double>(), structure["log_likelihood"].get<double>(), 1e-5);
  EXPECT_EQ(tied["free_parameters"], structure["free_parameters"]);
  const auto equal = json(gaussian({"--tie", "weight[*]", "--json"}));
  EXPECT_EQ(equal["weights"], (Json{0.5, 0.5}));
}

TEST_F(ConstraintTest, BoundsAndOrdersHold) {
  const auto free = json(deaths({"--json"}))["parameters"];
  const double low = free["deaths.rate[0]"];
  const double high = free["deaths.rate[1]"];
  ASSERT_LT(low, high);
  const auto bounded = json(deaths({"--bound", "deaths.rate[*]=..2.5", "--json"}));
  EXPECT_EQ(std::max(bounded["parameters"]["deaths.rate[0]"].get<double>(),
                     bounded["parameters"]["deaths.rate[1]"].get<double>()),
            2.5);
  // Components stay where the constraints name them.
  const auto falling = json(deaths({"--order", "deaths.rate[1] < deaths.rate[0]", "--json"}, "10"));
  EXPECT_NEAR(falling["parameters"]["deaths.rate[0]"].get<double>(), high, 0.02);
  EXPECT_NEAR(falling["parameters"]["deaths.rate[1]"].get<double>(), low, 0.02);
  EXPECT_EQ(falling["free_parameters"], 3);
}

TEST_F(ConstraintTest, AreKeptInTheFileAndKnownToWhatComesAfter) {
  const auto done = run(deaths({"--fix", "deaths.rate[0]=1.25", "--standard-errors", "oakes", "-o", "m.json"}));
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_NE(done.out.find("fixed deaths.rate[0]=1.25"), std::string::npos) << done.out;
  EXPECT_NE(done.out.find("not available for deaths.rate[0]: it is fixed"), std::string::npos) << done.out;
  EXPECT_NE(run({"describe", "m.json"}).out.find("fixed deaths.rate[0]=1.25"), std::string::npos);
  EXPECT_EQ(json({"describe", "m.json", "--json"})["fit"]["constraints"]["fix"][0], "deaths.rate[0]=1.25");
  const auto d = json({"diagnose", "m.json", data("london_deaths.csv"), "--weights", "days", "--json"});
  EXPECT_EQ(d["coordinates"], 2);
  EXPECT_LT(d["gain_left"], 1e-3) << "the optimum is that of the constrained objective";
}

TEST_F(ConstraintTest, AStartKeepsItsOwnValue) {
  ASSERT_EQ(run(gaussian({"-o", "start.json"})).code, 0);
  const double kept = Json::parse(read("start.json"))["means"][0][1];
  const auto fit = json({"fit", "gaussian-mixture", data("faithful.csv"), "--start", "start.json", "--prior", "none",
                         "--fix", "mean[0,1]", "--tie", "weight[*]", "--json"});
  EXPECT_EQ(fit["means"][0][1], kept);
  EXPECT_REFUSED(run(gaussian({"--fix", "mean[0,1]"})), "--fix: mean[0,1]: say at which value, mean[0,1]=VALUE");
}

TEST_F(ConstraintTest, AreRefusedByName) {
  EXPECT_REFUSED(run(gaussian({"--fix", "maen[0,1]=3"})), "the model has no such parameter; similar are mean[0,1]");
  EXPECT_REFUSED(run(deaths({"--tie", "rate[0],rate[1]"})), "deaths.rate[0], deaths.rate[1]");
  EXPECT_REFUSED(run(gaussian({"--fix", "weight[0]=x"})), "--fix: constraints: weight[0]=x: 'x' is no number");
  EXPECT_REFUSED(run(gaussian({"--bound", "weight[0]"})), "--bound: ");
  EXPECT_REFUSED(run(gaussian({"--fix", "weight[*]=0.7"})), "contradict the model");
  EXPECT_REFUSED(run(gaussian({"--fix", "weight[0]=0.3", "--algorithm", "ecm"})), "part");
}

TEST_F(ConstraintTest, GoWithEveryOtherAlgorithmAndAccelerator) {
  for (const char* algorithm : {"classification", "annealed", "incremental", "online", "sparse", "stochastic"}) {
    const auto fit = run(gaussian(
        {"--fix", "weight[0]=0.4", "--algorithm", algorithm, "--max-iterations", "60", "-o", "m.json", "--quiet"}));
    ASSERT_LT(fit.code % 2, 1) << algorithm << fit.err;
    EXPECT_EQ(Json::parse(read("m.json"))["weights"][0], 0.4) << algorithm;
  }
  for (const char* accelerator : {"none", "squarem", "anderson", "quasi-newton"}) {
    EXPECT_EQ(json(gaussian({"--fix", "weight[0]=0.4", "--accelerate", accelerator, "--json"}))["weights"][0], 0.4);
  }
}

TEST_F(ConstraintTest, CheckpointsKnowThem) {
  const Words checkpoint{"--checkpoint", "fit.ckpt", "--quiet"};
  ASSERT_EQ(run(with(deaths({"--bound", "deaths.rate[*]=..2.5"}), checkpoint)).code, 0);
  EXPECT_REFUSED(run(with(deaths({"--bound", "deaths.rate[*]=..2.6", "--resume"}), checkpoint)),
                 "fit.ckpt: the checkpoint is of another fit");
  EXPECT_EQ(run(with(deaths({"--bound", "deaths.rate[*]=..2.5", "--resume"}), checkpoint)).code, 0);
}

TEST_F(ConstraintTest, EveryFitCommandGoesOnFromACheckpoint) {
  for (const auto& command : {deaths({"--accelerate", "none", "--tolerance", "0", "--quiet", "-o"}),
                              classes({"--tolerance", "0", "--quiet", "-o"})}) {
    run(with(command, {"whole.json", "--max-iterations", "90"}));
    const Words rest{"cut.json", "--max-iterations", "90", "--checkpoint", "fit.ckpt", "--checkpoint-every", "0"};
    Running running = start(with(command, rest));
    for (int waits = 0; waits < 5000 && !exists("fit.ckpt"); ++waits) {
      const timespec millisecond{0, 1000000};
      ::nanosleep(&millisecond, nullptr);
    }
    running.signal(SIGKILL);
    running.wait();
    run(with(with(command, rest), {"--resume"}));
    EXPECT_EQ(read("cut.json"), read("whole.json")) << command[1];
    std::filesystem::remove(path("fit.ckpt"));
  }
  EXPECT_REFUSED(run(deaths({"-o", "x", "--checkpoint", "x"})), "--checkpoint: is the same file as -o");
}

TEST_F(ConstraintTest, EveryFitCommandHasStandardErrorsAndEveryModelADiagnosis) {
  const auto deaths_fit = json(
      deaths({"--standard-errors", "oakes", "--prior", "none", "--tolerance", "1e-11", "-o", "deaths.json", "--json"}));
  const auto& errors = deaths_fit["standard_errors"]["parameters"];
  ASSERT_EQ(errors.size(), 4U);
  EXPECT_EQ(errors[2]["name"], "deaths.rate[0]");
  EXPECT_GT(errors[2]["standard_error"], 0.1);
  EXPECT_LT(errors[2]["standard_error"], 1);
  EXPECT_EQ(Json::parse(read("deaths.json"))["fit"]["standard_errors"], deaths_fit["standard_errors"]);

  const auto bootstrap =
      json(classes({"--standard-errors", "weighted-bootstrap", "--replicates", "3", "-o", "classes.json", "--json"}));
  EXPECT_EQ(bootstrap["standard_errors"]["replicates"], 3);
  EXPECT_LT(json({"diagnose", "classes.json", data("survey.csv"), "--json"})["gain_left"], 1e-2);

  const auto gated = run({"fit", "mixture", data("patent.csv"), "-k", "2", "--regress", "Patents ~ lgRD", "--family",
                          "poisson", "--gate", "RDS", "--restarts", "2", "-o", "gated.json", "--quiet"});
  ASSERT_EQ(gated.code, 0) << gated.err;
  const auto d = json({"diagnose", "gated.json", data("patent.csv"), "--json"});
  EXPECT_LT(d["gain_left"], 1e-2) << "the prior of the fit is part of the objective";
}

TEST_F(ConstraintTest, ABootstrapFromAStartHasASeed) {
  ASSERT_EQ(run(gaussian({"-o", "start.json"})).code, 0);
  const Words from{"fit", "gaussian-mixture", data("faithful.csv"), "--start", "start.json", "--json"};
  const Words bootstrap{"--standard-errors", "weighted-bootstrap", "--replicates", "3", "--seed"};
  const auto of = [&](const char* seed) {
    return json(with(with(from, bootstrap), {seed}))["standard_errors"]["parameters"][0]["standard_error"];
  };
  EXPECT_NE(of("1"), of("2"));
  EXPECT_EQ(of("2"), of("2"));
  EXPECT_REFUSED(run(with(from, {"--seed", "2"})), "--seed: does not apply with --start");
  EXPECT_EQ(run(with(from, {"--seed", "2", "--algorithm", "stochastic"})).code, 0);
}

}  // namespace
}  // namespace jensen::cli
