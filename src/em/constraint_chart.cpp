#include "em/constraint_chart.h"

#include <jensen/math/random.h>

#include <fmt/format.h>

#include <Eigen/SVD>
#include <algorithm>
#include <cmath>

namespace jensen {

namespace {

constexpr const char* function = "constraints";
constexpr std::size_t none = static_cast<std::size_t>(-1);

// The model at coordinates u with those named displaced at random, by less where it refuses.
std::vector<double> displaced(const Model& model, std::vector<double> u, const std::vector<std::size_t>& which,
                              std::uint64_t draw) {
  const auto there = model.clone();
  for (double size = 0.5; size > 1e-6; size /= 4) {
    std::vector<double> moved = u;
    Stream stream(draw, Purpose::start);
    for (std::size_t j : which) moved[j] += size * (1 + 0.2 * std::abs(u[j])) * (2 * stream.uniform() - 1);
    try {
      there->set_unconstrained(moved);
      return there->parameters();
    } catch (const ArgumentError&) {  // too far
    }
  }
  return model.parameters();
}

std::size_t root(std::vector<std::size_t>& parent, std::size_t i) {
  while (parent[i] != i) i = parent[i] = parent[parent[i]];
  return i;
}

double tidy(double c) {
  const double whole = std::round(c);
  return std::abs(c - whole) < 1e-9 ? whole : c;
}

// A probability that is 0 has no coordinate.
void check_count(std::size_t coordinates, std::size_t expected) {
  if (coordinates == expected) return;
  throw ArgumentError(function, "parameters", "one lies on the edge of its domain, where no constraint can be kept");
}

}  // namespace

ConstraintChart::ConstraintChart(const Model& model, const Constraints& constraints)
    : names_(model.parameter_names()),
      constraints_(resolve(constraints, names_, model.parameters())),
      own_size_(model.unconstrained().size()),
      place_(names_.size(), none),
      stay_positive_(names_.size(), false) {
  std::vector<std::vector<double>> equations;  // over all parameters, the constant last
  for (const Part& part : parts_of(model)) {
    const bool touched =
        std::any_of(part.values.begin(), part.values.end(), [&](std::size_t i) { return constraints_.touched[i]; });
    if (!touched) {
      own_.insert(own_.end(), part.own.begin(), part.own.end());
      continue;
    }
    describe(model, part, equations, stay_positive_);
    held_.insert(held_.end(), part.values.begin(), part.values.end());
  }
  std::sort(own_.begin(), own_.end());
  std::sort(held_.begin(), held_.end());
  for (std::size_t i : held_) {
    const std::size_t g = constraints_.group[i];
    if (constraints_.fixed[i]) continue;
    if (g == i) groups_.push_back(i);
  }
  for (std::size_t i : held_) {
    const auto at = std::find(groups_.begin(), groups_.end(), constraints_.group[i]);
    if (at != groups_.end()) place_[i] = static_cast<std::size_t>(at - groups_.begin());
  }
  solve(equations);
  add_inequalities();
}

// Parameters and coordinates that move together: two parameters are in one part where some coordinate moves both.
// Whatever a coordinate does not reach keeps its bits when the coordinate is displaced.
std::vector<ConstraintChart::Part> ConstraintChart::parts_of(const Model& model) const {
  const auto u = model.unconstrained();
  const std::size_t n = names_.size();
  std::vector<std::size_t> parent(n + u.size());
  for (std::size_t i = 0; i < parent.size(); ++i) parent[i] = i;
  std::vector<std::size_t> all(u.size());
  for (std::size_t j = 0; j < u.size(); ++j) all[j] = j;
  // Away from the start, where a zero may hide what a coordinate moves.
  const auto away = model.clone();
  away->set_parameters(displaced(model, u, all, 1));
  const auto from = away->unconstrained();
  const auto probe = away->clone();
  probe->set_unconstrained(from);
  const auto before = probe->parameters();
  for (std::size_t j = 0; j < from.size(); ++j) {
    const auto after = displaced(*away, from, {j}, 2 + j);
    for (std::size_t i = 0; i < n; ++i) {
      if (after[i] != before[i]) parent[root(parent, i)] = root(parent, n + j);
    }
  }
  std::vector<Part> parts;
  std::vector<std::size_t> number(parent.size(), none);
  for (std::size_t i = 0; i < parent.size(); ++i) {
    const std::size_t r = root(parent, i);
    if (number[r] == none) {
      number[r] = parts.size();
      parts.emplace_back();
    }
    Part& part = parts[number[r]];
    (i < n ? part.values : part.own).push_back(i < n ? i : i - n);
  }
  return parts;
}

// The affine hull of the values that a part can take: all of their space, or what some linear equations leave.
void ConstraintChart::describe(const Model& model, const Part& part, std::vector<std::vector<double>>& equations,
                               std::vector<bool>& positive) const {
  const std::size_t m = part.values.size();
  if (m == part.own.size()) return;
  const auto u = model.unconstrained();
  const std::size_t samples = m + 4;
  Eigen::MatrixXd d(static_cast<Eigen::Index>(samples), static_cast<Eigen::Index>(m));
  const auto origin = model.parameters();
  std::vector<bool> always_positive(m, true);
  for (std::size_t k = 0; k < samples; ++k) {
    const auto v = displaced(model, u, part.own, 1000 + k);
    for (std::size_t i = 0; i < m; ++i) {
      d(static_cast<Eigen::Index>(k), static_cast<Eigen::Index>(i)) = v[part.values[i]] - origin[part.values[i]];
      always_positive[i] = always_positive[i] && v[part.values[i]] > 0;
    }
  }
  Eigen::VectorXd scale = d.cwiseAbs().colwise().maxCoeff().transpose();
  for (double& s : scale) s = s > 0 ? s : 1;
  const Eigen::JacobiSVD<Eigen::MatrixXd> svd(d * scale.cwiseInverse().asDiagonal(), Eigen::ComputeFullV);
  const auto& sizes = svd.singularValues();
  Eigen::Index rank = 0;
  while (rank < sizes.size() && sizes(rank) > 1e-9 * sizes(0)) ++rank;
  if (rank > static_cast<Eigen::Index>(part.own.size())) {
    std::string named;
    for (std::size_t i : part.values) {
      if (constraints_.touched[i] && named.empty()) named = names_[i];
    }
    throw ArgumentError(function, named,
                        fmt::format("cannot be constrained in this model: with the {} parameters it hangs together "
                                    "with it has {} degrees of freedom, and their values form a curved surface",
                                    m - 1, part.own.size()));
  }
  for (auto c = rank; c < static_cast<Eigen::Index>(m); ++c) {
    std::vector<double> equation(names_.size() + 1, 0.0);
    for (std::size_t i = 0; i < m; ++i) {
      const auto e = static_cast<Eigen::Index>(i);
      equation[part.values[i]] = svd.matrixV()(e, c) / scale(e);
      equation.back() += equation[part.values[i]] * origin[part.values[i]];
    }
    equations.push_back(std::move(equation));
  }
  for (std::size_t i = 0; i < m; ++i) positive[part.values[i]] = always_positive[i];
}

// Gaussian elimination among the groups; a pivot is no group with inequalities of its own if that can be helped.
void ConstraintChart::solve(const std::vector<std::vector<double>>& equations) {
  std::vector<std::vector<double>> rows;
  for (const auto& equation : equations) {
    std::vector<double> row(groups_.size() + 1, 0.0);
    row.back() = equation.back();
    for (std::size_t i : held_) {
      if (constraints_.fixed[i]) {
        row.back() -= equation[i] * *constraints_.fixed[i];
      } else {
        row[place_[i]] += equation[i];
      }
    }
    rows.push_back(std::move(row));
  }
  std::vector<bool> limited(groups_.size(), false);
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    limited[g] = std::isfinite(constraints_.lower[groups_[g]]) || std::isfinite(constraints_.upper[groups_[g]]);
  }
  for (const auto& [a, b] : constraints_.rising) {
    if (place_[a] != none) limited[place_[a]] = true;
    if (place_[b] != none) limited[place_[b]] = true;
  }
  std::vector<bool> is_pivot(groups_.size(), false);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::size_t pivot = none;
    double best = 1e-9;
    for (std::size_t g = groups_.size(); g-- > 0;) {
      const double size = std::abs(rows[r][g]) * (limited[g] ? 1e-3 : 1);
      if (!is_pivot[g] && size > best) pivot = g, best = size;
    }
    if (pivot == none) {
      if (std::abs(rows[r].back()) > 1e-9) {
        throw ArgumentError(function, "fixed values",
                            "contradict the model: its parameters cannot take them all at once (do its weights still "
                            "sum to 1?)");
      }
      rows[r].assign(rows[r].size(), 0.0);
      continue;
    }
    is_pivot[pivot] = true;
    const double lead = rows[r][pivot];
    for (double& c : rows[r]) c = tidy(c / lead);
    for (std::size_t other = 0; other < rows.size(); ++other) {
      const double factor = rows[other][pivot];
      for (std::size_t c = 0; c < rows[r].size() && other != r && factor != 0; ++c) {
        rows[other][c] -= factor * rows[r][c];
      }
    }
    equations_.push_back({pivot, 0, {}});
  }
  std::size_t next = 0;
  for (const auto& row : rows) {
    if (next == equations_.size() || row[equations_[next].pivot] == 0) continue;  // an equation that says nothing
    Equation& e = equations_[next++];
    e.constant = row.back();
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      if (g != e.pivot && row[g] != 0) e.terms.emplace_back(g, -tidy(row[g]));
    }
  }
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    if (!is_pivot[g]) free_.push_back(g);
  }
}

