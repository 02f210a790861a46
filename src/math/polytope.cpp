#include <jensen/error.h>
#include <jensen/math/polytope.h>

#include <Eigen/Cholesky>
#include <Eigen/QR>
#include <algorithm>
#include <cmath>
#include <limits>

namespace jensen {

namespace {

using Vector = Eigen::VectorXd;
using Matrix = Eigen::MatrixXd;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double step_in_units = 1e-4;

Eigen::Map<const Vector> view(std::span<const double> v) { return {v.data(), static_cast<Eigen::Index>(v.size())}; }

// Index of the only entry that is not 0; −1 where there are several.
Eigen::Index only_entry(std::span<const double> row) {
  Eigen::Index found = -1;
  for (std::size_t j = 0; j < row.size(); ++j) {
    if (row[j] == 0) continue;
    if (found >= 0) return -1;
    found = static_cast<Eigen::Index>(j);
  }
  return found;
}

// One climb. Everything is in units: t = x / unit, values divided by |f(start)|.
class Climb {
 public:
  Climb(const std::function<double(std::span<const double>)>& f, std::vector<double> start, const Polytope& domain,
        const OptimizerOptions& options)
      : f_(f), domain_(domain), options_(options), x_(std::move(start)), n_(static_cast<Eigen::Index>(x_.size())) {
    value_ = evaluate(x_);
    if (!std::isfinite(value_)) {
      throw ArgumentError("maximize_in_polytope", "start", "has the value " + std::to_string(value_));
    }
    if (!domain_.contains(x_)) throw ArgumentError("maximize_in_polytope", "start", "lies outside the polytope");
    scale_ = std::max(std::abs(value_), std::numeric_limits<double>::min());
    unit_.setOnes(n_);
    for (std::size_t i = 0; i < domain_.size(); ++i) {
      if (domain_.slack(i, x_) <= 0) working_.push_back(i);
    }
  }

  Maximum run() {
    Vector g = gradient();
    Matrix b = Matrix::Identity(n_, n_);  // of −∇²f
    bool fresh = true;
    for (; iterations_ < options_.max_iterations; ++iterations_) {
      const Matrix basis = null_space();
      Vector p = Vector::Zero(n_);
      if (basis.cols() > 0) {
        p = basis * (basis.transpose() * b * basis).ldlt().solve(basis.transpose() * g);
      }
      const double promised = 0.5 * g.dot(p);
      if (!(promised > options_.tolerance)) {
        if (!fresh) {  // the curvature may be stale: ask once more with none
          b.setIdentity();
          fresh = true;
          continue;
        }
        converged_ = !let_go(g);
        if (converged_) break;
        continue;
      }
      const Vector before = view(x_);
      if (!climb_along(p, g.dot(p))) {
        if (fresh) break;
        b.setIdentity();
        fresh = true;
        continue;
      }
      fresh = false;
      const Vector moved = (view(x_) - before).cwiseQuotient(unit_);
      const Vector next = gradient();
      update(b, moved, g - next);
      g = next;
    }
    return {x_, value_, iterations_, evaluations_, converged_};
  }

 private:
  double evaluate(std::span<const double> x) {
    ++evaluations_;
    const double value = f_(x);
    return std::isnan(value) ? -infinity : value;
  }

  // In units of coordinates, found at the start, and of values.
  Vector gradient() {
    Vector g(n_);
    std::vector<double> moved = x_;
    for (Eigen::Index j = 0; j < n_; ++j) {
      double& coordinate = moved[static_cast<std::size_t>(j)];
      const double here = coordinate;
      const auto along = [&](double displacement) {
        coordinate = here + displacement;
        const double value = evaluate(moved);
        coordinate = here;
        return value;
      };
      if (first_) {
        const Slope found = slope_along(along, value_, scale_);
        unit_(j) = found.unit;
        g(j) = found.slope * unit_(j) / scale_;
      } else {
        g(j) = difference(along, unit_(j) * step_in_units) * unit_(j) / scale_;
      }
    }
    first_ = false;
    return g;
  }

  double difference(const std::function<double(double)>& along, double h) const {
    const double up = along(h);
    const double down = along(-h);
    if (std::isfinite(up) && std::isfinite(down)) return (up - down) / (2 * h);
    if (std::isfinite(up)) return (up - value_) / h;
    return std::isfinite(down) ? (value_ - down) / h : 0;
  }

