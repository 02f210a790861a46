// Mixtures of counts, latent classes and mixtures of regressions against R's flexmix, mixtools and poLCA, and published
// estimates; see README.md beside this file.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>

#include <jensen/data/csv.h>
#include <jensen/em/e_step.h>
#include <jensen/em/fit.h>
#include <jensen/emissions/categories.h>
#include <jensen/emissions/censored.h>
#include <jensen/emissions/counts.h>
#include <jensen/emissions/product.h>
#include <jensen/emissions/regression.h>
#include <jensen/fit_mixture.h>
#include <jensen/models/gated_mixture.h>
#include <jensen/models/grouped_mixture.h>

#include "support/golden.h"
#include "support/source_folder.h"

namespace jensen {
namespace {

using golden::columns_of;
using golden::Json;
using Vector = std::vector<double>;

const Json& case_named(const std::string& id) { return golden::case_named("families", id); }
std::vector<std::string> ids(const std::string& prefix, const std::string& kind) {
  std::vector<std::string> found;
  for (const auto& c : golden::cases("families")) {
    const std::string id = c.at("id");
    if (id.starts_with(prefix) && c.at("kind") == kind) found.push_back(id);
  }
  return found;
}
std::vector<std::string> grouped_ids(const std::string& kind) {
  auto all = ids("mixreg_npreg_grouped_", kind);
  for (const std::string& id : ids("mixbinom_", kind)) all.push_back(id);
  return all;
}
std::vector<std::string> regression_ids(const std::string& kind) {
  auto all = ids("mixreg_", kind);
  std::erase_if(all, [](const std::string& id) { return id.starts_with("mixreg_npreg_grouped_"); });
  for (const std::string& id : ids("mixpois_", kind)) all.push_back(id);
  return all;
}

class GoldenFamily : public testing::TestWithParam<std::string> {
 protected:
  const Json& golden = case_named(GetParam());
};
std::string name_of(const testing::TestParamInfo<std::string>& info) { return info.param; }

Options exact() {
  Options options;
  options.tolerance = 1e-12;
  options.max_iterations = 20000;
  options.threads = 1;
  return options;
}

void expect_near(double found, double expected, const Json& golden, const std::string& what) {
  const double tolerance = golden.at("tolerance").at("params_rel");
  EXPECT_NEAR(found, expected, tolerance * std::max(1.0, std::abs(expected))) << golden.at("id") << ": " << what;
}
void expect_likelihood(const Report& report, const Json& golden) {
  EXPECT_NEAR(report.log_likelihood, golden.at("result").at("loglik").get<double>(),
              golden.at("tolerance").at("loglik_abs").get<double>())
      << golden.at("id") << ": " << report.message;
  EXPECT_EQ(report.free_parameters, golden.at("result").at("n_params").get<int>()) << golden.at("id");
}

// Poisson mixtures --------------------------------------------------------------------------------------------------

std::optional<Table> counts_of(const Json& golden) {
  const Json& dataset = golden.at("dataset");
  const bool weighted = dataset.contains("weights");
  std::vector<std::string> names = {dataset.at("column")};
  if (weighted) names.push_back(dataset.at("weights"));
  const auto table = columns_of(dataset, names);
  if (!table) return std::nullopt;
  Vector x, w;
  for (std::int64_t i = 0; i < table->rows(); ++i) {
    x.push_back(table->cell(i, 0));
    w.push_back(weighted ? table->cell(i, 1) : 1);
  }
  return Table(std::move(x), table->rows(), 1).with_weights(std::move(w));
}

class PoissonMixtureFromItsInit : public GoldenFamily {};
class PoissonMixtureFromTheData : public GoldenFamily {};

TEST_P(PoissonMixtureFromItsInit, ReachesTheSameNumbers) {
  const auto data = counts_of(golden);
  if (!data) GTEST_SKIP() << golden::absent(golden);
  std::vector<Poisson> start;
  for (double rate : golden.at("init").at("rates")) start.emplace_back(rate);
  const auto fitted =
      fit(AnyMixture(golden.at("init").at("weights").get<Vector>(), Independent<Poisson>(start)), *data, exact());
  expect_likelihood(fitted.report, golden);
  const auto rates = fitted.model.emissions().parameters();
  for (std::size_t k = 0; k < rates.size(); ++k) {
    expect_near(rates[k], golden.at("result").at("params").at("rates").at(k), golden, "rate");
    expect_near(fitted.model.weights()[k], golden.at("result").at("params").at("weights").at(k), golden, "weight");
  }
}
INSTANTIATE_TEST_SUITE_P(Golden, PoissonMixtureFromItsInit, testing::ValuesIn(ids("poismix_", "from_init")), name_of);

TEST_P(PoissonMixtureFromTheData, ReachesTheBestKnown) {
  const auto data = counts_of(golden);
  if (!data) GTEST_SKIP() << golden::absent(golden);
  Options options = exact();
  options.start = Start::k_means_plus_plus;
  options.restarts = 5;
  const auto fitted = fit_mixture(*data, Independent<Poisson>(golden.at("model").at("K").get<int>()), options);
  expect_likelihood(fitted.report, golden);
}
INSTANTIATE_TEST_SUITE_P(Golden, PoissonMixtureFromTheData, testing::ValuesIn(ids("poismix_", "global")), name_of);

TEST(GoldenFamilies, ZeroInflatedPoisson) {
  const Json& golden = case_named("zip_biochemists_art");
  const Table data = counts_of(golden).value();
  const auto fitted = fit(AnyMixture(Independent<ZeroInflatedPoisson>(1)), data, exact());
  expect_likelihood(fitted.report, golden);
  expect_near(fitted.model.parameters()[1], golden.at("result").at("params").at("zero_weight"), golden, "zero");
  expect_near(fitted.model.parameters()[2], golden.at("result").at("params").at("rate"), golden, "rate");
}

// Latent classes ----------------------------------------------------------------------------------------------------

// Categories from 0; where cells are words the loader has coded them so.
std::optional<Table> items_of(const Json& golden) {
  const Json& dataset = golden.at("dataset");
  const auto codes = columns_of(dataset, dataset.at("columns"));
  if (!codes || dataset.contains("levels")) return codes;
  Vector levels;
  for (int j = 0; j < codes->columns(); ++j) {
    for (std::int64_t i = 0; i < codes->rows(); ++i) levels.push_back(codes->cell(i, j) - 1);
  }
  return Table(std::move(levels), codes->rows(), codes->columns());
}

class LatentClassesFromTheirInit : public GoldenFamily {};
class LatentClassesFromTheData : public GoldenFamily {};

TEST_P(LatentClassesFromTheirInit, ReachTheSameNumbers) {
  const auto data = items_of(golden);
  if (!data) GTEST_SKIP() << golden::absent(golden);
  std::vector<Product::Part> parts;
  int column = 0;
  for (const Json& item : golden.at("init").at("item_probs")) {
    std::vector<Categorical> states;
    for (const Json& state : item) {
      Vector p = state.get<Vector>();
      double total = 0;
      for (double v : p) total += v;
      for (double& v : p) v /= total;
      states.emplace_back(std::move(p));
    }
    parts.push_back({Independent<Categorical>(std::move(states)), {column++}, ""});
  }
  const auto fitted =
      fit(AnyMixture(golden.at("init").at("weights").get<Vector>(), Product(std::move(parts))), *data, exact());
  expect_likelihood(fitted.report, golden);
  for (std::size_t k = 0; k < fitted.model.weights().size(); ++k) {
    expect_near(fitted.model.weights()[k], golden.at("result").at("params").at("weights").at(k), golden, "weight");
  }
}
INSTANTIATE_TEST_SUITE_P(Golden, LatentClassesFromTheirInit, testing::ValuesIn(ids("lca_", "from_init")), name_of);

// No lower than what poLCA's starts reached.
TEST_P(LatentClassesFromTheData, ReachTheBestKnown) {
  const auto data = items_of(golden);
  if (!data) GTEST_SKIP() << golden::absent(golden);
  const int classes = golden.at("model").at("K");
  std::vector<Product::Part> parts;
  for (int j = 0; j < data->columns(); ++j) {
    const int levels = golden.at("dataset").at("categories").at(static_cast<std::size_t>(j));
    parts.push_back({Independent<Categorical>(classes, Categorical(levels)), {j}, ""});
  }
  Options options = exact();
  options.start = Start::random;
  options.restarts = 8;
  options.tolerance = 1e-11;
  options.acceleration = Acceleration::squarem;
  const auto fitted = fit_mixture(*data, Product(std::move(parts)), options);
  EXPECT_GE(fitted.report.log_likelihood,
            golden.at("result").at("loglik").get<double>() - golden.at("tolerance").at("loglik_abs").get<double>());
  EXPECT_EQ(fitted.report.free_parameters, golden.at("result").at("n_params").get<int>());
}
INSTANTIATE_TEST_SUITE_P(Golden, LatentClassesFromTheData, testing::ValuesIn(ids("lca_", "global")), name_of);

// Regressions -------------------------------------------------------------------------------------------------------

// Response, then the design without its intercept.
Table regression_table(const Json& golden) {
  const Json& dataset = golden.at("dataset");
  const std::string response = dataset.at("response");
  std::vector<std::string> names = {response};
  for (const std::string term : dataset.at("design")) {
    if (term == "log(Length)") names.push_back("Length");
    if (term != "1" && term != "x^2" && term != "log(Length)") names.push_back(term);
  }
  if (dataset.contains("gating")) names.push_back("RDS");
  const Table table = *columns_of(dataset, names);
  Vector values;
  for (int j = 0; j < table.columns(); ++j) {
    for (std::int64_t i = 0; i < table.rows(); ++i) {
      values.push_back(names[static_cast<std::size_t>(j)] == "Length" ? std::log(table.cell(i, j)) : table.cell(i, j));
    }
  }
  int columns = table.columns();
  if (response == "yn") {
    for (std::int64_t i = 0; i < table.rows(); ++i) values.push_back(table.cell(i, 1) * table.cell(i, 1));
    ++columns;
  }
  return Table(std::move(values), table.rows(), columns);
}

AnyEmissions regression_of(const Json& golden) {
  RegressionDesign design;
  design.covariates = static_cast<int>(golden.at("dataset").at("design").size()) - 1;
  const int states = golden.at("model").at("K");
  if (golden.at("model").at("family") == "mixture_linear_regression") {
    return Independent<LinearRegression>(states, LinearRegression(design));
  }
  return Independent<GeneralizedRegression>(states, GeneralizedRegression(Response::poisson, design));
}

// The parameters that a case gives, in the order of the emissions' own.
Vector coefficients_in(const Json& params) {
  Vector v;
  for (std::size_t k = 0; k < params.at("coefficients").size(); ++k) {
    for (double c : params.at("coefficients").at(k)) v.push_back(c);
    if (params.contains("sigma")) v.push_back(std::pow(params.at("sigma").at(k).get<double>(), 2));
  }
  return v;
}

// The M-step of hard labels, repeated as one Newton step is not yet a maximum.
AnyMixture from_labels(const Json& golden, AnyEmissions emissions, const Table& data) {
  Erased<AnyMixture> model(AnyMixture(std::move(emissions)));
  Workers workers(1);
  EStep e_step(data, workers);
  for (int step = 0; step < 30; ++step) {
    model.maximize(e_step(model, golden::given_labels(golden.at("init"))).statistics);
  }
  return model.get();
}

class RegressionsFromTheirInit : public GoldenFamily {};

TEST_P(RegressionsFromTheirInit, ReachTheSameNumbers) {
  const Table data = regression_table(golden);
  AnyMixture start(regression_of(golden));
  if (golden.at("init").at("type") == "parameters") {
    AnyEmissions emissions = regression_of(golden);
    emissions.set_parameters(coefficients_in(golden.at("init")));
    start = AnyMixture(golden.at("init").at("weights").get<Vector>(), std::move(emissions));
  } else {
    start = from_labels(golden, regression_of(golden), data);
  }
  const auto fitted = fit(start, data, exact());
  expect_likelihood(fitted.report, golden);
  const Vector found = fitted.model.emissions().parameters();
  const Vector expected = coefficients_in(golden.at("result").at("params"));
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t j = 0; j < found.size(); ++j) {
    expect_near(found[j], expected[j], golden, fitted.model.emissions().parameter_names()[j]);
  }
}
INSTANTIATE_TEST_SUITE_P(Golden, RegressionsFromTheirInit, testing::ValuesIn(regression_ids("from_init")), name_of);

// Regressions whose rows come in groups ------------------------------------------------------------------------------

struct Groups {
  Table data;  // sorted by group
  AnyEmissions emissions;
  Json labels;
};

// Deaths of Total by treatment, by centre; or y by x and its square, by id.
Groups groups_of(const Json& golden) {
  Json dataset = golden.at("dataset");
  const bool trials = golden.at("model").at("family") == "mixture_binomial_regression";
  if (trials) dataset["levels"] = {{"Treatment", {"Control", "Treated"}}};
  std::vector<std::string> names = trials ? std::vector<std::string>{"Deaths", "Total", "Treatment"}
                                          : std::vector<std::string>{dataset.at("response"), "x"};
  names.push_back(dataset.at("group"));
  const Table table = columns_of(dataset, names).value();
  const int group = table.columns() - 1;
  std::vector<std::int64_t> order(static_cast<std::size_t>(table.rows()));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](auto a, auto b) { return table.cell(a, group) < table.cell(b, group); });
  Vector values;
  for (int j = 0; j < group; ++j) {
    for (const auto i : order) values.push_back(table.cell(i, j));
  }
  for (const auto i : order) {
    if (!trials) values.push_back(table.cell(i, 1) * table.cell(i, 1));
  }
  std::vector<std::int64_t> begins{0};
  for (std::size_t i = 1; i < order.size(); ++i) {
    if (table.cell(order[i], group) != table.cell(order[i - 1], group)) begins.push_back(static_cast<std::int64_t>(i));
  }
  begins.push_back(table.rows());
  Json labels;
  if (!golden.at("init").is_null()) {
    for (const auto i : order)
      labels["labels"].push_back(golden.at("init").at("labels").at(static_cast<std::size_t>(i)));
  }
  const int states = golden.at("model").at("K");
  const RegressionDesign design{trials ? 1 : 2, true, trials};
  const AnyEmissions emissions =
      trials
          ? AnyEmissions(Independent<GeneralizedRegression>(states, GeneralizedRegression(Response::binomial, design)))
          : AnyEmissions(Independent<LinearRegression>(states, LinearRegression(design)));
  return {Table(std::move(values), table.rows(), 3).with_sequences(std::move(begins)), emissions, labels};
}

