// Mixtures of tables that a schema describes: any schema, weights, holes and labels.
#include <jensen/data/csv.h>
#include <jensen/emissions/component_order.h>
#include <jensen/emissions/continuous.h>
#include <jensen/emissions/product.h>
#include <jensen/emissions/regression.h>
#include <jensen/emissions/student_t.h>
#include <jensen/fit_mixture.h>
#include <jensen/math/random.h>
#include <jensen/model_file.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

#include "support/golden.h"
#include "support/refusal.h"
#include "support/source_folder.h"

namespace jensen {
namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

// Columns that some kind could have made: two groups, told apart a little. What the kind models, then what it is given.
std::vector<double> cells(const SchemaPart& part, int group, Stream& stream) {
  const std::string& kind = part.kind;
  const double u = stream.uniform();
  if (kind == "von-mises-fisher") {
    double length = 0;
    std::vector<double> row;
    for (std::size_t j = 0; j < part.columns.size(); ++j) {
      row.push_back((j == 0 ? 1.0 - 2 * group : 0.3) + 0.5 * stream.normal());
      length += row.back() * row.back();
    }
    for (double& x : row) x /= std::sqrt(length);
    return row;
  }
  if (part.columns.size() > 1 && kind != "multinomial") {
    std::vector<double> row;
    for (std::size_t j = 0; j < part.columns.size(); ++j) row.push_back(3.0 * group + stream.normal());
    return row;
  }
  const double count = std::floor(stream.exponential() * (2 + 5 * group));
  if (kind == "multinomial") return {count, std::floor(6 * u), 3.0 * group};
  if (kind.ends_with("-regression")) {
    const double x = stream.normal();
    const double eta = 0.5 + group + 0.3 * x;
    if (kind == "linear-regression") return {eta + 0.3 * stream.normal(), x};
    if (kind == "binomial-regression") return {std::floor(8 * u * (1 + group) / 2), 8, x};
    if (kind == "gamma-regression") return {std::exp(eta) * (0.5 + u), x};
    return {count, 1 + std::floor(3 * u), x};  // offset: of Poisson
  }
  if (part.option("upper") != nullptr) {  // an end is missing now and then, or equal to the other
    const bool counts = kind == "poisson" || kind == "geometric" || kind == "negative-binomial";
    const double lower = counts ? count : kind == "beta" ? 0.1 + 0.35 * u : std::exp(group + 0.5 * stream.normal());
    const double v = stream.uniform();
    return {v < 0.2 ? missing : lower, v > 0.8 ? missing : v > 0.5 ? lower * 2 : v < 0.2 ? lower : lower};
  }
  if (part.option("exposure") != nullptr) return {count, 0.5 + u};
  if (kind == "binomial") return {std::floor(8 * u * (1 + group) / 2), 8};
  if (part.option("above") != nullptr && *part.option("above") == "0") return {1 + std::floor(7 * u * u)};
  if (part.option("above") != nullptr && kind == "beta") return {0.15 + 0.3 * group + 0.4 * u};
  if (part.option("above") != nullptr) return {0.1 + 2.8 * (group == 0 ? u * u : std::sqrt(u))};
  if (kind == "gaussian" || kind == "student-t" || kind == "normal") return {3.0 * group + stream.normal()};
  if (kind == "mixture") return {3.0 * group + (u < 0.5 ? -6 : 6) + stream.normal()};
  if (kind == "log-normal" || kind == "gamma" || kind == "weibull") return {std::exp(group + 0.5 * stream.normal())};
  if (kind == "exponential") return {stream.exponential() * (1 + 4 * group)};
  if (kind == "beta") return {0.1 + 0.3 * group + 0.5 * u};
  if (kind == "von-mises") return {1.5 * group + 0.5 * stream.normal()};
  if (kind == "uniform") return {u};
  if (kind == "bernoulli") return {u < 0.3 + 0.4 * group ? 1.0 : 0.0};
  if (kind == "categorical") return {std::floor(3 * (group == 0 ? u * u : std::sqrt(u)))};
  return {count};
}

// A part of that kind, its columns called by `next` and the numbers after it.
SchemaPart random_part(const std::string& kind, int& next, Stream& stream) {
  const auto name = [&] { return "c" + std::to_string(next++); };
  SchemaPart part{{}, kind, {}, {}};
  const bool joint = kind == "gaussian" || kind == "student-t" || kind == "factor-analyzers" || kind == "mixture" ||
                     kind == "von-mises-fisher";
  const int least = kind == "factor-analyzers" || kind == "von-mises-fisher" ? 2 : kind == "multinomial" ? 3 : 1;
  const int width = least + (joint ? static_cast<int>(2 * stream.uniform()) : 0);
  for (int j = 0; j < width; ++j) part.columns.push_back(name());
  const bool counts = kind == "poisson" || kind == "geometric" || kind == "negative-binomial";
  const bool lifetime = kind == "normal" || kind == "log-normal" || kind == "exponential" || kind == "weibull" ||
                        kind == "gamma" || kind == "beta" || counts;
  const double u = stream.uniform();
  if (lifetime && u < 0.3) part.options.emplace_back("upper", name());
  if (lifetime && u > 0.7) {
    part.options = {{"above", counts ? "0" : "0.1"}, {"below", counts ? "9" : kind == "beta" ? "0.9" : "3"}};
  }
  if (kind == "poisson" && u > 0.3 && u < 0.6) part.options.emplace_back("exposure", name());
  if (kind == "poisson-regression") part.options.emplace_back("offset", name());
  if (kind == "binomial" || kind == "binomial-regression") part.options.emplace_back("trials", name());
  if (kind.ends_with("-regression")) part.options.emplace_back("x1", name());
  return part;
}

struct Random {
  Schema schema;
  Table table;
};

// Two to four parts of any kinds, with any of holes, weights of either kind, labels or sets of them, and groups. The
// kind `first` is among them.
Random random_table(std::uint64_t seed, const std::string& first = "") {
  Stream stream(seed, Purpose::test, 77);
  const auto kinds = schema_kinds();
  Schema schema;
  int columns = 0;
  const int parts = 2 + static_cast<int>(3 * stream.uniform());
  for (int p = 0; p < parts; ++p) {
    const auto any = static_cast<std::size_t>(stream.uniform() * static_cast<double>(kinds.size()));
    schema.push_back(random_part(p == 0 && !first.empty() ? first : kinds[any], columns, stream));
  }
  const std::int64_t rows = 60;
  const auto names = columns_of(schema);
  std::vector<double> values(static_cast<std::size_t>(rows) * names.size());
  std::vector<double> weights;
  std::vector<std::int32_t> labels;
  const double holes = stream.uniform() < 0.5 ? 0 : 0.15;
  const double weighted = stream.uniform();
  const double labelled = stream.uniform();
  for (std::int64_t i = 0; i < rows; ++i) {
    const int group = i % 2 == 0 ? 0 : 1;
    for (const auto& part : schema) {
      const auto row = cells(part, group, stream);
      const auto of_part = columns_of(part);
      for (std::size_t j = 0; j < of_part.size(); ++j) {
        const auto column = std::find(names.begin(), names.end(), of_part[j]) - names.begin();
        const bool given = j >= part.columns.size();
        values[static_cast<std::size_t>(column * rows + i)] = !given && stream.uniform() < holes ? missing : row.at(j);
      }
    }
    weights.push_back(i == 5 ? 0 : 0.5 + stream.uniform());
    labels.push_back(stream.uniform() < 0.2 ? (labelled < 0.25 ? 2 : group) : -1);
  }
  Table table(std::move(values), rows, static_cast<int>(names.size()), names);
  if (weighted < 0.5) {
    table = table.with_weights(std::move(weights), weighted < 0.25 ? WeightKind::sampling : WeightKind::frequency);
  }
  // The sets say one component, the other, or both.
  if (labelled < 0.5) table = table.with_allowed(labels, {2, {1, 0, 0, 1, 1, 1}});
  return {std::move(schema), std::move(table)};
}

Options quick() {
  Options options = from_data();
  options.restarts = 2;
  options.max_iterations = 60;
  options.threads = 1;
  return options;
}

void expect_climbs(const Report& report) {
  EXPECT_TRUE(report.monotone);
  EXPECT_NE(report.outcome, Outcome::objective_fell);
  EXPECT_TRUE(std::isfinite(report.log_likelihood));
  for (std::size_t i = 1; i < report.trace.size(); ++i) {
    EXPECT_GE(report.trace[i].gain, -1e-8 * std::abs(report.log_likelihood));
  }
}

// Every kind comes first once at least, so that a new one is tried without a line here.
TEST(FitMixtureTable, AnySchemaWeightsHolesAndLabelsClimbOrAreRefusedByName) {
  const auto kinds = schema_kinds();
  const std::uint64_t tables = 2 * kinds.size();
  std::uint64_t fitted = 0;
  for (std::uint64_t seed = 0; seed < tables; ++seed) {
    const Random random = random_table(seed, kinds[seed % kinds.size()]);
    SCOPED_TRACE(to_string(random.schema) + " seed " + std::to_string(seed));
    try {
      expect_climbs(fit_mixture(random.table, random.schema, 2, quick()).report);
      ++fitted;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("column"), std::string::npos) << error.what();
    }
  }
  EXPECT_GE(fitted, tables - 5);
}

