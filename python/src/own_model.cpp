#include "own_model.h"

#include <jensen/error.h>
#include <jensen/math/kernels.h>
#include <jensen/math/random.h>
#include <jensen/models/discrete_posterior.h>

#include <cmath>
#include <limits>

namespace jensen::python {

namespace {

// log p(x_i, k): rows × K, as the user's function returned it.
std::vector<double> log_joint(const Own& model, const Block& x, const std::vector<double>& values) {
  return model.call("_log_joint", x, values);
}

Panel as_panel(std::vector<double>& values, const Block& x, int states) {
  return {values.data(), x.rows(), states, x.rows()};
}

std::vector<double> weights_of(const Block& x) {
  std::vector<double> weights(static_cast<std::size_t>(x.rows()));
  for (std::int64_t i = 0; i < x.rows(); ++i) weights[static_cast<std::size_t>(i)] = x.weight(i);
  return weights;
}

// Draws (z, row) by row, each from a seed of its own.
void draw(const Own& model, const std::vector<double>& values, std::uint64_t seed, std::int64_t first_row, Panel x,
          std::span<std::int32_t> z) {
  for (std::int64_t i = 0; i < x.rows; ++i) {
    Stream stream(seed, Purpose::sample, 0, 0, static_cast<std::uint64_t>(first_row + i));
    const auto drawn = model.call("_sample", values, seed_from(stream));
    for (int j = 0; j < x.columns; ++j) x(i, j) = drawn.at(static_cast<std::size_t>(1 + j));
    if (!z.empty()) z[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(drawn.front());
  }
}

}  // namespace

OwnLatentModel::OwnLatentModel(Own model, Parameters theta, int states, int columns, int statistics)
    : model_(std::move(model)),
      theta_(std::move(theta)),
      states_(states),
      columns_(columns),
      statistics_(static_cast<std::size_t>(statistics)),
      tentative_(model_.flag("tentative")),
      sequential_(model_.flag("sequential")),
      knows_q_(model_.flag("_knows_q")),
      samples_(model_.flag("_samples")) {}

bool OwnLatentModel::can(Capability capability) const {
  switch (capability) {
    case Capability::rules:
    case Capability::states:
    case Capability::score: return states_ > 0;
    case Capability::expected_log_joint: return knows_q_;
    case Capability::global_bound: return knows_q_ && !tentative_;
    case Capability::sample: return samples_ && !sequential_;
    default: return true;
  }
}

// What _expect returned: the statistics, and the log-likelihood.
void OwnLatentModel::add(const std::vector<double>& found, Evidence& evidence, Statistics& s) const {
  for (std::size_t j = 0; j < statistics_; ++j) s.sum[j] += found.at(j);
  evidence.log_likelihood += found.at(statistics_);
}

Evidence OwnLatentModel::expect(const Block& x, const Rule& rule, Statistics& s) const {
  if (states_ > 0) {
    auto values = log_joint(model_, x, theta_.values());
    const Panel q = as_panel(values, x, states_);
    const Evidence evidence = discrete_posterior(x, rule, q);
    const auto found = model_.call("_summed", x, ConstPanel(q));
    for (std::size_t j = 0; j < statistics_; ++j) s.sum[j] += found.at(j);
    return evidence;
  }
  const auto* posterior = std::get_if<Posterior>(&rule);
  if (posterior == nullptr || posterior->temperature != 1) {
    throw UnsupportedError(name(), describe(Capability::rules), "an E-step under this rule");
  }
  Evidence evidence;
  evidence.entropy = std::numeric_limits<double>::quiet_NaN();
  const auto weights = weights_of(x);
  for (const double weight : weights) evidence.weight += weight;
  if (!sequential_) {
    add(model_.call("_expect", x, weights, theta_.values()), evidence, s);
    return evidence;
  }
  for (std::size_t i = 0; i + 1 < x.sequences.size(); ++i) {
    const std::int64_t first = x.sequences[i] - x.first_row;
    const ConstPanel rows{x.x.data + first, x.sequences[i + 1] - x.sequences[i], x.x.columns, x.x.stride};
    add(model_.call("_expect_sequence", rows, x.weight(first), theta_.values()), evidence, s);
  }
  return evidence;
}

void OwnLatentModel::maximize(const Statistics& s) {
  degeneracies_.clear();
  try {
    theta_.set_values(model_.call("_maximize", s.sum, theta_.values()));
  } catch (const ArgumentError& error) {
    degeneracies_.push_back({0, true, error.what()});
  }
}

double OwnLatentModel::expected_log_joint(const Statistics& s) const {
  return model_.number("_expected_log_joint", s.sum, theta_.values());
}

void OwnLatentModel::score(const Block& x, std::span<double> log_density) const {
  auto values = log_joint(model_, x, theta_.values());
  kernels::normalize(as_panel(values, x, states_), {}, log_density.data());
}

void OwnLatentModel::responsibilities(const Block& x, Panel p) const {
  auto values = log_joint(model_, x, theta_.values());
  discrete_responsibilities(x, as_panel(values, x, states_), p);
}

void OwnLatentModel::sample(std::uint64_t seed, std::int64_t first_row, Panel x, std::span<std::int32_t> z) const {
  draw(model_, theta_.values(), seed, first_row, x, z);
}

OwnLogJoint::OwnLogJoint(Own model, Parameters theta, int states, int columns, bool differentiates,
                         bool accepts_missing)
    : LogJointModel(std::move(theta)),
      model_(std::move(model)),
      states_(states),
      columns_(columns),
      differentiates_(differentiates),
      samples_(model_.flag("_samples")),
      has_prior_(model_.flag("_has_prior")) {
  if (accepts_missing) set_accepts_missing();
}

bool OwnLogJoint::can(Capability capability) const {
  if (capability == Capability::sample) return samples_;
  return LogJointModel::can(capability);
}

Evidence OwnLogJoint::expect(const Block& x, const Rule& rule, Statistics& s) const {
  check_cells(x, name().c_str());
  auto values = log_joint(model_, x, theta().values());
  const Panel q = as_panel(values, x, states_);
  const Evidence evidence = discrete_posterior(x, rule, q);
  const QuadraticModel found = expansion(x, q, s.about);
  for (std::int64_t i = 0; i < x.rows(); ++i) {
    for (int k = 0; k < states_; ++k) s.sum[0] += q(i, k);
  }
  s.sum[1] += found.value;
  std::size_t at = 2;
  for (const double derivative : found.gradient) s.sum[at++] += derivative;
  for (const double derivative : found.hessian) s.sum[at++] += derivative;
  return evidence;
}

// Of Σ q log p(x, z; θ) over the block, in the coordinates of θ.
QuadraticModel OwnLogJoint::expansion(const Block& x, ConstPanel q, std::span<const double> u) const {
  Parameters theta_there = theta();
  if (!differentiates_) {
    return expanded_by_differences(u, [&](std::span<const double> v) {
      theta_there.set_unconstrained(v);
      return model_.number("_expected", x, q, theta_there.values());
    });
  }
  using D = Dual<dynamic, 2>;
  theta_there.set_unconstrained(u);
  const auto plain = theta_there.values();
  const std::size_t m = plain.size();
  const auto derivatives = model_.call("_expansion", x, q, plain);  // value, gradient, m × m curvature, in the values
  const auto at = theta().variables<D>(u);
  const auto values = at[VectorParameter{0, m}];
  const int p = static_cast<int>(u.size());
  QuadraticModel result;
  result.value = derivatives.at(0);
  const std::span<const double> gradient = std::span(derivatives).subspan(1, m);
  const std::span<const double> curvature = std::span(derivatives).subspan(1 + m, m * m);
  for (int a = 0; a < p; ++a) {
    double sum = 0;
    for (std::size_t v = 0; v < m; ++v) sum += gradient[v] * values[v].gradient(a);
    result.gradient.push_back(sum);
  }
  for (int a = 0; a < p; ++a) {
    for (int b = 0; b <= a; ++b) {
      double sum = 0;
      for (std::size_t v = 0; v < m; ++v) {
        sum += gradient[v] * values[v].hessian(a, b);
        for (std::size_t w = 0; w < m; ++w) {
          sum += curvature[v * m + w] * values[v].gradient(a) * values[w].gradient(b);
        }
      }
      result.hessian.push_back(sum);
    }
  }
  return result;
}

void OwnLogJoint::maximize(const Statistics& s) {
  if (!has_prior_) return step(s, nullptr);
  Parameters there = theta();
  const QuadraticModel prior = expanded_by_differences(s.about, [&](std::span<const double> v) {
    there.set_unconstrained(v);
    return model_.number("_log_prior", there.values());
  });
  step(s, &prior);
}

void OwnLogJoint::score(const Block& x, std::span<double> log_density) const {
  check_cells(x, name().c_str());
  auto values = log_joint(model_, x, theta().values());
  kernels::normalize(as_panel(values, x, states_), {}, log_density.data());
}

void OwnLogJoint::responsibilities(const Block& x, Panel p) const {
  check_cells(x, name().c_str());
  auto values = log_joint(model_, x, theta().values());
  discrete_responsibilities(x, as_panel(values, x, states_), p);
}

void OwnLogJoint::sample(std::uint64_t seed, std::int64_t first_row, Panel x, std::span<std::int32_t> z) const {
  draw(model_, theta().values(), seed, first_row, x, z);
}

QuadraticModel expanded_by_differences(std::span<const double> u,
                                       const std::function<double(std::span<const double>)>& f) {
  const std::size_t p = u.size();
  std::vector<double> v(u.begin(), u.end());
  std::vector<double> h(p);
  for (std::size_t j = 0; j < p; ++j) h[j] = 1e-3 * std::fmax(1, std::abs(u[j]));
  QuadraticModel result;
  result.value = f(v);
  const auto moved = [&](std::size_t a, double by_a, std::size_t b, double by_b) {
    v.assign(u.begin(), u.end());
    v[a] += by_a * h[a];
    v[b] += by_b * h[b];
    return f(v);
  };
  std::vector<double> sums(p);  // f(u + h e_j) + f(u − h e_j)
  for (std::size_t a = 0; a < p; ++a) {
    const double right = moved(a, 1, a, 0);
    const double left = moved(a, -1, a, 0);
    const double far_right = moved(a, 2, a, 0);
    const double far_left = moved(a, -2, a, 0);
    sums[a] = right + left;
    result.gradient.push_back((8 * (right - left) - (far_right - far_left)) / (12 * h[a]));
    for (std::size_t b = 0; b < a; ++b) {
      const double both = moved(a, 1, b, 1) + moved(a, -1, b, -1);
      result.hessian.push_back((both - sums[a] - sums[b] + 2 * result.value) / (2 * h[a] * h[b]));
    }
    result.hessian.push_back((16 * sums[a] - (far_right + far_left) - 30 * result.value) / (12 * h[a] * h[a]));
  }
  return result;
}

}  // namespace jensen::python
