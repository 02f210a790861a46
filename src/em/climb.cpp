#include <jensen/em/climb.h>
#include <jensen/em/promised_gain.h>
#include <jensen/execution/reduction.h>

#include <fmt/format.h>

#include <chrono>
#include <cmath>

namespace jensen {

namespace {

// The first row to whose likelihood no number can be given, for the message.
std::string first_broken_row(const Model& model, const Data& data) {
  BlockBuffer buffer;
  const auto scratch = model.scratch();
  const auto sequences = data.sequences();
  const std::int64_t units = sequences.empty() ? data.rows() : static_cast<std::int64_t>(sequences.size()) - 1;
  for (std::int64_t u = 0; u < units; ++u) {
    const std::int64_t first = sequences.empty() ? u : sequences[static_cast<std::size_t>(u)];
    const std::int64_t count = sequences.empty() ? 1 : sequences[static_cast<std::size_t>(u) + 1] - first;
    Statistics ignored = model.no_statistics();
    const double value = model.expect(data.block(first, count, buffer), Posterior{}, ignored, *scratch).log_likelihood;
    if (std::isfinite(value)) continue;
    if (sequences.empty()) return fmt::format("row {} has log-likelihood {}", first + 1, value);
    return fmt::format("sequence {} (rows {} to {}) has log-likelihood {}", u + 1, first + 1, first + count, value);
  }
  return "the sum over all rows overflows";
}

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
          const std::function<Verdict(const Step&)>& watch)
      : options_(options), stride_(stride), watch_(watch), e_step_(data, workers) {}

  Climb climb(const Model& start) {
    Candidate candidate{start.clone(), false};
    for (;;) {
      const Expected expected = e_step_(*candidate.model);  // E: q = p(z | x; θ), folded into statistics and evidence
      const Step step = read(*candidate.model, expected);   // the objective at this very θ
      if (!trace_) trace_.emplace(options_.tolerance, options_.max_iterations, expected.evidence.weight);
      if (candidate.trial && fell_short(candidate, step)) {
        candidate = stride_.retreat();
        if (!candidate.model) return finish(Outcome::stalled);
        continue;
      }
      const auto why = judge(candidate, expected, step);
      if (why) return finish(*why);
      auto next = accepted_->clone();
      next->maximize(expected.statistics);  // M: θ = argmax E_q[log p(x, z; θ)] + log p(θ)
      if (const auto fatal = fatal_degeneracies(*next); !fatal.empty()) return finish(Outcome::degenerate, fatal);
      // A tentative step was taken on an expansion of Q, which promises nothing away from where it was made.
      promised_bound_ = next->tentative() ? std::numeric_limits<double>::quiet_NaN()
                                          : bound_of(*next, expected).value() + next->log_prior();
      ++iterations_;
      candidate = stride_.propose(*accepted_, std::move(next));
    }
  }

 private:
  bool fell_short(const Candidate& candidate, const Step& step) const {
    const double slack = candidate.share > 0 ? trace_->noise() : 0;
    return !(step.reading.objective() >= trace_->reached() - slack);
  }

  Step read(const Model& model, const Expected& expected) const {
    Step step;
    step.iteration = iterations_;
    step.evaluations = e_step_.evaluations();
    step.reading = {0, expected.evidence.log_likelihood, model.log_prior()};
    step.bound = promised_bound_;
    step.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
    return step;
  }

  // Accepts the candidate unless it is worse than what there is; says whether the climb is over.
  std::optional<Outcome> judge(Candidate& candidate, const Expected& expected, const Step& step) {
    auto why = trace_->record(step, candidate.plain(), [&] {
      return promised_gain(*candidate.model, expected.statistics, expected.evidence.weight);
    });
    if (why == Outcome::objective_fell || why == Outcome::not_finite) {
      if (!accepted_) accept(candidate, expected, step);
      return why;
    }
    accept(candidate, expected, trace_->steps().back());
    if (watch_ && watch_(trace_->steps().back()) == Verdict::stop && !why) why = Outcome::stopped_by_caller;
    return why;
  }

  void accept(Candidate& candidate, const Expected& expected, const Step& step) {
    accepted_ = std::move(candidate.model);
    accepted_evidence_ = expected.evidence;
    accepted_bound_ = bound_of(*accepted_, expected);
    accepted_step_ = step;
  }

  static std::vector<Degeneracy> fatal_degeneracies(const Model& model) {
    std::vector<Degeneracy> fatal;
    for (const auto& d : model.degeneracies()) {
      if (d.fatal) fatal.push_back(d);
    }
    return fatal;
  }

  Climb finish(Outcome outcome, std::vector<Degeneracy> fatal = {}) {
    Climb result;
    result.outcome = outcome;
    result.degeneracies = fatal.empty() ? accepted_->degeneracies() : std::move(fatal);
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
    }
    return {};
  }

  const Options& options_;
  HalvingStride stride_;
  const std::function<Verdict(const Step&)>& watch_;
  EStep e_step_;
  std::optional<Trace> trace_;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  int iterations_ = 0;
  double promised_bound_ = std::numeric_limits<double>::quiet_NaN();

  std::unique_ptr<Model> accepted_;
  Evidence accepted_evidence_;
  Bound accepted_bound_;
  Step accepted_step_;
};

}  // namespace

Climb climb(const Model& start, const Data& data, Workers& workers, const Options& options, Stride& stride,
            const std::function<Verdict(const Step&)>& watch) {
  Climb result = Climber(data, workers, options, stride, watch).climb(start);
  if (!std::isfinite(result.reading.objective())) result.message += ": " + first_broken_row(*result.model, data);
  return result;
}

}  // namespace jensen