TEST(FitMixtureTable, AnySchemaOfGroupsClimbsOrIsRefusedByName) {
  int fitted = 0;
  for (std::uint64_t seed = 100; seed < 115; ++seed) {
    const Random random = random_table(seed);
    SCOPED_TRACE(to_string(random.schema) + " seed " + std::to_string(seed));
    try {
      // Without labels and weights, which differ within groups.
      std::vector<double> values;
      for (int j = 0; j < random.table.columns(); ++j) {
        for (std::int64_t i = 0; i < 60; ++i) values.push_back(random.table.cell(i, j));
      }
      const Table rows(std::move(values), 60, random.table.columns(), random.table.column_names());
      expect_climbs(
          fit_grouped_mixture(rows.with_sequences({0, 1, 3, 8, 9, 20, 33, 34, 50, 60}), random.schema, 2, quick())
              .report);
      ++fitted;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("column"), std::string::npos) << error.what();
    }
  }
  EXPECT_GE(fitted, 12);
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
    const AnyMixture model(emissions_for(whole, 2));
    ModelFile file{std::make_shared<Erased<AnyMixture>>(model), columns_of(whole), {}, {}, whole};
    const ModelFile read = parse_model(model_text(file), "test");
    EXPECT_EQ(model_kind(read), "mixture");
    EXPECT_EQ(read.model->parameters(), model.parameters());
    EXPECT_EQ(model_text(read), model_text(file));
  }
}