  Vector scaled_row(std::size_t i) const { return view(domain_.row(i)).cwiseProduct(unit_); }

  Matrix working_rows() const {
    Matrix a(n_, static_cast<Eigen::Index>(working_.size()));
    for (std::size_t k = 0; k < working_.size(); ++k) {
      const Vector row = scaled_row(working_[k]);
      a.col(static_cast<Eigen::Index>(k)) = row / std::max(row.norm(), std::numeric_limits<double>::min());
    }
    return a;
  }

  // Orthonormal directions that leave the active inequalities active.
  Matrix null_space() const {
    if (working_.empty()) return Matrix::Identity(n_, n_);
    const Eigen::ColPivHouseholderQR<Matrix> qr(working_rows());
    const Matrix q = qr.householderQ();
    return q.rightCols(n_ - qr.rank());
  }

  // Drops the active inequality that holds f back most; false where none does.
  bool let_go(const Vector& g) {
    if (working_.empty()) return false;
    const Vector multipliers = working_rows().colPivHouseholderQr().solve(-g);
    Eigen::Index worst = 0;
    const double smallest = multipliers.minCoeff(&worst);
    if (!(smallest < 0) || 0.5 * smallest * smallest <= options_.tolerance) return false;
    working_.erase(working_.begin() + worst);
    return true;
  }

  // The share of the step at which the first inequality is met, and which one.
  std::pair<double, std::size_t> room(const Vector& p) const {
    double share = infinity;
    std::size_t met = domain_.size();
    for (std::size_t i = 0; i < domain_.size(); ++i) {
      if (std::find(working_.begin(), working_.end(), i) != working_.end()) continue;
      const double rate = scaled_row(i).dot(p);
      if (!(rate < 0)) continue;
      const double here = std::max(domain_.slack(i, x_), 0.0) / -rate;
      if (here < share) share = here, met = i;
    }
    return {share, met};
  }

  bool climb_along(const Vector& p, double slope) {
    const auto [limit, met] = room(p);
    if (limit <= 1e-14 && met < domain_.size()) {  // stands there already
      working_.push_back(met);
      return true;
    }
    double share = std::min(1.0, limit);
    for (int k = 0; k < 60; ++k, share /= 2) {
      std::vector<double> tried(x_.size());
      for (std::size_t j = 0; j < x_.size(); ++j) {
        const auto e = static_cast<Eigen::Index>(j);
        tried[j] = x_[j] + share * p(e) * unit_(e);
      }
      settle(tried, share == limit ? met : domain_.size());
      const double value = evaluate(tried);
      if (!(value > value_) || !(value >= value_ + 1e-4 * share * slope * scale_)) continue;
      x_ = std::move(tried);
      value_ = value;
      if (share == limit) working_.push_back(met);
      return true;
    }
    return false;
  }

  // Removes what rounding leaves of the distance to active inequalities on one coordinate.
  void settle(std::vector<double>& x, std::size_t met) const {
    const auto onto = [&](std::size_t i) {
      const auto row = domain_.row(i);
      const Eigen::Index j = only_entry(row);
      if (j >= 0) x[static_cast<std::size_t>(j)] = domain_.limit[i] / row[static_cast<std::size_t>(j)];
    };
    for (std::size_t i : working_) onto(i);
    if (met < domain_.size()) onto(met);
  }

  // BFGS with Powell's damping, so that b stays positive definite.
  static void update(Matrix& b, const Vector& moved, Vector turned) {
    const Vector bent = b * moved;
    const double expected = moved.dot(bent);
    if (!(expected > 0)) return;
    const double found = moved.dot(turned);
    if (found < 0.2 * expected) {
      const double share = 0.8 * expected / (expected - found);
      turned = share * turned + (1 - share) * bent;
    }
    b += turned * turned.transpose() / moved.dot(turned) - bent * bent.transpose() / expected;
  }

