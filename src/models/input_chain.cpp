#include <jensen/error.h>
#include <jensen/math/random.h>
#include <jensen/models/input_chain.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "models/chain_steps.h"
#include "models/multinomial_logit.h"

namespace jensen {

namespace {

MultinomialLogit logit_of(std::size_t categories, int terms) { return {static_cast<int>(categories), terms}; }

// The form with transitions that only say which moves there are.
MarkovChain checked_form(const MarkovChain& form) {
  const auto refuse = [](const char* problem) { throw ArgumentError("InputChain", "form", problem); };
  if (form.initial_stationary()) refuse("must not begin stationary: transitions that change have no such distribution");
  if (form.transitions_fixed()) refuse("must not have fixed transitions: they depend on inputs");
  if (form.transition_pseudo_count() > 0) refuse("must have no pseudo-counts of transitions: they depend on inputs");
  MarkovChain start = form;
  start.fix_transitions(true);
  return start;
}

}  // namespace

InputChain::InputChain(const MarkovChain& form, std::vector<int> inputs)
    : start_(checked_form(form)), inputs_(std::move(inputs)) {
  if (inputs_.empty()) throw ArgumentError("InputChain", "inputs", "must be at least one column");
  for (const int column : inputs_) {
    if (column < 0) throw ArgumentError("InputChain", "inputs", fmt::format("column {} is none", column));
    if (std::count(inputs_.begin(), inputs_.end(), column) > 1) {
      throw ArgumentError("InputChain", "inputs", fmt::format("column {} comes twice", column));
    }
  }
  const auto allowed = form.transition_support();
  auto sums = static_cast<std::size_t>(states());
  for (int i = 0; i < states(); ++i) {
    Moves moves{{}, gamma_.size(), sums};
    for (int j = 0; j < states(); ++j) {
      if (allowed[static_cast<std::size_t>(i * states() + j)] > 0) moves.to.push_back(j);
    }
    // The reference comes first.
    auto reference = std::find(moves.to.begin(), moves.to.end(), i);
    if (reference == moves.to.end()) --reference;
    std::rotate(moves.to.begin(), reference, reference + 1);
    const auto probability = [&](int j) { return std::max(form.transition(i, j), 1e-300); };
    for (std::size_t c = 1; c < moves.to.size(); ++c) {
      gamma_.push_back(std::log(probability(moves.to[c]) / probability(moves.to[0])));
      gamma_.insert(gamma_.end(), inputs_.size(), 0.0);
    }
    if (moves.to.size() > 1) sums += logit_of(moves.to.size(), terms()).sums();
    moves_.push_back(std::move(moves));
  }
}

int InputChain::reference(int from) const { return moves_.at(static_cast<std::size_t>(from)).to.front(); }

const InputChain::Moves& InputChain::checked(int from, int to) const {
  const auto inside = [&](int state) { return state >= 0 && state < states(); };
  if (inside(from) && inside(to)) {
    const Moves& moves = moves_[static_cast<std::size_t>(from)];
    if (std::find(moves.to.begin(), moves.to.end(), to) != moves.to.end()) return moves;
  }
  throw ArgumentError("InputChain", "to", fmt::format("there is no move from state {} to state {}", from, to));
}

std::vector<double> InputChain::coefficients(int from, int to) const {
  const Moves& moves = checked(from, to);
  std::vector<double> result(static_cast<std::size_t>(terms()));
  const auto place = std::find(moves.to.begin(), moves.to.end(), to) - moves.to.begin();
  if (place > 0) {
    std::copy_n(gamma_.begin() + static_cast<std::ptrdiff_t>(moves.gamma) + (place - 1) * terms(), terms(),
                result.begin());
  }
  return result;
}

void InputChain::set_coefficients(int from, int to, std::span<const double> gamma) {
  const Moves& moves = checked(from, to);
  const auto place = std::find(moves.to.begin(), moves.to.end(), to) - moves.to.begin();
  if (place == 0) {
    throw ArgumentError("InputChain", "to", fmt::format("state {} is the reference of state {}", to, from));
  }
  if (gamma.size() != static_cast<std::size_t>(terms())) {
    throw ArgumentError("InputChain", "gamma", fmt::format("must be {} numbers, got {}", terms(), gamma.size()));
  }
  std::vector<double> all = gamma_;
  std::copy(gamma.begin(), gamma.end(), all.begin() + static_cast<std::ptrdiff_t>(moves.gamma) + (place - 1) * terms());
  set_gamma(all);
}

void InputChain::set_gamma(std::span<const double> gamma) {
  for (const double v : gamma) {
    if (!std::isfinite(v)) throw ArgumentError("InputChain", "gamma", fmt::format("holds {}", v));
  }
  gamma_.assign(gamma.begin(), gamma.end());
}

std::vector<double> InputChain::transitions(int from, std::span<const double> inputs) const {
  if (inputs.size() != inputs_.size()) {
    throw ArgumentError("InputChain", "inputs",
                        fmt::format("must be {} numbers, got {}", inputs_.size(), inputs.size()));
  }
  const Moves& moves = moves_.at(static_cast<std::size_t>(from));
  std::vector<double> design{1};
  design.insert(design.end(), inputs.begin(), inputs.end());
  std::vector<double> logs(moves.to.size());
  logit_of(logs.size(), terms()).log_probabilities(std::span(gamma_).subspan(moves.gamma), design, logs);
  std::vector<double> result(static_cast<std::size_t>(states()));
  for (std::size_t c = 0; c < logs.size(); ++c) result[static_cast<std::size_t>(moves.to[c])] = std::exp(logs[c]);
  return result;
}

InputChain InputChain::reordered(std::span<const int> order) const {
  MarkovChain form = start_.reordered(order);
  form.fix_transitions(false);
  InputChain result(form, inputs_);
  result.start_ = start_.reordered(order);
  for (int i = 0; i < states(); ++i) {
    const int from = order[static_cast<std::size_t>(i)];
    const auto& to = result.moves_[static_cast<std::size_t>(i)].to;
    const auto base = coefficients(from, order[static_cast<std::size_t>(to[0])]);
    for (std::size_t c = 1; c < to.size(); ++c) {
      auto own = coefficients(from, order[static_cast<std::size_t>(to[c])]);
      for (std::size_t t = 0; t < own.size(); ++t) own[t] -= base[t];
      result.set_coefficients(i, to[c], own);
    }
  }
  return result;
}

std::size_t InputChain::statistics_size() const {
  auto size = static_cast<std::size_t>(states());
  for (const Moves& moves : moves_) {
    if (moves.to.size() > 1) size += logit_of(moves.to.size(), terms()).sums();
  }
  return size;
}

void InputChain::reference(std::span<double> about) const { std::copy(gamma_.begin(), gamma_.end(), about.begin()); }

void InputChain::maximize(ConstSlice statistics) {
  const auto size = static_cast<std::size_t>(states());
  std::vector<double> first(start_.statistics_size());
  std::copy_n(statistics.sum.begin(), size, first.begin());
  start_.maximize(first);
  for (const Moves& moves : moves_) {
    if (moves.to.size() < 2) continue;
    const auto logit = logit_of(moves.to.size(), terms());
    logit.climb(statistics.sum.subspan(moves.sums, logit.sums()), statistics.about.subspan(moves.gamma),
                std::span(gamma_).subspan(moves.gamma, logit.coefficients()));
  }
}

double InputChain::expected_log_density(ConstSlice statistics) const {
  const auto size = static_cast<std::size_t>(states());
  std::vector<double> first(start_.statistics_size());
  std::copy_n(statistics.sum.begin(), size, first.begin());
  double total = start_.expected_log_density(first);
  for (const Moves& moves : moves_) {
    if (moves.to.size() < 2) continue;
    const auto logit = logit_of(moves.to.size(), terms());
    total += logit.expected(statistics.sum.subspan(moves.sums, logit.sums()), statistics.about.subspan(moves.gamma),
                            std::span(gamma_).subspan(moves.gamma));
  }
  return total;
}

std::vector<double> InputChain::unconstrained() const {
  std::vector<double> u = start_.unconstrained();
  u.insert(u.end(), gamma_.begin(), gamma_.end());
  return u;
}

void InputChain::set_unconstrained(std::span<const double> u) {
  if (u.size() != static_cast<std::size_t>(free_parameters())) {
    throw ArgumentError("InputChain::set_unconstrained", "u",
                        fmt::format("must be {} numbers, got {}", free_parameters(), u.size()));
  }
  const std::size_t own = u.size() - gamma_.size();
  set_gamma(u.subspan(own));
  start_.set_unconstrained(u.first(own));
}

std::vector<double> InputChain::parameters() const {
  std::vector<double> v(initial().begin(), initial().end());
  v.insert(v.end(), gamma_.begin(), gamma_.end());
  return v;
}

void InputChain::set_parameters(std::span<const double> v) {
  const auto size = static_cast<std::size_t>(states());
  if (v.size() != size + gamma_.size()) {
    throw ArgumentError("InputChain::set_parameters", "v",
                        fmt::format("must be {} numbers, got {}", size + gamma_.size(), v.size()));
  }
  std::vector<double> start(v.begin(), v.begin() + states());
  start.insert(start.end(), start_.transitions().begin(), start_.transitions().end());
  MarkovChain next = start_;
  next.set_parameters(start);
  set_gamma(v.subspan(size));
  start_ = std::move(next);
}

std::vector<std::string> InputChain::parameter_names() const {
  std::vector<std::string> names;
  for (int k = 0; k < states(); ++k) names.push_back(fmt::format("initial[{}]", k));
  for (int i = 0; i < states(); ++i) {
    const auto& to = moves_[static_cast<std::size_t>(i)].to;
    for (std::size_t c = 1; c < to.size(); ++c) {
      for (int t = 0; t < terms(); ++t) names.push_back(fmt::format("logit[{},{},{}]", i, to[c], t));
    }
  }
  return names;
}

int InputChain::Path::next(Stream& stream, const ConstPanel& x, std::int64_t row) {
  if (state_ < 0) return state_ = stream.choice(chain_.initial());
  if (row < 0) throw UnsupportedError("transitions with inputs", "be drawn without those of all rows", "a sample");
  std::vector<double> u;
  for (const int column : chain_.inputs()) u.push_back(x(row, column));
  return state_ = stream.choice(chain_.transitions(state_, u));
}

// The transitions of a block, row by row.
class InputSteps final : public ChainSteps {
 public:
  InputSteps(const InputChain& chain, const Block& x, Slice statistics = {})
      : chain_(chain), x_(x.x), statistics_(statistics), design_(1, 1.0) {
    const auto size = static_cast<std::size_t>(chain.states());
    logs_.resize(size * size);
    moves_.resize(size * size);
    single_.resize(size * size);
    check(x);
  }

