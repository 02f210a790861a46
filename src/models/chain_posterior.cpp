#include <jensen/error.h>
#include <jensen/math/random.h>
#include <jensen/models/chain_posterior.h>
#include <jensen/models/discrete_posterior.h>
#include <jensen/models/viterbi.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>

#include "math/chain_kernels.h"
#include "models/allowed_states.h"
#include "models/chain_recursions.h"

namespace jensen {

namespace {

// What a rule makes of one sequence, before its weight: adds to `evidence` and `counts`, writes q over the panel.
struct Sequence {
  const Block& x;
  Stretch rows;
  double weight;
};

void clear(const Stretch& x) {
  for (int k = 0; k < x.log_density.columns; ++k) std::fill_n(x.log_density.column(k) + x.first, x.steps, 0.0);
}

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
  Posteriors(const MarkovChain& chain, const Posterior& rule, ChainScratch& scratch)
      : exact_(potentials(chain)), temperature_(rule.temperature), scratch_(scratch) {
    if (!(temperature_ > 0) || !std::isfinite(temperature_)) {
      throw ArgumentError("E-step", "temperature", "must be finite and > 0, got " + std::to_string(temperature_));
    }
    if (temperature_ != 1) tempered_ = potentials(chain, temperature_);
  }

  void operator()(const Sequence& sequence, std::span<double> counts, Evidence& evidence) {
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
      counts[k] += sequence.weight * scratch_.density[k];
      double* column = x.log_density.column(static_cast<int>(k)) + x.first;
      for (std::size_t t = 0; t < static_cast<std::size_t>(x.steps); ++t) {
        column[t] = sequence.weight * scratch_.density[t * width + k];
      }
    }
    for (std::size_t e = 0; e < states * states; ++e) counts[states + e] += sequence.weight * transitions_[e];
  }

 private:
  ChainPotentials exact_;
  ChainPotentials tempered_;
  double temperature_;
  ChainScratch& scratch_;
  std::vector<double> transitions_;
};

// Adds a path with this weight to the counts and to q.
void add_path(std::span<const std::int32_t> path, double weight, const Stretch& x, std::span<double> counts) {
  const auto states = static_cast<std::size_t>(x.log_density.columns);
  counts[static_cast<std::size_t>(path.front())] += weight;
  for (std::size_t t = 0; t < path.size(); ++t) {
    x.log_density(x.first + static_cast<std::int64_t>(t), path[t]) += weight;
    if (t == 0) continue;
    const std::size_t move = static_cast<std::size_t>(path[t - 1]) * states + static_cast<std::size_t>(path[t]);
    counts[states + move] += weight;
  }
}

class Modes {
 public:
  Modes(const MarkovChain& chain, ChainScratch& scratch)
      : chain_(chain), exact_(potentials(chain)), scratch_(scratch) {}

  void operator()(const Sequence& sequence, std::span<double> counts, Evidence& evidence) {
    const Stretch& x = sequence.rows;
    bool in_logs = false;
    const double log_likelihood = filter(exact_, x, scratch_, nullptr, in_logs);
    if (sequence.weight > 0) evidence.log_likelihood += sequence.weight * log_likelihood;
    if (!std::isfinite(log_likelihood)) return clear(x);
    scratch_.path.resize(static_cast<std::size_t>(x.steps));
    const Panel own{x.log_density.column(0) + x.first, x.steps, x.log_density.columns, x.log_density.stride};
    Block alone;
    alone.x = own;
    viterbi(alone, chain_, own, scratch_.path);
    clear(x);
    add_path(scratch_.path, sequence.weight, x, counts);
  }

 private:
  const MarkovChain& chain_;
  ChainPotentials exact_;
  ChainScratch& scratch_;
};

class PathDraws {
 public:
  PathDraws(const MarkovChain& chain, const Draws& rule, ChainScratch& scratch)
      : exact_(potentials(chain)), rule_(rule), scratch_(scratch) {
    if (rule.count < 1) throw ArgumentError("E-step", "draws", "must be at least 1, got " + std::to_string(rule.count));
  }