// sign · y[group] as a row over the coordinates, and what of it is constant.
std::vector<double> ConstraintChart::row_of(std::size_t group, double sign, double& constant) const {
  std::vector<double> row(size(), 0.0);
  const auto add = [&](std::size_t g, double factor) {
    row[static_cast<std::size_t>(std::find(free_.begin(), free_.end(), g) - free_.begin())] += factor;
  };
  for (const Equation& e : equations_) {
    if (e.pivot != group) continue;
    constant += sign * e.constant;
    for (const auto& [g, factor] : e.terms) add(g, sign * factor);
    return row;
  }
  add(group, sign);
  return row;
}

void ConstraintChart::add_inequalities() {
  domain_.dimension = size();
  const auto at_least = [&](std::size_t group, double sign, double limit) {
    if (!std::isfinite(limit)) return;
    double constant = 0;
    const auto row = row_of(group, sign, constant);
    domain_.add(row, limit - constant);
  };
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    at_least(g, 1, constraints_.lower[groups_[g]]);
    at_least(g, -1, -constraints_.upper[groups_[g]]);
  }
  for (const auto& [a, b] : constraints_.rising) {
    const auto& fixed = constraints_.fixed;
    if (fixed[a] && fixed[b]) {
      if (*fixed[a] > *fixed[b]) throw ArgumentError(function, names_[a], "is fixed above what it must not exceed");
    } else if (fixed[a]) {
      at_least(place_[b], 1, *fixed[a]);
    } else if (fixed[b]) {
      at_least(place_[a], -1, -*fixed[b]);
    } else if (place_[a] != place_[b]) {
      double constant = 0;
      auto row = row_of(place_[b], 1, constant);
      const auto minus = row_of(place_[a], -1, constant);
      for (std::size_t j = 0; j < row.size(); ++j) row[j] += minus[j];
      domain_.add(row, -constant);
    }
  }
}

