#include "uncertainty.h"

#include <jensen/em/constrained_model.h>
#include <jensen/error.h>

#include <fmt/format.h>

#include <cmath>

#include "text_table.h"

namespace {

using jensen::Available;
using jensen::Error;
using jensen::IntervalKind;
using jensen::StandardErrorMethod;
using Row = std::vector<std::string>;

bool is_bootstrap(StandardErrorMethod method) {
  return method == StandardErrorMethod::parametric_bootstrap || method == StandardErrorMethod::weighted_bootstrap;
}

IntervalKind intervals_of(const UncertaintyArguments& a, StandardErrorMethod method) {
  if (a.intervals) return jensen::interval_kind_named(*a.intervals);
  return is_bootstrap(method) ? IntervalKind::percentile : IntervalKind::wald;
}

std::string shown(const Available& number) { return number ? brief(*number) : "-"; }

std::string method_line(const jensen::UncertaintySummary& s) {
  std::string text = fmt::format("Standard errors ({}) and {:g}% intervals ({})", to_string(s.method), 100 * s.level,
                                 to_string(s.intervals));
  if (s.replicates > 0) text += fmt::format(", {} replicates", s.replicates);
  return text + "\n";
}

}  // namespace

// The names stand together where several parameters share a reason.
std::string reasons(const jensen::UncertaintySummary& summary) {
  std::vector<std::pair<std::string, std::string>> by_reason;
  const auto note = [&](const std::string& reason, const std::string& name) {
    for (auto& [known, names] : by_reason) {
      if (known != reason) continue;
      names += ", " + name;
      return;
    }
    by_reason.emplace_back(reason, name);
  };
  for (const auto& p : summary.parameters) {
    if (!p.standard_error) {
      note(p.standard_error.why_not, p.name);
      continue;
    }
    if (!p.interval.lower) note(p.interval.lower.why_not, p.name + " (lower)");
    if (!p.interval.upper) note(p.interval.upper.why_not, p.name + " (upper)");
  }
  std::string text;
  for (const auto& [reason, names] : by_reason) text += fmt::format("  ! not available for {}: {}\n", names, reason);
  return text;
}

void check_uncertainty(const UncertaintyArguments& a, bool latent_cells) {
  const auto needs = [](bool given, const char* option, const char* what) {
    if (given) throw Error(fmt::format("{}: does not apply without {}", option, what));
  };
  if (a.method == "none") {
    needs(a.level.has_value(), "--level", "--standard-errors");
    needs(a.intervals.has_value(), "--intervals", "--standard-errors");
    needs(a.replicates.has_value(), "--replicates", "--standard-errors bootstrap or weighted-bootstrap");
    return;
  }
  const auto method = jensen::standard_error_method_named(a.method);
  if (!is_bootstrap(method)) {
    needs(a.replicates.has_value(), "--replicates", "--standard-errors bootstrap or weighted-bootstrap");
  }
  if (a.replicates && *a.replicates < 2) {
    throw Error(fmt::format("--replicates: must be at least 2, got {}", *a.replicates));
  }
  if (a.level && !(*a.level > 0 && *a.level < 1)) {
    throw Error(fmt::format("--level: must lie between 0 and 1, got {}", *a.level));
  }
  try {
    jensen::check_intervals(method, intervals_of(a, method), a.level.value_or(0.95));
  } catch (const jensen::ArgumentError&) {
    throw Error(fmt::format("--intervals: {} does not go with --standard-errors {}", *a.intervals, a.method));
  }
  if (method == StandardErrorMethod::louis && latent_cells) {
    throw Error(
        "--standard-errors: louis needs states to be all that is unseen, but there are missing cells: use oakes");
  }
}

