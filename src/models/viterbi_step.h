// One step of Viterbi's recursion, for chains whose moves change and for those whose moves do not.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>

#include <jensen/data/panel.h>

namespace jensen {

/// next(j) = max_i [reached(i) + log_moves(i, j)] + p(row, j), and in from(j) the first i that reaches it. K numbers
/// each, log_moves K × K row by row.
inline void viterbi_step(std::span<const double> log_moves, const ConstPanel& p, std::int64_t row,
                         std::span<const double> reached, std::span<double> next, std::int32_t* from) {
  const std::size_t states = reached.size();
  for (std::size_t j = 0; j < states; ++j) {
    double best = -std::numeric_limits<double>::infinity();
    std::int32_t argument = 0;
    for (std::size_t i = 0; i < states; ++i) {
      const double value = reached[i] + log_moves[i * states + j];
      if (value > best) {
        best = value;
        argument = static_cast<std::int32_t>(i);
      }
    }
    from[j] = argument;
    next[j] = best + p(row, static_cast<int>(j));
  }
}

/// Where a path ends: the first of the most probable last states, −1 where no path is possible; its log-probability.
struct PathEnd {
  std::int32_t state = -1;
  double value = 0;
};
inline PathEnd path_end(std::span<const double> reached) {
  const auto best = std::max_element(reached.begin(), reached.end());
  const bool none = *best == -std::numeric_limits<double>::infinity() || std::isnan(*best);
  return {none ? -1 : static_cast<std::int32_t>(best - reached.begin()), *best};
}

}  // namespace jensen
