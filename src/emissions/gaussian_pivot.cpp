// E-step of the Gaussian emissions on complete rows: all components at once, about one pivot where that is as accurate
// as about each component's own mean. docs/kernels.md has the bound.
#include <jensen/emissions/gaussian.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "data/columns_of_rows.h"

namespace jensen {

namespace {

// Distance of a component from the pivot, in its own standard deviations, up to which it is served about the pivot. Its
// log-densities then lose at most 4 of 53 bits in each whitened coordinate and its covariance at most 8.
constexpr double farthest = 16;

}  // namespace

void Gaussian::derive_pivot() {
  const auto d = static_cast<std::size_t>(columns_);
  const auto count = static_cast<std::size_t>(components_);
  scales_.resize(precisions_.size());
  std::transform(precisions_.begin(), precisions_.end(), scales_.begin(), [](double v) { return std::sqrt(v); });

  // Narrow components bear a distance least: each column's pivot is the mean of means, weighted by precision.
  pivot_.assign(d, 0.0);
  std::vector<double> total(d, 0.0);
  const auto precision = [&](std::size_t k, std::size_t j) {
    if (!has_matrices()) return precisions_[k * d + j];
    const int f = factor_of(static_cast<int>(k));
    const int at = static_cast<int>(j);
    return 1 / covariances_[static_cast<std::size_t>(f) * shape_size() + packed_index(at, at)];
  };
  for (std::size_t k = 0; k < count; ++k) {
    for (std::size_t j = 0; j < d; ++j) total[j] += precision(k, j);
  }
  for (std::size_t k = 0; k < count; ++k) {
    for (std::size_t j = 0; j < d; ++j) pivot_[j] += precision(k, j) / total[j] * means_[k * d + j];
  }

  pairs_.assign(1, {});
  for (int a = 1; a <= columns_; ++a) {
    for (int b = 0; b <= a; ++b) {
      if (has_matrices() || b == 0 || b == a) pairs_.push_back({a, b});
    }
  }

  near_.clear();
  far_.clear();
  offsets_.assign(count * d, 0.0);
  std::vector<double> offset(d);
  for (std::size_t k = 0; k < count; ++k) {
    double largest = 0;
    for (std::size_t a = 0; a < d; ++a) {
      double sum = 0;
      double size = 0;  // the same without cancellation
      for (std::size_t b = has_matrices() ? 0 : a; b <= a; ++b) {
        const double factor =
            has_matrices()
                ? factors_[static_cast<std::size_t>(factor_of(static_cast<int>(k)))].inverse[a * (a + 1) / 2 + b]
                : scales_[k * d + b];
        const double term = factor * (means_[k * d + b] - pivot_[b]);
        sum += term;
        size += std::abs(term);
      }
      offset[a] = sum;
      largest = std::isfinite(size) ? std::max(largest, size) : 2 * farthest;
    }
    const bool near = largest <= farthest;
    (near ? near_ : far_).push_back(static_cast<int>(k));
    if (near) std::copy(offset.begin(), offset.end(), offsets_.begin() + static_cast<std::ptrdiff_t>(k * d));
  }
  derive_bounds();
  derive_single();
}

void Gaussian::add_complete_rows(ConstPanel x, Panel p, Scratch& scratch) const {
  if (precision_ == Precision::float32) return add_widened_log_densities(x, p, scratch);
  if (!near_.empty()) {
    scratch.centered.assign(x, pivot_.data());
    add_log_densities(near_, p, scratch);
  }
  for (const int k : far_) {
    scratch.centered.assign(x, mean(k).data());
    add_log_densities({&k, 1}, p, scratch);
  }
}

// Adds the log-densities of some components to their columns of p, of the rows in scratch.centered.
void Gaussian::add_log_densities(std::span<const int> components, Panel p, Scratch& scratch) const {
  const auto d = static_cast<std::size_t>(columns_);
  std::vector<kernels::TriangularTerm> triangular;
  std::vector<kernels::DiagonalTerm> diagonal;
  for (const int k : components) {
    const double constant = constants_[static_cast<std::size_t>(k)];
    const double* offset = offsets_.data() + static_cast<std::size_t>(k) * d;
    if (has_matrices()) {
      const double* factor = factors_[static_cast<std::size_t>(factor_of(k))].inverse.data();
      triangular.push_back({factor, offset, constant, p.column(k)});
    } else {
      diagonal.push_back({scales_.data() + static_cast<std::size_t>(k) * d, offset, constant, p.column(k)});
    }
  }
  kernels::add_triangular_log_densities(scratch.centered, triangular);
  kernels::add_diagonal_log_densities(scratch.centered, columns_, diagonal);
}

double* Gaussian::first_moments(Slice s, int k) const {
  return s.sum.data() + components_ + static_cast<std::ptrdiff_t>(k) * columns_;
}

double* Gaussian::second_moments(Slice s, int k) const {
  return s.sum.data() + static_cast<std::ptrdiff_t>(components_) * (1 + columns_) +
         factor_of(k) * static_cast<std::ptrdiff_t>(shape_size());
}

// What is near was judged of this object's means; statistics may be wanted about others.
bool Gaussian::about_own_means(std::span<const double> about) const {
  return std::equal(about.begin(), about.end(), means_.begin(), means_.end());
}

void Gaussian::accumulate_complete_rows(ConstPanel x, ConstPanel r, Slice s, Scratch& scratch) const {
  if (precision_ == Precision::float32 && about_own_means(s.about)) {
    return accumulate_narrowed(x, r, s, scratch);
  }
  if (!about_own_means(s.about)) {
    for (int k = 0; k < components_; ++k) accumulate_rows(x, r.column(k), k, s, scratch);
    return;
  }
  // Where most responsibilities are 0, the rows that count are gathered: for hard assignments, say.
  const auto rows = static_cast<std::size_t>(x.rows);
  const auto few = [&](int k) {
    if (!has_matrices() || columns_ < 6) return false;
    const double* own = r.column(k);
    std::int64_t positive = 0;
    for (std::size_t i = 0; i < rows; ++i) positive += static_cast<int>(own[i] > 0);
    if (positive > x.rows / 4) return false;
    scratch.floor.assign(rows, std::numeric_limits<double>::denorm_min());
    scratch.indices.resize(rows);
    scratch.indices.resize(kernels::select_at_least({own, rows}, scratch.floor.data(), scratch.indices.data()));
    accumulate_chosen_rows(x, own, k, scratch.indices, s, scratch);
    return true;
  };
  std::vector<int> together;
  std::vector<const double*> columns;
  for (const int k : near_) {
    if (few(k)) continue;
    together.push_back(k);
    columns.push_back(r.column(k));
  }
  for (const int k : far_) {
    if (!few(k)) accumulate_rows(x, r.column(k), k, s, scratch);
  }
  if (together.empty()) return;
  scratch.moments.assign(together.size() * pairs_.size(), 0.0);
  scratch.centered.assign(x, pivot_.data());
  kernels::add_pair_moments(scratch.centered, pairs_, columns, scratch.moments.data());
  add_recentered(scratch.moments, together, pivot_.data(), s, scratch);
}

// Moments about the pivot become moments about the means μ, with δ = μ − pivot:
//   f_a − N δ_a   and   S_ab − f_a δ_b − δ_a f_b + N δ_a δ_b.
// Where pivot is nullptr they are that already.
void Gaussian::add_recentered(std::span<const double> moments, std::span<const int> components, const double* pivot,
                              Slice s, Scratch& scratch) const {
  const std::size_t count = components.size();
  const std::size_t size = pairs_.size();
  const double* by_component = moments.data();
  if (count > 1) {
    scratch.by_component.resize(moments.size());
    const auto rows = static_cast<std::int64_t>(size);
    columns_of_rows(moments.data(), static_cast<std::int64_t>(count),
                    Panel{scratch.by_component.data(), rows, static_cast<int>(count), rows});
    by_component = scratch.by_component.data();
  }
  scratch.delta.resize(static_cast<std::size_t>(columns_));
  for (std::size_t t = 0; t < count; ++t) {
    const auto center = mean(components[t]);
    for (std::size_t j = 0; j < scratch.delta.size(); ++j) {
      scratch.delta[j] = pivot == nullptr ? 0 : center[j] - pivot[j];
    }
    add_recentered(by_component + t * size, components[t], s, scratch);
  }
}

// The moments of component k, whose δ is scratch.delta.
void Gaussian::add_recentered(const double* about_pivot, int k, Slice s, Scratch& scratch) const {
  const auto d = static_cast<std::size_t>(columns_);
  const double weight = about_pivot[0];
  double* first = first_moments(s, k);
  double* second = second_moments(s, k);
  s.sum[static_cast<std::size_t>(k)] += weight;
  const double* delta = scratch.delta.data();
  if (has_matrices()) {  // (1; c) (1; c)ᵀ, packed
    scratch.sums.resize(d);
    double* own = scratch.sums.data();
    for (std::size_t a = 0; a < d; ++a) own[a] = about_pivot[(a + 1) * (a + 2) / 2];
    for (std::size_t a = 0; a < d; ++a) {
      const double* row = about_pivot + (a + 1) * (a + 2) / 2 + 1;
      const double delta_a = delta[a];
      const double shift = own[a] - weight * delta_a;
      first[a] += shift;
      double* to = second + a * (a + 1) / 2;
      for (std::size_t b = 0; b <= a; ++b) to[b] += row[b] - shift * delta[b] - delta_a * own[b];
    }
    return;
  }
  for (std::size_t j = 0; j < d; ++j) {  // 1, c_1, c_1², c_2, …
    const double own = about_pivot[1 + 2 * j];
    const double shift = own - weight * delta[j];
    first[j] += shift;
    second[has_variances() ? j : 0] += about_pivot[2 + 2 * j] - (shift + own) * delta[j];
  }
}

}  // namespace jensen
