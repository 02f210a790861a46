#include <jensen/models/chain_segments.h>

#include <jensen/models/viterbi.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "math/chain_kernels.h"
#include "models/allowed_states.h"
#include "models/chain_recursions.h"
#include "models/chain_smoother.h"
#include "models/chain_steps.h"

namespace jensen {

namespace {

double product_of(double q, double value) { return q > 0 ? q * value : 0; }  // 0 × −∞ = 0

void scale(Panel p, double factor) {
  for (int k = 0; k < p.columns; ++k) {
    for (std::int64_t t = 0; t < p.rows; ++t) p(t, k) *= factor;
  }
}

class Posteriors {
 public:
  Posteriors(const Posterior& rule, const MarkovChain& chain, ChainSegments& segments, const ChainPlan& plan,
             std::span<double> counts, ChainScratch& scratch)
      : exact_(potentials(chain)),
        temperature_(rule.temperature),
        segments_(segments),
        plan_(plan),
        counts_(counts),
        scratch_(scratch) {
    check_temperature(temperature_);
    chain_ = temperature_ == 1 ? exact_ : potentials(chain, temperature_);
  }

  void operator()(std::int64_t first, std::int64_t steps, double weight, Evidence& evidence) {
    const auto states = static_cast<std::size_t>(exact_.states);
    moves_.assign(states * states, 0.0);
    if (steps >= std::max<std::int64_t>(2, plan_.both_ends_from)) return from_both_ends(first, steps, weight, evidence);
    ChainSmoother smoother(
        {chain_, is_tempered() ? &exact_ : nullptr, temperature_, segments_, plan_.memory, first, steps},
        scratch_.segments);
    if (!smoother.forward() || !smoother.safe()) return in_logs(first, steps, weight, evidence);
    const auto smoothed = smoother.backward(weight, moves_.data());
    if (weight > 0) evidence.log_likelihood += weight * smoother.exact_log_sum();
    count(smoothed.first, smoother.log_sum(), smoothed.expected_log_density, weight, evidence);
  }

 private:
  bool is_tempered() const { return temperature_ != 1; }

  // Does both, perhaps at the same time.
  template <class First, class Second>
  void both(const First& one, const Second& other) {
    const auto task = [&](int t) { t == 0 ? one() : other(); };
    if (scratch_.helpers != nullptr) return scratch_.helpers->share(2, task);
    for (const int t : {0, 1}) task(t);
  }

  void from_both_ends(std::int64_t first, std::int64_t steps, double weight, Evidence& evidence) {
    if (from_end_.states == 0) {
      from_end_ = reversed(chain_);
      exact_from_end_ = reversed(exact_);
    }
    const std::int64_t middle = (steps + 1) / 2;
    ChainSmoother before(
        {chain_, is_tempered() ? &exact_ : nullptr, temperature_, segments_, plan_.memory, first, middle},
        scratch_.segments);
    ChainSmoother after({from_end_, is_tempered() ? &exact_from_end_ : nullptr, temperature_, segments_.other_end(),
                         plan_.memory, first + middle, steps - middle, true},
                        scratch_.other_end);
    bool is_before = false;
    bool is_after = false;
    both([&] { is_before = before.forward(); }, [&] { is_after = after.forward(); });
    if (!is_before || !is_after) return in_logs(first, steps, weight, evidence);
    Meeting meeting;
    const double exact_total = meet(exact_, before.exact_last(), after.exact_last(), meeting);
    const double total = is_tempered() ? meet(chain_, before.last(), after.last(), meeting) : exact_total;
    if (!(std::min(total, exact_total) >= least_normalizer)) return in_logs(first, steps, weight, evidence);
    before.set_later(meeting.later);
    after.set_later(meeting.earlier);
    both([&] { is_before = before.safe(); }, [&] { is_after = after.safe(); });
    if (!is_before || !is_after) return in_logs(first, steps, weight, evidence);
    ChainSmoother::Smoothed one;
    ChainSmoother::Smoothed other;
    moves_from_end_.assign(moves_.size(), 0.0);
    both([&] { one = before.backward(weight, moves_.data()); },
         [&] { other = after.backward(weight, moves_from_end_.data()); });
    const auto states = static_cast<std::size_t>(exact_.states);
    for (std::size_t i = 0; i < states; ++i) {
      for (std::size_t j = 0; j < states; ++j) {
        moves_[i * states + j] += meeting.moves[i * states + j] + moves_from_end_[j * states + i];
      }
    }
    if (weight > 0) {
      evidence.log_likelihood += weight * (before.exact_log_sum() + after.exact_log_sum() + std::log(exact_total));
    }
    count(one.first, before.log_sum() + after.log_sum() + std::log(total),
          one.expected_log_density + other.expected_log_density, weight, evidence);
  }

