#include <jensen/models/discrete_posterior.h>
#include <jensen/models/viterbi.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace jensen {

namespace {

constexpr double minus_infinity = -std::numeric_limits<double>::infinity();

// One sequence; returns log p(x, z*).
double best_path(const MarkovChain& chain, std::span<const double> log_transitions, ConstPanel p, std::int64_t first,
                 std::span<std::int32_t> path) {
  const auto states = static_cast<std::size_t>(p.columns);
  const std::size_t steps = path.size();
  std::vector<double> reached(states);
  std::vector<double> next(states);
  std::vector<std::int32_t> from(steps * states);
  for (std::size_t k = 0; k < states; ++k) reached[k] = std::log(chain.initial()[k]) + p(first, static_cast<int>(k));
  for (std::size_t t = 1; t < steps; ++t) {
    for (std::size_t j = 0; j < states; ++j) {
      double best = minus_infinity;
      std::int32_t argument = 0;
      for (std::size_t i = 0; i < states; ++i) {
        const double value = reached[i] + log_transitions[i * states + j];
        if (value > best) {
          best = value;
          argument = static_cast<std::int32_t>(i);
        }
      }
      from[t * states + j] = argument;
      next[j] = best + p(first + static_cast<std::int64_t>(t), static_cast<int>(j));
    }
    reached.swap(next);
  }
  const auto best = std::max_element(reached.begin(), reached.end());
  if (*best == minus_infinity || std::isnan(*best)) {
    std::fill(path.begin(), path.end(), -1);
    return *best;
  }
  auto state = static_cast<std::int32_t>(best - reached.begin());
  for (std::size_t t = steps; t-- > 0;) {
    path[t] = state;
    state = from[t * states + static_cast<std::size_t>(state)];
  }
  return *best;
}

}  // namespace

std::vector<std::int64_t> sequence_bounds(const Block& x) {
  if (x.sequences.empty()) return x.rows() == 0 ? std::vector<std::int64_t>{0} : std::vector<std::int64_t>{0, x.rows()};
  std::vector<std::int64_t> bounds;
  for (const std::int64_t row : x.sequences) bounds.push_back(row - x.first_row);
  return bounds;
}

void viterbi(const Block& x, const MarkovChain& chain, Panel log_density, std::span<std::int32_t> path,
             std::span<double> value) {
  rule_out_states(x, log_density);
  std::vector<double> log_transitions(chain.transitions().begin(), chain.transitions().end());
  for (double& a : log_transitions) a = std::log(a);
  const auto bounds = sequence_bounds(x);
  for (std::size_t s = 0; s + 1 < bounds.size(); ++s) {
    const auto steps = static_cast<std::size_t>(bounds[s + 1] - bounds[s]);
    const double reached = best_path(chain, log_transitions, log_density, bounds[s],
                                     path.subspan(static_cast<std::size_t>(bounds[s]), steps));
    if (!value.empty()) value[s] = reached;
  }
}

}  // namespace jensen
