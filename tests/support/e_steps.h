// E-steps of Gaussian mixtures that leave something out, beside each other.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <vector>

#include <jensen/data/data.h>
#include <jensen/em/e_step.h>
#include <jensen/models/gaussian_mixture.h>

namespace jensen::support {

// To rounding: likelihood, entropy, and where the M-step goes from `model`.
inline void expect_same_step(const GaussianMixture& model, const Expected& whole, const Expected& quick) {
  EXPECT_NEAR(quick.evidence.log_likelihood, whole.evidence.log_likelihood,
              1e-14 * std::abs(whole.evidence.log_likelihood));
  EXPECT_NEAR(quick.evidence.entropy, whole.evidence.entropy, 1e-12 * (1 + whole.evidence.entropy));
  EXPECT_EQ(quick.evidence.weight, whole.evidence.weight);
  GaussianMixture a = model;
  GaussianMixture b = model;
  a.maximize(whole.statistics);
  b.maximize(quick.statistics);
  const std::vector<double> slow = a.parameters(), fast = b.parameters();
  for (std::size_t i = 0; i < slow.size(); ++i) EXPECT_NEAR(fast[i], slow[i], 1e-12 * (1 + std::abs(slow[i]))) << i;
}

// On one thread and on three, the first time and later, when memory holds what was left there.
inline void expect_same_bits_whatever_threads(const GaussianMixture& mixture, const Data& data) {
  const Erased<GaussianMixture> model(mixture);
  std::vector<double> first;
  for (const int threads : {1, 3}) {
    Workers workers(threads);
    EStep e_step(data, workers);
    for (int repetition = 0; repetition < 3; ++repetition) {
      const Expected e = e_step(model);
      if (first.empty()) first = e.statistics.sum;
      EXPECT_EQ(e.statistics.sum, first);
    }
  }
}

}  // namespace jensen::support
