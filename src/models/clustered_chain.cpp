#include <jensen/error.h>
#include <jensen/math/random.h>
#include <jensen/math/special.h>
#include <jensen/models/clustered_chain.h>
#include <jensen/models/discrete_posterior.h>
#include <jensen/models/viterbi.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "models/allowed_states.h"
#include "models/chain_steps.h"

namespace jensen {

namespace {

constexpr double minus_infinity = -std::numeric_limits<double>::infinity();

[[noreturn]] void refuse(const char* argument, const std::string& problem) {
  throw ArgumentError("ClusteredChain", argument, problem);
}

// Places of the parameters of the clusters among those of the chain over all states.
std::vector<std::size_t> own_places(int clusters, int states) {
  const auto size = static_cast<std::size_t>(states);
  const std::size_t all = size * static_cast<std::size_t>(clusters);
  std::vector<std::size_t> places(all);
  std::iota(places.begin(), places.end(), std::size_t{0});
  for (std::size_t i = 0; i < all; ++i) {
    for (std::size_t j = i / size * size; j < i / size * size + size; ++j) places.push_back(all + i * all + j);
  }
  return places;
}

// The clusters of one chain, and one sequence at a time.
class Clusters {
 public:
  explicit Clusters(const ClusteredChain& chain)
      : states_(static_cast<std::size_t>(chain.states_of_cluster())),
        count_(static_cast<std::size_t>(chain.clusters())) {
    for (int c = 0; c < chain.clusters(); ++c) {
      chains_.push_back(chain.cluster(c));
      log_weights_.push_back(std::log(chain.weight(c)));
    }
  }

  std::size_t count() const { return count_; }
  std::size_t states() const { return states_; }
  const MarkovChain& chain(std::size_t c) const { return chains_[c]; }
  double log_weight(std::size_t c) const { return log_weights_[c]; }
  const std::vector<double>& log_weights() const { return log_weights_; }

  /// The cluster's columns of the rows of a sequence.
  Panel panel(const Stretch& rows, std::size_t c) const {
    const Panel& all = rows.log_density;
    return {all.column(static_cast<int>(c * states_)) + rows.first, rows.steps, static_cast<int>(states_), all.stride};
  }
  /// The rows of a sequence without anything that has been taken account of already.
  static Block alone(const Block& x, const Stretch& rows) {
    Block one;
    one.x = {nullptr, rows.steps, 0, rows.steps};
    one.first_row = x.first_row + rows.first;
    return one;
  }

 private:
  std::size_t states_, count_;
  std::vector<MarkovChain> chains_;
  std::vector<double> log_weights_;
};

// A panel of its own.
struct Copy {
  explicit Copy(const Panel& from)
      : memory(static_cast<std::size_t>(from.rows) * static_cast<std::size_t>(from.columns)),
        panel{memory.data(), from.rows, from.columns, from.rows} {
    for (int k = 0; k < from.columns; ++k) std::copy_n(from.column(k), from.rows, panel.column(k));
  }
  std::vector<double> memory;
  Panel panel;
};

void scale(const Panel& panel, double factor) {
  for (int k = 0; k < panel.columns; ++k) {
    for (std::int64_t t = 0; t < panel.rows; ++t) panel(t, k) *= factor;
  }
}

// exp(v) / Σ exp(v); returns log Σ exp(v).
double normalize(std::vector<double>& v) {
  const double total = log_sum_exp(v);
  for (double& value : v) value = total == minus_infinity ? 0 : std::exp(value - total);
  return total;
}

double entropy_of(const std::vector<double>& shares) {
  double total = 0;
  for (const double share : shares) total -= share > 0 ? share * std::log(share) : 0;
  return total;
}

// What a rule makes of one sequence: each cluster by itself, then its share.
class ByCluster {
 public:
  ByCluster(const Block& x, const ClusteredChain& chain, const Rule& rule, std::span<double> counts)
      : clusters_(chain), rule_(rule), counts_(counts), own_(clusters_.count()) {
    const auto* given = std::get_if<Given>(&rule);
    if (given == nullptr) return;
    given_memory_.resize(static_cast<std::size_t>(x.rows()) * static_cast<std::size_t>(chain.states()));
    given_ = {given_memory_.data(), x.rows(), chain.states(), x.rows()};
    allowed_responsibilities(x, *given, given_);
  }

