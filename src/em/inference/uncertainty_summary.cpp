#include <jensen/em/inference/profile.h>
#include <jensen/em/inference/uncertainty_summary.h>
#include <jensen/error.h>

#include <fmt/format.h>

namespace jensen {

namespace {

bool is_bootstrap(StandardErrorMethod method) {
  return method == StandardErrorMethod::parametric_bootstrap || method == StandardErrorMethod::weighted_bootstrap;
}

}  // namespace

std::string to_string(IntervalKind kind) {
  switch (kind) {
    case IntervalKind::wald: return "wald";
    case IntervalKind::profile: return "profile";
    case IntervalKind::percentile: return "percentile";
  }
  return "unknown";
}

IntervalKind interval_kind_named(std::string_view name) {
  for (const auto kind : {IntervalKind::wald, IntervalKind::profile, IntervalKind::percentile}) {
    if (to_string(kind) == name) return kind;
  }
  throw ArgumentError("interval_kind_named", "name",
                      fmt::format("must be one of wald, profile, percentile, got '{}'", name));
}

void check_intervals(StandardErrorMethod method, IntervalKind intervals, double level) {
  if (!(level > 0 && level < 1)) {
    throw ArgumentError("intervals", "level", fmt::format("must lie between 0 and 1, got {}", level));
  }
  if (intervals == IntervalKind::percentile && !is_bootstrap(method)) {
    throw ArgumentError("intervals", "percentile", fmt::format("needs a bootstrap, not {}", to_string(method)));
  }
  if (intervals == IntervalKind::profile && (is_bootstrap(method) || method == StandardErrorMethod::sandwich)) {
    throw ArgumentError(
        "intervals", "profile",
        fmt::format("comes from the likelihood and goes with oakes, louis or supplemented, not {}", to_string(method)));
  }
}

UncertaintySummary summarize_uncertainty(const Model& theta, const Data& data, const StandardErrorOptions& options,
                                         IntervalKind intervals, double level) {
  check_intervals(options.method, intervals, level);
  const StandardErrors errors = standard_errors(theta, data, options);
  std::vector<Interval> found;
  switch (intervals) {
    case IntervalKind::wald: found = wald_intervals(errors, level); break;
    case IntervalKind::percentile:
      // Without draws every parameter has a reason, which serves the intervals as well.
      found = errors.draws.empty() ? wald_intervals(errors, level) : percentile_intervals(errors, level);
      break;
    case IntervalKind::profile:
      found = profile_intervals(theta, data, {.level = level, .threads = options.threads});
      break;
  }
  UncertaintySummary summary{errors.method, intervals, level, errors.gain_left, errors.replicates, errors.failed, {}};
  for (std::size_t i = 0; i < errors.parameters.size(); ++i) {
    const auto& p = errors.parameters[i];
    summary.parameters.push_back({p.name, p.estimate, p.standard_error, found[i]});
  }
  return summary;
}

}  // namespace jensen
