#include <jensen/em/climb.h>
#include <jensen/em/promised_gain.h>
#include <jensen/execution/reduction.h>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "em/saved.h"

namespace jensen {

namespace {

std::string describe_degeneracies(const std::vector<Degeneracy>& degeneracies) {
  std::string text;
  for (const auto& d : degeneracies) {
    text += fmt::format("{}component {}: {}", text.empty() ? "" : "; ", d.component, d.reason);
  }
  return text;
}

class Climber {
 public:
  Climber(const Data& data, Workers& workers, const Options& options, Stride& stride,
          const std::function<Verdict(const Step&)>& watch, Variant& variant, const Keep& keep)
      : options_(options), variant_(variant), stride_(stride), watch_(watch), keep_(keep), e_step_(data, workers) {}

  Climb climb(const Model& start, StateReader* resume) {
    Proposal candidate{start.clone()};
    Expectation e;
    if (resume != nullptr) load(*resume, start, e);
    for (bool resumed = resume != nullptr;; resumed = false) {
      if (!resumed) {
        e = variant_.expect(*candidate.model, e_step_);  // E: chooses q, folded into statistics and evidence
        if (!trace_) start_trace(*candidate.model, e);
        const Step step = read(candidate, e);  // the objective at this very θ
        if (candidate.trial && fell_short(candidate, step)) {
          candidate = stride_.retreat();
          if (!candidate.model) return finish(at_rest());
          continue;
        }
        if (const auto why = take(candidate, e, step)) return finish(*why);
      }
      auto next = accepted_->clone();
      variant_.maximize(*next, e, e_step_);  // M: θ = argmax E_q[log p(x, z; θ)] + log p(θ), or a step that climbs it
      if (const auto fatal = fatal_degeneracies(*next); !fatal.empty()) return finish(Outcome::degenerate, fatal);
      if (next->tentative() && !variant_.ascends()) variant_.check(*next);
      // A tentative step was taken on an expansion of Q, which promises nothing away from where it was made.
      promised_bound_ =
          next->tentative() ? std::numeric_limits<double>::quiet_NaN() : variant_.promise(*next, e) + next->log_prior();
      if (e.whole) ++iterations_;
      candidate = propose(std::move(next));
    }
  }

 private:
  // Where the top is within rounding leaps may end on it before plain steps have said so twice.
  Outcome at_rest() {
    if (options_.algorithm != Algorithm::exact) return Outcome::stalled;
    const Outcome outcome = trace_->at_rest([&] {
      const Expectation here = variant_.expect(*accepted_, e_step_);
      return promised_gain(*accepted_, here.expected.statistics, here.expected.evidence.weight);
    });
    accepted_step_.remaining = trace_->steps().back().remaining;
    return outcome;
  }

  bool fell_short(const Proposal& candidate, const Step& step) const {
    if (trace_->empty() || !trace_->compares(step.reading)) return false;
    const double slack = candidate.share > 0 ? trace_->noise() : 0;
    return !(step.reading.objective() >= trace_->reached() - slack);
  }

  void start_trace(const Model& model, const Expectation& e) {
    trace_.emplace(options_.tolerance, options_.max_iterations, e.expected.evidence.weight, model.rounding());
  }

  Step read(const Proposal& candidate, const Expectation& e) const {
    Step step;
    step.iteration = iterations_;
    step.evaluations = e_step_.evaluations();
    step.reading = {e.epoch, e.expected.evidence.log_likelihood, candidate.model->log_prior(), e.surrogate};
    step.bound = candidate.plain() ? promised_bound_ : std::numeric_limits<double>::quiet_NaN();
    step.seconds = seconds();
    return step;
  }

  double seconds() const {
    return seconds_before_ + std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
  }

  // Accepts the candidate unless it is worse than what there is; says whether the climb is over.
  std::optional<Outcome> take(Proposal& candidate, const Expectation& e, const Step& step) {
    if (!e.whole) {
      accept(candidate, e, step);
      accepted_step_.reading = no_reading;
      return std::nullopt;
    }
    auto why = judge(candidate, e, step);
    if (why && (*why == Outcome::objective_fell || *why == Outcome::not_finite)) {
      if (!accepted_) accept(candidate, e, step);
      return why;
    }
    accept(candidate, e, trace_->steps().back());
    const bool stop = watch_ && watch_(accepted_step_) == Verdict::stop && !why;
    if (keep_ && !why) keep_([&](StateWriter& out) { save(out, e); });
    return stop ? Outcome::stopped_by_caller : why;
  }

