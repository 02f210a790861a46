// Coordinates of the parameters that satisfy constraints.
#pragma once

#include <jensen/em/model.h>
#include <jensen/math/polytope.h>

#include "em/constraint_names.h"

namespace jensen {

/// The parameters v of a model split in two. Those that a constraint touches, with whatever the model couples to them,
/// are described by their values: one coordinate for each group of tied ones, less those that an equation of the model
/// (weights sum to 1) determines. The others keep the model's own coordinates u. x = (values, own coordinates).
class ConstraintChart {
 public:
  ConstraintChart(const Model& model, const Constraints& constraints);

  std::size_t values() const { return free_.size(); }              ///< the first coordinates
  std::size_t size() const { return free_.size() + own_.size(); }  ///< all of them
  const Polytope& domain() const { return domain_; }

  /// Of a model that satisfies the constraints.
  std::vector<double> coordinates(const Model& model) const;
  /// Of the nearest parameters that satisfy them.
  std::vector<double> nearest_coordinates(const Model& model) const;
  /// x itself, or the nearest point of the domain.
  std::vector<double> inside(std::span<const double> x) const;
  /// Puts the model at x. Throws ArgumentError where it refuses such values.
  void place(Model& model, std::span<const double> x) const;
  bool satisfied_by(const std::vector<double>& v) const;
  /// The name of a parameter that breaks a constraint; "" where none does.
  std::string broken_by(const std::vector<double>& v) const;

 private:
  // One linear equation among the groups: y[pivot] = constant + Σ coefficient · y.
  struct Equation {
    std::size_t pivot = 0;
    double constant = 0;
    std::vector<std::pair<std::size_t, double>> terms;
  };
  struct Part {
    std::vector<std::size_t> values;  // indices of parameters
    std::vector<std::size_t> own;     // of the model's coordinates
  };

  std::vector<Part> parts_of(const Model& model) const;
  void describe(const Model& model, const Part& part, std::vector<std::vector<double>>& equations,
                std::vector<bool>& positive) const;
  void solve(const std::vector<std::vector<double>>& equations);
  void add_inequalities();
  std::vector<double> row_of(std::size_t group, double sign, double& constant) const;
  std::vector<double> groups_at(std::span<const double> x) const;

  std::vector<std::string> names_;
  ResolvedConstraints constraints_;
  std::size_t own_size_ = 0;         // of the model's coordinates, all of them
  std::vector<std::size_t> held_;    // parameters described by their values
  std::vector<std::size_t> groups_;  // representatives of the groups that are not fixed
  std::vector<std::size_t> place_;   // by parameter: index of its group in groups_
  std::vector<Equation> equations_;
  std::vector<std::size_t> free_;    // groups that are coordinates
  std::vector<std::size_t> own_;     // the model's coordinates that stay
  std::vector<bool> stay_positive_;  // by parameter: one of a part with an equation, never seen but > 0
  Polytope domain_;
};

}  // namespace jensen
