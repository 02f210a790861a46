// Not doing work that cannot change the result: an E-step of the components that may count for a row, and of no other.
// docs/kernels.md has the bound and the argument.
#include <jensen/emissions/gaussian.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "data/columns_of_rows.h"
#include "math/chosen_rows.h"
#include "math/posterior_moments.h"

namespace jensen {

namespace {

constexpr double minus_infinity = -std::numeric_limits<double>::infinity();
constexpr std::int64_t trial_rows = 64;
// Rows at a time: enough that components have some, few enough that all their log-joints stay in the cache.
constexpr int rows_of_a_component = 64;
constexpr int least_rows = 512, most_rows = 2048;

}  // namespace

Gaussian::Negligible Gaussian::negligible_beside(std::span<const double> log_weights, double negligible) const {
  double top = minus_infinity;
  for (std::size_t k = 0; k < log_weights.size(); ++k) top = std::max(top, constants_[k] + log_weights[k]);
  return {-std::log(negligible), top - kernels::furthest_near(static_cast<std::size_t>(columns_))};
}

double Gaussian::Negligible::operator()(double log_joint) const {
  return log_joint - span - (log_joint < near ? kernels::far_span : 0);
}

// The rows of a block side by side.
RowsInMemory Gaussian::rows_of(const Block& x, Scratch& scratch) const {
  if (x.by_row.data != nullptr) return x.by_row;
  const std::int64_t stride = (columns_ + 7) / 8 * 8;
  scratch.rows.resize(static_cast<std::size_t>(stride * x.rows()));
  // What is a column here is a row there.
  columns_of_rows(x.x.data, x.x.stride, Panel{scratch.rows.data(), columns_, static_cast<int>(x.rows()), stride});
  return {scratch.rows.data(), stride};
}

// The component that is likely to be each row's largest, by their columns alone: scratch.states. p has room for a
// number of each row and component.
void Gaussian::guess_states(RowsInMemory x, std::span<const std::int32_t> rows, std::span<const double> log_weights,
                            Panel p, Scratch& scratch) const {
  const auto d = static_cast<std::size_t>(columns_);
  const auto count = static_cast<std::size_t>(components_);
  scratch.centered.assign(x, columns_, pivot_.data(), rows);
  scratch.diagonal.clear();
  for (std::size_t k = 0; k < count; ++k) {
    double* column = p.column(static_cast<int>(k));
    std::fill_n(column, p.rows, log_weights[k]);
    scratch.diagonal.push_back(
        {guess_scales_.data() + k * d, guess_offsets_.data() + k * d, guess_constants_[k], column});
  }
  kernels::add_diagonal_log_densities(scratch.centered, columns_, scratch.diagonal);
  scratch.states.resize(rows.size());
  scratch.floor.resize(rows.size());
  kernels::largest_states(p, scratch.floor.data(), scratch.states.data());
}

// Orders rows by that: scratch.order, of which component k has begin[k] … begin[k + 1].
void Gaussian::order_by_guess(RowsInMemory x, std::span<const std::int32_t> rows, std::span<const double> log_weights,
                              Panel p, Scratch& scratch) const {
  const auto count = static_cast<std::size_t>(components_);
  guess_states(x, rows, log_weights, p, scratch);
  scratch.begin.assign(count + 1, 0);
  for (const std::int32_t k : scratch.states) ++scratch.begin[static_cast<std::size_t>(k) + 1];
  std::partial_sum(scratch.begin.begin(), scratch.begin.end(), scratch.begin.begin());
  scratch.order.resize(rows.size());
  auto next = scratch.begin;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    scratch.order[next[static_cast<std::size_t>(scratch.states[i])]++] = rows[i];
  }
}

// out[t] = log p(x_rows[t] | k)
void Gaussian::evaluate_rows(RowsInMemory x, int k, std::span<const std::int32_t> rows, double* out,
                             Scratch& scratch) const {
  scratch.centered.assign(x, columns_, mean(k).data(), rows);
  scratch.second.assign(static_cast<std::size_t>(columns_), 0.0);
  std::fill_n(out, rows.size(), 0.0);
  const kernels::TriangularTerm term{factors_[static_cast<std::size_t>(factor_of(k))].inverse.data(),
                                     scratch.second.data(), constants_[static_cast<std::size_t>(k)], out};
  kernels::add_triangular_log_densities(scratch.centered, {&term, 1});
}

