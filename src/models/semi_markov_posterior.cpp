#include <jensen/error.h>
#include <jensen/math/random.h>
#include <jensen/models/discrete_posterior.h>
#include <jensen/models/semi_markov_chain.h>
#include <jensen/models/viterbi.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>

#include "models/allowed_states.h"
#include "models/chain_steps.h"
#include "models/semi_markov_recursions.h"

namespace jensen {

namespace {

constexpr double minus_infinity = -std::numeric_limits<double>::infinity();
constexpr double least_count = 1e-290;  // an M-step could make less a probability of 0

double& at(const Stretch& x, std::size_t t, std::size_t k) {
  return x.log_density(x.first + static_cast<std::int64_t>(t), static_cast<int>(k));
}

double product_of(double q, double value) { return q > 0 ? q * value : 0; }  // 0 × −∞ = 0

std::size_t steps_of(const Sequence& sequence) { return static_cast<std::size_t>(sequence.rows.steps); }

// A rule makes q of one sequence: rule(sequence, counts, evidence).
template <class ByRule>
Evidence counted_by_sequence(const Block& x, Panel log_density, std::span<double> counts, ByRule rule) {
  return by_sequence(x, log_density,
                     [&](const Sequence& sequence, Evidence& evidence) { rule(sequence, counts, evidence); });
}

class Posteriors {
 public:
  Posteriors(const SemiMarkovChain& chain, const Posterior& rule)
      : exact_(potentials(chain)), temperature_(rule.temperature), expected_(chain.statistics_size()) {
    check_temperature(temperature_);
    if (temperature_ != 1) tempered_ = potentials(chain, temperature_);
  }

  void operator()(const Sequence& sequence, std::span<double> counts, Evidence& evidence) {
    const Stretch& x = sequence.rows;
    double log_likelihood = forward(exact_, x, stays_);
    if (sequence.weight > 0) evidence.log_likelihood += sequence.weight * log_likelihood;
    if (!std::isfinite(log_likelihood)) return clear(x);
    if (temperature_ != 1) {
      for (std::size_t k = 0; k < exact_.states; ++k) {
        for (std::size_t t = 0; t < steps_of(sequence); ++t) at(x, t, k) /= temperature_;
      }
      forward(tempered_, x, stays_);
    }
    const StayPotentials& chain = temperature_ == 1 ? exact_ : tempered_;
    smoothed_.resize(steps_of(sequence) * chain.states);
    backward(chain, x, stays_, smoothed_, expected_);
    for (double& count : expected_) count = count < least_count ? 0 : count;
    // Rows are divided by their scales: the normaliser of q is 1, and H(q) = −E_q[log potentials of the path].
    evidence.entropy += sequence.weight * std::max(0.0, -expected_log_potential(chain, x));
    for (std::size_t e = 0; e < expected_.size(); ++e) counts[e] += sequence.weight * expected_[e];
    for (std::size_t k = 0; k < chain.states; ++k) {
      for (std::size_t t = 0; t < steps_of(sequence); ++t)
        at(x, t, k) = sequence.weight * smoothed_[k * steps_of(sequence) + t];
    }
  }

 private:
  double expected_log_potential(const StayPotentials& chain, const Stretch& x) const {
    double total = 0;
    std::size_t next = 0;
    for (const auto* logs : {&chain.initial, &chain.transitions, &chain.ended, &chain.unfinished}) {
      for (const double value : *logs) total += product_of(expected_[next++], value);
    }
    const auto steps = static_cast<std::size_t>(x.steps);
    for (std::size_t k = 0; k < chain.states; ++k) {
      for (std::size_t t = 0; t < steps; ++t) {
        total += product_of(smoothed_[k * steps + t], at(x, t, k));
      }
    }
    return total;
  }

