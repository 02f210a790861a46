// Laws about what an M-step does.
#include <jensen/em/climb.h>
#include <jensen/em/starts.h>

#include <fmt/format.h>

#include <cmath>

#include "testing/law_list.h"

namespace jensen::law {

namespace {

// Relative to |L| + N: what rounding may do to an objective.
constexpr double rounding = 1e-10;

bool all_finite(const std::vector<double>& values) {
  for (double v : values) {
    if (!std::isfinite(v)) return false;
  }
  return true;
}

}  // namespace

LawResult evidence(const Laboratory& lab) {
  Finding finding(1e-12);
  const Expected expected = lab.expect(lab.model, lab.data);
  finding.compare(expected.evidence.weight, lab.weight, lab.weight, "Σ w");
  finding.require(std::isfinite(expected.evidence.log_likelihood), "the log-likelihood is not finite");
  finding.require(!std::isinf(expected.evidence.entropy), "the entropy is infinite");
  finding.require(all_finite(expected.statistics.sum), "a statistic is not finite");
  finding.require(std::isfinite(lab.model.log_prior()), "the log prior is not finite");
  return finding.result();
}

// Steps of a tentative M-step climb as the loop takes them: on trial.
LawResult ascent_on_trial(const Laboratory& lab) {
  Finding finding(rounding);
  Options options;
  options.tolerance = 0;
  options.max_iterations = lab.subject.steps;
  Workers workers(1);
  PlainStride stride;
  const Climb end = climb(lab.model, lab.data, workers, options, stride, {});
  finding.require(end.outcome != Outcome::objective_fell && end.outcome != Outcome::not_finite, end.message);
  const auto& trace = end.trace;
  for (std::size_t i = 1; i < trace.size(); ++i) {
    const double before = trace[i - 1].reading.objective();
    const double now = trace[i].reading.objective();
    finding.note((before - now) / (std::abs(before) + lab.weight),
                 fmt::format("step {}: objective {:.17g} after {:.17g}", i, now, before));
  }
  finding.require(trace.size() > 1, "no step was taken");
  return finding.result();
}

LawResult ascent(const Laboratory& lab) {
  if (lab.model.tentative()) return ascent_on_trial(lab);
  Finding finding(rounding);
  auto at = lab.model.clone();
  double before = lab.objective(*at, lab.data);
  for (int step = 1; step <= lab.subject.steps; ++step) {
    at = lab.stepped(*at, lab.data, 1);
    const double now = lab.objective(*at, lab.data);
    finding.note((before - now) / (std::abs(before) + lab.weight),
                 fmt::format("step {}: objective {:.17g} after {:.17g}", step, now, before));
    before = now;
  }
  return finding.result();
}

LawResult certificate(const Laboratory& lab) {
  lab.need_bound();
  lab.need(Capability::global_bound);
  Finding finding(rounding);
  auto at = lab.model.clone();
  for (int step = 1; step <= lab.subject.steps; ++step) {
    const Expected expected = lab.expect(*at, lab.data);
    const double before = expected.evidence.log_likelihood + at->log_prior();
    lab.maximize(*at, expected.statistics);
    const double bound = bound_of(*at, expected).value() + at->log_prior();
    const double after = lab.objective(*at, lab.data);
    const double scale = std::abs(before) + lab.weight;
    finding.note((before - bound) / scale,
                 fmt::format("step {}: F(q_old, θ_new) lies below ℓ_old by {:.3g}", step, before - bound));
    finding.note((bound - after) / scale,
                 fmt::format("step {}: F(q_old, θ_new) exceeds ℓ_new by {:.3g}", step, bound - after));
  }
  return finding.result();
}

LawResult m_step_maximizes(const Laboratory& lab) {
  lab.need(Capability::global_bound);
  lab.need(Capability::unconstrained);
  if (!lab.subject.exact_m_step) throw NotApplicable{"the M-step is said to climb, not to maximize (exact_m_step)"};
  Finding finding(1e-7);
  const Expected expected = lab.expect(lab.model, lab.data);
  const auto next = lab.model.clone();
  lab.maximize(*next, expected.statistics);
  const Surface surface = [&](const Model& theta) {
    return theta.expected_log_joint(expected.statistics) + theta.log_prior();
  };
  const Coordinates coordinates(*next, lab.weight, surface);
  const double scale = lab.weight + std::abs(surface(*next));
  for (std::size_t probe = 0; probe < coordinates.probed().size(); ++probe) {
    finding.compare(coordinates.slope(probe, surface), 0, scale,
                    fmt::format("slope of Q + log prior along coordinate {}", coordinates.probed()[probe]));
  }
  return finding.result();
}

LawResult stationary(const Laboratory& lab) {
  lab.need(Capability::unconstrained);
  Options options;
  options.tolerance = 1e-11;
  options.max_iterations = 20000;
  Workers workers(1);
  PlainStride stride;
  const Climb end = climb(lab.model, lab.data, workers, options, stride, {});
  Finding finding(1e-4);
  if (end.outcome == Outcome::degenerate || end.outcome == Outcome::iteration_limit) {
    throw NotApplicable{"the fit from these parameters does not converge: " + end.message};
  }
  finding.require(end.outcome == Outcome::converged, end.message);
  const Surface surface = [&](const Model& theta) { return lab.objective(theta, lab.data); };
  const Coordinates coordinates(*end.model, lab.weight, surface);
  for (std::size_t probe = 0; probe < coordinates.probed().size(); ++probe) {
    finding.compare(coordinates.slope(probe, surface), 0, lab.weight,
                    fmt::format("slope of the objective along coordinate {}", coordinates.probed()[probe]));
  }
  return finding.result();
}

LawResult random_start(const Laboratory& lab) {
  lab.need(Capability::states);
  lab.need(Capability::rules);
  Finding finding(rounding);
  auto at = lab.stepped(lab.model, lab.data, 2, lab.random_responsibilities());
  double before = lab.objective(*at, lab.data);
  finding.require(std::isfinite(before), fmt::format("the objective of a random start is {}", before));
  for (int step = 1; step <= 3; ++step) {
    at = lab.stepped(*at, lab.data, 1);
    const double now = lab.objective(*at, lab.data);
    finding.note((before - now) / (std::abs(before) + lab.weight), fmt::format("step {} from a random start", step));
    before = now;
  }
  return finding.result();
}

}  // namespace jensen::law
