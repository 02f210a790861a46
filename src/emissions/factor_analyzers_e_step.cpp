// E-step of factor analysers. Rows are worked on column by column: d q multiply-adds each, elementwise, so that the
// compiler vectorises without changing the order of any sum.
#include <jensen/math/cholesky.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "emissions/factor_moments.h"
#include "emissions/pattern_rows.h"

namespace jensen {

namespace {

// Σ a_i b_i in eight lanes.
double dot(const double* a, const double* b, std::size_t n) {
  std::array<double, 8> lanes{};
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    for (std::size_t l = 0; l < 8; ++l) lanes[l] += a[i + l] * b[i + l];
  }
  for (std::size_t l = 0; i < n; ++i, ++l) lanes[l] += a[i] * b[i];
  return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

void add_multiple(double factor, const double* x, double* y, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) y[i] += factor * x[i];
}

std::vector<int> all_columns(int d) {
  std::vector<int> columns;
  for (int j = 0; j < d; ++j) columns.push_back(j);
  return columns;
}

}  // namespace

std::size_t FactorAnalyzers::statistics_size() const { return 1 + q() + packed_size(factors_) + d() * (2 + q()); }

Layout FactorAnalyzers::layout() const { return {component_count() * statistics_size(), component_count() * d()}; }

void FactorAnalyzers::reference(std::span<double> about) const {
  std::copy(means_.begin(), means_.end(), about.begin());
}

FactorAnalyzers::Posterior FactorAnalyzers::posterior(int k, std::span<const int> observed) const {
  const auto lambda = loadings(k);
  std::vector<double> precision(packed_size(factors_), 0.0);
  Posterior result;
  for (int a = 0; a < factors_; ++a) precision[packed_index(a, a)] = 1;
  for (int j : observed) {
    const double* row = lambda.data() + static_cast<std::size_t>(j) * q();
    const double psi = noise(k, j);
    result.log_determinant += std::log(psi);
    for (int a = 0; a < factors_; ++a) {
      for (int b = 0; b <= a; ++b) precision[packed_index(a, b)] += row[a] * row[b] / psi;
    }
  }
  const Cholesky factor = cholesky(precision, factors_);
  result.log_determinant += factor.log_determinant;
  result.log_determinant_v = -factor.log_determinant;
  result.covariance.assign(packed_size(factors_), 0.0);
  for (int a = 0; a < factors_; ++a) {
    for (int b = 0; b <= a; ++b) {
      double value = 0;  // (L⁻ᵀ L⁻¹)_ab
      for (int c = a; c < factors_; ++c)
        value += factor.inverse[packed_index(c, a)] * factor.inverse[packed_index(c, b)];
      result.covariance[packed_index(a, b)] = value;
    }
  }
  for (int a = 0; a < factors_; ++a) {
    for (int j : observed) {
      double value = 0;
      for (int b = 0; b < factors_; ++b) {
        value += result.covariance[packed_index(a, b)] *
                 lambda[static_cast<std::size_t>(j) * q() + static_cast<std::size_t>(b)];
      }
      result.gain.push_back(value / noise(k, j));
    }
  }
  return result;
}

void FactorAnalyzers::find_factors(ConstPanel rows, int k, std::span<const int> observed, const Posterior& posterior,
                                   Scratch& scratch) const {
  const auto n = static_cast<std::size_t>(rows.rows);
  const auto lambda = loadings(k);
  auto& centered = scratch.centered;
  scratch.factors.assign(n * q(), 0.0);
  scratch.quadratic.assign(n, 0.0);
  centered.resize(n);
  for (std::size_t o = 0; o < observed.size(); ++o) {
    const double* cells = rows.column(static_cast<int>(o));
    const double center = mean(k)[static_cast<std::size_t>(observed[o])];
    for (std::size_t i = 0; i < n; ++i) centered[i] = cells[i] - center;
    for (std::size_t a = 0; a < q(); ++a) {
      add_multiple(posterior.gain[a * observed.size() + o], centered.data(), scratch.factors.data() + a * n, n);
    }
  }
  for (std::size_t a = 0; a < q(); ++a) {
    const double* f = scratch.factors.data() + a * n;
    for (std::size_t i = 0; i < n; ++i) scratch.quadratic[i] += f[i] * f[i];
  }
  for (std::size_t o = 0; o < observed.size(); ++o) {
    const auto j = static_cast<std::size_t>(observed[o]);
    const double* cells = rows.column(static_cast<int>(o));
    const double center = mean(k)[j];
    const double precision = 1 / noise(k, observed[o]);
    for (std::size_t i = 0; i < n; ++i) centered[i] = cells[i] - center;
    for (std::size_t a = 0; a < q(); ++a) {
      add_multiple(-lambda[j * q() + a], scratch.factors.data() + a * n, centered.data(), n);
    }
    for (std::size_t i = 0; i < n; ++i) scratch.quadratic[i] += precision * centered[i] * centered[i];
  }
}

