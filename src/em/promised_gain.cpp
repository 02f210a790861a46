#include <jensen/em/promised_gain.h>
#include <jensen/math/random.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace jensen {

namespace {

// Each probe costs a handful of evaluations of Q, which for thousands of parameters are no longer cheap.
std::vector<std::size_t> coordinates_to_probe(std::size_t parameters) {
  std::vector<std::size_t> all(parameters);
  std::iota(all.begin(), all.end(), std::size_t{0});
  const std::size_t probes = parameters <= 2000 ? 32 : 4;
  if (parameters <= probes) return all;
  Stream stream(parameters, Purpose::start);
  for (std::size_t i = 0; i < probes; ++i) {
    const auto j = i + static_cast<std::size_t>(stream.uniform() * static_cast<double>(parameters - i));
    std::swap(all[i], all[std::min(j, parameters - 1)]);
  }
  all.resize(probes);
  return all;
}

class Profile {
 public:
  Profile(const Model& theta, const Statistics& statistics, double weight)
      : statistics_(statistics), weight_(weight), moved_(theta.clone()), u_(theta.unconstrained()), here_(at(0, 0)) {}

  std::size_t size() const { return u_.size(); }

  // The rise of Q that a Newton step along coordinate j finds; 0 where it finds none.
  double rise(std::size_t j) const {
    double step = 1e-4 * std::max(std::abs(u_[j]), 1e-3);
    double up = at(j, step) - here_;
    // A step that changes Q by a millionth per observation is neither lost in rounding nor out of reach of a parabola.
    for (int tries = 0; tries < 40 && !(std::abs(up) > 1e-8 * weight_); ++tries) up = at(j, step *= 4) - here_;
    for (int tries = 0; tries < 40 && !(std::abs(up) < 1e-4 * weight_); ++tries) up = at(j, step /= 4) - here_;
    const double down = at(j, -step) - here_;
    if (!std::isfinite(up) || !std::isfinite(down)) return 0;
    const double curvature = up + down;
    const double best =
        curvature < 0 ? std::clamp(0.5 * (down - up) / curvature, -10.0, 10.0) : (up > down ? 1.0 : -1.0);
    double found = std::max({up, down, at(j, best * step) - here_});
    // Far from the top the probes see a slope but hardly a bend: go on while that pays.
    double reach = best * step;
    for (int tries = 0; tries < 60; ++tries) {
      const double further = at(j, reach *= 2) - here_;
      if (!(further > found) || !std::isfinite(further)) break;
      found = further;
    }
    return std::isfinite(found) ? std::max(found, 0.0) : 0;
  }

 private:
  double at(std::size_t j, double step) const {
    std::vector<double> u = u_;
    u[j] += step;
    try {
      moved_->set_unconstrained(u);
    } catch (const ArgumentError&) {  // beyond what numbers can hold: no rise there
      return -std::numeric_limits<double>::infinity();
    }
    return moved_->expected_log_joint(statistics_) + moved_->log_prior();
  }

  const Statistics& statistics_;
  double weight_;
  std::unique_ptr<Model> moved_;
  std::vector<double> u_;
  double here_;
};

}  // namespace

double promised_gain(const Model& theta, const Statistics& statistics, double weight) {
  if (!theta.can(Capability::unconstrained) || !theta.can(Capability::expected_log_joint)) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  if (theta.unconstrained().empty()) return 0;
  const Profile profile(theta, statistics, weight);
  double largest = 0;
  for (std::size_t j : coordinates_to_probe(profile.size())) largest = std::max(largest, profile.rise(j));
  return largest;
}

}  // namespace jensen
