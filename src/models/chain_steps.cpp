#include "models/chain_steps.h"

#include <jensen/error.h>
#include <jensen/math/random.h>
#include <jensen/models/discrete_posterior.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>

#include "math/chain_kernels.h"
#include "models/allowed_states.h"
#include "models/chain_smoother.h"
#include "models/viterbi_step.h"

namespace jensen {

namespace {

double product_of(double q, double value) { return q > 0 ? q * value : 0; }  // 0 × −∞ = 0

class TemperedSteps final : public ChainSteps {
 public:
  TemperedSteps(ChainSteps& steps, double temperature) : exact_(steps), power_(1 / temperature) {}

  int states() const override { return exact_.states(); }
  std::span<const double> initial(std::int64_t row) override { return initial_ = powers(exact_.initial(row)); }
  std::span<const double> into(std::int64_t row) override { return moves_ = powers(exact_.into(row)); }
  void add_first(std::int64_t row, int state, double weight) override { exact_.add_first(row, state, weight); }
  void add_move(std::int64_t row, int from, int to, double weight) override { exact_.add_move(row, from, to, weight); }
  void add_moves(std::int64_t row, std::span<const double> weights) override { exact_.add_moves(row, weights); }

 private:
  std::vector<double> powers(std::span<const double> v) const {
    std::vector<double> result;
    for (const double p : v) result.push_back(std::pow(p, power_));
    return result;
  }

  ChainSteps& exact_;
  double power_;
  std::vector<double> initial_;
  std::vector<double> moves_;
};

LogMoves log_moves(ChainSteps& steps, const Stretch& x) {
  return [&steps, first = x.first](std::int64_t t) { return steps.log_into(first + t); };
}

// beta_t(i) = p(x_{t+1} … x_T | z_t = i) / p(x_{t+1} … x_T | x_1 … x_t) after the linear recursion forwards. As it is
// at most 1 / filtered_t(i), a large one says that a state was lost to underflow that later rows make likely
// (chain_smoother.h). Only moves that are unlikely or impossible can make one.
bool lost_a_state(ChainSteps& steps, const Stretch& x, const ChainScratch& scratch) {
  const auto states = static_cast<std::size_t>(steps.states());
  const std::size_t width = kernels::chain_width(steps.states());
  std::vector<double> beta(states, 1.0);
  std::vector<double> ahead(states);
  for (auto t = static_cast<std::size_t>(x.steps); t-- > 1;) {
    for (std::size_t j = 0; j < states; ++j) {
      ahead[j] = scratch.density[t * width + j] * beta[j] / scratch.normalizer[t];
    }
    const auto moves = steps.into(x.first + static_cast<std::int64_t>(t));
    for (std::size_t i = 0; i < states; ++i) {
      beta[i] = 0;
      for (std::size_t j = 0; j < states; ++j) beta[i] += moves[i * states + j] * ahead[j];
      if (!(beta[i] <= largest_beta)) return true;
    }
  }
  return false;
}

// The linear recursion; false where it is not safe.
bool filter_linearly(ChainSteps& steps, const Stretch& x, ChainScratch& scratch) {
  if (!scale_emissions(x, scratch)) return false;
  bool small_moves = false;
  const auto states = static_cast<std::size_t>(steps.states());
  const std::size_t width = kernels::chain_width(steps.states());
  const auto count = static_cast<std::size_t>(x.steps);
  scratch.filtered.assign(count * width, 0.0);
  scratch.predicted.assign(count * width, 0.0);
  scratch.normalizer.resize(count);
  for (std::size_t t = 0; t < count; ++t) {
    double* predicted = scratch.predicted.data() + t * width;
    double* filtered = scratch.filtered.data() + t * width;
    if (t == 0) {
      const auto initial = steps.initial(x.first);
      std::copy(initial.begin(), initial.end(), predicted);
    } else {
      const auto moves = steps.into(x.first + static_cast<std::int64_t>(t));
      small_moves = small_moves || std::any_of(moves.begin(), moves.end(), [](double a) { return !(a >= least_move); });
      for (std::size_t i = 0; i < states; ++i) {
        const double from = (filtered - width)[i];
        for (std::size_t j = 0; j < states; ++j) predicted[j] += from * moves[i * states + j];
      }
    }
    double scale = 0;
    for (std::size_t j = 0; j < states; ++j) {
      filtered[j] = predicted[j] * scratch.density[t * width + j];
      scale += filtered[j];
    }
    if (!(scale >= least_normalizer)) return false;
    for (std::size_t j = 0; j < states; ++j) filtered[j] /= scale;
    scratch.normalizer[t] = scale;
  }
  return !small_moves || !lost_a_state(steps, x, scratch);
}

double filtered(ChainSteps& steps, const Stretch& x, ChainScratch& scratch, double* step, bool& in_logs) {
  in_logs = !filter_linearly(steps, x, scratch);
  if (in_logs) return filter_in_logs(steps.initial(x.first), log_moves(steps, x), x, scratch, step);
  double total = 0;
  for (std::size_t t = 0; t < scratch.normalizer.size(); ++t) {
    const double scale = std::log(scratch.normalizer[t]) + scratch.shift[t];
    if (step != nullptr) step[t] = scale;
    total += scale;
  }
  return total;
}

// smoothed_{t−1}(i) = filtered_{t−1}(i) Σ_j A_t(i, j) smoothed_t(j) / predicted_t(j) (Devijver 1985); smoothed in place
// of the densities.
void smooth_linearly(ChainSteps& steps, const Stretch& x, const MovesSink& sink, ChainScratch& scratch) {
  const auto states = static_cast<std::size_t>(steps.states());
  const std::size_t width = kernels::chain_width(steps.states());
  std::vector<double> pairs(states * states);
  auto t = static_cast<std::size_t>(x.steps);
  std::copy_n(scratch.filtered.data() + (t - 1) * width, width, scratch.density.data() + (t - 1) * width);
  while (--t > 0) {
    const double* predicted = scratch.predicted.data() + t * width;
    const double* smoothed = scratch.density.data() + t * width;
    const double* filtered = scratch.filtered.data() + (t - 1) * width;
    double* before = scratch.density.data() + (t - 1) * width;
    const auto moves = steps.into(x.first + static_cast<std::int64_t>(t));
    for (std::size_t i = 0; i < states; ++i) {
      before[i] = 0;
      for (std::size_t j = 0; j < states; ++j) {
        const double ratio = predicted[j] > 1e-300 ? smoothed[j] / predicted[j] : 0;
        pairs[i * states + j] = filtered[i] * moves[i * states + j] * ratio;
        before[i] += pairs[i * states + j];
      }
    }
    sink(static_cast<std::int64_t>(t), pairs);
  }
}

class Posteriors {
 public:
  Posteriors(ChainSteps& steps, const Posterior& rule, ChainScratch& scratch)
      : exact_(steps), temperature_(rule.temperature), scratch_(scratch) {
    check_temperature(temperature_);
    if (temperature_ != 1) tempered_ = tempered(steps, temperature_);
  }

