// Mixtures of tables that a schema describes: any schema, weights, holes and labels.
#include <jensen/data/csv.h>
#include <jensen/emissions/component_order.h>
#include <jensen/emissions/product.h>
#include <jensen/fit_mixture.h>
#include <jensen/math/random.h>
#include <jensen/model_file.h>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/refusal.h"
#include "support/source_folder.h"

namespace jensen {
namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

// A column that some kind could have made: two groups, told apart a little.
double cell(const std::string& kind, int group, Stream& stream) {
  const double u = stream.uniform();
  if (kind == "gaussian") return 3.0 * group + stream.normal();
  if (kind == "log-normal" || kind == "gamma" || kind == "weibull") return std::exp(group + 0.5 * stream.normal());
  if (kind == "exponential") return stream.exponential() * (1 + 4 * group);
  if (kind == "beta") return 0.1 + 0.3 * group + 0.5 * u;
  if (kind == "von-mises") return 1.5 * group + 0.5 * stream.normal();
  if (kind == "uniform") return u;
  if (kind == "bernoulli") return u < 0.3 + 0.4 * group ? 1 : 0;
  if (kind == "categorical") return std::floor(3 * (group == 0 ? u * u : std::sqrt(u)));
  return std::floor(stream.exponential() * (2 + 5 * group));  // counts
}

struct Random {
  Schema schema;
  Table table;
};

// Three to five columns of any kinds, some of them jointly Gaussian, with any of holes, weights and labels.
Random random_table(std::uint64_t seed) {
  Stream stream(seed, Purpose::test, 77);
  const std::vector<std::string> kinds = {
      "gaussian", "log-normal", "exponential",       "gamma",     "weibull",   "beta",        "von-mises",
      "uniform",  "poisson",    "negative-binomial", "geometric", "bernoulli", "categorical", "zero-inflated-poisson"};
  Schema schema;
  int columns = 0;
  const int parts = 2 + static_cast<int>(3 * stream.uniform());
  for (int p = 0; p < parts; ++p) {
    SchemaPart part;
    part.kind = kinds[static_cast<std::size_t>(stream.uniform() * static_cast<double>(kinds.size()))];
    const int width = part.kind == "gaussian" ? 1 + static_cast<int>(2 * stream.uniform()) : 1;
    for (int j = 0; j < width; ++j) part.columns.push_back("c" + std::to_string(columns++));
    schema.push_back(std::move(part));
  }
  const std::int64_t rows = 60;
  std::vector<double> values(static_cast<std::size_t>(rows * columns));
  std::vector<double> weights;
  std::vector<std::int32_t> labels;
  const double holes = stream.uniform() < 0.5 ? 0 : 0.15;
  const bool weighted = stream.uniform() < 0.5;
  const bool labelled = stream.uniform() < 0.5;
  for (std::int64_t i = 0; i < rows; ++i) {
    const int group = i % 2 == 0 ? 0 : 1;
    int column = 0;
    for (const auto& part : schema) {
      for (std::size_t j = 0; j < part.columns.size(); ++j, ++column) {
        const double x = cell(part.kind, group, stream);
        values[static_cast<std::size_t>(column * rows + i)] = stream.uniform() < holes ? missing : x;
      }
    }
    weights.push_back(i == 5 ? 0 : 0.5 + stream.uniform());
    labels.push_back(stream.uniform() < 0.2 ? group : -1);
  }
  Table table(std::move(values), rows, columns, columns_of(schema));
  if (weighted) table = table.with_weights(std::move(weights));
  if (labelled) table = table.with_labels(labels, 2);
  return {std::move(schema), std::move(table)};
}

Options quick() {
  Options options = from_data();
  options.restarts = 2;
  options.max_iterations = 60;
  options.threads = 1;
  return options;
}

TEST(FitMixtureTable, AnySchemaWeightsHolesAndLabelsClimbOrAreRefusedByName) {
  int fitted = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const Random random = random_table(seed);
    SCOPED_TRACE(to_string(random.schema) + " seed " + std::to_string(seed));
    try {
      const FittedTable fit = fit_mixture(random.table, random.schema, 2, quick());
      ++fitted;
      EXPECT_TRUE(fit.report.monotone);
      EXPECT_NE(fit.report.outcome, Outcome::objective_fell);
      EXPECT_TRUE(std::isfinite(fit.report.log_likelihood));
      for (std::size_t i = 1; i < fit.report.trace.size(); ++i) {
        EXPECT_GE(fit.report.trace[i].gain, -1e-8 * std::abs(fit.report.log_likelihood));
      }
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("column"), std::string::npos) << error.what();
    }
  }
  EXPECT_GE(fitted, 35);
}

TEST(FitMixtureTable, WeightsAreDuplicates) {
  const Random random = random_table(3);
  std::vector<double> twice;
  for (int j = 0; j < random.table.columns(); ++j) {
    for (std::int64_t i = 0; i < 2 * random.table.rows(); ++i) twice.push_back(random.table.cell(i / 2, j));
  }
  const Table plain(std::move(twice), 2 * random.table.rows(), random.table.columns(), random.table.column_names());
  std::vector<double> values;
  for (int j = 0; j < random.table.columns(); ++j) {
    for (std::int64_t i = 0; i < random.table.rows(); ++i) values.push_back(random.table.cell(i, j));
  }
  const Table weighted =
      Table(std::move(values), random.table.rows(), random.table.columns(), random.table.column_names())
          .with_weights(std::vector<double>(static_cast<std::size_t>(random.table.rows()), 2.0));
  Options options = quick();
  options.start = Start::hierarchical;
  options.restarts = 1;
  const auto a = fit_mixture(plain, random.schema, 2, options);
  const auto b = fit_mixture(weighted, random.schema, 2, options);
  EXPECT_NEAR(a.report.log_likelihood, b.report.log_likelihood, 1e-6 * std::abs(a.report.log_likelihood));
}

