// Models that a user wrote in Python: an E-step and an M-step, or a log-joint alone.
#pragma once

#include <jensen/concepts.h>
#include <jensen/models/log_joint.h>

#include <functional>
#include <vector>

#include "own.h"

namespace jensen::python {

/// The E-step and M-step of a class with either
///   expect(X, weights, theta) → log-likelihood, statistics                 (states == 0)
/// or, with one of K states behind each row,
///   log_joint(X, theta) → n × K  and  statistics(X, responsibilities),     which any rule for q can follow,
/// and maximize(statistics, theta) → parameters. Statistics do not depend on θ but through q. With states == 0 the
/// units may be sequences: expect(X, weight, theta) then gets one at a time.
class OwnLatentModel {
 public:
  OwnLatentModel(Own model, Parameters theta, int states, int columns, int statistics);

  std::string name() const { return model_.type_name(); }
  int columns() const { return columns_; }
  int states() const { return states_; }
  bool can(Capability capability) const;
  bool tentative() const { return tentative_; }
  bool sequential() const { return sequential_; }

  Statistics no_statistics() const { return {std::vector<double>(statistics_), {}}; }
  Evidence expect(const Block& x, const Rule& rule, Statistics& s) const;
  void maximize(const Statistics& s);
  double expected_log_joint(const Statistics& s) const;
  double log_prior() const { return model_.number("_log_prior", theta_.values()); }
  Statistics move(const Statistics& s) const { return s; }
  void score(const Block& x, std::span<double> log_density) const;
  void responsibilities(const Block& x, Panel p) const;
  void sample(std::uint64_t seed, std::int64_t first_row, Panel x, std::span<std::int32_t> z) const;
  std::vector<Degeneracy> degeneracies() const { return degeneracies_; }

  int free_parameters() const { return theta_.coordinates(); }
  std::vector<double> unconstrained() const { return theta_.unconstrained(); }
  void set_unconstrained(std::span<const double> u) { theta_.set_unconstrained(u); }
  std::vector<double> parameters() const { return theta_.values(); }
  void set_parameters(std::span<const double> v) { theta_.set_values(v); }
  std::vector<std::string> parameter_names() const { return theta_.names(); }

 private:
  void add(const std::vector<double>& found, Evidence& evidence, Statistics& s) const;

  Own model_;
  Parameters theta_;
  int states_;
  int columns_;
  std::size_t statistics_;
  bool tentative_;
  bool sequential_;
  bool knows_q_;
  bool samples_;
  std::vector<Degeneracy> degeneracies_;
};

/// log p(x, z; θ) alone, z one of K states (models/discrete_latent.h). Derivatives are those that the class computes in
/// the values of θ (_expansion), or central differences in its coordinates.
class OwnLogJoint : public LogJointModel {
 public:
  OwnLogJoint(Own model, Parameters theta, int states, int columns, bool differentiates, bool accepts_missing);

  std::string name() const { return model_.type_name(); }
  int columns() const { return columns_; }
  int states() const { return states_; }
  bool can(Capability capability) const;

  Evidence expect(const Block& x, const Rule& rule, Statistics& s) const;
  void maximize(const Statistics& s);
  double log_prior() const { return model_.number("_log_prior", theta().values()); }
  void score(const Block& x, std::span<double> log_density) const;
  void responsibilities(const Block& x, Panel p) const;
  void sample(std::uint64_t seed, std::int64_t first_row, Panel x, std::span<std::int32_t> z) const;

 private:
  QuadraticModel expansion(const Block& x, ConstPanel q, std::span<const double> u) const;

  Own model_;
  int states_;
  int columns_;
  bool differentiates_;
  bool samples_;
  bool has_prior_;
};

/// f with gradient and curvature at u by central differences, of fourth order but for the mixed derivatives, at steps
/// of 1e-3 max(1, |u_j|): the coordinates of parameters are logarithms and logits, and real numbers as they are.
QuadraticModel expanded_by_differences(std::span<const double> u,
                                       const std::function<double(std::span<const double>)>& f);

}  // namespace jensen::python