std::vector<double> ConstraintChart::coordinates(const Model& model) const {
  const auto v = model.parameters();
  const auto u = model.unconstrained();
  std::vector<double> x;
  for (std::size_t g : free_) x.push_back(v[groups_[g]]);
  for (std::size_t j : own_) x.push_back(u[j]);
  return x;
}

std::vector<double> ConstraintChart::nearest_coordinates(const Model& model) const {
  const auto v = model.parameters();
  const auto u = model.unconstrained();
  check_count(u.size(), own_size_);
  std::vector<double> mean(groups_.size(), 0.0);
  std::vector<double> members(groups_.size(), 0.0);
  for (std::size_t i : held_) {
    if (place_[i] == none) continue;
    mean[place_[i]] += v[i];
    members[place_[i]] += 1;
  }
  for (std::size_t g = 0; g < mean.size(); ++g) mean[g] /= members[g];
  // What the fixed values take from an equation is missing, or left over, in proportion (weights stay positive).
  for (const Equation& e : equations_) {
    double wanted = e.constant;
    double total = mean[e.pivot];
    bool shares = stay_positive_[groups_[e.pivot]];
    for (const auto& [g, factor] : e.terms) {
      total -= factor * mean[g];
      shares = shares && factor < 0 && stay_positive_[groups_[g]];
    }
    if (!shares || !(wanted > 0) || !(total > 0)) continue;
    mean[e.pivot] *= wanted / total;
    for (const auto& term : e.terms) mean[term.first] *= wanted / total;
  }
  std::vector<double> x;
  for (std::size_t g : free_) x.push_back(mean[g]);
  for (std::size_t j : own_) x.push_back(u[j]);
  return inside(x);
}