  StayPotentials exact_, tempered_;
  double temperature_;
  Stays stays_;
  std::vector<double> expected_, smoothed_;
};

// Adds a path with this weight to the counts and to q. Neighbouring rows in the same state are one stay.
void add_path(const StayPotentials& chain, std::span<const std::int32_t> path, double weight, const Stretch& x,
              std::span<double> counts) {
  const std::size_t states = chain.states;
  const std::size_t jumps = states * (states + 1);
  counts[static_cast<std::size_t>(path.front())] += weight;
  for (std::size_t begin = 0; begin < path.size();) {
    const auto state = static_cast<std::size_t>(path[begin]);
    std::size_t end = begin;
    for (; end < path.size() && path[end] == path[begin]; ++end) at(x, end, state) += weight;
    const bool last = end == path.size();
    if (chain.forever[state] == 0) {
      counts[jumps + (last ? states * chain.longest : 0) + state * chain.longest + end - begin - 1] += weight;
    }
    if (!last) counts[states + state * states + static_cast<std::size_t>(path[end])] += weight;
    begin = end;
  }
}

class Modes {
 public:
  explicit Modes(const SemiMarkovChain& chain) : exact_(potentials(chain)) {}

  void operator()(const Sequence& sequence, std::span<double> counts, Evidence& evidence) {
    const Stretch& x = sequence.rows;
    const double log_likelihood = forward(exact_, x, stays_);
    if (sequence.weight > 0) evidence.log_likelihood += sequence.weight * log_likelihood;
    if (!std::isfinite(log_likelihood)) return clear(x);
    path_.resize(steps_of(sequence));
    best_path(exact_, x, path_);
    clear(x);
    add_path(exact_, path_, sequence.weight, x, counts);
  }

 private:
  StayPotentials exact_;
  Stays stays_;
  std::vector<std::int32_t> path_;
};

class PathDraws {
 public:
  PathDraws(const SemiMarkovChain& chain, const Draws& rule) : exact_(potentials(chain)), rule_(rule) {
    if (rule.count < 1) throw ArgumentError("E-step", "draws", "must be at least 1, got " + std::to_string(rule.count));
  }

  void operator()(const Sequence& sequence, std::span<double> counts, Evidence& evidence) {
    const Stretch& x = sequence.rows;
    const double log_likelihood = forward(exact_, x, stays_);
    if (sequence.weight > 0) evidence.log_likelihood += sequence.weight * log_likelihood;
    if (!std::isfinite(log_likelihood)) return clear(x);
    streams_.clear();
    for (std::size_t t = 0; t < steps_of(sequence); ++t) {
      const auto row = static_cast<std::uint64_t>(sequence.x.first_row + x.first) + t;
      streams_.emplace_back(rule_.seed, Purpose::draws, rule_.restart, rule_.iteration, row);
    }
    std::map<std::vector<std::int32_t>, int> distinct;
    for (int draw = 0; draw < rule_.count; ++draw) ++distinct[drawn(sequence)];
    clear(x);
    for (const auto& [path, times] : distinct) {
      const double share = static_cast<double>(times) / rule_.count;
      add_path(exact_, path, sequence.weight * share, x, counts);
      evidence.entropy -= sequence.weight * share * std::log(share);
    }
  }

 private:
  // The last stay, then backwards the state before it and how long it was.
  std::vector<std::int32_t> drawn(const Sequence& sequence) {
    const std::size_t steps = steps_of(sequence);
    std::vector<std::int32_t> path(steps);
    std::size_t state = 0;
    for (std::size_t end = steps; end > 0;) {
      Stream& stream = streams_[end - 1];
      const bool last = end == steps;
      weights_.assign(exact_.states, 0.0);
      for (std::size_t i = 0; i < exact_.states; ++i) {
        const std::size_t own = (end - 1) * exact_.states + i;
        // The last row: p(z_T = k | x); before it: the stay ended here and led to `state`.
        weights_[i] = last ? stays_.predicted[own] + at(sequence.rows, end - 1, i)
                           : stays_.left[own] + exact_.transitions[i * exact_.states + state];
      }
      state = choose(stream);
      const std::size_t rows = drawn_rows(sequence.rows, state, end, last, stream);
      std::fill(path.begin() + static_cast<std::ptrdiff_t>(end - rows), path.begin() + static_cast<std::ptrdiff_t>(end),
                static_cast<std::int32_t>(state));
      end -= rows;
    }
    return path;
  }

