// The optional functions of emissions, for callers that must work with any: a function that is there is called, one
// that is lacking is a neutral answer where there is one (no prior, no degeneracy) and else an UnsupportedError.
#pragma once

#include <algorithm>

#include <jensen/concepts.h>
#include <jensen/error.h>

namespace jensen::optional {

template <class E>
std::string name(const E& e) {
  if constexpr (HasName<E>) return e.name();
  return "these emissions";
}

/// Whether the last M-step was a step on an expansion of Q, to be kept only if the objective did not fall.
template <class E>
bool tentative(const E& e) {
  if constexpr (HasTentative<E>) return e.tentative();
  return false;
}

/// Whether the emissions can what a model over them is asked for. Capabilities that rest with the model (rules, score,
/// states) are none of theirs and answered with true.
template <class E>
bool can(const E& e, Capability capability) {
  if constexpr (requires {
                  { e.can(capability) } -> std::same_as<bool>;
                }) {
    if (!e.can(capability)) return false;
  }
  switch (capability) {
    case Capability::expected_log_joint: return HasExpectedLogDensity<E>;
    case Capability::global_bound: return HasExpectedLogDensity<E> && !tentative(e);
    case Capability::unconstrained: return HasUnconstrained<E>;
    case Capability::parameters: return HasParameters<E>;
    case Capability::move: return MovesSlices<E>;
    case Capability::free_parameters: return HasFreeParameters<E> || HasUnconstrained<E>;
    case Capability::sample: return SamplesStates<E>;
    case Capability::impute: return ImputesCells<E>;
    default: return true;
  }
}

template <class E>
[[noreturn]] void refuse(const E& e, Capability capability) {
  throw UnsupportedError(name(e), describe(capability), "this call");
}

template <class E>
double expected_log_density(const E& e, ConstSlice s) {
  if constexpr (HasExpectedLogDensity<E>) return e.expected_log_density(s);
  refuse(e, Capability::expected_log_joint);
}
template <class E>
double log_prior(const E& e) {
  if constexpr (HasLogPrior<E>) return e.log_prior();
  return 0;
}
template <class E>
std::vector<Degeneracy> degeneracies(const E& e) {
  if constexpr (HasDegeneracies<E>) return e.degeneracies();
  return {};
}
template <class E>
void move(const E& e, ConstSlice from, Slice to) {
  if constexpr (MovesSlices<E>) return e.move(from, to);
  refuse(e, Capability::move);
}
template <class E>
void sample(const E& e, int k, Stream& stream, std::span<double> row) {
  if constexpr (SamplesStates<E>) return e.sample(k, stream, row);
  refuse(e, Capability::sample);
}
/// Row i of x drawn in state k: columns that the emissions take as given (exposures, covariates) are read from x and
/// stay. `row` is memory.
template <class E>
void sample_row(const E& e, int k, Stream& stream, Panel x, std::int64_t i, std::vector<double>& row) {
  row.resize(static_cast<std::size_t>(x.columns));
  for (int j = 0; j < x.columns; ++j) row[static_cast<std::size_t>(j)] = x(i, j);
  sample(e, k, stream, row);
  for (int j = 0; j < x.columns; ++j) x(i, j) = row[static_cast<std::size_t>(j)];
}
template <class E>
void impute(const E& e, const Block& x, ConstPanel p, Panel filled) {
  if constexpr (ImputesCells<E>) return e.impute(x, p, filled);
  refuse(e, Capability::impute);
}
/// x with missing cells at what e expects there; responsibilities(x, p) writes p(i, k) = p(z_i = k | x_i).
template <class E, class Responsibilities>
void fill_holes(const E& e, const Block& x, Panel filled, const Responsibilities& responsibilities) {
  for (int j = 0; j < x.columns(); ++j) std::copy_n(x.x.column(j), x.rows(), filled.column(j));
  if (!x.has_missing) return;
  std::vector<double> values(static_cast<std::size_t>(x.rows()) * static_cast<std::size_t>(e.states()));
  const Panel p{values.data(), x.rows(), e.states(), x.rows()};
  responsibilities(x, p);
  impute(e, x, p, filled);
}
template <class E>
std::optional<CellProblem> problem(const E& e, const Block& x) {
  if constexpr (ChecksCells<E>) return e.problem(x);
  return std::nullopt;
}
template <class E>
bool regularize(E& e, ConstSlice pooled, double rows) {
  if constexpr (Regularizes<E>) return e.regularize(pooled, rows);
  return false;
}

template <class E>
int free_parameters(const E& e) {
  if constexpr (HasFreeParameters<E>) return e.free_parameters();
  if constexpr (HasUnconstrained<E>) return static_cast<int>(e.unconstrained().size());
  refuse(e, Capability::free_parameters);
}
template <class E>
std::vector<double> unconstrained(const E& e) {
  if constexpr (HasUnconstrained<E>) return e.unconstrained();
  refuse(e, Capability::unconstrained);
}
template <class E>
void set_unconstrained(E& e, std::span<const double> u) {
  if constexpr (HasUnconstrained<E>) return e.set_unconstrained(u);
  refuse(e, Capability::unconstrained);
}
template <class E>
std::vector<double> parameters(const E& e) {
  if constexpr (HasParameters<E>) return e.parameters();
  refuse(e, Capability::parameters);
}
template <class E>
void set_parameters(E& e, std::span<const double> v) {
  if constexpr (HasParameters<E>) return e.set_parameters(v);
  refuse(e, Capability::parameters);
}
template <class E>
std::vector<std::string> parameter_names(const E& e) {
  if constexpr (HasParameters<E>) return e.parameter_names();
  refuse(e, Capability::parameters);
}

}  // namespace jensen::optional
