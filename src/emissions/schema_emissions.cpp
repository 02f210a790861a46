#include <jensen/emissions/censored.h>
#include <jensen/emissions/censored_family.h>
#include <jensen/emissions/factor_analyzers.h>
#include <jensen/emissions/family_named.h>
#include <jensen/emissions/gaussian.h>
#include <jensen/emissions/nested.h>
#include <jensen/emissions/product.h>
#include <jensen/emissions/regression.h>
#include <jensen/emissions/schema_emissions.h>
#include <jensen/emissions/student_t.h>
#include <jensen/emissions/von_mises_fisher.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "data/text.h"

namespace jensen {

namespace {

constexpr int many = 1 << 20;

struct Kind {
  const char* name;
  int most_columns = 1;
  std::vector<std::string> options = {};
  int least_columns = 1;
  const char* word = nullptr;  ///< what an option without a value says, where the kind takes one
};

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = {
      {"gaussian", many, {}, 1, "the covariance structure"},
      {"student-t", many, {"df"}, 1, "the structure of the scale matrices"},
      {"factor-analyzers", many, {"factors", "noise-floor"}, 2, "what the components share, UUU to CCC"},
      {"von-mises-fisher", many, {}, 2, "'normalized'"},
      {"mixture", many, {"components", "sharing"}, 1, "the covariance structure"},
      {"normal", 1, {"upper", "above", "below"}},
      {"log-normal", 1, {"upper", "above", "below"}},
      {"exponential", 1, {"upper", "above", "below"}},
      {"gamma", 1, {"upper", "above", "below"}},
      {"weibull", 1, {"upper", "above", "below"}},
      {"beta", 1, {"upper", "above", "below"}},
      {"von-mises"},
      {"uniform", 1, {"lower", "upper"}},
      {"poisson", 1, {"exposure", "upper", "above", "below"}},
      {"negative-binomial", 1, {"largest", "upper", "above", "below"}},
      {"binomial", 1, {"trials"}},
      {"geometric", 1, {"upper", "above", "below"}},
      {"zero-inflated-poisson"},
      {"bernoulli"},
      {"categorical", 1, {"levels"}},
      {"multinomial", many, {}, 2},
      {"linear-regression", 1, {"intercept", "offset"}},
      {"poisson-regression", 1, {"intercept", "offset"}},
      {"binomial-regression", 1, {"intercept", "trials"}},
      {"gamma-regression", 1, {"intercept", "offset"}},
  };
  return all;
}

[[noreturn]] void refuse(const SchemaPart& part, const std::string& problem) {
  throw ArgumentError("schema", excerpt(part.columns.empty() ? "" : part.columns.front()), problem);
}

const Kind& kind_of(const SchemaPart& part) {
  for (const Kind& kind : kinds()) {
    if (part.kind == kind.name) return kind;
  }
  refuse(part, excerpt(part.kind) + " is none of the kinds " + listing(schema_kinds(), 100));
}

std::optional<double> number(const std::string& text) {
  double value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || stop != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

double number_of(const SchemaPart& part, const char* option) {
  const std::string* text = part.option(option);
  if (text == nullptr) refuse(part, fmt::format("{} is not known yet: the data say it", option));
  const auto value = number(*text);
  if (!value) refuse(part, fmt::format("{} must be a number, got {}", option, excerpt(*text)));
  return *value;
}

// The option without a value; empty where there is none.
std::string word(const SchemaPart& part) {
  for (const auto& [name, value] : part.options) {
    if (value.empty()) return name;
  }
  return {};
}

Covariance structure(const SchemaPart& part) {
  if (word(part).empty()) return Covariance::full;
  try {
    return covariance_named(word(part));
  } catch (const ArgumentError& error) {
    refuse(part, error.what());
  }
}

// A number among the options that was checked, or what it is where nothing is said.
double number_or(const SchemaPart& part, const char* option, double otherwise) {
  return part.option(option) == nullptr ? otherwise : number_of(part, option);
}

AnyEmissions student_t_of(const SchemaPart& part, int states) {
  const std::string* df = part.option("df");
  const bool tied = df != nullptr && *df == "tied";
  const bool fixed = df != nullptr && !tied && *df != "own";
  if (fixed && !(number_of(part, "df") > 0)) refuse(part, "df must be positive, own or tied, got " + excerpt(*df));
  return StudentT(states, static_cast<int>(part.columns.size()), structure(part),
                  fixed  ? DegreesOfFreedom::fixed
                  : tied ? DegreesOfFreedom::tied
                         : DegreesOfFreedom::own,
                  fixed ? number_of(part, "df") : 30);
}

AnyEmissions factor_analyzers_of(const SchemaPart& part, int states) {
  const auto columns = static_cast<int>(part.columns.size());
  const double factors = number_or(part, "factors", 1);
  if (!(factors >= 1) || factors >= columns || factors != std::floor(factors)) {
    refuse(part, fmt::format("factors must be a whole number in 1 … {}, got {}", columns - 1, shortest(factors)));
  }
  const double floor = number_or(part, "noise-floor", 0);
  if (!(floor >= 0) || !(floor < 1)) refuse(part, fmt::format("noise-floor must be in [0, 1), got {}", floor));
  try {
    const FactorStructure shared = word(part).empty() ? FactorStructure{} : factor_structure_named(word(part));
    return FactorAnalyzers(states, columns, static_cast<int>(factors), shared);
  } catch (const ArgumentError& error) {
    refuse(part, error.what());
  }
}

AnyEmissions von_mises_fisher_of(const SchemaPart& part, int states) {
  const std::string length = word(part);
  if (!length.empty() && length != "normalized") {
    refuse(part, fmt::format("von-mises-fisher has no option {}; it has normalized", excerpt(length)));
  }
  return VonMisesFisher(states, static_cast<int>(part.columns.size()),
                        length.empty() ? RowLength::unit : RowLength::normalized);
}

AnyEmissions nested_of(const SchemaPart& part, int states) {
  const double components = number_or(part, "components", 2);
  if (!(components >= 2) || components > many || components != std::floor(components)) {
    refuse(part, fmt::format("components must be a whole number ≥ 2, got {}", shortest(components)));
  }
  const std::string* sharing = part.option("sharing");
  if (sharing != nullptr && *sharing != "within" && *sharing != "across") {
    refuse(part, "sharing must be within or across, got " + excerpt(*sharing));
  }
  const auto inner = states * static_cast<int>(components);
  const int groups = sharing != nullptr && *sharing == "within" ? states : 1;
  return NestedMixture(Gaussian(inner, static_cast<int>(part.columns.size()), structure(part), groups), states);
}

// Columns that are modelled jointly.
AnyEmissions joint_of(const SchemaPart& part, int states) {
  if (part.kind == "student-t") return student_t_of(part, states);
  if (part.kind == "factor-analyzers") return factor_analyzers_of(part, states);
  if (part.kind == "mixture") return nested_of(part, states);
  if (part.kind == "von-mises-fisher") return von_mises_fisher_of(part, states);
  return Gaussian(states, static_cast<int>(part.columns.size()), structure(part));
}

Truncation truncation(const SchemaPart& part) {
  const Truncation everywhere;
  const Truncation within{number_or(part, "above", everywhere.lower), number_or(part, "below", everywhere.upper)};
  if (!(within.lower < within.upper)) refuse(part, "needs above < below");
  return within;
}

std::optional<Lifetime> lifetime_of(const SchemaPart& part) {
  if (part.kind == "normal") return Lifetime::normal;
  if (part.kind == "log-normal") return Lifetime::log_normal;
  if (part.kind == "exponential") return Lifetime::exponential;
  if (part.kind == "weibull") return Lifetime::weibull;
  return std::nullopt;
}

std::optional<PartlySeen> partly_seen_of(const SchemaPart& part) {
  if (part.kind == "gamma") return PartlySeen::gamma;
  if (part.kind == "beta") return PartlySeen::beta;
  if (part.kind == "poisson") return PartlySeen::poisson;
  if (part.kind == "geometric") return PartlySeen::geometric;
  if (part.kind == "negative-binomial") return PartlySeen::negative_binomial;
  return std::nullopt;
}

// A response whose ends are columns, or that was recorded within some range only.
bool is_censored(const SchemaPart& part) {
  return (lifetime_of(part) || partly_seen_of(part)) &&
         (part.option("upper") != nullptr || part.option("above") != nullptr || part.option("below") != nullptr);
}

bool is_regression(const SchemaPart& part) { return part.kind.ends_with("-regression"); }

bool is_covariate(const std::string& option) {
  return option.size() > 1 && option[0] == 'x' && number(option.substr(1)).has_value();
}

void check_options(const SchemaPart& part, const Kind& kind) {
  int words = 0;
  for (const auto& [name, value] : part.options) {
    if (kind.word != nullptr && value.empty()) {
      if (++words > 1) refuse(part, fmt::format("{} takes one word, {}", part.kind, kind.word));
      continue;
    }
    if (is_regression(part) && is_covariate(name) && !value.empty()) continue;
    if (std::find(kind.options.begin(), kind.options.end(), name) == kind.options.end()) {
      refuse(part, fmt::format("{} has no option {}{}", part.kind, excerpt(name),
                               kind.options.empty() ? "" : "; it has " + listing(kind.options)));
    }
    if (value.empty()) refuse(part, fmt::format("the option {} needs a value: {}=…", name, name));
    const bool names_a_column = name == "exposure" || part.kind == "binomial" || is_regression(part) ||
                                (name == "upper" && part.kind != "uniform");
    if (names_a_column || name == "sharing" || (name == "df" && (value == "own" || value == "tied"))) continue;
    if (!number(value)) refuse(part, fmt::format("{} must be a number, got {}", name, excerpt(value)));
  }
  if (kind.word != nullptr) (void)joint_of(part, 1);
  (void)truncation(part);
}

bool has_intercept(const SchemaPart& part) {
  const std::string* said = part.option("intercept");
  return said == nullptr || *said != "no";
}

// Columns named by the options of a part, in the order in which its emissions read them.
std::vector<std::string> further_columns(const SchemaPart& part) {
  std::vector<std::string> names;
  for (const char* option : {"upper", "exposure", "offset", "trials"}) {
    const std::string* name = part.option(option);
    const bool is_number = part.kind == "uniform" || (part.kind == "binomial" && name != nullptr && number(*name));
    if (name != nullptr && !is_number) names.push_back(*name);
  }
  for (auto& name : covariates(part)) names.push_back(std::move(name));
  return names;
}

AnyEmissions regression_of(const SchemaPart& part, int states) {
  RegressionDesign design;
  design.covariates = static_cast<int>(covariates(part).size());
  design.intercept = has_intercept(part);
  design.second_column = part.option("offset") != nullptr || part.option("trials") != nullptr;
  if (part.kind == "linear-regression") {
    return Independent<LinearRegression>(states, LinearRegression(design));
  }
  const Response response = part.kind == "poisson-regression"  ? Response::poisson
                          : part.kind == "binomial-regression" ? Response::binomial
                                                               : Response::gamma;
  return Independent<GeneralizedRegression>(states, GeneralizedRegression(response, design));
}

AnyEmissions censored_of(const SchemaPart& part, int states) {
  if (const auto lifetime = lifetime_of(part)) {
    return Independent<CensoredRegression>(states, CensoredRegression(*lifetime, {0, true, false}, truncation(part)));
  }
  if (part.option("exposure") != nullptr) {
    refuse(part, "exposure does not go with upper, above or below: counts seen in part have one rate");
  }
  return Independent<CensoredFamily>(states, CensoredFamily(*partly_seen_of(part), truncation(part)));
}

AnyEmissions emissions_of(const SchemaPart& part, int states) {
  if (is_regression(part)) return regression_of(part, states);
  if (is_censored(part)) return censored_of(part, states);
  if (kind_of(part).word != nullptr) return joint_of(part, states);
  FamilyContext context;
  context.columns = static_cast<int>(columns_of(part).size());
  if (part.kind == "uniform") {
    context.smallest = number_of(part, "lower");
    context.largest = number_of(part, "upper");
  }
  if (part.kind == "negative-binomial") context.largest = number_of(part, "largest");
  if (part.kind == "categorical") context.largest = number_of(part, "levels") - 1;
  if (part.kind == "binomial" && further_columns(part).empty()) context.largest = number_of(part, "trials");
  try {
    return family_named(part.kind, states, context);
  } catch (const ArgumentError& error) {
    refuse(part, error.what());
  }
}

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

}  // namespace

std::vector<std::string> schema_kinds() {
  std::vector<std::string> names;
  for (const Kind& kind : kinds()) names.emplace_back(kind.name);
  return names;
}

void check_schema(const Schema& schema) {
  if (schema.empty()) throw ArgumentError("schema", "columns", "are none");
  for (const SchemaPart& part : schema) {
    const Kind& kind = kind_of(part);
    const int count = static_cast<int>(part.columns.size());
    if (count > kind.most_columns) {
      refuse(part, fmt::format("{} is about one column, not {}: give each its own", part.kind, count));
    }
    if (count < kind.least_columns) {
      refuse(part, fmt::format("{} needs at least {} columns: a + b:{}", part.kind, kind.least_columns, part.kind));
    }
    check_options(part, kind);
    for (const auto& further : further_columns(part)) {
      for (const SchemaPart& other : schema) {
        if (std::find(other.columns.begin(), other.columns.end(), further) == other.columns.end()) continue;
        if (is_regression(part) && &other != &part) continue;  // given this column, whatever its own distribution
        refuse(part, fmt::format("{} is a column that is modelled itself", excerpt(further)));
      }
    }
  }
}

std::vector<std::string> columns_of(const SchemaPart& part) {
  auto columns = part.columns;
  for (auto& further : further_columns(part)) columns.push_back(std::move(further));
  return columns;
}

std::vector<std::string> columns_of(const Schema& schema) {
  std::vector<std::string> columns;
  for (const SchemaPart& part : schema) {
    for (const auto& name : part.columns) add_once(columns, name);
  }
  for (const auto& name : given_columns(schema)) add_once(columns, name);
  return columns;
}

std::vector<std::string> columns_of(const Schema& schema, const std::vector<std::string>& gate) {
  std::vector<std::string> columns = columns_of(schema);
  for (const auto& name : gate) add_once(columns, name);
  return columns;
}

std::vector<std::string> given_columns(const Schema& schema) {
  std::vector<std::string> columns;
  for (const SchemaPart& part : schema) {
    for (const auto& further : further_columns(part)) add_once(columns, further);
  }
  return columns;
}

// Whatever the order in which they are said.
std::vector<std::string> covariates(const SchemaPart& part) {
  std::vector<std::string> names;
  while (const std::string* name = part.option(fmt::format("x{}", names.size() + 1))) names.push_back(*name);
  return names;
}

SchemaPart with_covariates(SchemaPart part, const std::vector<std::string>& names) {
  std::erase_if(part.options, [](const auto& option) { return is_covariate(option.first); });
  for (std::size_t j = 0; j < names.size(); ++j) part.options.emplace_back(fmt::format("x{}", j + 1), names[j]);
  return part;
}

std::vector<std::string> level_columns(const Schema& schema) {
  std::vector<std::string> columns;
  for (const SchemaPart& part : schema) {
    if (part.kind == "categorical" || part.kind == "bernoulli") columns.push_back(part.columns.front());
  }
  return columns;
}

const std::vector<std::string>* levels_of(const Schema& schema, const std::string& column) {
  for (const SchemaPart& part : schema) {
    if (!part.levels.empty() && part.columns.front() == column) return &part.levels.front();
  }
  return nullptr;
}

SchemaPart resolved(SchemaPart part, ValueRange range) {
  const auto set = [&](const char* option, double value) {
    if (part.option(option) == nullptr) part.options.emplace_back(option, shortest(value));
  };
  if (part.kind == "uniform") {
    set("lower", range.smallest);
    set("upper", range.largest);
    if (!(number_of(part, "lower") < number_of(part, "upper"))) refuse(part, "uniform needs lower < upper");
  }
  if (part.kind == "negative-binomial" && !is_censored(part)) set("largest", std::max(0.0, range.largest));
  if (part.kind == "binomial") set("trials", std::max(1.0, range.largest));
  if (part.kind == "categorical") {
    const double named = part.levels.empty() ? 0 : static_cast<double>(part.levels.front().size());
    set("levels", named > 0 ? named : range.largest + 1);
    if (number_of(part, "levels") < 2)
      refuse(part, "has a single level, from which nothing can be learnt: leave it out");
  }
  return part;
}

AnyEmissions emissions_for(const Schema& schema, int states, int further) {
  check_schema(schema);
  const auto columns = columns_of(schema);
  std::vector<Product::Part> parts;
  for (const SchemaPart& part : schema) {
    std::vector<int> positions;
    for (const auto& name : columns_of(part)) {
      positions.push_back(static_cast<int>(std::find(columns.begin(), columns.end(), name) - columns.begin()));
    }
    // Both ends are the one column where values were only recorded within a range.
    if (is_censored(part) && part.option("upper") == nullptr) positions.push_back(positions.front());
    std::string name;
    for (const auto& column : part.columns) name += (name.empty() ? "" : "+") + column;
    parts.push_back({emissions_of(part, states), std::move(positions), std::move(name)});
  }
  return Product(std::move(parts), static_cast<int>(columns.size()) + further);
}

}  // namespace jensen
