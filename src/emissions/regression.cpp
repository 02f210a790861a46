#include <jensen/emissions/regression.h>
#include <jensen/math/cholesky.h>
#include <jensen/math/optimize.h>

#include "emissions/family_support.h"

namespace jensen {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

void check_design(const RegressionDesign& design, const char* function) {
  if (design.covariates < 0 || design.terms() < 1) {
    throw ArgumentError(function, "design", "must have a covariate or an intercept");
  }
}

// Term j of the design in a row.
double term(const RegressionDesign& design, std::span<const double> row, int j) {
  if (design.intercept) {
    if (j == 0) return 1;
    --j;
  }
  return row[static_cast<std::size_t>(design.columns() - design.covariates + j)];
}

double dot(const RegressionDesign& design, std::span<const double> row, std::span<const double> coefficients) {
  double eta = 0;
  for (int j = 0; j < design.terms(); ++j) eta += coefficients[static_cast<std::size_t>(j)] * term(design, row, j);
  return eta;
}

// matrix += factor · x xᵀ, vector += slope · x, packed.
void add_products(const RegressionDesign& design, std::span<const double> row, double factor, double slope,
                  std::span<double> matrix, std::span<double> vector) {
  for (int a = 0; a < design.terms(); ++a) {
    const double x = term(design, row, a);
    vector[static_cast<std::size_t>(a)] += slope * x;
    for (int b = 0; b <= a; ++b) matrix[packed_index(a, b)] += factor * x * term(design, row, b);
  }
}

// vᵀ M v of a packed symmetric matrix.
double quadratic_form(std::span<const double> matrix, std::span<const double> v) {
  double total = 0;
  for (int a = 0; a < static_cast<int>(v.size()); ++a) {
    for (int b = 0; b <= a; ++b) {
      total += (a == b ? 1 : 2) * matrix[packed_index(a, b)] * v[static_cast<std::size_t>(a)] *
               v[static_cast<std::size_t>(b)];
    }
  }
  return total;
}

double product(std::span<const double> a, std::span<const double> b) {
  double total = 0;
  for (std::size_t j = 0; j < a.size(); ++j) total += a[j] * b[j];
  return total;
}

CellProblem covariate_problem(const RegressionDesign& design, std::span<const double> row) {
  for (int j = 1; j < design.columns(); ++j) {
    if (std::isnan(row[static_cast<std::size_t>(j)])) {
      return {0, j, "is missing, a covariate of a response that is not: fill it in or leave the row out"};
    }
  }
  return {};
}

std::vector<double> with(std::vector<double> v, double last) {
  v.push_back(last);
  return v;
}

}  // namespace

// Linear ------------------------------------------------------------------------------------------------------------

LinearRegression::LinearRegression(RegressionDesign design) : design_(design) {
  check_design(design, "LinearRegression");
  coefficients_.assign(static_cast<std::size_t>(design.terms()), 0.0);
}
Layout LinearRegression::layout() const {
  return {packed_size(design_.terms()) + coefficients_.size() + 1, coefficients_.size()};
}
void LinearRegression::reference(std::span<double> about) const {
  std::copy(coefficients_.begin(), coefficients_.end(), about.begin());
}
double LinearRegression::linear_predictor(std::span<const double> row) const {
  return (design_.second_column ? row[1] : 0) + dot(design_, row, coefficients_);
}
double LinearRegression::log_density(std::span<const double> row) const {
  const double offset = design_.second_column ? row[1] : 0;
  const double residual = row[0] - offset - dot(design_, row, coefficients_);
  return -0.5 * (log_two_pi + std::log(variance_) + residual * residual / variance_);
}
void LinearRegression::add(std::span<const double> row, double r, Slice s) const {
  const double offset = design_.second_column ? row[1] : 0;
  const double residual = row[0] - offset - dot(design_, row, s.about);
  const std::size_t size = packed_size(design_.terms());
  add_products(design_, row, r, r * residual, s.sum.first(size), s.sum.subspan(size));
  s.sum.back() += r * residual * residual;
}
FamilyFit LinearRegression::fit(double weight, ConstSlice s) {
  const std::size_t size = packed_size(design_.terms());
  const auto matrix = s.sum.first(size);
  const auto vector = s.sum.subspan(size, coefficients_.size());
  std::vector<double> negative(matrix.begin(), matrix.end());
  for (double& v : negative) v = -v;
  const auto step = newton_step(vector, negative, infinity).step;
  for (std::size_t j = 0; j < step.size(); ++j) coefficients_[j] = s.about[j] + step[j];
  variance_ = (s.sum.back() - 2 * product(step, vector) + quadratic_form(matrix, step)) / weight;
  const double rounding = 1e-28 * quadratic_form(matrix, coefficients_) / weight;
  if (!(variance_ > rounding) || !std::isfinite(1 / variance_)) return {"its regression leaves no residuals"};
  return {};
}
double LinearRegression::expected_log_density(double weight, ConstSlice s) const {
  const std::size_t size = packed_size(design_.terms());
  std::vector<double> step = coefficients_;
  for (std::size_t j = 0; j < step.size(); ++j) step[j] -= s.about[j];
  const double squares =
      s.sum.back() - 2 * product(step, s.sum.subspan(size)) + quadratic_form(s.sum.first(size), step);
  return -0.5 * (weight * (log_two_pi + std::log(variance_)) + squares / variance_);
}
void LinearRegression::move(double, ConstSlice from, Slice to) const {
  const std::size_t size = packed_size(design_.terms());
  std::vector<double> step(coefficients_.size());
  for (std::size_t j = 0; j < step.size(); ++j) step[j] = to.about[j] - from.about[j];
  const auto matrix = from.sum.first(size);
  std::copy(matrix.begin(), matrix.end(), to.sum.begin());
  for (int a = 0; a < design_.terms(); ++a) {
    double& moved = to.sum[size + static_cast<std::size_t>(a)];
    moved = from.sum[size + static_cast<std::size_t>(a)];
    for (int b = 0; b < design_.terms(); ++b) {
      moved -= matrix[packed_index(std::max(a, b), std::min(a, b))] * step[static_cast<std::size_t>(b)];
    }
  }
  to.sum.back() = from.sum.back() - 2 * product(step, from.sum.subspan(size)) + quadratic_form(matrix, step);
}
void LinearRegression::sample(Stream& stream, std::span<double> row) const {
  row[0] = linear_predictor(row) + std::sqrt(variance_) * stream.normal();
}
CellProblem LinearRegression::problem(std::span<const double> row) const {
  return missing(row) ? CellProblem() : covariate_problem(design_, row);
}
std::vector<double> LinearRegression::parameters() const { return with(coefficients_, variance_); }
void LinearRegression::set_parameters(std::span<const double> v) {
  check_parameters(groups(), v, "LinearRegression");
  if (!(v.back() > 0)) throw ArgumentError("LinearRegression", "variance", "must be positive");
  coefficients_.assign(v.begin(), v.end() - 1);
  variance_ = v.back();
}
ParameterGroups LinearRegression::groups() const {
  return {{"coefficient", Domain::real, design_.terms()}, {"variance", Domain::positive}};
}

