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

void check_columns(const std::vector<int>& columns, const char* argument) {
  for (const int column : columns) {
    if (column < 0) throw ArgumentError("InputChain", argument, fmt::format("column {} is none", column));
    if (std::count(columns.begin(), columns.end(), column) > 1) {
      throw ArgumentError("InputChain", argument, fmt::format("column {} comes twice", column));
    }
  }
}

// The form with what depends on inputs fixed.
MarkovChain checked_form(const MarkovChain& form, bool inputs, bool initial_inputs) {
  const auto refuse = [](const char* problem) { throw ArgumentError("InputChain", "form", problem); };
  if (form.initial_stationary()) refuse("must not begin stationary: it could not depend on inputs, nor transitions be");
  if (inputs && form.transitions_fixed()) refuse("must not have fixed transitions: they depend on inputs");
  if (inputs && form.transition_pseudo_count() > 0) {
    refuse("must have no pseudo-counts of transitions: they depend on inputs");
  }
  if (initial_inputs && form.initial_fixed()) refuse("must not have fixed first states: they depend on inputs");
  if (initial_inputs && form.initial_pseudo_count() > 0) {
    refuse("must have no pseudo-counts of first states: they depend on inputs");
  }
  MarkovChain start = form;
  if (inputs) start.fix_transitions(true);
  if (initial_inputs) start.fix_initial(true);
  return start;
}

}  // namespace

std::size_t InputChain::Moves::coefficients() const {
  return is_logit() ? logit_of(to.size(), terms).coefficients() : 0;
}
std::size_t InputChain::Moves::size() const { return is_logit() ? logit_of(to.size(), terms).sums() : 0; }

template <class Visit>
void InputChain::for_each_logit(Visit visit) const {
  if (first_.is_logit()) visit(first_, logit_of(first_.to.size(), first_.terms));
  for (const Moves& moves : moves_) {
    if (moves.is_logit()) visit(moves, logit_of(moves.to.size(), moves.terms));
  }
}

InputChain::InputChain(const MarkovChain& form, std::vector<int> inputs, std::vector<int> initial_inputs)
    : start_(checked_form(form, !inputs.empty(), !initial_inputs.empty())),
      inputs_(std::move(inputs)),
      initial_inputs_(std::move(initial_inputs)) {
  if (inputs_.empty() && initial_inputs_.empty()) {
    throw ArgumentError("InputChain", "inputs", "must be at least one column");
  }
  check_columns(inputs_, "inputs");
  check_columns(initial_inputs_, "initial_inputs");
  const auto states_in = [](std::span<const double> support) {
    std::vector<int> to;
    for (std::size_t j = 0; j < support.size(); ++j) {
      if (support[j] > 0) to.push_back(static_cast<int>(j));
    }
    return to;
  };
  const auto size = static_cast<std::size_t>(states());
  Moves first;
  first.to = states_in(form.initial_support());
  if (!initial_inputs_.empty()) first.terms = static_cast<int>(initial_inputs_.size()) + 1;
  add(first, form.initial());
  first_ = std::move(first);
  for (std::size_t i = 0; i < size; ++i) {
    Moves moves;
    moves.to = states_in(form.transition_support().subspan(i * size, size));
    auto reference = std::find(moves.to.begin(), moves.to.end(), static_cast<int>(i));
    if (reference == moves.to.end()) --reference;
    std::rotate(moves.to.begin(), reference, reference + 1);
    if (!inputs_.empty()) moves.terms = static_cast<int>(inputs_.size()) + 1;
    add(moves, form.transitions().subspan(i * size, size));
    moves_.push_back(std::move(moves));
  }
}

// Gives it places, and coefficients that make its probabilities those of the form.
void InputChain::add(Moves& moves, std::span<const double> form) {
  moves.gamma = gamma_.size();
  moves.sums = statistics_size();
  if (!moves.is_logit()) return;
  const auto probability = [&](int j) { return std::max(form[static_cast<std::size_t>(j)], 1e-300); };
  for (std::size_t c = 1; c < moves.to.size(); ++c) {
    gamma_.push_back(std::log(probability(moves.to[c]) / probability(moves.to[0])));
    gamma_.insert(gamma_.end(), static_cast<std::size_t>(moves.terms - 1), 0.0);
  }
}

