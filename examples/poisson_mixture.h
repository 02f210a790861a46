// A mixture of K Poisson distributions, with everything that variants, accelerators and checkpoints ask of a model.
#pragma once

#include <cmath>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <jensen/concepts.h>
#include <jensen/models/discrete_posterior.h>
#include <jensen/models/simplex.h>

/// One column of counts. log p(x, z = k; θ) = log π_k + x log λ_k − λ_k − log x!. Statistics: Σ r(i, k) and Σ r(i, k)
/// x_i for each k, then Σ w_i log x_i!. They have no reference points, so that they are always where they should be.
class PoissonMixture {
 public:
  PoissonMixture(std::vector<double> weights, std::vector<double> rates)
      : weights_(std::move(weights)), rates_(std::move(rates)) {}

  int states() const { return static_cast<int>(rates_.size()); }
  int columns() const { return 1; }
  std::string name() const { return "Poisson mixture"; }
  double weight(int k) const { return weights_[static_cast<std::size_t>(k)]; }
  double rate(int k) const { return rates_[static_cast<std::size_t>(k)]; }

  jensen::Statistics no_statistics() const { return {std::vector<double>(2 * rates_.size() + 1), {}}; }
  jensen::Evidence expect(const jensen::Block& x, const jensen::Rule& rule, jensen::Statistics& s) const {
    std::vector<double> values(static_cast<std::size_t>(x.rows()) * rates_.size());
    const jensen::Panel q{values.data(), x.rows(), states(), x.rows()};
    log_joint(x, q);
    const jensen::Evidence evidence = jensen::discrete_posterior(x, rule, q);
    for (int k = 0; k < states(); ++k) {
      for (std::int64_t i = 0; i < x.rows(); ++i) {
        s.sum[static_cast<std::size_t>(2 * k)] += q(i, k);
        s.sum[static_cast<std::size_t>(2 * k + 1)] += q(i, k) * x.x(i, 0);
      }
    }
    for (std::int64_t i = 0; i < x.rows(); ++i) s.sum.back() += x.weight(i) * std::lgamma(x.x(i, 0) + 1);
    return evidence;
  }

  void maximize(const jensen::Statistics& s) {
    for (int part = 0; part < parts(); ++part) maximize(s, part);
  }
  int parts() const { return 2; }  // the weights, then the rates
  void maximize(const jensen::Statistics& s, int part) {
    double total = 0;
    for (std::size_t k = 0; k < rates_.size(); ++k) total += s.sum[2 * k];
    for (std::size_t k = 0; k < rates_.size(); ++k) {
      if (part == 0) weights_[k] = s.sum[2 * k] / total;
      if (part == 1 && s.sum[2 * k] > 0) rates_[k] = s.sum[2 * k + 1] / s.sum[2 * k];
    }
  }

  double expected_log_joint(const jensen::Statistics& s) const {
    double total = -s.sum.back();
    for (std::size_t k = 0; k < rates_.size(); ++k) {
      if (s.sum[2 * k] > 0) total += s.sum[2 * k] * (std::log(weights_[k]) - rates_[k]);
      if (s.sum[2 * k + 1] > 0) total += s.sum[2 * k + 1] * std::log(rates_[k]);
    }
    return total;
  }
  jensen::Statistics move(const jensen::Statistics& s) const { return s; }

  void responsibilities(jensen::Block x, jensen::Panel p) const {
    x.weights = {};
    log_joint(x, p);
    jensen::discrete_posterior(x, jensen::Posterior{}, p);
  }

  /// Log-ratios of the weights (jensen/models/simplex.h), then log rates.
  std::vector<double> unconstrained() const {
    std::vector<double> u = jensen::simplex_to_logits(weights_);
    for (double rate : rates_) u.push_back(std::log(rate));
    return u;
  }
  void set_unconstrained(std::span<const double> u) {
    const std::size_t logits = u.size() - rates_.size();
    weights_ = jensen::logits_to_simplex(u.first(logits), weights_);
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
    for (const char* kind : {"weight", "rate"}) {
      for (int k = 0; k < states(); ++k) names.push_back(std::string(kind) + "[" + std::to_string(k) + "]");
    }
    return names;
  }

 private:
  void log_joint(const jensen::Block& x, jensen::Panel p) const {
    for (int k = 0; k < states(); ++k) {
      const double constant = std::log(weight(k)) - rate(k);
      const double log_rate = std::log(rate(k));
      for (std::int64_t i = 0; i < x.rows(); ++i) {
        const double count = x.x(i, 0);
        p(i, k) = constant + (count > 0 ? count * log_rate : 0) - std::lgamma(count + 1);
      }
    }
  }

  std::vector<double> weights_;
  std::vector<double> rates_;
};
