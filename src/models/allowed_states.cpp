#include "models/allowed_states.h"

#include <jensen/error.h>

#include <cmath>
#include <limits>
#include <string>

namespace jensen {

void rule_out_states(const Block& x, Panel log_joint) {
  if (x.allowed.empty()) return;
  if (x.state_sets->states != log_joint.columns) {
    throw ArgumentError("E-step", "labels",
                        "are about " + std::to_string(x.state_sets->states) + " states, the model has " +
                            std::to_string(log_joint.columns));
  }
  for (int k = 0; k < log_joint.columns; ++k) {
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      if (!x.allows(i, k)) log_joint(i, k) = -std::numeric_limits<double>::infinity();
    }
  }
}

void allowed_responsibilities(const Block& x, const Given& rule, Panel q) {
  rule.responsibilities(x, q);
  for (std::int64_t i = 0; i < q.rows; ++i) {
    double allowed_mass = 0;
    int allowed_states = 0;
    for (int k = 0; k < q.columns; ++k) {
      const double r = q(i, k);
      if (!(r >= 0) || !std::isfinite(r)) {
        throw ArgumentError("E-step", "responsibilities",
                            "row " + std::to_string(x.first_row + i + 1) + " holds " + std::to_string(r));
      }
      allowed_states += x.allows(i, k) ? 1 : 0;
      allowed_mass += x.allows(i, k) ? r : 0;
    }
    for (int k = 0; k < q.columns; ++k) {
      if (!x.allows(i, k)) {
        q(i, k) = 0;
      } else {
        q(i, k) = allowed_mass > 0 ? q(i, k) / allowed_mass : 1.0 / allowed_states;
      }
    }
  }
}

}  // namespace jensen
