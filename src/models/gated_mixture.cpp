#include <jensen/math/cholesky.h>
#include <jensen/math/kernels.h>
#include <jensen/math/optimize.h>
#include <jensen/math/random.h>
#include <jensen/math/special.h>
#include <jensen/models/gated_mixture.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

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
std::size_t GatedMixture::gate_sums() const { return 1 + gate_.size() + packed_size(static_cast<int>(gate_.size())); }
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

void GatedMixture::log_weights(const ConstPanel& x, std::int64_t i, std::span<const double> gate,
                               std::span<double> out) const {
  out[0] = 0;
  for (int k = 1; k < states(); ++k) {
    double eta = 0;
    for (int j = 0; j < terms(); ++j) eta += gate[static_cast<std::size_t>((k - 1) * terms() + j)] * term(x, i, j);
    out[static_cast<std::size_t>(k)] = eta;
  }
  const double normalizer = log_sum_exp(out);
  for (double& eta : out) eta -= normalizer;
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

Panel GatedMixture::log_joint(const Block& x, Scratch& scratch) const {
  const Panel panel = panel_for(x, scratch);
  for (std::int64_t i = 0; i < x.rows(); ++i) {
    log_weights(x.x, i, gate_, scratch.weights);
    for (int k = 0; k < states(); ++k) panel(i, k) = scratch.weights[static_cast<std::size_t>(k)];
  }
  emissions_.add_log_density(x, panel, scratch.emissions);
  return panel;
}

void GatedMixture::add_gate(const Block& x, ConstPanel r, Statistics& s, Scratch& scratch) const {
  const std::span<double> sum = s.sum;
  const auto gradient = sum.subspan(1, gate_.size());
  const auto curvature = sum.subspan(1 + gate_.size());
  const std::span<const double> gate = std::span<const double>(s.about).first(gate_.size());
  auto& weights = scratch.weights;
  for (std::int64_t i = 0; i < x.rows(); ++i) {
    double weight = 0;
    for (int k = 0; k < states(); ++k) weight += r(i, k);
    if (weight == 0) continue;
    log_weights(x.x, i, gate, weights);
    for (int k = 0; k < states(); ++k) {
      if (r(i, k) != 0) sum[0] += r(i, k) * weights[static_cast<std::size_t>(k)];
    }
    for (double& w : weights) w = std::exp(w);
    for (int a = 0; a < static_cast<int>(gate_.size()); ++a) {
      const int k = 1 + a / terms();
      const double xa = term(x.x, i, a % terms());
      const double pk = weights[static_cast<std::size_t>(k)];
      gradient[static_cast<std::size_t>(a)] += (r(i, k) - weight * pk) * xa;
      for (int b = 0; b <= a; ++b) {
        const int l = 1 + b / terms();
        const double pl = weights[static_cast<std::size_t>(l)];
        curvature[packed_index(a, b)] -= weight * pk * ((k == l ? 1 : 0) - pl) * xa * term(x.x, i, b % terms());
      }
    }
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
  const std::span<const double> sum = s.sum;
  const auto curvature = sum.subspan(1 + gate_.size(), packed_size(static_cast<int>(gate_.size())));
  // Where weights are all but certain the curvature says little: the log-odds of a row move by some units at most.
  double scale = 0;
  for (int a = 0; a < static_cast<int>(gate_.size()); a += terms()) scale -= curvature[packed_index(a, a)];
  const auto step = newton_step(sum.subspan(1, gate_.size()), curvature, 4 * std::sqrt(std::max(scale, 1e-300))).step;
  for (std::size_t j = 0; j < step.size(); ++j) gate_[j] = s.about[j] + step[j];
  emissions_.maximize(emission_part(s));
}

double GatedMixture::expected_log_joint(const Statistics& s) const {
  const std::span<const double> sum = s.sum;
  const auto curvature = sum.subspan(1 + gate_.size());
  double total = sum[0];
  for (int a = 0; a < static_cast<int>(gate_.size()); ++a) {
    const double da = gate_[static_cast<std::size_t>(a)] - s.about[static_cast<std::size_t>(a)];
    total += da * sum[static_cast<std::size_t>(1 + a)];
    for (int b = 0; b <= a; ++b) {
      const double db = gate_[static_cast<std::size_t>(b)] - s.about[static_cast<std::size_t>(b)];
      total += (a == b ? 0.5 : 1) * curvature[packed_index(a, b)] * da * db;
    }
  }
  return total + emissions_.expected_log_density(emission_part(s));
}

void GatedMixture::score(const Block& x, std::span<double> log_density) const {
  Scratch scratch;
  kernels::normalize(log_joint(x, scratch), {}, log_density.data());
}
void GatedMixture::responsibilities(const Block& x, Panel p) const {
  Scratch scratch;
  discrete_responsibilities(x, log_joint(x, scratch), p);
}
void GatedMixture::impute(const Block& x, Panel filled) const {
  optional::fill_holes(emissions_, x, filled, [&](const Block& block, Panel p) { responsibilities(block, p); });
}
void GatedMixture::sample(std::uint64_t seed, std::int64_t first_row, Panel x, std::span<std::int32_t> z) const {
  std::vector<double> row;
  std::vector<double> weights(static_cast<std::size_t>(states()));
  for (std::int64_t i = 0; i < x.rows; ++i) {
    Stream stream(seed, Purpose::sample, 0, 0, static_cast<std::uint64_t>(first_row + i));
    log_weights(x, i, gate_, weights);
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