class RegressionsOfGroupsFromTheirInit : public GoldenFamily {};
class RegressionsOfGroupsFromTheData : public GoldenFamily {};

TEST_P(RegressionsOfGroupsFromTheirInit, ReachTheSameNumbers) {
  const Groups groups = groups_of(golden);
  Erased<GroupedMixture<AnyEmissions>> start{GroupedMixture<AnyEmissions>(groups.emissions)};
  Workers workers(1);
  EStep e_step(groups.data, workers);
  for (int step = 0; step < 30; ++step) {
    start.maximize(e_step(start, golden::given_labels(groups.labels)).statistics);
  }
  const auto fitted = fit(start.get(), groups.data, exact());
  expect_likelihood(fitted.report, golden);
  EXPECT_NEAR(fitted.report.bic(), golden.at("result").at("bic"), 1e-5);
  const Vector found = fitted.model.emissions().parameters();
  const Vector expected = coefficients_in(golden.at("result").at("params"));
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t j = 0; j < found.size(); ++j) {
    expect_near(found[j], expected[j], golden, fitted.model.emissions().parameter_names()[j]);
  }
  for (std::size_t k = 0; k < fitted.model.weights().size(); ++k) {
    expect_near(fitted.model.weights()[k], golden.at("result").at("params").at("weights").at(k), golden, "weight");
  }
}
INSTANTIATE_TEST_SUITE_P(Golden, RegressionsOfGroupsFromTheirInit, testing::ValuesIn(grouped_ids("from_init")),
                         name_of);

