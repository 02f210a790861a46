// A model given by its log-joint alone, p(x, z; θ) with z in ℝ or ℝ² behind each row: adaptive Gauss–Hermite
// quadrature.
//
//   auto model = continuous_latent<1>(theta, [=](const auto& at, std::span<const double> row, const auto& z) {
//     auto total = normal_log_density(z[0], 0.0, 1.0) + …;    // log p(row | z; θ) + log p(z; θ)
//     return total;
//   });
//
// A row is a unit: all that shares one z. Units of several measurements lie side by side in their row (data/units.h
// makes such rows from a column of groups); shorter ones end in missing cells, which accept_missing() lets through.
#pragma once

#include <array>
#include <cmath>
#include <type_traits>
#include <utility>

#include <jensen/error.h>
#include <jensen/math/kernels.h>
#include <jensen/math/quadrature.h>
#include <jensen/math/random.h>
#include <jensen/models/discrete_posterior.h>
#include <jensen/models/log_joint.h>

namespace jensen {

/// The grid of one row: centre ẑ and the lower triangle L of its scale.
template <int D>
struct LatentGrid {
  std::array<double, D> centre{};
  std::array<double, D*(D + 1) / 2> scale{};

  /// The node of index m of a product rule.
  std::array<double, D> node(const GaussHermite& rule, int m) const;
  double log_volume() const;  ///< log |√2 L|
};

/// Nodes lie about the mode of z given x and θ, in units of its curvature there (Liu and Pierce 1994; Pinheiro and
/// Bates 1995). On them q is a discrete distribution against the nodes' volumes, so that the bound is tight to
/// rounding, and ℓ is the integral to the accuracy of the rule. The M-step is LogJointModel's. `LogJoint` is callable
/// as (const ParameterValues<T>&, std::span<const double> row, const std::array<Z, D>& z) for T and Z double or dual
/// numbers, and needs a maximum in z, inside. States there are none: labels and given responsibilities are refused.
template <int D, class LogJoint, class LogPrior = NothingGiven, class Sampler = NothingGiven>
class ContinuousLatent : public LogJointModel {
  static_assert(D == 1 || D == 2, "the cost of a grid grows too fast beyond two dimensions");

 public:
  struct Scratch {
    std::vector<double> panel;
    std::vector<double> row;
    std::vector<LatentGrid<D>> grids;
  };

  ContinuousLatent(Parameters theta, LogJoint log_joint, int points, LogPrior log_prior = {}, Sampler sampler = {})
      : LogJointModel(std::move(theta)),
        log_joint_(std::move(log_joint)),
        log_prior_(std::move(log_prior)),
        sampler_(std::move(sampler)),
        rule_(gauss_hermite(points)) {
    // The gradient of Q is that of ℓ as far as the rule integrates log p too: one node, Laplace's method, sees none of
    // the spread of z.
    if (points < 2) throw ArgumentError("continuous_latent", "points", "must be ≥ 2, got " + std::to_string(points));
  }

  /// See DiscreteLatent.
  template <class Prior>
  auto with_log_prior(Prior log_prior) const {
    return carry(
        ContinuousLatent<D, LogJoint, Prior, Sampler>(theta(), log_joint_, points(), std::move(log_prior), sampler_));
  }
  /// (const ParameterValues<double>&, Stream&, std::span<double> row) fills the row.
  template <class Draw>
  auto with_sampler(Draw sampler) const {
    return carry(
        ContinuousLatent<D, LogJoint, LogPrior, Draw>(theta(), log_joint_, points(), log_prior_, std::move(sampler)));
  }
  ContinuousLatent accept_missing() const {
    ContinuousLatent copy = *this;
    copy.set_accepts_missing();
    return copy;
  }

  std::string name() const { return "continuous latent model"; }
  int points() const { return static_cast<int>(rule_.node.size()); }

  Evidence expect(const Block& x, const Rule& rule, Statistics& s, Scratch& scratch) const {
    if (!x.allowed.empty()) throw UnsupportedError(name(), describe(Capability::states), "a column of labels");
    if (std::holds_alternative<Given>(rule)) {
      throw UnsupportedError(name(), describe(Capability::states), "a q that is given");
    }
    const Panel q = log_joint_panel(x, scratch);
    Evidence evidence = discrete_posterior(x, rule, q);
    evidence.state_entropy = 0;
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      const double volume = scratch.grids[static_cast<std::size_t>(i)].log_volume();
      for (int m = 0; m < q.columns; ++m) {
        if (q(i, m) > 0) evidence.entropy += q(i, m) * (volume + log_weight(m));
      }
    }
    accumulate(x, q, s, scratch);
    return evidence;
  }