  std::size_t drawn_rows(const Stretch& x, std::size_t state, std::size_t end, bool last, Stream& stream) {
    const bool forever = exact_.forever[state] != 0;
    weights_.clear();
    double seen = 0;
    for (std::size_t rows = 1; rows <= end && (forever || rows <= exact_.longest); ++rows) {
      seen += at(x, end - rows, state);
      weights_.push_back(stays_.entered[(end - rows) * exact_.states + state] + seen +
                         (last ? exact_.of_unfinished(state, rows) : exact_.of_ended(state, rows)));
    }
    return choose(stream) + 1;
  }

  // An index with probability ∝ exp weights_.
  std::size_t choose(Stream& stream) {
    const double largest = *std::max_element(weights_.begin(), weights_.end());
    for (double& weight : weights_) weight = std::exp(weight - largest);
    return static_cast<std::size_t>(stream.choice(weights_));
  }

  StayPotentials exact_;
  const Draws& rule_;
  Stays stays_;
  std::vector<Stream> streams_;  // of each row: stays that end with it
  std::vector<double> weights_;
};

class GivenStates {
 public:
  GivenStates(const Block& x, const SemiMarkovChain& chain, const Given& rule)
      : exact_(potentials(chain)),
        statistics_only_(rule.statistics_only),
        memory_(static_cast<std::size_t>(x.rows()) * static_cast<std::size_t>(chain.states())),
        q_{memory_.data(), x.rows(), chain.states(), x.rows()} {
    allowed_responsibilities(x, rule, q_);
  }

  void operator()(const Sequence& sequence, std::span<double> counts, Evidence& evidence) {
    const Stretch given{q_, sequence.rows.first, sequence.rows.steps};
    const double log_likelihood =
        statistics_only_ ? std::numeric_limits<double>::quiet_NaN() : forward(exact_, sequence.rows, stays_);
    if (sequence.weight > 0) evidence.log_likelihood += sequence.weight * log_likelihood;
    for (std::size_t k = 0; k < exact_.states; ++k) {
      for (std::size_t t = 0; t < steps_of(sequence); ++t) {
        const double q = at(given, t, k);
        if (q > 0) evidence.entropy -= sequence.weight * q * std::log(q);
        at(sequence.rows, t, k) = sequence.weight * q;
      }
      if (exact_.initial[k] > minus_infinity) counts[k] += sequence.weight * at(given, 0, k);
      if (exact_.forever[k] == 0) count_stays(given, k, sequence.weight, counts);
    }
    count_transitions(given, sequence.weight, counts);
  }

 private:
  void count_transitions(const Stretch& given, double weight, std::span<double> counts) const {
    const std::size_t states = exact_.states;
    for (std::size_t t = 1; t < static_cast<std::size_t>(given.steps); ++t) {
      for (std::size_t e = 0; e < states * states; ++e) {
        if (exact_.transitions[e] == minus_infinity) continue;
        counts[states + e] += weight * at(given, t - 1, e / states) * at(given, t, e % states);
      }
    }
  }

  // open_[s]: the probability that rows s … t are in state k, and row s − 1 is not.
  void count_stays(const Stretch& given, std::size_t k, double weight, std::span<double> counts) {
    const auto steps = static_cast<std::size_t>(given.steps);
    const std::size_t states = exact_.states;
    double* ended = counts.data() + states * (states + 1) + k * exact_.longest;
    double* unfinished = ended + states * exact_.longest;
    open_.assign(steps, 0.0);
    std::size_t first = 0;
    for (std::size_t t = 0; t < steps; ++t) {
      const double now = at(given, t, k);
      if (now == 0) first = t + 1;
      first = std::max(first, t + 1 > exact_.longest ? t + 1 - exact_.longest : 0);
      for (std::size_t s = first; s < t; ++s) open_[s] *= now;
      open_[t] = t == 0 ? now : now * (1 - at(given, t - 1, k));
      const bool last = t + 1 == steps;
      const double share = weight * (last ? 1 : 1 - at(given, t + 1, k));
      double* received = last ? unfinished : ended;
      for (std::size_t s = first; s <= t && share > 0; ++s) received[t - s] += share * open_[s];
    }
  }