  // All at once.
  void in_logs(std::int64_t first, std::int64_t steps, double weight, Evidence& evidence) {
    const int states = exact_.states;
    std::vector<double> numbers(static_cast<std::size_t>(steps) * static_cast<std::size_t>(states));
    const Panel p{numbers.data(), steps, states, steps};
    const Stretch x{p, 0, steps};
    segments_.add_log_density(first, p);
    const double log_likelihood = filter_in_logs(exact_.initial, log_moves(exact_), x, scratch_, nullptr);
    double log_sum = log_likelihood;
    if (is_tempered()) {
      scale(p, 1 / temperature_);
      log_sum = filter_in_logs(chain_.initial, log_moves(chain_), x, scratch_, nullptr);
    }
    if (weight > 0) evidence.log_likelihood += weight * log_likelihood;
    if (!std::isfinite(log_sum)) {
      std::fill(numbers.begin(), numbers.end(), 0.0);
      return segments_.take(first, p);
    }
    const auto add = [&](std::int64_t, std::span<const double> pairs) {
      for (std::size_t e = 0; e < pairs.size(); ++e) moves_[e] += pairs[e];
    };
    smooth_in_logs(log_moves(chain_), x, add, scratch_);
    const double expected = responsibilities(scratch_.density, weight, p);
    count(std::vector<double>(scratch_.density.begin(), scratch_.density.begin() + states), log_sum, expected, weight,
          evidence);
    segments_.take(first, p);
  }

  // p ← weight × q; returns E_q[log p(x | z)].
  static double responsibilities(std::span<const double> q, double weight, Panel p) {
    const std::size_t width = kernels::chain_width(p.columns);
    double expected = 0;
    for (int k = 0; k < p.columns; ++k) {
      for (std::int64_t t = 0; t < p.rows; ++t) {
        const double own = q[static_cast<std::size_t>(t) * width + static_cast<std::size_t>(k)];
        expected += product_of(own, p(t, k));
        p(t, k) = weight * own;
      }
    }
    return expected;
  }

  // q is the chain with these potentials over their sum: H(q) = −E_q[log q].
  void count(const std::vector<double>& first, double log_sum, double expected_log_density, double weight,
             Evidence& evidence) {
    const auto states = static_cast<std::size_t>(exact_.states);
    double potential = expected_log_density;
    for (std::size_t k = 0; k < states; ++k) {
      potential += product_of(first[k], std::log(chain_.initial[k]));
      counts_[k] += weight * first[k];
    }
    for (std::size_t e = 0; e < states * states; ++e) {
      potential += product_of(moves_[e], std::log(chain_.transitions[e]));
      counts_[states + e] += weight * moves_[e];
    }
    evidence.entropy += weight * std::max(log_sum - potential, 0.0);
  }

  ChainPotentials exact_;
  ChainPotentials chain_;                      // tempered
  ChainPotentials from_end_, exact_from_end_;  // the same, reversed
  double temperature_;
  ChainSegments& segments_;
  ChainPlan plan_;
  std::span<double> counts_;
  ChainScratch& scratch_;
  std::vector<double> moves_, moves_from_end_;
};

// States that are given row by row, independent in time; moves that the chain forbids get none of the mass.
class GivenByRow {
 public:
  GivenByRow(const Given& rule, const MarkovChain& chain, ChainSegments& segments, std::span<double> counts)
      : rule_(rule),
        chain_(chain),
        segments_(segments),
        counts_(counts),
        states_(chain.states()),
        memory_(static_cast<std::size_t>(rows_at_once) * static_cast<std::size_t>(states_)),
        before_(static_cast<std::size_t>(states_)) {}

  Evidence operator()(const Block& x) {
    Evidence evidence;
    evidence.log_likelihood = std::numeric_limits<double>::quiet_NaN();
    const auto bounds = sequence_bounds(x);
    for (std::size_t s = 0; s + 1 < bounds.size(); ++s) {
      const double weight = x.weight(bounds[s]);
      evidence.weight += weight * static_cast<double>(bounds[s + 1] - bounds[s]);
      for (std::int64_t first = bounds[s]; first < bounds[s + 1]; first += rows_at_once) {
        const Block rows = rows_of(x, first, std::min(rows_at_once, bounds[s + 1] - first));
        std::fill(memory_.begin(), memory_.end(), 0.0);
        const Panel q{memory_.data(), rows.rows(), states_, rows_at_once};
        allowed_responsibilities(rows, rule_, q);
        for (std::int64_t t = 0; t < q.rows; ++t) {
          count(q, t, first + t == bounds[s], weight);
          for (int k = 0; k < states_; ++k) evidence.entropy -= weight * product_of(q(t, k), std::log(q(t, k)));
        }
        scale(q, weight);
        segments_.take(first, q);
      }
    }
    evidence.state_entropy = evidence.entropy;
    return evidence;
  }

