// Numbers computed by hmmlearn and depmixS4, each checked a second time; see README.md beside this file.
#include <jensen/data/csv.h>
#include <jensen/em/fit.h>
#include <jensen/emissions/gaussian.h>
#include <jensen/math/cholesky.h>
#include <jensen/models/hidden_markov.h>

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "support/source_folder.h"

namespace jensen {
namespace {

using Json = nlohmann::json;

std::vector<Json> cases_of(const std::string& family) {
  std::vector<Json> chosen;
  const Json all = Json::parse(std::ifstream(in_source("tests/golden/hidden_markov.json")));
  for (const Json& golden : all.at("cases")) {
    if (golden.at("model").at("family") == family) chosen.push_back(golden);
  }
  return chosen;
}

std::vector<double> flat(const Json& json) {
  if (!json.is_array()) return {json.get<double>()};
  std::vector<double> numbers;
  for (const auto& element : json) {
    const auto own = flat(element);
    numbers.insert(numbers.end(), own.begin(), own.end());
  }
  return numbers;
}

// Nothing where the file is read where it lies and is not there.
std::optional<Table> table_of(const Json& dataset) {
  std::string path = dataset.at("path");
  const bool in_place = path.find("in_place") != std::string::npos;
  path = in_source((in_place ? "../shared/" : "") + path);
  if (in_place && !std::filesystem::exists(path)) return std::nullopt;
  CsvOptions options;
  options.columns = dataset.at("columns").get<std::vector<std::string>>();
  std::vector<std::int64_t> begins{0};
  for (const std::int64_t length : dataset.at("sequence_lengths")) begins.push_back(begins.back() + length);
  return read_csv(path, options).table.with_sequences(begins);
}

// Scaled to sum to 1, as some starts are rounded to twelve digits; estimated zeros are no structural ones.
std::vector<double> distributions(std::vector<double> p, std::size_t states) {
  for (std::size_t first = 0; first < p.size(); first += states) {
    double total = 0;
    for (std::size_t k = first; k < first + states; ++k) total += p[k] = std::max(p[k], 1e-12);
    for (std::size_t k = first; k < first + states; ++k) p[k] /= total;
  }
  return p;
}

MarkovChain chain_of(const Json& parameters) {
  const auto initial = flat(parameters.at("startprob"));
  return {distributions(initial, initial.size()), distributions(flat(parameters.at("transmat")), initial.size())};
}

Gaussian gaussian_of(const Json& golden, const Json& parameters) {
  const int states = golden.at("model").at("K");
  const int columns = golden.at("dataset").at("d");
  const bool full = golden.at("model").at("covariance") == "full";
  Gaussian emissions(states, columns, full ? Covariance::full : Covariance::diagonal);
  const auto given = flat(parameters.at("covariances"));
  std::vector<double> covariances = given;
  if (full) {
    covariances.clear();
    for (int k = 0; k < states; ++k) {
      for (int a = 0; a < columns; ++a) {
        for (int b = 0; b <= a; ++b)
          covariances.push_back(given[static_cast<std::size_t>((k * columns + a) * columns + b)]);
      }
    }
  }
  emissions.set(flat(parameters.at("means")), covariances);
  return emissions;
}

HiddenMarkov<Gaussian> model_of(const Json& golden, const Json& parameters) {
  return {chain_of(parameters), gaussian_of(golden, parameters)};
}

Fitted<HiddenMarkov<Gaussian>> fitted(const Json& golden, const Table& table, double tolerance, int iterations) {
  Options options;
  options.tolerance = tolerance;
  options.max_iterations = iterations;
  const Json& start = golden.at("kind") == "from_init" ? golden.at("init") : golden.at("result").at("params");
  return fit(model_of(golden, start), table, options);
}

class GaussianHiddenMarkovGolden : public testing::TestWithParam<Json> {};

TEST_P(GaussianHiddenMarkovGolden, ConvergesToTheSameNumbers) {
  const Json& golden = GetParam();
  const auto table = table_of(golden.at("dataset"));
  if (!table) GTEST_SKIP() << "the data file is read where it lies, and is not there";
  const auto [model, report] = fitted(golden, *table, 1e-13, 20000);
  const double tolerance = golden.at("tolerance").at("loglik_abs");
  const double relative = golden.at("tolerance").at("params_rel");
  EXPECT_NEAR(report.log_likelihood, golden.at("result").at("loglik"), tolerance) << report.message;
  EXPECT_TRUE(report.monotone);
  EXPECT_EQ(report.free_parameters, golden.at("result").at("n_params"));
  const auto wanted = model_of(golden, golden.at("result").at("params"));
  const auto got = model.parameters();
  const auto expected = wanted.parameters();
  for (std::size_t p = 0; p < expected.size(); ++p) {
    EXPECT_NEAR(got[p], expected[p], relative * std::max(1.0, std::abs(expected[p]))) << model.parameter_names()[p];
  }
}

TEST_P(GaussianHiddenMarkovGolden, FollowsTheSamePath) {
  const Json& golden = GetParam();
  if (!golden.contains("trajectory")) GTEST_SKIP() << "no trajectory";
  const auto table = table_of(golden.at("dataset"));
  if (!table) GTEST_SKIP() << "the data file is read where it lies, and is not there";
  const auto& trajectory = golden.at("trajectory").at("loglik");
  int longest = 0;
  for (const auto& [iterations, value] : trajectory.items()) longest = std::max(longest, std::stoi(iterations));
  const auto report = fitted(golden, *table, 0, longest).report;
  for (const auto& [iterations, value] : trajectory.items()) {
    const Step& step = report.trace.at(static_cast<std::size_t>(std::stoi(iterations)));
    EXPECT_NEAR(step.reading.log_likelihood, value, golden.at("tolerance").at("trajectory_abs")) << iterations;
  }
}

TEST_P(GaussianHiddenMarkovGolden, DecodesTheSamePath) {
  const Json& golden = GetParam();
  if (!golden.contains("decoding")) GTEST_SKIP() << "no decoding";
  const auto table = table_of(golden.at("dataset"));
  if (!table) GTEST_SKIP() << "the data file is read where it lies, and is not there";
  const auto model = model_of(golden, golden.at("result").at("params"));
  BlockBuffer buffer;
  const Block x = table->block(0, table->rows(), buffer);
  std::vector<std::int32_t> path(static_cast<std::size_t>(table->rows()));
  std::vector<double> value(x.sequences.size() - 1);
  model.decode(x, path, value);
  EXPECT_EQ(path, golden.at("decoding").at("viterbi_path").get<std::vector<std::int32_t>>());
  double total = 0;
  for (const double v : value) total += v;
  EXPECT_NEAR(total, golden.at("decoding").at("viterbi_logprob"), 1e-6 * std::abs(total));
}

// The best of many runs of another program is reached, or beaten, from our own starts.
TEST_P(GaussianHiddenMarkovGolden, OwnStartsReachTheBestKnown) {
  const Json& golden = GetParam();
  if (golden.at("kind") != "global") GTEST_SKIP() << "only a local optimum is known";
  const auto table = table_of(golden.at("dataset"));
  if (!table) GTEST_SKIP() << "the data file is read where it lies, and is not there";
  Options options;
  options.start = Start::k_means_plus_plus;
  options.restarts = 20;
  options.seed = 1;
  options.tolerance = 1e-11;
  const auto start = model_of(golden, golden.at("result").at("params"));
  HiddenMarkov prototype(Gaussian(start.states(), start.columns(), start.emissions().covariance_structure()));
  const auto report = fit(std::move(prototype), *table, options).report;
  EXPECT_GE(report.log_likelihood, golden.at("result").at("loglik").get<double>() - 1e-5) << report.message;
}

INSTANTIATE_TEST_SUITE_P(HiddenMarkov, GaussianHiddenMarkovGolden, testing::ValuesIn(cases_of("gaussian_hmm")),
                         [](const auto& one) { return one.param.at("id").template get<std::string>(); });

}  // namespace
}  // namespace jensen
