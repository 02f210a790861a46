// Reading Gaussian mixtures from JSON. Everything is checked where it lies before anything is built from it.
#include <jensen/data/mapped_file.h>
#include <jensen/error.h>
#include <jensen/gaussian_mixture_file.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "data/text.h"

namespace jensen {

namespace {

using Json = nlohmann::json;

constexpr int newest_version = 1;

// Most of the work is naming what is wrong: a value, the file that it is in and the path to it. The path is put
// together only for a message; a field must not outlive the one that it was taken from.
class Field {
 public:
  Field(const Json& value, const std::string& file) : value_(value), file_(file) {}

  [[noreturn]] void refuse(const std::string& problem) const {
    const std::string where = path();
    throw DataError(file_ + ": " + (where.empty() ? "" : where + ": ") + problem);
  }
  bool is_null() const { return value_.is_null(); }
  bool has(const char* key) const { return value_.is_object() && value_.contains(key); }
  Field operator[](const char* key) const {
    if (!value_.is_object()) refuse("must be an object");
    if (!value_.contains(key)) Field(value_, *this, key, 0).refuse("is missing");
    return {value_[key], *this, key, 0};
  }
  Field operator[](std::size_t i) const { return {value_[i], *this, nullptr, i}; }

  /// Elements of an array; what they should be is for the message.
  std::size_t array(const char* of) const {
    if (!value_.is_array() || value_.empty()) refuse(fmt::format("must be an array of {}", of));
    return value_.size();
  }
  void array_of(std::size_t size, const char* of) const {
    if (value_.is_array() && value_.size() == size) return;
    refuse(fmt::format("must be an array of {} {}{}", size, of,
                       value_.is_array() ? fmt::format(", but holds {}", value_.size()) : ""));
  }
  double number() const {
    if (!value_.is_number()) refuse("must be a number");
    return value_.get<double>();  // the parser lets no infinity through
  }
  double number_or_null() const { return is_null() ? std::numeric_limits<double>::quiet_NaN() : number(); }
  std::int64_t integer() const {
    if (!value_.is_number_integer() ||
        (value_.is_number_unsigned() && value_.get<std::uint64_t>() > std::uint64_t{1} << 62)) {
      refuse("must be an integer");
    }
    return value_.get<std::int64_t>();
  }
  int small_integer() const {
    const std::int64_t value = integer();
    if (value < std::numeric_limits<int>::min() || value > std::numeric_limits<int>::max()) refuse("is out of range");
    return static_cast<int>(value);
  }
  std::uint64_t unsigned_integer() const {
    if (!value_.is_number_unsigned()) refuse("must be an integer ≥ 0");
    return value_.get<std::uint64_t>();
  }
  bool boolean() const {
    if (!value_.is_boolean()) refuse("must be true or false");
    return value_.get<bool>();
  }
  const std::string& text() const {
    if (!value_.is_string()) refuse("must be a text");
    return value_.get_ref<const std::string&>();
  }

 private:
  Field(const Json& value, const Field& parent, const char* key, std::size_t index)
      : value_(value), file_(parent.file_), parent_(&parent), key_(key), index_(index) {}

  std::string path() const {
    if (parent_ == nullptr) return {};
    const std::string before = parent_->path();
    if (key_ == nullptr) return fmt::format("{}[{}]", before, index_);
    return before.empty() ? key_ : before + "." + key_;
  }

  const Json& value_;
  const std::string& file_;
  const Field* parent_ = nullptr;
  const char* key_ = nullptr;  // nullptr: an element of an array, at index_
  std::size_t index_ = 0;
};

Json parse_json(std::string_view text, const std::string& file) {
  std::vector<std::set<std::string>> keys;
  const auto refuse_twins = [&](int, Json::parse_event_t event, Json& value) {
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key && !keys.back().insert(value.get<std::string>()).second) {
      throw DataError(file + ": the field " + excerpt(value.get<std::string>()) + " comes twice");
    }
    return true;
  };
  try {
    return Json::parse(text.begin(), text.end(), refuse_twins);
  } catch (const Json::exception& error) {
    std::string problem = error.what();
    problem.erase(0, problem.find("] ") == std::string::npos ? 0 : problem.find("] ") + 2);
    throw DataError(file + ": cannot be read as JSON: " + problem.substr(0, 200));
  }
}

std::vector<std::string> names(const Field& field, std::size_t size, const char* of, bool may_be_empty) {
  field.array_of(size, of);
  std::vector<std::string> result;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < size; ++i) {
    result.push_back(field[i].text());
    if (result.back().empty() && may_be_empty) continue;
    if (result.back().empty()) field[i].refuse("is empty");
    if (!seen.insert(result.back()).second) field[i].refuse(excerpt(result.back()) + " comes twice");
  }
  return result;
}