TEST(FitMixtureTable, ComponentsComeInAnOrderThatNoStartChanges) {
  const auto table = read_csv(in_source("data/faithful.csv")).table;
  const Schema schema = parse_schema("eruptions:gaussian, waiting:gaussian");
  std::vector<double> first;
  for (const std::uint64_t seed : {1, 2, 3, 4}) {
    Options options = from_data();
    options.restarts = 1;
    options.seed = seed;
    const auto fit = fit_mixture(table, schema, 2, options);
    const auto place = expected_values(fit.model.emissions());
    EXPECT_LT(place[0][0], place[1][0]) << seed;
    if (first.empty()) first = fit.model.parameters();
    for (std::size_t i = 0; i < first.size(); ++i) {
      EXPECT_NEAR(fit.model.parameters()[i], first[i], 1e-3 * std::max(1.0, std::abs(first[i])));
    }
  }
}

TEST(FitMixtureTable, ReorderingChangesNumbersOfComponentsAndNothingElse) {
  const Random random = random_table(11);
  auto fit = fit_mixture(random.table, random.schema, 2, quick());
  AnyEmissions turned = fit.model.emissions();
  const int order[] = {1, 0};
  ASSERT_TRUE(reorder(turned, order));
  const AnyMixture other({fit.model.weights()[1], fit.model.weights()[0]}, turned);
  BlockBuffer buffer;
  Block block = random.table.block(0, random.table.rows(), buffer);
  block.allowed = {};
  std::vector<double> before(static_cast<std::size_t>(block.rows()));
  std::vector<double> after(before.size());
  fit.model.score(block, before);
  other.score(block, after);
  for (std::size_t i = 0; i < before.size(); ++i) EXPECT_NEAR(before[i], after[i], 1e-10 * (1 + std::abs(before[i])));
}

TEST(FitMixtureTable, FilesKeepEveryBitOfAnySchema) {
  for (std::uint64_t seed = 100; seed < 110; ++seed) {
    const Random random = random_table(seed);
    SCOPED_TRACE(to_string(random.schema));
    const Schema whole = resolved(random.schema, random.table);
    const AnyMixture model = mixture_for(random.table, emissions_for(whole, 2));
    ModelFile file{std::make_shared<Erased<AnyMixture>>(model), columns_of(whole), {}, {}, whole};
    const ModelFile read = parse_model(model_text(file), "test");
    EXPECT_EQ(model_kind(read), "mixture");
    EXPECT_EQ(read.model->parameters(), model.parameters());
    EXPECT_EQ(model_text(read), model_text(file));
  }
}

TEST(FitMixtureTable, HolesAreFilledWithWhatTheComponentsExpect) {
  const Schema schema = parse_schema("a:gaussian, b:poisson, c:bernoulli");
  // Two groups that c tells apart for certain.
  std::vector<double> values;
  for (int i = 0; i < 40; ++i) values.push_back(i % 2 == 0 ? i % 4 : 100 + i % 4);
  for (int i = 0; i < 40; ++i) values.push_back(i % 2 == 0 ? 2 : 50);
  for (int i = 0; i < 40; ++i) values.push_back(i % 2);
  values[0] = values[40] = missing;  // row 0 is known by c alone
  values[80 + 3] = missing;          // row 3 by a and b
  const Table table(values, 40, 3, {"a", "b", "c"});
  const auto fit = fit_mixture(table, schema, 2);
  std::vector<double> filled(values.size());
  BlockBuffer buffer;
  fit.model.impute(table.block(0, 40, buffer), {filled.data(), 40, 3, 40});
  EXPECT_NEAR(filled[40], 2, 1e-3);
  EXPECT_NEAR(filled[0], 20.0 / 19, 1e-3);  // even rows but the first: nine of 0 and ten of 2
  EXPECT_EQ(filled[80 + 3], 1);
  EXPECT_EQ(filled[1], values[1]);
}

TEST(FitMixtureTable, RefusesByName) {
  const Table table(std::vector<double>{1, 2, -3, 4, 7, 7, 7, 7}, 4, 2, {"a", "b"});
  const auto refused = [&](const char* schema, int components = 1) {
    return support::refusal([&] { fit_mixture(table, parse_schema(schema), components); });
  };
  EXPECT_NE(refused("a:log-normal, b:poisson").find("row 3, column 'a'"), std::string::npos)
      << refused("a:log-normal, b:poisson");
  EXPECT_NE(refused("a:gaussian, b:gaussian").find("column 'b' is constant"), std::string::npos);
  EXPECT_NE(refused("a:gauss, b:poisson").find("'gauss' is none of the kinds"), std::string::npos);
  EXPECT_NE(refused("a:poisson(rate=2), b:poisson").find("poisson has no option 'rate'; it has exposure"),
            std::string::npos);
  EXPECT_NE(refused("a+b:poisson").find("poisson is about one column, not 2"), std::string::npos);
  EXPECT_NE(refused("a:gaussian(round), b:poisson").find("'round'"), std::string::npos);
  EXPECT_NE(refused("a:gaussian, b:poisson", 5).find("must be at most 4"), std::string::npos);
  EXPECT_NE(refused("a:gaussian").find("reads 1 columns, the data have 2"), std::string::npos);
}

}  // namespace
}  // namespace jensen
