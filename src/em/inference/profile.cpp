#include <jensen/em/inference/profile.h>
#include <jensen/error.h>
#include <jensen/math/normal_quantile.h>

#include <fmt/format.h>

#include <Eigen/Dense>
#include <cmath>
#include <functional>
#include <optional>

#include "em/inference/delta_method.h"
#include "em/inference/setting.h"

namespace jensen {

namespace {

using Vector = Eigen::VectorXd;

constexpr double enough_gain = 1e-8;   // of log-likelihood: the inner maximum is found
constexpr double enough_match = 1e-7;  // of a standard error: the constraint is met
constexpr double enough_root = 1e-5;   // of the signed root: the end is found
constexpr int inner_limit = 30;        // E-steps for one value of the parameter: one that takes more cannot be had

// Values and derivatives at one u, from one E-step there.
struct Place {
  Vector u;
  double objective = 0;  // ℓ + log p, scaled to n observations
  Vector gradient;
  double value = 0;  // of the parameter profiled
  Vector slope;      // ∂ value/∂u
};

class Profiler {
 public:
  Profiler(const Setting& setting, const ProfileOptions& options)
      : setting_(setting),
        options_(options),
        information_(oakes_information(setting)),
        delta_(setting.around, information_),
        parameters_(named_parameters(setting.theta)),
        e_step_(setting.data, setting.workers),
        scale_(setting.observations / setting.at.evidence.weight) {
    const Eigen::MatrixXd covariance = delta_.covariance();
    for (Eigen::Index i = 0; i < covariance.rows(); ++i) {
      auto& error = parameters_[static_cast<std::size_t>(i)].standard_error;
      const std::string reason = delta_.reason(static_cast<std::size_t>(i), covariance(i, i));
      error = reason.empty() ? Available::number(std::sqrt(covariance(i, i))) : Available::not_available(reason);
    }
  }

  std::size_t size() const { return parameters_.size(); }

  Interval interval(std::size_t parameter) {
    const auto& p = parameters_[parameter];
    if (!p.standard_error) return {p.standard_error, p.standard_error};
    parameter_ = parameter;
    error_ = *p.standard_error;
    const auto& u = setting_.around.coordinates();
    centre_ = *place(Eigen::Map<const Vector>(u.data(), static_cast<Eigen::Index>(u.size())));
    return {end(-1), end(1)};
  }

 private:
  Vector gradient_of(const Vector& u, const std::function<double(const Model&)>& f) const {
    Vector gradient(u.size());
    for (Eigen::Index j = 0; j < u.size(); ++j) {
      const auto coordinate = static_cast<std::size_t>(j);
      std::array<double, Neighbourhood::stations> values{};
      const double h = setting_.around.step(coordinate);
      for (std::size_t which = 0; which < values.size(); ++which) {
        Vector moved = u;
        moved(j) += (which % 2 == 0 ? 1 : -1) * (which < 2 ? h : h / 2);
        values[which] = f(*model_at(moved));
      }
      gradient(j) = setting_.around.flat(coordinate) ? 0 : setting_.around.derivative(coordinate, values);
    }
    return gradient;
  }

  std::unique_ptr<Model> model_at(const Vector& u) const {
    auto model = setting_.theta.clone();
    model->set_unconstrained({u.data(), static_cast<std::size_t>(u.size())});
    return model;
  }

  // Nothing where numbers end or the likelihood does.
  std::optional<Place> place(const Vector& u) {
    try {
      const auto model = model_at(u);
      const Expected expected = e_step_(*model);
      Place at;
      at.u = u;
      at.objective = scale_ * (expected.evidence.log_likelihood + model->log_prior());
      at.gradient = scale_ * gradient_of(u, [&](const Model& m) {
                      return m.expected_log_joint(expected.statistics) + m.log_prior();
                    });
      at.value = model->parameters()[parameter_];
      at.slope = gradient_of(u, [&](const Model& m) { return m.parameters()[parameter_]; });
      const bool sound =
          std::isfinite(at.objective) && std::isfinite(at.value) && at.gradient.allFinite() && at.slope.allFinite();
      return sound ? std::optional(at) : std::nullopt;
    } catch (const Error&) {
      return std::nullopt;
    }
  }

  // Observed information with its unsound directions made sound.
  Eigen::MatrixXd first_curvature() const {
    const Eigen::MatrixXd complete = scale_ * unpacked(information_.complete, information_.size());
    const Eigen::MatrixXd observed = scale_ * unpacked(information_.observed(), information_.size());
    Vector unit = complete.diagonal();
    for (double& value : unit) value = value > 0 ? 1 / std::sqrt(value) : 1;
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(unit.asDiagonal() * observed * unit.asDiagonal());
    const Vector spectrum = solver.eigenvalues().cwiseMax(1e-3);
    const Vector back = unit.cwiseInverse();
    return back.asDiagonal() * solver.eigenvectors() * spectrum.asDiagonal() * solver.eigenvectors().transpose() *
           back.asDiagonal();
  }

  // The maximum of the objective where the parameter is `target`, from a place nearby; nothing where none is found.
  std::optional<Place> constrained_maximum(Place at, double target, int& whole_budget) {
    int budget = std::min(whole_budget, inner_limit);
    whole_budget -= budget;
    auto found = constrained_maximum_within(std::move(at), target, budget);
    whole_budget += budget;
    return found;
  }

