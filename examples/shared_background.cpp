// Energies at two detectors, simulated: do the lines and the background that they share come out?
#include "shared_background.h"

#include <cstdio>
#include <exception>

#include <jensen/data/table.h>
#include <jensen/em/fit.h>
#include <jensen/math/random.h>

int main() try {
  constexpr std::size_t rows = 4000;
  std::vector<double> values(2 * rows);
  for (std::size_t i = 0; i < rows; ++i) {
    jensen::Stream stream(7, jensen::Purpose::sample, 0, 0, i);
    const bool second = i % 2 == 1;
    const bool line = stream.uniform() < (second ? 0.3 : 0.15);
    values[i] = line ? (second ? 9 : 4) + 0.5 * stream.normal() : 6 * stream.exponential();
    values[rows + i] = second ? 1 : 0;
  }
  const jensen::Table seen(std::move(values), rows, 2);
  const auto [model, report] = jensen::fit(shared_background({3, 8}), seen, {.tolerance = 1e-10});
  const auto names = model.parameter_names();
  const auto found = model.parameters();
  const double truth[] = {0.15, 0.3, 4, 9, 0.5, 6};
  bool right = report.converged() && report.monotone && std::abs(report.bound.gap()) < 1e-7;
  for (std::size_t j = 0; j < found.size(); ++j) {
    std::printf("%-13s %7.4f   simulated with %.2f\n", names[j].c_str(), found[j], truth[j]);
    right = right && std::abs(found[j] - truth[j]) < 0.06 * truth[j];
  }
  std::printf("%s\n", report.message.c_str());
  return right ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
