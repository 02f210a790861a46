// A model given by its log-joint alone: p(x, z; θ) with z one of K states behind each row.
//
//   Parameters theta;
//   const auto share = theta.probability("share", 0.3);
//   const auto rate = theta.positive("rate", 2.0);
//   auto model = discrete_latent(2, theta, [=](const auto& at, std::span<const double> row, int z) {
//     using T = ScalarOf<decltype(at)>;
//     if (z == 0) return row[0] == 0 ? log(at[share]) : T(-INFINITY);
//     return log(1.0 - at[share]) + row[0] * log(at[rate]) - at[rate] - log_gamma(row[0] + 1);
//   });
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include <jensen/error.h>
#include <jensen/math/kernels.h>
#include <jensen/math/random.h>
#include <jensen/models/discrete_posterior.h>
#include <jensen/models/log_joint.h>

namespace jensen {

/// See LogJointModel for the M-step. `LogJoint` is callable as (const ParameterValues<T>&, std::span<const double> row,
/// int z) for T = double and for Dual numbers, and returns log p(row, z; θ) as T or double, −∞ where z is impossible.
/// It is called by several threads at once. Derivatives are never asked of a state without probability.
template <int N, class LogJoint, class LogPrior = NothingGiven, class Sampler = NothingGiven>
class DiscreteLatent : public LogJointModel {
 public:
  struct Scratch {
    std::vector<double> panel;
    std::vector<double> row;
  };

  DiscreteLatent(int states, Parameters theta, LogJoint log_joint, LogPrior log_prior = {}, Sampler sampler = {})
      : LogJointModel(std::move(theta)),
        states_(states),
        log_joint_(std::move(log_joint)),
        log_prior_(std::move(log_prior)),
        sampler_(std::move(sampler)) {
    if (states < 1) throw ArgumentError("discrete_latent", "states", "must be ≥ 1, got " + std::to_string(states));
    if (N != dynamic && N != this->theta().coordinates()) {
      throw ArgumentError("discrete_latent", "theta",
                          "has " + std::to_string(this->theta().coordinates()) +
                              " coordinates, not the N = " + std::to_string(N) + " said");
    }
  }

  /// The same model with log p(θ) added to the objective: a function of the values, (const ParameterValues<T>&) → T.
  /// It is a density of the values as they are, not of the coordinates: the maximum is that of ℓ(θ) + log p(θ).
  template <class Prior>
  auto with_log_prior(Prior log_prior) const {
    return carry(
        DiscreteLatent<N, LogJoint, Prior, Sampler>(states_, theta(), log_joint_, std::move(log_prior), sampler_));
  }
  /// The same model with a way to draw from it: (const ParameterValues<double>&, Stream&, std::span<double> row) fills
  /// the row and returns z.
  template <class Draw>
  auto with_sampler(Draw sampler) const {
    return carry(
        DiscreteLatent<N, LogJoint, LogPrior, Draw>(states_, theta(), log_joint_, log_prior_, std::move(sampler)));
  }
  /// Says that the log-joint knows what to do with cells that are NaN. Without it rows with such cells are refused.
  DiscreteLatent accept_missing() const {
    DiscreteLatent copy = *this;
    copy.set_accepts_missing();
    return copy;
  }

  std::string name() const { return "discrete latent model"; }
  int states() const { return states_; }

  Evidence expect(const Block& x, const Rule& rule, Statistics& s, Scratch& scratch) const {
    const Panel q = log_joint_panel(x, scratch);
    const Evidence evidence = discrete_posterior(x, rule, q);
    accumulate(x, q, s, scratch);
    return evidence;
  }

  void maximize(const Statistics& s) {
    if constexpr (std::is_same_v<LogPrior, NothingGiven>) {
      step(s, nullptr);
    } else {
      const QuadraticModel prior = expanded<N>(theta(), s.about, log_prior_);
      step(s, &prior);
    }
  }

  double log_prior() const {
    if constexpr (std::is_same_v<LogPrior, NothingGiven>)
      return 0;
    else
      return log_prior_(theta().plain());
  }

  void score(const Block& x, std::span<double> log_density) const {
    Scratch scratch;
    kernels::normalize(log_joint_panel(x, scratch), {}, log_density.data());
  }

  void responsibilities(const Block& x, Panel p) const {
    Scratch scratch;
    discrete_responsibilities(x, log_joint_panel(x, scratch), p);
  }

  void sample(std::uint64_t seed, std::int64_t first_row, Panel x, std::span<std::int32_t> z) const
      requires(!std::is_same_v<Sampler, NothingGiven>) {
    const ParameterValues<double> at = theta().plain();
    std::vector<double> row(static_cast<std::size_t>(x.columns));
    for (std::int64_t i = 0; i < x.rows; ++i) {
      Stream stream(seed, Purpose::sample, 0, 0, static_cast<std::uint64_t>(first_row + i));
      const int state = sampler_(at, stream, std::span<double>(row));
      for (int j = 0; j < x.columns; ++j) x(i, j) = row[static_cast<std::size_t>(j)];
      if (!z.empty()) z[static_cast<std::size_t>(i)] = state;
    }
  }

 private:
  template <class Other>
  Other carry(Other other) const {
    return accepts_missing() ? other.accept_missing() : other;
  }

  Panel log_joint_panel(const Block& x, Scratch& scratch) const {
    check_cells(x, "discrete latent model");
    scratch.panel.resize(static_cast<std::size_t>(x.rows()) * static_cast<std::size_t>(states_));
    const Panel p{scratch.panel.data(), x.rows(), states_, x.rows()};
    const ParameterValues<double> at = theta().plain();
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      const auto row = row_of(x, i, scratch.row);
      for (int k = 0; k < states_; ++k) p(i, k) = log_joint_(at, row, k);
    }
    return p;
  }

  void accumulate(const Block& x, ConstPanel q, Statistics& s, Scratch& scratch) const {
    using D = Dual<N, 2>;
    const ParameterValues<D> at = theta().template variables<D>(std::span<const double>(s.about));
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      const auto row = row_of(x, i, scratch.row);
      for (int k = 0; k < states_; ++k) {
        if (const double share = q(i, k); share > 0) {
          const D value = log_joint_(at, row, k);
          add_expansion(std::span<double>(s.sum), share, value);
        }
      }
    }
  }

  int states_;
  LogJoint log_joint_;
  LogPrior log_prior_;
  Sampler sampler_;
};

/// The model log p(x, z; θ) = log_joint(θ, x, z) with z in 0 … states − 1, at the values that theta holds. With N, the
/// number of theta's coordinates, said at compile time, derivatives are faster.
template <int N = dynamic, class LogJoint>
DiscreteLatent<N, LogJoint> discrete_latent(int states, Parameters theta, LogJoint log_joint) {
  return DiscreteLatent<N, LogJoint>(states, std::move(theta), std::move(log_joint));
}

}  // namespace jensen
