#include <jensen/em/constrained_model.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "em/constraint_chart.h"

namespace jensen {

namespace {

constexpr double minus_infinity = -std::numeric_limits<double>::infinity();

// Q + log prior as a function of the coordinates of the constraints.
class Surface {
 public:
  Surface(const Model& model, const ConstraintChart& chart, const Statistics& s)
      : chart_(chart), statistics_(s), trial_(model.clone()), spare_(model.clone()) {}

  double operator()(std::span<const double> x) {
    // A point before this one may have left the trial where a parameter has no coordinate: a second try starts afresh.
    for (int tries = 0; tries < 2; ++tries) {
      try {
        chart_.place(*trial_, x);
        return trial_->expected_log_joint(statistics_) + trial_->log_prior();
      } catch (const ArgumentError&) {  // outside the model's domain
        trial_ = spare_->clone();
      }
    }
    return minus_infinity;
  }

 private:
  const ConstraintChart& chart_;
  const Statistics& statistics_;
  std::unique_ptr<Model> trial_;
  std::unique_ptr<Model> spare_;
};

// Climbs over the constrained values first, and over those other coordinates along which there is a slope. Where Q
// falls apart into a part that constraints touch and one that they do not, the latter is at its maximum already.
class Ascent {
 public:
  Ascent(Surface& f, const ConstraintChart& chart, std::vector<double> start, int iterations)
      : f_(f), chart_(chart), x_(std::move(start)), value_(f(x_)), moves_(x_.size(), false) {
    options_.max_iterations = iterations;
    std::fill_n(moves_.begin(), chart.values(), true);
  }

  void run() {
    for (int round = 0; round < 4; ++round) {
      const bool more = add_slopes();
      if (round > 0 && !more) return;
      climb();
    }
  }
  const std::vector<double>& x() const { return x_; }
  double value() const { return value_; }

 private:
  bool add_slopes() {
    bool found = false;
    const double scale = std::max(std::abs(value_), std::numeric_limits<double>::min());
    for (std::size_t j = chart_.values(); j < x_.size(); ++j) {
      if (moves_[j]) continue;
      std::vector<double> moved = x_;
      const Slope slope = slope_along(
          [&](double displacement) {
            moved[j] = x_[j] + displacement;
            return f_(moved);
          },
          value_, scale);
      const double g = slope.slope * slope.unit / scale;
      if (0.5 * g * g > 1e-15) found = moves_[j] = true;
    }
    return found;
  }

  void climb() {
    std::vector<std::size_t> which;
    for (std::size_t j = 0; j < x_.size(); ++j) {
      if (moves_[j]) which.push_back(j);
    }
    Polytope domain{which.size(), {}, {}};
    for (std::size_t i = 0; i < chart_.domain().size(); ++i) {
      std::vector<double> row(which.size(), 0.0);  // inequalities are about the constrained values, all of which move
      for (std::size_t k = 0; k < which.size(); ++k) row[k] = chart_.domain().row(i)[which[k]];
      domain.add(row, chart_.domain().limit[i]);
    }
    std::vector<double> full = x_;
    const auto f = [&](std::span<const double> part) {
      for (std::size_t k = 0; k < which.size(); ++k) full[which[k]] = part[k];
      return f_(full);
    };
    std::vector<double> start;
    for (std::size_t j : which) start.push_back(x_[j]);
    const Maximum top = maximize_in_polytope(f, start, domain, options_);
    for (std::size_t k = 0; k < which.size(); ++k) x_[which[k]] = top.x[k];
    value_ = top.value;
  }

