// A model whose parameters stay fixed, tied, bounded or ordered, for any model that can list its parameters and
// evaluate Q: the M-step maximises Q under the constraints, from the statistics alone.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <jensen/em/constraints.h>
#include <jensen/em/model.h>

namespace jensen {

class ConstraintChart;

/// A model whose parameters satisfy constraints, wherever it goes. Its M-step is the model's own where that satisfies
/// them; else Q(· | statistics) + log prior is climbed under them numerically, from the statistics, by an active-set
/// method (math/polytope.h). A fixed parameter keeps its bits, tied ones share theirs. Coordinates are the values of
/// the groups of parameters that a constraint touches (less one for each equation that the model itself imposes, as
/// that weights sum to 1), then the model's own coordinates for the others; their number is free_parameters(). An
/// inequality costs no degree of freedom, active or not. Coordinates beyond an inequality mean the nearest point
/// within.
class ConstrainedModel final : public Model {
 public:
  /// Throws UnsupportedError where the model lacks Q, named parameters or coordinates; ArgumentError for a name that it
  /// does not have (saying which are similar), constraints that contradict each other or the model, and a part of the
  /// model whose values form a curved surface (a structured covariance, say), on which nothing can be held.
  ConstrainedModel(const Model& model, const Constraints& constraints);

  const Model& inner() const { return *inner_; }

  std::unique_ptr<Model> clone() const override { return std::unique_ptr<Model>(new ConstrainedModel(*this)); }
  std::string name() const override { return inner_->name(); }
  bool can(Capability capability) const override;
  std::optional<int> columns() const override { return inner_->columns(); }
  bool sequential() const override { return inner_->sequential(); }
  Statistics no_statistics() const override { return inner_->no_statistics(); }
  std::unique_ptr<Scratch> scratch() const override { return inner_->scratch(); }
  Evidence expect(const Block& x, const Rule& q, Statistics& s, Scratch& scratch) const override {
    return inner_->expect(x, q, s, scratch);
  }
  bool takes_rows(const Rule& q) const override { return inner_->takes_rows(q); }
  bool resolved(const Statistics& s, std::span<const double> left_out) const override {
    return inner_->resolved(s, left_out);
  }
  double negligible_beside(const Statistics& s) const override { return inner_->negligible_beside(s); }
  void maximize(const Statistics& s) override;
  bool tentative() const override { return tentative_; }
  double rounding() const override { return inner_->rounding(); }
  void maximize_part(const Statistics& s, int part) override;
  double log_prior() const override { return inner_->log_prior(); }
  /// Of the model's own M-step, where that satisfied the constraints.
  std::vector<Degeneracy> degeneracies() const override { return degeneracies_; }
  double expected_log_joint(const Statistics& s) const override { return inner_->expected_log_joint(s); }
  std::vector<double> unconstrained() const override;
  void set_unconstrained(std::span<const double> u) override;
  std::vector<double> parameters() const override { return inner_->parameters(); }
  /// Throws ArgumentError where they do not satisfy the constraints.
  void set_parameters(std::span<const double> v) override;
  std::vector<std::string> parameter_names() const override { return inner_->parameter_names(); }
  Statistics move(const Statistics& s) const override { return inner_->move(s); }
  int free_parameters() const override;
  void score(const Block& x, std::span<double> log_density) const override { inner_->score(x, log_density); }
  int states() const override { return inner_->states(); }
  int clusters() const override { return inner_->clusters(); }
  void responsibilities(const Block& x, Panel p) const override { inner_->responsibilities(x, p); }
  void sample(std::uint64_t seed, std::int64_t first_row, Panel x, std::span<std::int32_t> z) const override {
    inner_->sample(seed, first_row, x, z);
  }
  void impute(const Block& x, Panel filled) const override { inner_->impute(x, filled); }

 private:
  // Only clone() copies: what is copyable would be taken for a LatentModel and be erased a second time.
  ConstrainedModel(const ConstrainedModel& other);

  std::unique_ptr<Model> inner_;
  std::shared_ptr<const ConstraintChart> chart_;
  bool tentative_ = false;
  std::vector<Degeneracy> degeneracies_;
};

}  // namespace jensen