  int states() const override { return chain_.states(); }
  std::span<const double> initial() const override { return chain_.initial(); }
  std::span<const double> into(std::int64_t row) override {
    reach(row);
    return moves_;
  }
  std::span<const double> log_into(std::int64_t row) override {
    reach(row);
    return logs_;
  }
  void add_first(int state, double weight) override { statistics_.sum[static_cast<std::size_t>(state)] += weight; }
  void add_move(std::int64_t row, int from, int to, double weight) override {
    const auto move = static_cast<std::size_t>(from * states() + to);
    single_[move] = weight;
    add(row, from, single_);
    single_[move] = 0;
  }
  void add_moves(std::int64_t row, std::span<const double> weights) override {
    for (int i = 0; i < states(); ++i) add(row, i, weights);
  }

 private:
  void check(const Block& x) const {
    for (const int column : chain_.inputs()) {
      if (column >= x.columns()) {
        throw ArgumentError("transitions with inputs", "x",
                            fmt::format("has no column {}, on which the transitions depend", column + 1));
      }
    }
    const auto bounds = sequence_bounds(x);
    for (std::size_t s = 0; s + 1 < bounds.size(); ++s) {
      for (std::int64_t row = bounds[s] + 1; row < bounds[s + 1] && x.weight(row) != 0; ++row) {
        for (const int column : chain_.inputs()) {
          if (!std::isnan(x.x(row, column))) continue;
          throw DataError(fmt::format("row {}, column {} is missing, on which the transitions depend",
                                      x.first_row + row + 1, column + 1));
        }
      }
    }
  }

