// Deaths of women over eighty in The Times, 1910 to 1912 (Hasselblad 1969): two Poisson distributions overlap so much
// that plain EM needs thousands of passes. Shows what each accelerator makes of that.
#include "poisson_mixture.h"

#include <cmath>
#include <cstdio>

#include <jensen/data/table.h>
#include <jensen/em/fit.h>

int main() {
  const std::vector<double> days{162, 267, 271, 185, 111, 61, 27, 8, 3, 1};
  const jensen::Table deaths = jensen::Table({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 10, 1).with_weights(days);
  bool right = true;
  for (auto acceleration : {jensen::Acceleration::none, jensen::Acceleration::squarem, jensen::Acceleration::anderson,
                            jensen::Acceleration::quasi_newton}) {
    jensen::Options options;
    options.acceleration = acceleration;
    options.tolerance = 1e-12;
    options.max_iterations = 20000;
    const auto [model, report] = jensen::fit(PoissonMixture({0.5, 0.5}, {1, 3}), deaths, options);
    std::printf("%-13s %5d passes: weights %.4f %.4f, rates %.4f %.4f, log-likelihood %.6f, %s\n",
                to_string(acceleration).c_str(), report.evaluations, model.weight(0), model.weight(1), model.rate(0),
                model.rate(1), report.log_likelihood, to_string(report.outcome).c_str());
    right = right && report.converged() && report.monotone && std::abs(report.log_likelihood + 1989.94586) < 1e-5;
  }
  return right ? 0 : 1;
}
