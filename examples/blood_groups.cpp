// Allele frequencies from the blood groups of 521 patients (Clarke and others 1959): four rows with frequency weights.
#include "blood_groups.h"

#include <cstdio>
#include <exception>

#include <jensen/data/table.h>
#include <jensen/em/fit.h>

int main() try {
  const auto patients = jensen::Table({shows_a, shows_b, shows_ab, shows_o}, 4, 1).with_weights({186, 38, 13, 284});
  const auto [model, report] = jensen::fit(blood_groups(0.3, 0.2), patients, {.tolerance = 1e-12});
  const auto frequency = model.parameters();
  std::printf("A %.4f, B %.4f, O %.4f: %s\n", frequency[0], frequency[1], frequency[2], report.message.c_str());
  std::printf("log-likelihood %.6f, bound %.6f\n", report.log_likelihood, report.bound.value());
  // Published by Lange to four digits.
  const bool right = report.converged() && std::abs(frequency[0] - 0.2136) < 1e-4 &&
                     std::abs(frequency[1] - 0.0501) < 1e-4 && std::abs(frequency[2] - 0.7363) < 1e-4 &&
                     std::abs(report.bound.gap()) < 1e-9;
  return right ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
