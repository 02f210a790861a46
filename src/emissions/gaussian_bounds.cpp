// Not doing work that cannot change the result: components whose responsibility for a row is provably below rounding.
// docs/kernels.md has the bound and the argument.
#include <jensen/emissions/gaussian.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace jensen {

namespace {

constexpr double minus_infinity = -std::numeric_limits<double>::infinity();
constexpr double slack = 1;  // nats: far more than the bounds' own rounding

}  // namespace

// For the first m columns, with ρ the largest absolute row sum of the correlations among them and so at least their
// largest eigenvalue:  (x − μ)ᵀ Σ⁻¹ (x − μ) ≥ (1/ρ) Σ_{j ≤ m} (x_j − μ_j)² / σ_j².
void Gaussian::derive_bounds_of(int columns) {
  const auto m = static_cast<std::size_t>(columns);
  const auto d = static_cast<std::size_t>(columns_);
  bound_columns_ = columns;
  bound_scales_.resize(static_cast<std::size_t>(components_) * m);
  bound_offsets_.resize(static_cast<std::size_t>(components_) * m);
  for (int k = 0; k < components_; ++k) {
    const double* own = covariances_.data() + static_cast<std::size_t>(factor_of(k)) * shape_size();
    const auto deviation = [&](int j) { return std::sqrt(own[packed_index(j, j)]); };
    double rho = 0;
    for (int a = 0; a < columns; ++a) {
      double sum = 0;
      for (int b = 0; b < columns; ++b) sum += std::abs(own[packed_index(a, b)]) / deviation(b);
      rho = std::max(rho, sum / deviation(a));
    }
    for (std::size_t j = 0; j < m; ++j) {
      const double scale = 1 / (std::sqrt(rho) * deviation(static_cast<int>(j)));
      const std::size_t at = static_cast<std::size_t>(k) * m + j;
      bound_scales_[at] = scale;
      bound_offsets_[at] = scale * (means_[static_cast<std::size_t>(k) * d + j] - pivot_[j]);
    }
  }
}

// The share of components that the bounds rule out for a typical row, judged by the distances between the means. It
// decides what is worth trying and nothing else.
double Gaussian::share_beyond_bounds(double negligible) const {
  const auto m = static_cast<std::size_t>(bound_columns_);
  const int step = std::max(1, components_ / 64);
  double beyond = 0;
  double pairs = 0;
  for (int k = 0; k < components_; ++k) {
    const auto at = static_cast<std::size_t>(k);
    for (int l = k % step; l < components_; l += step) {
      double squares = 0;
      for (std::size_t j = 0; j < m; ++j) {
        const double gap = means_[static_cast<std::size_t>(l) * static_cast<std::size_t>(columns_) + j] - pivot_[j];
        const double z = bound_scales_[at * m + j] * gap - bound_offsets_[at * m + j];
        squares += z * z;
      }
      const double needed =
          constants_[at] - constants_[static_cast<std::size_t>(l)] + 0.5 * columns_ + slack - std::log(negligible);
      beyond += 0.35 * squares > needed ? 1 : 0;  // ½, less what rows scatter about their means
      pairs += 1;
    }
  }
  return beyond / pairs;
}

void Gaussian::derive_bounds() {
  bound_columns_ = 0;
  if (!has_matrices() || components_ < 8 || columns_ < 6) return;
  constexpr double negligible = 0x1p-90;
  const double whole = 0.5 * columns_ * (columns_ + 1) + columns_;
  // Of the whole work: less is not worth the trouble. What is left is computed in double, the whole might be in float.
  double cheapest = precision_ == Precision::float64 ? 0.7 : 0.4;
  int chosen = 0;
  for (const int columns : {columns_ / 4, columns_ / 2, columns_}) {
    if (columns < 2) continue;
    derive_bounds_of(columns);
    const auto lost = [](double offset) { return !(std::abs(offset) < 1e6); };  // digits that `slack` does not cover
    if (std::any_of(bound_offsets_.begin(), bound_offsets_.end(), lost)) continue;
    const double cost = 2 * columns / whole + 1 - share_beyond_bounds(negligible);
    if (cost < cheapest) {
      cheapest = cost;
      chosen = columns;
    }
  }
  bound_columns_ = 0;
  if (chosen > 0) derive_bounds_of(chosen);
}

// p(i, k) = an upper bound of log_weights[k] + log p(x_i | k)
void Gaussian::bound_log_joint(std::span<const double> log_weights, Panel p, Scratch& scratch) const {
  std::vector<kernels::DiagonalTerm> terms;
  for (int k = 0; k < components_; ++k) {
    const std::size_t at = static_cast<std::size_t>(k) * static_cast<std::size_t>(bound_columns_);
    std::fill_n(p.column(k), p.rows, log_weights[static_cast<std::size_t>(k)] + slack);
    terms.push_back(
        {bound_scales_.data() + at, bound_offsets_.data() + at, constants_[static_cast<std::size_t>(k)], p.column(k)});
  }
  kernels::add_diagonal_log_densities(scratch.centered, bound_columns_, terms);
}