std::optional<jensen::UncertaintySummary> uncertainty_of(const jensen::Model& model, const jensen::Table& data,
                                                         const OneFitArguments& one, const EngineArguments& engine,
                                                         const jensen::Constraints& constraints) {
  const UncertaintyArguments& a = one.uncertainty;
  if (a.method == "none") return std::nullopt;
  jensen::StandardErrorOptions options;
  options.method = jensen::standard_error_method_named(a.method);
  options.threads = engine.threads;
  options.replicates = a.replicates.value_or(options.replicates);
  options.seed = engine.seed.value_or(0);
  options.tolerance = engine.tolerance && *engine.tolerance > 0 ? *engine.tolerance : options.tolerance;
  options.max_iterations = engine.max_iterations.value_or(options.max_iterations);
  try {
    if (!constraints.empty()) {
      const jensen::ConstrainedModel held(model, constraints);
      return jensen::summarize_uncertainty(held, data, options, intervals_of(a, options.method),
                                           a.level.value_or(0.95));
    }
    return jensen::summarize_uncertainty(model, data, options, intervals_of(a, options.method), a.level.value_or(0.95));
  } catch (const Error& error) {
    throw Error(fmt::format("--standard-errors: {}", error.what()));
  }
}

std::string describe_uncertainty(const jensen::UncertaintySummary& summary) {
  std::string text = method_line(summary);
  std::vector<Row> rows{{"parameter", "estimate", "standard error", "lower", "upper"}};
  for (const auto& p : summary.parameters) {
    rows.push_back(
        {p.name, brief(p.estimate), shown(p.standard_error), shown(p.interval.lower), shown(p.interval.upper)});
  }
  text += aligned(rows) + reasons(summary);
  if (summary.failed > 0) text += fmt::format("  ! {} refits did not converge and are left out\n", summary.failed);
  if (summary.gain_left > 1e-2) {
    text += fmt::format("  ! the fit has not ended: a Newton step promises {:.3g} of log-likelihood more\n",
                        summary.gain_left);
  }
  return text;
}

std::string describe_diagnosis(const jensen::Diagnosis& d) {
  const auto available = [](const Available& number, const char* format) {
    return number ? fmt::format(fmt::runtime(format), *number) : "not available: " + number.why_not;
  };
  const auto movers = [](const jensen::Direction& direction) {
    std::string names;
    for (const auto& mover : direction.movers) {
      names += fmt::format("{}{} {:+.2f}", names.empty() ? "" : ", ", mover.name, mover.by);
    }
    return names.empty() ? "" : " (" + names + ")";
  };
  std::string text;
  const std::pair<const char*, std::string> facts[] = {
      {"observations", fmt::format("{:.10g}", d.observations)},
      {"log-likelihood", precise(d.bound.log_likelihood)},
      {"bound's gap", fmt::format("{:.1e} per observation", d.bound_gap)},
      {"left to gain", fmt::format("{:.1e} of log-likelihood, by a Newton step", d.gain_left)},
      {"rate of EM", available(d.rate, "{:.4f}: what is left in θ shrinks by it in each iteration")},
      {"missing", available(d.missing_fraction, "{:.4f} of the information, where most is") + movers(d.slowest)},
      {"condition", available(d.condition, "{:.3g} of the information matrix") + movers(d.weakest)}};
  for (const auto& [name, value] : facts) text += fmt::format("  {:<15} {}\n", name, value);
  for (const auto& finding : d.findings) text += "  ! " + finding + "\n";

  std::vector<Row> rows{{"parameter", "estimate", "standard error", "missing information"}};
  for (const auto& p : d.parameters) {
    rows.push_back({p.name, brief(p.estimate), shown(p.standard_error),
                    p.missing_fraction ? fmt::format("{:.1f}%", 100 * *p.missing_fraction) : "-"});
  }
  text += "\n" + aligned(rows) + "\nStopping earlier: what a looser tolerance would leave\n";
  rows = {{"tolerance", "log-likelihood", "standard errors", "iterations saved"}};
  for (const auto& stop : d.looser) {
    rows.push_back({fmt::format("{:.0e}", stop.tolerance), brief(stop.left), brief(stop.standard_errors),
                    d.rate ? std::to_string(stop.iterations_saved) : "-"});
  }
  return text + aligned(rows);
}