  void operator()(const Sequence& sequence, Evidence& evidence) {
    for (auto& own : own_) own.assign(clusters_.states() * (clusters_.states() + 1), 0.0);
    shares_.assign(clusters_.count(), 0.0);
    entropies_.assign(clusters_.count(), 0.0);
    double log_likelihood = 0;
    if (const auto* posterior = std::get_if<Posterior>(&rule_)) {
      log_likelihood = weigh(sequence, *posterior);
    } else if (const auto* draws = std::get_if<Draws>(&rule_)) {
      log_likelihood = draw(sequence, *draws);
    } else if (const auto* given = std::get_if<Given>(&rule_)) {
      log_likelihood = take(sequence, *given);
    } else {
      log_likelihood = choose(sequence);
    }
    if (sequence.weight > 0) evidence.log_likelihood += sequence.weight * log_likelihood;
    if (log_likelihood == minus_infinity && !std::holds_alternative<Given>(rule_)) return clear(sequence.rows);
    add(sequence, evidence);
  }

 private:
  // q(c) in shares_, and for each cluster q within it in the panel, its counts and its entropy.
  double weigh(const Sequence& sequence, const Posterior& rule) {
    std::vector<double> log_likelihoods(clusters_.count());
    for (std::size_t c = 0; c < clusters_.count(); ++c) {
      const Panel panel = clusters_.panel(sequence.rows, c);
      const Copy density(panel);
      const Evidence own = expect(sequence, c, rule);
      log_likelihoods[c] = clusters_.log_weight(c) + own.log_likelihood;
      shares_[c] = log_likelihoods[c];
      if (rule.temperature == 1 || !std::isfinite(own.log_likelihood)) continue;
      // log Σ_z p(x, z)^(1/τ) = E_q[log p(x, z)] / τ + H(q), q being tight.
      double expected = clusters_.chain(c).expected_log_density(own_[c]) + clusters_.log_weight(c);
      for (int k = 0; k < panel.columns; ++k) {
        for (std::int64_t t = 0; t < panel.rows; ++t)
          expected += panel(t, k) > 0 ? panel(t, k) * density.panel(t, k) : 0;
      }
      shares_[c] = expected / rule.temperature + own.entropy;
    }
    normalize(shares_);
    return log_sum_exp(log_likelihoods);
  }

  // The cluster of the most probable path.
  double choose(const Sequence& sequence) {
    std::vector<double> log_likelihoods(clusters_.count());
    double best = minus_infinity;
    std::vector<std::int32_t> path(static_cast<std::size_t>(sequence.rows.steps));
    for (std::size_t c = 0; c < clusters_.count(); ++c) {
      std::vector<double> value(1);
      viterbi(Clusters::alone(sequence.x, sequence.rows), clusters_.chain(c), clusters_.panel(sequence.rows, c), path,
              value);
      log_likelihoods[c] = clusters_.log_weight(c) + expect(sequence, c, Mode{}).log_likelihood;
      if (!(clusters_.log_weight(c) + value[0] > best)) continue;
      best = clusters_.log_weight(c) + value[0];
      std::fill(shares_.begin(), shares_.end(), 0.0);
      shares_[c] = 1;
    }
    return log_sum_exp(log_likelihoods);
  }

  double draw(const Sequence& sequence, const Draws& rule) {
    if (rule.count < 1) throw ArgumentError("E-step", "draws", "must be at least 1, got " + std::to_string(rule.count));
    std::vector<double> posterior(clusters_.count());
    for (std::size_t c = 0; c < clusters_.count(); ++c) {
      const Copy density(clusters_.panel(sequence.rows, c));
      std::vector<double> steps(static_cast<std::size_t>(sequence.rows.steps));
      chain_score(Clusters::alone(sequence.x, sequence.rows), clusters_.chain(c), density.panel, steps, scratch_);
      posterior[c] = clusters_.log_weight(c);
      for (const double step : steps) posterior[c] += step;
    }
    const double log_likelihood = normalize(posterior);
    if (!std::isfinite(log_likelihood)) return log_likelihood;
    // Rows of the data key the streams of paths; that of the cluster lies beyond them.
    constexpr std::uint64_t beyond = std::uint64_t{1} << 62;
    Stream stream(rule.seed, Purpose::draws, rule.restart, rule.iteration,
                  beyond + static_cast<std::uint64_t>(sequence.x.first_row + sequence.rows.first));
    std::vector<int> drawn(clusters_.count());
    for (int i = 0; i < rule.count; ++i) ++drawn[static_cast<std::size_t>(stream.choice(posterior))];
    for (std::size_t c = 0; c < clusters_.count(); ++c) {
      if (drawn[c] == 0) continue;
      Draws own = rule;
      own.count = drawn[c];
      own.restart = rule.restart + (static_cast<std::uint64_t>(c) << 40);  // clusters draw apart
      expect(sequence, c, own);
      shares_[c] = static_cast<double>(drawn[c]) / rule.count;
    }
    return log_likelihood;
  }

