#include "models/multinomial_logit.h"

#include <jensen/math/cholesky.h>
#include <jensen/math/optimize.h>
#include <jensen/math/special.h>

#include <algorithm>
#include <cmath>

namespace jensen {

std::size_t MultinomialLogit::coefficients() const {
  return static_cast<std::size_t>(categories - 1) * static_cast<std::size_t>(terms);
}

std::size_t MultinomialLogit::sums() const {
  return 1 + coefficients() + packed_size(static_cast<int>(coefficients()));
}

void MultinomialLogit::log_probabilities(std::span<const double> gamma, std::span<const double> v,
                                         std::span<double> out) const {
  out[0] = 0;
  std::size_t next = 0;
  for (std::size_t c = 1; c < static_cast<std::size_t>(categories); ++c) {
    double eta = 0;
    for (std::size_t j = 0; j < static_cast<std::size_t>(terms); ++j) eta += gamma[next++] * v[j];
    out[c] = eta;
  }
  const double normalizer = log_sum_exp(out.first(static_cast<std::size_t>(categories)));
  for (std::size_t c = 0; c < static_cast<std::size_t>(categories); ++c) out[c] -= normalizer;
}

void MultinomialLogit::add(std::span<const double> weights, std::span<const double> v,
                           std::span<const double> probabilities, std::span<const double> log_probabilities,
                           std::span<double> sum) const {
  const auto count = static_cast<std::size_t>(categories);
  double weight = 0;
  for (std::size_t c = 0; c < count; ++c) {
    weight += weights[c];
    if (weights[c] != 0) sum[0] += weights[c] * log_probabilities[c];
  }
  if (weight == 0) return;
  const auto gradient = sum.subspan(1, coefficients());
  const auto curvature = sum.subspan(1 + coefficients());
  for (int a = 0; a < static_cast<int>(coefficients()); ++a) {
    const auto c = static_cast<std::size_t>(1 + a / terms);
    const double va = v[static_cast<std::size_t>(a % terms)];
    gradient[static_cast<std::size_t>(a)] += (weights[c] - weight * probabilities[c]) * va;
    for (int b = 0; b <= a; ++b) {
      const auto d = static_cast<std::size_t>(1 + b / terms);
      const double vb = v[static_cast<std::size_t>(b % terms)];
      curvature[packed_index(a, b)] -= weight * probabilities[c] * ((c == d ? 1 : 0) - probabilities[d]) * va * vb;
    }
  }
}

void MultinomialLogit::climb(std::span<const double> sum, std::span<const double> about,
                             std::span<double> gamma) const {
  const auto curvature = sum.subspan(1 + coefficients(), packed_size(static_cast<int>(coefficients())));
  double scale = 0;
  for (int a = 0; a < static_cast<int>(coefficients()); a += terms) scale -= curvature[packed_index(a, a)];
  const auto newton = newton_step(sum.subspan(1, coefficients()), curvature, 4 * std::sqrt(std::max(scale, 1e-300)));
  for (std::size_t j = 0; j < gamma.size(); ++j) gamma[j] = about[j] + newton.step[j];
}

double MultinomialLogit::expected(std::span<const double> sum, std::span<const double> about,
                                  std::span<const double> gamma) const {
  const auto curvature = sum.subspan(1 + coefficients());
  double total = sum[0];
  for (int a = 0; a < static_cast<int>(coefficients()); ++a) {
    const double da = gamma[static_cast<std::size_t>(a)] - about[static_cast<std::size_t>(a)];
    total += da * sum[static_cast<std::size_t>(1 + a)];
    for (int b = 0; b <= a; ++b) {
      const double db = gamma[static_cast<std::size_t>(b)] - about[static_cast<std::size_t>(b)];
      total += (a == b ? 0.5 : 1) * curvature[packed_index(a, b)] * da * db;
    }
  }
  return total;
}

}  // namespace jensen
