#include <jensen/data/output_file.h>
#include <jensen/error.h>
#include <jensen/gaussian_mixture_file.h>

#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

namespace jensen {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

class GaussianMixtureFileTest : public testing::Test {
 protected:
  GaussianMixtureFileTest() {
    folder_ = fs::temp_directory_path() / ("jensen_file_test_" + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  ~GaussianMixtureFileTest() override { fs::remove_all(folder_); }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  fs::path folder_;
};

std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Numbers whose shortest decimal has many digits, some of them extreme.
GaussianMixtureFile awkward(Covariance structure) {
  Gaussian gaussian(2, 2, structure);
  std::vector<double> covariances;
  switch (structure) {
    case Covariance::full: covariances = {1.0 / 3, 0.1, std::nextafter(2.0, 3.0), 1e-300, 0, 5e-300}; break;
    case Covariance::tied: covariances = {1.0 / 7, -0.01, 4e17}; break;
    case Covariance::diagonal: covariances = {1.0 / 3, 2e-150, 3e150, 0.1}; break;
    case Covariance::spherical: covariances = {1.0 / 9, 1e-200}; break;
    default: {
      std::vector<double> u(gaussian.unconstrained().size());
      for (std::size_t j = 0; j < u.size(); ++j) u[j] = 0.3 * static_cast<double>(j) - 1.0 / 7;
      gaussian.set_unconstrained(u);
      covariances.assign(gaussian.covariances().begin(), gaussian.covariances().end());
    }
  }
  gaussian.set({0.1, -1e300, std::numeric_limits<double>::denorm_min(), -0.0}, covariances);
  FitSummary fit;
  fit.outcome = Outcome::iteration_limit;
  fit.message = "a \"quoted\" one\n";
  fit.log_likelihood = -1.0 / 3;
  fit.icl = std::numeric_limits<double>::quiet_NaN();
  fit.aic = std::numeric_limits<double>::infinity();
  fit.iterations = 7;
  fit.seed = 18446744073709551615u;
  fit.prior = Prior::none;
  fit.degeneracies = {{1, false, "too small"}};
  return {GaussianMixture({1.0 / 3, 2.0 / 3}, std::move(gaussian)), {"a, b", "größe"}, {}, fit};
}

TEST_F(GaussianMixtureFileTest, RoundTripKeepsEveryBit) {
  for (const auto structure : all_covariances(2)) {
    const GaussianMixtureFile file = awkward(structure);
    save_gaussian_mixture(path("model.json"), file);
    const GaussianMixtureFile read = load_gaussian_mixture(path("model.json"));
    EXPECT_EQ(read.model.parameters(), file.model.parameters());
    EXPECT_TRUE(std::signbit(read.model.emissions().means()[3]));
    EXPECT_EQ(read.model.emissions().covariance_structure(), structure);
    EXPECT_EQ(read.columns, file.columns);
    save_gaussian_mixture(path("again.json"), read);
    EXPECT_EQ(slurp(path("again.json")), slurp(path("model.json")));
  }
}

TEST_F(GaussianMixtureFileTest, KeepsTheFitAndWritesNoNaN) {
  const std::string text = gaussian_mixture_text(awkward(Covariance::full));
  const Json json = Json::parse(text);  // which knows no NaN
  EXPECT_TRUE(json["fit"]["icl"].is_null());
  EXPECT_TRUE(json["fit"]["aic"].is_null());
  const auto fit = parse_gaussian_mixture(text, "text").fit;
  ASSERT_TRUE(fit);
  EXPECT_EQ(fit->outcome, Outcome::iteration_limit);
  EXPECT_EQ(fit->message, "a \"quoted\" one\n");
  EXPECT_EQ(fit->log_likelihood, -1.0 / 3);
  EXPECT_TRUE(std::isnan(fit->icl));
  EXPECT_EQ(fit->iterations, 7);
  EXPECT_EQ(fit->seed, 18446744073709551615u);
  EXPECT_EQ(fit->prior, Prior::none);
  ASSERT_EQ(fit->degeneracies.size(), 1u);
  EXPECT_EQ(fit->degeneracies[0].component, 1);
  EXPECT_EQ(fit->degeneracies[0].reason, "too small");
}

TEST_F(GaussianMixtureFileTest, ComponentNames) {
  GaussianMixtureFile file = awkward(Covariance::full);
  EXPECT_EQ(file.component(1), "1");
  file.component_names = {"short", ""};
  const auto read = parse_gaussian_mixture(gaussian_mixture_text(file), "text");
  EXPECT_EQ(read.component_names, file.component_names);
  EXPECT_EQ(read.component(0), "short");
  EXPECT_EQ(read.component(1), "component_1");
}

TEST_F(GaussianMixtureFileTest, NamesThatCannotBeWrittenAreRefused) {
  GaussianMixtureFile file = awkward(Covariance::full);
  file.columns[1] =
      "gr\xf6\xdf"
      "e";
  const auto problem = [&] {
    try {
      save_gaussian_mixture(path("model.json"), file);
    } catch (const DataError& error) {
      return std::string(error.what());
    }
    return std::string("nothing thrown");
  };
  EXPECT_NE(problem().find("columns[1]: 'gr\\xf6\\xdfe' is not UTF-8"), std::string::npos) << problem();
  file.columns = {"a", "a"};
  EXPECT_NE(problem().find("columns[1]: 'a' comes twice"), std::string::npos) << problem();
  file.columns = {"a"};
  EXPECT_NE(problem().find("columns: must be an array of 2"), std::string::npos) << problem();
  EXPECT_FALSE(fs::exists(path("model.json"))) << "a failed save leaves nothing";
}

// Rejections
// -----------------------------------------------------------------------------------------------------------

const char* const sound = R"({"format": "jensen-model", "version": 1, "model": "gaussian-mixture", "covariance": "full",
  "columns": ["a", "b"], "components": 2, "weights": [0.25, 0.75], "means": [[0, 1], [2, 3]],
  "covariances": [[[1, 0.5], [0.5, 2]], [[3, 0], [0, 4]]]})";

std::string error_of(const std::string& text, bool start = false) {
  try {
    start ? parse_gaussian_mixture_start(text, "m.json") : parse_gaussian_mixture(text, "m.json");
  } catch (const DataError& error) {
    return error.what();
  }
  return "nothing thrown";
}

// The sound model with one field replaced; what is wrong is said with file and field.
void expect_refused(const char* field, const Json& value, const std::string& message) {
  Json json = Json::parse(sound);
  json[Json::json_pointer(field)] = value;
  EXPECT_EQ(error_of(json.dump()), "m.json: " + message);
}

TEST_F(GaussianMixtureFileTest, TheSoundModelIsRead) {
  const auto file = parse_gaussian_mixture(sound, "m.json");
  EXPECT_EQ(file.model.emissions().covariance(0), (std::vector<double>{1, 0.5, 2}));
  EXPECT_FALSE(file.fit);
}

TEST_F(GaussianMixtureFileTest, RefusesOtherFormats) {
  expect_refused("/format", "other", "format: must be 'jensen-model'");
  expect_refused("/version", 2,
                 "version: is 2, but this version of jensen reads files up to version 1: a newer one wrote this file");
  expect_refused("/version", 0, "version: must be ≥ 1");
  expect_refused("/version", 1.5, "version: must be an integer");
  expect_refused("/model", "hmm", "model: is 'hmm', not 'gaussian-mixture'");
  expect_refused("/covariance", "VEV", "covariances: that of component 1 is not VEV");
  expect_refused("/covariance", "round",
                 "covariance: covariance: name: 'round' is none of full, tied, diagonal, spherical, EII, VII, EEI, "
                 "VEI, EVI, VVI, EEE, VEE, EVE, VVE, EEV, VEV, EVV, VVV, E, V");
}

TEST_F(GaussianMixtureFileTest, RefusesMissingFields) {
  for (const char* field :
       {"format", "version", "model", "covariance", "columns", "components", "weights", "means", "covariances"}) {
    Json json = Json::parse(sound);
    json.erase(field);
    EXPECT_EQ(error_of(json.dump()), std::string("m.json: ") + field + ": is missing");
  }
}

TEST_F(GaussianMixtureFileTest, RefusesWrongSizes) {
  expect_refused("/components", 1000000000000, "components: says 1000000000000, but there are 2 weights");
  expect_refused("/weights", Json::array(), "weights: must be an array of numbers");
  expect_refused("/weights", {1}, "means: must be an array of 1 means, one for each weight, but holds 2");
  expect_refused("/means/1", {1}, "means[1]: must be an array of 2 numbers, as many as means[0] has, but holds 1");
  expect_refused("/means", {{1}, {2}}, "covariances[0]: must be an array of 1 rows, but holds 2");
  expect_refused("/covariances/1/0", {1}, "covariances[1][0]: must be an array of 2 numbers, but holds 1");
  expect_refused("/covariances", 7, "covariances: must be an array of 2 matrices, one for each weight");
  expect_refused("/columns", {"a"}, "columns: must be an array of 2 names, one for each column of means, but holds 1");
}

TEST_F(GaussianMixtureFileTest, RefusesBadNumbers) {
  expect_refused("/weights/0", 0.26, "weights: must sum to 1, but sum to 1.01");
  expect_refused("/weights", {-0.5, 1.5}, "weights[0]: must be ≥ 0, got -0.5");
  expect_refused("/weights/0", nullptr, "weights[0]: must be a number");
  expect_refused("/means/0/1", "1", "means[0][1]: must be a number");
  expect_refused("/covariances/1", {{1, 2}, {2, 1}}, "covariances[1]: is not positive definite");
  expect_refused("/covariances/1", {{0, 0}, {0, 1}}, "covariances[1]: is not positive definite");
  expect_refused("/covariances/0/0/1", 0.4, "covariances[0]: is not symmetric");
  std::string infinite = sound;
  infinite.replace(infinite.find("0.25"), 4, "1e99999");
  EXPECT_NE(error_of(infinite).find("m.json: cannot be read as JSON: number overflow"), std::string::npos);
}

TEST_F(GaussianMixtureFileTest, RefusesAnotherStructureThanDeclared) {
  expect_refused("/covariance", "tied",
                 "covariances[1]: differs from covariances[0], but a tied covariance is the same for all components");
  expect_refused("/covariance", "diagonal", "covariances[0]: is not diagonal: its elements off the diagonal must be 0");
  Json json = Json::parse(sound);
  json["covariance"] = "spherical";
  json["covariances"][0] = {{1, 0}, {0, 1}};
  EXPECT_EQ(error_of(json.dump()), "m.json: covariances[1]: is not spherical: its diagonal elements must be equal");
}

TEST_F(GaussianMixtureFileTest, RefusesDuplicates) {
  expect_refused("/columns", {"a", "a"}, "columns[1]: 'a' comes twice");
  expect_refused("/columns", {"a", ""}, "columns[1]: is empty");
  expect_refused("/component_names", {"x", "x"}, "component_names[1]: 'x' comes twice");
  std::string twice = sound;
  twice.replace(twice.find("\"columns\""), 9, "\"weights\": [1], \"columns\"");
  EXPECT_EQ(error_of(twice), "m.json: the field 'weights' comes twice");
}

TEST_F(GaussianMixtureFileTest, RefusesABrokenFit) {
  expect_refused("/fit", 3, "fit: must be an object");
  Json json = Json::parse(gaussian_mixture_text(awkward(Covariance::full)));
  json["fit"]["outcome"] = "splendid";
  EXPECT_EQ(error_of(json.dump()), "m.json: fit.outcome: 'splendid' is no outcome of a fit");
  json["fit"]["outcome"] = "converged";
  json["fit"]["iterations"] = 1e300;
  EXPECT_EQ(error_of(json.dump()), "m.json: fit.iterations: must be an integer");
}

TEST_F(GaussianMixtureFileTest, RefusesWhatIsNoJson) {
  for (const std::string text : {"", "hello", "[", "{\"format\": }", "\xff\xfe", "{\"a\": \"\xff\"}"}) {
    EXPECT_EQ(error_of(text).find("m.json: cannot be read as JSON: "), 0u) << error_of(text);
  }
  EXPECT_EQ(error_of("[]"), "m.json: must be an object");
  const std::string deep(1000000, '[');
  EXPECT_EQ(error_of(deep).find("m.json: cannot be read as JSON: "), 0u);
  EXPECT_EQ(error_of(deep + std::string(1000000, ']')), "m.json: must be an object");
  EXPECT_THROW(load_gaussian_mixture("/nonexistent/model.json"), DataError);
}

TEST_F(GaussianMixtureFileTest, EveryCutOfAFileIsRefused) {
  const std::string text = sound;
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_NE(error_of(text.substr(0, length)), "nothing thrown") << length;
  }
}