  std::optional<Place> constrained_maximum_within(Place at, double target, int& budget) {
    Eigen::MatrixXd curvature = first_curvature();
    double penalty = 0;
    while (budget > 0) {
      const Eigen::LLT<Eigen::MatrixXd> factor(curvature);
      const Vector free_step = factor.solve(at.gradient);
      const Vector along = factor.solve(at.slope);
      const double miss = target - at.value;
      const double multiplier = (at.slope.dot(free_step) - miss) / at.slope.dot(along);
      const Vector step = free_step - multiplier * along;
      const double promised = 0.5 * (at.gradient - multiplier * at.slope).dot(step);
      if (std::abs(miss) < enough_match * error_ && promised < enough_gain) return at;
      penalty = std::max(penalty, 2 * std::abs(multiplier));
      const auto next = search(at, step, target, penalty, budget);
      if (!next) return std::nullopt;
      update(curvature, next->u - at.u,
             -(next->gradient - multiplier * next->slope) + (at.gradient - multiplier * at.slope));
      at = *next;
    }
    return std::nullopt;
  }

  // Along the step, halved until the objective less the penalty for missing the target has risen.
  std::optional<Place> search(const Place& at, const Vector& step, double target, double penalty, int& budget) {
    const auto merit = [&](const Place& p) { return p.objective - penalty * std::abs(p.value - target); };
    const double noise = 1e-12 * (1 + std::abs(at.objective));
    for (double length = 1; length > 1e-4 && budget > 0; length /= 2) {
      --budget;
      auto next = place(at.u + length * step);
      if (next && merit(*next) >= merit(at) - noise) return next;
    }
    return std::nullopt;
  }

  // BFGS, damped by Powell (1978) so that the curvature stays positive.
  static void update(Eigen::MatrixXd& curvature, const Vector& s, Vector y) {
    const Vector bs = curvature * s;
    const double sbs = s.dot(bs);
    if (!(sbs > 0)) return;
    const double sy = s.dot(y);
    if (sy < 0.2 * sbs) y += (0.8 * sbs / (sbs - sy)) * (bs - y);
    curvature += y * y.transpose() / s.dot(y) - bs * bs.transpose() / sbs;
  }

  double root_of(const Place& at) const { return std::sqrt(std::max(0.0, 2 * (centre_.objective - at.objective))); }

  Available end(int sign) {
    const double wanted = normal_quantile(0.5 + options_.level / 2);
    int budget = options_.max_iterations;
    Place inside = centre_;  // its root is short of what is wanted
    double inside_root = 0;
    std::optional<std::pair<double, double>> outside;  // value and root beyond it
    std::optional<double> infeasible;                  // value that the parameter cannot have
    double target = centre_.value + sign * wanted * error_;
    while (budget > 0) {
      const auto found = constrained_maximum(inside, target, budget);
      if (budget <= 0 && !found) break;
      if (!found) {
        infeasible = target;
      } else if (const double root = root_of(*found); std::abs(root - wanted) < enough_root) {
        return Available::number(found->value);
      } else if (root > wanted) {
        outside = {found->value, root};
      } else {
        inside = *found;
        inside_root = root;
      }
      if (outside) {
        // Kept off the ends, so that both close in.
        const double share = (wanted - inside_root) / (outside->second - inside_root);
        target = inside.value + std::clamp(share, 0.05, 0.95) * (outside->first - inside.value);
      } else if (infeasible) {
        target = 0.5 * (inside.value + *infeasible);
        if (std::abs(*infeasible - inside.value) < 1e-4 * error_) {
          return Available::not_available(fmt::format(
              "the likelihood does not fall far enough before the edge of its range, near {:.6g}", inside.value));
        }
      } else {
        const double reach = inside.value - centre_.value;
        target =
            centre_.value + reach * (inside_root > 0.1 * wanted ? std::min(wanted / inside_root * 1.05, 4.0) : 4.0);
      }
    }
    return Available::not_available(
        fmt::format("the profile likelihood was not followed to its end in {} E-steps", options_.max_iterations));
  }

  const Setting& setting_;
  const ProfileOptions& options_;
  Information information_;
  DeltaMethod delta_;
  std::vector<ParameterUncertainty> parameters_;
  EStep e_step_;
  double scale_;
  std::size_t parameter_ = 0;
  double error_ = 1;
  Place centre_;
};

void check(const Model& theta, const ProfileOptions& options) {
  theta.require(Capability::parameters, "profile_intervals");
  if (!(options.level > 0 && options.level < 1)) {
    throw ArgumentError("profile_intervals", "level", fmt::format("must lie between 0 and 1, got {}", options.level));
  }
  if (options.max_iterations < 1) {
    throw ArgumentError("profile_intervals", "max_iterations",
                        fmt::format("must be at least 1, got {}", options.max_iterations));
  }
}

}  // namespace

Interval profile_interval(const Model& theta, const Data& data, int parameter, const ProfileOptions& options) {
  check(theta, options);
  const auto count = static_cast<int>(theta.parameters().size());
  if (parameter < 0 || parameter >= count) {
    throw ArgumentError("profile_interval", "parameter", fmt::format("{} is not one of {}", parameter, count));
  }
  Workers workers(options.threads);
  const Setting setting(theta, data, workers, "profile_interval");
  return Profiler(setting, options).interval(static_cast<std::size_t>(parameter));
}

std::vector<Interval> profile_intervals(const Model& theta, const Data& data, const ProfileOptions& options) {
  check(theta, options);
  Workers workers(options.threads);
  const Setting setting(theta, data, workers, "profile_intervals");
  Profiler profiler(setting, options);
  std::vector<Interval> intervals;
  for (std::size_t i = 0; i < profiler.size(); ++i) intervals.push_back(profiler.interval(i));
  return intervals;
}

}  // namespace jensen