  void operator()(const Sequence& sequence, std::span<double> counts, Evidence& evidence) {
    const Stretch& x = sequence.rows;
    bool in_logs = false;
    const double log_likelihood = filter(exact_, x, scratch_, nullptr, in_logs);
    if (sequence.weight > 0) evidence.log_likelihood += sequence.weight * log_likelihood;
    clear(x);
    if (!std::isfinite(log_likelihood)) return;
    draw(sequence);
    std::map<std::vector<std::int32_t>, int> distinct;
    for (const auto& path : paths_) ++distinct[path];
    for (const auto& [path, times] : distinct) {
      const double share = static_cast<double>(times) / rule_.count;
      add_path(path, sequence.weight * share, x, counts);
      evidence.entropy -= sequence.weight * share * std::log(share);
    }
  }

 private:
  // z_T ~ filtered_T, then backwards z_t ~ filtered_t(i) A(i, z_{t+1}) (Carter and Kohn 1994).
  void draw(const Sequence& sequence) {
    const auto steps = static_cast<std::size_t>(sequence.rows.steps);
    const auto states = static_cast<std::size_t>(exact_.states);
    const std::size_t width = kernels::chain_width(exact_.states);
    paths_.assign(static_cast<std::size_t>(rule_.count), std::vector<std::int32_t>(steps));
    std::vector<double> weights(states);
    for (std::size_t t = steps; t-- > 0;) {
      const auto row = static_cast<std::uint64_t>(sequence.x.first_row + sequence.rows.first) + t;
      Stream stream(rule_.seed, Purpose::draws, rule_.restart, rule_.iteration, row);
      const double* filtered = scratch_.filtered.data() + t * width;
      for (auto& path : paths_) {
        for (std::size_t i = 0; i < states; ++i) {
          const bool last = t + 1 == steps;
          weights[i] =
              filtered[i] * (last ? 1 : exact_.transitions[i * states + static_cast<std::size_t>(path[t + 1])]);
        }
        path[t] = stream.choice(weights);
      }
    }
  }

  ChainPotentials exact_;
  const Draws& rule_;
  ChainScratch& scratch_;
  std::vector<std::vector<std::int32_t>> paths_;
};

class GivenStates {
 public:
  GivenStates(const Block& x, const MarkovChain& chain, const Given& rule, ChainScratch& scratch)
      : exact_(potentials(chain)),
        scratch_(scratch),
        statistics_only_(rule.statistics_only),
        memory_(static_cast<std::size_t>(x.rows()) * static_cast<std::size_t>(chain.states())),
        q_{memory_.data(), x.rows(), chain.states(), x.rows()} {
    allowed_responsibilities(x, rule, q_);
  }

  void operator()(const Sequence& sequence, std::span<double> counts, Evidence& evidence) {
    const Stretch& x = sequence.rows;
    const int states = exact_.states;
    bool in_logs = false;
    const double log_likelihood =
        statistics_only_ ? std::numeric_limits<double>::quiet_NaN() : filter(exact_, x, scratch_, nullptr, in_logs);
    if (sequence.weight > 0) evidence.log_likelihood += sequence.weight * log_likelihood;
    for (std::int64_t t = x.first; t < x.first + x.steps; ++t) {
      for (int j = 0; j < states; ++j) {
        const double q = q_(t, j);
        if (q > 0) evidence.entropy -= sequence.weight * q * std::log(q);
        x.log_density(t, j) = sequence.weight * q;
        if (t == x.first) {
          if (exact_.initial[static_cast<std::size_t>(j)] > 0)
            counts[static_cast<std::size_t>(j)] += sequence.weight * q;
          continue;
        }
        for (int i = 0; i < states; ++i) {
          const auto move =
              static_cast<std::size_t>(i) * static_cast<std::size_t>(states) + static_cast<std::size_t>(j);
          if (exact_.transitions[move] > 0) {
            counts[static_cast<std::size_t>(states) + move] += sequence.weight * q_(t - 1, i) * q;
          }
        }
      }
    }
  }