  void reach(std::int64_t row) {
    if (row == row_) return;
    row_ = row;
    design_.resize(1);
    for (const int column : chain_.inputs()) design_.push_back(x_(row, column));
    std::fill(logs_.begin(), logs_.end(), -std::numeric_limits<double>::infinity());
    for (int i = 0; i < states(); ++i) {
      const auto& from = chain_.moves_[static_cast<std::size_t>(i)];
      own_.resize(from.to.size());
      logit_of(own_.size(), chain_.terms())
          .log_probabilities(std::span(chain_.gamma_).subspan(from.gamma), design_, own_);
      for (std::size_t c = 0; c < own_.size(); ++c)
        logs_[static_cast<std::size_t>(i * states() + from.to[c])] = own_[c];
    }
    for (std::size_t e = 0; e < logs_.size(); ++e) moves_[e] = std::exp(logs_[e]);
  }

  // Σ_j weights(i, j) log A(i, j) and its derivatives, about the reference of the statistics.
  void add(std::int64_t row, int i, std::span<const double> weights) {
    const auto& from = chain_.moves_[static_cast<std::size_t>(i)];
    if (from.to.size() < 2) return;
    reach(row);
    const auto size = from.to.size();
    own_.assign(3 * size, 0.0);
    const auto q = std::span(own_).first(size);
    const auto logs = std::span(own_).subspan(size, size);
    const auto probabilities = std::span(own_).subspan(2 * size, size);
    bool any = false;
    for (std::size_t c = 0; c < size; ++c) {
      q[c] = weights[static_cast<std::size_t>(i * states() + from.to[c])];
      any |= q[c] != 0;
    }
    if (!any) return;
    const auto logit = logit_of(size, chain_.terms());
    logit.log_probabilities(statistics_.about.subspan(from.gamma), design_, logs);
    for (std::size_t c = 0; c < size; ++c) probabilities[c] = std::exp(logs[c]);
    logit.add(q, design_, probabilities, logs, statistics_.sum.subspan(from.sums, logit.sums()));
  }