void FactorAnalyzers::add_log_density(const Block& x, Panel p, Scratch& scratch) const {
  const double log_two_pi = std::log(2 * std::numbers::pi);
  for (int k = 0; k < components_; ++k) {
    if (!x.has_missing) {
      const auto all = all_columns(columns_);
      const Posterior found = posterior(k, all);
      find_factors(x.x, k, all, found, scratch);
      const double constant = columns_ * log_two_pi + found.log_determinant;
      for (std::int64_t i = 0; i < x.rows(); ++i) {
        p(i, k) -= 0.5 * (constant + scratch.quadratic[static_cast<std::size_t>(i)]);
      }
      continue;
    }
    for (const auto& pattern : missing_patterns(x)) {
      if (pattern.observed.empty()) continue;
      const Panel rows = gather(x.x, pattern.rows, pattern.observed, scratch.rows);
      const Posterior found = posterior(k, pattern.observed);
      find_factors(rows, k, pattern.observed, found, scratch);
      const double constant = static_cast<double>(pattern.observed.size()) * log_two_pi + found.log_determinant;
      for (std::size_t i = 0; i < pattern.rows.size(); ++i) {
        p(pattern.rows[i], k) -= 0.5 * (constant + scratch.quadratic[i]);
      }
    }
  }
}

double FactorAnalyzers::accumulate(const Block& x, ConstPanel r, Slice s, Scratch& scratch) const {
  if (!x.has_missing) {
    MissingPattern whole;
    whole.observed = all_columns(columns_);
    for (std::int64_t i = 0; i < x.rows(); ++i) whole.rows.push_back(i);
    return accumulate_pattern(x.x, {}, whole, r, s, scratch);
  }
  double entropy = 0;
  std::vector<double> filled;
  for (const auto& pattern : missing_patterns(x)) {
    const Panel observed = gather(x.x, pattern.rows, pattern.observed, scratch.rows);
    const Panel whole = gather(x.x, pattern.rows, all_columns(columns_), filled);
    entropy += accumulate_pattern(observed, whole, pattern, r, s, scratch);
  }
  return entropy;
}

// E[x_j | x_o, k] = μ_j + λ_jᵀ m.
void FactorAnalyzers::impute(const Block& x, ConstPanel p, Panel filled) const {
  Scratch scratch;
  for (const auto& pattern : missing_patterns(x)) {
    for (int j : pattern.missing) {
      for (std::int64_t i : pattern.rows) filled(i, j) = 0;
    }
    const Panel observed = gather(x.x, pattern.rows, pattern.observed, scratch.rows);
    for (int k = 0; k < components_ && !pattern.missing.empty(); ++k) {
      find_factors(observed, k, pattern.observed, posterior(k, pattern.observed), scratch);
      const std::size_t n = pattern.rows.size();
      for (int column : pattern.missing) {
        const auto j = static_cast<std::size_t>(column);
        for (std::size_t i = 0; i < n; ++i) {
          double expected = mean(k)[j];
          for (std::size_t a = 0; a < q(); ++a) expected += loadings(k)[j * q() + a] * scratch.factors[a * n + i];
          filled(pattern.rows[i], column) += p(pattern.rows[i], k) * expected;
        }
      }
    }
  }
}

