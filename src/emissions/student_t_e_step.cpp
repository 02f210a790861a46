// E-step of the Student-t emissions.
#include <jensen/emissions/student_t.h>
#include <jensen/math/special.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "emissions/pattern_rows.h"

namespace jensen {

namespace {

// log Γ(a + h) − log Γ(a): for large a from Stirling's series, where the difference of the two would lose its digits.
double log_gamma_difference(double a, double h) {
  if (a < 30) return log_gamma(a + h) - log_gamma(a);
  const auto correction = [](double x) { return (1 / 12.0 - (1 / 360.0 - 1 / (1260 * x * x)) / (x * x)) / x; };
  return (a - 0.5) * std::log1p(h / a) + h * std::log(a + h) - h + correction(a + h) - correction(a);
}

MissingPattern every_cell(const Block& x) {
  MissingPattern pattern;
  for (int j = 0; j < x.columns(); ++j) pattern.observed.push_back(j);
  for (std::int64_t i = 0; i < x.rows(); ++i) pattern.rows.push_back(i);
  return pattern;
}

}  // namespace

Layout StudentT::layout() const {
  const Layout normal = normal_.layout();
  return {normal.sum + (heads - 1) * components(), normal.about};
}

const std::vector<Conditioning>& StudentT::conditionings(const MissingPattern& pattern, Scratch& scratch) const {
  return scratch.conditionings.of(pattern.observed, pattern.missing, states(), [&](int k) { return scale(k); });
}

double StudentT::half_distances(ConstPanel rows, int k, const MissingPattern& pattern, Scratch& scratch) const {
  auto& half = scratch.half_distance;
  half.assign(static_cast<std::size_t>(rows.rows), 0.0);
  const auto center = pick(mean(k), pattern.observed);
  if (has_matrices()) {
    const Cholesky& factor = pattern.missing.empty()
                               ? factors_[static_cast<std::size_t>(k)]
                               : conditionings(pattern, scratch)[static_cast<std::size_t>(k)].observed;
    kernels::add_triangular_log_density(rows, center.data(), factor.inverse.data(), 0, half.data(), scratch.workspace);
    return factor.log_determinant;
  }
  const auto matrix = scale(k);
  std::vector<double> precision;
  double log_determinant = 0;
  for (int j : pattern.observed) {
    precision.push_back(1 / matrix[packed_index(j, j)]);
    log_determinant += std::log(matrix[packed_index(j, j)]);
  }
  kernels::add_diagonal_log_density(rows, center.data(), precision.data(), 0, half.data(), scratch.workspace);
  return log_determinant;
}

void StudentT::add_log_density(const Block& x, Panel p, Scratch& scratch) const {
  if (!x.has_missing) {
    add_pattern(x.x, every_cell(x), p, scratch);
    return;
  }
  scratch.conditionings.keep_for(normal_.covariances());
  for (const auto& pattern : missing_patterns(x)) {
    if (pattern.observed.empty()) continue;
    add_pattern(gather(x.x, pattern.rows, pattern.observed, scratch.rows), pattern, p, scratch);
  }
}

void StudentT::add_pattern(ConstPanel rows, const MissingPattern& pattern, Panel p, Scratch& scratch) const {
  const auto observed = static_cast<double>(pattern.observed.size());
  for (int k = 0; k < states(); ++k) {
    const double log_determinant = half_distances(rows, k, pattern, scratch);
    const double constant = log_gamma_difference(0.5 * nu(k), 0.5 * observed) -
                            0.5 * observed * std::log(std::numbers::pi * nu(k)) - 0.5 * log_determinant;
    for (std::size_t i = 0; i < pattern.rows.size(); ++i) {
      const double ratio = -2 * scratch.half_distance[i] / nu(k);
      p(pattern.rows[i], k) += constant - 0.5 * (nu(k) + observed) * std::log1p(ratio);
    }
  }
}

double StudentT::accumulate(const Block& x, ConstPanel r, Slice s, Scratch& scratch) const {
  if (!x.has_missing) return accumulate_pattern(x.x, {}, every_cell(x), r, s, scratch);
  scratch.conditionings.keep_for(normal_.covariances());
  double entropy = 0;
  std::vector<int> all(static_cast<std::size_t>(columns()));
  for (int j = 0; j < columns(); ++j) all[static_cast<std::size_t>(j)] = j;
  std::vector<double> whole;
  for (const auto& pattern : missing_patterns(x)) {
    const Panel observed = gather(x.x, pattern.rows, pattern.observed, scratch.rows);
    entropy += accumulate_pattern(observed, gather(x.x, pattern.rows, all, whole), pattern, r, s, scratch);
  }
  return entropy;
}

// Σ r ∂ log p(x_o | k)/∂ν and its derivative, u integrated out; −½ δ lies in the scratch. With a = (ν + o)/2, h = ν/2:
// ½ [ψ(a) − ψ(h) − log(1 + δ/ν) + (δ − o)/(ν + δ)].
void StudentT::add_degrees(int k, double observed, std::size_t n, const MissingPattern& pattern, ConstPanel r, Slice s,
                           const Scratch& scratch) const {
  const double v = nu(k);
  const double constant = digamma(0.5 * (v + observed)) - digamma(0.5 * v);
  const double bend = 0.5 * (trigamma(0.5 * (v + observed)) - trigamma(0.5 * v));
  double first = 0;
  double second = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double share = r(pattern.rows[i], k);
    const double distance = -2 * scratch.half_distance[i];
    const double total = v + distance;
    const double excess = (distance - observed) / total;
    if (!(share > 0)) continue;
    first += share * 0.5 * (constant - std::log1p(distance / v) + excess);
    second += share * 0.5 * (bend + distance / (v * total) - excess / total);
  }
  s.sum[3 * components() + static_cast<std::size_t>(k)] += first;
  s.sum[4 * components() + static_cast<std::size_t>(k)] += second;
}