  const InputChain& chain_;
  ConstPanel x_;
  Slice statistics_;
  std::int64_t row_ = -1;
  std::vector<double> design_, logs_, moves_, single_, own_;
};

Evidence chain_posterior(const Block& x, const Rule& rule, const InputChain& chain, Panel log_density, Slice statistics,
                         ChainScratch& scratch) {
  InputSteps steps(chain, x, statistics);
  return posterior_by_steps(x, rule, steps, log_density, scratch);
}

void chain_score(const Block& x, const InputChain& chain, Panel log_density, std::span<double> out,
                 ChainScratch& scratch) {
  InputSteps steps(chain, x);
  score_by_steps(x, steps, log_density, out, scratch);
}

void chain_filter(const Block& x, const InputChain& chain, Panel log_density, ChainScratch& scratch) {
  InputSteps steps(chain, x);
  filter_by_steps(x, steps, log_density, scratch);
}

void chain_predict(const Block& x, const InputChain& chain, Panel log_density, ChainScratch& scratch) {
  InputSteps steps(chain, x);
  predict_by_steps(x, steps, log_density, scratch);
}

void viterbi(const Block& x, const InputChain& chain, Panel log_density, std::span<std::int32_t> path,
             std::span<double> value) {
  InputSteps steps(chain, x);
  viterbi_by_steps(x, steps, log_density, path, value);
}

}  // namespace jensen
