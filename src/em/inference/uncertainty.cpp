#include <jensen/em/inference/uncertainty.h>
#include <jensen/error.h>
#include <jensen/math/normal_quantile.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace jensen {

namespace {

constexpr std::array methods = {StandardErrorMethod::oakes,
                                StandardErrorMethod::louis,
                                StandardErrorMethod::supplemented,
                                StandardErrorMethod::sandwich,
                                StandardErrorMethod::parametric_bootstrap,
                                StandardErrorMethod::weighted_bootstrap};

void check_level(double level, const char* function) {
  if (level > 0 && level < 1) return;
  throw ArgumentError(function, "level", fmt::format("must lie between 0 and 1, got {}", level));
}

double quantile(const std::vector<double>& sorted, double p) {
  const double position = p * static_cast<double>(sorted.size() - 1);
  const auto below = std::min(static_cast<std::size_t>(position), sorted.size() - 1);
  const auto above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (position - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace

std::string to_string(StandardErrorMethod method) {
  switch (method) {
    case StandardErrorMethod::oakes: return "oakes";
    case StandardErrorMethod::louis: return "louis";
    case StandardErrorMethod::supplemented: return "supplemented";
    case StandardErrorMethod::sandwich: return "sandwich";
    case StandardErrorMethod::parametric_bootstrap: return "bootstrap";
    case StandardErrorMethod::weighted_bootstrap: return "weighted-bootstrap";
  }
  return "unknown";
}

StandardErrorMethod standard_error_method_named(std::string_view name) {
  std::string names;
  for (const auto method : methods) {
    if (to_string(method) == name) return method;
    names += (names.empty() ? "" : ", ") + to_string(method);
  }
  throw ArgumentError("standard_error_method_named", "name", fmt::format("must be one of {}, got '{}'", names, name));
}

double StandardErrors::correlation(int i, int j) const {
  const double product = covariance[packed_index(i, i)] * covariance[packed_index(j, j)];
  return product > 0 ? covariance[packed_index(i, j)] / std::sqrt(product) : 0;
}

std::vector<Interval> wald_intervals(const StandardErrors& errors, double level) {
  check_level(level, "wald_intervals");
  const double z = normal_quantile(0.5 + level / 2);
  std::vector<Interval> intervals;
  for (const auto& p : errors.parameters) {
    if (!p.standard_error) {
      intervals.push_back({p.standard_error, p.standard_error});
      continue;
    }
    const double reach = z * *p.standard_error;
    intervals.push_back({Available::number(p.estimate - reach), Available::number(p.estimate + reach)});
  }
  return intervals;
}

std::vector<Interval> percentile_intervals(const StandardErrors& errors, double level) {
  check_level(level, "percentile_intervals");
  if (errors.draws.empty()) {
    throw ArgumentError("percentile_intervals", "errors", fmt::format("by {} hold no draws", to_string(errors.method)));
  }
  const std::size_t count = errors.parameters.size();
  std::vector<Interval> intervals;
  for (std::size_t i = 0; i < count; ++i) {
    const auto& p = errors.parameters[i];
    if (!p.standard_error) {
      intervals.push_back({p.standard_error, p.standard_error});
      continue;
    }
    std::vector<double> values;
    for (std::size_t at = i; at < errors.draws.size(); at += count) values.push_back(errors.draws[at]);
    std::sort(values.begin(), values.end());
    intervals.push_back(
        {Available::number(quantile(values, 0.5 - level / 2)), Available::number(quantile(values, 0.5 + level / 2))});
  }
  return intervals;
}

}  // namespace jensen
