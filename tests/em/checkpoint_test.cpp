// A fit that is cut short and resumed ends with the bits of one that was not.
#include <gtest/gtest.h>
#include <jensen/em/checkpoint.h>
#include <jensen/em/fit.h>
#include <jensen/em/state.h>
#include <jensen/emissions/counts.h>
#include <jensen/fit_gaussian_mixture.h>
#include <jensen/models/hidden_markov.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "../examples/poisson_mixture.h"
#include "support/data.h"
#include "support/models.h"
#include "support/refusal.h"

namespace jensen {
namespace {

class CheckpointTest : public testing::Test {
 protected:
  CheckpointTest() {
    std::string name = (std::filesystem::temp_directory_path() / "jensen_checkpoint_XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = name;
  }
  ~CheckpointTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  std::string file() const { return (folder_ / "fit.ckpt").string(); }
  std::string content() const {
    std::ifstream in(file(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  Fitted<GaussianMixture> run(const Options& options) const {
    return fit_gaussian_mixture(rows_, {3, Covariance::full, Prior::data_scaled}, options);
  }
  Options options() const {
    Options options = from_data();
    options.restarts = 2;
    options.threads = 1;
    options.tolerance = 1e-9;
    options.max_iterations = 40;
    return options;
  }
  // The callback stops the fit after every `steps` accepted steps, until it is done.
  void expect_same_bits(Options options, int steps) const {
    const auto whole = run(options);
    options.checkpoint = file();
    options.checkpoint_seconds = 0;
    options.resume = true;
    int runs = 0;
    for (; runs < 400; ++runs) {
      int left = steps;
      options.callback = [&](const Progress&) { return --left <= 0 ? Verdict::stop : Verdict::go_on; };
      const auto part = run(options);
      if (part.report.outcome == Outcome::stopped_by_caller) continue;
      EXPECT_EQ(part.model.parameters(), whole.model.parameters());
      EXPECT_EQ(part.report.log_likelihood, whole.report.log_likelihood);
      EXPECT_EQ(part.report.iterations, whole.report.iterations);
      EXPECT_EQ(part.report.evaluations, whole.report.evaluations);
      EXPECT_EQ(part.report.outcome, whole.report.outcome);
      EXPECT_EQ(part.report.message, whole.report.message);
      EXPECT_EQ(part.report.best_restart, whole.report.best_restart);
      ASSERT_EQ(part.report.trace.size(), whole.report.trace.size());
      for (std::size_t t = 0; t < whole.report.trace.size(); ++t) {
        const Step& a = part.report.trace[t];
        const Step& b = whole.report.trace[t];
        EXPECT_TRUE(a.reading.log_likelihood == b.reading.log_likelihood ||
                    (std::isnan(a.reading.log_likelihood) && std::isnan(b.reading.log_likelihood)));
        EXPECT_EQ(a.evaluations, b.evaluations);
      }
      for (std::size_t r = 0; r < whole.report.restarts.size(); ++r) {
        EXPECT_EQ(part.report.restarts[r].log_likelihood, whole.report.restarts[r].log_likelihood);
        EXPECT_EQ(part.report.restarts[r].message, whole.report.restarts[r].message);
      }
      break;
    }
    EXPECT_GT(runs, 2) << "it was interrupted";
    EXPECT_LT(runs, 400);
    std::filesystem::remove(file());
  }

  Table rows_ = support::clustered_with_holes(150, 2, 3, 4, 2.5);
  std::filesystem::path folder_;
};

TEST_F(CheckpointTest, ResumedFitsEndWithTheSameBits) { expect_same_bits(options(), 13); }

TEST_F(CheckpointTest, AcceleratorsToo) {
  for (auto acceleration : {Acceleration::squarem, Acceleration::anderson, Acceleration::quasi_newton}) {
    SCOPED_TRACE(to_string(acceleration));
    Options o = options();
    o.acceleration = acceleration;
    expect_same_bits(o, 11);
  }
}

TEST_F(CheckpointTest, VariantsToo) {
  for (auto algorithm : {Algorithm::stochastic, Algorithm::monte_carlo, Algorithm::annealed, Algorithm::incremental,
                         Algorithm::online, Algorithm::sparse, Algorithm::ecm, Algorithm::classification}) {
    SCOPED_TRACE(to_string(algorithm));
    Options o = options();
    o.algorithm = algorithm;
    o.variant.burn_in = 4;
    o.variant.averaged = 8;
    o.variant.most_draws = 2;
    o.max_iterations = 14;
    expect_same_bits(o, 6);
  }
}

TEST_F(CheckpointTest, ParallelRestartsToo) {
  Options o = options();
  o.threads = 2;
  expect_same_bits(o, 17);
}

TEST_F(CheckpointTest, AFinishedFitIsJustReadBack) {
  Options o = options();
  o.checkpoint = file();
  const auto first = run(o);
  o.resume = true;
  int steps = 0;
  o.callback = [&](const Progress&) { return ++steps, Verdict::go_on; };
  const auto second = run(o);
  EXPECT_EQ(steps, 0);
  EXPECT_EQ(second.model.parameters(), first.model.parameters());
  EXPECT_EQ(second.report.message, first.report.message);
  EXPECT_FALSE(std::filesystem::exists(file() + ".part"));
}

TEST_F(CheckpointTest, OtherFitsAndDamagedFilesAreRefused) {
  Options o = options();
  o.checkpoint = file();
  run(o);
  o.resume = true;
  const std::string other = file() + ": the checkpoint is of another fit: data, model and options must be the same";
  const auto refused = [&](auto change) {
    Options changed = o;
    change(changed);
    return support::refusal([&] { run(changed); });
  };
  EXPECT_EQ(refused([](Options& c) { c.seed = 8; }), other);
  EXPECT_EQ(refused([](Options& c) { c.tolerance = 1e-5; }), other);
  EXPECT_EQ(refused([](Options& c) { c.restarts = 3; }), other);
  EXPECT_EQ(refused([](Options& c) { c.acceleration = Acceleration::squarem; }), other);
  EXPECT_EQ(refused([](Options& c) { c.variant.parts = 3; }), other);
  EXPECT_EQ(refused([](Options& c) { c.threads = 2; }), "accepted") << "threads change no bit";
  const Table moved = support::clustered_with_holes(150, 2, 3, 5, 2.5);
  EXPECT_EQ(support::refusal([&] {
              fit_gaussian_mixture(moved, {3, Covariance::full, Prior::data_scaled}, o);
            }),
            other);

  const std::string good = content();
  for (std::size_t at : {std::size_t{3}, std::size_t{40}, good.size() / 2, good.size() - 3}) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    std::ofstream(file(), std::ios::binary) << bad;
    EXPECT_NE(support::refusal([&] { run(o); }), "accepted") << at;
    std::ofstream(file(), std::ios::binary) << good.substr(0, at);
    EXPECT_NE(support::refusal([&] { run(o); }), "accepted") << "cut at " << at;
  }
  EXPECT_EQ(support::refusal([&] {
              o.checkpoint = "/nonexistent/folder/x";
              run(o);
            }).substr(0, 53),
            "/nonexistent/folder/x: the checkpoint cannot be writt");
}

// At the start the covariance is the prior's own, whose penalty is 0: another prior shows away from there.
TEST_F(CheckpointTest, AnotherPriorIsRefused) {
  Options o = options();
  o.checkpoint = file();
  run(o);
  o.resume = true;
  EXPECT_EQ(support::refusal([&] { run(o); }), "accepted");
  EXPECT_NE(support::refusal([&] {
              fit_gaussian_mixture(rows_, {3, Covariance::full, Prior::none}, o);
            }).find("the checkpoint is of another fit"),
            std::string::npos);
}

TEST_F(CheckpointTest, TheSameRowsInOtherSequencesAreRefused) {
  std::vector<double> counts;
  for (int i = 0; i < 60; ++i) counts.push_back(i / 10 % 2 == 0 ? i % 3 : 9 + i % 4);
  const Table rows(std::move(counts), 60, 1);
  const HiddenMarkov model(Independent<Poisson>({Poisson(1), Poisson(10)}));
  Options o;
  o.max_iterations = 5;
  o.threads = 1;
  o.checkpoint = file();
  fit(model, rows.with_sequences({0, 30, 60}), o);
  o.resume = true;
  EXPECT_EQ(support::refusal([&] { fit(model, rows.with_sequences({0, 30, 60}), o); }), "accepted");
  EXPECT_NE(support::refusal([&] {
              fit(model, rows.with_sequences({0, 20, 60}), o);
            }).find("the checkpoint is of another fit"),
            std::string::npos);
}

TEST_F(CheckpointTest, NeedsParametersAndAFile) {
  Options o;
  o.resume = true;
  EXPECT_EQ(support::refusal([&] { o.validate(); }), "fit: resume: needs a checkpoint to go on from");
  o.resume = false;
  o.checkpoint = file();
  EXPECT_EQ(support::refusal([&] {
              fit(support::UnitNormal{}, rows_.columns() == 1 ? rows_ : Table({1, 2}, 2, 1), o);
            }),
            "this model cannot list its parameters, which a checkpoint needs");
  o.checkpoint_seconds = -1;
  EXPECT_EQ(support::refusal([&] { o.validate(); }), "fit: checkpoint_seconds: must be ≥ 0, got -1");
}

TEST(State, ReadsBackWhatWasWritten) {
  StateWriter out;
  out.put(-7);
  out.put(true);
  out.put(std::nan(""));
  out.put(-0.0);
  out.put("text");
  out.put(std::vector<double>{1.0 / 3, INFINITY});
  StateReader in(out.bytes());
  EXPECT_EQ(in.number(), -7);
  EXPECT_TRUE(in.flag());
  EXPECT_TRUE(std::isnan(in.real()));
  EXPECT_TRUE(std::signbit(in.real()));
  EXPECT_EQ(in.text(), "text");
  EXPECT_EQ(in.reals(), (std::vector<double>{1.0 / 3, INFINITY}));
  EXPECT_TRUE(in.at_end());
  EXPECT_THROW(in.real(), DataError);
}

}  // namespace
}  // namespace jensen
