// Upper bounds of log-densities at the cost of one dot product: what an E-step needs to leave out components whose
// responsibility for a row is provably below rounding. docs/kernels.md has the bound and the argument.
#include <jensen/emissions/gaussian.h>

#include <algorithm>
#include <cmath>

#include "data/columns_of_rows.h"

namespace jensen {

namespace {

// Measured, in multiply-adds: what a row of a component costs, once for its log-density and once for its moments,
// beside their own, of which it takes more where rows are gathered; and the same of a guess and a bound, 3 d
// multiply-adds.
constexpr double gathering = 400;
constexpr double of_gathered = 1.3;
constexpr double looking = 40;
constexpr double of_looked = 4.0 / 3;
// The share of the whole work that the rest may be. What is left is computed in double, the whole might be in float.
constexpr double worth_trying = 0.85;
constexpr double worth_trying_single = 0.4;
constexpr std::size_t most_numbers = std::size_t{1} << 21;  // 16 MiB
constexpr double too_near = 0x1p-400;                       // whose square has lost digits

}  // namespace

// What profits from components that are far apart, as far as it would pay.
void Gaussian::derive_bounds() {
  most_relevant_ = 0;
  directions_.clear();
  distances_.clear();
  neighbourhoods_.clear();
  const auto d = static_cast<std::size_t>(columns_);
  const auto count = static_cast<std::size_t>(components_);
  const double most = most_within_bounds();
  const bool bounds_may_pay = components_ * most > 1;
  if (count * count * d > most_numbers || !(bounds_may_pay || neighbourhoods_may_pay())) return;
  derive_distances();
  if (neighbourhoods_may_pay()) derive_neighbourhoods();
  if (neighbourhoods_.empty() && bounds_may_pay && share_within_bounds() < most) {
    most_relevant_ = most;
    derive_directions();
  } else {
    distances_.clear();
  }
  if (has_matrices() && (most_relevant_ > 0 || !neighbourhoods_.empty())) derive_guesses();
}

// The share of components that may remain to a row if bounds are to pay; 0 where they do not exist. A row costs a
// guess, the look along all directions, and what is computed of the components that remain: one at least.
double Gaussian::most_within_bounds() const {
  if (!has_matrices()) return 0;
  const double whole = 0.5 * columns_ * (columns_ + 1) + columns_;
  const double looked = of_looked * 3 * columns_ + looking;
  const double evaluated = of_gathered * whole + gathering;
  const double worth = precision_ == Precision::float64 ? worth_trying : worth_trying_single;
  return (worth * 2 * whole - looked) / (2 * evaluated);
}

// ‖W_k (μ_j − μ_k)‖
void Gaussian::derive_distances() {
  const auto d = static_cast<std::size_t>(columns_);
  const auto count = static_cast<std::size_t>(components_);
  distances_.resize(count * count);
  const auto by_column = means_by_column();
  std::vector<double> whitened(d * count), squares(count);
  for (std::size_t k = 0; k < count; ++k) {
    whiten_means(by_column, static_cast<int>(k), whitened);
    std::fill(squares.begin(), squares.end(), 0.0);
    for (std::size_t a = 0; a < d; ++a) {
      const double* z = whitened.data() + a * count;
      for (std::size_t j = 0; j < count; ++j) squares[j] += z[j] * z[j];
    }
    for (std::size_t j = 0; j < count; ++j) distances_[j * count + k] = std::sqrt(squares[j]);
  }
}

// μ_j as [column][j].
std::vector<double> Gaussian::means_by_column() const {
  std::vector<double> by_column(means_.size());
  columns_of_rows(means_.data(), columns_, Panel{by_column.data(), components_, columns_, components_});
  return by_column;
}

// W_k (μ_j − μ_k), as [column][j].
void Gaussian::whiten_means(std::span<const double> by_column, int k, std::span<double> whitened) const {
  const auto count = static_cast<std::size_t>(components_);
  const double* center = mean(k).data();
  std::vector<double> gaps(by_column.size());
  for (std::size_t b = 0; b < static_cast<std::size_t>(columns_); ++b) {
    for (std::size_t j = 0; j < count; ++j) gaps[b * count + j] = by_column[b * count + j] - center[b];
  }
  std::fill(whitened.begin(), whitened.end(), 0.0);
  for_factor(k, [&](double factor, std::size_t a, std::size_t b) {
    double* z = whitened.data() + a * count;
    const double* gap = gaps.data() + b * count;
    for (std::size_t j = 0; j < count; ++j) z[j] += factor * gap[j];
  });
}

// W_kᵀ of that, as [column][j].
void Gaussian::turn_back(std::span<const double> whitened, int k, std::span<double> columns) const {
  const auto count = static_cast<std::size_t>(components_);
  std::fill(columns.begin(), columns.end(), 0.0);
  for_factor(k, [&](double factor, std::size_t a, std::size_t b) {
    const double* z = whitened.data() + a * count;
    double* column = columns.data() + b * count;
    for (std::size_t j = 0; j < count; ++j) column[j] += factor * z[j];
  });
}

// visit(W_ab, a, b) for all elements of W_k that are not 0 by its structure, row by row.
template <class Visit>
void Gaussian::for_factor(int k, const Visit& visit) const {
  const auto d = static_cast<std::size_t>(columns_);
  if (has_matrices()) {
    const double* factor = factors_[static_cast<std::size_t>(factor_of(k))].inverse.data();
    for (std::size_t a = 0; a < d; ++a) {
      for (std::size_t b = 0; b <= a; ++b) visit(*factor++, a, b);
    }
  } else {
    for (std::size_t a = 0; a < d; ++a) visit(scales_[static_cast<std::size_t>(k) * d + a], a, a);
  }
}

// The share of components that the bounds leave to a typical row, judged by the distances between the means. It
// decides what is worth trying and nothing else.
double Gaussian::share_within_bounds() const {
  const auto count = static_cast<std::size_t>(components_);
  double within = 0;
  for (std::size_t j = 0; j < count; ++j) {
    for (std::size_t k = 0; k < count; ++k) {
      const double distance = distances_[j * count + k];
      const double needed = constants_[k] - constants_[j] + 0.5 * columns_ + bound_slack - std::log(least_relevant);
      within += 0.5 * distance * distance > needed ? 0 : 1;
    }
  }
  return within / (static_cast<double>(components_) * components_);
}

// For every unit vector v,  ‖W_k (x − μ_k)‖ ≥ |vᵀ W_k (x − μ_j) + vᵀ W_k (μ_j − μ_k)|. Most is gained for rows of
// component j by v = W_k (μ_j − μ_k) / distance: then the second term is the distance. Direction (j, k) is W_kᵀ v.
void Gaussian::derive_directions() {
  const auto d = static_cast<std::size_t>(columns_);
  const auto count = static_cast<std::size_t>(components_);
  directions_.resize(count * count * d);
  const auto by_column = means_by_column();
  std::vector<double> whitened(d * count), columns(d * count);
  for (std::size_t k = 0; k < count; ++k) {
    whiten_means(by_column, static_cast<int>(k), whitened);
    turn_back(whitened, static_cast<int>(k), columns);
    for (std::size_t j = 0; j < count; ++j) {
      const double distance = distances_[j * count + k];
      for (std::size_t b = 0; b < d; ++b) {
        directions_[(j * count + k) * d + b] = distance > too_near ? columns[b * count + j] / distance : 0;
      }
    }
  }
}

// A guess at log-densities takes columns for independent within components.
void Gaussian::derive_guesses() {
  const auto d = static_cast<std::size_t>(columns_);
  const auto count = static_cast<std::size_t>(components_);
  guess_scales_.resize(count * d);
  guess_offsets_.resize(count * d);
  guess_constants_.assign(count, 0.0);
  for (std::size_t k = 0; k < count; ++k) {
    const auto f = static_cast<std::size_t>(factor_of(static_cast<int>(k)));
    for (std::size_t j = 0; j < d; ++j) {
      const int at = static_cast<int>(j);
      const double scale = 1 / std::sqrt(covariances_[f * shape_size() + packed_index(at, at)]);
      guess_scales_[k * d + j] = scale;
      guess_offsets_[k * d + j] = scale * (means_[k * d + j] - pivot_[j]);
      guess_constants_[k] += std::log(scale);
    }
  }
}

}  // namespace jensen
