#include <jensen/error.h>
#include <jensen/models/log_joint.h>

#include <fmt/format.h>

#include <cmath>

namespace jensen {

LogJointModel::LogJointModel(Parameters theta) : theta_(std::move(theta)) {
  if (theta_.coordinates() <= most_log_joint_coordinates) return;
  throw ArgumentError("log-joint model", "theta",
                      fmt::format("has {} coordinates; at most {} can be differentiated twice in reasonable time",
                                  theta_.coordinates(), most_log_joint_coordinates));
}

Statistics LogJointModel::no_statistics() const {
  const int p = theta_.coordinates();
  return {std::vector<double>(2 + static_cast<std::size_t>(dual_size(p, 2)), 0.0), theta_.unconstrained()};
}

double LogJointModel::expected_log_joint(const Statistics& s) const {
  const auto u = theta_.unconstrained();
  const std::size_t p = u.size();
  double total = s.sum[1];
  for (std::size_t a = 0; a < p; ++a) {
    const double da = u[a] - s.about[a];
    total += s.sum[2 + a] * da;
    for (std::size_t b = 0; b <= a && da != 0; ++b) {
      const double h = s.sum[2 + p + packed_index(static_cast<int>(a), static_cast<int>(b))];
      total += (a == b ? 0.5 : 1) * h * da * (u[b] - s.about[b]);
    }
  }
  return total;
}

void LogJointModel::set_unconstrained(std::span<const double> u) {
  theta_.set_unconstrained(u);
  tentative_ = false;
  degeneracies_.clear();
}

void LogJointModel::set_parameters(std::span<const double> v) {
  theta_.set_values(v);
  tentative_ = false;
  degeneracies_.clear();
}

void LogJointModel::step(const Statistics& s, const QuadraticModel* prior) {
  tentative_ = true;
  degeneracies_.clear();
  const std::size_t p = s.about.size();
  if (p == 0 || !(s.sum[0] > 0)) return;
  std::vector<double> gradient(s.sum.begin() + 2, s.sum.begin() + 2 + static_cast<std::ptrdiff_t>(p));
  std::vector<double> hessian(s.sum.begin() + 2 + static_cast<std::ptrdiff_t>(p), s.sum.end());
  if (prior != nullptr) {
    for (std::size_t j = 0; j < p; ++j) gradient[j] += prior->gradient[j];
    for (std::size_t j = 0; j < hessian.size(); ++j) hessian[j] += prior->hessian[j];
  }
  const AscentStep newton = newton_step(gradient, hessian, std::sqrt(2 * std::abs(s.sum[1]) + 4 * s.sum[0]));
  if (std::isnan(newton.promised)) {
    degeneracies_.push_back({0, true, "a derivative of the log-joint is not finite"});
    return;
  }
  std::vector<double> u(p);
  for (double share = theta_.reach(newton.step, 2); share > 1e-9; share /= 2) {
    for (std::size_t j = 0; j < p; ++j) u[j] = s.about[j] + share * newton.step[j];
    try {
      theta_.set_unconstrained(u);
      return;
    } catch (const ArgumentError&) {  // beyond what numbers can hold
    }
  }
}

void LogJointModel::check_cells(const Block& x, const char* model) const {
  if (!x.has_missing || accepts_missing_) return;
  for (std::int64_t i = 0; i < x.rows(); ++i) {
    for (int j = 0; j < x.columns(); ++j) {
      if (!std::isnan(x.x(i, j))) continue;
      throw DataError(
          fmt::format("row {}, column {}: the cell is missing, and the {}'s log-joint is not said to handle "
                      "missing cells: say so with accept_missing(), or fill or drop the row",
                      x.first_row + i + 1, j + 1, model));
    }
  }
}

std::span<const double> LogJointModel::row_of(const Block& x, std::int64_t i, std::vector<double>& row) {
  row.resize(static_cast<std::size_t>(x.columns()));
  for (int j = 0; j < x.columns(); ++j) row[static_cast<std::size_t>(j)] = x.x(i, j);
  return row;
}

}  // namespace jensen
