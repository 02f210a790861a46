// Fits a model of its own through the public headers: the genetic linkage of Dempster, Laird and Rubin (1977). Cells
// 0 … 3 have probabilities 1/2 + π/4, (1−π)/4, (1−π)/4, π/4; unseen is which of cell 0's animals belong to its π/4.
#include <cmath>
#include <cstdio>
#include <exception>

#include <jensen/data/table.h>
#include <jensen/em/fit.h>

struct Linkage {
  double pi = 0.5;

  jensen::Statistics no_statistics() const { return {{0, 0}, {}}; }
  double expect(const jensen::Block& x, jensen::Statistics& s) const {
    const double probability[] = {0.5 + pi / 4, (1 - pi) / 4, (1 - pi) / 4, pi / 4};
    const double share[] = {pi / (2 + pi), 0, 0, 1};
    double log_likelihood = 0;
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      const auto cell = static_cast<std::size_t>(x.x(i, 0));
      log_likelihood += x.weight(i) * std::log(probability[cell]);
      s.sum[0] += x.weight(i) * share[cell];
      if (cell == 1 || cell == 2) s.sum[1] += x.weight(i);
    }
    return log_likelihood;
  }
  void maximize(const jensen::Statistics& s) { pi = s.sum[0] / (s.sum[0] + s.sum[1]); }
};

int main() try {
  jensen::Options options;
  options.tolerance = 1e-15;
  const auto data = jensen::Table({0, 1, 2, 3}, 4, 1).with_weights({125, 18, 20, 34});
  const auto [model, report] = jensen::fit(Linkage{}, data, options);

  const double pi = (15 + std::sqrt(53809.0)) / 394;  // the positive root of the score, 197 π² − 15 π − 68
  const double log_likelihood = 125 * std::log(0.5 + pi / 4) + 38 * std::log((1 - pi) / 4) + 34 * std::log(pi / 4);
  std::printf("pi = %.12f, log-likelihood = %.12f: %s\n", model.pi, report.log_likelihood, report.message.c_str());
  const bool right =
      report.converged() && std::abs(model.pi - pi) < 1e-6 && std::abs(report.log_likelihood - log_likelihood) < 1e-9;
  return right ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