// Starts
// ---------------------------------------------------------------------------------------------------------------

const char* const bare = R"({"weights": [0.25, 0.75], "means": [[0, 1], [2, 3]],
  "covariances": [[[1, 0], [0, 2]], [[3, 0], [0, 4]]]})";

TEST_F(GaussianMixtureFileTest, AStartNeedsParametersAlone) {
  const auto start = parse_gaussian_mixture_start(bare, "s.json");
  EXPECT_EQ(start.model.emissions().covariance_structure(), Covariance::full);
  EXPECT_TRUE(start.columns.empty());
  const auto diagonal = parse_gaussian_mixture_start(bare, "s.json", Covariance::diagonal);
  EXPECT_EQ(diagonal.model.emissions().covariances().size(), 4u);
  EXPECT_NE(error_of(bare), "nothing thrown") << "but it is no model file";
}

TEST_F(GaussianMixtureFileTest, AStartsStructureMustAgree) {
  EXPECT_THROW(parse_gaussian_mixture_start(bare, "s.json", Covariance::tied), DataError);
  EXPECT_THROW(parse_gaussian_mixture_start(bare, "s.json", Covariance::spherical), DataError);
  EXPECT_THROW(parse_gaussian_mixture_start(sound, "s.json", Covariance::diagonal), DataError);
  EXPECT_NO_THROW(parse_gaussian_mixture_start(sound, "s.json", Covariance::full));
}

