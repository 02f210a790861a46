#include <jensen/error.h>
#include <jensen/select_gaussian_mixture.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace jensen {

std::string to_string(Criterion criterion) {
  switch (criterion) {
    case Criterion::aic: return "aic";
    case Criterion::bic: return "bic";
    case Criterion::icl: return "icl";
  }
  return "unknown";
}

Criterion criterion_named(std::string_view name) {
  for (const auto criterion : {Criterion::aic, Criterion::bic, Criterion::icl}) {
    if (name == to_string(criterion)) return criterion;
  }
  throw ArgumentError("criterion", "name", fmt::format("'{}' is none of aic, bic, icl", name));
}

double Candidate::value(Criterion criterion) const {
  switch (criterion) {
    case Criterion::aic: return aic;
    case Criterion::bic: return bic;
    case Criterion::icl: return icl;
  }
  return bic;
}

namespace {

template <class Value>
void check_list(const std::vector<Value>& list, const char* argument) {
  if (list.empty()) throw ArgumentError("select_gaussian_mixture", argument, "must hold at least one entry");
  if (std::set<Value>(list.begin(), list.end()).size() != list.size()) {
    throw ArgumentError("select_gaussian_mixture", argument, "holds an entry twice");
  }
}

std::string why_unsound(const Report& report, double criterion) {
  if (!report.degeneracies.empty()) {
    const Degeneracy& first = report.degeneracies.front();
    return fmt::format("component {}: {}", first.component, first.reason);
  }
  if (report.outcome == Outcome::objective_fell || report.outcome == Outcome::not_finite) return report.message;
  return std::isfinite(criterion) ? "" : "the criterion is not finite";
}

void fill(Candidate& candidate, const Fitted<GaussianMixture>& fitted, Criterion criterion) {
  const Report& report = fitted.report;
  static_cast<Criteria&>(candidate) = criteria(report, candidate.components);
  candidate.fitted = true;
  candidate.outcome = report.outcome;
  candidate.iterations = report.iterations;
  candidate.effective_components = effective_components(fitted.model);
  for (const auto& restart : report.restarts) candidate.starts += restart.evaluations > 0 ? 1 : 0;
  // A sound end is preferred to a degenerate one with a higher objective, so that the best optimum need not be ours.
  for (const auto& optimum : report.optima) {
    if (optimum.objective > report.objective() + 1e-6 * report.total_weight) continue;
    candidate.starts_at_best = optimum.starts;
    break;
  }
  candidate.reason = why_unsound(report, candidate.value(criterion));
  candidate.sound = candidate.reason.empty();
}

bool better(const Candidate& a, const Candidate& b, Criterion criterion) {
  if (a.sound != b.sound) return a.sound;
  if (a.fitted != b.fitted) return a.fitted;
  if (!a.fitted) return false;
  const double left = a.value(criterion);
  const double right = b.value(criterion);
  return std::isnan(right) ? !std::isnan(left) : left < right;
}

}  // namespace

Selection select_gaussian_mixture(const Data& data, const SelectionOptions& selection, const Options& options) {
  options.validate();
  if (!options.checkpoint.empty()) {
    throw ArgumentError("select_gaussian_mixture", "checkpoint", "is for a single fit: candidates are many");
  }
  if (options.start == Start::given) {
    throw ArgumentError("select_gaussian_mixture", "start", "cannot be 'given': candidates differ in their parameters");
  }
  check_list(selection.components, "components");
  check_list(selection.covariances, "covariances");
  bool stopped = false;
  Options watched = options;
  if (options.callback) {
    watched.callback = [&](const Progress& progress) {
      const Verdict verdict = options.callback(progress);
      stopped = stopped || verdict == Verdict::stop;
      return verdict;
    };
  }
  SummarizedData summarized(data);
  Selection result;
  const int count = static_cast<int>(selection.components.size() * selection.covariances.size());
  std::optional<Candidate> best;
  for (const Covariance covariance : selection.covariances) {
    for (const int components : selection.components) {
      Candidate& candidate = result.candidates.emplace_back();
      candidate.components = components;
      candidate.covariance = covariance;
      if (stopped) {
        candidate.reason = "not tried: stopped by the caller";
        continue;
      }
      if (selection.begun) selection.begun(static_cast<int>(result.candidates.size()) - 1, count, candidate);
      try {
        auto fitted = fit_gaussian_mixture(summarized, {components, covariance, selection.prior}, watched);
        fill(candidate, fitted, selection.criterion);
        if (best && !better(candidate, *best, selection.criterion)) continue;
        best = candidate;
        result.best = std::move(fitted);
      } catch (const Error& error) {
        candidate.reason = error.what();
      }
    }
  }
  std::stable_sort(result.candidates.begin(), result.candidates.end(),
                   [&](const Candidate& a, const Candidate& b) { return better(a, b, selection.criterion); });
  return result;
}

}  // namespace jensen
