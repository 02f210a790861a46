// Models and oracles for standard errors: small enough that everything about them can be said another way.
#pragma once

#include <Eigen/Dense>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include <jensen/data/table.h>
#include <jensen/em/e_step.h>
#include <jensen/em/fit.h>
#include <jensen/math/random.h>

#include "../examples/genetic_linkage.h"
#include "../examples/poisson_mixture.h"

namespace jensen::support {

/// The genetic linkage as a model with named parameters that draws samples.
struct Linkage : GeneticLinkage {
  std::string name() const { return "genetic linkage"; }
  std::vector<double> parameters() const { return {pi}; }
  void set_parameters(std::span<const double> v) { pi = v[0]; }
  std::vector<std::string> parameter_names() const { return {"pi"}; }
  void sample(std::uint64_t seed, std::int64_t first_row, Panel x, std::span<std::int32_t> z) const {
    const double cells[] = {0.5 + pi / 4, (1 - pi) / 4, (1 - pi) / 4, pi / 4};
    for (std::int64_t i = 0; i < x.rows; ++i) {
      Stream stream(seed, Purpose::sample, 0, 0, static_cast<std::uint64_t>(first_row + i));
      x(i, 0) = stream.choice(cells);
      if (!z.empty()) z[static_cast<std::size_t>(i)] = 0;
    }
  }
};

/// Rao's 197 animals, and the model at the root of the score, 197 π² − 15 π − 68 = 0.
inline Table animals() { return Table({0, 1, 2, 3}, 4, 1).with_weights({125, 18, 20, 34}); }
inline Linkage linkage_at_its_maximum() {
  Linkage model;
  model.pi = (15 + std::sqrt(53809.0)) / 394;
  return model;
}

/// The mixture of Poissons of the examples, as one that draws samples.
struct PoissonMixture : ::PoissonMixture {
  using ::PoissonMixture::PoissonMixture;

  std::vector<double> rates() const {
    std::vector<double> all;
    for (int k = 0; k < states(); ++k) all.push_back(rate(k));
    return all;
  }
  void sample(std::uint64_t seed, std::int64_t first_row, Panel x, std::span<std::int32_t> z) const {
    const auto weights = parameters();
    for (std::int64_t i = 0; i < x.rows; ++i) {
      Stream stream(seed, Purpose::sample, 0, 0, static_cast<std::uint64_t>(first_row + i));
      const int k = stream.choice(std::span(weights).first(static_cast<std::size_t>(states())));
      double count = -1;  // of events before time 1 at this rate
      for (double time = 0; time < 1; ++count) time += stream.exponential() / rate(k);
      x(i, 0) = count;
      if (!z.empty()) z[static_cast<std::size_t>(i)] = k;
    }
  }
};

/// A sample of n rows of a model.
template <class M>
Table sample_of(const M& model, std::int64_t n, int columns, std::uint64_t seed) {
  std::vector<double> values(static_cast<std::size_t>(n * columns));
  model.sample(seed, 0, Panel{values.data(), n, columns, n}, {});
  return Table(std::move(values), n, columns);
}

/// To the fixed point, as far as numbers go.
template <class M>
M polished(const M& model, const Data& data) {
  return fit(fit(model, data, {.tolerance = 1e-12, .max_iterations = 100000}).model, data,
             {.tolerance = 0, .max_iterations = 300})
      .model;
}

/// −∂²(ℓ + log p)/∂u∂uᵀ by brute force: second differences of the log-likelihood, extrapolated once.
inline Eigen::MatrixXd brute_force_information(const Model& theta, const Data& data, double step = 0.01) {
  Workers alone(1);
  EStep e_step(data, alone);
  const auto u = theta.unconstrained();
  const auto p = static_cast<Eigen::Index>(u.size());
  const auto moved = theta.clone();
  const auto at = [&](Eigen::Index i, double a, Eigen::Index j, double b) {
    auto v = u;
    v[static_cast<std::size_t>(i)] += a;
    v[static_cast<std::size_t>(j)] += b;
    moved->set_unconstrained(v);
    return e_step(*moved).evidence.log_likelihood + moved->log_prior();
  };
  Eigen::MatrixXd information(p, p);
  for (Eigen::Index i = 0; i < p; ++i) {
    for (Eigen::Index j = 0; j <= i; ++j) {
      const auto mixed = [&](double h) {
        return (at(i, h, j, h) - at(i, h, j, -h) - at(i, -h, j, h) + at(i, -h, j, -h)) / (4 * h * h);
      };
      information(i, j) = information(j, i) = -(4 * mixed(step / 2) - mixed(step)) / 3;
    }
  }
  return information;
}

}  // namespace jensen::support