 private:
  ChainPotentials exact_;
  ChainScratch& scratch_;
  bool statistics_only_;
  std::vector<double> memory_;
  Panel q_;
};

template <class ByRule>
Evidence by_sequence(const Block& x, Panel log_density, std::span<double> counts, ByRule rule) {
  Evidence evidence;
  const auto bounds = sequence_bounds(x);
  for (std::size_t s = 0; s + 1 < bounds.size(); ++s) {
    const Sequence sequence{x, {log_density, bounds[s], bounds[s + 1] - bounds[s]}, x.weight(bounds[s])};
    evidence.weight += sequence.weight * static_cast<double>(sequence.rows.steps);
    rule(sequence, counts, evidence);
  }
  evidence.state_entropy = evidence.entropy;
  return evidence;
}

}  // namespace

Evidence chain_posterior(const Block& x, const Rule& rule, const MarkovChain& chain, Panel log_density,
                         std::span<double> counts, ChainScratch& scratch) {
  rule_out_states(x, log_density);
  if (const auto* r = std::get_if<Posterior>(&rule)) {
    return by_sequence(x, log_density, counts, Posteriors(chain, *r, scratch));
  }
  if (const auto* r = std::get_if<Draws>(&rule)) {
    return by_sequence(x, log_density, counts, PathDraws(chain, *r, scratch));
  }
  if (const auto* r = std::get_if<Given>(&rule)) {
    return by_sequence(x, log_density, counts, GivenStates(x, chain, *r, scratch));
  }
  return by_sequence(x, log_density, counts, Modes(chain, scratch));
}

void chain_score(const Block& x, const MarkovChain& chain, Panel log_density, std::span<double> out,
                 ChainScratch& scratch) {
  rule_out_states(x, log_density);
  const ChainPotentials exact = potentials(chain);
  const auto bounds = sequence_bounds(x);
  for (std::size_t s = 0; s + 1 < bounds.size(); ++s) {
    const Stretch rows{log_density, bounds[s], bounds[s + 1] - bounds[s]};
    const auto own = out.subspan(static_cast<std::size_t>(rows.first), static_cast<std::size_t>(rows.steps));
    std::fill(own.begin(), own.end(), 0.0);
    bool in_logs = false;
    filter(exact, rows, scratch, own.data(), in_logs);
  }
}

void chain_filter(const Block& x, const MarkovChain& chain, Panel log_density, ChainScratch& scratch) {
  rule_out_states(x, log_density);
  const ChainPotentials exact = potentials(chain);
  const std::size_t width = kernels::chain_width(exact.states);
  const auto bounds = sequence_bounds(x);
  for (std::size_t s = 0; s + 1 < bounds.size(); ++s) {
    const Stretch rows{log_density, bounds[s], bounds[s + 1] - bounds[s]};
    bool in_logs = false;
    filter(exact, rows, scratch, nullptr, in_logs);
    for (int k = 0; k < exact.states; ++k) {
      double* column = log_density.column(k) + rows.first;
      for (std::size_t t = 0; t < static_cast<std::size_t>(rows.steps); ++t) {
        column[t] = scratch.filtered[t * width + static_cast<std::size_t>(k)];
      }
    }
  }
}

void chain_predict(const Block& x, const MarkovChain& chain, Panel log_density, ChainScratch& scratch) {
  chain_filter(x, chain, log_density, scratch);
  const int states = chain.states();
  const auto bounds = sequence_bounds(x);
  for (std::size_t s = 0; s + 1 < bounds.size(); ++s) {
    for (std::int64_t t = bounds[s + 1] - 1; t > bounds[s]; --t) {
      for (int j = 0; j < states; ++j) {
        double p = 0;
        for (int i = 0; i < states; ++i) p += log_density(t - 1, i) * chain.transition(i, j);
        log_density(t, j) = p;
      }
    }
    for (int k = 0; k < states; ++k) log_density(bounds[s], k) = chain.initial()[static_cast<std::size_t>(k)];
  }
}

}  // namespace jensen
