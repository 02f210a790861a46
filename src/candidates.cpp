#include "candidates.h"

#include <fmt/format.h>

#include <cmath>

namespace jensen {

namespace {

std::string why_unsound(const Report& report) {
  if (!report.degeneracies.empty()) {
    const Degeneracy& first = report.degeneracies.front();
    return fmt::format("component {}: {}", first.component, first.reason);
  }
  if (report.outcome == Outcome::objective_fell || report.outcome == Outcome::not_finite) return report.message;
  return {};
}

// Lower is better.
double score(const MixtureCandidate& c, MixtureCriterion criterion) {
  switch (criterion) {
    case MixtureCriterion::aic: return c.aic;
    case MixtureCriterion::bic: return c.bic;
    case MixtureCriterion::icl: return c.icl;
    case MixtureCriterion::entropy: return -c.normalized_entropy;
    case MixtureCriterion::cross_validation: return -c.cross_validated;
  }
  return c.bic;
}

}  // namespace

bool better(const MixtureCandidate& a, const MixtureCandidate& b, MixtureCriterion criterion) {
  if (a.sound != b.sound) return a.sound;
  if (a.fitted != b.fitted) return a.fitted;
  if (!a.fitted) return false;
  const double left = score(a, criterion);
  const double right = score(b, criterion);
  return std::isnan(right) ? !std::isnan(left) : left < right;
}

void fill(MixtureCandidate& candidate, const Report& report) {
  static_cast<Criteria&>(candidate) = criteria(report, candidate.components);
  candidate.fitted = true;
  candidate.outcome = report.outcome;
  candidate.starts = static_cast<int>(report.restarts.size());
  for (const auto& optimum : report.optima) {
    if (optimum.objective > report.objective() + 1e-6 * report.total_weight) continue;
    candidate.starts_at_best = optimum.starts;
    break;
  }
  candidate.reason = why_unsound(report);
  candidate.sound = candidate.reason.empty();
}

void judge(MixtureCandidate& candidate, MixtureCriterion criterion) {
  if (!candidate.sound || std::isfinite(score(candidate, criterion))) return;
  candidate.sound = false;
  candidate.reason = "the criterion is not finite";
}

}  // namespace jensen