  void operator()(const Sequence& sequence, Evidence& evidence) {
    const Stretch& x = sequence.rows;
    double log_likelihood = 0;
    bool in_logs = false;
    if (temperature_ != 1) {
      log_likelihood = exact_.filter(x, scratch_, nullptr);
      for (int k = 0; k < x.log_density.columns; ++k) {
        double* column = x.log_density.column(k) + x.first;
        for (std::int64_t t = 0; t < x.steps; ++t) column[t] /= temperature_;
      }
    }
    ChainSteps& steps = temperature_ == 1 ? exact_ : *tempered_;
    const double normalizer = filtered(steps, x, scratch_, nullptr, in_logs);
    if (temperature_ == 1) log_likelihood = normalizer;
    if (sequence.weight > 0) evidence.log_likelihood += sequence.weight * log_likelihood;
    if (!std::isfinite(normalizer)) return clear(x);
    // q is the path's potentials over this normaliser: H(q) = −E_q[log q].
    const double potential = smooth(sequence, steps, in_logs);
    evidence.entropy += sequence.weight * std::max(normalizer - potential, 0.0);
  }

 private:
  // Counts moves and first states and writes q; returns E_q[log potentials of the path].
  double smooth(const Sequence& sequence, ChainSteps& steps, bool in_logs) {
    const Stretch& x = sequence.rows;
    double potential = 0;
    const auto sink = [&](std::int64_t t, std::span<const double> pairs) {
      const auto logs = steps.log_into(x.first + t);
      weighted_.resize(pairs.size());
      for (std::size_t e = 0; e < pairs.size(); ++e) {
        potential += product_of(pairs[e], logs[e]);
        weighted_[e] = sequence.weight * pairs[e];
      }
      steps.add_moves(x.first + t, weighted_);
    };
    if (in_logs) {
      smooth_in_logs(log_moves(steps, x), x, sink, scratch_);
    } else {
      smooth_linearly(steps, x, sink, scratch_);
    }
    const std::size_t width = kernels::chain_width(steps.states());
    const auto first = steps.initial(x.first);
    const std::vector<double> initial(first.begin(), first.end());
    for (int k = 0; k < steps.states(); ++k) {
      const double* smoothed = scratch_.density.data() + k;
      double* column = x.log_density.column(k) + x.first;
      potential += product_of(smoothed[0], std::log(initial[static_cast<std::size_t>(k)]));
      steps.add_first(x.first, k, sequence.weight * smoothed[0]);
      for (std::size_t t = 0; t < static_cast<std::size_t>(x.steps); ++t) {
        potential += product_of(smoothed[t * width], column[t]);
        column[t] = sequence.weight * smoothed[t * width];
      }
    }
    return potential;
  }

