// Fits the 197 animals of Rao (1973), four rows with frequency weights, and checks the closed form.
#include "genetic_linkage.h"

#include <cstdio>
#include <exception>

#include <jensen/data/table.h>
#include <jensen/em/fit.h>

int main() try {
  const auto animals = jensen::Table({0, 1, 2, 3}, 4, 1).with_weights({125, 18, 20, 34});

  jensen::Options options;
  options.tolerance = 1e-12;
  options.start = jensen::Start::random;  // random responsibilities: no start of our own to write
  options.restarts = 5;
  const auto [model, report] = jensen::fit(GeneticLinkage{}, animals, options);
  std::printf("pi = %.8f: %s\n", model.pi, report.message.c_str());
  std::printf("log-likelihood %.10f, bound %.10f, %d of 5 starts reached it, each step climbed: %s\n",
              report.log_likelihood, report.bound.value(), report.optima.front().starts,
              report.monotone ? "yes" : "no");

  // The likelihood is flat at its top: in double precision it knows pi to eight digits. Twenty M-steps more, judged by
  // nothing (tolerance 0 never converges), end at the fixed point itself.
  const auto polished = jensen::fit(model, animals, {.tolerance = 0, .max_iterations = 20}).model;
  const double exact = (15 + std::sqrt(53809.0)) / 394;  // the positive root of the score, 197 π² − 15 π − 68
  std::printf("pi = %.16f after 20 iterations more; exactly %.16f\n", polished.pi, exact);

  const bool right = report.converged() && report.monotone && report.optima.front().starts == 5 &&
                     std::abs(report.bound.gap()) < 1e-10 && std::abs(model.pi - exact) < 1e-6 &&
                     std::abs(polished.pi - exact) < 1e-14 && std::abs(polished.pi - 0.6268214978709824) < 1e-14;
  return right ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