// Rows in their new order: p(t, k) = the log-density of the component guessed, and upper bounds of all others;
// scratch.floor[t] what is too little to count: little beside the row's likelihood even if the weight is 1.
void Gaussian::bound_log_joint(RowsInMemory x, std::span<const double> log_weights, Negligible negligible, Panel p,
                               Scratch& scratch) const {
  const auto d = static_cast<std::size_t>(columns_);
  const auto count = static_cast<std::size_t>(components_);
  std::vector<kernels::DirectionTerm> terms;
  for (std::size_t j = 0; j < count; ++j) {
    const std::size_t begin = scratch.begin[j];
    const auto own = std::span<const std::int32_t>(scratch.order).subspan(begin, scratch.begin[j + 1] - begin);
    if (own.empty()) continue;
    double* exact = p.column(static_cast<int>(j)) + begin;
    evaluate_rows(x, static_cast<int>(j), own, exact, scratch);
    for (std::size_t t = 0; t < own.size(); ++t) scratch.floor[begin + t] = negligible(exact[t] + log_weights[j]);
    terms.clear();
    for (std::size_t k = 0; k < count; ++k) {
      if (k == j) continue;
      terms.push_back({directions_.data() + (j * count + k) * d, distances_[j * count + k], constants_[k] + bound_slack,
                       p.column(static_cast<int>(k)) + begin});
    }
    kernels::bound_along_directions(scratch.centered, terms);
  }
}

// The share of what is not too little.
double Gaussian::share_relevant(ConstPanel p, Scratch& scratch) const {
  const auto rows = static_cast<std::size_t>(p.rows);
  std::size_t relevant = 0;
  scratch.indices.resize(rows);
  for (int k = 0; k < components_; ++k) {
    relevant += kernels::select_at_least({p.column(k), rows}, scratch.floor.data(), scratch.indices.data());
  }
  return static_cast<double>(relevant) / (static_cast<double>(rows) * components_);
}

// The log-joints of what may count: all but those whose upper bounds are below the floor.
void Gaussian::evaluate_relevant(RowsInMemory x, std::span<const double> log_weights, Negligible negligible,
                                 ConstPanel p, Scratch& scratch) const {
  const auto rows = static_cast<std::size_t>(p.rows);
  auto& chosen = scratch.indices;
  scratch.relevant.clear();
  for (int k = 0; k < components_; ++k) {
    const auto at = static_cast<std::size_t>(k);
    const std::size_t begin = scratch.begin[at], end = scratch.begin[at + 1];  // these are known
    const double* column = p.column(k);
    for (std::size_t t = begin; t < end; ++t) {
      scratch.relevant.add(static_cast<std::int32_t>(t), column[t] + log_weights[at]);
    }
    chosen.resize(rows);
    std::size_t selected = kernels::select_at_least({column, begin}, scratch.floor.data(), chosen.data());
    const std::size_t before = selected;
    selected +=
        kernels::select_at_least({column + end, rows - end}, scratch.floor.data() + end, chosen.data() + selected);
    for (std::size_t t = before; t < selected; ++t) chosen[t] += static_cast<std::int32_t>(end);
    if (selected > 0) {
      scratch.chosen_rows.clear();
      for (std::size_t t = 0; t < selected; ++t) {
        scratch.chosen_rows.push_back(scratch.order[static_cast<std::size_t>(chosen[t])]);
      }
      scratch.weights.resize(selected);
      evaluate_rows(x, k, scratch.chosen_rows, scratch.weights.data(), scratch);
      for (std::size_t t = 0; t < selected; ++t) {
        const double log_joint = scratch.weights[t] + log_weights[at];
        double& floor = scratch.floor[static_cast<std::size_t>(chosen[t])];
        floor = std::max(floor, negligible(log_joint));
        scratch.relevant.add(chosen[t], log_joint);
      }
    }
    scratch.relevant.end_column();
  }
}