TEST_P(RegressionsOfGroupsFromTheData, ReachTheBestKnown) {
  const Groups groups = groups_of(golden);
  Options options = exact();
  options.start = Start::random;
  options.restarts = 10;
  const auto fitted = fit(GroupedMixture<AnyEmissions>(groups.emissions), groups.data, options);
  expect_likelihood(fitted.report, golden);
}
INSTANTIATE_TEST_SUITE_P(Golden, RegressionsOfGroupsFromTheData, testing::ValuesIn(grouped_ids("global")), name_of);

TEST(GoldenFamiliesFile, IsWhole) { EXPECT_EQ(golden::cases("families").size(), 38U); }

TEST(GoldenFamilies, AGateByCovariates) {
  const Json& golden = case_named("mixpois_patent_K3_concomitant_global");
  const Table data = regression_table(golden);  // Patents, lgRD, RDS
  Product product({{regression_of(golden), {0, 1}, "patents"}}, 3);
  AnyEmissions emissions = product;
  emissions.set_parameters(coefficients_in(golden.at("result").at("params")));
  const auto fitted = fit(GatedMixture(emissions, {2}), data, exact());
  // flexmix's own EM creeps along the gate; ours may end a little higher.
  EXPECT_GT(fitted.report.log_likelihood, golden.at("result").at("loglik").get<double>() - 1e-6)
      << fitted.report.message;
  EXPECT_LT(fitted.report.log_likelihood, golden.at("result").at("loglik").get<double>() + 1e-3);
  EXPECT_EQ(fitted.report.free_parameters, golden.at("result").at("n_params").get<int>());
  const Vector found = fitted.model.emissions().parameters();
  const Vector expected = coefficients_in(golden.at("result").at("params"));
  for (std::size_t j = 0; j < found.size(); ++j) EXPECT_NEAR(found[j], expected[j], 1e-3);
}