  double take(const Sequence& sequence, const Given& rule) {
    std::vector<double> log_likelihoods(clusters_.count());
    for (std::size_t c = 0; c < clusters_.count(); ++c) {
      shares_[c] = log_share(sequence, c);
      const Panel own = clusters_.panel({given_, sequence.rows.first, sequence.rows.steps}, c);
      const Given within{[&](const Block&, Panel q) {
                           for (int k = 0; k < q.columns; ++k) std::copy_n(own.column(k), q.rows, q.column(k));
                         },
                         rule.statistics_only};
      log_likelihoods[c] = clusters_.log_weight(c) + expect(sequence, c, within).log_likelihood;
    }
    normalize(shares_);
    return rule.statistics_only ? std::numeric_limits<double>::quiet_NaN() : log_sum_exp(log_likelihoods);
  }

  // log q(c) + constant; makes the given responsibilities of the cluster's states conditional on the cluster.
  double log_share(const Sequence& sequence, std::size_t c) const {
    const Panel own = clusters_.panel({given_, sequence.rows.first, sequence.rows.steps}, c);
    double total = 0;
    for (std::int64_t t = 0; t < own.rows; ++t) {
      double mass = 0;
      int allowed = 0;
      for (int k = 0; k < own.columns; ++k) {
        mass += own(t, k);
        allowed += may_be(sequence, t, c, k) ? 1 : 0;
      }
      total += allowed == 0 ? minus_infinity : std::log(1.0 / static_cast<double>(clusters_.count()) + mass);
      for (int k = 0; k < own.columns; ++k) {
        const double alike = may_be(sequence, t, c, k) ? 1.0 / allowed : 0;
        own(t, k) = mass > 0 ? own(t, k) / mass : alike;
      }
    }
    return total;
  }
  bool may_be(const Sequence& sequence, std::int64_t t, std::size_t c, int k) const {
    return sequence.x.allows(sequence.rows.first + t, static_cast<int>(c * clusters_.states()) + k);
  }

  Evidence expect(const Sequence& sequence, std::size_t c, const Rule& rule) {
    const Evidence own = chain_posterior(Clusters::alone(sequence.x, sequence.rows), rule, clusters_.chain(c),
                                         clusters_.panel(sequence.rows, c), own_[c], scratch_);
    entropies_[c] = own.entropy;
    return own;
  }

  // Each cluster with its share.
  void add(const Sequence& sequence, Evidence& evidence) {
    const std::size_t states = clusters_.states();
    const std::size_t all = states * clusters_.count();
    evidence.entropy += sequence.weight * entropy_of(shares_);
    for (std::size_t c = 0; c < clusters_.count(); ++c) {
      const double share = sequence.weight * shares_[c];
      const Panel panel = clusters_.panel(sequence.rows, c);
      if (!(share > 0)) {
        for (int k = 0; k < panel.columns; ++k) std::fill_n(panel.column(k), panel.rows, 0.0);
        continue;
      }
      evidence.entropy += share * entropies_[c];
      scale(panel, share);
      const std::size_t first = c * states;
      for (std::size_t i = 0; i < states; ++i) {
        counts_[first + i] += share * own_[c][i];
        for (std::size_t j = 0; j < states; ++j) {
          counts_[all + (first + i) * all + first + j] += share * own_[c][states + i * states + j];
        }
      }
    }
  }