int InputChain::reference(int from) const { return moves_.at(static_cast<std::size_t>(from)).to.front(); }

const InputChain::Moves& InputChain::checked(int from, int to) const {
  if (inputs_.empty()) throw ArgumentError("InputChain", "inputs", "are none of the transitions");
  const auto inside = [&](int state) { return state >= 0 && state < states(); };
  if (inside(from) && inside(to)) {
    const Moves& moves = moves_[static_cast<std::size_t>(from)];
    if (std::find(moves.to.begin(), moves.to.end(), to) != moves.to.end()) return moves;
  }
  throw ArgumentError("InputChain", "to", fmt::format("there is no move from state {} to state {}", from, to));
}

const InputChain::Moves& InputChain::checked_first(int state) const {
  if (initial_inputs_.empty()) throw ArgumentError("InputChain", "initial_inputs", "are none");
  if (std::find(first_.to.begin(), first_.to.end(), state) != first_.to.end()) return first_;
  throw ArgumentError("InputChain", "state", fmt::format("no sequence begins in state {}", state));
}

std::vector<double> InputChain::coefficients(const Moves& moves, int to) const {
  std::vector<double> result(static_cast<std::size_t>(moves.terms));
  const auto place = std::find(moves.to.begin(), moves.to.end(), to) - moves.to.begin();
  if (place > 0) {
    std::copy_n(gamma_.begin() + static_cast<std::ptrdiff_t>(moves.gamma) + (place - 1) * moves.terms, moves.terms,
                result.begin());
  }
  return result;
}

void InputChain::set_coefficients(const Moves& moves, int to, std::span<const double> values) {
  const auto place = std::find(moves.to.begin(), moves.to.end(), to) - moves.to.begin();
  if (values.size() != static_cast<std::size_t>(moves.terms)) {
    throw ArgumentError("InputChain", "coefficients",
                        fmt::format("must be {} numbers, got {}", moves.terms, values.size()));
  }
  std::vector<double> all = gamma_;
  std::copy(values.begin(), values.end(),
            all.begin() + static_cast<std::ptrdiff_t>(moves.gamma) + (place - 1) * moves.terms);
  set_gamma(all);
}

std::vector<double> InputChain::coefficients(int from, int to) const { return coefficients(checked(from, to), to); }

void InputChain::set_coefficients(int from, int to, std::span<const double> gamma) {
  const Moves& moves = checked(from, to);
  if (to == moves.to.front()) {
    throw ArgumentError("InputChain", "to", fmt::format("state {} is the reference of state {}", to, from));
  }
  set_coefficients(moves, to, gamma);
}

std::vector<double> InputChain::initial_coefficients(int state) const {
  return coefficients(checked_first(state), state);
}

void InputChain::set_initial_coefficients(int state, std::span<const double> delta) {
  const Moves& first = checked_first(state);
  if (state == initial_reference()) {
    throw ArgumentError("InputChain", "state", fmt::format("{} is the reference of the first states", state));
  }
  set_coefficients(first, state, delta);
}

void InputChain::set_gamma(std::span<const double> gamma) {
  for (const double v : gamma) {
    if (!std::isfinite(v)) throw ArgumentError("InputChain", "coefficients", fmt::format("hold {}", v));
  }
  gamma_.assign(gamma.begin(), gamma.end());
}

std::vector<double> InputChain::probabilities(const Moves& moves, std::span<const double> inputs) const {
  if (inputs.size() + 1 != static_cast<std::size_t>(moves.terms)) {
    throw ArgumentError("InputChain", "inputs",
                        fmt::format("must be {} numbers, got {}", moves.terms - 1, inputs.size()));
  }
  std::vector<double> design{1};
  design.insert(design.end(), inputs.begin(), inputs.end());
  std::vector<double> logs(moves.to.size());
  logit_of(logs.size(), moves.terms).log_probabilities(std::span(gamma_).subspan(moves.gamma), design, logs);
  std::vector<double> result(static_cast<std::size_t>(states()));
  for (std::size_t c = 0; c < logs.size(); ++c) result[static_cast<std::size_t>(moves.to[c])] = std::exp(logs[c]);
  return result;
}