TEST_F(GaussianMixtureFileTest, WeightsWrittenByHandAreScaled) {
  Json json = Json::parse(bare);
  json["weights"] = {0.3333333333, 0.6666666666};
  const auto start = parse_gaussian_mixture_start(json.dump(), "s.json");
  EXPECT_NEAR(start.model.weights()[0] + start.model.weights()[1], 1, 1e-15);
  json["weights"] = {0.333, 0.666};
  EXPECT_THROW(parse_gaussian_mixture_start(json.dump(), "s.json"), DataError);
}

TEST_F(GaussianMixtureFileTest, ColumnsAreMatchedByName) {
  const auto file = parse_gaussian_mixture(sound, "m.json");
  const GaussianMixture swapped = arranged(file, {"b", "a"}, "m.json");
  EXPECT_EQ(std::vector<double>(swapped.emissions().means().begin(), swapped.emissions().means().end()),
            (std::vector<double>{1, 0, 3, 2}));
  EXPECT_EQ(swapped.emissions().covariance(0), (std::vector<double>{2, 0.5, 1}));
  EXPECT_EQ(arranged(file, {"a", "b"}, "m.json").parameters(), file.model.parameters());
  const auto problem = [&](const std::vector<std::string>& columns) {
    try {
      arranged(file, columns, "m.json");
    } catch (const DataError& error) {
      return std::string(error.what());
    }
    return std::string("nothing thrown");
  };
  EXPECT_EQ(problem({"a", "c"}), "m.json: columns: the data have no column b; they have a, c");
  EXPECT_EQ(problem({"a", "b", "c"}), "m.json: columns: the model has no column c; it has a, b");
}

