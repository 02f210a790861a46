#include <jensen/models/chain_posterior.h>
#include <jensen/models/discrete_posterior.h>
#include <jensen/models/viterbi.h>

#include <algorithm>
#include <cmath>

#include "math/chain_kernels.h"
#include "models/chain_recursions.h"
#include "models/chain_steps.h"

namespace jensen {

namespace {

// Σ_t Σ_k q_t(k) log p(x_t | k) and its like: 0 × −∞ = 0.
double product_of(double q, double value) { return q > 0 ? q * value : 0; }

// E_q[log potentials of the path], of which the normaliser is what `smooth` returned.
double expected_log_potential(const ChainPotentials& chain, std::span<const double> counts, const Stretch& x,
                              std::span<const double> smoothed, std::size_t width) {
  const auto states = static_cast<std::size_t>(chain.states);
  double total = 0;
  for (std::size_t k = 0; k < states; ++k) total += product_of(smoothed[k], std::log(chain.initial[k]));
  for (std::size_t e = 0; e < states * states; ++e) total += product_of(counts[e], std::log(chain.transitions[e]));
  for (std::size_t k = 0; k < states; ++k) {
    const double* column = x.log_density.column(static_cast<int>(k)) + x.first;
    for (std::size_t t = 0; t < static_cast<std::size_t>(x.steps); ++t) {
      total += product_of(smoothed[t * width + k], column[t]);
    }
  }
  return total;
}

class Posteriors {
 public:
  Posteriors(const MarkovChain& chain, const Posterior& rule, std::span<double> counts, ChainScratch& scratch)
      : exact_(potentials(chain)), temperature_(rule.temperature), counts_(counts), scratch_(scratch) {
    check_temperature(temperature_);
    if (temperature_ != 1) tempered_ = potentials(chain, temperature_);
  }

  void operator()(const Sequence& sequence, Evidence& evidence) {
    const Stretch& x = sequence.rows;
    const auto states = static_cast<std::size_t>(exact_.states);
    double log_likelihood = 0;
    bool in_logs = false;
    if (temperature_ != 1) {
      log_likelihood = filter(exact_, x, scratch_, nullptr, in_logs);
      for (int k = 0; k < x.log_density.columns; ++k) {
        double* column = x.log_density.column(k) + x.first;
        for (std::int64_t t = 0; t < x.steps; ++t) column[t] /= temperature_;
      }
    }
    const ChainPotentials& chain = temperature_ == 1 ? exact_ : tempered_;
    transitions_.assign(states * states, 0.0);
    const double normalizer = smooth(chain, x, transitions_.data(), scratch_);
    if (temperature_ == 1) log_likelihood = normalizer;
    if (sequence.weight > 0) evidence.log_likelihood += sequence.weight * log_likelihood;
    if (!std::isfinite(normalizer)) return clear(x);
    const std::size_t width = kernels::chain_width(exact_.states);
    // q is the chain with these potentials over this normaliser: H(q) = −E_q[log q].
    const double entropy = normalizer - expected_log_potential(chain, transitions_, x, scratch_.density, width);
    evidence.entropy += sequence.weight * std::max(entropy, 0.0);
    for (std::size_t k = 0; k < states; ++k) {
      counts_[k] += sequence.weight * scratch_.density[k];
      double* column = x.log_density.column(static_cast<int>(k)) + x.first;
      for (std::size_t t = 0; t < static_cast<std::size_t>(x.steps); ++t) {
        column[t] = sequence.weight * scratch_.density[t * width + k];
      }
    }
    for (std::size_t e = 0; e < states * states; ++e) counts_[states + e] += sequence.weight * transitions_[e];
  }

 private:
  ChainPotentials exact_;
  ChainPotentials tempered_;
  double temperature_;
  std::span<double> counts_;
  ChainScratch& scratch_;
  std::vector<double> transitions_;
};

// Transitions that are the same at every step.
class ConstantSteps final : public ChainSteps {
 public:
  explicit ConstantSteps(const MarkovChain& chain, std::span<double> counts = {})
      : exact_(potentials(chain)), logs_(exact_.transitions), counts_(counts) {
    for (double& a : logs_) a = std::log(a);
  }

  int states() const override { return exact_.states; }
  std::span<const double> initial() const override { return exact_.initial; }
  std::span<const double> into(std::int64_t) override { return exact_.transitions; }
  std::span<const double> log_into(std::int64_t) override { return logs_; }
  double filter(const Stretch& x, ChainScratch& scratch, double* step) override {
    bool in_logs = false;
    return jensen::filter(exact_, x, scratch, step, in_logs);
  }
  void add_first(int state, double weight) override { counts_[static_cast<std::size_t>(state)] += weight; }
  void add_move(std::int64_t, int from, int to, double weight) override {
    const auto states = static_cast<std::size_t>(exact_.states);
    counts_[states + static_cast<std::size_t>(from) * states + static_cast<std::size_t>(to)] += weight;
  }

 private:
  ChainPotentials exact_;
  std::vector<double> logs_;
  std::span<double> counts_;
};

}  // namespace

Evidence chain_posterior(const Block& x, const Rule& rule, const MarkovChain& chain, Panel log_density,
                         std::span<double> counts, ChainScratch& scratch) {
  rule_out_states(x, log_density);
  if (const auto* r = std::get_if<Posterior>(&rule)) {
    return by_sequence(x, log_density, Posteriors(chain, *r, counts, scratch));
  }
  ConstantSteps steps(chain, counts);
  return posterior_by_steps(x, rule, steps, log_density, scratch);
}

void chain_score(const Block& x, const MarkovChain& chain, Panel log_density, std::span<double> out,
                 ChainScratch& scratch) {
  rule_out_states(x, log_density);
  ConstantSteps steps(chain);
  score_by_steps(x, steps, log_density, out, scratch);
}

void chain_filter(const Block& x, const MarkovChain& chain, Panel log_density, ChainScratch& scratch) {
  rule_out_states(x, log_density);
  ConstantSteps steps(chain);
  filter_by_steps(x, steps, log_density, scratch);
}

void viterbi(const Block& x, const MarkovChain& chain, Panel log_density, std::span<std::int32_t> path,
             std::span<double> value) {
  rule_out_states(x, log_density);
  ConstantSteps steps(chain);
  viterbi_by_steps(x, steps, log_density, path, value);
}

void chain_predict(const Block& x, const MarkovChain& chain, Panel log_density, ChainScratch& scratch) {
  rule_out_states(x, log_density);
  ConstantSteps steps(chain);
  predict_by_steps(x, steps, log_density, scratch);
}

}  // namespace jensen