  ChainSteps& exact_;
  std::unique_ptr<ChainSteps> tempered_;
  double temperature_;
  ChainScratch& scratch_;
  std::vector<double> weighted_;
};

// Counts a path with this weight and adds it to q.
void add_path(std::span<const std::int32_t> path, double weight, const Stretch& x, ChainSteps& steps) {
  steps.add_first(x.first, path.front(), weight);
  for (std::size_t t = 0; t < path.size(); ++t) {
    const std::int64_t row = x.first + static_cast<std::int64_t>(t);
    x.log_density(row, path[t]) += weight;
    if (t > 0) steps.add_move(row, path[t - 1], path[t], weight);
  }
}

// The most probable path of one sequence, −1 where there is none; returns log p(x, z*).
double best_path(ChainSteps& steps, const ConstPanel& p, std::int64_t first, std::span<std::int32_t> path) {
  const auto states = static_cast<std::size_t>(p.columns);
  const std::size_t count = path.size();
  std::vector<double> reached(states);
  std::vector<double> next(states);
  std::vector<std::int32_t> from(count * states);
  const auto initial = steps.initial(first);
  for (std::size_t k = 0; k < states; ++k) reached[k] = std::log(initial[k]) + p(first, static_cast<int>(k));
  for (std::size_t t = 1; t < count; ++t) {
    const std::int64_t row = first + static_cast<std::int64_t>(t);
    viterbi_step(steps.log_into(row), p, row, reached, next, from.data() + t * states);
    reached.swap(next);
  }
  const PathEnd end = path_end(reached);
  if (end.state < 0) {
    std::fill(path.begin(), path.end(), -1);
    return end.value;
  }
  std::int32_t state = end.state;
  for (std::size_t t = count; t-- > 0;) {
    path[t] = state;
    state = from[t * states + static_cast<std::size_t>(state)];
  }
  return end.value;
}

class Modes {
 public:
  Modes(ChainSteps& steps, ChainScratch& scratch) : steps_(steps), scratch_(scratch) {}

  void operator()(const Sequence& sequence, Evidence& evidence) {
    const Stretch& x = sequence.rows;
    const double log_likelihood = steps_.filter(x, scratch_, nullptr);
    if (sequence.weight > 0) evidence.log_likelihood += sequence.weight * log_likelihood;
    if (!std::isfinite(log_likelihood)) return clear(x);
    scratch_.path.resize(static_cast<std::size_t>(x.steps));
    best_path(steps_, x.log_density, x.first, scratch_.path);
    clear(x);
    add_path(scratch_.path, sequence.weight, x, steps_);
  }

 private:
  ChainSteps& steps_;
  ChainScratch& scratch_;
};

class PathDraws {
 public:
  PathDraws(ChainSteps& steps, const Draws& rule, ChainScratch& scratch)
      : steps_(steps), rule_(rule), scratch_(scratch) {
    if (rule.count < 1) throw ArgumentError("E-step", "draws", "must be at least 1, got " + std::to_string(rule.count));
  }

  void operator()(const Sequence& sequence, Evidence& evidence) {
    const Stretch& x = sequence.rows;
    const double log_likelihood = steps_.filter(x, scratch_, nullptr);
    if (sequence.weight > 0) evidence.log_likelihood += sequence.weight * log_likelihood;
    clear(x);
    if (!std::isfinite(log_likelihood)) return;
    draw(sequence);
    std::map<std::vector<std::int32_t>, int> distinct;
    for (const auto& path : paths_) ++distinct[path];
    for (const auto& [path, times] : distinct) {
      const double share = static_cast<double>(times) / rule_.count;
      add_path(path, sequence.weight * share, x, steps_);
      evidence.entropy -= sequence.weight * share * std::log(share);
    }
  }

