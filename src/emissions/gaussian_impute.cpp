// What is expected where cells are missing.
#include <jensen/emissions/gaussian.h>

namespace jensen {

std::vector<double> Gaussian::conditional_mean(int k, const Conditioning& given, std::span<const int> observed,
                                               std::span<const int> missing, std::span<const double> row) const {
  std::vector<double> result;
  for (std::size_t m = 0; m < missing.size(); ++m) {
    result.push_back(mean(k)[static_cast<std::size_t>(missing[m])]);
    for (std::size_t o = 0; o < observed.size(); ++o) {
      const auto column = static_cast<std::size_t>(observed[o]);
      result.back() += given.regression[m * observed.size() + o] * (row[column] - mean(k)[column]);
    }
  }
  return result;
}

void Gaussian::impute(const Block& x, ConstPanel p, Panel filled) const {
  std::vector<double> row(static_cast<std::size_t>(columns()));
  for (const auto& pattern : missing_patterns(x)) {
    if (pattern.missing.empty()) continue;
    for (int j : pattern.missing) {
      for (std::int64_t i : pattern.rows) filled(i, j) = 0;
    }
    for (int k = 0; k < states(); ++k) {
      const Conditioning given = condition(covariance(k), pattern.observed, pattern.missing);
      for (std::int64_t i : pattern.rows) {
        for (int j : pattern.observed) row[static_cast<std::size_t>(j)] = x.x(i, j);
        const auto expected = conditional_mean(k, given, pattern.observed, pattern.missing, row);
        for (std::size_t m = 0; m < expected.size(); ++m) filled(i, pattern.missing[m]) += p(i, k) * expected[m];
      }
    }
  }
}

}  // namespace jensen