// Censored responses ------------------------------------------------------------------------------------------------

struct Lifetimes {
  std::vector<double> lower, upper, covariate;
  void add(double time, bool seen, double x) {
    lower.push_back(time);
    upper.push_back(seen ? time : std::numeric_limits<double>::quiet_NaN());
    covariate.push_back(x);
  }
  Table table(bool with_covariate) const {
    Vector values = lower;
    values.insert(values.end(), upper.begin(), upper.end());
    if (with_covariate) values.insert(values.end(), covariate.begin(), covariate.end());
    return Table(std::move(values), static_cast<std::int64_t>(lower.size()), with_covariate ? 3 : 2);
  }
};

void expect_censored(const std::string& id, Lifetime lifetime, const Table& data) {
  const Json& golden = case_named(id);
  const RegressionDesign design{data.columns() - 2, true, false};
  const AnyEmissions emissions = Independent<CensoredRegression>(1, CensoredRegression(lifetime, design));
  const auto fitted = fit(AnyMixture(emissions), data, exact());
  expect_likelihood(fitted.report, golden);
  const Vector found = fitted.model.emissions().parameters();
  const Json& params = golden.at("result").at("params");
  for (std::size_t j = 0; j < params.at("beta").size(); ++j)
    expect_near(found[j], params.at("beta").at(j), golden, "beta");
  if (lifetime != Lifetime::exponential) expect_near(found.back(), params.at("scale"), golden, "scale");
}