// Given u the missing cells are normal with mean μ_m + B (x_o − μ_o) and covariance C/u (gaussian_e_step.cpp), so that
// E[u (x − c)(x − c)ᵀ] = E[u] (x̂ − c)(x̂ − c)ᵀ + C, and their entropy is ½ log|2πe C| − (m/2) E[log u]. That of u is
// a − log b + log Γ(a) + (1 − a) ψ(a).
double StudentT::accumulate_pattern(ConstPanel observed, Panel whole, const MissingPattern& pattern, ConstPanel r,
                                    Slice s, Scratch& scratch) const {
  const std::size_t state_count = components();
  const auto d = static_cast<std::size_t>(columns());
  const std::size_t n = pattern.rows.size();
  const auto count = static_cast<double>(pattern.observed.size());
  const auto holes = static_cast<double>(pattern.missing.size());
  const std::size_t size = shape_size(covariance_structure(), columns());
  double entropy = 0;
  for (int k = 0; k < states(); ++k) {
    const auto at = static_cast<std::size_t>(k);
    half_distances(observed, k, pattern, scratch);
    const double a = 0.5 * (nu(k) + count);
    const double digamma_a = digamma(a);
    if (degrees_next_) add_degrees(k, count, n, pattern, r, s, scratch);
    // r into weights, then r E[u] and r E[log u] in their place.
    scratch.weights.resize(n);
    scratch.logs.resize(n);
    for (std::size_t i = 0; i < n; ++i) scratch.weights[i] = r(pattern.rows[i], k);
    const double weight = kernels::sum(scratch.weights);
    for (std::size_t i = 0; i < n; ++i) {
      const double b = 0.5 * nu(k) - scratch.half_distance[i];
      const double share = scratch.weights[i];
      scratch.logs[i] = share > 0 ? share * (digamma_a - std::log(b)) : 0;
      scratch.weights[i] = share > 0 ? share * a / b : 0;
    }
    const double expected_log = kernels::sum(scratch.logs);
    s.sum[at] += weight;
    s.sum[2 * state_count + at] += expected_log;
    entropy += weight * (a + log_gamma(a) - a * digamma_a) + expected_log;

    double* first = s.sum.data() + heads * state_count + at * d;
    double* second =
        s.sum.data() + heads * state_count + state_count * d + (is_shared(covariance_structure()) ? 0 : at * size);
    const Conditioning* conditional = nullptr;
    if (!pattern.missing.empty()) {
      if (has_matrices()) conditional = &conditionings(pattern, scratch)[at];
      for (std::size_t m = 0; m < pattern.missing.size(); ++m) {
        double* hole = whole.column(pattern.missing[m]);
        std::fill_n(hole, whole.rows, mean(k)[static_cast<std::size_t>(pattern.missing[m])]);
        for (std::size_t o = 0; conditional != nullptr && o < pattern.observed.size(); ++o) {
          const double slope = conditional->regression[m * pattern.observed.size() + o];
          const double center = mean(k)[static_cast<std::size_t>(pattern.observed[o])];
          for (std::int64_t i = 0; i < whole.rows; ++i) hole[i] += slope * (whole(i, pattern.observed[o]) - center);
        }
      }
    }
    const ConstPanel rows = whole.data == nullptr ? observed : ConstPanel(whole);
    const double* about = s.about.data() + at * d;
    double weighted = 0;
    if (has_matrices()) {
      kernels::add_full_moments(rows, about, scratch.weights.data(), &weighted, first, second, scratch.workspace);
    } else if (size == d) {
      kernels::add_diagonal_moments(rows, about, scratch.weights.data(), &weighted, first, second, scratch.workspace);
    } else {
      scratch.second.assign(d, 0.0);
      kernels::add_diagonal_moments(rows, about, scratch.weights.data(), &weighted, first, scratch.second.data(),
                                    scratch.workspace);
      for (double v : scratch.second) *second += v;
    }
    s.sum[state_count + at] += weighted;
    if (pattern.missing.empty() || weight == 0) continue;

    double log_determinant = conditional == nullptr ? 0 : conditional->residual_log_determinant;
    const auto matrix = conditional == nullptr ? scale(k) : std::vector<double>();
    for (int i = 0; i < static_cast<int>(pattern.missing.size()); ++i) {
      const int row = pattern.missing[static_cast<std::size_t>(i)];
      if (conditional == nullptr) {
        const double variance = matrix[packed_index(row, row)];
        second[size == d ? static_cast<std::size_t>(row) : 0] += weight * variance;
        log_determinant += std::log(variance);
        continue;
      }
      for (int j = 0; j <= i; ++j) {
        second[packed_index(row, pattern.missing[static_cast<std::size_t>(j)])] +=
            weight * conditional->residual[packed_index(i, j)];
      }
    }
    entropy += 0.5 * weight * (holes * std::log(2 * std::numbers::pi * std::numbers::e) + log_determinant) -
               0.5 * holes * expected_log;
  }
  return entropy;
}

}  // namespace jensen
