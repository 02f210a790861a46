// Differences about one θ in its unconstrained coordinates u: everything in em/inference is built of these.
#pragma once

#include <jensen/em/e_step.h>
#include <jensen/em/model.h>
#include <jensen/execution/workers.h>

#include <Eigen/Core>
#include <array>
#include <memory>
#include <vector>

namespace jensen {

/// A coordinate moved by so much.
struct Shift {
  std::size_t coordinate = 0;
  double by = 0;
};

/// θ̂ and models about it, each coordinate moved by ±h and ±h/2. Central differences at both are extrapolated
/// (Richardson), so that the error is O(h⁴). h is where the expected complete-data log-likelihood Q falls by about
/// 10⁻³ observations, measured, not guessed: neither lost in rounding nor beyond a parabola's reach.
class Neighbourhood {
 public:
  /// `at`: an E-step at `theta`. Needs unconstrained coordinates and expected_log_joint of theta; `needed_by` is for
  /// the refusal.
  Neighbourhood(const Model& theta, const Expected& at, double observations, Workers& workers, const char* needed_by);

  std::size_t size() const { return u_.size(); }
  const Model& centre() const { return *centre_; }
  const std::vector<double>& coordinates() const { return u_; }
  double step(std::size_t j) const { return steps_[j]; }
  /// Q does not change along this coordinate, however far it goes.
  bool flat(std::size_t j) const { return flat_[j] != 0; }
  /// θ stands still on one side alone: a bound holds it there. Such a coordinate counts as flat.
  bool held(std::size_t j) const { return flat_[j] == at_a_bound; }

  /// Coordinate j moved by +h, −h, +h/2, −h/2.
  static constexpr std::size_t stations = 4;
  const Model& station(std::size_t j, std::size_t which) const { return *stations_[j * stations + which]; }
  /// df/du_j from f at the four stations.
  template <class Value>
  Value derivative(std::size_t j, const std::array<Value, stations>& f) const {
    return (8 * (f[2] - f[3]) - (f[0] - f[1])) / (6 * steps_[j]);
  }

  std::unique_ptr<Model> moved(std::initializer_list<Shift> shifts) const;
  std::unique_ptr<Model> moved_by(const Eigen::VectorXd& direction, double scale) const;

  Eigen::VectorXd gradient(const Statistics& s) const;  ///< ∂Q(u | s)/∂u
  Eigen::VectorXd prior_gradient() const;               ///< ∂ log p(u)/∂u
  /// −∂²(Q(u | s) + log p)/∂u∂uᵀ
  Eigen::MatrixXd complete_information(const Statistics& s, Workers& workers) const;
  /// ∂ parameters / ∂u, one row a parameter.
  Eigen::MatrixXd jacobian() const;

 private:
  double objective(const Model& model, const Statistics& s) const;
  void choose_step(std::size_t j, const Statistics& s, double fall, double noise);

  std::unique_ptr<Model> centre_;
  std::vector<double> u_;
  std::vector<double> steps_;
  static constexpr char at_a_bound = 2;
  bool stands_still(std::size_t j, double by) const;
  std::vector<char> flat_;  // not bool: written by several threads
  std::vector<std::unique_ptr<Model>> stations_;
};

}  // namespace jensen