  Clusters clusters_;
  const Rule& rule_;
  std::span<double> counts_;
  ChainScratch scratch_;                  // of the chains within: the caller's may hold the panel itself
  std::vector<std::vector<double>> own_;  // counts of each cluster's chain
  std::vector<double> shares_, entropies_;
  std::vector<double> given_memory_;
  Panel given_;  // responsibilities, of a rule that gives them
};

// write(rows of the sequence, clusters, steps(t, c) = log p(x_t | x_1 … x_{t−1}, c)) for each sequence
template <class Write>
void with_scores(const Block& x, const ClusteredChain& chain, Panel log_density, ChainScratch& scratch, Write write) {
  rule_out_states(x, log_density);
  const Clusters clusters(chain);
  const auto bounds = sequence_bounds(x);
  for (std::size_t s = 0; s + 1 < bounds.size(); ++s) {
    const Stretch rows{log_density, bounds[s], bounds[s + 1] - bounds[s]};
    std::vector<std::vector<double>> steps(clusters.count(), std::vector<double>(static_cast<std::size_t>(rows.steps)));
    for (std::size_t c = 0; c < clusters.count(); ++c) {
      const Copy density(clusters.panel(rows, c));
      chain_score(Clusters::alone(x, rows), clusters.chain(c), density.panel, steps[c], scratch);
    }
    write(rows, clusters, steps);
  }
}

// p(c | x_1 … x_t) from that of the rows before: reached becomes exp(log_posterior) after row t; returns log p(x_t |
// …).
double step_on(std::vector<double>& log_posterior, const std::vector<std::vector<double>>& steps, std::size_t t) {
  for (std::size_t c = 0; c < steps.size(); ++c) log_posterior[c] += steps[c][t];
  const double scale = log_sum_exp(log_posterior);
  for (double& value : log_posterior) value = scale == minus_infinity ? minus_infinity : value - scale;
  return scale;
}

}  // namespace

ClusteredChain::ClusteredChain(int clusters, int states) : ClusteredChain(alike(MarkovChain(states), clusters)) {}

ClusteredChain ClusteredChain::alike(const MarkovChain& cluster, int clusters) {
  if (clusters < 1) refuse("clusters", fmt::format("must be at least 1, got {}", clusters));
  if (cluster.initial_fixed()) refuse("cluster", "must not have a fixed initial distribution");
  if (cluster.initial_stationary()) refuse("cluster", "must not have a stationary initial distribution");
  const auto size = static_cast<std::size_t>(cluster.states());
  const std::size_t all = size * static_cast<std::size_t>(clusters);
  std::vector<double> initial(all);
  std::vector<double> transitions(all * all);
  for (std::size_t i = 0; i < all; ++i) {
    initial[i] = cluster.initial()[i % size] / clusters;
    const std::size_t first = i / size * size;
    for (std::size_t j = 0; j < size; ++j) {
      transitions[i * all + first + j] = cluster.transitions()[i % size * size + j];
    }
  }
  MarkovChain whole(std::move(initial), std::move(transitions));
  whole.set_pseudo_counts(cluster.initial_pseudo_count(), cluster.transition_pseudo_count());
  whole.fix_transitions(cluster.transitions_fixed());
  return {std::move(whole), clusters};
}

ClusteredChain::ClusteredChain(MarkovChain whole, int clusters) : whole_(std::move(whole)), clusters_(clusters) {
  if (clusters < 1 || whole_.states() % clusters != 0) {
    refuse("clusters",
           fmt::format("must divide the {} states into parts of the same size, got {}", whole_.states(), clusters));
  }
  if (whole_.initial_stationary()) refuse("whole", "must not have a stationary initial distribution");
  const auto all = static_cast<std::size_t>(whole_.states());
  const std::size_t size = all / static_cast<std::size_t>(clusters);
  for (std::size_t e = 0; e < all * all; ++e) {
    if (e / all / size == e % all / size || whole_.transition_support()[e] == 0) continue;
    refuse("whole", fmt::format("leads from state {} to state {} of another cluster", e / all, e % all));
  }
}

double ClusteredChain::weight(int cluster) const {
  const auto size = static_cast<std::size_t>(states_of_cluster());
  double total = 0;
  for (const double p : whole_.initial().subspan(static_cast<std::size_t>(cluster) * size, size)) total += p;
  return total;
}

MarkovChain ClusteredChain::cluster(int cluster) const {
  const int size = states_of_cluster();
  const double own = weight(cluster);
  std::vector<double> initial;
  std::vector<double> transitions;
  for (int i = cluster * size; i < (cluster + 1) * size; ++i) {
    initial.push_back(own > 0 ? whole_.initial()[static_cast<std::size_t>(i)] / own : 1.0 / size);
    for (int j = cluster * size; j < (cluster + 1) * size; ++j) transitions.push_back(whole_.transition(i, j));
  }
  return {std::move(initial), std::move(transitions)};
}

ClusteredChain ClusteredChain::reordered(std::span<const int> order) const {
  return {whole_.reordered(order), clusters_};
}

std::vector<int> ClusteredChain::by_weight() const {
  std::vector<int> order(static_cast<std::size_t>(clusters_));
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, std::ranges::greater(), [&](int c) { return weight(c); });
  std::vector<int> states;
  for (const int c : order) {
    for (int k = 0; k < states_of_cluster(); ++k) states.push_back(c * states_of_cluster() + k);
  }
  return states;
}

std::vector<double> ClusteredChain::parameters() const {
  const auto all = whole_.parameters();
  std::vector<double> own;
  for (const std::size_t place : own_places(clusters_, states_of_cluster())) own.push_back(all[place]);
  return own;
}