  void maximize(const Statistics& s) {
    if constexpr (std::is_same_v<LogPrior, NothingGiven>) {
      step(s, nullptr);
    } else {
      const QuadraticModel prior = expanded<dynamic>(theta(), s.about, log_prior_);
      step(s, &prior);
    }
  }

  double log_prior() const {
    if constexpr (std::is_same_v<LogPrior, NothingGiven>) {
      return 0;
    } else {
      return log_prior_(theta().plain());
    }
  }

  void score(const Block& x, std::span<double> log_density) const {
    Scratch scratch;
    kernels::normalize(log_joint_panel(x, scratch), {}, log_density.data());
  }

  /// E[z | x_i; θ]: rows × D.
  void posterior_mean(const Block& x, Panel mean) const {
    Scratch scratch;
    const Panel q = log_joint_panel(x, scratch);
    kernels::normalize(q, {}, nullptr);
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      for (int d = 0; d < D; ++d) mean(i, d) = 0;
      for (int m = 0; m < q.columns; ++m) {
        const auto z = scratch.grids[static_cast<std::size_t>(i)].node(rule_, m);
        for (int d = 0; d < D; ++d) mean(i, d) += q(i, m) * z[static_cast<std::size_t>(d)];
      }
    }
  }

  void sample(std::uint64_t seed, std::int64_t first_row, Panel x, std::span<std::int32_t> z) const
      requires(!std::is_same_v<Sampler, NothingGiven>) {
    const ParameterValues<double> at = theta().plain();
    std::vector<double> row(static_cast<std::size_t>(x.columns));
    for (std::int64_t i = 0; i < x.rows; ++i) {
      Stream stream(seed, Purpose::sample, 0, 0, static_cast<std::uint64_t>(first_row + i));
      sampler_(at, stream, std::span<double>(row));
      for (int j = 0; j < x.columns; ++j) x(i, j) = row[static_cast<std::size_t>(j)];
    }
    for (auto& state : z) state = 0;
  }

 private:
  template <class Other>
  Other carry(Other other) const {
    return accepts_missing() ? other.accept_missing() : other;
  }

  int nodes() const { return D == 1 ? points() : points() * points(); }
  double log_weight(int m) const {
    if (D == 1) return rule_.log_weight[static_cast<std::size_t>(m)];
    return rule_.log_weight[static_cast<std::size_t>(m % points())] +
           rule_.log_weight[static_cast<std::size_t>(m / points())];
  }

  // log p(x_i, z_m; θ) and its derivatives in z.
  QuadraticModel in_z(const ParameterValues<double>& at, std::span<const double> row,
                      const std::array<double, D>& z) const {
    using Z = Dual<D, 2>;
    std::array<Z, D> variable;
    for (int d = 0; d < D; ++d) {
      variable[static_cast<std::size_t>(d)] = Z::variable(z[static_cast<std::size_t>(d)], d);
    }
    const Z value = log_joint_(at, row, variable);
    QuadraticModel result{value.value(), {}, {}};
    for (int a = 0; a < D; ++a) {
      result.gradient.push_back(value.gradient(a));
      for (int b = 0; b <= a; ++b) result.hessian.push_back(value.hessian(a, b));
    }
    return result;
  }

  // False where log p(x_i, 0; θ) is no number.
  bool find_grid(const ParameterValues<double>& at, const Block& x, std::int64_t i, std::span<const double> row,
                 LatentGrid<D>& grid) const {
    if (!std::isfinite(in_z(at, row, {}).value)) return false;
    const SecondOrder f = [&](std::span<const double> z, QuadraticModel& there) {
      std::array<double, D> point{};
      std::copy(z.begin(), z.end(), point.begin());
      there = in_z(at, row, point);
    };
    // Where the grid lies exactly does not matter, but it must be a smooth function of θ.
    const Maximum mode = maximize_by_newton(f, std::vector<double>(D, 0.0), {100, 1e-20});
    std::copy(mode.x.begin(), mode.x.end(), grid.centre.begin());
    QuadraticModel top = in_z(at, row, grid.centre);
    for (double& h : top.hessian) h = -h;
    const Cholesky precision = cholesky(top.hessian, D);
    if (!precision.positive_definite()) {
      throw DataError("row " + std::to_string(x.first_row + i + 1) +
                      ": the log-joint has no proper maximum in z, so that no quadrature can be laid about it");
    }
    // Σ = Λ⁻¹ = Mᵀ M with M = L_Λ⁻¹; its lower factor again by Cholesky.
    std::vector<double> covariance(packed_size(D), 0.0);
    for (int a = 0; a < D; ++a) {
      for (int b = 0; b <= a; ++b) {
        for (int c = a; c < D; ++c) {
          covariance[packed_index(a, b)] +=
              precision.inverse[packed_index(c, a)] * precision.inverse[packed_index(c, b)];
        }
      }
    }
    const Cholesky scale = cholesky(covariance, D);
    if (!scale.positive_definite()) return false;
    std::copy(scale.factor.begin(), scale.factor.end(), grid.scale.begin());
    return true;
  }

  // log p(x_i, z_m; θ) + log of the node's volume
  Panel log_joint_panel(const Block& x, Scratch& scratch) const {
    check_cells(x, "continuous latent model");
    scratch.panel.resize(static_cast<std::size_t>(x.rows()) * static_cast<std::size_t>(nodes()));
    scratch.grids.assign(static_cast<std::size_t>(x.rows()), {});
    const Panel p{scratch.panel.data(), x.rows(), nodes(), x.rows()};
    const ParameterValues<double> at = theta().plain();
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      const auto row = row_of(x, i, scratch.row);
      LatentGrid<D>& grid = scratch.grids[static_cast<std::size_t>(i)];
      const bool found = find_grid(at, x, i, row, grid);
      const double volume = found ? grid.log_volume() : 0;
      for (int m = 0; m < nodes(); ++m) {
        p(i, m) = found ? log_joint_(at, row, grid.node(rule_, m)) + volume + log_weight(m) : std::nan("");
      }
    }
    return p;
  }

  void accumulate(const Block& x, ConstPanel q, Statistics& s, Scratch& scratch) const {
    constexpr double negligible = 1e-19;
    const auto at = theta().template variables<Dual<>>(std::span<const double>(s.about));
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      const auto row = row_of(x, i, scratch.row);
      for (int m = 0; m < q.columns; ++m) {
        if (!(q(i, m) > negligible * x.weight(i))) continue;
        const Dual<> value = log_joint_(at, row, scratch.grids[static_cast<std::size_t>(i)].node(rule_, m));
        add_expansion(std::span<double>(s.sum), q(i, m), value);
      }
    }
  }

  LogJoint log_joint_;
  LogPrior log_prior_;
  Sampler sampler_;
  GaussHermite rule_;
};