// The moments of what counts, about the means.
void Gaussian::accumulate_relevant(RowsInMemory x, std::span<double> weights, Slice s, Scratch& scratch) const {
  const auto& r = scratch.relevant;
  for (int k = 0; k < components_; ++k) {
    const std::size_t begin = r.begin[static_cast<std::size_t>(k)];
    const std::size_t end = r.begin[static_cast<std::size_t>(k) + 1];
    scratch.chosen_rows.clear();
    scratch.weights.clear();
    for (std::size_t e = begin; e < end; ++e) {
      if (r.values[e] == 0) continue;
      scratch.chosen_rows.push_back(scratch.order[static_cast<std::size_t>(r.rows[e])]);
      scratch.weights.push_back(r.values[e]);
    }
    accumulate_listed(x, scratch.chosen_rows, scratch.weights.data(), k, weights, s, scratch);
  }
}

// Adds the moments of these rows, whose responsibilities are r, about the component's mean.
void Gaussian::accumulate_listed(RowsInMemory x, std::span<const std::int32_t> rows, const double* r, int k,
                                 std::span<double> weights, Slice s, Scratch& scratch) const {
  if (rows.empty()) return;
  double weight = 0;
  if (has_matrices()) {
    kernels::add_moments_of_rows(x, columns_, rows, r, mean(k).data(), &weight, first_moments(s, k),
                                 second_moments(s, k), scratch.workspace);
  } else {
    scratch.second.assign(static_cast<std::size_t>(columns_), 0.0);
    double* second = has_variances() ? second_moments(s, k) : scratch.second.data();
    kernels::add_squares_of_rows(x, columns_, rows, r, mean(k).data(), &weight, first_moments(s, k), second,
                                 scratch.workspace);
    if (!has_variances()) *second_moments(s, k) += std::accumulate(scratch.second.begin(), scratch.second.end(), 0.0);
  }
  weights[static_cast<std::size_t>(k)] += weight;
  s.sum[static_cast<std::size_t>(k)] += weight;
}

// The rows chosen, in the order of their guesses: log-joints, or upper bounds, in scratch.panel.
Panel Gaussian::bound_rows(RowsInMemory x, std::span<const std::int32_t> rows, std::span<const double> log_weights,
                           Negligible negligible, Scratch& scratch) const {
  const auto count = static_cast<std::int64_t>(rows.size());
  const std::int64_t stride = count + 8;
  scratch.panel.resize(static_cast<std::size_t>(stride * components_));
  const Panel p{scratch.panel.data(), count, components_, stride};
  order_by_guess(x, rows, log_weights, p, scratch);
  bound_log_joint(x, log_weights, negligible, p, scratch);
  return p;
}

std::optional<Evidence> Gaussian::expect_relevant(const Block& block, std::span<const double> log_weights,
                                                  double negligible, std::span<double> weights, Slice s,
                                                  Scratch& scratch) const {
  if (most_relevant_ == 0 || negligible == 0 || block.rows() < 2 * trial_rows) return std::nullopt;
  const Negligible too_little = negligible_beside(log_weights, of_negligible * negligible);
  const RowsInMemory x = rows_of(block, scratch);
  auto& rows = scratch.block_rows;
  rows.clear();
  for (std::int64_t t = 0; t < trial_rows; ++t)
    rows.push_back(static_cast<std::int32_t>(t * block.rows() / trial_rows));
  if (share_relevant(bound_rows(x, rows, log_weights, too_little, scratch), scratch) > most_relevant_)
    return std::nullopt;

  Evidence evidence;
  const auto all = static_cast<std::int32_t>(block.rows());
  const std::int32_t at_once = std::clamp(rows_of_a_component * components_, least_rows, most_rows);
  for (std::int32_t first = 0; first < all; first += at_once) {
    rows.resize(static_cast<std::size_t>(std::min(at_once, all - first)));
    std::iota(rows.begin(), rows.end(), first);
    const Panel p = bound_rows(x, rows, log_weights, too_little, scratch);
    evaluate_relevant(x, log_weights, too_little, p, scratch);
    scratch.weights.clear();
    if (!block.weights.empty()) {
      for (const std::int32_t i : scratch.order) scratch.weights.push_back(block.weights[static_cast<std::size_t>(i)]);
    }
    const auto normalized = kernels::normalize(scratch.relevant, rows.size(), scratch.weights, scratch.workspace);
    accumulate_relevant(x, weights, s, scratch);
    evidence += Evidence{normalized.log_likelihood, normalized.entropy, normalized.entropy, normalized.weight};
  }
  for (std::size_t k = 0; k < log_weights.size(); ++k) {
    scratch.left_out[k] = evidence.weight * of_negligible * negligible * std::exp(log_weights[k]);
  }
  return evidence;
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
