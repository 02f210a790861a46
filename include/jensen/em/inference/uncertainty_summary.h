// Standard errors with their intervals, as tables and files keep them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <jensen/data/data.h>
#include <jensen/em/inference/standard_errors.h>
#include <jensen/em/inference/uncertainty.h>
#include <jensen/em/model.h>

namespace jensen {

enum class IntervalKind {
  wald,        ///< estimate ± z standard errors
  profile,     ///< profile likelihood (profile.h), beside standard errors from information
  percentile,  ///< quantiles of a bootstrap's draws
};
std::string to_string(IntervalKind kind);
/// The kind of that name. Throws ArgumentError listing the names there are.
IntervalKind interval_kind_named(std::string_view name);

struct UncertaintySummary {
  struct Parameter {
    std::string name;
    double estimate = 0;
    Available standard_error;
    Interval interval;
  };
  StandardErrorMethod method = StandardErrorMethod::oakes;
  IntervalKind intervals = IntervalKind::wald;
  double level = 0.95;
  double gain_left = 0;  ///< see StandardErrors
  int replicates = 0;    ///< of a bootstrap
  int failed = 0;
  std::vector<Parameter> parameters;
};

/// standard_errors() and the intervals asked for. Throws ArgumentError for percentile intervals without a bootstrap and
/// profile intervals with anything but information (oakes, louis, supplemented).
UncertaintySummary summarize_uncertainty(const Model& theta, const Data& data, const StandardErrorOptions& options,
                                         IntervalKind intervals, double level = 0.95);
/// Throws as summarize_uncertainty would, before any work is done.
void check_intervals(StandardErrorMethod method, IntervalKind intervals, double level);

}  // namespace jensen