  std::optional<Outcome> judge(const Proposal& candidate, const Expectation& e, const Step& step) {
    auto why = trace_->record(step, candidate.plain(), [&] {
      return promised_gain(*candidate.model, e.expected.statistics, e.expected.evidence.weight);
    });
    if (why == Outcome::converged && variant_.proceed()) why.reset();
    if (why) return why;
    completed_ = variant_.finished(step);
    return completed_.empty() ? std::nullopt : std::optional(Outcome::completed);
  }

  void accept(Proposal& candidate, const Expectation& e, const Step& step) {
    accepted_ = std::move(candidate.model);
    degeneracies_ = accepted_->degeneracies();
    accepted_evidence_ = e.expected.evidence;
    accepted_bound_ = bound_of(*accepted_, e.expected);
    accepted_step_ = step;
  }

  // Gains of leaps say nothing about what is left. When they get small, three plain steps do, which Aitken's estimate
  // needs to settle twice; where that was too early the next such pause comes after twice as many leaps.
  Proposal propose(std::unique_ptr<Model> next) {
    ++since_pause_;
    if (trace_->wants_plain_steps() && since_pause_ > patience_) {
      plain_steps_due_ = 3;
      since_pause_ = 0;
      patience_ = std::min(2 * patience_, 64);
      stride_.restart();
    }
    if (plain_steps_due_ == 0) return stride_.propose(*accepted_, std::move(next));
    --plain_steps_due_;
    return stride_.plain(*accepted_, std::move(next));
  }

  static std::vector<Degeneracy> fatal_degeneracies(const Model& model) {
    std::vector<Degeneracy> fatal;
    for (const auto& d : model.degeneracies()) {
      if (d.fatal) fatal.push_back(d);
    }
    return fatal;
  }

  // Where q was not the posterior, ℓ(θ) or the entropies of the posterior have yet to be measured.
  void complete_reading() {
    Reading& reading = accepted_step_.reading;
    const bool unknown = std::isnan(reading.log_likelihood) || !variant_.ascends();
    if (!unknown && std::isnan(reading.surrogate)) return;
    const Expected exact = e_step_(*accepted_);
    if (unknown) {
      accepted_evidence_ = exact.evidence;
      accepted_bound_ = bound_of(*accepted_, exact);
      reading = {reading.epoch, exact.evidence.log_likelihood, accepted_->log_prior()};
    }
    accepted_evidence_.state_entropy = exact.evidence.state_entropy;
  }

  Climb finish(Outcome outcome, std::vector<Degeneracy> fatal = {}) {
    if (outcome != Outcome::not_finite) complete_reading();
    Climb result;
    result.outcome = outcome;
    result.degeneracies = fatal.empty() ? degeneracies_ : std::move(fatal);
    result.message = message(outcome, result.degeneracies);
    result.reading = accepted_step_.reading;
    result.evidence = accepted_evidence_;
    result.bound = accepted_bound_;
    result.iterations = accepted_step_.iteration;
    result.evaluations = e_step_.evaluations();
    result.trace = trace_->steps();
    result.monotone = trace_->monotone();
    result.gradient = trace_->promised_gain() / accepted_evidence_.weight;
    result.model = std::move(accepted_);
    return result;
  }

  // All that the next M-step and what follows depend on.
  void save(StateWriter& out, const Expectation& e) const {
    out.put(accepted_->parameters());
    jensen::save(out, degeneracies_);
    jensen::save(out, accepted_step_);
    jensen::save(out, accepted_evidence_);
    jensen::save(out, accepted_bound_);
    out.put(e.expected.statistics.sum);
    out.put(e.expected.statistics.about);
    jensen::save(out, e.expected.evidence);
    out.put(e.epoch);
    out.put(e.surrogate);
    out.put(iterations_);
    out.put(e_step_.rows_seen());
    out.put(seconds());
    for (int value : {since_pause_, patience_, plain_steps_due_}) out.put(value);
    trace_->save(out);
    variant_.save(out);
    stride_.save(out);
  }

  void load(StateReader& in, const Model& start, Expectation& e) {
    accepted_ = start.clone();
    accepted_->set_parameters(in.reals());
    degeneracies_ = load_degeneracies(in);
    accepted_step_ = load_step(in);
    accepted_evidence_ = load_evidence(in);
    accepted_bound_ = load_bound(in);
    e.expected.statistics.sum = in.reals();
    e.expected.statistics.about = in.reals();
    e.expected.evidence = load_evidence(in);
    e.epoch = in.number();
    e.surrogate = in.real();
    iterations_ = in.number();
    e_step_.set_rows_seen(in.integer());
    seconds_before_ = in.real();
    for (int* value : {&since_pause_, &patience_, &plain_steps_due_}) *value = in.number();
    start_trace(start, e);
    trace_->load(in);
    variant_.load(in);
    stride_.load(in);
  }

