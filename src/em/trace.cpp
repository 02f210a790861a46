#include <jensen/em/trace.h>

#include <algorithm>
#include <cmath>

namespace jensen {

double Trace::reached() const {
  return steps_.empty() ? -std::numeric_limits<double>::infinity() : steps_.back().reading.objective();
}

double rounding(double objective, double weight, double precision) {
  return std::max(1e-10, 16 * precision) * (std::abs(objective) + weight);
}

double Trace::noise() const { return 4 * precision_ * (std::abs(reached()) + weight_); }

std::optional<Outcome> Trace::record(Step step, bool plain, const std::function<double()>& promised_gain) {
  const double objective = step.reading.objective();
  if (!std::isfinite(objective)) return Outcome::not_finite;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  step.gain = nan;
  step.remaining = nan;
  if (steps_.empty() || steps_.back().reading.epoch != step.reading.epoch) {
    plain_steps_ = 0;
    settled_ = 0;
  } else {
    step.gain = objective - reached();
    if (step.gain < -rounding(objective)) {
      fall_ = -step.gain;
      monotone_ = false;
      return Outcome::objective_fell;
    }
    // ℓ_old ≤ F(q_old, θ_new) ≤ ℓ_new: the certificate that the M-step climbed the bound and the bound held.
    if (step.bound < reached() - rounding(objective) || step.bound > objective + rounding(objective)) monotone_ = false;
    step.remaining = plain && plain_steps_ > 0 ? aitken(step.gain) : nan;
    plain_steps_ = plain ? plain_steps_ + 1 : 0;
  }
  steps_.push_back(step);
  return judge(step.gain, promised_gain);
}

Outcome Trace::at_rest(const std::function<double()>& promised_gain) {
  if (!(tolerance_ > 0) || steps_.empty() || !(steps_.back().gain <= tolerance_)) return Outcome::stalled;
  promised_gain_ = promised_gain();
  if (!(promised_gain_ <= tolerance_)) return Outcome::stalled;
  steps_.back().remaining = promised_gain_;
  return Outcome::converged;
}

bool Trace::wants_plain_steps() const {
  return tolerance_ > 0 && !steps_.empty() && plain_steps_ == 0 && steps_.back().gain <= tolerance_;
}

void save(StateWriter& out, const Step& step) {
  out.put(step.iteration);
  out.put(step.evaluations);
  out.put(step.reading.epoch);
  for (double value : {step.reading.log_likelihood, step.reading.log_prior, step.reading.surrogate, step.bound,
                       step.gain, step.remaining, step.seconds}) {
    out.put(value);
  }
}

Step load_step(StateReader& in) {
  Step step;
  step.iteration = in.number();
  step.evaluations = in.number();
  step.reading.epoch = in.number();
  for (double* value : {&step.reading.log_likelihood, &step.reading.log_prior, &step.reading.surrogate, &step.bound,
                        &step.gain, &step.remaining, &step.seconds}) {
    *value = in.real();
  }
  return step;
}

void Trace::save(StateWriter& out) const {
  out.put(static_cast<std::int64_t>(steps_.size()));
  for (const Step& step : steps_) jensen::save(out, step);
  for (int value : {plain_steps_, settled_, contradictions_}) out.put(value);
  out.put(monotone_);
  out.put(promised_gain_);
  out.put(fall_);
}

void Trace::load(StateReader& in) {
  steps_.resize(static_cast<std::size_t>(in.integer()));
  for (Step& step : steps_) step = load_step(in);
  for (int* value : {&plain_steps_, &settled_, &contradictions_}) *value = in.number();
  monotone_ = in.flag();
  promised_gain_ = in.real();
  fall_ = in.real();
}

// Gains of EM fall by a constant factor in the end, so that what is left is a geometric series (Böhning et al. 1994).
double Trace::aitken(double gain) const {
  const double before = steps_.back().gain;
  if (gain <= noise()) return std::max(gain, 0.0);
  const double rate = gain / before;
  return before > 0 && rate < 1 ? gain * rate / (1 - rate) : std::numeric_limits<double>::infinity();
}

std::optional<Outcome> Trace::judge(double gain, const std::function<double()>& promised_gain) {
  const Step& last = steps_.back();
  // Twice in a row: one lucky gain, or the fast first steps before a slow climb, must not end it.
  settled_ = std::max(gain, last.remaining) <= tolerance_ && !std::isnan(last.remaining) ? settled_ + 1 : 0;
  if (tolerance_ > 0 && settled_ >= 2) {
    promised_gain_ = promised_gain();
    if (std::isnan(promised_gain_) || promised_gain_ <= tolerance_) return Outcome::converged;
    contradictions_ = gain <= noise() ? contradictions_ + 1 : 0;
    if (contradictions_ >= 3) return Outcome::stalled;
  }
  if (last.iteration >= max_iterations_) return Outcome::iteration_limit;
  return std::nullopt;
}

}  // namespace jensen