std::vector<double> weights(const Field& field) {
  std::vector<double> result;
  double total = 0;
  for (std::size_t k = 0, size = field.array("numbers"); k < size; ++k) {
    result.push_back(field[k].number());
    if (!(result[k] >= 0)) field[k].refuse(fmt::format("must be ≥ 0, got {}", result[k]));
    total += result[k];
  }
  if (!(std::abs(total - 1) <= 1e-9)) field.refuse(fmt::format("must sum to 1, but sum to {}", total));
  return result;
}

std::vector<double> means(const Field& field, std::size_t components) {
  field.array_of(components, "means, one for each weight");
  const std::size_t columns = field[std::size_t{0}].array("numbers");
  std::vector<double> result;
  for (std::size_t k = 0; k < components; ++k) {
    field[k].array_of(columns, "numbers, as many as means[0] has");
    for (std::size_t j = 0; j < columns; ++j) result.push_back(field[k][j].number());
  }
  return result;
}

void check_structure(const Field& field, const std::vector<double>& matrix, std::size_t columns, Covariance structure) {
  if (structure != Covariance::diagonal && structure != Covariance::spherical) return;
  for (std::size_t a = 0; a < columns; ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      if (matrix[a * (a + 1) / 2 + b] != 0) {
        field.refuse(fmt::format("is not {}: its elements off the diagonal must be 0", to_string(structure)));
      }
    }
    if (structure == Covariance::spherical && matrix[a * (a + 3) / 2] != matrix[0]) {
      field.refuse("is not spherical: its diagonal elements must be equal");
    }
  }
}

// The lower triangle of one covariance matrix, packed.
std::vector<double> covariance(const Field& field, std::size_t columns, Covariance structure) {
  field.array_of(columns, "rows");
  for (std::size_t a = 0; a < columns; ++a) field[a].array_of(columns, "numbers");
  std::vector<double> matrix;
  for (std::size_t a = 0; a < columns; ++a) {
    for (std::size_t b = 0; b <= a; ++b) {
      const double value = field[a][b].number();
      const double scale = std::sqrt(std::abs(field[a][a].number())) * std::sqrt(std::abs(field[b][b].number()));
      if (!(std::abs(value - field[b][a].number()) <= 1e-9 * scale)) field.refuse("is not symmetric");
      matrix.push_back(value);
    }
  }
  check_structure(field, matrix, columns, structure);
  return matrix;
}

// All covariances in the structure's own shape, as Gaussian::set takes them.
std::vector<double> covariances(const Field& field, std::size_t components, std::size_t columns, Covariance structure) {
  field.array_of(components, "matrices, one for each weight");
  std::vector<double> result;
  std::vector<double> first;
  for (std::size_t k = 0; k < components; ++k) {
    const std::vector<double> matrix = covariance(field[k], columns, structure);
    if (k == 0) first = matrix;
    std::vector<double> own = matrix;
    if (structure == Covariance::tied && matrix != first) {
      field[k].refuse("differs from covariances[0], but a tied covariance is the same for all components");
    }
    if (structure == Covariance::diagonal) {
      own.clear();
      for (std::size_t j = 0; j < columns; ++j) own.push_back(matrix[j * (j + 3) / 2]);
    }
    if (structure == Covariance::spherical) own = {matrix[0]};
    try {
      Gaussian(1, static_cast<int>(columns), structure).set(std::vector<double>(columns, 0.0), own);
    } catch (const ArgumentError&) {
      field[k].refuse("is not positive definite");
    }
    if (structure != Covariance::tied || k == 0) result.insert(result.end(), own.begin(), own.end());
  }
  return result;
}

Outcome outcome_named(const Field& field) {
  for (const auto outcome :
       {Outcome::converged, Outcome::iteration_limit, Outcome::stopped_by_caller, Outcome::degenerate,
        Outcome::objective_fell, Outcome::not_finite, Outcome::stalled, Outcome::completed}) {
    if (field.text() == to_string(outcome)) return outcome;
  }
  field.refuse(excerpt(field.text()) + " is no outcome of a fit");
}

