// What the laws share: the subject's data as Rows, E-steps on one thread, derivatives in natural units, and the
// collection of the worst discrepancy.
#pragma once

#include <optional>
#include <string>

#include <jensen/em/e_step.h>
#include <jensen/testing/laws.h>

#include "testing/rows.h"

namespace jensen {

/// Thrown by a law that needs what the model lacks; what is lacking goes into the report.
struct NotApplicable {
  std::string lacking;
};

/// The worst discrepancy met so far; one that is not a number is worse than any.
class Finding {
 public:
  explicit Finding(double tolerance) : tolerance_(tolerance) {}
  void note(double discrepancy, const std::string& where);
  /// |a − b| relative to `scale`.
  void compare(double a, double b, double scale, const std::string& where);
  void require(bool condition, const std::string& otherwise);
  LawResult result() const;

 private:
  double tolerance_;
  double worst_ = 0;
  std::string where_;
};

class Laboratory {
 public:
  explicit Laboratory(const LawSubject& subject);

  const LawSubject& subject;
  const Model& model;  ///< the subject's, at its θ
  const Rows data;
  const double weight;

  void need(Capability capability) const;
  /// Throws NotApplicable, saying why, where units are sequences.
  void need_single_rows(const std::string& why) const;
  /// Capability::rules and expected_log_joint, and an entropy that is measured: what F(q, θ) is made of.
  void need_bound() const;

  Expected expect(const Model& at, const Data& rows, const Rule& rule = Posterior{}) const;
  double log_likelihood(const Model& at, const Data& rows) const;
  double objective(const Model& at, const Data& rows) const;
  /// The M-step. Throws NotApplicable where a component has none: laws about M-steps end there, as fits do.
  void maximize(Model& at, const Statistics& statistics) const;
  /// `from` after EM steps.
  std::unique_ptr<Model> stepped(const Model& from, const Data& rows, int steps, const Rule& rule = Posterior{}) const;
  /// log p(x; θ) of each unit by E-steps of one unit each, weights ignored.
  std::vector<double> by_unit(const Model& at, const Rows& rows) const;
  /// Σ_i |s_i| of the statistics: against these, differences of sums are judged.
  std::vector<double> magnitudes(const Model& at, const Rows& rows) const;

  /// Random responsibilities that depend on (seed, row) alone.
  Given random_responsibilities(std::uint64_t salt = 0) const;
  /// p(i, k) at `at`, column-major.
  std::vector<double> responsibilities(const Model& at, const Rows& rows) const;

  void compare_statistics(Finding& finding, const Expected& a, const Expected& b, const Rows& rows,
                          const std::string& where) const;
  /// Whether two models are the same θ: by parameters where there are any, else by the likelihood of the data.
  void compare_models(Finding& finding, const Model& a, const Model& b, const std::string& where) const;
  void compare_objectives(Finding& finding, double a, double b, const std::string& where) const;

 private:
  mutable Workers workers_{1};
};

/// A function of θ in unconstrained coordinates.
using Surface = std::function<double(const Model&)>;

/// Derivatives along coordinates, in units in which a step of 1 changes `curved` by about one half per observation.
class Coordinates {
 public:
  /// Units from the curvature of `curved` at `at`; up to 40 coordinates, evenly spread, are looked at.
  Coordinates(const Model& at, double weight, const Surface& curved);

  const std::vector<std::size_t>& probed() const { return probed_; }
  double unit(std::size_t probe) const { return units_[probe]; }
  /// ∂ f / ∂ u_j × unit, by central differences with one step of Richardson's extrapolation.
  double slope(std::size_t probe, const Surface& f) const;
  /// f with coordinate j displaced; NaN where the model refuses it.
  double at(std::size_t probe, double displacement, const Surface& f) const;
  /// The model displaced by normal numbers × units × size; null where it refuses.
  std::unique_ptr<Model> perturbed(std::uint64_t seed, double size) const;

 private:
  std::unique_ptr<Model> model_;
  std::vector<double> u_;
  std::vector<std::size_t> probed_;
  std::vector<double> units_;
};

}  // namespace jensen
