#include <jensen/error.h>
#include <jensen/math/kernels.h>
#include <jensen/math/random.h>
#include <jensen/models/discrete_posterior.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "models/allowed_states.h"

namespace jensen {

namespace {

Evidence posterior(const Block& x, const Posterior& rule, Panel p) {
  const auto exact = [&](Panel panel, std::span<const double> weights) {
    const auto normalized = kernels::normalize(panel, weights, nullptr);
    return Evidence{normalized.log_likelihood, normalized.entropy, normalized.entropy, normalized.weight};
  };
  if (rule.temperature == 1) return exact(p, x.weights);
  if (!(rule.temperature > 0) || !std::isfinite(rule.temperature)) {
    throw ArgumentError("E-step", "temperature", "must be finite and > 0, got " + std::to_string(rule.temperature));
  }
  std::vector<double> copy(static_cast<std::size_t>(p.rows) * static_cast<std::size_t>(p.columns));
  const Panel untempered{copy.data(), p.rows, p.columns, p.rows};
  for (int k = 0; k < p.columns; ++k) {
    std::copy_n(p.column(k), p.rows, untempered.column(k));
    for (std::int64_t i = 0; i < p.rows; ++i) p(i, k) /= rule.temperature;
  }
  Evidence evidence = exact(p, x.weights);
  evidence.log_likelihood = exact(untempered, x.weights).log_likelihood;
  return evidence;
}

// Replaces the posterior p(i, ·) (each row summing to 1, or to 0 for an impossible row) by what `choose` writes, and
// measures the entropy of that.
template <class Choose>
Evidence chosen(const Block& x, Panel p, Choose choose) {
  std::vector<double> log_normalizer(static_cast<std::size_t>(p.rows));
  kernels::normalize(p, {}, log_normalizer.data());
  Evidence evidence;
  std::vector<double> q(static_cast<std::size_t>(p.columns));
  for (std::int64_t i = 0; i < p.rows; ++i) {
    double mass = 0;
    for (int k = 0; k < p.columns; ++k) mass += q[static_cast<std::size_t>(k)] = p(i, k);
    choose(i, std::span<double>(q), mass > 0);
    const double weight = x.weight(i);
    for (int k = 0; k < p.columns; ++k) {
      const double share = q[static_cast<std::size_t>(k)];
      if (weight > 0 && share > 0) evidence.entropy -= weight * share * std::log(share);
      p(i, k) = weight * share;
    }
    evidence.weight += weight;
    if (weight > 0) evidence.log_likelihood += weight * log_normalizer[static_cast<std::size_t>(i)];
  }
  evidence.state_entropy = evidence.entropy;
  return evidence;
}

Evidence mode(const Block& x, Panel p) {
  return chosen(x, p, [](std::int64_t, std::span<double> q, bool possible) {
    const auto best = std::max_element(q.begin(), q.end()) - q.begin();
    std::fill(q.begin(), q.end(), 0.0);
    if (possible) q[static_cast<std::size_t>(best)] = 1;
  });
}

Evidence draws(const Block& x, const Draws& rule, Panel p) {
  if (rule.count < 1) throw ArgumentError("E-step", "draws", "must be at least 1, got " + std::to_string(rule.count));
  std::vector<double> posterior_row(static_cast<std::size_t>(p.columns));
  return chosen(x, p, [&](std::int64_t i, std::span<double> q, bool possible) {
    std::copy(q.begin(), q.end(), posterior_row.begin());
    std::fill(q.begin(), q.end(), 0.0);
    if (!possible) return;
    Stream stream(rule.seed, Purpose::draws, rule.restart, rule.iteration, static_cast<std::uint64_t>(x.first_row + i));
    for (int draw = 0; draw < rule.count; ++draw) {
      q[static_cast<std::size_t>(stream.choice(posterior_row))] += 1.0 / rule.count;
    }
  });
}

// q ← w q; returns the entropy of q, summed over weighted rows.
double weigh(const Block& x, Panel q) {
  double entropy = 0;
  for (int k = 0; k < q.columns; ++k) {
    double* out = q.column(k);
    std::int64_t soft = 0;  // most given responsibilities are 0 and 1, which have none
    for (std::int64_t i = 0; i < q.rows; ++i) soft += static_cast<int>(out[i] > 0) & static_cast<int>(out[i] < 1);
    for (std::int64_t i = 0; soft > 0 && i < q.rows; ++i) {
      if (out[i] > 0 && x.weight(i) > 0) entropy -= x.weight(i) * out[i] * std::log(out[i]);
    }
    for (std::int64_t i = 0; !x.weights.empty() && i < q.rows; ++i) out[i] *= x.weight(i);
  }
  return entropy;
}

Evidence given(const Block& x, const Given& rule, Panel p) {
  Evidence evidence;
  evidence.log_likelihood = rule.statistics_only ? std::numeric_limits<double>::quiet_NaN()
                                                 : kernels::normalize(p, x.weights, nullptr).log_likelihood;
  allowed_responsibilities(x, rule, p);
  evidence.entropy = evidence.state_entropy = weigh(x, p);
  evidence.weight = static_cast<double>(x.rows());
  if (!x.weights.empty()) evidence.weight = std::accumulate(x.weights.begin(), x.weights.end(), 0.0);
  return evidence;
}

}  // namespace

bool log_joint_matters(const Rule& rule) {
  const auto* given = std::get_if<Given>(&rule);
  return given == nullptr || !given->statistics_only;
}

Evidence discrete_posterior(const Block& x, const Rule& rule, Panel log_joint) {
  if (log_joint_matters(rule)) rule_out_states(x, log_joint);
  if (const auto* r = std::get_if<Posterior>(&rule)) return posterior(x, *r, log_joint);
  if (const auto* r = std::get_if<Draws>(&rule)) return draws(x, *r, log_joint);
  if (const auto* r = std::get_if<Given>(&rule)) return given(x, *r, log_joint);
  return mode(x, log_joint);
}

void discrete_responsibilities(const Block& x, Panel log_joint, Panel p) {
  Block unweighted = x;
  unweighted.weights = {};
  discrete_posterior(unweighted, Posterior{}, log_joint);
  for (int k = 0; k < p.columns; ++k) std::copy_n(log_joint.column(k), p.rows, p.column(k));
}

}  // namespace jensen