void ClusteredChain::set_parameters(std::span<const double> v) {
  const auto places = own_places(clusters_, states_of_cluster());
  if (v.size() != places.size()) {
    throw ArgumentError("ClusteredChain::set_parameters", "v",
                        fmt::format("must be {} numbers, got {}", places.size(), v.size()));
  }
  std::vector<double> all(whole_.statistics_size());
  for (std::size_t p = 0; p < places.size(); ++p) all[places[p]] = v[p];
  whole_.set_parameters(all);
}

std::vector<std::string> ClusteredChain::parameter_names() const {
  const auto all = whole_.parameter_names();
  std::vector<std::string> own;
  for (const std::size_t place : own_places(clusters_, states_of_cluster())) own.push_back(all[place]);
  return own;
}

Evidence chain_posterior(const Block& x, const Rule& rule, const ClusteredChain& chain, Panel log_density,
                         std::span<double> counts, ChainScratch&) {
  rule_out_states(x, log_density);
  return by_sequence(x, log_density, ByCluster(x, chain, rule, counts));
}

void chain_score(const Block& x, const ClusteredChain& chain, Panel log_density, std::span<double> out,
                 ChainScratch& scratch) {
  with_scores(x, chain, log_density, scratch, [&](const Stretch& rows, const Clusters& clusters, const auto& steps) {
    auto reached = clusters.log_weights();
    const auto own = out.subspan(static_cast<std::size_t>(rows.first), static_cast<std::size_t>(rows.steps));
    std::fill(own.begin(), own.end(), 0.0);
    for (std::size_t t = 0; t < own.size(); ++t) {
      own[t] = step_on(reached, steps, t);
      if (own[t] == minus_infinity) break;
    }
  });
}

void chain_filter(const Block& x, const ClusteredChain& chain, Panel log_density, ChainScratch& scratch) {
  with_scores(x, chain, log_density, scratch, [&](const Stretch& rows, const Clusters& clusters, const auto& steps) {
    for (std::size_t c = 0; c < clusters.count(); ++c) {
      chain_filter(Clusters::alone(x, rows), clusters.chain(c), clusters.panel(rows, c), scratch);
    }
    auto reached = clusters.log_weights();
    for (std::size_t t = 0; t < static_cast<std::size_t>(rows.steps); ++t) {
      step_on(reached, steps, t);
      for (int k = 0; k < rows.log_density.columns; ++k) {
        rows.log_density(rows.first + static_cast<std::int64_t>(t), k) *=
            std::exp(reached[static_cast<std::size_t>(k) / clusters.states()]);
      }
    }
  });
}

void chain_predict(const Block& x, const ClusteredChain& chain, Panel log_density, ChainScratch& scratch) {
  with_scores(x, chain, log_density, scratch, [&](const Stretch& rows, const Clusters& clusters, const auto& steps) {
    for (std::size_t c = 0; c < clusters.count(); ++c) {
      chain_predict(Clusters::alone(x, rows), clusters.chain(c), clusters.panel(rows, c), scratch);
    }
    auto reached = clusters.log_weights();
    for (std::size_t t = 0; t < static_cast<std::size_t>(rows.steps); ++t) {
      for (int k = 0; k < rows.log_density.columns; ++k) {
        rows.log_density(rows.first + static_cast<std::int64_t>(t), k) *=
            std::exp(reached[static_cast<std::size_t>(k) / clusters.states()]);
      }
      step_on(reached, steps, t);
    }
  });
}

void viterbi(const Block& x, const ClusteredChain& chain, Panel log_density, std::span<std::int32_t> path,
             std::span<double> value) {
  rule_out_states(x, log_density);
  const Clusters clusters(chain);
  const auto bounds = sequence_bounds(x);
  for (std::size_t s = 0; s + 1 < bounds.size(); ++s) {
    const Stretch rows{log_density, bounds[s], bounds[s + 1] - bounds[s]};
    const auto own = path.subspan(static_cast<std::size_t>(rows.first), static_cast<std::size_t>(rows.steps));
    std::fill(own.begin(), own.end(), -1);
    double best = minus_infinity;
    std::vector<std::int32_t> within(own.size());
    for (std::size_t c = 0; c < clusters.count(); ++c) {
      std::vector<double> reached(1);
      viterbi(Clusters::alone(x, rows), clusters.chain(c), clusters.panel(rows, c), within, reached);
      if (!(clusters.log_weight(c) + reached[0] > best)) continue;
      best = clusters.log_weight(c) + reached[0];
      const auto first = static_cast<std::int32_t>(c * clusters.states());
      std::transform(within.begin(), within.end(), own.begin(), [&](std::int32_t z) { return first + z; });
    }
    if (!value.empty()) value[s] = best;
  }
}

}  // namespace jensen
