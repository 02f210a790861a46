#include <jensen/error.h>
#include <jensen/select_gaussian_mixture.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <mutex>
#include <numeric>
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

// Up to so many cells a pass over the data is too short to be shared out, so that threads take whole candidates; bits
// are the same either way.
constexpr std::int64_t cells_of_small_data = std::int64_t{1} << 20;

class Selecting {
 public:
  Selecting(const Data& data, const SelectionOptions& selection, const Options& options)
      : summarized_(data),
        selection_(selection),
        options_(options),
        workers_(data.rows() * data.columns() <= cells_of_small_data ? options.threads : 1) {
    if (workers_.count() > 1) options_.threads = 1;
    if (options.callback) {
      options_.callback = [this, callback = options.callback](const Progress& progress) {
        const std::lock_guard lock(mutex_);
        if (!stopped_ && callback(progress) == Verdict::stop) stopped_ = true;
        return stopped_ ? Verdict::stop : Verdict::go_on;
      };
    }
    for (const Covariance covariance : selection.covariances) {
      for (const int components : selection.components) {
        Candidate& candidate = candidates_.emplace_back();
        candidate.components = components;
        candidate.covariance = covariance;
      }
    }
  }

  Selection run() {
    std::vector<std::optional<Fitted<GaussianMixture>>> fits(candidates_.size());
    workers_.run(static_cast<int>(candidates_.size()),
                 [&](int i, int) { try_one(i, fits[static_cast<std::size_t>(i)]); });
    std::vector<std::size_t> order(candidates_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return better(candidates_[a], candidates_[b], selection_.criterion);
    });
    Selection result;
    for (const std::size_t i : order) result.candidates.push_back(std::move(candidates_[i]));
    result.best = std::move(fits[order.front()]);
    return result;
  }

 private:
  void try_one(int index, std::optional<Fitted<GaussianMixture>>& fit) {
    Candidate& candidate = candidates_[static_cast<std::size_t>(index)];
    {
      const std::lock_guard lock(mutex_);
      if (stopped_) {
        candidate.reason = "not tried: stopped by the caller";
        return;
      }
      if (selection_.begun) selection_.begun(index, static_cast<int>(candidates_.size()), candidate);
    }
    try {
      const GaussianMixtureOptions model{candidate.components, candidate.covariance, selection_.prior,
                                         selection_.precision};
      fit = fit_gaussian_mixture(summarized_, model, options_);
      fill(candidate, *fit, selection_.criterion);
    } catch (const Error& error) {
      candidate.reason = error.what();
    }
  }

  SummarizedData summarized_;
  const SelectionOptions& selection_;
  Options options_;
  Workers workers_;
  std::vector<Candidate> candidates_;
  std::mutex mutex_;
  bool stopped_ = false;
};

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
  return Selecting(data, selection, options).run();
}

}  // namespace jensen
