#include <jensen/error.h>
#include <jensen/models/simplex.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace jensen {

std::vector<double> simplex_to_logits(std::span<const double> simplex) {
  std::vector<double> logits;
  for (double p : simplex) {
    if (p > 0) logits.push_back(std::log(p));
  }
  const double reference = logits.back();
  logits.pop_back();
  for (double& l : logits) l -= reference;
  return logits;
}

std::vector<double> logits_to_simplex(std::span<const double> logits, std::span<const double> pattern) {
  const auto positive =
      static_cast<std::size_t>(std::count_if(pattern.begin(), pattern.end(), [](double p) { return p > 0; }));
  if (logits.size() + 1 != positive) {
    throw ArgumentError("logits_to_simplex", "logits",
                        fmt::format("must hold {} numbers, got {}", positive - 1, logits.size()));
  }
  double largest = 0;
  for (double l : logits) largest = std::max(largest, l);
  std::vector<double> simplex(pattern.size(), 0.0);
  double total = 0;
  std::size_t next = 0;
  for (std::size_t k = 0; k < pattern.size(); ++k) {
    if (!(pattern[k] > 0)) continue;
    simplex[k] = std::exp((next < logits.size() ? logits[next] : 0.0) - largest);
    total += simplex[k];
    ++next;
  }
  for (double& p : simplex) p /= total;
  return simplex;
}

std::vector<double> checked_simplex(std::vector<double> simplex, int size, std::string_view function) {
  if (simplex.size() != static_cast<std::size_t>(size)) {
    throw ArgumentError(function, "weights", fmt::format("must be {} numbers, got {}", size, simplex.size()));
  }
  double total = 0;
  for (double p : simplex) {
    if (!(p >= 0) || !std::isfinite(p)) throw ArgumentError(function, "weights", fmt::format("holds {}", p));
    total += p;
  }
  if (std::abs(total - 1) > 1e-9) throw ArgumentError(function, "weights", fmt::format("sum to {}, not to 1", total));
  if (std::abs(total - 1) > 1e-13) {  // closer is rounding, and an exact copy must keep its bits
    for (double& p : simplex) p /= total;
  }
  return simplex;
}

}  // namespace jensen