std::vector<double> InputChain::transitions(int from, std::span<const double> inputs) const {
  const Moves& moves = moves_.at(static_cast<std::size_t>(from));
  if (!inputs_.empty() || !inputs.empty()) return probabilities(moves, inputs);
  const auto size = static_cast<std::size_t>(states());
  const auto row = start_.transitions().subspan(static_cast<std::size_t>(from) * size, size);
  return {row.begin(), row.end()};
}

std::vector<double> InputChain::initial(std::span<const double> inputs) const {
  if (!initial_inputs_.empty() || !inputs.empty()) return probabilities(first_, inputs);
  return {start_.initial().begin(), start_.initial().end()};
}

InputChain InputChain::reordered(std::span<const int> order) const {
  MarkovChain form = start_.reordered(order);
  if (!inputs_.empty()) form.fix_transitions(false);
  if (!initial_inputs_.empty()) form.fix_initial(false);
  InputChain result(form, inputs_, initial_inputs_);
  const auto known = [&](int state) { return order[static_cast<std::size_t>(state)]; };
  const auto copy = [&](const Moves& own, const Moves& to) {
    if (!to.is_logit()) return;
    const auto base = coefficients(own, known(to.to[0]));
    for (std::size_t c = 1; c < to.to.size(); ++c) {
      auto values = coefficients(own, known(to.to[c]));
      for (std::size_t t = 0; t < values.size(); ++t) values[t] -= base[t];
      result.set_coefficients(to, to.to[c], values);
    }
  };
  copy(first_, result.first_);
  for (int i = 0; i < states(); ++i) {
    copy(moves_[static_cast<std::size_t>(known(i))], result.moves_[static_cast<std::size_t>(i)]);
  }
  return result;
}

std::size_t InputChain::plain_first() const { return initial_inputs_.empty() ? static_cast<std::size_t>(states()) : 0; }

std::size_t InputChain::plain_moves() const {
  return inputs_.empty() ? static_cast<std::size_t>(states()) * static_cast<std::size_t>(states()) : 0;
}

std::size_t InputChain::statistics_size() const {
  std::size_t size = plain_first() + plain_moves() + first_.size();
  for (const Moves& moves : moves_) size += moves.size();
  return size;
}

std::vector<double> InputChain::plain_statistics(std::span<const double> sum) const {
  std::vector<double> result(start_.statistics_size());
  std::copy_n(sum.begin(), plain_first(), result.begin());
  std::copy_n(sum.begin() + static_cast<std::ptrdiff_t>(plain_first()), plain_moves(), result.begin() + states());
  return result;
}

void InputChain::reference(std::span<double> about) const { std::copy(gamma_.begin(), gamma_.end(), about.begin()); }

void InputChain::maximize(ConstSlice statistics) {
  start_.maximize(plain_statistics(statistics.sum));
  for_each_logit([&](const Moves& moves, const MultinomialLogit& logit) {
    logit.climb(statistics.sum.subspan(moves.sums, logit.sums()), statistics.about.subspan(moves.gamma),
                std::span(gamma_).subspan(moves.gamma, logit.coefficients()));
  });
}

double InputChain::expected_log_density(ConstSlice statistics) const {
  double total = start_.expected_log_density(plain_statistics(statistics.sum));
  for_each_logit([&](const Moves& moves, const MultinomialLogit& logit) {
    total += logit.expected(statistics.sum.subspan(moves.sums, logit.sums()), statistics.about.subspan(moves.gamma),
                            std::span(gamma_).subspan(moves.gamma));
  });
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
  const auto plain = start_.parameters();
  std::vector<double> v(plain.begin(), plain.begin() + static_cast<std::ptrdiff_t>(plain_first()));
  v.insert(v.end(), plain.end() - static_cast<std::ptrdiff_t>(plain_moves()), plain.end());
  v.insert(v.end(), gamma_.begin(), gamma_.end());
  return v;
}