  std::string message(Outcome outcome, const std::vector<Degeneracy>& degeneracies) const {
    switch (outcome) {
      case Outcome::converged:
        return fmt::format("converged after {} iterations: an estimated {:.2g} of log-likelihood is left to gain",
                           accepted_step_.iteration, accepted_step_.remaining);
      case Outcome::iteration_limit:
        return fmt::format("stopped at the limit of {} iterations before the tolerance was met",
                           options_.max_iterations);
      case Outcome::stopped_by_caller:
        return fmt::format("stopped by the caller after {} iterations", accepted_step_.iteration);
      case Outcome::degenerate:
        return fmt::format("stopped before the likelihood became unbounded: {}", describe_degeneracies(degeneracies));
      case Outcome::objective_fell:
        return fmt::format("the objective fell by {:.6g} in iteration {}: the model's M-step does not climb",
                           trace_->fall(), iterations_);
      case Outcome::not_finite: return fmt::format("the likelihood is not finite after {} iterations", iterations_);
      case Outcome::stalled:
        return std::isnan(trace_->promised_gain())
                 ? fmt::format("the M-step no longer climbs after {} iterations, however short a step is tried",
                               accepted_step_.iteration)
                 : fmt::format(
                       "the M-step no longer moves after {} iterations, but a gain of {:.2g} is still to be had",
                       accepted_step_.iteration, trace_->promised_gain());
      case Outcome::completed: return completed_;
    }
    return {};
  }

  static constexpr Reading no_reading{0, std::numeric_limits<double>::quiet_NaN(), 0};

  const Options& options_;
  Variant& variant_;
  HalvingStride stride_;
  const std::function<Verdict(const Step&)>& watch_;
  const Keep& keep_;
  EStep e_step_;
  std::optional<Trace> trace_;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  double seconds_before_ = 0;  // an interruption
  int iterations_ = 0;
  double promised_bound_ = std::numeric_limits<double>::quiet_NaN();
  std::string completed_;

  int since_pause_ = 0;
  int patience_ = 2;
  int plain_steps_due_ = 0;

  std::unique_ptr<Model> accepted_;
  std::vector<Degeneracy> degeneracies_;  // of accepted_: no part of its parameters
  Evidence accepted_evidence_;
  Bound accepted_bound_;
  Step accepted_step_;
};

}  // namespace

Climb climb(const Model& start, const Data& data, Workers& workers, const Options& options, Stride& stride,
            const std::function<Verdict(const Step&)>& watch, Variant* variant, const Keep& keep, StateReader* resume) {
  ExactVariant exact;
  if (variant == nullptr) variant = &exact;
  return Climber(data, workers, options, stride, watch, *variant, keep).climb(start, resume);
}

void save(StateWriter& out, const Climb& climb) {
  out.put(climb.model->parameters());
  out.put(static_cast<int>(climb.outcome));
  out.put(climb.message);
  Step last;
  last.reading = climb.reading;
  save(out, last);
  save(out, climb.evidence);
  save(out, climb.bound);
  out.put(climb.iterations);
  out.put(climb.evaluations);
  out.put(static_cast<std::int64_t>(climb.trace.size()));
  for (const Step& step : climb.trace) save(out, step);
  out.put(climb.monotone);
  out.put(climb.gradient);
  save(out, climb.degeneracies);
}

Climb load_climb(StateReader& in, const Model& prototype) {
  Climb climb;
  climb.model = prototype.clone();
  climb.model->set_parameters(in.reals());
  climb.outcome = static_cast<Outcome>(in.number());
  climb.message = in.text();
  climb.reading = load_step(in).reading;
  climb.evidence = load_evidence(in);
  climb.bound = load_bound(in);
  climb.iterations = in.number();
  climb.evaluations = in.number();
  climb.trace.resize(static_cast<std::size_t>(in.integer()));
  for (Step& step : climb.trace) step = load_step(in);
  climb.monotone = in.flag();
  climb.gradient = in.real();
  climb.degeneracies = load_degeneracies(in);
  return climb;
}

}  // namespace jensen
