#include <jensen/error.h>
#include <jensen/math/matrix_exponential.h>
#include <jensen/math/random.h>
#include <jensen/models/timed_chain.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "models/chain_steps.h"

namespace jensen {

namespace {

MarkovChain checked_form(const MarkovChain& form) {
  const auto refuse = [](const char* problem) { throw ArgumentError("TimedChain", "form", problem); };
  if (form.initial_stationary()) refuse("must not begin stationary");
  if (form.transitions_fixed()) refuse("must not have fixed transitions: they follow from rates");
  if (form.transition_pseudo_count() > 0) refuse("must have no pseudo-counts of transitions: they follow from rates");
  MarkovChain start = form;
  start.fix_transitions(true);
  return start;
}

[[noreturn]] void refuse_time(std::int64_t row, int column, double before, double now) {
  if (std::isnan(now)) throw DataError(fmt::format("row {}, column {}: the time is missing", row + 1, column + 1));
  throw DataError(
      fmt::format("row {}, column {}: the time {} does not come after {}", row + 1, column + 1, now, before));
}

}  // namespace

TimedChain::TimedChain(const MarkovChain& form, int time, double unit) : start_(checked_form(form)), time_(time) {
  if (time < 0) throw ArgumentError("TimedChain", "time", fmt::format("column {} is none", time));
  if (!(unit > 0) || !std::isfinite(unit)) {
    throw ArgumentError("TimedChain", "unit", fmt::format("must be finite and > 0, got {}", unit));
  }
  for (int i = 0; i < states(); ++i) {
    for (int j = 0; j < states(); ++j) rates_.push_back(i == j ? 0 : form.transition(i, j) / unit);
  }
}

bool TimedChain::is_free(std::size_t entry) const {
  const std::size_t size = initial().size();
  return entry / size != entry % size && start_.transition_support()[entry] > 0;
}

double TimedChain::leaving(int from) const {
  double total = 0;
  for (int j = 0; j < states(); ++j) total += rate(from, j);
  return total;
}

std::vector<double> TimedChain::generator() const {
  std::vector<double> q = rates_;
  for (int i = 0; i < states(); ++i) q[index(i, i)] = -leaving(i);
  return q;
}

std::vector<double> TimedChain::transitions(double elapsed) const {
  std::vector<double> q = generator();
  for (double& value : q) value *= elapsed;
  return exponential_of_essentially_nonnegative(q, states());
}

void TimedChain::set_rates(std::span<const double> off_diagonal) {
  if (off_diagonal.size() != rates_.size()) {
    throw ArgumentError("TimedChain", "rates",
                        fmt::format("must be {} numbers, got {}", rates_.size(), off_diagonal.size()));
  }
  for (std::size_t e = 0; e < rates_.size(); ++e) {
    const double q = off_diagonal[e];
    const std::size_t size = initial().size();
    if (e / size == e % size || (q >= 0 && std::isfinite(q) && (q == 0 || is_free(e)))) continue;
    throw ArgumentError(
        "TimedChain", "rates",
        is_free(e) ? fmt::format("rate[{},{}] must be finite and >= 0, got {}", e / size, e % size, q)
                   : fmt::format("rate[{},{}] is zero by the structure of the chain, got {}", e / size, e % size, q));
  }
  for (std::size_t e = 0; e < rates_.size(); ++e) {
    if (is_free(e)) rates_[e] = off_diagonal[e];
  }
}

TimedChain TimedChain::reordered(std::span<const int> order) const {
  TimedChain result = *this;
  result.start_ = start_.reordered(order);
  for (int i = 0; i < states(); ++i) {
    for (int j = 0; j < states(); ++j) {
      result.rates_[index(i, j)] = rate(order[static_cast<std::size_t>(i)], order[static_cast<std::size_t>(j)]);
    }
  }
  return result;
}

void TimedChain::maximize(std::span<const double> statistics) {
  start_.maximize(statistics);
  const auto counts = statistics.subspan(initial().size());
  for (int i = 0; i < states(); ++i) {
    const double spent = counts[index(i, i)];
    if (!(spent > 0)) continue;
    for (int j = 0; j < states(); ++j) {
      if (is_free(index(i, j))) rates_[index(i, j)] = counts[index(i, j)] / spent;
    }
  }
}

double TimedChain::expected_log_density(std::span<const double> statistics) const {
  const std::size_t size = initial().size();
  double total = 0;
  for (std::size_t k = 0; k < size; ++k) {
    if (statistics[k] > 0) total += statistics[k] * std::log(initial()[k]);
  }
  const auto counts = statistics.subspan(size);
  for (int i = 0; i < states(); ++i) {
    total -= counts[index(i, i)] * leaving(i);
    for (int j = 0; j < states(); ++j) {
      if (i != j && counts[index(i, j)] > 0) total += counts[index(i, j)] * std::log(rate(i, j));
    }
  }
  return total;
}

int TimedChain::free_parameters() const {
  int count = start_.free_parameters();
  for (std::size_t e = 0; e < rates_.size(); ++e) count += is_free(e) ? 1 : 0;
  return count;
}

std::vector<double> TimedChain::unconstrained() const {
  std::vector<double> u = start_.unconstrained();
  for (std::size_t e = 0; e < rates_.size(); ++e) {
    if (is_free(e)) u.push_back(std::log(std::max(rates_[e], 1e-300)));
  }
  return u;
}

void TimedChain::set_unconstrained(std::span<const double> u) {
  if (u.size() != static_cast<std::size_t>(free_parameters())) {
    throw ArgumentError("TimedChain::set_unconstrained", "u",
                        fmt::format("must be {} numbers, got {}", free_parameters(), u.size()));
  }
  auto next = static_cast<std::size_t>(start_.free_parameters());
  std::vector<double> rates(rates_.size());
  for (std::size_t e = 0; e < rates.size(); ++e) {
    if (is_free(e)) rates[e] = std::exp(u[next++]);
  }
  set_rates(rates);
  start_.set_unconstrained(u.first(static_cast<std::size_t>(start_.free_parameters())));
}

std::vector<double> TimedChain::parameters() const {
  std::vector<double> v(initial().begin(), initial().end());
  for (int i = 0; i < states(); ++i) {
    for (int j = 0; j < states(); ++j) {
      if (i != j) v.push_back(rate(i, j));
    }
  }
  return v;
}

void TimedChain::set_parameters(std::span<const double> v) {
  const std::size_t size = initial().size();
  if (v.size() != size * size) {
    throw ArgumentError("TimedChain::set_parameters", "v",
                        fmt::format("must be {} numbers, got {}", size * size, v.size()));
  }
  std::vector<double> start(v.begin(), v.begin() + states());
  start.insert(start.end(), start_.transitions().begin(), start_.transitions().end());
  MarkovChain next = start_;
  next.set_parameters(start);
  std::vector<double> rates(rates_.size());
  std::size_t from = size;
  for (std::size_t e = 0; e < rates.size(); ++e) {
    if (e / size != e % size) rates[e] = v[from++];
  }
  set_rates(rates);
  start_ = std::move(next);
}

std::vector<std::string> TimedChain::parameter_names() const {
  std::vector<std::string> names;
  for (int k = 0; k < states(); ++k) names.push_back(fmt::format("initial[{}]", k));
  for (int i = 0; i < states(); ++i) {
    for (int j = 0; j < states(); ++j) {
      if (i != j) names.push_back(fmt::format("rate[{},{}]", i, j));
    }
  }
  return names;
}

int TimedChain::Path::next(Stream& stream, const ConstPanel& x, std::int64_t row) {
  if (state_ < 0) return state_ = stream.choice(chain_.initial());
  if (row < 1)
    throw UnsupportedError("a chain in continuous time", "be drawn without the times of all rows", "a sample");
  const double before = x(row - 1, chain_.time());
  const double now = x(row, chain_.time());
  if (!(now > before)) refuse_time(row, chain_.time(), before, now);
  const auto all = chain_.transitions(now - before);
  const auto size = static_cast<std::size_t>(chain_.states());
  return state_ = stream.choice(std::span(all).subspan(static_cast<std::size_t>(state_) * size, size));
}

// The transitions of a block: one matrix for each distinct time between rows.
class TimedSteps final : public ChainSteps {
 public:
  TimedSteps(const TimedChain& chain, const Block& x, std::span<double> counts = {})
      : chain_(chain), counts_(counts), size_(chain.initial().size() * chain.initial().size()) {
    if (chain.time() >= x.columns()) {
      throw ArgumentError("a chain in continuous time", "x",
                          fmt::format("has no column {}, which holds the times", chain.time() + 1));
    }
    which_.resize(static_cast<std::size_t>(x.rows()));
    const auto bounds = sequence_bounds(x);
    for (std::size_t s = 0; s + 1 < bounds.size(); ++s) {
      for (std::int64_t row = bounds[s] + 1; row < bounds[s + 1]; ++row) add_step(x, row);
    }
    moves_counted_.resize(counts.empty() ? 0 : matrices_.size());
  }