 private:
  static constexpr std::int64_t rows_at_once = 512;

  void count(const Panel& q, std::int64_t t, bool is_first, double weight) {
    const auto states = static_cast<std::size_t>(states_);
    for (std::size_t j = 0; j < states; ++j) {
      const double own = weight * q(t, static_cast<int>(j));
      if (is_first && chain_.initial()[j] > 0) counts_[j] += own;
      for (std::size_t i = 0; !is_first && own > 0 && i < states; ++i) {
        if (chain_.transitions()[i * states + j] > 0) counts_[states + i * states + j] += before_[i] * own;
      }
    }
    for (std::size_t j = 0; j < states; ++j) before_[j] = q(t, static_cast<int>(j));
  }

  const Given& rule_;
  const MarkovChain& chain_;
  ChainSegments& segments_;
  std::span<double> counts_;
  int states_;
  std::vector<double> memory_;
  std::vector<double> before_;  // of the row before
};

}  // namespace

namespace {

// log p of each row given those before it; `out` is of this sequence.
void score_sequence(const ChainPotentials& chain, std::int64_t first, ChainSegments& segments, std::span<double> out,
                    ChainScratch& scratch) {
  const auto steps = static_cast<std::int64_t>(out.size());
  std::fill(out.begin(), out.end(), 0.0);
  ChainSmoother smoother({chain, nullptr, 1, segments, ChainMemory::checkpoints, first, steps}, scratch.segments);
  if (smoother.forward(nullptr, out.data()) && smoother.safe()) return;
  std::fill(out.begin(), out.end(), 0.0);
  std::vector<double> numbers(out.size() * static_cast<std::size_t>(chain.states));
  const Panel p{numbers.data(), steps, chain.states, steps};
  segments.add_log_density(first, p);
  filter_in_logs(chain.initial, log_moves(chain), {p, 0, steps}, scratch, out.data());
}

}  // namespace

void chain_score(const Block& x, const MarkovChain& chain, ChainSegments& segments, std::span<double> out,
                 ChainScratch& scratch) {
  const ChainPotentials exact = potentials(chain);
  const auto bounds = sequence_bounds(x);
  for (std::size_t s = 0; s + 1 < bounds.size(); ++s) {
    const auto first = static_cast<std::size_t>(bounds[s]);
    score_sequence(exact, bounds[s], segments, out.subspan(first, static_cast<std::size_t>(bounds[s + 1]) - first),
                   scratch);
  }
}

std::size_t ChainScratch::Segments::size() const {
  std::size_t total = 0;
  for (const auto* own : {&panel, &density, &filtered, &smoothed, &checkpoints, &shift, &normalizer, &rows,
                          &transitions, &transposed, &counts}) {
    total += own->capacity();
  }
  return total;
}

std::size_t ChainScratch::size() const {
  std::size_t total = path.size() + segments.size() + other_end.size();
  for (const auto* own : {&density, &filtered, &predicted, &shift, &normalizer, &transitions, &counts, &log_density}) {
    total += own->capacity();
  }
  return total;
}

std::string to_string(ChainMemory memory) { return memory == ChainMemory::checkpoints ? "checkpoints" : "all"; }

ChainMemory chain_memory_named(std::string_view name) {
  for (const auto memory : {ChainMemory::log_densities, ChainMemory::checkpoints}) {
    if (name == to_string(memory)) return memory;
  }
  throw ArgumentError("memory", "name", "'" + std::string(name) + "' is none of all, checkpoints");
}

Evidence chain_posterior(const Block& x, const Rule& rule, const MarkovChain& chain, ChainSegments& segments,
                         const ChainPlan& plan, Slice statistics, ChainScratch& scratch) {
  const auto* given = std::get_if<Given>(&rule);
  if (given != nullptr && given->statistics_only && is_by_row(given->responsibilities)) {
    return GivenByRow(*given, chain, segments, statistics.sum)(x);
  }
  const auto* posterior = std::get_if<Posterior>(&rule);
  if (posterior == nullptr) return chain_posterior_at_once(x, rule, chain, segments, statistics, scratch);
  Evidence evidence;
  Posteriors posteriors(*posterior, chain, segments, plan, statistics.sum, scratch);
  const auto bounds = sequence_bounds(x);
  for (std::size_t s = 0; s + 1 < bounds.size(); ++s) {
    const std::int64_t steps = bounds[s + 1] - bounds[s];
    const double weight = x.weight(bounds[s]);
    evidence.weight += weight * static_cast<double>(steps);
    posteriors(bounds[s], steps, weight, evidence);
  }
  evidence.state_entropy = evidence.entropy;
  return evidence;
}

}  // namespace jensen
