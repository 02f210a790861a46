// How well the components of a mixture can be told apart, by the model alone.
#pragma once

#include <cstdint>
#include <vector>

#include <jensen/models/any_mixture.h>
#include <jensen/models/gaussian_mixture.h>

namespace jensen {

/// Expectations over x ~ p(x; θ), from `draws` rows sampled from the model with `seed`.
struct Separation {
  int states = 0;
  /// K × K by rows: E[p(z = l | x) | z = k], the average posterior probability of l where k is true. The diagonal says
  /// how well each component is recognised, the rest how much two of them overlap.
  std::vector<double> average_posterior;
  /// 1 − E[H(z | x)] / H(z): 1 where x says for certain which component it comes from, 0 where it says nothing.
  double certainty = 0;
  /// The same for each part of a product alone: what distinguishes the components. Empty where there are no parts.
  std::vector<double> certainty_by_part;

  double operator()(int k, int l) const {
    return average_posterior[static_cast<std::size_t>(k) * static_cast<std::size_t>(states) +
                             static_cast<std::size_t>(l)];
  }
};

/// Throws UnsupportedError where the model cannot be sampled.
Separation separation(const GaussianMixture& model, std::int64_t draws = 4096, std::uint64_t seed = 0);
Separation separation(const AnyMixture& model, std::int64_t draws = 4096, std::uint64_t seed = 0);

}  // namespace jensen
