#include "models/chain_recursions.h"

#include <jensen/math/kernels.h>
#include <jensen/math/special.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "math/chain_kernels.h"
#include "models/chain_smoother.h"
#include "models/panel_segments.h"

namespace jensen {

namespace {

constexpr double minus_infinity = -std::numeric_limits<double>::infinity();

kernels::ChainShape shape_of(const Stretch& x) {
  const int states = x.log_density.columns;
  return {static_cast<std::size_t>(x.steps), static_cast<std::size_t>(states), kernels::chain_width(states)};
}

std::vector<double> logs(std::vector<double> v) {
  for (double& value : v) value = std::log(value);
  return v;
}

}  // namespace

bool scale_emissions(const Stretch& x, ChainScratch& scratch) {
  const auto shape = shape_of(x);
  scratch.shift.assign(shape.steps, minus_infinity);
  for (std::size_t k = 0; k < shape.states; ++k) {
    const double* column = x.log_density.column(static_cast<int>(k)) + x.first;
    for (std::size_t t = 0; t < shape.steps; ++t) scratch.shift[t] = std::max(scratch.shift[t], column[t]);
  }
  for (const double shift : scratch.shift) {
    if (!std::isfinite(shift)) return false;
  }
  scratch.density.assign(shape.steps * shape.width, minus_infinity);
  for (std::size_t k = 0; k < shape.states; ++k) {
    const double* column = x.log_density.column(static_cast<int>(k)) + x.first;
    for (std::size_t t = 0; t < shape.steps; ++t) scratch.density[t * shape.width + k] = column[t] - scratch.shift[t];
  }
  kernels::exp(scratch.density);
  return true;
}

double filter_in_logs(std::span<const double> initial, const LogMoves& moves, const Stretch& x, ChainScratch& scratch,
                      double* step) {
  const auto shape = shape_of(x);
  const auto log_initial = logs({initial.begin(), initial.end()});
  scratch.log_density.assign(shape.steps * shape.states, minus_infinity);
  scratch.filtered.assign(shape.steps * shape.width, 0.0);
  std::vector<double> terms(shape.states);
  double total = 0;
  for (std::size_t t = 0; t < shape.steps; ++t) {
    const std::span now(scratch.log_density.data() + t * shape.states, shape.states);
    const auto log_transitions = t > 0 ? moves(static_cast<std::int64_t>(t)) : std::span<const double>();
    for (std::size_t j = 0; j < shape.states; ++j) {
      double prior = log_initial[j];
      if (t > 0) {
        for (std::size_t i = 0; i < shape.states; ++i) {
          terms[i] = scratch.log_density[(t - 1) * shape.states + i] + log_transitions[i * shape.states + j];
        }
        prior = log_sum_exp(terms);
      }
      now[j] = prior + x.log_density(x.first + static_cast<std::int64_t>(t), static_cast<int>(j));
    }
    const double scale = log_sum_exp(now);
    if (step != nullptr) step[t] = scale;
    if (!std::isfinite(scale)) return scale;
    total += scale;
    for (std::size_t j = 0; j < shape.states; ++j) {
      now[j] -= scale;
      scratch.filtered[t * shape.width + j] = std::exp(now[j]);
    }
  }
  return total;
}

// Backward in logs: later(i) = log p(x_{t+1} … x_T | z_t = i) + constant.
void smooth_in_logs(const LogMoves& moves, const Stretch& x, const MovesSink& sink, ChainScratch& scratch) {
  const auto shape = shape_of(x);
  const std::size_t states = shape.states;
  std::vector<double> later(states, 0.0);
  std::vector<double> ahead(states);
  std::vector<double> terms(states * states);
  scratch.density.assign(shape.steps * shape.width, 0.0);
  for (std::size_t t = shape.steps; t-- > 0;) {
    const double* filtered = scratch.log_density.data() + t * states;
    if (t + 1 < shape.steps) {
      const auto log_transitions = moves(static_cast<std::int64_t>(t) + 1);
      for (std::size_t j = 0; j < states; ++j) {
        ahead[j] = later[j] + x.log_density(x.first + static_cast<std::int64_t>(t) + 1, static_cast<int>(j));
      }
      for (std::size_t i = 0; i < states; ++i) {
        for (std::size_t j = 0; j < states; ++j) terms[i * states + j] = log_transitions[i * states + j] + ahead[j];
        later[i] = log_sum_exp(std::span(terms).subspan(i * states, states));
        for (std::size_t j = 0; j < states; ++j) terms[i * states + j] += filtered[i];
      }
      const double scale = log_sum_exp(terms);
      for (double& term : terms) term = std::exp(term - scale);
      sink(static_cast<std::int64_t>(t) + 1, terms);
      const double largest = *std::max_element(later.begin(), later.end());
      for (double& value : later) value -= largest;
    }
    for (std::size_t i = 0; i < states; ++i) terms[i] = filtered[i] + later[i];
    const double scale = log_sum_exp(std::span(terms).first(states));
    for (std::size_t i = 0; i < states; ++i) scratch.density[t * shape.width + i] = std::exp(terms[i] - scale);
  }
}

LogMoves log_moves(const ChainPotentials& chain) {
  return [all = logs(chain.transitions)](std::int64_t) { return std::span<const double>(all); };
}

ChainPotentials reversed(const ChainPotentials& chain) {
  const auto states = static_cast<std::size_t>(chain.states);
  ChainPotentials result{chain.states, std::vector<double>(states, 1.0), chain.transitions};
  for (std::size_t i = 0; i < states; ++i) {
    for (std::size_t j = 0; j < states; ++j) result.transitions[j * states + i] = chain.transitions[i * states + j];
  }
  return result;
}

ChainPotentials potentials(const MarkovChain& chain, double temperature) {
  ChainPotentials result{chain.states(),
                         {chain.initial().begin(), chain.initial().end()},
                         {chain.transitions().begin(), chain.transitions().end()}};
  if (temperature == 1) return result;
  for (double& p : result.initial) p = std::pow(p, 1 / temperature);
  for (double& p : result.transitions) p = std::pow(p, 1 / temperature);
  return result;
}

double filter(const ChainPotentials& chain, const Stretch& x, ChainScratch& scratch, double* step, bool& in_logs) {
  const auto shape = shape_of(x);
  scratch.filtered.resize(shape.steps * shape.width);
  PanelSegments segments(x.log_density);
  ChainSmoother smoother({chain, nullptr, 1, segments, PanelSegments::memory(x.steps), x.first, x.steps},
                         scratch.segments);
  in_logs = !smoother.forward(scratch.filtered.data(), step) || !smoother.safe();
  if (in_logs) return filter_in_logs(chain.initial, log_moves(chain), x, scratch, step);
  return smoother.log_sum();
}

}  // namespace jensen