  int states() const override { return chain_.states(); }
  std::span<const double> initial(std::int64_t) override { return chain_.initial(); }
  std::span<const double> into(std::int64_t row) override { return of_step(matrices_, row); }
  std::span<const double> log_into(std::int64_t row) override { return of_step(logs_, row); }
  void add_first(std::int64_t, int state, double weight) override {
    counts_[static_cast<std::size_t>(state)] += weight;
  }
  void add_move(std::int64_t row, int from, int to, double weight) override {
    moves_counted_[which_[static_cast<std::size_t>(row)] * size_ + chain_.index(from, to)] += weight;
  }

  /// Once all moves are counted: turns them into jumps and times, and returns the entropy of the paths between rows.
  double finish() {
    double entropy = 0;
    for (std::size_t step = 0; step < elapsed_.size(); ++step) {
      const std::span<const double> moves = std::span(moves_counted_).subspan(step * size_, size_);
      if (std::any_of(moves.begin(), moves.end(), [](double c) { return c > 0; })) entropy += add_paths(step, moves);
    }
    return entropy;
  }

 private:
  void add_step(const Block& x, std::int64_t row) {
    const double before = x.x(row - 1, chain_.time());
    const double now = x.x(row, chain_.time());
    if (std::isnan(before)) refuse_time(x.first_row + row - 1, chain_.time(), before, before);
    if (!(now > before)) refuse_time(x.first_row + row, chain_.time(), before, now);
    const double elapsed = now - before;
    const auto [found, is_new] = known_.emplace(elapsed, elapsed_.size());
    which_[static_cast<std::size_t>(row)] = found->second;
    if (!is_new) return;
    elapsed_.push_back(elapsed);
    for (const double a : chain_.transitions(elapsed)) {
      matrices_.push_back(a);
      logs_.push_back(std::log(a));
    }
  }