 private:
  // z_T ~ filtered_T, then backwards z_t ~ filtered_t(i) A_{t+1}(i, z_{t+1}) (Carter and Kohn 1994).
  void draw(const Sequence& sequence) {
    const auto count = static_cast<std::size_t>(sequence.rows.steps);
    const auto states = static_cast<std::size_t>(steps_.states());
    const std::size_t width = kernels::chain_width(steps_.states());
    paths_.assign(static_cast<std::size_t>(rule_.count), std::vector<std::int32_t>(count));
    std::vector<double> weights(states);
    for (std::size_t t = count; t-- > 0;) {
      const std::int64_t row = sequence.rows.first + static_cast<std::int64_t>(t);
      Stream stream(rule_.seed, Purpose::draws, rule_.restart, rule_.iteration,
                    static_cast<std::uint64_t>(sequence.x.first_row + row));
      const double* filtered = scratch_.filtered.data() + t * width;
      const bool last = t + 1 == count;
      const auto moves = last ? std::span<const double>() : steps_.into(row + 1);
      for (auto& path : paths_) {
        for (std::size_t i = 0; i < states; ++i) {
          weights[i] = filtered[i] * (last ? 1 : moves[i * states + static_cast<std::size_t>(path[t + 1])]);
        }
        path[t] = stream.choice(weights);
      }
    }
  }

  ChainSteps& steps_;
  const Draws& rule_;
  ChainScratch& scratch_;
  std::vector<std::vector<std::int32_t>> paths_;
};

class GivenStates {
 public:
  GivenStates(const Block& x, ChainSteps& steps, const Given& rule, ChainScratch& scratch)
      : steps_(steps),
        scratch_(scratch),
        statistics_only_(rule.statistics_only),
        memory_(static_cast<std::size_t>(x.rows()) * static_cast<std::size_t>(steps.states())),
        pairs_(static_cast<std::size_t>(steps.states()) * static_cast<std::size_t>(steps.states())),
        q_{memory_.data(), x.rows(), steps.states(), x.rows()} {
    allowed_responsibilities(x, rule, q_);
  }

  void operator()(const Sequence& sequence, Evidence& evidence) {
    const Stretch& x = sequence.rows;
    const double log_likelihood =
        statistics_only_ ? std::numeric_limits<double>::quiet_NaN() : steps_.filter(x, scratch_, nullptr);
    if (sequence.weight > 0) evidence.log_likelihood += sequence.weight * log_likelihood;
    for (std::int64_t row = x.first; row < x.first + x.steps; ++row) {
      for (int j = 0; j < steps_.states(); ++j) {
        const double q = q_(row, j);
        if (q > 0) evidence.entropy -= sequence.weight * q * std::log(q);
        x.log_density(row, j) = sequence.weight * q;
        if (row == x.first && steps_.initial(row)[static_cast<std::size_t>(j)] > 0) {
          steps_.add_first(row, j, sequence.weight * q);
        }
      }
      if (row > x.first) add_moves(row, sequence.weight);
    }
  }

 private:
  // Those that the chain allows.
  void add_moves(std::int64_t row, double weight) {
    const auto possible = steps_.into(row);
    std::size_t move = 0;
    for (int i = 0; i < steps_.states(); ++i) {
      for (int j = 0; j < steps_.states(); ++j, ++move) {
        pairs_[move] = possible[move] > 0 ? weight * q_(row - 1, i) * q_(row, j) : 0;
      }
    }
    steps_.add_moves(row, pairs_);
  }