TEST(GoldenFamilies, CensoredLifetimesOfSurvreg) {
  std::ifstream gehan(in_source("data/gehan.csv"));
  std::string line;
  Lifetimes treated, all;
  std::getline(gehan, line);
  while (std::getline(gehan, line)) {
    double pair, time, seen;
    char treatment[32];
    ASSERT_EQ(std::sscanf(line.c_str(), "%lf,%lf,%lf,%31s", &pair, &time, &seen, treatment), 4);
    const bool control = std::string(treatment) == "control";
    all.add(time, seen == 1, control ? 1 : 0);
    if (!control) treated.add(time, seen == 1, 0);
  }
  expect_censored("cens_gehan_6mp_exponential", Lifetime::exponential, treated.table(false));
  expect_censored("cens_gehan_weibull_treat", Lifetime::weibull, all.table(true));

  CsvOptions options;
  options.columns = {"temp", "time", "cens"};
  const Table motors = read_csv(in_source("data/motors.csv"), options).table;
  Lifetimes logarithms;
  for (std::int64_t i = 0; i < motors.rows(); ++i) {
    logarithms.add(std::log10(motors.cell(i, 1)), motors.cell(i, 2) == 1, 1000 / (motors.cell(i, 0) + 273.2));
  }
  expect_censored("cens_motors_gaussian", Lifetime::normal, logarithms.table(true));
}

}  // namespace
}  // namespace jensen