  StayPotentials exact_;
  bool statistics_only_;
  std::vector<double> memory_;
  Panel q_;
  Stays stays_;
  std::vector<double> open_;
};

}  // namespace

Evidence chain_posterior(const Block& x, const Rule& rule, const SemiMarkovChain& chain, Panel log_density,
                         std::span<double> counts, ChainScratch&) {
  rule_out_states(x, log_density);
  if (const auto* r = std::get_if<Posterior>(&rule)) {
    return counted_by_sequence(x, log_density, counts, Posteriors(chain, *r));
  }
  if (const auto* r = std::get_if<Draws>(&rule))
    return counted_by_sequence(x, log_density, counts, PathDraws(chain, *r));
  if (const auto* r = std::get_if<Given>(&rule))
    return counted_by_sequence(x, log_density, counts, GivenStates(x, chain, *r));
  return counted_by_sequence(x, log_density, counts, Modes(chain));
}

namespace {

// write(rows of the sequence, what forward() knows of them)
template <class Write>
void after_forward(const Block& x, const SemiMarkovChain& chain, Panel log_density, Write write) {
  rule_out_states(x, log_density);
  const StayPotentials exact = potentials(chain);
  const auto bounds = sequence_bounds(x);
  Stays stays;
  for (std::size_t s = 0; s + 1 < bounds.size(); ++s) {
    const Stretch rows{log_density, bounds[s], bounds[s + 1] - bounds[s]};
    forward(exact, rows, stays);
    write(rows, stays);
  }
}

}  // namespace

void chain_score(const Block& x, const SemiMarkovChain& chain, Panel log_density, std::span<double> out,
                 ChainScratch&) {
  after_forward(x, chain, log_density, [&](const Stretch& rows, const Stays& stays) {
    std::copy(stays.scale.begin(), stays.scale.end(), out.begin() + rows.first);
  });
}

void chain_filter(const Block& x, const SemiMarkovChain& chain, Panel log_density, ChainScratch&) {
  after_forward(x, chain, log_density, [](const Stretch& rows, const Stays& stays) {
    const auto states = static_cast<std::size_t>(rows.log_density.columns);
    bool possible = true;
    for (std::size_t t = 0; t < static_cast<std::size_t>(rows.steps); ++t) {
      possible = possible && std::isfinite(stays.scale[t]);
      for (std::size_t k = 0; k < states; ++k) {
        at(rows, t, k) = possible ? std::exp(stays.predicted[t * states + k] + at(rows, t, k)) : 0;
      }
    }
  });
}

void chain_predict(const Block& x, const SemiMarkovChain& chain, Panel log_density, ChainScratch&) {
  after_forward(x, chain, log_density, [](const Stretch& rows, const Stays& stays) {
    const auto states = static_cast<std::size_t>(rows.log_density.columns);
    for (std::size_t t = 0; t < static_cast<std::size_t>(rows.steps); ++t) {
      for (std::size_t k = 0; k < states; ++k) at(rows, t, k) = std::exp(stays.predicted[t * states + k]);
    }
  });
}

void viterbi(const Block& x, const SemiMarkovChain& chain, Panel log_density, std::span<std::int32_t> path,
             std::span<double> value) {
  rule_out_states(x, log_density);
  const StayPotentials exact = potentials(chain);
  const auto bounds = sequence_bounds(x);
  for (std::size_t s = 0; s + 1 < bounds.size(); ++s) {
    const Stretch rows{log_density, bounds[s], bounds[s + 1] - bounds[s]};
    const double reached =
        best_path(exact, rows, path.subspan(static_cast<std::size_t>(bounds[s]), static_cast<std::size_t>(rows.steps)));
    if (!value.empty()) value[s] = reached;
  }
}

}  // namespace jensen
