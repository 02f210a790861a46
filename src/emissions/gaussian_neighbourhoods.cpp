// Components so far apart that a row near one need not be compared with most others: which these are, and an E-step
// that profits. docs/kernels.md has the bound and the argument.
#include <jensen/emissions/gaussian.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "math/neighbourhood_posterior.h"
#include "math/posterior_moments.h"

namespace jensen {

namespace {

// Rows at a time: enough that components have some, few enough that shares stay in the cache.
constexpr std::int64_t most_rows = 2048, least_rows = 256;
constexpr std::int64_t most_pairs = std::int64_t{1} << 17, most_cells = std::int64_t{1} << 16;
// A block is tried with one of so many rows, and goes another way if more than a quarter of these are near no
// component.
constexpr std::int64_t rows_for_one_tried = 128, least_tried = 8;

// The largest r² such that (distance − reach r)² ≥ r² + more and r ≤ distance / reach; 0 where there is none.
double largest_square(double distance, double reach, double more) {
  const double room = distance * distance - more;
  if (!(room > 0)) return 0;
  const double both = distance * reach;
  const double root = std::sqrt(std::max(0.0, both * both - (reach * reach - 1) * room));
  const double r = std::min(room / (both + root), distance / reach) * (1 - 0x1p-20);
  return std::isfinite(r) ? r * r : 0;
}

// Of each component those that rows up to `furthest` from it, squared, may belong to as well: reach[j · K + k] says up
// to where k is nothing for j.
kernels::Neighbourhoods neighbours_within(double furthest, std::span<const double> reach, std::size_t count) {
  kernels::Neighbourhoods n;
  n.furthest = furthest;
  n.begin.push_back(0);
  std::vector<std::int32_t> own;
  for (std::size_t j = 0; j < count; ++j) {
    const double* squares = reach.data() + j * count;
    own.clear();
    for (std::size_t k = 0; k < count; ++k) {
      if (k != j && squares[k] < furthest) own.push_back(static_cast<std::int32_t>(k));
    }
    std::sort(own.begin(), own.end(),
              [&](std::int32_t a, std::int32_t b) { return std::pair(squares[a], a) < std::pair(squares[b], b); });
    for (const std::int32_t k : own) {
      n.states.push_back(k);
      n.reach.push_back(squares[k]);
    }
    n.begin.push_back(n.states.size());
  }
  return n;
}

}  // namespace

// Measured: with fewer components than so many nothing is gained.
bool Gaussian::neighbourhoods_may_pay() const {
  return precision_ == Precision::float64 && components_ >= (has_matrices() ? 8 : 12) &&
         components_ < std::numeric_limits<std::uint16_t>::max();
}

// Measured: how many components a typical row may be compared with, if that is to pay. Where columns are few, gathering
// it costs more than many log-densities.
double Gaussian::most_neighbours() const { return components_ / 4.0 * std::min(1.0, (columns_ + 4) / 16.0); }

// With z = W_j (x − μ_j), δ = ‖W_k (μ_j − μ_k)‖ and a = W_kᵀ W_k (μ_j − μ_k) / δ
//   ‖W_k (x − μ_k)‖ ≥ δ + aᵀ (x − μ_j) ≥ δ − τ ‖z‖,  τ² = aᵀ Σ_j a.
void Gaussian::derive_neighbourhoods() {
  const auto d = static_cast<std::size_t>(columns_);
  const auto count = static_cast<std::size_t>(components_);
  const double scatter = std::sqrt(2.0 * columns_);
  const double typical = columns_ + 1.5 * scatter;  // the largest squared distance of rows that fill a vector
  const auto little = [&, unseen = bound_slack - std::log(least_relevant) - std::log(least_weight())](
                          std::size_t j, std::size_t k) { return 2 * (constants_[k] - constants_[j] + unseen); };
  const auto too_many = [&](std::size_t near) { return static_cast<double>(near) > most_neighbours() * components_; };
  std::size_t near = count;  // at least: were τ nothing
  for (std::size_t j = 0; j < count; ++j) {
    for (std::size_t k = 0; k < count; ++k) {
      const double distance = distances_[j * count + k];
      near += k != j && !(distance * distance - little(j, k) > typical) ? 1 : 0;
    }
  }
  if (too_many(near)) return;

  near = count;
  const auto by_column = means_by_column();
  std::vector<double> reach(count * count), whitened(d * count), columns(d * count), z(d);
  for (std::size_t k = 0; k < count; ++k) {
    whiten_means(by_column, static_cast<int>(k), whitened);
    turn_back(whitened, static_cast<int>(k), columns);
    for (std::size_t j = 0; j < count; ++j) {
      if (j == k) continue;
      const double distance = distances_[j * count + k];
      const double slope = spread_along(static_cast<int>(j), columns.data() + j, z) / distance;
      const double square = largest_square(distance, slope, little(j, k));
      reach[j * count + k] = square;
      near += square < typical ? 1 : 0;
    }
  }
  if (too_many(near)) return;

  neighbourhoods_ = neighbours_within(columns_ + 6 * scatter + 16, reach, count);  // nearly all rows
}

// sqrt(aᵀ Σ_j a), a being every K-th number. `z` has room for d numbers.
double Gaussian::spread_along(int j, const double* a, std::span<double> z) const {
  const auto d = static_cast<std::size_t>(columns_);
  const auto count = static_cast<std::size_t>(components_);
  double square = 0;
  if (!has_matrices()) {
    const double* scale = scales_.data() + static_cast<std::size_t>(j) * d;
    for (std::size_t b = 0; b < d; ++b) square += (a[b * count] / scale[b]) * (a[b * count] / scale[b]);
    return std::sqrt(square);
  }
  std::fill(z.begin(), z.end(), 0.0);  // Lᵀ a
  const double* row = factors_[static_cast<std::size_t>(factor_of(j))].factor.data();
  for (std::size_t b = 0; b < d; row += ++b) {
    for (std::size_t c = 0; c <= b; ++c) z[c] += a[b * count] * row[c];
  }
  for (const double value : z) square += value * value;
  return std::sqrt(square);
}

// Components lighter than this have no neighbourhood.
double Gaussian::least_weight() const { return 0x1p-10 / components_; }

std::optional<Evidence> Gaussian::expect_among_neighbours(const Block& block, std::span<const double> log_weights,
                                                          double negligible, std::span<double> weights, Slice s,
                                                          Scratch& scratch) const {
  if (neighbourhoods_.empty() || of_negligible * negligible < least_relevant || block.rows() == 0) return std::nullopt;
  const Negligible too_little = negligible_beside(log_weights, of_negligible * negligible);
  const RowsInMemory x = rows_of(block, scratch);
  list_terms(means_.data(), scratch);
  kernels::NeighbourhoodPosterior posterior{x,
                                            0,
                                            scratch.triangular,
                                            scratch.diagonal,
                                            columns_,
                                            log_weights.data(),
                                            nullptr,
                                            &neighbourhoods_,
                                            std::log(least_weight()),
                                            nullptr,
                                            too_little.span,
                                            too_little.near};
  if (!mostly_near(posterior, block.rows(), scratch)) return std::nullopt;

  Evidence evidence;
  const std::int64_t at_once =
      std::clamp(std::min(most_pairs / components_, most_cells / columns_), least_rows, most_rows);
  for (std::int64_t first = 0; first < block.rows(); first += at_once) {
    posterior.rows = static_cast<std::size_t>(std::min(at_once, block.rows() - first));
    posterior.x.data = x.row(first);
    posterior.weights = block.weights.empty() ? nullptr : block.weights.data() + first;
    posterior.likely = likely_states(posterior.x, block.first_row + first, posterior.rows, log_weights, scratch);
    const auto normalized = kernels::posterior_among_neighbours(posterior, scratch.relevant, scratch.neighbourhood);
    const auto& counts = scratch.relevant;
    for (int k = 0; k < components_; ++k) {
      const std::size_t own = counts.begin[static_cast<std::size_t>(k)];
      const std::size_t size = counts.begin[static_cast<std::size_t>(k) + 1] - own;
      const auto rows = std::span(counts.rows).subspan(own, size);
      accumulate_listed(posterior.x, rows, counts.values.data() + own, k, weights, s, scratch);
    }
    evidence += Evidence{normalized.log_likelihood, normalized.entropy, normalized.entropy, normalized.weight};
  }
  for (std::size_t k = 0; k < log_weights.size(); ++k) {
    scratch.left_out[k] = evidence.weight * of_negligible * negligible * std::exp(log_weights[k]);
  }
  return evidence;
}

// What was noted of these rows in E-steps before; guesses where nothing was, and they cost less than knowing.
std::uint16_t* Gaussian::likely_states(RowsInMemory x, std::int64_t first_row, std::size_t rows,
                                       std::span<const double> log_weights, Scratch& scratch) const {
  const auto begin = static_cast<std::size_t>(first_row);
  std::span<std::uint16_t> likely;
  if (begin + rows <= scratch.likely.size()) {
    likely = scratch.likely.subspan(begin, rows);
  } else {
    scratch.unnoted.assign(rows, 0);
    likely = scratch.unnoted;
  }
  if (!has_matrices()) return likely.data();
  scratch.block_rows.clear();
  for (std::size_t i = 0; i < rows; ++i) {
    if (likely[i] == 0) scratch.block_rows.push_back(static_cast<std::int32_t>(i));
  }
  const std::size_t unknown = scratch.block_rows.size();
  if (unknown == 0) return likely.data();
  const auto stride = static_cast<std::int64_t>(unknown) + 8;
  scratch.panel.resize(static_cast<std::size_t>(stride * components_));
  const Panel p{scratch.panel.data(), static_cast<std::int64_t>(unknown), components_, stride};
  guess_states(x, scratch.block_rows, log_weights, p, scratch);
  for (std::size_t t = 0; t < unknown; ++t) {
    likely[static_cast<std::size_t>(scratch.block_rows[t])] = static_cast<std::uint16_t>(1 + scratch.states[t]);
  }
  return likely.data();
}

// Whether most rows are near the component that has most of them.
bool Gaussian::mostly_near(kernels::NeighbourhoodPosterior p, std::int64_t rows, Scratch& scratch) const {
  const std::int64_t tried = std::min(rows, std::max(least_tried, rows / rows_for_one_tried));
  p.rows = static_cast<std::size_t>(tried);
  p.x.stride *= rows / tried;
  scratch.unnoted.assign(p.rows, 0);
  p.likely = scratch.unnoted.data();
  kernels::posterior_among_neighbours(p, scratch.relevant, scratch.neighbourhood);
  std::int64_t elsewhere = 0;
  for (std::size_t i = 0; i < p.rows; ++i) {
    const double largest = scratch.neighbourhood.largest[i];
    const std::size_t k = scratch.unnoted[i] == 0 ? 0 : scratch.unnoted[i] - std::size_t{1};
    const double square = 2 * (constants_[k] + p.log_weights[k] - largest);
    elsewhere += largest >= p.near && square <= neighbourhoods_.furthest ? 0 : 1;
  }
  return 4 * elsewhere <= tried;
}

}  // namespace jensen
