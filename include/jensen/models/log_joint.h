// What models given by their log-joint alone share: named parameters, and Q as a second-order expansion in Statistics.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <jensen/concepts.h>
#include <jensen/math/optimize.h>
#include <jensen/models/parameters.h>

namespace jensen {

/// No log prior, no sampler.
struct NothingGiven {};

/// More coordinates than this are refused: every operation on θ carries p(p+1)/2 second derivatives, twenty thousand
/// here.
constexpr int most_log_joint_coordinates = 200;

/// θ, and the M-step as one Newton step. With log p(x, z; θ) a black box there are no sufficient statistics of fixed
/// size, so that Q(· | θ₀) is kept as its expansion about the θ₀ of the E-step in unconstrained coordinates u:
///   sum = (Σ w, Q, ∇Q, ∇²Q packed) at about = u(θ₀).
/// All of it is linear in the rows' weights. Q is exact at θ₀, with its gradient and curvature, and an approximation
/// elsewhere (Capability::global_bound is denied): it certifies no bound there, and an M-step is a proposal
/// (tentative()) that the loop keeps only if the objective did not fall.
class LogJointModel {
 public:
  const Parameters& theta() const { return theta_; }
  Parameters& theta() { return theta_; }

  Statistics no_statistics() const;
  bool tentative() const { return tentative_; }
  bool can(Capability capability) const { return capability != Capability::global_bound; }
  double expected_log_joint(const Statistics& s) const;
  std::vector<Degeneracy> degeneracies() const { return degeneracies_; }

  int free_parameters() const { return theta_.coordinates(); }
  std::vector<double> unconstrained() const { return theta_.unconstrained(); }
  void set_unconstrained(std::span<const double> u);
  std::vector<double> parameters() const { return theta_.values(); }
  void set_parameters(std::span<const double> v);
  std::vector<std::string> parameter_names() const { return theta_.names(); }

 protected:
  /// Throws ArgumentError for more than most_log_joint_coordinates.
  explicit LogJointModel(Parameters theta);

  /// θ ← θ₀ + the Newton step of Q (+ the prior's expansion about θ₀, where there is one), kept to where the expansion
  /// may mean something: a promised gain of |Q| + 2 Σ w, and factors of e² in logarithms and logits; shortened where θ
  /// would leave its domain.
  void step(const Statistics& s, const QuadraticModel* prior);
  /// Throws DataError naming row and column of a missing cell, unless missing cells are accepted.
  void check_cells(const Block& x, const char* model) const;

  /// Row i of the block, side by side in `row`, which is memory.
  static std::span<const double> row_of(const Block& x, std::int64_t i, std::vector<double>& row);

  bool accepts_missing() const { return accepts_missing_; }
  void set_accepts_missing() { accepts_missing_ = true; }

 private:
  Parameters theta_;
  bool accepts_missing_ = false;
  bool tentative_ = false;
  std::vector<Degeneracy> degeneracies_;
};

/// sum += q (1, f, ∇f, ∇²f)
template <int N>
void add_expansion(std::span<double> sum, double q, const Dual<N, 2>& f) {
  sum[0] += q;
  sum[1] += q * f.value();
  const double* d = f.derivatives();
  if (d == nullptr) return;
  const int size = dual_size(f.variables(), 2);
  for (int j = 0; j < size; ++j) sum[static_cast<std::size_t>(2 + j)] += q * d[j];
}

/// A function of θ expanded about u.
template <int N, class Function>
QuadraticModel expanded(const Parameters& theta, std::span<const double> u, const Function& f) {
  QuadraticModel result;
  const int n = static_cast<int>(u.size());
  const auto variables = theta.variables<Dual<N, 2>>(u);
  const Dual<N, 2> value = f(variables);
  result.value = value.value();
  for (int a = 0; a < n; ++a) result.gradient.push_back(value.gradient(a));
  for (int a = 0; a < n; ++a) {
    for (int b = 0; b <= a; ++b) result.hessian.push_back(value.hessian(a, b));
  }
  return result;
}

}  // namespace jensen