  ChainSteps& steps_;
  ChainScratch& scratch_;
  bool statistics_only_;
  std::vector<double> memory_;
  std::vector<double> pairs_;
  Panel q_;
};

Stretch stretch(Panel log_density, std::span<const std::int64_t> bounds, std::size_t s) {
  return {log_density, bounds[s], bounds[s + 1] - bounds[s]};
}

}  // namespace

std::span<const double> ChainSteps::log_into(std::int64_t row) {
  const auto moves = into(row);
  logs_.assign(moves.begin(), moves.end());
  for (double& a : logs_) a = std::log(a);
  return logs_;
}

double ChainSteps::filter(const Stretch& x, ChainScratch& scratch, double* step) {
  bool in_logs = false;
  return filtered(*this, x, scratch, step, in_logs);
}

void ChainSteps::add_moves(std::int64_t row, std::span<const double> weights) {
  std::size_t move = 0;
  for (int i = 0; i < states(); ++i) {
    for (int j = 0; j < states(); ++j, ++move) {
      if (weights[move] != 0) add_move(row, i, j, weights[move]);
    }
  }
}

std::unique_ptr<ChainSteps> tempered(ChainSteps& steps, double temperature) {
  check_temperature(temperature);
  return std::make_unique<TemperedSteps>(steps, temperature);
}

void check_temperature(double temperature) {
  if (temperature > 0 && std::isfinite(temperature)) return;
  throw ArgumentError("E-step", "temperature", "must be finite and > 0, got " + std::to_string(temperature));
}

void clear(const Stretch& x) {
  for (int k = 0; k < x.log_density.columns; ++k) std::fill_n(x.log_density.column(k) + x.first, x.steps, 0.0);
}

Evidence posterior_by_steps(const Block& x, const Rule& rule, ChainSteps& steps, Panel log_density,
                            ChainScratch& scratch) {
  rule_out_states(x, log_density);
  if (const auto* r = std::get_if<Posterior>(&rule)) {
    return by_sequence(x, log_density, Posteriors(steps, *r, scratch));
  }
  if (const auto* r = std::get_if<Draws>(&rule)) return by_sequence(x, log_density, PathDraws(steps, *r, scratch));
  if (const auto* r = std::get_if<Given>(&rule)) return by_sequence(x, log_density, GivenStates(x, steps, *r, scratch));
  return by_sequence(x, log_density, Modes(steps, scratch));
}

void score_by_steps(const Block& x, ChainSteps& steps, Panel log_density, std::span<double> out,
                    ChainScratch& scratch) {
  rule_out_states(x, log_density);
  const auto bounds = sequence_bounds(x);
  for (std::size_t s = 0; s + 1 < bounds.size(); ++s) {
    const Stretch rows = stretch(log_density, bounds, s);
    const auto own = out.subspan(static_cast<std::size_t>(rows.first), static_cast<std::size_t>(rows.steps));
    std::fill(own.begin(), own.end(), 0.0);
    steps.filter(rows, scratch, own.data());
  }
}

void filter_by_steps(const Block& x, ChainSteps& steps, Panel log_density, ChainScratch& scratch) {
  rule_out_states(x, log_density);
  const std::size_t width = kernels::chain_width(steps.states());
  const auto bounds = sequence_bounds(x);
  for (std::size_t s = 0; s + 1 < bounds.size(); ++s) {
    const Stretch rows = stretch(log_density, bounds, s);
    steps.filter(rows, scratch, nullptr);
    for (int k = 0; k < steps.states(); ++k) {
      double* column = log_density.column(k) + rows.first;
      for (std::size_t t = 0; t < static_cast<std::size_t>(rows.steps); ++t) {
        column[t] = scratch.filtered[t * width + static_cast<std::size_t>(k)];
      }
    }
  }
}

void predict_by_steps(const Block& x, ChainSteps& steps, Panel log_density, ChainScratch& scratch) {
  filter_by_steps(x, steps, log_density, scratch);
  const int states = steps.states();
  const auto bounds = sequence_bounds(x);
  for (std::size_t s = 0; s + 1 < bounds.size(); ++s) {
    for (std::int64_t row = bounds[s + 1] - 1; row > bounds[s]; --row) {
      const auto moves = steps.into(row);
      for (int j = 0; j < states; ++j) {
        double p = 0;
        for (int i = 0; i < states; ++i) p += log_density(row - 1, i) * moves[static_cast<std::size_t>(i * states + j)];
        log_density(row, j) = p;
      }
    }
    const auto initial = steps.initial(bounds[s]);
    for (int k = 0; k < states; ++k) log_density(bounds[s], k) = initial[static_cast<std::size_t>(k)];
  }
}

void viterbi_by_steps(const Block& x, ChainSteps& steps, Panel log_density, std::span<std::int32_t> path,
                      std::span<double> value) {
  rule_out_states(x, log_density);
  const auto bounds = sequence_bounds(x);
  for (std::size_t s = 0; s + 1 < bounds.size(); ++s) {
    const auto count = static_cast<std::size_t>(bounds[s + 1] - bounds[s]);
    const double reached =
        best_path(steps, log_density, bounds[s], path.subspan(static_cast<std::size_t>(bounds[s]), count));
    if (!value.empty()) value[s] = reached;
  }
}

}  // namespace jensen