TEST(FitMixtureTable, FilesOfGroupsAndFactorsComeBack) {
  const Schema schema = parse_schema("y:linear-regression(x1=\"sex[m]\")");
  Independent<LinearRegression> lines(2, LinearRegression({1, true, false}));
  lines.set_parameters(std::vector<double>{1, 2, 0.5, -1, 0.25, 3});
  AnyEmissions emissions = emissions_for(schema, 2);
  emissions.set_parameters(lines.parameters());
  const AnyGroupedMixture model({0.3, 0.7}, emissions);
  ModelFile file{std::make_shared<Erased<AnyGroupedMixture>>(model), columns_of(schema), {}, {}, schema};
  file.sequence = "who";
  file.factors = {{"sex", {"f", "m"}}};
  const ModelFile read = parse_model(model_text(file), "test");
  EXPECT_EQ(model_kind(read), "grouped-mixture");
  EXPECT_EQ(read.sequence, "who");
  ASSERT_EQ(read.factors.size(), 1u);
  EXPECT_EQ(read.factors[0].levels, (std::vector<std::string>{"f", "m"}));
  EXPECT_EQ(read.model->parameters(), model.parameters());
  file.factors = {{"job", {"a", "b"}}};
  EXPECT_NE(support::refusal<DataError>([&] { model_text(file); }).find("factors"), std::string::npos)
      << "no column is of this factor";
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

// Kinds of several columns and ranges ---------------------------------------------------------------------------------

Options precise() {
  Options options = from_data();
  options.tolerance = 1e-12;
  options.max_iterations = 5000;
  options.threads = 1;
  return options;
}

Table faithful() { return read_csv(in_source("data/faithful.csv")).table; }

// Two clusters and a few outliers, in columns of any scale and place.
Table heavy_tails(const std::vector<double>& scales, const std::vector<double>& shifts) {
  constexpr std::int64_t rows = 240;
  std::vector<double> x(2 * rows);
  for (std::int64_t i = 0; i < rows; ++i) {
    Stream stream(11, Purpose::test, 0, 0, static_cast<std::uint64_t>(i));
    const double stretch = i % 40 == 0 ? 12 : 1;
    const double first = (i % 3 == 0 ? 7 : 0) + stretch * stream.normal();
    const double second = (i % 3 == 0 ? -4 : 0) + 0.5 * first + stretch * stream.normal();
    x[static_cast<std::size_t>(i)] = shifts[0] + scales[0] * first;
    x[static_cast<std::size_t>(i + rows)] = shifts[1] + scales[1] * second;
  }
  return {std::move(x), rows, 2};
}

AnyEmissions two_student_ts() { return StudentT(2, 2, Covariance::full); }

// S₀ is the scale matrix of a single t, at which rows weigh one on average (Kent, Tyler and Vardi 1994).
TEST(FitMixtureTable, ThePriorOfAStudentTIsTheDatasOwnScale) {
  const Table data = heavy_tails({1, 1}, {0, 0});
  const auto plain = mixture_for(data, two_student_ts(), Prior::data_scaled, 1);
  const auto* t = plain.emissions().as<StudentT>();
  const auto s = t->prior().scale;
  const double determinant = s[0] * s[2] - s[1] * s[1];
  BlockBuffer buffer;
  const Block x = data.block(0, data.rows(), buffer);
  double weights = 0;
  for (std::int64_t i = 0; i < x.rows(); ++i) {
    const double a = x.x(i, 0) - t->mean(0)[0];
    const double b = x.x(i, 1) - t->mean(0)[1];
    const double distance = (s[2] * a * a - 2 * s[1] * a * b + s[0] * b * b) / determinant;
    weights += (t->nu(0) + 2) / (t->nu(0) + distance) / static_cast<double>(x.rows());
  }
  EXPECT_NEAR(weights, 1, 1e-8);
  for (const auto& [a, b, shift] :
       {std::tuple{1e6, 1e6, 0.0}, {1e100, 1e100, 0.0}, {1e-3, 1e100, 0.0}, {1e-100, 1.0, 0.0}, {1.0, 1.0, 1e9}}) {
    const Table moved = heavy_tails({a, b}, {shift, -shift});
    const auto mixture = mixture_for(moved, two_student_ts(), Prior::data_scaled, 1);
    const auto found = mixture.emissions().as<StudentT>()->prior().scale;
    const double wanted[3] = {s[0] * a * a, s[1] * a * b, s[2] * b * b};
    for (std::size_t j = 0; j < 3; ++j) EXPECT_NEAR(found[j] / wanted[j], 1, 1e-5) << a << ' ' << b << ' ' << shift;
  }
}

TEST(FitMixtureTable, StudentTsGoWithTheScaleOfTheirColumns) {
  Options options;
  options.restarts = 3;
  options.start = Start::k_means_plus_plus;
  const auto fitted = [&](double scale) {
    const Table data = heavy_tails({scale, scale}, {0, 0});
    const auto found = fit_mixture(data, two_student_ts(), options);
    EXPECT_TRUE(found.report.converged()) << found.report.message;
    std::vector<double> p(2 * 240);
    BlockBuffer buffer;
    found.model.responsibilities(data.block(0, 240, buffer), {p.data(), 240, 2, 240});
    return std::pair(found.model.emissions().as<StudentT>()->scale(0), p);
  };
  const auto [scale, p] = fitted(1);
  for (const double factor : {1e6, 1e100}) {
    const auto [moved_scale, moved_p] = fitted(factor);
    for (std::size_t j = 0; j < scale.size(); ++j) {
      EXPECT_NEAR(moved_scale[j] / factor / factor, scale[j], 1e-4) << factor;
    }
    for (std::size_t i = 0; i < p.size(); ++i) EXPECT_NEAR(moved_p[i], p[i], 1e-4) << factor << ' ' << i;
  }
}

TEST(FitMixtureTable, StudentTsReachTheGoldenNumbers) {
  for (const auto& [id, kind] : {std::pair{"tmix_faithful_K2_VVV_df5", "student-t(df=5)"},
                                 std::pair{"tmix_faithful_K2_VVV_freedf", "student-t"}}) {
    const golden::Json& golden = golden::case_named("student_t", id);
    const auto fit =
        fit_mixture(faithful(), parse_schema(std::string("eruptions + waiting:") + kind), 2, precise(), Prior::none);
    EXPECT_NEAR(fit.report.log_likelihood, golden.at("result").at("loglik"), 1e-5) << id;
    EXPECT_EQ(fit.report.free_parameters, golden.at("result").at("n_params")) << id;
  }
  const auto tied = fit_mixture(faithful(), parse_schema("eruptions + waiting:student-t(tied, df=tied)"), 2, precise());
  EXPECT_EQ(tied.report.free_parameters, 1 + 4 + 3 + 1);
}

TEST(FitMixtureTable, FactorAnalyzersReachTheGoldenNumber) {
  const golden::Json& golden = golden::case_named("factor_analyzers", "fa_iris_q1");
  std::string columns;
  for (const std::string name : golden.at("dataset").at("columns")) columns += (columns.empty() ? "" : " + ") + name;
  const Table iris = golden::table_of(golden.at("dataset")).value();
  const auto fit = fit_mixture(iris, parse_schema(columns + ":factor-analyzers(noise-floor=0.005)"), 1, precise());
  EXPECT_NEAR(fit.report.log_likelihood, golden.at("result").at("loglik"),
              golden.at("tolerance").at("loglik_abs").get<double>());
  // What components share is counted once: loadings, or one noise for all.
  const auto shared = fit_mixture(iris, parse_schema(columns + ":factor-analyzers(CCC, factors=2)"), 2, quick());
  EXPECT_EQ(shared.report.free_parameters, 1 + 8 + (8 - 1) + 1);
}

TEST(FitMixtureTable, DirectionsInThePlaneAreAngles) {
  Stream stream(3, Purpose::test);
  std::vector<double> values(180);
  for (std::size_t i = 0; i < 60; ++i) {
    const double angle = 0.4 + 0.5 * stream.normal();
    values[i] = std::cos(angle);
    values[60 + i] = 3 * std::sin(angle);
    values[120 + i] = angle;
  }
  const auto fit = [&](const char* schema, std::vector<double> columns) {
    return fit_mixture(Table(std::move(columns), 60, schema[1] == '+' ? 2 : 1), parse_schema(schema), 1, precise(),
                       Prior::none);
  };
  const auto angles = fit("a:von-mises", {values.begin() + 120, values.end()});
  std::vector<double> pairs(values.begin(), values.begin() + 120);
  EXPECT_NE(support::refusal([&] { fit("c+s:von-mises-fisher", pairs); }).find("not 1: normalize the rows"),
            std::string::npos);
  for (std::size_t i = 0; i < 60; ++i) pairs[60 + i] /= 3;
  EXPECT_NEAR(fit("c+s:von-mises-fisher", pairs).report.log_likelihood, angles.report.log_likelihood, 1e-8);
  for (std::size_t i = 0; i < 120; ++i) pairs[i] *= 7;
  EXPECT_NEAR(fit("c+s:von-mises-fisher(normalized)", pairs).report.log_likelihood, angles.report.log_likelihood, 1e-8);
}

TEST(FitMixtureTable, TruncatedKindsSolveTheirMomentEquations) {
  Stream stream(5, Purpose::test);
  std::vector<double> values;
  double mean = 0;
  double square = 0;
  while (values.size() < 200) {
    const double x = 1 + 2 * stream.normal();
    if (x <= 0 || x >= 4) continue;
    values.push_back(x);
    mean += x / 200;
    square += x * x / 200;
  }
  const Table table(values, 200, 1, {"x"});
  const auto exponential = fit_mixture(table, parse_schema("x:exponential(above=0)"), 1, precise());
  const auto plain = fit_mixture(table, parse_schema("x:exponential"), 1, precise(), Prior::none);
  EXPECT_NEAR(exponential.report.log_likelihood, plain.report.log_likelihood, 1e-8);  // all of it lies above 0
  const auto gamma = fit_mixture(table, parse_schema("x:gamma(above=0)"), 1, precise());
  const auto whole = fit_mixture(table, parse_schema("x:gamma"), 1, precise(), Prior::none);
  EXPECT_NEAR(gamma.report.log_likelihood, whole.report.log_likelihood, 1e-8);
  // The maximum of an exponential family has the sample's moments: those of N(μ, σ²) on (0, 4), by summation.
  const auto normal = fit_mixture(table, parse_schema("x:normal(above=0, below=4)"), 1, precise());
  ASSERT_TRUE(normal.report.converged()) << normal.report.message;
  const auto v = normal.model.emissions().parameters();
  double mass = 0;
  double first = 0;
  double second = 0;
  for (int i = 0; i < 100000; ++i) {
    const double x = (i + 0.5) * 4e-5;
    const double density = std::exp(-0.5 * std::pow((x - v[0]) / v[1], 2));
    mass += density;
    first += density * x;
    second += density * x * x;
  }
  EXPECT_NEAR(first / mass, mean, 1e-5);
  EXPECT_NEAR(second / mass, square, 1e-5);
  EXPECT_GT(normal.report.log_likelihood,
            fit_mixture(table, parse_schema("x:normal"), 1, precise(), Prior::none).report.log_likelihood + 5);
  EXPECT_NE(support::refusal([&] { fit_mixture(table, parse_schema("x:normal(above=1)"), 1); }).find("column 'x'"),
            std::string::npos);
}

TEST(FitMixtureTable, FilesAndSamplesOfJointKinds) {
  for (const char* text : {"a+b+c:student-t", "a+b+c:student-t(VEI, df=tied)", "a+b+c:student-t(df=4, diagonal)",
                           "a+b+c:factor-analyzers(factors=2)", "a+b+c:factor-analyzers(UCC, noise-floor=0.01)",
                           "a+b+c:von-mises-fisher(normalized)", "a:normal(below=9), b:weibull(above=0.5), c:normal"}) {
    SCOPED_TRACE(text);
    const Schema schema = parse_schema(text);
    EXPECT_EQ(to_string(parse_schema(to_string(schema))), to_string(schema));
    std::vector<double> values(150);
    Stream stream(2, Purpose::test);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = 1 + (i % 2 == 0 ? 3 : 0) + stream.uniform();
    const Table table(values, 50, 3, {"a", "b", "c"});
    const FittedTable fit = fit_mixture(table, schema, 2, quick());
    const auto place = expected_values(fit.model.emissions());
    EXPECT_LE(place[0], place[1]);
    ModelFile file{std::make_shared<Erased<AnyMixture>>(fit.model), columns_of(fit.schema), {}, {}, fit.schema};
    const ModelFile read = parse_model(model_text(file), "test");
    EXPECT_EQ(read.model->parameters(), fit.model.parameters());
    EXPECT_EQ(model_text(read), model_text(file));
    std::vector<double> drawn(30);
    std::vector<double> again(30);
    fit.model.sample(7, 0, {drawn.data(), 10, 3, 10}, {});
    read.model->sample(7, 0, {again.data(), 10, 3, 10}, {});
    EXPECT_EQ(drawn, again);
    for (double x : drawn) EXPECT_TRUE(std::isfinite(x));
  }
}

TEST(FitMixtureTable, RefusesOptionsOfJointKindsByName) {
  const Table table(std::vector<double>{1, 2, -3, 4, 7, 6, 5, 8}, 4, 2, {"a", "b"});
  const auto refused = [&](const char* schema) {
    return support::refusal([&] { fit_mixture(table, parse_schema(schema), 1); });
  };
  const auto expect = [&](const char* schema, const char* why) {
    EXPECT_NE(refused(schema).find(why), std::string::npos) << refused(schema);
  };
  expect("a+b:student-t(df=-1)", "df must be positive");
  expect("a+b:student-t(df=few)", "df must be a number");
  expect("a+b:student-t(full, diagonal)", "student-t takes one word");
  expect("a+b:gaussian(full, df=3)", "gaussian has no option 'df'");
  expect("a+b:factor-analyzers(factors=2)", "factors must be a whole number in 1 … 1");
  expect("a+b:factor-analyzers(UXU)", "UXU");
  expect("a+b:factor-analyzers(noise-floor=1)", "noise-floor must be in [0, 1)");
  expect("a+b:von-mises-fisher(unit)", "it has normalized");
  expect("a:factor-analyzers, b:gaussian", "factor-analyzers needs at least 2 columns");
  expect("a:normal(above=3, below=2), b:gaussian", "needs above < below");
  expect("a:von-mises(above=3), b:gaussian", "von-mises has no option 'above'");
}

// Gaussian columns where one is twice the other have no density; the prior is that of the variances alone.
TEST(FitMixtureTable, CollinearColumnsAreHeldByThePriorUnderEveryStructure) {
  std::vector<double> values(120);
  Stream stream(4, Purpose::test);
  for (std::size_t i = 0; i < 60; ++i) {
    values[i] = stream.normal() + (i % 2 == 0 ? 6 : 0);
    values[60 + i] = 2 * values[i];
  }
  const Table table(values, 60, 2, {"a", "b"});
  for (const Covariance structure : all_covariances(2)) {
    const Schema schema = parse_schema("a + b:gaussian(" + to_string(structure) + ")");
    const auto fit = fit_mixture(table, schema, 2, quick());
    for (const auto& d : fit.report.degeneracies) EXPECT_FALSE(d.fatal) << to_string(structure) << ": " << d.reason;
    EXPECT_TRUE(std::isfinite(fit.report.log_likelihood)) << to_string(structure);
    EXPECT_LE(fit.report.log_prior, 0) << to_string(structure);
    EXPECT_TRUE(fit.report.monotone) << to_string(structure);
  }
}

// Numbers of size 1e8 differ by 1.5e-8 at least: a cluster of that width is rounding, not a distribution.
TEST(FitMixtureTable, AClusterNarrowerThanTheNumbersResolveIsDegenerate) {
  std::vector<double> values;
  std::vector<std::int32_t> labels;
  for (int i = 0; i < 40; ++i) {
    values.push_back(i < 20 ? 1e8 + (i % 2) * 0x1p-26 : 2e8 + 1000 * (i % 7));
    labels.push_back(i < 20 ? 0 : 1);
  }
  const Table table = Table(values, 40, 1, {"a"}).with_labels(labels, 2);
  for (const char* kind : {"a:gaussian", "a:student-t(df=5)"}) {
    const auto fit = fit_mixture(table, parse_schema(kind), 2, quick(), Prior::none);
    EXPECT_EQ(fit.report.outcome, Outcome::degenerate) << kind << fit.report.message;
    ASSERT_FALSE(fit.report.degeneracies.empty()) << kind;
    EXPECT_EQ(fit.report.degeneracies[0].component, 0);
  }
}

TEST(FitMixtureTable, GatedComponentsComeInCanonicalOrderWithTheirGate) {
  const Table table = read_csv(in_source("data/faithful.csv")).table;  // eruptions by the time waited
  const Schema schema = parse_schema("eruptions:gaussian");
  for (const std::uint64_t seed : {1, 2, 3}) {
    Options options = quick();
    options.seed = seed;
    options.restarts = 1;
    const auto fit = fit_mixture(table, schema, {"waiting"}, 2, options);
    const auto place = expected_values(fit.model.emissions());
    EXPECT_LT(place[0], place[1]);
    EXPECT_GT(fit.model.gate()[1], 0) << "long waits end in long eruptions";
  }
  Product parts({{Independent<Normal>({Normal(5, 1), Normal(1, 2), Normal(3, 1)}), {0}, "y"}}, 2);
  GatedMixture before(parts, {1});
  before.set_gate({0.3, -1, 2, 0.5});
  GatedMixture after = before;
  Report report;
  report.degeneracies.push_back({1, false, "small"});
  ASSERT_TRUE(sort_components(after, report));
  EXPECT_EQ(report.degeneracies[0].component, 0);
  const auto place = expected_values(after.emissions());
  EXPECT_LT(place[0], place[1]);
  EXPECT_LT(place[1], place[2]);
  BlockBuffer buffer;
  const Block block = table.block(0, 50, buffer);
  std::vector<double> a(50);
  std::vector<double> b(50);
  before.score(block, a);
  after.score(block, b);
  for (std::size_t i = 0; i < 50; ++i) EXPECT_NEAR(a[i], b[i], 1e-12 * (1 + std::abs(a[i])));
}

}  // namespace
}  // namespace jensen
