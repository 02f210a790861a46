#include <jensen/em/trace.h>

#include <algorithm>
#include <cmath>

namespace jensen {

double Trace::reached() const {
  return steps_.empty() ? -std::numeric_limits<double>::infinity() : steps_.back().reading.objective();
}

double Trace::rounding(double objective) const { return 1e-10 * (std::abs(objective) + weight_); }

double Trace::noise() const { return 4 * std::numeric_limits<double>::epsilon() * (std::abs(reached()) + weight_); }

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
