// What is done with a model file: predict, score, sample, impute, describe.
#include <cmath>
#include <numeric>

#include <jensen/data/csv.h>
#include <jensen/data/npy.h>
#include <jensen/gaussian_mixture_file.h>

#include "cli/tool.h"

namespace jensen::cli {
namespace {

using Json = nlohmann::json;

class ModelCommands : public ToolTest {};

TEST_F(ModelCommands, PredictGivesALineForEachRow) {
  const std::string model = faithful_model();
  const auto plain = lines(run({"predict", model, data("faithful.csv")}).out);
  ASSERT_EQ(plain.size(), 273u);
  EXPECT_EQ(plain[0], "component");
  const auto finished = run({"predict", model, data("faithful.csv"), "--probabilities", "-o", "out.csv"});
  EXPECT_EQ(finished.code, 0);
  EXPECT_EQ(finished.out, "");
  const auto table = read_csv(path("out.csv")).table;
  EXPECT_EQ(table.column_names(), (std::vector<std::string>{"component", "probability_0", "probability_1"}));
  ASSERT_EQ(table.rows(), 272);
  const auto file = load_gaussian_mixture(model);
  const auto observations = read_csv(data("faithful.csv")).table;
  BlockBuffer buffer;
  std::vector<double> p(544);
  file.model.responsibilities(observations.block(0, 272, buffer), {p.data(), 272, 2, 272});
  for (std::int64_t i = 0; i < 272; ++i) {
    EXPECT_EQ(table.cell(i, 1), p[static_cast<std::size_t>(i)]);
    EXPECT_NEAR(table.cell(i, 1) + table.cell(i, 2), 1, 1e-12);
    EXPECT_EQ(table.cell(i, 0), table.cell(i, 1) >= table.cell(i, 2) ? 0 : 1);
    EXPECT_EQ(plain[static_cast<std::size_t>(i) + 1], std::to_string(static_cast<int>(table.cell(i, 0))));
  }
}

TEST_F(ModelCommands, ColumnsAreFoundByNameElseByPosition) {
  const std::string model = faithful_model();
  write("named.csv", "id,waiting,eruptions\na,80,4.5\nb,50,1.9\nc,NA,1.8\nd,,\n");
  write("bare.csv", "4.5,80\n1.9,50\n1.8,NA\n,\n");
  write("renamed.csv", "W,E\n80,4.5\n50,1.9\nNA,1.8\n,\n");
  const std::string expected = run({"score", model, "named.csv"}).out;
  EXPECT_EQ(lines(expected).size(), 5u);
  EXPECT_NEAR(std::stod(lines(expected)[4]), 0, 1e-15) << "a row without any cell says nothing";
  EXPECT_EQ(run({"score", model, "bare.csv"}).out, expected);
  EXPECT_EQ(run({"score", model, "bare.csv", "--header", "no"}).out, expected);
  EXPECT_EQ(run({"score", model, "renamed.csv", "--columns", "E,W"}).out, expected);
  EXPECT_EQ(run({"score", model, "-"}, read("named.csv")).out, expected);
  EXPECT_REFUSED(run({"score", model, "renamed.csv"}), "lacks columns of the model: eruptions, waiting; it has W, E");
  EXPECT_REFUSED(run({"score", model, "renamed.csv", "--columns", "E"}), "--columns: names 1 columns");
  EXPECT_REFUSED(run({"score", model, data("iris.csv")}), "lacks columns of the model: eruptions, waiting");
  write("three.csv", "1,2,3\n4,5,6\n");
  EXPECT_REFUSED(run({"score", model, "three.csv"}), "has no header and 3 columns");
  EXPECT_EQ(run({"score", model, "three.csv", "--columns", "x2,x3"}).code, 0);
  write("bad.csv", "eruptions,waiting\n1,80\n2,long\n");
  EXPECT_REFUSED(run({"score", model, "bad.csv"}), "bad.csv: row 2 (line 3), column 'waiting': 'long'");
  EXPECT_EQ(run({"score", model, "bad.csv", "--missing", "long"}).code, 0);
  write("semicolon.csv", "eruptions|waiting\n4.5|80\n");
  EXPECT_EQ(lines(run({"score", model, "semicolon.csv", "--delimiter", "|"}).out)[1], lines(expected)[1]);
}

TEST_F(ModelCommands, ScoreAddsUpToTheFit) {
  const std::string model = faithful_model();
  const double fitted = load_gaussian_mixture(model).fit->log_likelihood;
  const Json scored = json({"score", model, data("faithful.csv"), "--json"});
  EXPECT_NEAR(scored["total"], fitted, 1e-9);
  EXPECT_NEAR(scored["mean"].get<double>() * 272, fitted, 1e-9);
  EXPECT_EQ(scored["rows"], 272);
  const auto finished = run({"score", model, data("faithful.csv")});
  const auto values = lines(finished.out);
  ASSERT_EQ(values.size(), 273u);
  EXPECT_EQ(values[0], "log_density");
  double sum = 0;
  for (std::size_t i = 0; i < 272; ++i) {
    EXPECT_EQ(std::stod(values[i + 1]), scored["log_density"][i]);
    sum += std::stod(values[i + 1]);
  }
  EXPECT_NEAR(sum, fitted, 1e-9);
  EXPECT_EQ(finished.err.find("total -1130.26"), 0u) << finished.err;
  EXPECT_EQ(run({"score", model, data("faithful.csv"), "-o", "s.csv", "--quiet"}).err, "");
  EXPECT_EQ(read("s.csv"), finished.out);
  EXPECT_REFUSED(run({"score", model, data("faithful.csv"), "--quiet"}), "--quiet");
  EXPECT_REFUSED(run({"score", model, data("faithful.csv"), "--json", "-o", "s.json"}), "-o");
}

TEST_F(ModelCommands, RowsFarOutAreSurvived) {
  const std::string model = faithful_model();
  write("far.csv", "eruptions,waiting\n1e200,1e200\n3,70\n");
  const auto predicted = lines(run({"predict", model, "far.csv", "--probabilities"}).out);
  ASSERT_EQ(predicted.size(), 3u);
  EXPECT_EQ(predicted[1].find("nan"), std::string::npos);
  EXPECT_EQ(lines(run({"score", model, "far.csv"}).out)[1], "-inf");
  const Json scored = json({"score", model, "far.csv", "--json"});
  EXPECT_TRUE(scored["log_density"][0].is_null());
  EXPECT_TRUE(scored["total"].is_null());
}

TEST_F(ModelCommands, SampleIsReproducibleAndContinues) {
  const std::string model = faithful_model();
  const auto ten = run({"sample", model, "-n", "10", "--seed", "7"});
  EXPECT_EQ(ten.code, 0);
  EXPECT_EQ(lines(ten.out).size(), 11u);
  EXPECT_EQ(lines(ten.out)[0], "eruptions,waiting");
  EXPECT_EQ(run({"sample", model, "-n", "10", "--seed", "7"}).out, ten.out);
  EXPECT_NE(run({"sample", model, "-n", "10", "--seed", "8"}).out, ten.out);
  EXPECT_EQ(run({"sample", model, "-n", "10"}).out, run({"sample", model, "-n", "10", "--seed", "0"}).out);
  const auto many = run({"sample", model, "-n", "5000", "--seed", "7"});
  EXPECT_EQ(lines(many.out).size(), 5001u);
  EXPECT_EQ(many.out.substr(0, ten.out.size()), ten.out);
  EXPECT_EQ(run({"sample", model, "-n", "5000", "--seed", "7", "-o", "s.csv"}).out, "");
  EXPECT_EQ(read("s.csv"), many.out);
  EXPECT_REFUSED(run({"sample", model, "-n", "0"}), "--rows");
  EXPECT_REFUSED(run({"sample", model, "-n", "99999999999999999999"}), "--rows");
  EXPECT_REFUSED(run({"sample", model}), "-n: say how many rows");
  EXPECT_REFUSED(run({"sample", model, "-n", "5", "--seed", "-3"}), "--seed");
}

TEST_F(ModelCommands, SampleFollowsTheModel) {
  const std::string model = faithful_model();
  EXPECT_EQ(run({"sample", model, "-n", "20000", "--with-component", "-o", "s.csv"}).code, 0);
  const auto sample = read_csv(path("s.csv")).table;
  EXPECT_EQ(sample.column_names(), (std::vector<std::string>{"eruptions", "waiting", "component"}));
  const auto file = load_gaussian_mixture(model);
  double count[2] = {0, 0};
  double mean[2] = {0, 0};
  for (std::int64_t i = 0; i < sample.rows(); ++i) {
    const auto k = static_cast<std::size_t>(sample.cell(i, 2));
    ASSERT_LT(k, 2u);
    count[k] += 1;
    mean[k] += sample.cell(i, 0);
  }
  for (int k = 0; k < 2; ++k) {
    const auto& gaussian = file.model.emissions();
    const double deviation = std::sqrt(gaussian.covariance(k)[0]);
    EXPECT_NEAR(count[k] / 20000, file.model.weights()[static_cast<std::size_t>(k)], 5 * 0.5 / std::sqrt(20000.0));
    EXPECT_NEAR(mean[k] / count[k], gaussian.mean(k)[0], 5 * deviation / std::sqrt(count[k]));
  }
}

TEST_F(ModelCommands, ImputeChangesMissingCellsAlone) {
  EXPECT_EQ(run({"fit", "gaussian-mixture", data("airquality.csv"), "--columns", "Temp,Ozone,Solar.R", "-k", "2", "-o",
                 "m.json", "--quiet"})
                .code,
            0);
  EXPECT_EQ(run({"impute", "m.json", data("airquality.csv"), "-o", "full.csv"}).out, "");
  const auto before = read_csv(data("airquality.csv")).table;
  const auto after = read_csv(path("full.csv")).table;
  ASSERT_EQ(after.rows(), before.rows());
  const auto file = load_gaussian_mixture(path("m.json"));
  int filled = 0;
  for (std::int64_t i = 0; i < before.rows(); ++i) {
    for (int j = 0; j < before.columns(); ++j) {
      if (!std::isnan(before.cell(i, j))) {
        EXPECT_EQ(after.cell(i, j), before.cell(i, j));
        continue;
      }
      EXPECT_TRUE(std::isfinite(after.cell(i, j)));
      ++filled;
      double row[3] = {before.cell(i, 3), before.cell(i, 0), before.cell(i, 1)};
      double complete[3];
      Block block;
      block.x = {row, 1, 3, 1};
      block.has_missing = true;
      impute(file.model, block, {complete, 1, 3, 1});
      EXPECT_EQ(after.cell(i, j), complete[j + 1]);
    }
  }
  EXPECT_EQ(filled, 44);
  EXPECT_EQ(run({"impute", "m.json", data("airquality.csv")}).out, read("full.csv")) << "standard output";
  EXPECT_EQ(run({"impute", "m.json", "full.csv", "-o", "full.csv"}).code, 0) << "a file may be filled in place";
  EXPECT_EQ(run({"impute", "m.json", "-"}, read("full.csv")).out, read("full.csv")) << "nothing was left to fill";
}

TEST_F(ModelCommands, ImputeKeepsTheRestByteForByte) {
  const std::string model = faithful_model();
  write("q.csv", "note,waiting,\"eruptions\"\r\n\"a, \"\"b\"\"\", 80.00 ,NA\r\n,?,?\r\nNA,50,1.9\r\n");
  const auto finished = run({"impute", model, "q.csv"});
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_EQ(finished.out.find("note,waiting,\"eruptions\"\r\n\"a, \"\"b\"\"\", 80.00 ,4.2"), 0u) << finished.out;
  EXPECT_NE(finished.out.find("\r\nNA,50,1.9\r\n"), std::string::npos);
}

TEST_F(ModelCommands, NpyInNpyOut) {
  const std::string model = faithful_model();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> values = {4.5, 1.9, nan, 80, nan, 50};
  write_npy(path("x.npy"), {values.data(), 3, 2, 3});
  write("x.csv", "eruptions,waiting\n4.5,80\n1.9,NA\nNA,50\n");
  EXPECT_EQ(run({"predict", model, "x.npy", "--probabilities"}).out,
            run({"predict", model, "x.csv", "--probabilities"}).out);
  EXPECT_REFUSED(run({"impute", model, "x.npy"}), "-o: must name an .npy file");
  EXPECT_REFUSED(run({"impute", model, "x.npy", "-o", "y.csv"}), "-o: must name an .npy file");
  EXPECT_EQ(run({"impute", model, "x.npy", "-o", "x.npy"}).code, 0);
  const auto filled = read_npy(path("x.npy"));
  write("filled.csv", run({"impute", model, "x.csv"}).out);
  const auto text = read_csv(path("filled.csv")).table;
  for (std::int64_t i = 0; i < 3; ++i) {
    for (int j = 0; j < 2; ++j) EXPECT_EQ(filled.cell(i, j), text.cell(i, j));
  }
  write_npy(path("one.npy"), {values.data(), 3, 1, 3});
  EXPECT_REFUSED(run({"predict", model, "one.npy"}), "one.npy: has 1 columns, but the model has 2");
  EXPECT_REFUSED(run({"predict", model, "x.csv", "-o", "y.npy"}), "-o: the result is CSV");
}

TEST_F(ModelCommands, DescribeShowsTheModel) {
  const std::string model = faithful_model();
  const auto text = run({"describe", model});
  EXPECT_EQ(text.code, 0);
  for (const char* word : {"2 components", "full", "eruptions", "waiting", "converged", "Correlations", "BIC"}) {
    EXPECT_NE(text.out.find(word), std::string::npos) << word << "\n" << text.out;
  }
  const Json described = json({"describe", model, "--json"});
  const Json file = Json::parse(read("model.json"));
  for (const auto& [key, value] : file.items()) EXPECT_EQ(described[key], value) << key;
  EXPECT_NEAR(described["standard_deviations"][0][0].get<double>(),
              std::sqrt(file["covariances"][0][0][0].get<double>()), 1e-15);
  EXPECT_EQ(run({"describe", "-"}, read("model.json")).out, text.out);
}

TEST_F(ModelCommands, HostileModelFilesAreRefused) {
  const std::string model = faithful_model();
  const Json sound = Json::parse(read("model.json"));
  const auto expect_refused = [&](const char* pointer, const Json& value, const char* message) {
    Json bad = sound;
    bad[Json::json_pointer(pointer)] = value;
    write("bad.json", bad.dump());
    EXPECT_REFUSED(run({"describe", "bad.json"}), message);
  };
  expect_refused("/version", 99, "bad.json: version: is 99");
  expect_refused("/components", 1000000000, "bad.json: components: says 1000000000");
  expect_refused("/weights/0", 7, "bad.json: weights: must sum to 1");
  expect_refused("/means", {{1}, {2}}, "bad.json: covariances[0]");
  expect_refused("/covariances/1/0/0", -1, "bad.json: covariances[1]: is not");
  expect_refused("/columns", {"x", "x"}, "bad.json: columns[1]: 'x' comes twice");
  write("bad.json", std::string(200000, '['));
  EXPECT_REFUSED(run({"predict", "bad.json", data("faithful.csv")}), "bad.json: cannot be read as JSON");
  write("bad.json", "");
  EXPECT_REFUSED(run({"sample", "bad.json", "-n", "1"}), "bad.json: cannot be read as JSON");
  EXPECT_REFUSED(run({"score", data("faithful.csv"), data("faithful.csv")}), "faithful.csv: cannot be read as JSON");
  EXPECT_REFUSED(run({"describe", "/dev/null"}), "/dev/null");
}

TEST_F(ModelCommands, OneStandardInputIsNotTwo) {
  EXPECT_REFUSED(run({"predict", "-", "-"}, "{}"), "standard input is the model already");
  EXPECT_REFUSED(run({"fit", "gaussian-mixture", "-", "--start", "-"}, "{}"), "standard input is the data already");
}

TEST_F(ModelCommands, InputsAreNotOverwritten) {
  const std::string model = faithful_model();
  EXPECT_REFUSED(run({"predict", model, data("faithful.csv"), "-o", model}), "would overwrite");
  EXPECT_REFUSED(run({"impute", model, data("faithful.csv"), "-o", "./model.json"}), "would overwrite");
  EXPECT_REFUSED(run({"score", model, data("faithful.csv"), "-o", data("faithful.csv")}), "would overwrite");
}

}  // namespace
}  // namespace jensen::cli