template <class Value, class Named>
Value named(const Field& field, Named by_name) {
  try {
    return by_name(field.text());
  } catch (const ArgumentError& error) {
    field.refuse(error.what());
  }
}

FitSummary fit_summary(const Field& field) {
  FitSummary fit;
  fit.outcome = outcome_named(field["outcome"]);
  fit.message = field["message"].text();
  fit.log_likelihood = field["log_likelihood"].number_or_null();
  fit.penalty = field["penalty"].number_or_null();
  fit.iterations = field["iterations"].small_integer();
  fit.observations = field["observations"].number_or_null();
  fit.free_parameters = field["free_parameters"].small_integer();
  fit.aic = field["aic"].number_or_null();
  fit.bic = field["bic"].number_or_null();
  fit.icl = field["icl"].number_or_null();
  fit.prior = named<Prior>(field["prior"], prior_named);
  fit.seed = field["seed"].unsigned_integer();
  if (!field.has("degeneracies")) return fit;
  const Field list = field["degeneracies"];
  for (std::size_t i = 0, size = list.is_null() ? 0 : list.array("objects"); i < size; ++i) {
    fit.degeneracies.push_back(
        {list[i]["component"].small_integer(), list[i]["fatal"].boolean(), list[i]["reason"].text()});
  }
  return fit;
}

GaussianMixtureFile read_model(const Field& top, Covariance structure) {
  std::vector<double> pi = weights(top["weights"]);
  const std::size_t components = pi.size();
  std::vector<double> mu = means(top["means"], components);
  const std::size_t columns = mu.size() / components;
  std::vector<double> sigma = covariances(top["covariances"], components, columns, structure);
  if (top.has("components") && top["components"].integer() != static_cast<std::int64_t>(components)) {
    top["components"].refuse(fmt::format("says {}, but there are {} weights", top["components"].integer(), components));
  }
  Gaussian gaussian(static_cast<int>(components), static_cast<int>(columns), structure);
  gaussian.set(std::move(mu), std::move(sigma));
  GaussianMixtureFile file{GaussianMixture(std::move(pi), std::move(gaussian)), {}, {}, {}};
  if (top.has("columns")) file.columns = names(top["columns"], columns, "names, one for each column of means", false);
  if (top.has("component_names")) {
    file.component_names = names(top["component_names"], components, "names, one for each weight", true);
  }
  if (top.has("fit")) file.fit = fit_summary(top["fit"]);
  return file;
}

void check_format(const Field& top) {
  if (top["format"].text() != "jensen-model") top["format"].refuse("must be 'jensen-model'");
  const std::int64_t version = top["version"].integer();
  if (version > newest_version) {
    top["version"].refuse(
        fmt::format("is {}, but this version of jensen reads files up to version {}: a newer one wrote "
                    "this file",
                    version, newest_version));
  }
  if (version < 1) top["version"].refuse("must be ≥ 1");
  if (top["model"].text() != "gaussian-mixture") {
    top["model"].refuse("is " + excerpt(top["model"].text()) + ", not 'gaussian-mixture'");
  }
}

}  // namespace

GaussianMixtureFile parse_gaussian_mixture(std::string_view text, const std::string& name) {
  const Json json = parse_json(text, name);
  const Field top(json, name);
  check_format(top);
  for (const char* required : {"columns", "components"}) top[required];
  return read_model(top, named<Covariance>(top["covariance"], covariance_named));
}

GaussianMixtureFile parse_gaussian_mixture_start(std::string_view text, const std::string& name,
                                                 std::optional<Covariance> structure) {
  const Json json = parse_json(text, name);
  const Field top(json, name);
  if (top.has("format")) check_format(top);
  if (top.has("covariance")) {
    const auto own = named<Covariance>(top["covariance"], covariance_named);
    if (structure && *structure != own) {
      top["covariance"].refuse(fmt::format("is {}, but {} is asked for", to_string(own), to_string(*structure)));
    }
    structure = own;
  }
  return read_model(top, structure.value_or(Covariance::full));
}

GaussianMixtureFile load_gaussian_mixture(const std::string& path) {
  const MappedFile file(path);
  return parse_gaussian_mixture(file.text(), file.name());
}

GaussianMixtureFile load_gaussian_mixture_start(const std::string& path, std::optional<Covariance> structure) {
  const MappedFile file(path);
  return parse_gaussian_mixture_start(file.text(), file.name(), structure);
}

}  // namespace jensen
