// E-step of the Gaussian emissions: log-densities and expected moments of a block, whole rows and rows with holes.
#include <jensen/emissions/gaussian.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "emissions/pattern_rows.h"

namespace jensen {

Layout Gaussian::layout() const {
  const auto k = static_cast<std::size_t>(components_);
  const auto d = static_cast<std::size_t>(columns_);
  return {k + k * d + static_cast<std::size_t>(factors()) * shape_size(), k * d};
}

void Gaussian::reference(std::span<double> about) const { std::copy(means_.begin(), means_.end(), about.begin()); }

void Gaussian::add_log_density(const Block& x, Panel p, Scratch& scratch) const {
  if (!x.has_missing) {
    if (!x.allowed.empty() && has_matrices()) {
      add_possible_rows(x.x, p, scratch);
    } else {
      add_complete_rows(x.x, p, scratch);
    }
    return;
  }
  if (precision_ == Precision::float32) refuse_missing(x);
  scratch.conditionings.keep_for(covariances_);
  for (const auto& pattern : missing_patterns(x)) add_pattern(x, pattern, p, scratch);
}

void Gaussian::add_rows(ConstPanel x, int k, double* out, Scratch& scratch) const {
  const double constant = constants_[static_cast<std::size_t>(k)];
  if (has_matrices()) {
    const auto& factor = factors_[static_cast<std::size_t>(factor_of(k))];
    kernels::add_triangular_log_density(x, mean(k).data(), factor.inverse.data(), constant, out, scratch.workspace);
  } else {
    const double* precision = precisions_.data() + static_cast<std::size_t>(k) * static_cast<std::size_t>(columns_);
    kernels::add_diagonal_log_density(x, mean(k).data(), precision, constant, out, scratch.workspace);
  }
}

const std::vector<Conditioning>& Gaussian::conditionings(const MissingPattern& pattern, Scratch& scratch) const {
  return scratch.conditionings.of(pattern.observed, pattern.missing, factors(), [&](int f) {
    return std::span<const double>(covariances_).subspan(static_cast<std::size_t>(f) * shape_size(), shape_size());
  });
}

// log N(x_o; μ_o, Σ_oo): the marginal of the observed cells.
void Gaussian::add_pattern(const Block& x, const MissingPattern& pattern, Panel p, Scratch& scratch) const {
  const int observed = static_cast<int>(pattern.observed.size());
  if (observed == 0) return;
  const Panel rows = gather(x.x, pattern.rows, pattern.observed, scratch.rows);
  const double log_two_pi = std::log(2 * std::numbers::pi);
  auto& density = scratch.weights;
  for (int k = 0; k < components_; ++k) {
    density.assign(pattern.rows.size(), 0.0);
    const auto center = pick(mean(k), pattern.observed);
    if (observed == columns_) {
      add_rows(rows, k, density.data(), scratch);
    } else if (has_matrices()) {
      const Cholesky& factor = conditionings(pattern, scratch)[static_cast<std::size_t>(factor_of(k))].observed;
      const double constant = -0.5 * (observed * log_two_pi + factor.log_determinant);
      kernels::add_triangular_log_density(rows, center.data(), factor.inverse.data(), constant, density.data(),
                                          scratch.workspace);
    } else {
      const auto all = std::span<const double>(precisions_)
                           .subspan(static_cast<std::size_t>(k) * static_cast<std::size_t>(columns_));
      const auto precision = pick(all, pattern.observed);
      double constant = -0.5 * observed * log_two_pi;
      for (double value : precision) constant += 0.5 * std::log(value);
      kernels::add_diagonal_log_density(rows, center.data(), precision.data(), constant, density.data(),
                                        scratch.workspace);
    }
    for (std::size_t i = 0; i < density.size(); ++i) p(pattern.rows[i], k) += density[i];
  }
}

double Gaussian::accumulate(const Block& x, ConstPanel r, Slice s, Scratch& scratch) const {
  if (!x.has_missing) {
    accumulate_complete_rows(x.x, r, s, scratch);
    return 0;
  }
  if (precision_ == Precision::float32) refuse_missing(x);
  scratch.conditionings.keep_for(covariances_);
  double entropy = 0;
  for (const auto& pattern : missing_patterns(x)) entropy += accumulate_pattern(x, pattern, r, s, scratch);
  return entropy;
}

// Adds complete rows to the moments of component k; returns their weight.
double Gaussian::accumulate_rows(ConstPanel x, const double* r, int k, Slice s, Scratch& scratch) const {
  const auto d = static_cast<std::size_t>(columns_);
  const auto at = static_cast<std::size_t>(k);
  double* first = s.sum.data() + static_cast<std::size_t>(components_) + at * d;
  double* second = s.sum.data() + static_cast<std::size_t>(components_) * (1 + d) +
                   static_cast<std::size_t>(factor_of(k)) * shape_size();
  const double* about = s.about.data() + at * d;
  double weight = 0;
  if (has_matrices()) {
    kernels::add_full_moments(x, about, r, &weight, first, second, scratch.workspace);
  } else if (has_variances()) {
    kernels::add_diagonal_moments(x, about, r, &weight, first, second, scratch.workspace);
  } else {
    scratch.second.assign(d, 0.0);
    kernels::add_diagonal_moments(x, about, r, &weight, first, scratch.second.data(), scratch.workspace);
    for (double value : scratch.second) *second += value;
  }
  s.sum[at] += weight;
  return weight;
}

// Little and Rubin (2002), section 11.2.1, by component: given x_o, the missing cells are normal with mean
// μ_m + B (x_o − μ_o), B = Σ_mo Σ_oo⁻¹, and covariance C = Σ_mm − B Σ_om. Rows enter the moments with that mean in
// their holes, C is added for each, and their entropy is ½ log|2πe C|.
double Gaussian::accumulate_pattern(const Block& x, const MissingPattern& pattern, ConstPanel r, Slice s,
                                    Scratch& scratch) const {
  std::vector<int> all(static_cast<std::size_t>(columns_));
  for (int j = 0; j < columns_; ++j) all[static_cast<std::size_t>(j)] = j;
  const Panel rows = gather(x.x, pattern.rows, all, scratch.rows);
  const auto& missing = pattern.missing;
  const auto& observed = pattern.observed;
  const double entropy_constant = std::log(2 * std::numbers::pi * std::numbers::e);
  double entropy = 0;
  for (int k = 0; k < components_; ++k) {
    scratch.weights.resize(pattern.rows.size());
    for (std::size_t i = 0; i < pattern.rows.size(); ++i) scratch.weights[i] = r(pattern.rows[i], k);

    // Without correlations the holes hold the mean, and there is nothing to regress on.
    const Conditioning* conditional = has_matrices() && !missing.empty()
                                        ? &conditionings(pattern, scratch)[static_cast<std::size_t>(factor_of(k))]
                                        : nullptr;
    for (std::size_t m = 0; m < missing.size(); ++m) {
      double* hole = rows.column(missing[m]);
      std::fill_n(hole, rows.rows, mean(k)[static_cast<std::size_t>(missing[m])]);
      for (std::size_t o = 0; conditional != nullptr && o < observed.size(); ++o) {
        const double slope = conditional->regression[m * observed.size() + o];
        const double center = mean(k)[static_cast<std::size_t>(observed[o])];
        for (std::int64_t i = 0; i < rows.rows; ++i) hole[i] += slope * (rows(i, observed[o]) - center);
      }
    }
    const double weight = accumulate_rows(rows, scratch.weights.data(), k, s, scratch);
    if (missing.empty() || weight == 0) continue;

    double* second = s.sum.data() + static_cast<std::size_t>(components_) * static_cast<std::size_t>(1 + columns_) +
                     static_cast<std::size_t>(factor_of(k)) * shape_size();
    double log_determinant = 0;
    for (int a = 0; a < static_cast<int>(missing.size()); ++a) {
      const int row = missing[static_cast<std::size_t>(a)];
      if (conditional == nullptr) {
        const double variance = 1 / precisions_[static_cast<std::size_t>(k) * static_cast<std::size_t>(columns_) +
                                                static_cast<std::size_t>(row)];
        second[has_variances() ? row : 0] += weight * variance;
        log_determinant += std::log(variance);
        continue;
      }
      for (int b = 0; b <= a; ++b) {
        second[packed_index(row, missing[static_cast<std::size_t>(b)])] +=
            weight * conditional->residual[packed_index(a, b)];
      }
    }
    if (conditional != nullptr) log_determinant = conditional->residual_log_determinant;
    entropy += 0.5 * weight * (static_cast<double>(missing.size()) * entropy_constant + log_determinant);
  }
  return entropy;
}

}  // namespace jensen