void InputChain::set_parameters(std::span<const double> v) {
  const std::size_t plain = plain_first() + plain_moves();
  if (v.size() != plain + gamma_.size()) {
    throw ArgumentError("InputChain::set_parameters", "v",
                        fmt::format("must be {} numbers, got {}", plain + gamma_.size(), v.size()));
  }
  std::vector<double> start = start_.parameters();
  std::copy_n(v.begin(), plain_first(), start.begin());
  std::copy_n(v.begin() + static_cast<std::ptrdiff_t>(plain_first()), plain_moves(),
              start.end() - static_cast<std::ptrdiff_t>(plain_moves()));
  MarkovChain next = start_;
  next.set_parameters(start);
  set_gamma(v.subspan(plain));
  start_ = std::move(next);
}

std::vector<std::string> InputChain::parameter_names() const {
  const auto plain = start_.parameter_names();
  std::vector<std::string> names(plain.begin(), plain.begin() + static_cast<std::ptrdiff_t>(plain_first()));
  names.insert(names.end(), plain.end() - static_cast<std::ptrdiff_t>(plain_moves()), plain.end());
  const auto name = [&](const Moves& moves, const std::string& of) {
    for (std::size_t c = 1; moves.is_logit() && c < moves.to.size(); ++c) {
      for (int t = 0; t < moves.terms; ++t) names.push_back(fmt::format("{}{},{}]", of, moves.to[c], t));
    }
  };
  name(first_, "initial_logit[");
  for (int i = 0; i < states(); ++i) name(moves_[static_cast<std::size_t>(i)], fmt::format("logit[{},", i));
  return names;
}

int InputChain::Path::next(Stream& stream, const ConstPanel& x, std::int64_t row) {
  const auto columns = state_ < 0 ? chain_.initial_inputs() : chain_.inputs();
  if (row < 0 && !columns.empty()) {
    throw UnsupportedError(state_ < 0 ? "a first state with inputs" : "transitions with inputs",
                           "be drawn without those of all rows", "a sample");
  }
  std::vector<double> u;
  for (const int column : columns) u.push_back(x(row, column));
  return state_ = stream.choice(state_ < 0 ? chain_.initial(u) : chain_.transitions(state_, u));
}

// First states and transitions of a block, row by row.
class InputSteps final : public ChainSteps {
 public:
  InputSteps(const InputChain& chain, const Block& x, Slice statistics = {})
      : chain_(chain), x_(x.x), statistics_(statistics), size_(static_cast<std::size_t>(chain.states())) {
    first_.resize(size_);
    logs_.resize(size_ * size_);
    moves_.resize(size_ * size_);
    single_.resize(size_ * size_);
    if (chain.inputs().empty()) {
      moves_.assign(chain.form().transitions().begin(), chain.form().transitions().end());
      for (std::size_t e = 0; e < moves_.size(); ++e) logs_[e] = std::log(moves_[e]);
    }
    check(x);
  }

  int states() const override { return chain_.states(); }
  std::span<const double> initial(std::int64_t row) override {
    if (chain_.initial_inputs().empty()) return chain_.form().initial();
    std::fill(first_.begin(), first_.end(), -std::numeric_limits<double>::infinity());
    write_logs(chain_.first_, design_of(row, chain_.initial_inputs()), first_);
    for (double& p : first_) p = std::exp(p);
    return first_;
  }
  std::span<const double> into(std::int64_t row) override {
    reach(row);
    return moves_;
  }
  std::span<const double> log_into(std::int64_t row) override {
    reach(row);
    return logs_;
  }
  void add_first(std::int64_t row, int state, double weight) override {
    const auto own = static_cast<std::size_t>(state);
    if (chain_.initial_inputs().empty()) {
      statistics_.sum[own] += weight;
      return;
    }
    single_[own] = weight;
    add(chain_.first_, design_of(row, chain_.initial_inputs()), std::span<const double>(single_).first(size_));
    single_[own] = 0;
  }
  void add_move(std::int64_t row, int from, int to, double weight) override {
    const auto move = static_cast<std::size_t>(from) * size_ + static_cast<std::size_t>(to);
    single_[move] = weight;
    add_moves(row, single_);
    single_[move] = 0;
  }
  void add_moves(std::int64_t row, std::span<const double> weights) override {
    if (chain_.inputs().empty()) {
      for (std::size_t e = 0; e < weights.size(); ++e) statistics_.sum[chain_.plain_first() + e] += weights[e];
      return;
    }
    const auto design = design_of(row, chain_.inputs());
    for (std::size_t i = 0; i < size_; ++i) add(chain_.moves_[i], design, weights.subspan(i * size_, size_));
  }

