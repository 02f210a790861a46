#include <jensen/error.h>
#include <jensen/math/normal_quantile.h>
#include <jensen/models/forecast.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace jensen {

namespace {

// p A
std::vector<double> step(const MarkovChain& chain, std::span<const double> p) {
  std::vector<double> next(p.size());
  for (int i = 0; i < chain.states(); ++i) {
    for (int j = 0; j < chain.states(); ++j) {
      next[static_cast<std::size_t>(j)] += p[static_cast<std::size_t>(i)] * chain.transition(i, j);
    }
  }
  return next;
}

std::vector<Marginal> marginals(const AnyEmissions& emissions, int column) {
  std::vector<Marginal> result;
  for (int k = 0; k < emissions.states(); ++k) {
    auto marginal = marginal_of(emissions, k, column);
    if (!marginal) {
      throw UnsupportedError("column " + std::to_string(column + 1), "a distribution function", "a forecast");
    }
    result.push_back(*std::move(marginal));
  }
  return result;
}

void check_states(const MarkovChain& chain, std::size_t given) {
  if (given == static_cast<std::size_t>(chain.states())) return;
  throw ArgumentError(
      "state_forecast", "filtered",
      "holds " + std::to_string(given) + " probabilities, the chain has " + std::to_string(chain.states()) + " states");
}

}  // namespace

std::vector<double> state_forecast(const MarkovChain& chain, std::span<const double> filtered, int steps) {
  check_states(chain, filtered.size());
  if (steps < 1) throw ArgumentError("state_forecast", "steps", "must be at least 1, got " + std::to_string(steps));
  std::vector<double> result;
  std::vector<double> now(filtered.begin(), filtered.end());
  for (int h = 0; h < steps; ++h) {
    now = step(chain, now);
    result.insert(result.end(), now.begin(), now.end());
  }
  return result;
}

MixedMarginal column_forecast(const AnyEmissions& emissions, std::span<const double> state_probabilities, int column) {
  return {{state_probabilities.begin(), state_probabilities.end()}, marginals(emissions, column)};
}

void pseudo_residuals(const AnyHiddenMarkov& model, const Block& x, int column, std::span<double> out) {
  const auto states = static_cast<std::size_t>(model.states());
  const auto own = marginals(model.emissions(), column);
  std::vector<double> memory(static_cast<std::size_t>(x.rows()) * states);
  const Panel filtered{memory.data(), x.rows(), model.states(), x.rows()};
  model.filtered(x, filtered);
  const auto bounds = sequence_bounds(x);
  std::vector<double> known(states);
  for (std::size_t s = 0; s + 1 < bounds.size(); ++s) {
    for (std::int64_t t = bounds[s]; t < bounds[s + 1]; ++t) {
      for (std::size_t k = 0; k < states; ++k) {
        known[k] = t == bounds[s] ? model.chain().initial()[k] : filtered(t - 1, static_cast<int>(k));
      }
      const MixedMarginal ahead(t == bounds[s] ? known : step(model.chain(), known), own);
      const double cell = x.x(t, column);
      const double u = (ahead.below(cell) + ahead.up_to(cell)) / 2;
      out[static_cast<std::size_t>(t)] =
          std::isnan(cell) ? std::numeric_limits<double>::quiet_NaN() : normal_quantile(std::clamp(u, 0.0, 1.0));
    }
  }
}

}  // namespace jensen
