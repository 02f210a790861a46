#include <jensen/emissions/continuous.h>
#include <jensen/emissions/counts.h>
#include <jensen/math/normal_quantile.h>
#include <jensen/models/forecast.h>
#include <jensen/models/residuals.h>

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "support/data.h"
#include "support/refusal.h"

namespace jensen {
namespace {

constexpr int states = 3;

AnyHiddenMarkov counts_in_regimes() {
  return {MarkovChain({0.5, 0.3, 0.2}, {0.8, 0.2, 0, 0.1, 0.6, 0.3, 0.25, 0, 0.75}),
          AnyEmissions(Independent<Poisson>(std::vector<Poisson>{Poisson(1), Poisson(4), Poisson(9)}))};
}

double probability(double x, int k) {
  const double rate = std::vector<double>{1, 4, 9}[static_cast<std::size_t>(k)];
  return std::isnan(x) ? 1 : std::exp(x * std::log(rate) - rate - std::lgamma(x + 1));
}

// Σ over all paths of `length` states of p(path, x_1 … x_T) value(path); rows beyond x are not seen.
double over_paths(const AnyHiddenMarkov& model, const std::vector<double>& x, int length,
                  const std::function<double(const std::vector<int>&)>& value) {
  double total = 0;
  std::vector<int> path(static_cast<std::size_t>(length));
  const auto count = static_cast<int>(std::pow(states, length));
  for (int number = 0; number < count; ++number) {
    int rest = number;
    for (int& z : path) {
      z = rest % states;
      rest /= states;
    }
    double p = model.chain().as<MarkovChain>()->initial()[static_cast<std::size_t>(path[0])];
    for (std::size_t t = 0; t < path.size(); ++t) {
      if (t > 0) p *= model.chain().as<MarkovChain>()->transition(path[t - 1], path[t]);
      if (t < x.size()) p *= probability(x[t], path[t]);
    }
    total += p * value(path);
  }
  return total;
}

Block block_of(const std::vector<double>& x) {
  Block block;
  block.x = {x.data(), static_cast<std::int64_t>(x.size()), 1, static_cast<std::int64_t>(x.size())};
  block.has_missing = true;
  return block;
}

TEST(Forecast, StatesAreTheSumOverAllPaths) {
  const auto model = counts_in_regimes();
  const std::vector<double> x{0, 3, support::missing, 8};
  std::vector<double> memory(x.size() * states);
  const Panel filtered{memory.data(), 4, states, 4};
  model.filtered(block_of(x), filtered);
  for (int t = 0; t < 4; ++t) {
    const std::vector<double> seen(x.begin(), x.begin() + t + 1);
    const double evidence = over_paths(model, seen, t + 1, [](const auto&) { return 1.0; });
    for (int k = 0; k < states; ++k) {
      const double here = over_paths(model, seen, t + 1, [&](const auto& z) { return z.back() == k ? 1.0 : 0.0; });
      EXPECT_NEAR(filtered(t, k), here / evidence, 1e-14) << t << " " << k;
    }
  }
  std::vector<double> future(4 * states);
  const Panel ahead{future.data(), 4, states, 4};
  model.forecast(block_of(x), ahead);
  const double evidence = over_paths(model, x, 4, [](const auto&) { return 1.0; });
  for (int h = 1; h <= 4; ++h) {
    for (int k = 0; k < states; ++k) {
      const double here = over_paths(model, x, 4 + h, [&](const auto& z) { return z.back() == k ? 1.0 : 0.0; });
      EXPECT_NEAR(ahead(h - 1, k), here / evidence, 1e-14) << h << " " << k;
    }
  }
  EXPECT_THROW(model.forecast(block_of(x), {nullptr, 0, states, 0}), ArgumentError);
  Block two = block_of(x);
  const std::vector<std::int64_t> bounds{0, 1, 4};
  two.sequences = bounds;
  EXPECT_THROW(model.forecast(two, ahead), ArgumentError);
}

TEST(Forecast, PredictionsAreWhatFollowsFromThePast) {
  const auto model = counts_in_regimes();
  const std::vector<double> x{0, 3, support::missing, 8};
  std::vector<double> memory(x.size() * states);
  const Panel predicted{memory.data(), 4, states, 4};
  model.predicted(block_of(x), predicted);
  for (int t = 0; t < 4; ++t) {
    const std::vector<double> past(x.begin(), x.begin() + t);
    const double evidence = over_paths(model, past, t + 1, [](const auto&) { return 1.0; });
    for (int k = 0; k < states; ++k) {
      const double here = over_paths(model, past, t + 1, [&](const auto& z) { return z.back() == k ? 1.0 : 0.0; });
      EXPECT_NEAR(predicted(t, k), here / evidence, 1e-14) << t << " " << k;
    }
  }
}

TEST(Forecast, ColumnsAreMixtures) {
  const auto model = counts_in_regimes();
  const auto ahead = column_forecast(model.emissions(), std::vector<double>{0.2, 0.5, 0.3}, 0);
  EXPECT_NEAR(ahead.mean(), 0.2 + 0.5 * 4 + 0.3 * 9, 1e-14);
  double total = 0;
  for (int x = 0; x < 30; ++x) {
    total += 0.2 * probability(x, 0) + 0.5 * probability(x, 1) + 0.3 * probability(x, 2);
    EXPECT_NEAR(ahead.up_to(x), total, 1e-13);
  }
  const AnyEmissions angles(Independent<VonMises>(2));
  EXPECT_EQ(support::refusal<UnsupportedError>([&] {
              column_forecast(angles, std::vector<double>{0.5, 0.5}, 0);
            }),
            "column 1 cannot give a distribution function, which a forecast needs");
}

TEST(Forecast, PseudoResidualsAreQuantilesGivenThePast) {
  const auto model = counts_in_regimes();
  const std::vector<double> x{2, support::missing, 5, 0, 12};
  std::vector<double> residual(x.size());
  pseudo_residuals(model, block_of(x), 0, residual);
  EXPECT_TRUE(std::isnan(residual[1]));
  for (const std::size_t t : {0, 2, 3, 4}) {
    const std::vector<double> past(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(t));
    const auto length = static_cast<int>(t) + 1;
    const double evidence = over_paths(model, past, length, [](const auto&) { return 1.0; });
    double u = 0;
    for (int cell = 0; cell <= static_cast<int>(x[t]); ++cell) {
      const double p = over_paths(model, past, length, [&](const auto& z) { return probability(cell, z.back()); });
      u += p / evidence * (cell == static_cast<int>(x[t]) ? 0.5 : 1);
    }
    EXPECT_NEAR(residual[t], normal_quantile(u), 1e-11) << t;
  }
}

}  // namespace
}  // namespace jensen
