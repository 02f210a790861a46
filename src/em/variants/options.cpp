#include <jensen/em/variants/options.h>
#include <jensen/error.h>

#include <fmt/format.h>

#include <cmath>

#include "em/variants/list.h"

namespace jensen {

std::string to_string(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::exact: return "em";
    case Algorithm::classification: return "classification";
    case Algorithm::stochastic: return "stochastic";
    case Algorithm::monte_carlo: return "monte-carlo";
    case Algorithm::annealed: return "annealed";
    case Algorithm::restricted: return "restricted";
    case Algorithm::incremental: return "incremental";
    case Algorithm::online: return "online";
    case Algorithm::sparse: return "sparse";
    case Algorithm::ecm: return "ecm";
  }
  return "unknown";
}

void VariantOptions::validate(Algorithm algorithm) const {
  const auto need = [](bool holds, const char* setting, const char* domain, double got) {
    if (!holds) throw ArgumentError("fit", setting, fmt::format("must be {}, got {}", domain, got));
  };
  need(burn_in >= 0, "burn_in", "≥ 0", burn_in);
  need(averaged >= 1, "averaged", "≥ 1", averaged);
  need(draws >= 1, "draws", "≥ 1", draws);
  need(most_draws >= draws, "most_draws", "at least draws", most_draws);
  need(first_temperature >= 1 && std::isfinite(first_temperature), "first_temperature", "finite and ≥ 1",
       first_temperature);
  need(cooling > 0 && cooling < 1, "cooling", "between 0 and 1", cooling);
  need(steps_per_temperature >= 1, "steps_per_temperature", "≥ 1", steps_per_temperature);
  need(parts >= 1, "parts", "≥ 1", parts);
  need(exponent > 0.5 && exponent <= 1, "exponent", "> ½ and ≤ 1", exponent);
  need(offset >= 1 && std::isfinite(offset), "offset", "finite and ≥ 1", offset);
  need(batch_rows >= 0, "batch_rows", "≥ 0", batch_rows);
  need(passes >= 1, "passes", "≥ 1", passes);
  need(threshold >= 0 && threshold < 1, "threshold", "≥ 0 and < 1", threshold);
  need(sparse_steps >= 4, "sparse_steps", "≥ 4, which a verdict of convergence takes", sparse_steps);
  if (algorithm == Algorithm::restricted && !restricted_q) {
    throw ArgumentError("fit", "restricted_q", "must be given for a restricted q");
  }
  if (algorithm != Algorithm::restricted && restricted_q) {
    throw ArgumentError("fit", "restricted_q", "is given, but the algorithm is " + to_string(algorithm));
  }
}

std::unique_ptr<Variant> make_variant(Algorithm algorithm, const VariantOptions& options, std::uint64_t seed) {
  switch (algorithm) {
    case Algorithm::exact: break;
    case Algorithm::classification: return classification_variant();
    case Algorithm::stochastic: return stochastic_variant(options, seed);
    case Algorithm::monte_carlo: return monte_carlo_variant(options, seed);
    case Algorithm::annealed: return annealed_variant(options);
    case Algorithm::restricted: return restricted_variant(options);
    case Algorithm::incremental: return incremental_variant(options);
    case Algorithm::online: return online_variant(options, seed);
    case Algorithm::sparse: return sparse_variant(options);
    case Algorithm::ecm: return ecm_variant(options);
  }
  return std::make_unique<ExactVariant>();
}

}  // namespace jensen