  std::span<const double> of_step(const std::vector<double>& all, std::int64_t row) const {
    return std::span(all).subspan(which_[static_cast<std::size_t>(row)] * size_, size_);
  }

  // ∫_0^Δ exp(Q s)ᵀ W exp(Q (Δ − s))ᵀ ds, the block beside the diagonal of exp(Δ (Qᵀ W; 0 Qᵀ)). W comes scaled.
  std::vector<double> integral(double elapsed, const std::vector<double>& weights) const {
    const auto size = static_cast<std::size_t>(states());
    const auto generator = chain_.generator();
    std::vector<double> both(4 * size_);
    for (std::size_t i = 0; i < size; ++i) {
      for (std::size_t j = 0; j < size; ++j) {
        both[i * 2 * size + j] = both[(i + size) * 2 * size + j + size] = elapsed * generator[j * size + i];
        both[i * 2 * size + j + size] = weights[i * size + j];
      }
    }
    const auto all = exponential_of_essentially_nonnegative(both, 2 * states());
    std::vector<double> result;
    for (std::size_t i = 0; i < size; ++i) {
      for (std::size_t j = 0; j < size; ++j) result.push_back(all[i * 2 * size + j + size] * elapsed);
    }
    return result;
  }

  // Adds N and R; returns −Σ over moves of E[log p(path between)] − log p(its end), the entropy of the paths.
  double add_paths(std::size_t step, std::span<const double> moves) {
    const auto a = std::span<const double>(matrices_).subspan(step * size_, size_);
    const auto logs = std::span<const double>(logs_).subspan(step * size_, size_);
    std::vector<double> weights(size_);
    double largest = 0;
    double entropy = 0;
    for (std::size_t e = 0; e < size_; ++e) {
      if (moves[e] > 0) {
        weights[e] = moves[e] / a[e];
        entropy += moves[e] * logs[e];
      }
      largest = std::max(largest, weights[e]);
    }
    for (double& w : weights) w /= largest;
    const auto paths = integral(elapsed_[step], weights);
    for (int i = 0; i < states(); ++i) {
      for (int j = 0; j < states(); ++j) {
        const double expected = largest * paths[chain_.index(i, j)] * (i == j ? 1 : chain_.rate(i, j));
        counts_[chain_.initial().size() + chain_.index(i, j)] += expected;
        if (i == j) {
          entropy += expected * chain_.leaving(i);
        } else if (expected > 0) {
          entropy -= expected * std::log(chain_.rate(i, j));
        }
      }
    }
    return entropy;
  }

  const TimedChain& chain_;
  std::span<double> counts_;
  std::size_t size_;
  std::map<double, std::size_t> known_;
  std::vector<double> elapsed_, matrices_, logs_;  // by distinct step
  std::vector<double> moves_counted_;
  std::vector<std::size_t> which_;  // by row
};

Evidence chain_posterior(const Block& x, const Rule& rule, const TimedChain& chain, Panel log_density,
                         std::span<double> counts, ChainScratch& scratch) {
  TimedSteps steps(chain, x, counts);
  Evidence evidence = posterior_by_steps(x, rule, steps, log_density, scratch);
  evidence.entropy += steps.finish();
  return evidence;
}

void chain_score(const Block& x, const TimedChain& chain, Panel log_density, std::span<double> out,
                 ChainScratch& scratch) {
  TimedSteps steps(chain, x);
  score_by_steps(x, steps, log_density, out, scratch);
}

void chain_filter(const Block& x, const TimedChain& chain, Panel log_density, ChainScratch& scratch) {
  TimedSteps steps(chain, x);
  filter_by_steps(x, steps, log_density, scratch);
}

void chain_predict(const Block& x, const TimedChain& chain, Panel log_density, ChainScratch& scratch) {
  TimedSteps steps(chain, x);
  predict_by_steps(x, steps, log_density, scratch);
}

void viterbi(const Block& x, const TimedChain& chain, Panel log_density, std::span<std::int32_t> path,
             std::span<double> value) {
  TimedSteps steps(chain, x);
  viterbi_by_steps(x, steps, log_density, path, value);
}

}  // namespace jensen
