#include <jensen/error.h>
#include <jensen/models/semi_markov_chain.h>

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace jensen {

MarkovChain jumps_of(const MarkovChain& chain) {
  if (chain.initial_stationary()) {
    throw ArgumentError("jumps_of", "chain", "must not have a stationary initial distribution");
  }
  const auto size = static_cast<std::size_t>(chain.states());
  std::vector<double> transitions(chain.transitions().begin(), chain.transitions().end());
  for (std::size_t k = 0; k < size; ++k) {
    double* row = transitions.data() + k * size;
    row[k] = 0;
    double total = 0;
    for (std::size_t j = 0; j < size; ++j) total += row[j];
    if (total == 0) row[k] = total = 1;
    for (std::size_t j = 0; j < size; ++j) row[j] /= total;
  }
  MarkovChain jumps({chain.initial().begin(), chain.initial().end()}, std::move(transitions));
  jumps.set_pseudo_counts(chain.initial_pseudo_count(), chain.transition_pseudo_count());
  jumps.fix_initial(chain.initial_fixed());
  jumps.fix_transitions(chain.transitions_fixed());
  return jumps;
}

SemiMarkovChain::SemiMarkovChain(int states, DurationFamily family, int longest)
    : SemiMarkovChain(MarkovChain(states), family, longest) {}

SemiMarkovChain::SemiMarkovChain(const MarkovChain& chain, DurationFamily family, int longest)
    : jumps_(jumps_of(chain)), durations_(static_cast<std::size_t>(chain.states()), Duration(family, longest)) {}

SemiMarkovChain::SemiMarkovChain(MarkovChain jumps, std::vector<Duration> durations)
    : jumps_(std::move(jumps)), durations_(std::move(durations)) {
  check();
}

void SemiMarkovChain::check() const {
  const auto refuse = [](const char* argument, const std::string& problem) {
    throw ArgumentError("SemiMarkovChain", argument, problem);
  };
  if (durations_.size() != static_cast<std::size_t>(states())) {
    refuse("durations", fmt::format("must be {}, one for each state, got {}", states(), durations_.size()));
  }
  for (const Duration& duration : durations_) {
    if (duration.longest() == longest()) continue;
    refuse("durations",
           fmt::format("must all be cut off at the same number of rows, got {} and {}", longest(), duration.longest()));
  }
  if (jumps_.initial_stationary()) refuse("jumps", "must not have a stationary initial distribution");
  const auto size = static_cast<std::size_t>(states());
  for (int k = 0; k < states(); ++k) {
    const double stays = jumps_.transition(k, k);
    const double support = jumps_.transition_support()[static_cast<std::size_t>(k) * (size + 1)];
    if (stays == support && (stays == 0 || stays == 1)) continue;
    refuse("jumps", fmt::format("must not lead from state {} to itself: how long it stays is its duration", k));
  }
}

SemiMarkovChain SemiMarkovChain::reordered(std::span<const int> order) const {
  SemiMarkovChain result = *this;
  result.jumps_ = jumps_.reordered(order);
  for (std::size_t k = 0; k < order.size(); ++k) {
    result.durations_[k] = durations_[static_cast<std::size_t>(order[k])];
  }
  return result;
}

std::size_t SemiMarkovChain::statistics_size() const {
  return jumps_.statistics_size() + 2 * durations_.size() * static_cast<std::size_t>(longest());
}

SemiMarkovChain::Stays SemiMarkovChain::stays(std::span<const double> statistics, int state) const {
  const auto rows = static_cast<std::size_t>(longest());
  const std::size_t first = jumps_.statistics_size() + static_cast<std::size_t>(state) * rows;
  return {statistics.subspan(first, rows), statistics.subspan(first + durations_.size() * rows, rows)};
}

void SemiMarkovChain::maximize(std::span<const double> statistics) {
  jumps_.maximize(statistics.first(jumps_.statistics_size()));
  for (int k = 0; k < states(); ++k) {
    if (absorbing(k)) continue;
    const auto [ended, unfinished] = stays(statistics, k);
    durations_[static_cast<std::size_t>(k)].fit(ended, unfinished);
  }
}

double SemiMarkovChain::expected_log_density(std::span<const double> statistics) const {
  double total = jumps_.expected_log_density(statistics.first(jumps_.statistics_size()));
  for (int k = 0; k < states(); ++k) {
    if (absorbing(k)) continue;
    const auto [ended, unfinished] = stays(statistics, k);
    total += duration(k).expected_log_density(ended, unfinished);
  }
  return total;
}

int SemiMarkovChain::free_parameters() const {
  int count = jumps_.free_parameters();
  for (int k = 0; k < states(); ++k) count += absorbing(k) ? 0 : duration(k).free_parameters();
  return count;
}

std::vector<double> SemiMarkovChain::unconstrained() const {
  std::vector<double> u = jumps_.unconstrained();
  for (int k = 0; k < states(); ++k) {
    if (absorbing(k)) continue;
    const auto own = duration(k).unconstrained();
    u.insert(u.end(), own.begin(), own.end());
  }
  return u;
}

void SemiMarkovChain::set_unconstrained(std::span<const double> u) {
  if (u.size() != static_cast<std::size_t>(free_parameters())) {
    throw ArgumentError("SemiMarkovChain::set_unconstrained", "u",
                        fmt::format("must be {} numbers, got {}", free_parameters(), u.size()));
  }
  auto next = static_cast<std::size_t>(jumps_.free_parameters());
  jumps_.set_unconstrained(u.first(next));
  for (int k = 0; k < states(); ++k) {
    if (absorbing(k)) continue;
    Duration& own = durations_[static_cast<std::size_t>(k)];
    const auto count = static_cast<std::size_t>(own.free_parameters());
    own.set_unconstrained(u.subspan(next, count));
    next += count;
  }
}

std::vector<double> SemiMarkovChain::parameters() const {
  std::vector<double> v = jumps_.parameters();
  for (int k = 0; k < states(); ++k) {
    if (absorbing(k)) continue;
    v.insert(v.end(), duration(k).parameters().begin(), duration(k).parameters().end());
  }
  return v;
}

void SemiMarkovChain::set_parameters(std::span<const double> v) {
  const std::size_t expected = parameter_names().size();
  if (v.size() != expected) {
    throw ArgumentError("SemiMarkovChain::set_parameters", "v",
                        fmt::format("must be {} numbers, got {}", expected, v.size()));
  }
  SemiMarkovChain next = *this;
  std::size_t used = jumps_.parameters().size();
  next.jumps_.set_parameters(v.first(used));
  for (int k = 0; k < states(); ++k) {
    if (absorbing(k)) continue;
    const std::size_t count = duration(k).parameters().size();
    next.durations_[static_cast<std::size_t>(k)].set_parameters(v.subspan(used, count));
    used += count;
  }
  *this = std::move(next);
}

std::vector<std::string> SemiMarkovChain::parameter_names() const {
  std::vector<std::string> names = jumps_.parameter_names();
  for (int k = 0; k < states(); ++k) {
    if (absorbing(k)) continue;
    const bool free = duration(k).family() == DurationFamily::free;
    for (const auto& own : duration(k).parameter_names()) {
      names.push_back(free ? fmt::format("duration[{},{}]", k, own) : fmt::format("duration.{}[{}]", own, k));
    }
  }
  return names;
}

int SemiMarkovChain::Path::next(Stream& stream) {
  if (left_ == 0) {
    state_ = jumps_.next(stream);
    left_ = chain_.absorbing(state_) ? std::numeric_limits<int>::max() : chain_.duration(state_).sample(stream);
  }
  if (!chain_.absorbing(state_)) --left_;
  return state_;
}

}  // namespace jensen
