// The worked example of Do and Batzoglou (2008), figure 1: five sets of ten tosses, from biases 0.6 and 0.5.
#include "two_coins.h"

#include <cstdio>
#include <exception>

#include <jensen/data/table.h>
#include <jensen/em/bound.h>
#include <jensen/em/fit.h>

int main() try {
  const jensen::Table tosses({5, 9, 8, 4, 7, 5, 1, 2, 6, 3}, 5, 2, {"heads", "tails"});

  const auto first = jensen::fit(TwoCoins{{0.6, 0.5}}, tosses, {.tolerance = 0, .max_iterations = 1});
  std::printf("after one iteration: %.2f and %.2f\n", first.model.bias[0], first.model.bias[1]);

  const auto [model, report] = jensen::fit(TwoCoins{{0.6, 0.5}}, tosses, {.tolerance = 1e-12});
  std::printf("in the end: %.2f and %.2f (%s)\n", model.bias[0], model.bias[1], report.message.c_str());

  // What a hard assignment of sets to coins loses against the posterior.
  const auto hard = jensen::lower_bound(model, jensen::Mode{}, tosses);
  std::printf("log-likelihood %.6f; the bound is %.6f for the posterior, %.6f for the most probable coins\n",
              report.log_likelihood, report.bound.value(), hard.value());

  // The paper prints 0.71 and 0.58 after the first iteration, 0.80 and 0.52 in the end.
  const auto prints = [](double value, double printed) { return std::abs(value - printed) <= 0.005; };
  const bool right = prints(first.model.bias[0], 0.71) && prints(first.model.bias[1], 0.58) &&
                     prints(model.bias[0], 0.80) && prints(model.bias[1], 0.52) && report.converged() &&
                     report.monotone && hard.value() < report.log_likelihood;
  return right ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
