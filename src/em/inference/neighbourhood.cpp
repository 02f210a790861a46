#include "em/inference/neighbourhood.h"

#include <jensen/error.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace jensen {

namespace {

constexpr std::array<double, Neighbourhood::stations> multiples = {1, -1, 0.5, -0.5};

}  // namespace

Neighbourhood::Neighbourhood(const Model& theta, const Expected& at, double observations, Workers& workers,
                             const char* needed_by)
    : centre_(theta.clone()) {
  theta.require(Capability::unconstrained, needed_by);
  theta.require(Capability::expected_log_joint, needed_by);
  u_ = theta.unconstrained();
  steps_.assign(u_.size(), 0.0);
  flat_.assign(u_.size(), 0);
  stations_.resize(u_.size() * stations);
  // Weights that sum to something else than n make Q that much larger or smaller.
  const double unit = observations > 0 ? at.evidence.weight / observations : 1;
  const double magnitude = std::abs(objective(theta, at.statistics));
  const double noise = 4 * std::numeric_limits<double>::epsilon() * (magnitude + at.evidence.weight);
  const double fall = 1e-3 * unit + 1e-7 * magnitude;
  workers.run(static_cast<int>(u_.size()), [&](int task, int) {
    const auto j = static_cast<std::size_t>(task);
    choose_step(j, at.statistics, fall, noise);
    for (std::size_t which = 0; which < stations; ++which) {
      stations_[j * stations + which] = moved({{j, multiples[which] * steps_[j]}});
    }
  });
}

double Neighbourhood::objective(const Model& model, const Statistics& s) const {
  return model.expected_log_joint(s) + model.log_prior();
}

std::unique_ptr<Model> Neighbourhood::moved(std::initializer_list<Shift> shifts) const {
  std::vector<double> u = u_;
  for (const auto& shift : shifts) u[shift.coordinate] += shift.by;
  auto model = centre_->clone();
  model->set_unconstrained(u);
  return model;
}

std::unique_ptr<Model> Neighbourhood::moved_by(const Eigen::VectorXd& direction, double scale) const {
  std::vector<double> u = u_;
  for (std::size_t j = 0; j < u.size(); ++j) u[j] += scale * direction(static_cast<Eigen::Index>(j));
  auto model = centre_->clone();
  model->set_unconstrained(u);
  return model;
}

bool Neighbourhood::stands_still(std::size_t j, double by) const {
  try {
    const auto there = moved({{j, by}});
    return centre_->can(Capability::parameters) ? there->parameters() == centre_->parameters()
                                                : there->unconstrained() == u_;
  } catch (const ArgumentError&) {  // beyond what numbers can hold
    return false;
  }
}

// Twice the fall of Q on the way to ±h; it grows as h² while Q is a parabola.
void Neighbourhood::choose_step(std::size_t j, const Statistics& s, double fall, double noise) {
  const double here = objective(*centre_, s);
  const auto fall_at = [&](double h) {
    try {
      const double value = 2 * here - objective(*moved({{j, h}}), s) - objective(*moved({{j, -h}}), s);
      return std::isfinite(value) ? std::abs(value) : std::numeric_limits<double>::infinity();
    } catch (const ArgumentError&) {  // beyond what numbers can hold
      return std::numeric_limits<double>::infinity();
    }
  };
  const double farthest = 1e3 * (1 + std::abs(u_[j]));
  double h = 1e-3 * std::max(std::abs(u_[j]), 1e-3);
  if (stands_still(j, h) != stands_still(j, -h)) {
    flat_[j] = at_a_bound;
    steps_[j] = h;
    return;
  }
  double found = fall_at(h);
  for (int tries = 0; tries < 60 && !(found > fall / 2 && found < 2 * fall); ++tries) {
    const double factor = std::isinf(found) ? 1.0 / 16 : std::clamp(std::sqrt(fall / found), 1.0 / 16, 16.0);
    if (h * factor > farthest) break;
    h *= factor;
    found = fall_at(h);
  }
  if (!(found > 8 * noise) && std::isfinite(found)) {
    flat_[j] = 1;
    steps_[j] = 1e-3 * std::max(std::abs(u_[j]), 1e-3);
    return;
  }
  // Where Q has bent away from the parabola, come closer while there are digits to lose.
  for (int tries = 0; tries < 20; ++tries) {
    const double half = fall_at(h / 2);
    if (std::isfinite(found) && std::abs(4 * half - found) < 0.05 * found) break;
    if (half < 1e4 * noise && std::isfinite(found)) break;
    h /= 2;
    found = half;
  }
  steps_[j] = h;
}

Eigen::VectorXd Neighbourhood::gradient(const Statistics& s) const {
  Eigen::VectorXd g(static_cast<Eigen::Index>(size()));
  for (std::size_t j = 0; j < size(); ++j) {
    std::array<double, stations> f{};
    for (std::size_t which = 0; which < stations; ++which) f[which] = station(j, which).expected_log_joint(s);
    g(static_cast<Eigen::Index>(j)) = derivative(j, f);
  }
  return g;
}

Eigen::VectorXd Neighbourhood::prior_gradient() const {
  Eigen::VectorXd g(static_cast<Eigen::Index>(size()));
  for (std::size_t j = 0; j < size(); ++j) {
    std::array<double, stations> f{};
    for (std::size_t which = 0; which < stations; ++which) f[which] = station(j, which).log_prior();
    g(static_cast<Eigen::Index>(j)) = derivative(j, f);
  }
  return g;
}

Eigen::MatrixXd Neighbourhood::complete_information(const Statistics& s, Workers& workers) const {
  const auto p = static_cast<Eigen::Index>(size());
  Eigen::MatrixXd information(p, p);
  const double here = objective(*centre_, s);
  const auto at = [&](std::size_t i, double hi, std::size_t j, double hj) {
    return objective(*moved({{i, hi}, {j, hj}}), s);
  };
  workers.run(static_cast<int>(p), [&](int task, int) {
    const auto i = static_cast<std::size_t>(task);
    const double h = steps_[i];
    const double wide = (objective(station(i, 0), s) - 2 * here + objective(station(i, 1), s)) / (h * h);
    const double narrow = (objective(station(i, 2), s) - 2 * here + objective(station(i, 3), s)) / (h * h / 4);
    information(task, task) = flat(i) ? 0 : -(4 * narrow - wide) / 3;
    for (std::size_t j = 0; j < i; ++j) {
      const auto mixed = [&](double a, double b) {
        return (at(i, a, j, b) - at(i, a, j, -b) - at(i, -a, j, b) + at(i, -a, j, -b)) / (4 * a * b);
      };
      const double k = steps_[j];
      const double value = flat(i) || flat(j) ? 0 : -(4 * mixed(h / 2, k / 2) - mixed(h, k)) / 3;
      information(task, static_cast<Eigen::Index>(j)) = value;
      information(static_cast<Eigen::Index>(j), task) = value;
    }
  });
  return information;
}

Eigen::MatrixXd Neighbourhood::jacobian() const {
  const auto parameters = static_cast<Eigen::Index>(centre_->parameters().size());
  Eigen::MatrixXd jacobian(parameters, static_cast<Eigen::Index>(size()));
  for (std::size_t j = 0; j < size(); ++j) {
    std::array<Eigen::ArrayXd, stations> f;
    for (std::size_t which = 0; which < stations; ++which) {
      const auto values = station(j, which).parameters();
      f[which] = Eigen::Map<const Eigen::ArrayXd>(values.data(), parameters);
    }
    jacobian.col(static_cast<Eigen::Index>(j)) = derivative(j, f).matrix();
  }
  return jacobian;
}

}  // namespace jensen
