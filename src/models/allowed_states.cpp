#include "models/allowed_states.h"

#include <jensen/error.h>
#include <jensen/models/discrete_posterior.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

namespace jensen {

namespace {

void check_labels(const Block& x, int states) {
  if (x.allowed.empty() || x.state_sets->states == states) return;
  throw ArgumentError(
      "E-step", "labels",
      "are about " + std::to_string(x.state_sets->states) + " states, the model has " + std::to_string(states));
}

void check_responsibilities(const Block& x, const double* r) {
  const auto valid = [](double value) {
    return (static_cast<int>(value >= 0) & static_cast<int>(value <= std::numeric_limits<double>::max())) != 0;
  };
  std::int64_t count = 0;  // without branches, so that it is vectorised
  for (std::int64_t i = 0; i < x.rows(); ++i) count += static_cast<int>(valid(r[i]));
  for (std::int64_t i = 0; count < x.rows() && i < x.rows(); ++i) {
    if (valid(r[i])) continue;
    throw ArgumentError("E-step", "responsibilities",
                        "row " + std::to_string(x.first_row + i + 1) + " holds " + std::to_string(r[i]));
  }
}

}  // namespace

void rule_out_states(const Block& x, Panel log_joint) {
  check_labels(x, log_joint.columns);
  if (x.allowed.empty()) return;
  for (int k = 0; k < log_joint.columns; ++k) {
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      if (!x.allows(i, k)) log_joint(i, k) = -std::numeric_limits<double>::infinity();
    }
  }
}

void allowed_responsibilities(const Block& x, const Given& rule, Panel q) {
  rule.responsibilities(x, q);
  check_labels(x, q.columns);
  const auto rows = static_cast<std::size_t>(q.rows);
  const bool free = x.allowed.empty();
  std::vector<double> mass(rows), allowed_states(rows, free ? q.columns : 0);
  for (int k = 0; k < q.columns; ++k) {
    double* r = q.column(k);
    check_responsibilities(x, r);
    for (std::int64_t i = 0; !free && i < q.rows; ++i) {
      if (x.allows(i, k)) {
        allowed_states[static_cast<std::size_t>(i)] += 1;
      } else {
        r[i] = 0;
      }
    }
    for (std::size_t i = 0; i < rows; ++i) mass[i] += r[i];
  }
  if (std::all_of(mass.begin(), mass.end(), [](double m) { return m == 1; })) return;
  for (int k = 0; k < q.columns; ++k) {
    double* r = q.column(k);
    for (std::int64_t i = 0; i < q.rows; ++i) {
      const auto row = static_cast<std::size_t>(i);
      if (mass[row] > 0) {
        r[i] /= mass[row];
      } else {
        r[i] = x.allows(i, k) ? 1 / allowed_states[row] : 0;
      }
    }
  }
}

}  // namespace jensen
