// Deaths under beta-blockers and under control in 22 centres (Yusuf and others 1985). Run it in the project's folder:
// it reads data/betablocker.csv, which has two rows for each centre.
#include "random_intercept.h"

#include <cstdio>
#include <exception>

#include <jensen/data/csv.h>
#include <jensen/data/units.h>
#include <jensen/em/fit.h>

int main() try {
  jensen::CsvOptions columns;
  columns.columns = {"Center", "Deaths", "Total"};
  const jensen::Table centres = jensen::units(jensen::read_csv("data/betablocker.csv", columns).table, 0);
  const auto [model, report] = jensen::fit(random_intercept(), centres, {.tolerance = 1e-10});
  const auto values = model.parameters();
  std::printf("risk without treatment %.3f, odds ratio of treatment %.3f, spread of the logits %.3f\n",
              jensen::logistic(values[0]), std::exp(values[1]), values[2]);
  std::printf("log-likelihood %.6f: %s\n", report.log_likelihood, report.message.c_str());
  const bool right = report.converged() && report.monotone && std::abs(report.bound.gap()) < 1e-9 &&
                     report.gradient < 1e-8 && centres.rows() == 22;
  return right ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
