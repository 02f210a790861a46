#include "candidates.h"

#include <jensen/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

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

bool better(const MixtureCandidate& a, const MixtureCandidate& b, MixtureCriterion criterion) {
  if (a.sound != b.sound) return a.sound;
  if (a.fitted != b.fitted) return a.fitted;
  if (!a.fitted) return false;
  const double left = score(a, criterion);
  const double right = score(b, criterion);
  return std::isnan(right) ? !std::isnan(left) : left < right;
}

}  // namespace

void check_candidates(const char* function, const std::vector<Schema>& forms, const MixtureSelectionOptions& selection,
                      const Options& options) {
  options.validate();
  const auto refuse = [&](const char* argument, const std::string& problem) {
    throw ArgumentError(function, argument, problem);
  };
  if (!options.checkpoint.empty()) refuse("checkpoint", "is for a single fit: candidates are many");
  if (options.start == Start::given) refuse("start", "cannot be 'given': candidates differ in their parameters");
  const auto& ks = selection.components;
  if (ks.empty() || forms.empty()) refuse("components", "must hold at least one entry");
  if (std::set<int>(ks.begin(), ks.end()).size() != ks.size()) refuse("components", "holds an entry twice");
  for (const Schema& form : forms) {
    check_schema(form);
    if (columns_of(form) != columns_of(forms.front())) refuse("forms", "do not read the same columns");
  }
}

std::vector<MixtureCandidate> grid(const std::vector<Schema>& forms, const std::vector<int>& components) {
  std::vector<MixtureCandidate> candidates;
  for (int form = 0; form < static_cast<int>(forms.size()); ++form) {
    for (const int count : components) {
      candidates.emplace_back();
      candidates.back().components = count;
      candidates.back().form = form;
    }
  }
  return candidates;
}

std::vector<std::size_t> best_first(const std::vector<MixtureCandidate>& candidates, MixtureCriterion criterion) {
  std::vector<std::size_t> order(candidates.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return better(candidates[a], candidates[b], criterion); });
  return order;
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

void fail(MixtureCandidate& candidate, const Error& error) {
  candidate.reason = error.what();
  if (const auto* broken = dynamic_cast<const NoLikelihood*>(&error)) candidate.no_likelihood = *broken;
}

void judge(MixtureCandidate& candidate, MixtureCriterion criterion) {
  if (!candidate.sound || std::isfinite(score(candidate, criterion))) return;
  candidate.sound = false;
  candidate.reason = "the criterion is not finite";
}

}  // namespace jensen