// out[t] = log p(x_rows[t] | k)
void Gaussian::evaluate_rows(ConstPanel x, int k, std::span<const std::int32_t> rows, double* out,
                             Scratch& scratch) const {
  scratch.centered.assign(x, mean(k).data(), rows);
  scratch.second.assign(static_cast<std::size_t>(columns_), 0.0);
  std::fill_n(out, rows.size(), 0.0);
  const kernels::TriangularTerm term{factors_[static_cast<std::size_t>(factor_of(k))].inverse.data(),
                                     scratch.second.data(), constants_[static_cast<std::size_t>(k)], out};
  kernels::add_triangular_log_densities(scratch.centered, {&term, 1});
}

// Labels leave a row few components, and those of a block together many: each is evaluated where it may be.
void Gaussian::add_possible_rows(ConstPanel x, Panel p, Scratch& scratch) const {
  for (int k = 0; k < components_; ++k) {
    double* column = p.column(k);
    scratch.indices.clear();
    for (std::int64_t i = 0; i < p.rows; ++i) {
      if (column[i] > minus_infinity) scratch.indices.push_back(static_cast<std::int32_t>(i));
    }
    if (scratch.indices.empty()) continue;
    scratch.weights.resize(scratch.indices.size());
    evaluate_rows(x, k, scratch.indices, scratch.weights.data(), scratch);
    for (std::size_t t = 0; t < scratch.indices.size(); ++t) column[scratch.indices[t]] += scratch.weights[t];
  }
}

void Gaussian::relevant_log_joint(const Block& x, std::span<const double> log_weights, double negligible, Panel p,
                                  Scratch& scratch) const {
  if (x.has_missing || bound_columns_ == 0) {
    for (int k = 0; k < components_; ++k) std::fill_n(p.column(k), p.rows, log_weights[static_cast<std::size_t>(k)]);
    add_log_density(x, p, scratch);
    return;
  }
  const auto rows = static_cast<std::size_t>(p.rows);
  scratch.largest.resize(rows);
  scratch.floor.resize(rows);
  scratch.states.resize(rows);
  scratch.indices.resize(rows);
  scratch.weights.resize(rows);
  scratch.centered.assign({x.x.data, x.x.rows, bound_columns_, x.x.stride}, pivot_.data());
  bound_log_joint(log_weights, p, scratch);

  // Each row's most promising component gives a lower bound of its likelihood …
  kernels::largest_states(p, scratch.largest.data(), scratch.states.data());
  std::vector<std::size_t> begin(static_cast<std::size_t>(components_) + 1, 0);
  for (const std::int32_t k : scratch.states) ++begin[static_cast<std::size_t>(k) + 1];
  for (std::size_t k = 1; k < begin.size(); ++k) begin[k] += begin[k - 1];
  std::vector<std::int32_t> by_state(rows);
  auto next = begin;
  for (std::size_t i = 0; i < rows; ++i) {
    by_state[next[static_cast<std::size_t>(scratch.states[i])]++] = static_cast<std::int32_t>(i);
  }
  const double span = -std::log(negligible);
  for (int k = 0; k < components_; ++k) {
    const auto at = static_cast<std::size_t>(k);
    const auto chosen = std::span<const std::int32_t>(by_state).subspan(begin[at], begin[at + 1] - begin[at]);
    if (chosen.empty()) continue;
    evaluate_rows(x.x, k, chosen, scratch.weights.data(), scratch);
    for (std::size_t t = 0; t < chosen.size(); ++t) {
      const auto i = static_cast<std::size_t>(chosen[t]);
      scratch.largest[i] = log_weights[at] + scratch.weights[t];
      scratch.floor[i] = scratch.largest[i] - span;
    }
  }
  // … and components whose upper bound is below that by more than the span are left out.
  for (int k = 0; k < components_; ++k) {
    const auto at = static_cast<std::size_t>(k);
    scratch.indices.resize(rows);
    scratch.indices.resize(kernels::select_at_least({p.column(k), rows}, scratch.floor.data(), scratch.indices.data()));
    std::erase_if(scratch.indices, [&](std::int32_t i) { return scratch.states[static_cast<std::size_t>(i)] == k; });
    std::fill_n(p.column(k), rows, minus_infinity);
    if (!scratch.indices.empty()) {
      evaluate_rows(x.x, k, scratch.indices, scratch.weights.data(), scratch);
      for (std::size_t t = 0; t < scratch.indices.size(); ++t) {
        p(scratch.indices[t], k) = log_weights[at] + scratch.weights[t];
      }
    }
    for (std::size_t t = begin[at]; t < begin[at + 1]; ++t) {
      p(by_state[t], k) = scratch.largest[static_cast<std::size_t>(by_state[t])];
    }
  }
}

// Adds these rows to the moments of component k, about its mean.
void Gaussian::accumulate_chosen_rows(ConstPanel x, const double* r, int k, std::span<const std::int32_t> rows, Slice s,
                                      Scratch& scratch) const {
  if (rows.empty()) return;
  scratch.weights.resize(rows.size());
  for (std::size_t t = 0; t < rows.size(); ++t) scratch.weights[t] = r[rows[t]];
  scratch.centered.assign(x, mean(k).data(), rows);
  scratch.moments.assign(pairs_.size(), 0.0);
  const double* weights = scratch.weights.data();
  kernels::add_pair_moments(scratch.centered, pairs_, {&weights, 1}, scratch.moments.data());
  add_recentered(scratch.moments, {&k, 1}, mean(k).data(), s, scratch);
}

}  // namespace jensen