  Surface& f_;
  const ConstraintChart& chart_;
  std::vector<double> x_;
  double value_;
  std::vector<bool> moves_;
  OptimizerOptions options_;
};

// Where to climb from: where the model stands, the plain M-step brought onto the constraints, or that M-step for all
// that no constraint touches. The last is that part's maximum, however little it gains.
std::vector<double> best_start(Surface& f, const ConstraintChart& chart, const std::vector<double>& here,
                               const Model& plain) {
  std::vector<double> best = here;
  try {
    const auto projected = chart.nearest_coordinates(plain);
    std::vector<double> untouched = projected;
    std::copy_n(here.begin(), chart.values(), untouched.begin());
    double reached = f(here);
    for (const auto& tried : {untouched, projected}) {
      const double value = f(tried);
      if (value > reached) best = tried, reached = value;
    }
  } catch (const ArgumentError&) {  // the plain M-step ended too far away
  }
  return best;
}

}  // namespace

ConstrainedModel::ConstrainedModel(const Model& model, const Constraints& constraints) : inner_(model.clone()) {
  for (const auto c : {Capability::parameters, Capability::unconstrained, Capability::expected_log_joint}) {
    model.require(c, "a constraint");
  }
  chart_ = std::make_shared<const ConstraintChart>(model, constraints);
  if (!chart_->satisfied_by(model.parameters())) chart_->place(*inner_, chart_->nearest_coordinates(model));
}

ConstrainedModel::ConstrainedModel(const ConstrainedModel& other)
    : Model(other),
      inner_(other.inner_->clone()),
      chart_(other.chart_),
      tentative_(other.tentative_),
      degeneracies_(other.degeneracies_) {}

bool ConstrainedModel::can(Capability capability) const {
  return capability != Capability::parts && inner_->can(capability);
}

void ConstrainedModel::maximize_part(const Statistics&, int) {
  throw UnsupportedError(name() + " under constraints", describe(Capability::parts), "this call");
}

void ConstrainedModel::maximize(const Statistics& s) {
  auto plain = inner_->clone();
  plain->maximize(s);
  tentative_ = plain->tentative();
  degeneracies_.clear();
  if (chart_->satisfied_by(plain->parameters())) {
    inner_ = std::move(plain);
    degeneracies_ = inner_->degeneracies();
    return;
  }
  Surface f(*inner_, *chart_, s);
  const auto here = chart_->coordinates(*inner_);
  const double reached = f(here);
  if (!std::isfinite(reached)) {
    degeneracies_.push_back({0, true, "a parameter reached the edge of its domain, where constraints cannot be kept"});
    return;
  }
  const auto start = best_start(f, *chart_, here, *plain);
  // An expansion of Q need not have a maximum: some steps along it, on trial in the loop.
  Ascent ascent(f, *chart_, start, tentative_ ? 3 : 200);
  ascent.run();
  if (ascent.value() > reached) chart_->place(*inner_, ascent.x());
}

std::vector<double> ConstrainedModel::unconstrained() const { return chart_->coordinates(*inner_); }

void ConstrainedModel::set_unconstrained(std::span<const double> u) {
  if (u.size() != chart_->size()) {
    throw ArgumentError("ConstrainedModel::set_unconstrained", "u",
                        "must hold " + std::to_string(chart_->size()) + " numbers, got " + std::to_string(u.size()));
  }
  for (double x : u) {
    if (!std::isfinite(x)) throw ArgumentError("ConstrainedModel::set_unconstrained", "u", "is not finite");
  }
  auto there = inner_->clone();
  chart_->place(*there, chart_->inside(u));
  inner_ = std::move(there);
  tentative_ = false;
  degeneracies_.clear();
}

void ConstrainedModel::set_parameters(std::span<const double> v) {
  const std::vector<double> values(v.begin(), v.end());
  if (values.size() == inner_->parameters().size()) {
    if (const auto broken = chart_->broken_by(values); !broken.empty()) {
      throw ArgumentError("ConstrainedModel::set_parameters", broken, "does not satisfy its constraints");
    }
  }
  inner_->set_parameters(values);
  tentative_ = false;
  degeneracies_.clear();
}

int ConstrainedModel::free_parameters() const { return static_cast<int>(chart_->size()); }

}  // namespace jensen