// Given f a missing cell is N(μ_j + λ_jᵀ f, ψ_j), independent of the observed ones: E x = μ_j + λ_jᵀ m,
// cov(x, f) = λ_jᵀ V, var x = ψ_j + λ_jᵀ V λ_j. Entropy: ½ log|2πe V| + Σ ½ log 2πe ψ_j over the missing.
double FactorAnalyzers::accumulate_pattern(ConstPanel observed, Panel whole, const MissingPattern& pattern,
                                           ConstPanel r, Slice s, Scratch& scratch) const {
  const std::size_t n = pattern.rows.size();
  const double log_two_pi_e = std::log(2 * std::numbers::pi * std::numbers::e);
  double entropy = 0;
  for (int k = 0; k < components_; ++k) {
    const Posterior found = posterior(k, pattern.observed);
    find_factors(observed, k, pattern.observed, found, scratch);
    auto& weights = scratch.weights;
    weights.resize(n);
    for (std::size_t i = 0; i < n; ++i) weights[i] = r(pattern.rows[i], k);
    const double weight = kernels::sum(weights);

    double* own = s.sum.data() + static_cast<std::size_t>(k) * statistics_size();
    double* first_f = own + 1;
    double* second_f = first_f + q();
    double* first_x = second_f + packed_size(factors_);
    double* cross = first_x + d();
    double* second_x = cross + d() * q();
    own[0] += weight;
    entropy += 0.5 * weight * (factors_ * log_two_pi_e + found.log_determinant_v);

    // r m in place of r, factor by factor
    std::vector<double> weighted(n * q());
    for (std::size_t a = 0; a < q(); ++a) {
      const double* f = scratch.factors.data() + a * n;
      for (std::size_t i = 0; i < n; ++i) weighted[a * n + i] = weights[i] * f[i];
      first_f[a] += kernels::sum(std::span<const double>(weighted).subspan(a * n, n));
      for (std::size_t b = 0; b <= a; ++b) {
        second_f[a * (a + 1) / 2 + b] += dot(weighted.data() + a * n, scratch.factors.data() + b * n, n) +
                                         weight * found.covariance[a * (a + 1) / 2 + b];
      }
    }
    const auto lambda = loadings(k);
    for (int column : pattern.missing) {
      const auto j = static_cast<std::size_t>(column);
      double* cells = whole.column(column);
      std::fill_n(cells, n, mean(k)[j]);
      for (std::size_t a = 0; a < q(); ++a) {
        add_multiple(lambda[j * q() + a], scratch.factors.data() + a * n, cells, n);
      }
      double variance = noise(k, column);
      for (std::size_t a = 0; a < q(); ++a) {
        double covariance = 0;
        for (std::size_t b = 0; b < q(); ++b) {
          covariance += lambda[j * q() + b] * found.covariance[packed_index(static_cast<int>(a), static_cast<int>(b))];
        }
        cross[j * q() + a] += weight * covariance;
        variance += covariance * lambda[j * q() + a];
      }
      second_x[j] += weight * variance;
      entropy += 0.5 * weight * (log_two_pi_e + std::log(noise(k, column)));
    }
    const ConstPanel rows = whole.data == nullptr ? observed : ConstPanel(whole);
    const double* about = s.about.data() + static_cast<std::size_t>(k) * d();
    auto& centered = scratch.centered;
    centered.resize(n);
    std::vector<double> once(n);
    for (std::size_t j = 0; j < d(); ++j) {
      const double* cells = rows.column(static_cast<int>(j));
      for (std::size_t i = 0; i < n; ++i) centered[i] = cells[i] - about[j];
      for (std::size_t i = 0; i < n; ++i) once[i] = weights[i] * centered[i];
      first_x[j] += kernels::sum(once);
      second_x[j] += dot(once.data(), centered.data(), n);
      for (std::size_t a = 0; a < q(); ++a) {
        cross[j * q() + a] += dot(weighted.data() + a * n, centered.data(), n);
      }
    }
  }
  return entropy;
}

}  // namespace jensen