/// The model log p(x, z; θ) = log_joint(θ, x, z), z in ℝ^D, D = 1 or 2, with so many quadrature points along each
/// dimension of z: 2 … 100.
template <int D, class LogJoint>
ContinuousLatent<D, LogJoint> continuous_latent(Parameters theta, LogJoint log_joint, int points = D == 1 ? 25 : 15) {
  return ContinuousLatent<D, LogJoint>(std::move(theta), std::move(log_joint), points);
}

template <int D>
std::array<double, D> LatentGrid<D>::node(const GaussHermite& rule, int m) const {
  constexpr double root_two = 1.41421356237309504880168872421;
  std::array<double, D> z = centre;
  const int points = static_cast<int>(rule.node.size());
  for (int b = 0; b < D; ++b) {
    const double t = root_two * rule.node[static_cast<std::size_t>(b == 0 ? m % points : m / points)];
    for (int a = b; a < D; ++a) z[static_cast<std::size_t>(a)] += scale[packed_index(a, b)] * t;
  }
  return z;
}

template <int D>
double LatentGrid<D>::log_volume() const {
  constexpr double half_log_two = 0.346573590279972654708616060729;
  double total = D * half_log_two;
  for (int a = 0; a < D; ++a) total += std::log(scale[packed_index(a, a)]);
  return total;
}

}  // namespace jensen
