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
#include <jensen/models/simplex.h>

#include "../examples/genetic_linkage.h"

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

/// Σ_k π_k Poisson(λ_k) in one column.
class PoissonMixture {
 public:
  PoissonMixture(std::vector<double> weights, std::vector<double> rates)
      : weights_(std::move(weights)), rates_(std::move(rates)) {}

  std::string name() const { return "Poisson mixture"; }
  int columns() const { return 1; }
  int states() const { return static_cast<int>(rates_.size()); }
  const std::vector<double>& rates() const { return rates_; }

  Statistics no_statistics() const { return {std::vector<double>(2 * rates_.size() + 1), {}}; }
  Evidence expect(const Block& x, const Rule& rule, Statistics& s) const {
    std::vector<double> values(static_cast<std::size_t>(x.rows() * states()));
    const Panel q{values.data(), x.rows(), states(), x.rows()};
    log_joint(x, q);
    const Evidence evidence = discrete_posterior(x, rule, q);
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      for (int k = 0; k < states(); ++k) {
        s.sum[static_cast<std::size_t>(2 * k)] += q(i, k);
        s.sum[static_cast<std::size_t>(2 * k + 1)] += q(i, k) * x.x(i, 0);
        s.sum.back() += q(i, k) * std::lgamma(x.x(i, 0) + 1);
      }
    }
    return evidence;
  }
  void maximize(const Statistics& s) {
    double total = 0;
    for (std::size_t k = 0; k < rates_.size(); ++k) total += s.sum[2 * k];
    for (std::size_t k = 0; k < rates_.size(); ++k) {
      if (s.sum[2 * k] > 0) rates_[k] = s.sum[2 * k + 1] / s.sum[2 * k];
      weights_[k] = s.sum[2 * k] / total;
    }
  }
  double expected_log_joint(const Statistics& s) const {
    double total = -s.sum.back();
    for (std::size_t k = 0; k < rates_.size(); ++k) {
      if (s.sum[2 * k] > 0) total += s.sum[2 * k] * (std::log(weights_[k]) - rates_[k]);
      if (s.sum[2 * k + 1] > 0) total += s.sum[2 * k + 1] * std::log(rates_[k]);
    }
    return total;
  }
  void responsibilities(Block x, Panel p) const {
    x.weights = {};
    log_joint(x, p);
    discrete_posterior(x, Posterior{}, p);
  }
  std::vector<double> unconstrained() const {
    std::vector<double> u = simplex_to_logits(weights_);
    for (double rate : rates_) u.push_back(std::log(rate));
    return u;
  }
  void set_unconstrained(std::span<const double> u) {
    const std::size_t logits = u.size() - rates_.size();
    weights_ = logits_to_simplex(u.first(logits), weights_);
    for (std::size_t k = 0; k < rates_.size(); ++k) rates_[k] = std::exp(u[logits + k]);
  }
  std::vector<double> parameters() const {
    std::vector<double> v = weights_;
    v.insert(v.end(), rates_.begin(), rates_.end());
    return v;
  }
  void set_parameters(std::span<const double> v) {
    weights_.assign(v.begin(), v.begin() + states());
    rates_.assign(v.begin() + states(), v.end());
  }
  std::vector<std::string> parameter_names() const {
    std::vector<std::string> names;
    for (int k = 0; k < states(); ++k) names.push_back("weight[" + std::to_string(k) + "]");
    for (int k = 0; k < states(); ++k) names.push_back("rate[" + std::to_string(k) + "]");
    return names;
  }
  void sample(std::uint64_t seed, std::int64_t first_row, Panel x, std::span<std::int32_t> z) const {
    for (std::int64_t i = 0; i < x.rows; ++i) {
      Stream stream(seed, Purpose::sample, 0, 0, static_cast<std::uint64_t>(first_row + i));
      const int k = stream.choice(weights_);
      double count = -1;  // of events before time 1 at this rate
      for (double time = 0; time < 1; ++count) time += stream.exponential() / rates_[static_cast<std::size_t>(k)];
      x(i, 0) = count;
      if (!z.empty()) z[static_cast<std::size_t>(i)] = k;
    }
  }

 private:
  void log_joint(const Block& x, Panel p) const {
    for (int k = 0; k < states(); ++k) {
      const double rate = rates_[static_cast<std::size_t>(k)];
      for (std::int64_t i = 0; i < x.rows(); ++i) {
        p(i, k) = std::log(weights_[static_cast<std::size_t>(k)]) + x.x(i, 0) * std::log(rate) - rate -
                  std::lgamma(x.x(i, 0) + 1);
      }
    }
  }

  std::vector<double> weights_, rates_;
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
