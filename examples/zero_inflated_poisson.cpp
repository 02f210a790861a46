// Articles published by 915 doctoral students (Long 1990) by young children, prestige of the department, and articles
// of the mentor. Run it in the project's folder: it reads data/biochemists.csv.
#include "zero_inflated_poisson.h"

#include <cstdio>
#include <exception>

#include <jensen/data/csv.h>
#include <jensen/em/fit.h>

int main() try {
  jensen::CsvOptions columns;
  columns.columns = {"art", "kid5", "phd", "ment"};
  const jensen::Table students = jensen::read_csv("data/biochemists.csv", columns).table;
  const auto [model, report] = jensen::fit(zero_inflated_poisson(3), students, {.tolerance = 1e-10});
  const auto names = model.parameter_names();
  const auto values = model.parameters();
  for (std::size_t j = 0; j < names.size(); ++j) std::printf("%-9s %8.5f\n", names[j].c_str(), values[j]);
  std::printf("log-likelihood %.4f, BIC %.2f: %s\n", report.log_likelihood, report.bic(), report.message.c_str());
  const bool right = report.converged() && report.monotone && std::abs(report.bound.gap()) < 1e-8 &&
                     report.gradient < 1e-8 && report.free_parameters == 8;
  return right ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