  const std::function<double(std::span<const double>)>& f_;
  const Polytope& domain_;
  const OptimizerOptions& options_;
  std::vector<double> x_;
  Eigen::Index n_;
  double value_ = 0;
  double scale_ = 1;
  Vector unit_;
  bool first_ = true;
  std::vector<std::size_t> working_;  // the active inequalities
  int iterations_ = 0;
  int evaluations_ = 0;
  bool converged_ = false;
};

}  // namespace

void Polytope::add(std::span<const double> row, double at_least) {
  rows.insert(rows.end(), row.begin(), row.end());
  limit.push_back(at_least);
}

double Polytope::slack(std::size_t i, std::span<const double> x) const {
  double total = 0;
  for (std::size_t j = 0; j < dimension; ++j) total += row(i)[j] == 0 ? 0 : row(i)[j] * x[j];
  return total - limit[i];
}

bool Polytope::contains(std::span<const double> x) const {
  for (std::size_t i = 0; i < size(); ++i) {
    double magnitude = std::abs(limit[i]);
    for (std::size_t j = 0; j < dimension; ++j) magnitude = std::max(magnitude, std::abs(row(i)[j] * x[j]));
    if (slack(i, x) < -1e-13 * magnitude) return false;
  }
  return true;
}

std::vector<double> Polytope::nearest(std::span<const double> x, std::span<const double> unit) const {
  std::vector<double> point(x.begin(), x.end());
  std::vector<double> corrections(size(), 0.0);  // along each row's normal
  for (int sweep = 0; sweep < 2000 && !contains(point); ++sweep) {
    for (std::size_t i = 0; i < size(); ++i) {
      double norm = 0;
      for (std::size_t j = 0; j < dimension; ++j) norm += row(i)[j] * row(i)[j] * unit[j] * unit[j];
      if (norm == 0) continue;
      const double wanted = std::max(0.0, corrections[i] - slack(i, point) / norm);
      const double change = wanted - corrections[i];
      corrections[i] = wanted;
      for (std::size_t j = 0; j < dimension; ++j) point[j] += change * row(i)[j] * unit[j] * unit[j];
    }
  }
  if (!contains(point)) throw ArgumentError("Polytope::nearest", "x", "no point satisfies all inequalities");
  for (std::size_t i = 0; i < size(); ++i) {
    const Eigen::Index j = only_entry(row(i));
    if (j >= 0 && corrections[i] > 0) {
      point[static_cast<std::size_t>(j)] = limit[i] / row(i)[static_cast<std::size_t>(j)];
    }
  }
  return point;
}

Slope slope_along(const std::function<double(double)>& f, double here, double scale) {
  // A displacement that changes f by about a hundred-millionth: neither lost in rounding nor out of a parabola's reach.
  double h = 1e-4;
  const auto change = [&](double step) {
    const double up = std::abs(f(step) - here);
    const double down = std::abs(f(-step) - here);
    return std::isfinite(up) && std::isfinite(down) ? std::max(up, down) : std::min(up, down);
  };
  double changed = change(h);
  for (int k = 0; k < 40 && !(changed > 1e-9 * scale); ++k) changed = change(h *= 8);
  for (int k = 0; k < 60 && !(changed < 1e-6 * scale); ++k) changed = change(h /= 8);
  // A side without values lies beyond the domain's end, which a smaller displacement may keep away from.
  const auto one_sided = [&] { return !std::isfinite(f(h)) || !std::isfinite(f(-h)); };
  for (int k = 0; k < 20 && one_sided() && change(h / 8) > 1e-11 * scale; ++k) h /= 8;
  const double up = f(h);
  const double down = f(-h);
  Slope result;
  if (!std::isfinite(up) || !std::isfinite(down)) {
    result.slope = std::isfinite(up) ? (up - here) / h : (std::isfinite(down) ? (here - down) / h : 0);
    result.unit = h / step_in_units;
    return result;
  }
  const double curvature = (up - 2 * here + down) / (h * h);
  // Where a slope hides the bend, the unit is where the slope alone would change f by its magnitude.
  const double noise = 64 * std::numeric_limits<double>::epsilon() * scale / (h * h);
  result.unit = std::abs(curvature) > noise ? std::sqrt(scale / std::abs(curvature)) : h / step_in_units;
  const double close = std::min(result.unit * step_in_units, h * 8);
  const double a = f(close);
  const double b = f(-close);
  result.slope = std::isfinite(a) && std::isfinite(b) ? (a - b) / (2 * close) : (up - down) / (2 * h);
  return result;
}

Maximum maximize_in_polytope(const std::function<double(std::span<const double>)>& f, std::vector<double> start,
                             const Polytope& domain, const OptimizerOptions& options) {
  return Climb(f, std::move(start), domain, options).run();
}

}  // namespace jensen
