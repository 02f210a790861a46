#include <jensen/error.h>
#include <jensen/math/normal_quantile.h>
#include <jensen/models/forecast.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace jensen {

namespace {

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

}  // namespace

MixedMarginal column_forecast(const AnyEmissions& emissions, std::span<const double> state_probabilities, int column) {
  return {{state_probabilities.begin(), state_probabilities.end()}, marginals(emissions, column)};
}

void pseudo_residuals(const AnyHiddenMarkov& model, const Block& x, int column, std::span<double> out) {
  const auto states = static_cast<std::size_t>(model.states());
  const auto own = marginals(model.emissions(), column);
  std::vector<double> memory(static_cast<std::size_t>(x.rows()) * states);
  const Panel predicted{memory.data(), x.rows(), model.states(), x.rows()};
  model.predicted(x, predicted);
  std::vector<double> known(states);
  for (std::int64_t t = 0; t < x.rows(); ++t) {
    for (std::size_t k = 0; k < states; ++k) known[k] = predicted(t, static_cast<int>(k));
    const MixedMarginal ahead(known, own);
    const double cell = x.x(t, column);
    const double u = (ahead.below(cell) + ahead.up_to(cell)) / 2;
    out[static_cast<std::size_t>(t)] =
        std::isnan(cell) ? std::numeric_limits<double>::quiet_NaN() : normal_quantile(std::clamp(u, 0.0, 1.0));
  }
}

}  // namespace jensen