TEST_F(GaussianMixtureFileTest, ColumnsWithoutNamesAreMatchedByPosition) {
  const auto start = parse_gaussian_mixture_start(bare, "s.json");
  EXPECT_EQ(arranged(start, {"u", "v"}, "s.json").parameters(), start.model.parameters());
  EXPECT_THROW(arranged(start, {"u"}, "s.json"), DataError);
}

// Writing
// --------------------------------------------------------------------------------------------------------------

using OutputFileTest = GaussianMixtureFileTest;

TEST_F(OutputFileTest, ReplacesOnlyOnCommit) {
  { std::ofstream(path("f")) << "old"; }
  {
    OutputFile file(path("f"));
    file.stream() << "new";
    EXPECT_EQ(slurp(path("f")), "old");
  }
  EXPECT_EQ(slurp(path("f")), "old");
  {
    OutputFile file(path("f"));
    file.stream() << "new";
    file.commit();
  }
  EXPECT_EQ(slurp(path("f")), "new");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1) << "nothing is left behind";
}

TEST_F(OutputFileTest, KeepsModeAndFollowsLinks) {
  { std::ofstream(path("f")) << "old"; }
  ::chmod(path("f").c_str(), 0640);
  fs::create_symlink(path("f"), path("link"));
  OutputFile file(path("link"));
  file.stream() << "new";
  file.commit();
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_EQ(slurp(path("f")), "new");
  EXPECT_EQ(fs::status(path("f")).permissions(), static_cast<fs::perms>(0640));
}

TEST_F(OutputFileTest, SaysWhatFails) {
  const auto problem = [](const std::string& path) {
    try {
      OutputFile file(path);
      file.stream() << "text";
      file.commit();
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("nothing thrown");
  };
  EXPECT_EQ(problem(path("no/f")), path("no/f") + ": cannot be written: No such file or directory");
  EXPECT_EQ(problem(folder_.string()), folder_.string() + ": cannot be written: Is a directory");
  if (fs::exists("/dev/full")) {
    EXPECT_EQ(problem("/dev/full"), "/dev/full: cannot be written: No space left on device");
    EXPECT_TRUE(fs::is_character_file("/dev/full"));
  }
}

}  // namespace
}  // namespace jensen
