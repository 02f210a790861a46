#include <jensen/emissions/parameter_group.h>
#include <jensen/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace jensen {

namespace {

// Whether the value of a positive or unit parameter has a coordinate.
bool is_interior(Domain domain, double v) { return v > 0 && (domain != Domain::unit || v < 1); }

// Log-ratios to the last positive entry; emissions stand below models, whose simplex.h says the same for weights.
void append_log_ratios(std::span<const double> simplex, std::vector<double>& u) {
  std::size_t last = simplex.size();
  while (last > 0 && !(simplex[last - 1] > 0)) --last;
  for (std::size_t j = 0; j + 1 < last; ++j) {
    if (simplex[j] > 0) u.push_back(std::log(simplex[j] / simplex[last - 1]));
  }
}

std::size_t log_ratio_count(std::span<const double> simplex) {
  const auto positive = std::count_if(simplex.begin(), simplex.end(), [](double v) { return v > 0; });
  return positive > 0 ? static_cast<std::size_t>(positive) - 1 : 0;
}

void set_from_log_ratios(std::span<const double> u, std::span<double> simplex) {
  std::size_t last = simplex.size();
  while (last > 0 && !(simplex[last - 1] > 0)) --last;
  double largest = 0;
  for (double v : u) largest = std::max(largest, v);
  double total = 0;
  std::size_t next = 0;
  for (std::size_t j = 0; j < last; ++j) {
    if (simplex[j] > 0) simplex[j] = std::exp((j + 1 == last ? 0 : u[next++]) - largest);
    total += simplex[j];
  }
  for (double& v : simplex) v /= total;
}

}  // namespace

std::size_t parameter_count(const ParameterGroups& groups) {
  std::size_t count = 0;
  for (const auto& g : groups) count += static_cast<std::size_t>(g.count);
  return count;
}

int free_parameters(const ParameterGroups& groups) {
  int count = 0;
  for (const auto& g : groups) {
    if (g.domain != Domain::fixed) count += g.count - (g.domain == Domain::simplex ? 1 : 0);
  }
  return count;
}

std::vector<std::string> parameter_names(const ParameterGroups& groups, int k) {
  std::vector<std::string> names;
  for (const auto& g : groups) {
    for (int j = 0; j < g.count; ++j) {
      names.push_back(g.count == 1 ? fmt::format("{}[{}]", g.name, k) : fmt::format("{}[{},{}]", g.name, k, j));
    }
  }
  return names;
}

std::vector<double> to_unconstrained(const ParameterGroups& groups, std::span<const double> values) {
  std::vector<double> u;
  for (const auto& g : groups) {
    const auto own = values.first(static_cast<std::size_t>(g.count));
    values = values.subspan(own.size());
    if (g.domain == Domain::simplex) append_log_ratios(own, u);
    for (double v : own) {
      if (g.domain == Domain::real) u.push_back(v);
      if (g.domain == Domain::positive && is_interior(g.domain, v)) u.push_back(std::log(v));
      if (g.domain == Domain::unit && is_interior(g.domain, v)) u.push_back(std::log(v) - std::log1p(-v));
    }
  }
  return u;
}

std::vector<double> from_unconstrained(const ParameterGroups& groups, std::span<const double> u,
                                       std::span<const double> values) {
  std::vector<double> result(values.begin(), values.end());
  std::size_t at = 0;
  const auto take = [&](std::size_t count) {
    if (count > u.size()) throw ArgumentError("set_unconstrained", "u", "holds too few numbers");
    const auto own = u.first(count);
    u = u.subspan(count);
    return own;
  };
  for (const auto& g : groups) {
    const auto own = std::span<double>(result).subspan(at, static_cast<std::size_t>(g.count));
    at += own.size();
    if (g.domain == Domain::simplex) set_from_log_ratios(take(log_ratio_count(own)), own);
    if (g.domain == Domain::simplex || g.domain == Domain::fixed) continue;
    for (double& v : own) {
      if (g.domain != Domain::real && !is_interior(g.domain, v)) continue;
      const double coordinate = take(1)[0];
      v = coordinate;
      if (g.domain == Domain::positive) v = std::exp(coordinate);
      if (g.domain == Domain::unit) {
        v = coordinate < 0 ? std::exp(coordinate) / (1 + std::exp(coordinate)) : 1 / (1 + std::exp(-coordinate));
      }
      if (!std::isfinite(v) || (g.domain != Domain::real && !is_interior(g.domain, v))) {
        throw ArgumentError("set_unconstrained", "u", fmt::format("{} is beyond {}'s domain", coordinate, g.name));
      }
    }
  }
  if (!u.empty()) throw ArgumentError("set_unconstrained", "u", "holds too many numbers");
  return result;
}

void check_parameters(const ParameterGroups& groups, std::span<const double> values, std::string_view function) {
  if (values.size() != parameter_count(groups)) {
    throw ArgumentError(function, "parameters",
                        fmt::format("must be {} numbers, got {}", parameter_count(groups), values.size()));
  }
  for (const auto& g : groups) {
    double total = 0;
    for (double v : values.first(static_cast<std::size_t>(g.count))) {
      const bool bounded = g.domain == Domain::unit || g.domain == Domain::simplex;
      if (!std::isfinite(v) || (g.domain != Domain::real && g.domain != Domain::fixed && v < 0) || (bounded && v > 1)) {
        throw ArgumentError(function, g.name, fmt::format("cannot be {}", v));
      }
      total += v;
    }
    if (g.domain == Domain::simplex && !(std::abs(total - 1) < 1e-9)) {
      throw ArgumentError(function, g.name, fmt::format("must sum to 1, got {}", total));
    }
    values = values.subspan(static_cast<std::size_t>(g.count));
  }
}

}  // namespace jensen
