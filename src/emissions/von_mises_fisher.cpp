#include <jensen/emissions/von_mises_fisher.h>
#include <jensen/error.h>
#include <jensen/math/sphere.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "emissions/family_support.h"

namespace jensen {

namespace {

double length(std::span<const double> v) {
  double squares = 0;
  for (double x : v) squares += x * x;
  return std::sqrt(squares);
}

}  // namespace

VonMisesFisher::VonMisesFisher(int components, int columns, RowLength row_length)
    : components_(components), columns_(columns), length_(row_length) {
  if (components < 1)
    throw ArgumentError("VonMisesFisher", "components", fmt::format("must be ≥ 1, got {}", components));
  if (columns < 2) throw ArgumentError("VonMisesFisher", "columns", fmt::format("must be ≥ 2, got {}", columns));
  directions_.assign(static_cast<std::size_t>(components) * static_cast<std::size_t>(columns), 0.0);
  for (int k = 0; k < components; ++k) directions_[static_cast<std::size_t>(k) * static_cast<std::size_t>(columns)] = 1;
  concentrations_.assign(static_cast<std::size_t>(components), 0.0);
  derive();
}

std::span<const double> VonMisesFisher::direction(int k) const {
  const auto d = static_cast<std::size_t>(columns_);
  return std::span<const double>(directions_).subspan(static_cast<std::size_t>(k) * d, d);
}

void VonMisesFisher::set(std::vector<double> directions, std::vector<double> concentrations) {
  const auto d = static_cast<std::size_t>(columns_);
  if (directions.size() != directions_.size()) {
    throw ArgumentError("VonMisesFisher::set", "directions",
                        fmt::format("must hold {} numbers, got {}", directions_.size(), directions.size()));
  }
  if (concentrations.size() != concentrations_.size()) {
    throw ArgumentError("VonMisesFisher::set", "concentrations",
                        fmt::format("must hold {} numbers, got {}", concentrations_.size(), concentrations.size()));
  }
  for (std::size_t k = 0; k < concentrations.size(); ++k) {
    const double size = length(std::span<const double>(directions).subspan(k * d, d));
    if (!(std::abs(size - 1) <= 1e-9)) {
      throw ArgumentError("VonMisesFisher::set", "directions",
                          fmt::format("that of component {} has length {}, not 1", k, size));
    }
    if (!(concentrations[k] >= 0) || !std::isfinite(concentrations[k])) {
      throw ArgumentError("VonMisesFisher::set", "concentrations", fmt::format("holds {}", concentrations[k]));
    }
  }
  directions_ = std::move(directions);
  concentrations_ = std::move(concentrations);
  degeneracies_.clear();
  derive();
}

void VonMisesFisher::derive() {
  log_normalizers_.clear();
  for (double kappa : concentrations_) {
    log_normalizers_.push_back(von_mises_fisher_constants(columns_, kappa).log_normalizer);
  }
}

void VonMisesFisher::set_prior(double rows, std::vector<double> mean) {
  if (!(rows >= 0) || !std::isfinite(rows)) {
    throw ArgumentError("VonMisesFisher::set_prior", "rows", fmt::format("must be finite and ≥ 0, got {}", rows));
  }
  if (rows > 0 && (mean.size() != static_cast<std::size_t>(columns_) || !(length(mean) < 1))) {
    throw ArgumentError("VonMisesFisher::set_prior", "mean",
                        fmt::format("must hold {} numbers and be shorter than 1", columns_));
  }
  prior_rows_ = rows;
  prior_mean_ = rows > 0 ? std::move(mean) : std::vector<double>();
}

bool VonMisesFisher::regularize(ConstSlice pooled, double rows) {
  std::vector<double> mean;
  const auto first = static_cast<std::size_t>(components_);
  for (std::size_t j = 0; j < static_cast<std::size_t>(columns_); ++j) {
    mean.push_back(pooled.sum[0] > 0 ? pooled.sum[first + j] / pooled.sum[0] : 0);
  }
  set_prior(rows, std::move(mean));
  return true;
}

// Rows ---------------------------------------------------------------------------------------------------------------

void VonMisesFisher::check(const Block& x) const {
  Scratch scratch;
  std::vector<std::int64_t> at;
  unit_rows(x, scratch, at);
}

ConstPanel VonMisesFisher::unit_rows(const Block& x, Scratch& scratch, std::vector<std::int64_t>& at) const {
  const auto rows = static_cast<std::size_t>(x.rows());
  std::vector<double> squares(rows, 0.0);
  std::vector<int> holes(rows, 0);
  for (int j = 0; j < columns_; ++j) {
    const double* cells = x.x.column(j);
    for (std::size_t i = 0; i < rows; ++i) squares[i] += cells[i] * cells[i];
    for (std::size_t i = 0; i < rows && x.has_missing; ++i) holes[i] += std::isnan(cells[i]) ? 1 : 0;
  }
  at.clear();
  bool as_they_are = length_ == RowLength::unit;
  for (std::size_t i = 0; i < rows; ++i) {
    const auto row = static_cast<std::int64_t>(i);
    if (holes[i] == columns_) {
      as_they_are = false;
      continue;
    }
    const auto where = x.first_row + row;
    if (holes[i] > 0) {
      int column = 0;
      while (!std::isnan(x.x(row, column))) ++column;
      throw DataError(
          fmt::format("{}: row {}, column {}: is missing, but the rest of a unit vector has no density here: "
                      "leave the row out",
                      name(), where + 1, column + 1));
    }
    const double size = std::sqrt(squares[i]);
    if (length_ == RowLength::unit && !(std::abs(size - 1) <= 1e-5)) {
      throw DataError(
          fmt::format("{}: row {}: has length {}, not 1: normalize the rows, or ask for RowLength::normalized", name(),
                      where + 1, size));
    }
    if (!(size > 0) || !std::isfinite(size)) {
      throw DataError(fmt::format("{}: row {}: has length {} and so no direction", name(), where + 1, size));
    }
    at.push_back(row);
  }
  if (as_they_are) return x.x;
  scratch.rows.resize(std::max<std::size_t>(1, at.size() * static_cast<std::size_t>(columns_)));
  const auto count = static_cast<std::int64_t>(at.size());
  const Panel panel{scratch.rows.data(), count, columns_, count};
  for (int j = 0; j < columns_; ++j) {
    for (std::size_t i = 0; i < at.size(); ++i) {
      const double size = length_ == RowLength::unit ? 1 : std::sqrt(squares[static_cast<std::size_t>(at[i])]);
      panel.column(j)[i] = x.x(at[i], j) / size;
    }
  }
  return panel;
}

Layout VonMisesFisher::layout() const { return {concentrations_.size() + directions_.size(), 0}; }

void VonMisesFisher::add_log_density(const Block& x, Panel p, Scratch& scratch) const {
  std::vector<std::int64_t> at;
  const ConstPanel rows = unit_rows(x, scratch, at);
  std::vector<double> dots(at.size());
  for (int k = 0; k < components_; ++k) {
    std::fill(dots.begin(), dots.end(), 0.0);
    for (int j = 0; j < columns_; ++j) {
      const double weight = concentration(k) * direction(k)[static_cast<std::size_t>(j)];
      const double* cells = rows.column(j);
      for (std::size_t i = 0; i < dots.size(); ++i) dots[i] += weight * cells[i];
    }
    for (std::size_t i = 0; i < dots.size(); ++i) {
      p(at[i], k) += log_normalizers_[static_cast<std::size_t>(k)] + dots[i];
    }
  }
}

double VonMisesFisher::accumulate(const Block& x, ConstPanel r, Slice s, Scratch& scratch) const {
  std::vector<std::int64_t> at;
  const ConstPanel rows = unit_rows(x, scratch, at);
  const std::vector<double> origin(static_cast<std::size_t>(columns_), 0.0);
  std::vector<double> weights(at.size());
  scratch.second.assign(static_cast<std::size_t>(columns_), 0.0);
  for (int k = 0; k < components_; ++k) {
    const auto own = static_cast<std::size_t>(k);
    for (std::size_t i = 0; i < at.size(); ++i) weights[i] = r(at[i], k);
    double weight = 0;
    double* first = s.sum.data() + components_ + own * static_cast<std::size_t>(columns_);
    kernels::add_diagonal_moments(rows, origin.data(), weights.data(), &weight, first, scratch.second.data(),
                                  scratch.workspace);
    s.sum[own] += weight;
  }
  return 0;
}

// M-step -------------------------------------------------------------------------------------------------------------

void VonMisesFisher::maximize(ConstSlice s) {
  degeneracies_.clear();
  const auto d = static_cast<std::size_t>(columns_);
  for (int k = 0; k < components_; ++k) {
    const auto own = static_cast<std::size_t>(k);
    if (!(s.sum[own] > 0)) {
      degeneracies_.push_back({k, false, "no observation belongs to it; its parameters are those of before"});
      continue;
    }
    const double weight = s.sum[own] + prior_rows_;
    std::vector<double> total(d);
    for (std::size_t j = 0; j < d; ++j) {
      total[j] = s.sum[concentrations_.size() + own * d + j] + (prior_rows_ > 0 ? prior_rows_ * prior_mean_[j] : 0);
    }
    const double size = length(total);
    if (!(size < weight * (1 - 1e-13))) {
      degeneracies_.push_back({k, true, "its rows point in one direction, to rounding"});
      continue;
    }
    for (std::size_t j = 0; j < d && size > 0; ++j) directions_[own * d + j] = total[j] / size;
    concentrations_[own] = concentration_of(columns_, size / weight);
  }
  derive();
}

double VonMisesFisher::expected_log_density(ConstSlice s) const {
  const auto d = static_cast<std::size_t>(columns_);
  double total = 0;
  for (std::size_t k = 0; k < concentrations_.size(); ++k) {
    if (!(s.sum[k] > 0)) continue;
    double dot = 0;
    for (std::size_t j = 0; j < d; ++j) dot += directions_[k * d + j] * s.sum[concentrations_.size() + k * d + j];
    total += s.sum[k] * log_normalizers_[k] + concentrations_[k] * dot;
  }
  return total;
}

double VonMisesFisher::log_prior() const {
  if (prior_rows_ == 0) return 0;
  const auto d = static_cast<std::size_t>(columns_);
  const double size = length(prior_mean_);
  const double best = concentration_of(columns_, size);
  const double largest = von_mises_fisher_constants(columns_, best).log_normalizer + best * size;
  double total = 0;
  for (std::size_t k = 0; k < concentrations_.size(); ++k) {
    double dot = 0;
    for (std::size_t j = 0; j < d; ++j) dot += directions_[k * d + j] * prior_mean_[j];
    total += prior_rows_ * (log_normalizers_[k] + concentrations_[k] * dot - largest);
  }
  return total;
}

void VonMisesFisher::move(ConstSlice from, Slice to) const {
  std::copy(from.sum.begin(), from.sum.end(), to.sum.begin());
}

// t = μᵀx has density ∝ (1 − t²)^((d−3)/2) e^(κt): rejection from a Beta transformed (Wood 1994); the rest of x is
// uniform on the sphere orthogonal to μ.
void VonMisesFisher::sample(int k, Stream& stream, std::span<double> x) const {
  const double kappa = concentration(k);
  const double m = columns_ - 1;
  const double b = m / (2 * kappa + std::sqrt(4 * kappa * kappa + m * m));
  const double start = (1 - b) / (1 + b);
  const double c = kappa * start + m * std::log1p(-start * start);
  double t = 0;
  for (;;) {
    const double left = stream.gamma(0.5 * m);
    const double right = stream.gamma(0.5 * m);
    const double beta = left / (left + right);
    t = (1 - (1 + b) * beta) / (1 - (1 - b) * beta);
    if (kappa * t + m * std::log1p(-start * t) - c >= std::log(stream.uniform())) break;
  }
  const auto mu = direction(k);
  double along = 0;
  for (std::size_t j = 0; j < x.size(); ++j) {
    x[j] = stream.normal();
    along += x[j] * mu[j];
  }
  for (std::size_t j = 0; j < x.size(); ++j) x[j] -= along * mu[j];
  const double size = length(x);
  const double across = std::sqrt(std::max(0.0, (1 - t) * (1 + t)));
  for (std::size_t j = 0; j < x.size(); ++j) x[j] = t * mu[j] + across * x[j] / size;
}

// Coordinates --------------------------------------------------------------------------------------------------------

std::vector<double> VonMisesFisher::unconstrained() const {
  std::vector<double> u = directions_;
  for (std::size_t i = 0; i < u.size(); ++i) u[i] *= concentrations_[i / static_cast<std::size_t>(columns_)];
  return u;
}

void VonMisesFisher::set_unconstrained(std::span<const double> u) {
  if (u.size() != directions_.size()) {
    throw ArgumentError("VonMisesFisher::set_unconstrained", "u",
                        fmt::format("must hold {} numbers, got {}", directions_.size(), u.size()));
  }
  const auto d = static_cast<std::size_t>(columns_);
  std::vector<double> directions = directions_;
  std::vector<double> concentrations;
  for (std::size_t k = 0; k < concentrations_.size(); ++k) {
    const double size = length(u.subspan(k * d, d));
    concentrations.push_back(size);
    for (std::size_t j = 0; j < d && size > 0; ++j) directions[k * d + j] = u[k * d + j] / size;
  }
  set(std::move(directions), std::move(concentrations));
}

std::vector<double> VonMisesFisher::parameters() const {
  std::vector<double> v = directions_;
  v.insert(v.end(), concentrations_.begin(), concentrations_.end());
  return v;
}

void VonMisesFisher::set_parameters(std::span<const double> v) {
  if (v.size() != directions_.size() + concentrations_.size()) {
    throw ArgumentError(
        "VonMisesFisher::set_parameters", "v",
        fmt::format("must hold {} numbers, got {}", directions_.size() + concentrations_.size(), v.size()));
  }
  const auto middle = v.begin() + static_cast<std::ptrdiff_t>(directions_.size());
  set({v.begin(), middle}, {middle, v.end()});
}

std::vector<std::string> VonMisesFisher::parameter_names() const {
  std::vector<std::string> names;
  for (int k = 0; k < components_; ++k) {
    for (int j = 0; j < columns_; ++j) names.push_back(fmt::format("direction[{},{}]", k, j));
  }
  for (int k = 0; k < components_; ++k) names.push_back(fmt::format("concentration[{}]", k));
  return names;
}

}  // namespace jensen
