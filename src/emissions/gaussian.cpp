// Parameters of the Gaussian emissions and what is derived from them.
#include <jensen/emissions/gaussian.h>
#include <jensen/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace jensen {

Gaussian::Gaussian(int components, int columns, Covariance covariance, int groups)
    : components_(components),
      columns_(columns),
      groups_(groups),
      structure_(covariance),
      shape_(shape_of(covariance)) {
  if (components < 1) throw ArgumentError("Gaussian", "components", fmt::format("must be ≥ 1, got {}", components));
  if (columns < 1) throw ArgumentError("Gaussian", "columns", fmt::format("must be ≥ 1, got {}", columns));
  if (groups < 1 || components % groups != 0) {
    throw ArgumentError("Gaussian", "groups", fmt::format("must divide the {} components, got {}", components, groups));
  }
  if (is_shared(structure_)) components_of_factor_ = group_size();
  shape_size_ = jensen::shape_size(structure_, columns);
  means_.assign(static_cast<std::size_t>(components) * static_cast<std::size_t>(columns), 0.0);
  covariances_.assign(static_cast<std::size_t>(factors()) * shape_size(), has_matrices() ? 0.0 : 1.0);
  if (has_matrices()) {
    for (int f = 0; f < factors(); ++f) {
      for (int j = 0; j < columns; ++j)
        covariances_[static_cast<std::size_t>(f) * shape_size() + packed_index(j, j)] = 1;
    }
  }
  derive();
}

std::span<const double> Gaussian::mean(int k) const {
  const auto d = static_cast<std::size_t>(columns_);
  return std::span<const double>(means_).subspan(static_cast<std::size_t>(k) * d, d);
}

std::vector<double> Gaussian::covariance(int k) const {
  const double* own = covariances_.data() + static_cast<std::size_t>(factor_of(k)) * shape_size();
  if (has_matrices()) return {own, own + shape_size()};
  std::vector<double> matrix(packed_size(columns_), 0.0);
  for (int j = 0; j < columns_; ++j) matrix[packed_index(j, j)] = has_variances() ? own[j] : own[0];
  return matrix;
}

std::span<const double> Gaussian::covariances_of(int group) const {
  const std::size_t size = covariances_.size() / static_cast<std::size_t>(groups_);
  return std::span<const double>(covariances_).subspan(static_cast<std::size_t>(group) * size, size);
}

void Gaussian::set(std::vector<double> means, std::vector<double> covariances) {
  const auto check = [](const char* argument, const std::vector<double>& got, std::size_t size) {
    if (got.size() != size) {
      throw ArgumentError("Gaussian::set", argument, fmt::format("must hold {} numbers, got {}", size, got.size()));
    }
    for (double v : got) {
      if (!std::isfinite(v)) throw ArgumentError("Gaussian::set", argument, fmt::format("holds {}", v));
    }
  };
  check("means", means, means_.size());
  check("covariances", covariances, covariances_.size());
  Gaussian changed = *this;
  changed.means_ = std::move(means);
  changed.covariances_ = std::move(covariances);
  changed.degeneracies_.clear();
  changed.derive();
  for (int g = 0; g < groups_; ++g) {
    const auto departure =
        departure_from_structure(structure_, group_size(), columns_, changed.covariances_of(g), g * group_size());
    if (!departure.empty()) throw ArgumentError("Gaussian", "covariances", departure);
  }
  *this = std::move(changed);
}

void Gaussian::set_prior(CovariancePrior prior) {
  if (!(prior.rows >= 0) || !std::isfinite(prior.rows)) {
    throw ArgumentError("Gaussian::set_prior", "rows", fmt::format("must be finite and ≥ 0, got {}", prior.rows));
  }
  if (prior.rows > 0) {
    if (prior.scale.size() != packed_size(columns_) || !cholesky(prior.scale, columns_).positive_definite()) {
      throw ArgumentError("Gaussian::set_prior", "scale", "must be a positive definite matrix, packed");
    }
  }
  prior_ = std::move(prior);
}

void Gaussian::derive() {
  const double log_two_pi = std::log(2 * std::numbers::pi);
  const auto d = static_cast<std::size_t>(columns_);
  std::vector<double> log_determinants(static_cast<std::size_t>(factors()));
  std::vector<Cholesky> matrices;
  std::vector<double> precisions;
  for (int f = 0; f < factors(); ++f) {
    const auto own =
        std::span<const double>(covariances_).subspan(static_cast<std::size_t>(f) * shape_size(), shape_size());
    double& log_determinant = log_determinants[static_cast<std::size_t>(f)];
    bool positive = true;
    if (has_matrices()) {
      matrices.push_back(cholesky(own, columns_));
      positive = matrices.back().positive_definite();
      log_determinant = matrices.back().log_determinant;
    } else {
      for (std::size_t j = 0; j < d; ++j) {
        const double variance = has_variances() ? own[j] : own[0];
        positive = positive && variance > 0 && std::isfinite(1 / variance);
        log_determinant += std::log(variance);
        precisions.push_back(1 / variance);
      }
      const std::vector<double> first(precisions.end() - columns_, precisions.end());
      for (int k = 1; k < components_of_factor(); ++k) {
        precisions.insert(precisions.end(), first.begin(), first.end());
      }
    }
    if (!positive) {
      throw ArgumentError("Gaussian", "covariances",
                          fmt::format("that of component {} is not positive definite", f * components_of_factor()));
    }
  }
  factors_ = std::move(matrices);
  precisions_ = std::move(precisions);
  constants_.resize(static_cast<std::size_t>(components_));
  for (int k = 0; k < components_; ++k) {
    constants_[static_cast<std::size_t>(k)] =
        -0.5 * (static_cast<double>(columns_) * log_two_pi + log_determinants[static_cast<std::size_t>(factor_of(k))]);
  }
  derive_pivot();
}

void Gaussian::sample(int k, Stream& stream, std::span<double> x) const {
  const auto center = mean(k);
  std::vector<double> normals(static_cast<std::size_t>(columns_));
  for (double& z : normals) z = stream.normal();
  for (int j = 0; j < columns_; ++j) {
    const auto at = static_cast<std::size_t>(j);
    double deviation = 0;
    if (has_matrices()) {
      const auto& factor = factors_[static_cast<std::size_t>(factor_of(k))].factor;
      for (int b = 0; b <= j; ++b) deviation += factor[packed_index(j, b)] * normals[static_cast<std::size_t>(b)];
    } else {
      deviation =
          normals[at] / std::sqrt(precisions_[static_cast<std::size_t>(k) * static_cast<std::size_t>(columns_) + at]);
    }
    x[at] = center[at] + deviation;
  }
}

}  // namespace jensen