 private:
  void check(const Block& x) const {
    const auto what = [](bool first) { return first ? "first states" : "transitions"; };
    for (const bool first : {false, true}) {
      for (const int column : first ? chain_.initial_inputs() : chain_.inputs()) {
        if (column < x.columns()) continue;
        throw ArgumentError(fmt::format("{} with inputs", what(first)), "x",
                            fmt::format("has no column {}, on which the {} depend", column + 1, what(first)));
      }
    }
    const auto bounds = sequence_bounds(x);
    for (std::size_t s = 0; s + 1 < bounds.size(); ++s) {
      for (std::int64_t row = bounds[s]; row < bounds[s + 1] && x.weight(row) != 0; ++row) {
        const bool first = row == bounds[s];
        for (const int column : first ? chain_.initial_inputs() : chain_.inputs()) {
          if (!std::isnan(x.x(row, column))) continue;
          throw DataError(fmt::format("row {}, column {} is missing, on which the {} depend", x.first_row + row + 1,
                                      column + 1, what(first)));
        }
      }
    }
  }

  // The intercept and the inputs of a row; valid until the next call.
  std::span<const double> design_of(std::int64_t row, std::span<const int> columns) {
    design_.assign(1, 1.0);
    for (const int column : columns) design_.push_back(x_(row, column));
    return design_;
  }

  // by_state: where no probability is, it stays.
  void write_logs(const InputChain::Moves& moves, std::span<const double> design, std::span<double> by_state) {
    own_.resize(moves.to.size());
    logit_of(own_.size(), moves.terms).log_probabilities(std::span(chain_.gamma_).subspan(moves.gamma), design, own_);
    for (std::size_t c = 0; c < own_.size(); ++c) by_state[static_cast<std::size_t>(moves.to[c])] = own_[c];
  }

  void reach(std::int64_t row) {
    if (row == row_ || chain_.inputs().empty()) return;
    row_ = row;
    const auto design = design_of(row, chain_.inputs());
    std::fill(logs_.begin(), logs_.end(), -std::numeric_limits<double>::infinity());
    for (std::size_t i = 0; i < size_; ++i) {
      write_logs(chain_.moves_[i], design, std::span(logs_).subspan(i * size_, size_));
    }
    for (std::size_t e = 0; e < logs_.size(); ++e) moves_[e] = std::exp(logs_[e]);
  }

  // Σ_j weights(j) log p(j) and its derivatives, about the reference of the statistics.
  void add(const InputChain::Moves& moves, std::span<const double> design, std::span<const double> weights) {
    if (!moves.is_logit()) return;
    const auto size = moves.to.size();
    own_.assign(3 * size, 0.0);
    const auto q = std::span(own_).first(size);
    const auto logs = std::span(own_).subspan(size, size);
    const auto probabilities = std::span(own_).subspan(2 * size, size);
    bool any = false;
    for (std::size_t c = 0; c < size; ++c) {
      q[c] = weights[static_cast<std::size_t>(moves.to[c])];
      any |= q[c] != 0;
    }
    if (!any) return;
    const auto logit = logit_of(size, moves.terms);
    logit.log_probabilities(statistics_.about.subspan(moves.gamma), design, logs);
    for (std::size_t c = 0; c < size; ++c) probabilities[c] = std::exp(logs[c]);
    logit.add(q, design, probabilities, logs, statistics_.sum.subspan(moves.sums, logit.sums()));
  }

  const InputChain& chain_;
  ConstPanel x_;
  Slice statistics_;
  std::size_t size_;
  std::int64_t row_ = -1;
  std::vector<double> design_, first_, logs_, moves_, single_, own_;
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
