// The values of a fit, written and read back to the bit.
#pragma once

#include <jensen/em/e_step.h>
#include <jensen/em/state.h>
#include <jensen/em/trace.h>

#include <vector>

namespace jensen {

inline void save(StateWriter& out, const Statistics& s) {
  out.put(s.sum);
  out.put(s.about);
}
inline Statistics load_statistics(StateReader& in) {
  Statistics s;
  s.sum = in.reals();
  s.about = in.reals();
  return s;
}

inline void save(StateWriter& out, const Evidence& e) {
  for (double value : {e.log_likelihood, e.entropy, e.state_entropy, e.weight}) out.put(value);
}
inline Evidence load_evidence(StateReader& in) {
  Evidence e;
  for (double* value : {&e.log_likelihood, &e.entropy, &e.state_entropy, &e.weight}) *value = in.real();
  return e;
}

inline void save(StateWriter& out, const Bound& b) {
  for (double value : {b.log_likelihood, b.expected_log_joint, b.entropy}) out.put(value);
}
inline Bound load_bound(StateReader& in) {
  Bound b;
  for (double* value : {&b.log_likelihood, &b.expected_log_joint, &b.entropy}) *value = in.real();
  return b;
}

inline void save(StateWriter& out, const std::vector<Degeneracy>& degeneracies) {
  out.put(static_cast<std::int64_t>(degeneracies.size()));
  for (const auto& d : degeneracies) {
    out.put(d.component);
    out.put(d.fatal);
    out.put(d.reason);
  }
}
inline std::vector<Degeneracy> load_degeneracies(StateReader& in) {
  std::vector<Degeneracy> degeneracies(static_cast<std::size_t>(in.integer()));
  for (auto& d : degeneracies) {
    d.component = in.number();
    d.fatal = in.flag();
    d.reason = in.text();
  }
  return degeneracies;
}

}  // namespace jensen
