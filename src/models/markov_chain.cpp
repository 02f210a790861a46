#include <jensen/error.h>
#include <jensen/models/markov_chain.h>
#include <jensen/models/simplex.h>
#include <jensen/models/stationary.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>

namespace jensen {

namespace {

std::size_t checked_states(int states) {
  if (states < 1) throw ArgumentError("MarkovChain", "states", fmt::format("must be at least 1, got {}", states));
  return static_cast<std::size_t>(states);
}

// `distribution` ∝ counts + pseudo-count on its support; unchanged where nothing was counted.
void renew(std::span<double> distribution, std::span<const double> support, std::span<const double> counts,
           double pseudo_count) {
  double total = 0;
  for (std::size_t k = 0; k < distribution.size(); ++k) total += support[k] * (counts[k] + pseudo_count);
  if (!(total > 0)) return;
  for (std::size_t k = 0; k < distribution.size(); ++k) {
    distribution[k] = support[k] * (counts[k] + pseudo_count) / total;
  }
}

double sum_of_logs(std::span<const double> distribution, std::span<const double> support) {
  double total = 0;
  for (std::size_t k = 0; k < distribution.size(); ++k) total += support[k] > 0 ? std::log(distribution[k]) : 0;
  return total;
}

// Σ count log p, with 0 log 0 = 0.
double cross_entropy(std::span<const double> counts, std::span<const double> distribution) {
  double total = 0;
  for (std::size_t k = 0; k < counts.size(); ++k) {
    if (counts[k] > 0) total += counts[k] * std::log(distribution[k]);
  }
  return total;
}

int size_of(std::span<const double> support) {
  return static_cast<int>(std::count_if(support.begin(), support.end(), [](double p) { return p > 0; }));
}

std::vector<double> support_of(const std::vector<double>& distribution) {
  std::vector<double> support;
  for (const double p : distribution) support.push_back(p > 0 ? 1 : 0);
  return support;
}

// Log-ratios on the support, with 1e-300 in the place of an estimated zero.
std::vector<double> logits(std::span<const double> distribution, std::span<const double> support) {
  std::vector<double> positive;
  for (std::size_t k = 0; k < distribution.size(); ++k) {
    positive.push_back(support[k] > 0 ? std::max(distribution[k], 1e-300) : 0);
  }
  return simplex_to_logits(positive);
}

}  // namespace

MarkovChain::MarkovChain(int states)
    : initial_(checked_states(states), 1.0 / states),
      transitions_(initial_.size() * initial_.size(), 1.0 / states),
      initial_support_(support_of(initial_)),
      transition_support_(support_of(transitions_)) {}

MarkovChain::MarkovChain(std::vector<double> initial, std::vector<double> transitions) {
  const auto states = static_cast<int>(initial.size());
  const std::size_t size = checked_states(states);
  if (transitions.size() != size * size) {
    throw ArgumentError("MarkovChain", "transitions",
                        fmt::format("must be {} x {} numbers, got {}", states, states, transitions.size()));
  }
  initial_ = checked_simplex(std::move(initial), states, "MarkovChain: initial");
  for (std::size_t from = 0; from < size; ++from) {
    const auto begin = transitions.begin() + static_cast<std::ptrdiff_t>(from * size);
    const auto row =
        checked_simplex({begin, begin + states}, states, fmt::format("MarkovChain: transitions from state {}", from));
    transitions_.insert(transitions_.end(), row.begin(), row.end());
  }
  initial_support_ = support_of(initial_);
  transition_support_ = support_of(transitions_);
}

MarkovChain MarkovChain::left_to_right(int states) {
  const std::size_t size = checked_states(states);
  std::vector<double> initial(size);
  std::vector<double> transitions(size * size);
  initial[0] = 1;
  for (std::size_t k = 0; k < size; ++k) {
    const bool last = k + 1 == size;
    transitions[k * size + k] = last ? 1 : 0.5;
    if (!last) transitions[k * size + k + 1] = 0.5;
  }
  return {std::move(initial), std::move(transitions)};
}

MarkovChain MarkovChain::banded(int states, int width) {
  const std::size_t size = checked_states(states);
  if (width < 0) throw ArgumentError("MarkovChain::banded", "width", fmt::format("must be at least 0, got {}", width));
  std::vector<double> transitions;
  for (int i = 0; i < states; ++i) {
    const int reachable = std::min(states - 1, i + width) - std::max(0, i - width) + 1;
    for (int j = 0; j < states; ++j) transitions.push_back(std::abs(i - j) <= width ? 1.0 / reachable : 0);
  }
  return {std::vector<double>(size, 1.0 / states), std::move(transitions)};
}

void MarkovChain::set_pseudo_counts(double initial, double transitions) {
  for (const double count : {initial, transitions}) {
    if (count >= 0 && std::isfinite(count)) continue;
    throw ArgumentError("MarkovChain::set_pseudo_counts", "count",
                        fmt::format("must be finite and >= 0, got {}", count));
  }
  initial_count_ = initial;
  transition_count_ = transitions;
}

void MarkovChain::make_initial_stationary() {
  // On the support every probability can be positive.
  const auto size = static_cast<double>(initial_.size());
  std::vector<double> anything = transition_support_;
  for (double& a : anything) a /= size;
  const bool unique = !stationary_distribution(anything, states()).empty();
  auto stationary = stationary_distribution(transitions_, states());
  if (!unique || stationary.empty()) {
    throw ArgumentError("MarkovChain::make_initial_stationary", "transitions",
                        "have more than one stationary distribution: some states never lead to some others");
  }
  for (std::size_t k = 0; k < initial_.size(); ++k) {
    if (initial_support_[k] > 0) continue;
    throw ArgumentError("MarkovChain::make_initial_stationary", "initial",
                        fmt::format("must not hold structural zeros, as for state {}", k));
  }
  initial_ = std::move(stationary);
  initial_stationary_ = true;
}

MarkovChain MarkovChain::reordered(std::span<const int> order) const {
  MarkovChain result = *this;
  for (int i = 0; i < states(); ++i) {
    const int from = order[static_cast<std::size_t>(i)];
    result.initial_[static_cast<std::size_t>(i)] = initial_[static_cast<std::size_t>(from)];
    result.initial_support_[static_cast<std::size_t>(i)] = initial_support_[static_cast<std::size_t>(from)];
    for (int j = 0; j < states(); ++j) {
      const std::size_t was = index(from, order[static_cast<std::size_t>(j)]);
      result.transitions_[index(i, j)] = transitions_[was];
      result.transition_support_[index(i, j)] = transition_support_[was];
    }
  }
  return result;
}

void MarkovChain::maximize_stationary(std::span<const double> first, std::span<const double> counts) {
  if (transitions_fixed_) return;
  std::vector<double> all(counts.size());
  for (std::size_t e = 0; e < counts.size(); ++e) all[e] = transition_support_[e] * (counts[e] + transition_count_);
  std::vector<double> initial(first.begin(), first.end());
  for (double& count : initial) count += initial_count_;
  auto stationary = climb_to_stationary(transitions_, initial, all);
  if (!stationary.empty()) initial_ = std::move(stationary);
}

void MarkovChain::maximize(std::span<const double> statistics) {
  const std::size_t size = initial_.size();
  if (initial_stationary_) return maximize_stationary(statistics.first(size), statistics.subspan(size, size * size));
  if (!initial_fixed_) renew(initial_, initial_support_, statistics.first(size), initial_count_);
  for (std::size_t from = 0; from < size && !transitions_fixed_; ++from) {
    renew(std::span(transitions_).subspan(from * size, size), row(transition_support_, from),
          statistics.subspan(size + from * size, size), transition_count_);
  }
}

double MarkovChain::expected_log_density(std::span<const double> statistics) const {
  return cross_entropy(statistics.first(initial_.size()), initial_) +
         cross_entropy(statistics.subspan(initial_.size(), transitions_.size()), transitions_);
}

double MarkovChain::log_prior() const {
  double total = 0;
  if (!initial_fixed_ && initial_count_ > 0) total += initial_count_ * sum_of_logs(initial_, initial_support_);
  if (!transitions_fixed_ && transition_count_ > 0)
    total += transition_count_ * sum_of_logs(transitions_, transition_support_);
  return total;
}

int MarkovChain::free_parameters() const {
  int count = initial_is_free() ? size_of(initial_support_) - 1 : 0;
  for (std::size_t from = 0; from < initial_.size() && !transitions_fixed_; ++from) {
    count += size_of(row(transition_support_, from)) - 1;
  }
  return count;
}

std::vector<double> MarkovChain::unconstrained() const {
  std::vector<double> u;
  if (initial_is_free()) u = logits(initial_, initial_support_);
  for (std::size_t from = 0; from < initial_.size() && !transitions_fixed_; ++from) {
    const auto own = logits(row(transitions_, from), row(transition_support_, from));
    u.insert(u.end(), own.begin(), own.end());
  }
  return u;
}

void MarkovChain::set_unconstrained(std::span<const double> u) {
  if (u.size() != static_cast<std::size_t>(free_parameters())) {
    throw ArgumentError("MarkovChain::set_unconstrained", "u",
                        fmt::format("must be {} numbers, got {}", free_parameters(), u.size()));
  }
  std::size_t next = 0;
  const auto renewed = [&](std::span<const double> pattern) {
    const auto count = static_cast<std::size_t>(size_of(pattern) - 1);
    auto simplex = logits_to_simplex(u.subspan(next, count), pattern);
    next += count;
    return simplex;
  };
  if (initial_is_free()) initial_ = renewed(initial_support_);
  for (std::size_t from = 0; from < initial_.size() && !transitions_fixed_; ++from) {
    const auto simplex = renewed(row(transition_support_, from));
    std::copy(simplex.begin(), simplex.end(),
              transitions_.begin() + static_cast<std::ptrdiff_t>(from * initial_.size()));
  }
  if (!initial_stationary_) return;
  auto stationary = stationary_distribution(transitions_, states());
  if (!stationary.empty()) initial_ = std::move(stationary);  // else rounding has cut the chain into pieces
}

std::vector<double> MarkovChain::parameters() const {
  std::vector<double> v = initial_;
  v.insert(v.end(), transitions_.begin(), transitions_.end());
  return v;
}

void MarkovChain::set_parameters(std::span<const double> v) {
  if (v.size() != statistics_size()) {
    throw ArgumentError("MarkovChain::set_parameters", "v",
                        fmt::format("must be {} numbers, got {}", statistics_size(), v.size()));
  }
  const auto split = v.begin() + states();
  MarkovChain checked({v.begin(), split}, {split, v.end()});
  const auto names = parameter_names();
  for (std::size_t p = 0; p < v.size(); ++p) {
    const double support = p < initial_.size() ? initial_support_[p] : transition_support_[p - initial_.size()];
    if (support > 0 || v[p] == 0) continue;
    throw ArgumentError("MarkovChain::set_parameters", "v",
                        fmt::format("{} is zero by the structure of the chain, got {}", names[p], v[p]));
  }
  if (initial_stationary_) {
    auto stationary = stationary_distribution(checked.transitions_, states());
    if (stationary.empty()) {
      throw ArgumentError("MarkovChain::set_parameters", "v",
                          "has transitions with more than one stationary distribution");
    }
    for (std::size_t k = 0; k < initial_.size(); ++k) {
      if (std::abs(stationary[k] - checked.initial_[k]) > 1e-9) checked.initial_ = stationary;
    }
  }
  initial_ = std::move(checked.initial_);
  transitions_ = std::move(checked.transitions_);
}

std::vector<std::string> MarkovChain::parameter_names() const {
  std::vector<std::string> names;
  for (int k = 0; k < states(); ++k) names.push_back(fmt::format("initial[{}]", k));
  for (int i = 0; i < states(); ++i) {
    for (int j = 0; j < states(); ++j) names.push_back(fmt::format("transition[{},{}]", i, j));
  }
  return names;
}

int MarkovChain::Path::next(Stream& stream) {
  state_ =
      stream.choice(state_ < 0 ? chain_.initial() : chain_.row(chain_.transitions_, static_cast<std::size_t>(state_)));
  return state_;
}

}  // namespace jensen