std::vector<double> ConstraintChart::inside(std::span<const double> x) const {
  if (domain_.contains(x)) return {x.begin(), x.end()};
  return domain_.nearest(x, std::vector<double>(size(), 1.0));
}

std::vector<double> ConstraintChart::groups_at(std::span<const double> x) const {
  std::vector<double> y(groups_.size(), 0.0);
  for (std::size_t k = 0; k < free_.size(); ++k) y[free_[k]] = x[k];
  for (const Equation& e : equations_) {
    y[e.pivot] = e.constant;
    for (const auto& [g, factor] : e.terms) y[e.pivot] += factor * y[g];
  }
  // What rounding leaves beyond an inequality: an active one holds exactly.
  const auto rounding = [](double a, double b) {
    return std::abs(a - b) <= 1e-12 * std::max(std::abs(a), std::abs(b));
  };
  for (std::size_t g = 0; g < y.size(); ++g) {
    const double kept = std::clamp(y[g], constraints_.lower[groups_[g]], constraints_.upper[groups_[g]]);
    if (rounding(y[g], kept)) y[g] = kept;
  }
  for (const auto& [a, b] : constraints_.rising) {
    if (place_[a] == none || place_[b] == none) continue;
    double& low = y[place_[a]];
    double& high = y[place_[b]];
    if (low > high && rounding(low, high)) high = low;
  }
  return y;
}

void ConstraintChart::place(Model& model, std::span<const double> x) const {
  auto u = model.unconstrained();
  check_count(u.size(), own_size_);
  bool moved = false;
  for (std::size_t k = 0; k < own_.size(); ++k) {
    moved = moved || u[own_[k]] != x[free_.size() + k];
    u[own_[k]] = x[free_.size() + k];
  }
  if (moved) model.set_unconstrained(u);
  const auto y = groups_at(x);
  auto v = model.parameters();
  for (std::size_t i : held_) {
    v[i] = constraints_.fixed[i] ? *constraints_.fixed[i] : y[place_[i]];
    if (stay_positive_[i] && !(v[i] > 0)) throw ArgumentError(function, names_[i], "must be > 0");
  }
  model.set_parameters(v);
}

std::string ConstraintChart::broken_by(const std::vector<double>& v) const {
  for (std::size_t i : held_) {
    const bool kept = (!constraints_.fixed[i] || v[i] == *constraints_.fixed[i]) && v[i] == v[constraints_.group[i]] &&
                      v[i] >= constraints_.lower[i] && v[i] <= constraints_.upper[i];
    if (!kept) return names_[i];
  }
  for (const auto& [a, b] : constraints_.rising) {
    if (!(v[a] <= v[b])) return names_[a];
  }
  return {};
}

bool ConstraintChart::satisfied_by(const std::vector<double>& v) const { return broken_by(v).empty(); }

}  // namespace jensen