// Generalized linear ------------------------------------------------------------------------------------------------

// Statistics: Σ r constant, Σ r kernel, its gradient and packed curvature in β, Σ r |kernel''|. Reference points: β,
// and 1 while there are no coefficients: the kernel is then −½ c (link(y) − η)².
GeneralizedRegression::GeneralizedRegression(Response response, RegressionDesign design)
    : response_(response), design_(design) {
  check_design(design, "GeneralizedRegression");
  coefficients_.assign(static_cast<std::size_t>(design.terms()), 0.0);
}
std::string GeneralizedRegression::name() const {
  switch (response_) {
    case Response::poisson: return "poisson-regression";
    case Response::binomial: return "binomial-regression";
    case Response::gamma: return "gamma-regression";
  }
  return {};
}
Layout GeneralizedRegression::layout() const {
  return {3 + coefficients_.size() + packed_size(design_.terms()), coefficients_.size() + 1};
}
void GeneralizedRegression::reference(std::span<double> about) const {
  std::copy(coefficients_.begin(), coefficients_.end(), about.begin());
  about[coefficients_.size()] = fresh_ ? 1 : 0;
}

GeneralizedRegression::Kernel GeneralizedRegression::kernel(std::span<const double> row, double eta) const {
  const double y = row[0];
  if (response_ == Response::poisson) {
    const double mean = std::exp(eta);
    return {(y == 0 ? 0 : y * eta) - mean, y - mean, -mean};
  }
  if (response_ == Response::gamma) {
    const double ratio = y * std::exp(-eta);
    return {-eta - ratio, ratio - 1, -ratio};
  }
  const double n = trials(row);
  const double log_one_plus = eta > 0 ? eta + std::log1p(std::exp(-eta)) : std::log1p(std::exp(eta));
  const double p = eta > 0 ? 1 / (1 + std::exp(-eta)) : std::exp(eta) / (1 + std::exp(eta));
  return {y * eta - n * log_one_plus, y - n * p, -n * p * (1 - p)};
}
double GeneralizedRegression::constant(std::span<const double> row) const {
  switch (response_) {
    case Response::poisson: return -log_factorial(row[0]);
    case Response::binomial:
      return log_factorial(trials(row)) - log_factorial(row[0]) - log_factorial(trials(row) - row[0]);
    case Response::gamma: return std::log(row[0]);
  }
  return 0;
}
double GeneralizedRegression::linear_predictor(std::span<const double> row) const {
  const bool offset = design_.second_column && response_ != Response::binomial;
  return dot(design_, row, coefficients_) + (offset ? row[1] : 0);
}
double GeneralizedRegression::log_density(std::span<const double> row) const {
  if (!problem(row).text.empty()) {
    return std::isnan(row[0]) || problem(row).column > 0 ? std::numeric_limits<double>::quiet_NaN() : -infinity;
  }
  const double value = kernel(row, linear_predictor(row)).value;
  if (response_ != Response::gamma) return constant(row) + value;
  return shape_ * std::log(shape_) - log_gamma(shape_) + (shape_ - 1) * constant(row) + shape_ * value;
}
void GeneralizedRegression::add(std::span<const double> row, double r, Slice s) const {
  const std::size_t terms = coefficients_.size();
  const double offset = design_.second_column && response_ != Response::binomial ? row[1] : 0;
  Kernel k;
  if (s.about[terms] == 0) {
    k = kernel(row, dot(design_, row, s.about.first(terms)) + offset);
  } else {  // about β = 0: −½ c (link(y) − offset − η)²
    const double n = trials(row);
    const double p = (row[0] + 0.5) / (n + 1);
    const double weight = response_ == Response::poisson ? row[0] + 0.1
                        : response_ == Response::gamma   ? 1
                                                         : n * p * (1 - p);
    const double link = response_ == Response::poisson ? std::log(row[0] + 0.1)
                      : response_ == Response::gamma   ? std::log(row[0])
                                                       : std::log(p / (1 - p));
    k = {-0.5 * weight * (link - offset) * (link - offset), weight * (link - offset), -weight};
  }
  s.sum[0] += r * constant(row);
  s.sum[1] += r * k.value;
  s.sum[2] -= r * k.curvature;
  add_products(design_, row, r * k.curvature, r * k.slope, s.sum.subspan(3 + terms), s.sum.subspan(3, terms));
}
double GeneralizedRegression::kernel_at(ConstSlice s) const {
  const std::size_t terms = coefficients_.size();
  std::vector<double> step = coefficients_;
  for (std::size_t j = 0; j < terms; ++j) step[j] -= s.about[j];
  return s.sum[1] + product(step, s.sum.subspan(3, terms)) + 0.5 * quadratic_form(s.sum.subspan(3 + terms), step);
}
FamilyFit GeneralizedRegression::fit(double weight, ConstSlice s) {
  const std::size_t terms = coefficients_.size();
  // η moves by at most 2, in the root mean square weighted by its curvature.
  const double reach = s.about[terms] == 0 ? 2 * std::sqrt(s.sum[2]) : infinity;
  if (s.sum[2] > 0) {
    const auto step = newton_step(s.sum.subspan(3, terms), s.sum.subspan(3 + terms), reach).step;
    for (std::size_t j = 0; j < terms; ++j) coefficients_[j] = s.about[j] + step[j];
  }
  fresh_ = false;
  if (response_ != Response::gamma) return {};
  if (s.about[terms] != 0) return {};  // the residuals about the first line are not those of the kernel
  const double gap = -kernel_at(s) / weight - 1 - s.sum[0] / weight;
  if (!(gap > 1e-13 * std::max(1.0, std::abs(s.sum[0]) / weight))) return {"its regression leaves no residuals"};
  shape_ = gamma_shape(gap);
  return {};
}
double GeneralizedRegression::expected_log_density(double weight, ConstSlice s) const {
  if (response_ != Response::gamma) return s.sum[0] + kernel_at(s);
  return weight * (shape_ * std::log(shape_) - log_gamma(shape_)) + (shape_ - 1) * s.sum[0] + shape_ * kernel_at(s);
}
void GeneralizedRegression::sample(Stream& stream, std::span<double> row) const {
  const double eta = linear_predictor(row);
  if (response_ == Response::poisson) row[0] = sample_poisson(stream, std::exp(eta));
  if (response_ == Response::gamma) row[0] = stream.gamma(shape_) / shape_ * std::exp(eta);
  if (response_ != Response::binomial) return;
  row[0] = 0;
  for (double t = 0; t < trials(row); ++t) row[0] += stream.uniform() < 1 / (1 + std::exp(-eta)) ? 1 : 0;
}
CellProblem GeneralizedRegression::problem(std::span<const double> row) const {
  if (missing(row)) return {};
  if (CellProblem found = covariate_problem(design_, row); !found.text.empty()) return found;
  if (response_ == Response::gamma) return {0, 0, positive_problem(row[0])};
  if (response_ == Response::binomial && !is_count(trials(row))) {
    return {0, 1, fmt::format("is a number of trials and must be a whole number ≥ 0, got {}", trials(row))};
  }
  if (response_ == Response::binomial && row[0] > trials(row)) {
    return {0, 0, fmt::format("must be at most the {} trials, got {}", trials(row), row[0])};
  }
  return {0, 0, count_problem(row[0])};
}
std::vector<double> GeneralizedRegression::parameters() const {
  return response_ == Response::gamma ? with(coefficients_, shape_) : coefficients_;
}
void GeneralizedRegression::set_parameters(std::span<const double> v) {
  check_parameters(groups(), v, name());
  coefficients_.assign(v.begin(), v.begin() + design_.terms());
  if (response_ == Response::gamma) {
    if (!(v.back() > 0)) throw ArgumentError(name(), "shape", "must be positive");
    shape_ = v.back();
  }
  fresh_ = false;
}
ParameterGroups GeneralizedRegression::groups() const {
  ParameterGroups groups = {{"coefficient", Domain::real, design_.terms()}};
  if (response_ == Response::gamma) groups.push_back({"shape", Domain::positive});
  return groups;
}

template class Independent<LinearRegression>;
template class Independent<GeneralizedRegression>;

}  // namespace jensen
