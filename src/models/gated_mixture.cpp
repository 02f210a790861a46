#include <jensen/math/kernels.h>
#include <jensen/math/random.h>
#include <jensen/models/gated_mixture.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "models/multinomial_logit.h"

namespace jensen {

GatedMixture::GatedMixture(AnyEmissions emissions, std::vector<int> covariates)
    : emissions_(std::move(emissions)), covariates_(std::move(covariates)) {
  for (int j : covariates_) {
    if (j < 0 || j >= columns()) {
      throw ArgumentError("GatedMixture", "covariates", fmt::format("column {} is not in 0 … {}", j, columns() - 1));
    }
  }
  gate_.assign(static_cast<std::size_t>(states() - 1) * static_cast<std::size_t>(terms()), 0.0);
}

void GatedMixture::set_gate(std::vector<double> gate) {
  if (gate.size() != gate_.size()) {
    throw ArgumentError("GatedMixture", "gate", fmt::format("must hold {} numbers, got {}", gate_.size(), gate.size()));
  }
  for (double v : gate) {
    if (!std::isfinite(v)) throw ArgumentError("GatedMixture", "gate", fmt::format("holds {}", v));
  }
  gate_ = std::move(gate);
}

// Statistics: value, gradient, packed curvature of E_q[log π], then the emissions'. Reference points: γ, then theirs.
std::size_t GatedMixture::gate_sums() const { return MultinomialLogit{states(), terms()}.sums(); }
ConstSlice GatedMixture::emission_part(const Statistics& s) const {
  return {std::span<const double>(s.sum).subspan(gate_sums()), std::span<const double>(s.about).subspan(gate_.size())};
}
Statistics GatedMixture::no_statistics() const {
  const Layout layout = emissions_.layout();
  Statistics s{std::vector<double>(gate_sums() + layout.sum), std::vector<double>(gate_.size() + layout.about)};
  std::copy(gate_.begin(), gate_.end(), s.about.begin());
  emissions_.reference(std::span<double>(s.about).subspan(gate_.size()));
  return s;
}

void GatedMixture::design(const ConstPanel& x, std::int64_t i, std::vector<double>& v) const {
  v.assign(1, 1.0);
  for (const int j : covariates_) v.push_back(x(i, j));
}

Panel GatedMixture::panel_for(const Block& x, Scratch& scratch) const {
  scratch.panel.resize(
      std::max<std::size_t>(1, static_cast<std::size_t>(x.rows()) * static_cast<std::size_t>(states())));
  scratch.weights.resize(static_cast<std::size_t>(states()));
  for (std::int64_t i = 0; i < x.rows(); ++i) {
    for (int j : covariates_) {
      if (std::isnan(x.x(i, j)) && x.weight(i) != 0) {
        throw DataError(fmt::format("gated-mixture: row {}, column {} is missing, on which the weights depend",
                                    x.first_row + i + 1, j + 1));
      }
    }
  }
  return {scratch.panel.data(), x.rows(), states(), x.rows()};
}

void GatedMixture::log_weights(const Block& x, Panel panel, Scratch& scratch) const {
  const MultinomialLogit logit{states(), terms()};
  for (std::int64_t i = 0; i < x.rows(); ++i) {
    design(x.x, i, scratch.design);
    logit.log_probabilities(gate_, scratch.design, scratch.weights);
    for (int k = 0; k < states(); ++k) panel(i, k) = scratch.weights[static_cast<std::size_t>(k)];
  }
}

Panel GatedMixture::log_joint(const Block& x, Scratch& scratch) const {
  const Panel panel = panel_for(x, scratch);
  log_weights(x, panel, scratch);
  emissions_.add_log_density(x, panel, scratch.emissions);
  return panel;
}

void GatedMixture::add_gate(const Block& x, ConstPanel r, Statistics& s, Scratch& scratch) const {
  const MultinomialLogit logit{states(), terms()};
  const auto sum = std::span<double>(s.sum).first(gate_sums());
  const std::span<const double> gate = std::span<const double>(s.about).first(gate_.size());
  std::vector<double> probabilities(scratch.weights.size());
  std::vector<double> q(scratch.weights.size());
  for (std::int64_t i = 0; i < x.rows(); ++i) {
    for (std::size_t k = 0; k < q.size(); ++k) q[k] = r(i, static_cast<int>(k));
    if (std::all_of(q.begin(), q.end(), [](double value) { return value == 0; })) continue;
    design(x.x, i, scratch.design);
    logit.log_probabilities(gate, scratch.design, scratch.weights);
    std::transform(scratch.weights.begin(), scratch.weights.end(), probabilities.begin(),
                   [](double w) { return std::exp(w); });
    logit.add(q, scratch.design, probabilities, scratch.weights, sum);
  }
}

Evidence GatedMixture::expect(const Block& x, const Rule& rule, Statistics& s, Scratch& scratch) const {
  const Panel panel = log_joint_matters(rule) ? log_joint(x, scratch) : panel_for(x, scratch);
  Evidence evidence = discrete_posterior(x, rule, panel);
  add_gate(x, panel, s, scratch);
  const Slice own{std::span<double>(s.sum).subspan(gate_sums()),
                  std::span<const double>(s.about).subspan(gate_.size())};
  evidence.entropy += emissions_.accumulate(x, panel, own, scratch.emissions);
  return evidence;
}

void GatedMixture::maximize(const Statistics& s) {
  MultinomialLogit{states(), terms()}.climb(std::span<const double>(s.sum).first(gate_sums()), s.about, gate_);
  emissions_.maximize(emission_part(s));
}

double GatedMixture::expected_log_joint(const Statistics& s) const {
  const auto own = std::span<const double>(s.sum).first(gate_sums());
  return MultinomialLogit{states(), terms()}.expected(own, s.about, gate_) +
         emissions_.expected_log_density(emission_part(s));
}

void GatedMixture::score(const Block& x, std::span<double> log_density) const {
  Scratch scratch;
  kernels::normalize(log_joint(x, scratch), {}, log_density.data());
}
void GatedMixture::responsibilities(const Block& x, Panel p) const {
  Scratch scratch;
  discrete_responsibilities(x, log_joint(x, scratch), p);
}
void GatedMixture::predicted(const Block& x, Panel p) const {
  Scratch scratch;
  (void)panel_for(x, scratch);
  log_weights(x, p, scratch);
  for (int k = 0; k < states(); ++k) {
    std::transform(p.column(k), p.column(k) + p.rows, p.column(k), [](double w) { return std::exp(w); });
  }
}
void GatedMixture::impute(const Block& x, Panel filled) const {
  optional::fill_holes(emissions_, x, filled, [&](const Block& block, Panel p) { responsibilities(block, p); });
}
void GatedMixture::sample(std::uint64_t seed, std::int64_t first_row, Panel x, std::span<std::int32_t> z) const {
  std::vector<double> row;
  std::vector<double> v;
  std::vector<double> weights(static_cast<std::size_t>(states()));
  const MultinomialLogit logit{states(), terms()};
  for (std::int64_t i = 0; i < x.rows; ++i) {
    Stream stream(seed, Purpose::sample, 0, 0, static_cast<std::uint64_t>(first_row + i));
    design(x, i, v);
    logit.log_probabilities(gate_, v, weights);
    for (double& w : weights) w = std::exp(w);
    const int k = stream.choice(weights);
    optional::sample_row(emissions_, k, stream, x, i, row);
    if (!z.empty()) z[static_cast<std::size_t>(i)] = k;
  }
}

std::vector<double> GatedMixture::unconstrained() const {
  std::vector<double> u = gate_;
  const auto own = emissions_.unconstrained();
  u.insert(u.end(), own.begin(), own.end());
  return u;
}
void GatedMixture::set_unconstrained(std::span<const double> u) {
  const std::size_t count = std::min(gate_.size(), u.size());
  GatedMixture next = *this;
  next.set_gate({u.begin(), u.begin() + static_cast<std::ptrdiff_t>(count)});
  next.emissions_.set_unconstrained(u.subspan(count));
  *this = std::move(next);
}
std::vector<double> GatedMixture::parameters() const {
  std::vector<double> v = gate_;
  const auto own = emissions_.parameters();
  v.insert(v.end(), own.begin(), own.end());
  return v;
}
void GatedMixture::set_parameters(std::span<const double> v) {
  const std::size_t count = std::min(gate_.size(), v.size());
  GatedMixture next = *this;
  next.set_gate({v.begin(), v.begin() + static_cast<std::ptrdiff_t>(count)});
  next.emissions_.set_parameters(v.subspan(count));
  *this = std::move(next);
}
std::vector<std::string> GatedMixture::parameter_names() const {
  std::vector<std::string> names;
  for (int k = 1; k < states(); ++k) {
    for (int j = 0; j < terms(); ++j) names.push_back(fmt::format("gate[{},{}]", k, j));
  }
  const auto own = emissions_.parameter_names();
  names.insert(names.end(), own.begin(), own.end());
  return names;
}

}  // namespace jensen
