// Forecasts of models that depend on what is given: inputs of the chain, times, covariates, rows before.
#include <jensen/emissions/continuous.h>
#include <jensen/emissions/product.h>
#include <jensen/emissions/regression.h>
#include <jensen/models/forecast.h>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/data.h"
#include "support/refusal.h"

namespace jensen {
namespace {

using support::missing;
using Path = std::vector<int>;

double normal_density(double x, double mean, double variance) {
  return std::exp(-(x - mean) * (x - mean) / (2 * variance)) / std::sqrt(2 * M_PI * variance);
}
double normal_up_to(double x, double mean, double variance) {
  return std::erfc((mean - x) / std::sqrt(2 * variance)) / 2;
}

Path path_of(int number, std::size_t length) {
  Path z(length);
  for (int& state : z) {
    state = number % 2;
    number /= 2;
  }
  return z;
}

AnyEmissions two_normals(int columns) {
  return Product({{AnyEmissions(Independent<Normal>(std::vector<Normal>{Normal(0, 1), Normal(2, 0.5)})), {0}, "x"}},
                 columns);
}

Block block_of(const std::vector<double>& values, std::int64_t rows) {
  Block block;
  block.x = {values.data(), rows, static_cast<int>(static_cast<std::int64_t>(values.size()) / rows), rows};
  block.has_missing = true;
  return block;
}

// p(z_{T+h} = k | x_1 … x_T) as a sum over paths; moves(t, i, j) leads into row t.
template <class Moves>
double over_paths(const std::vector<double>& seen, std::size_t length, int k, const Moves& moves) {
  double total = 0;
  double here = 0;
  for (int number = 0; number < (1 << length); ++number) {
    const Path z = path_of(number, length);
    double p = z[0] == 0 ? 0.3 : 0.7;
    for (std::size_t t = 0; t < length; ++t) {
      if (t > 0) p *= moves(t, z[t - 1], z[t]);
      if (t < seen.size()) p *= z[t] == 0 ? normal_density(seen[t], 0, 1) : normal_density(seen[t], 2, 0.5);
    }
    total += p;
    if (z.back() == k) here += p;
  }
  return here / total;
}

TEST(ForecastInputs, OfTheChainAreThoseOfTheRowsToCome) {
  InputChain chain(MarkovChain({0.3, 0.7}, {0.6, 0.4, 0.2, 0.8}), {1});
  chain.set_coefficients(0, 1, std::vector<double>{-1, 0.7});
  chain.set_coefficients(1, 0, std::vector<double>{0.5, -2});
  const AnyHiddenMarkov model(chain, two_normals(2));
  const std::vector<double> seen{0.2, 1.5, 1, 0.5, -1, 2};  // x, then u
  const std::vector<double> ahead{missing, missing, 1.3, -0.4};
  std::vector<double> p(4);
  model.forecast(block_of(seen, 3), block_of(ahead, 2), {p.data(), 2, 2, 2});
  const std::vector<double> u{0.5, -1, 2, 1.3, -0.4};
  const auto moves = [&](std::size_t t, int i, int j) {
    return chain.transitions(i, std::vector<double>{u[t]})[static_cast<std::size_t>(j)];
  };
  for (std::size_t h = 0; h < 2; ++h) {
    for (int k = 0; k < 2; ++k) {
      EXPECT_NEAR(p[h + 2 * static_cast<std::size_t>(k)], over_paths({0.2, 1.5, 1}, 4 + h, k, moves), 1e-14);
    }
  }
  EXPECT_THROW(model.forecast(block_of(seen, 3), block_of(ahead, 4), {p.data(), 2, 2, 2}), ArgumentError);
  const std::vector<double> hole{missing, missing, 1.3, missing};
  EXPECT_THROW(model.forecast(block_of(seen, 3), block_of(hole, 2), {p.data(), 2, 2, 2}), DataError);
}

TEST(ForecastInputs, TimesSayHowFarTheProcessGoes) {
  TimedChain chain(MarkovChain({0.3, 0.7}, {0.6, 0.4, 0.2, 0.8}), 1);
  chain.set_rates(std::vector<double>{0, 0.5, 1.5, 0});
  const AnyHiddenMarkov model(chain, two_normals(2));
  const std::vector<double> seen{0.2, 1.5, 1, 0, 0.5, 2};
  const std::vector<double> ahead{missing, missing, 2.25, 5};
  std::vector<double> p(4);
  model.forecast(block_of(seen, 3), block_of(ahead, 2), {p.data(), 2, 2, 2});
  const std::vector<double> times{0, 0.5, 2, 2.25, 5};
  // exp(Q t) of two states: what is left of where one began falls by exp(−(q01 + q10) t).
  const auto moves = [&](std::size_t t, int i, int j) {
    const double left = std::exp(-2 * (times[t] - times[t - 1]));
    const double stationary = j == 0 ? 0.75 : 0.25;
    return stationary + left * ((i == j ? 1 : 0) - stationary);
  };
  for (std::size_t h = 0; h < 2; ++h) {
    EXPECT_NEAR(p[h], over_paths({0.2, 1.5, 1}, 4 + h, 0, moves), 1e-14);
  }
  const std::vector<double> back{missing, missing, 1.5, 5};
  EXPECT_THROW(model.forecast(block_of(seen, 3), block_of(back, 2), {p.data(), 2, 2, 2}), DataError);
}

// y_t = a + b y_{t−1} + σ ε by state, in columns y and lag(y).
constexpr double a[2] = {1, -0.5};
constexpr double b[2] = {0.5, -0.8};
constexpr double variance[2] = {0.25, 1};
constexpr double moves[2][2] = {{0.9, 0.1}, {0.3, 0.7}};

AnyHiddenMarkov autoregression() {
  Independent<LinearRegression> family(2, LinearRegression({1, true, false}));
  family.set_parameters(std::vector<double>{a[0], b[0], variance[0], a[1], b[1], variance[1]});
  return {MarkovChain({0.6, 0.4}, {0.9, 0.1, 0.3, 0.7}), Product({{family, {0, 1}, "y"}})};
}
const std::vector<Feedback> one_back{{1, 0, 1}};

// P(y_{T+3} ≤ x) and its mean given y_T = last: the mixture over the 2³ paths of states.
struct Exact {
  double up_to = 0, mean = 0;
};
Exact three_steps(double last, double x) {
  Exact result;
  for (int number = 0; number < 8; ++number) {
    const Path z = path_of(number, 3);
    const double p = (z[0] == 0 ? 0.2 : 0.8) * moves[z[0]][z[1]] * moves[z[1]][z[2]];
    double mean = last;
    double spread = 0;
    for (const int k : z) {
      mean = a[k] + b[k] * mean;
      spread = b[k] * b[k] * spread + variance[k];
    }
    result.up_to += p * normal_up_to(x, mean, spread);
    result.mean += p * mean;
  }
  return result;
}

TEST(ForecastInputs, DrawsAreTheMixtureOverPaths) {
  const auto model = autoregression();
  const double last = 1.7;
  const int draws = 20000;
  const std::vector<double> places{-1, 0.3, 1.2, 2};
  std::vector<double> below(places.size());
  double mean = 0;
  std::vector<double> first;
  for (int d = 0; d < draws; ++d) {
    std::vector<double> rows{missing, missing, missing, last, missing, missing};
    draw_ahead(model, std::vector<double>{0.2, 0.8}, one_back, 5, static_cast<std::uint64_t>(d),
               {rows.data(), 3, 2, 3});
    EXPECT_EQ(rows[4], rows[0]);
    EXPECT_EQ(rows[5], rows[1]);
    if (d == 0) first = rows;
    mean += rows[2] / draws;
    for (std::size_t i = 0; i < places.size(); ++i) below[i] += rows[2] <= places[i] ? 1.0 / draws : 0;
  }
  for (std::size_t i = 0; i < places.size(); ++i) {
    EXPECT_NEAR(below[i], three_steps(last, places[i]).up_to, 4 * 0.5 / std::sqrt(draws)) << places[i];
  }
  EXPECT_NEAR(mean, three_steps(last, 0).mean, 4 * 1.5 / std::sqrt(draws));
  std::vector<double> again{missing, missing, missing, last, missing, missing};
  draw_ahead(model, std::vector<double>{0.2, 0.8}, one_back, 5, 0, {again.data(), 3, 2, 3});
  EXPECT_EQ(again, first);
}

TEST(ForecastInputs, SamplesGoOnFromWhatIsGiven) {
  Independent<LinearRegression> family(2, LinearRegression({1, true, false}));
  family.set_parameters(std::vector<double>{a[0], b[0], 1e-300, a[1], b[1], 1e-300});
  const AnyHiddenMarkov model(MarkovChain({0.6, 0.4}, {0.9, 0.1, 0.3, 0.7}), Product({{family, {0, 1}, "y"}}));
  const std::int64_t rows = 60;
  std::vector<double> x(2 * rows, missing);
  x[0] = 3;     // the first row of y is given
  x[rows] = 0;  // its lag is not there
  std::vector<std::int32_t> z(rows);
  sample_with_feedback(model, one_back, 8, {x.data(), rows, 2, rows}, z);
  EXPECT_EQ(x[0], 3);
  int changes = 0;
  for (std::size_t t = 1; t < rows; ++t) {
    EXPECT_EQ(x[rows + t], x[t - 1]);
    EXPECT_NEAR(x[t], a[z[t]] + b[z[t]] * x[t - 1], 1e-14) << t;
    changes += z[t] != z[t - 1] ? 1 : 0;
  }
  EXPECT_GT(changes, 2);
  const std::vector<Feedback> none{{1, 2, 1}};
  EXPECT_THROW(sample_with_feedback(model, none, 8, {x.data(), rows, 2, rows}, z), ArgumentError);
  const std::vector<Feedback> now{{1, 0, 0}};
  EXPECT_THROW(sample_with_feedback(model, now, 8, {x.data(), rows, 2, rows}, z), ArgumentError);
}

TEST(ForecastInputs, ExplicitDurationsDoNotGoOnFromAStateAlone) {
  Independent<LinearRegression> family(2, LinearRegression({1, true, false}));
  const AnyHiddenMarkov model(SemiMarkovChain(2, DurationFamily::poisson, 5), Product({{family, {0, 1}, "y"}}));
  std::vector<double> rows{missing, missing, 1, missing};
  EXPECT_NE(support::refusal<UnsupportedError>([&] {
              draw_ahead(model, std::vector<double>{0.5, 0.5}, one_back, 1, 0, {rows.data(), 2, 2, 2});
            }).find("explicit durations"),
            std::string::npos);
}

TEST(ForecastInputs, ColumnsAreMixturesGivenTheRow) {
  const auto model = autoregression();
  const std::vector<double> p{0.2, 0.8};
  const auto ahead = column_forecast(model.emissions(), p, 0, std::vector<double>{missing, 1.7});
  EXPECT_NEAR(ahead.mean(), 0.2 * (1 + 0.85) + 0.8 * (-0.5 - 1.36), 1e-14);
  for (const double x : {-2.0, 0.4, 1.9}) {
    EXPECT_NEAR(ahead.up_to(x), 0.2 * normal_up_to(x, 1.85, 0.25) + 0.8 * normal_up_to(x, -1.86, 1), 1e-14);
  }
  EXPECT_THROW(column_forecast(model.emissions(), p, 0, std::vector<double>{missing, missing}), UnsupportedError);
  EXPECT_THROW(column_forecast(model.emissions(), p, 0), UnsupportedError);
}

}  // namespace
}  // namespace jensen
