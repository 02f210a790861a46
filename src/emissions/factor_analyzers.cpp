// Parameters of factor analysers, their coordinates, and samples.
#include <jensen/emissions/factor_analyzers.h>
#include <jensen/error.h>
#include <jensen/math/cholesky.h>

#include <fmt/format.h>

#include <Eigen/QR>
#include <algorithm>
#include <cmath>

namespace jensen {

std::string to_string(const FactorStructure& s) {
  const auto letter = [](bool constrained) { return constrained ? 'C' : 'U'; };
  return {letter(s.tied_loadings), letter(s.tied_noise), letter(s.isotropic_noise)};
}

FactorStructure factor_structure_named(std::string_view name) {
  const bool right = name.size() == 3 && name.find_first_not_of("CU") == std::string_view::npos;
  if (right) return {name[0] == 'C', name[1] == 'C', name[2] == 'C'};
  throw ArgumentError("factor structure", "name",
                      fmt::format("'{}' is none of UUU, UUC, UCU, UCC, CUU, CUC, CCU, CCC", name));
}

FactorAnalyzers::FactorAnalyzers(int components, int columns, int factors, FactorStructure structure)
    : components_(components), columns_(columns), factors_(factors), structure_(structure) {
  if (components < 1) {
    throw ArgumentError("FactorAnalyzers", "components", fmt::format("must be ≥ 1, got {}", components));
  }
  if (columns < 2) throw ArgumentError("FactorAnalyzers", "columns", fmt::format("must be ≥ 2, got {}", columns));
  if (factors < 1 || factors >= columns) {
    throw ArgumentError("FactorAnalyzers", "factors",
                        fmt::format("must be at least 1 and fewer than the {} columns, got {}", columns, factors));
  }
  means_.assign(component_count() * d(), 0.0);
  loadings_.assign(loading_copies() * d() * q(), 0.0);
  noise_.assign(noise_copies() * noise_size(), 1.0);
}

std::span<const double> FactorAnalyzers::mean(int k) const {
  return std::span<const double>(means_).subspan(static_cast<std::size_t>(k) * d(), d());
}

std::span<const double> FactorAnalyzers::loadings(int k) const {
  const std::size_t at = structure_.tied_loadings ? 0 : static_cast<std::size_t>(k);
  return std::span<const double>(loadings_).subspan(at * d() * q(), d() * q());
}

double FactorAnalyzers::noise(int k, int column) const {
  const std::size_t at = structure_.tied_noise ? 0 : static_cast<std::size_t>(k);
  return noise_[at * noise_size() + (structure_.isotropic_noise ? 0 : static_cast<std::size_t>(column))];
}

std::vector<double> FactorAnalyzers::covariance(int k) const {
  const auto lambda = loadings(k);
  std::vector<double> packed(packed_size(columns_));
  for (int a = 0; a < columns_; ++a) {
    for (int b = 0; b <= a; ++b) {
      double value = a == b ? noise(k, a) : 0;
      for (std::size_t f = 0; f < q(); ++f) {
        value += lambda[static_cast<std::size_t>(a) * q() + f] * lambda[static_cast<std::size_t>(b) * q() + f];
      }
      packed[packed_index(a, b)] = value;
    }
  }
  return packed;
}

double FactorAnalyzers::floor(std::size_t i) const {
  if (floor_.empty()) return 0;
  if (!structure_.isotropic_noise) return floor_[i % d()];
  double total = 0;
  for (double v : floor_) total += v;
  return total / static_cast<double>(d());
}

void FactorAnalyzers::set_noise_floor(std::vector<double> floor_by_column) {
  if (!floor_by_column.empty() && floor_by_column.size() != d()) {
    throw ArgumentError("FactorAnalyzers::set_noise_floor", "floor",
                        fmt::format("must hold {} numbers, got {}", d(), floor_by_column.size()));
  }
  for (double v : floor_by_column) {
    if (!(v >= 0) || !std::isfinite(v)) {
      throw ArgumentError("FactorAnalyzers::set_noise_floor", "floor", fmt::format("holds {}", v));
    }
  }
  floor_ = std::move(floor_by_column);
  for (std::size_t i = 0; i < noise_.size(); ++i) noise_[i] = std::max(noise_[i], floor(i));
}

void FactorAnalyzers::set(std::vector<double> means, std::vector<double> loadings, std::vector<double> noise) {
  const auto check = [](const char* argument, const std::vector<double>& got, std::size_t size) {
    if (got.size() != size) {
      throw ArgumentError("FactorAnalyzers::set", argument,
                          fmt::format("must hold {} numbers, got {}", size, got.size()));
    }
    for (double v : got) {
      if (!std::isfinite(v)) throw ArgumentError("FactorAnalyzers::set", argument, fmt::format("holds {}", v));
    }
  };
  check("means", means, means_.size());
  check("loadings", loadings, loadings_.size());
  check("noise", noise, noise_.size());
  for (std::size_t i = 0; i < noise.size(); ++i) {
    if (!(noise[i] > 0) || noise[i] < floor(i)) {
      throw ArgumentError("FactorAnalyzers::set", "noise",
                          fmt::format("{} is not positive, or below its floor {}", noise[i], floor(i)));
    }
  }
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  for (std::size_t c = 0; c < loading_copies(); ++c) {
    Eigen::Map<RowMajor> lambda(loadings.data() + c * d() * q(), columns_, factors_);
    bool trapezoidal = true;
    for (int j = 0; j < factors_; ++j) {
      for (int a = j + 1; a < factors_; ++a) trapezoidal = trapezoidal && lambda(j, a) == 0;
    }
    if (trapezoidal) continue;
    // The top block T is R̃ᵀ Qᵀ with Tᵀ = Q R̃: rotated by Q it is lower triangular.
    const Eigen::MatrixXd top = lambda.topRows(factors_).transpose();
    const Eigen::MatrixXd rotation = Eigen::HouseholderQR<Eigen::MatrixXd>(top).householderQ();
    lambda = (lambda * rotation).eval();
    for (int j = 0; j < factors_; ++j) {
      for (int a = j + 1; a < factors_; ++a) lambda(j, a) = 0;
    }
  }
  means_ = std::move(means);
  loadings_ = std::move(loadings);
  noise_ = std::move(noise);
  degeneracies_.clear();
}

void FactorAnalyzers::sample(int k, Stream& stream, std::span<double> x) const {
  std::vector<double> f(q());
  for (double& v : f) v = stream.normal();
  const auto lambda = loadings(k);
  for (std::size_t j = 0; j < d(); ++j) {
    x[j] = mean(k)[j] + std::sqrt(noise(k, static_cast<int>(j))) * stream.normal();
    for (std::size_t a = 0; a < q(); ++a) x[j] += lambda[j * q() + a] * f[a];
  }
}

// Coordinates --------------------------------------------------------------------------------------------------------

namespace {

// Calls f(index) for each element of a lower trapezoid that is free.
template <class F>
void for_each_loading(std::size_t copies, std::size_t d, std::size_t q, F f) {
  for (std::size_t c = 0; c < copies; ++c) {
    for (std::size_t j = 0; j < d; ++j) {
      for (std::size_t a = 0; a < std::min(q, j + 1); ++a) f(c, j, a, (c * d + j) * q + a);
    }
  }
}

}  // namespace

int FactorAnalyzers::free_parameters() const {
  const std::size_t loadings_each = d() * q() - q() * (q() - 1) / 2;
  return static_cast<int>(means_.size() + loading_copies() * loadings_each + noise_.size());
}

std::vector<double> FactorAnalyzers::parameters() const {
  std::vector<double> v = means_;
  for_each_loading(loading_copies(), d(), q(),
                   [&](std::size_t, std::size_t, std::size_t, std::size_t i) { v.push_back(loadings_[i]); });
  v.insert(v.end(), noise_.begin(), noise_.end());
  return v;
}

void FactorAnalyzers::set_parameters(std::span<const double> v) {
  const auto expected = static_cast<std::size_t>(free_parameters());
  if (v.size() != expected) {
    throw ArgumentError("FactorAnalyzers::set_parameters", "v",
                        fmt::format("must hold {} numbers, got {}", expected, v.size()));
  }
  std::size_t next = means_.size();
  std::vector<double> loadings(loadings_.size(), 0.0);
  for_each_loading(loading_copies(), d(), q(),
                   [&](std::size_t, std::size_t, std::size_t, std::size_t i) { loadings[i] = v[next++]; });
  set({v.begin(), v.begin() + static_cast<std::ptrdiff_t>(means_.size())}, std::move(loadings),
      {v.begin() + static_cast<std::ptrdiff_t>(next), v.end()});
}

std::vector<std::string> FactorAnalyzers::parameter_names() const {
  std::vector<std::string> names;
  for (int k = 0; k < components_; ++k) {
    for (int j = 0; j < columns_; ++j) names.push_back(fmt::format("mean[{},{}]", k, j));
  }
  for_each_loading(loading_copies(), d(), q(), [&](std::size_t c, std::size_t j, std::size_t a, std::size_t) {
    names.push_back(structure_.tied_loadings ? fmt::format("loading[{},{}]", j, a)
                                             : fmt::format("loading[{},{},{}]", c, j, a));
  });
  for (std::size_t i = 0; i < noise_.size(); ++i) {
    const std::string component = structure_.tied_noise ? "" : std::to_string(i / noise_size());
    const std::string column = structure_.isotropic_noise ? "" : std::to_string(i % noise_size());
    names.push_back(fmt::format("noise[{}{}{}]", component, !component.empty() && !column.empty() ? "," : "", column));
  }
  return names;
}

std::vector<double> FactorAnalyzers::unconstrained() const {
  std::vector<double> u = parameters();
  u.resize(u.size() - noise_.size());
  for (std::size_t i = 0; i < noise_.size(); ++i) {
    if (has_coordinate(i)) u.push_back(std::log(noise_[i]));
  }
  return u;
}

void FactorAnalyzers::set_unconstrained(std::span<const double> u) {
  const std::size_t before = static_cast<std::size_t>(free_parameters()) - noise_.size();
  std::size_t expected = before;
  for (std::size_t i = 0; i < noise_.size(); ++i) expected += has_coordinate(i) ? 1 : 0;
  if (u.size() != expected) {
    throw ArgumentError("FactorAnalyzers::set_unconstrained", "u",
                        fmt::format("must hold {} numbers, got {}", expected, u.size()));
  }
  std::vector<double> v(u.begin(), u.begin() + static_cast<std::ptrdiff_t>(before));
  std::size_t next = before;
  for (std::size_t i = 0; i < noise_.size(); ++i) {
    v.push_back(has_coordinate(i) ? std::max(std::exp(u[next++]), floor(i)) : noise_[i]);
  }
  set_parameters(v);
}

}  // namespace jensen
