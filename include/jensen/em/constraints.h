// Parameters fixed, tied, bounded or ordered, for any model that can list its parameters and evaluate Q: the M-step
// maximises Q under the constraints, from the statistics alone.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <jensen/data/data.h>
#include <jensen/em/fit.h>
#include <jensen/em/model.h>

namespace jensen {

/// What is asked of the parameters, by their names (parameter_names()). A * in a name stands for any characters:
/// "mean[*,0]" is the first coordinate of every component's mean.
class Constraints {
 public:
  /// The parameter, or every one that the pattern matches, keeps this value; without one, the value it starts with.
  Constraints& fix(std::string name, std::optional<double> value = std::nullopt);
  /// All of them are equal. One pattern ties everything it matches; several patterns that match equally many names each
  /// tie the first matches, the second ones, and so on: {"covariance[0,*]", "covariance[1,*]"}.
  Constraints& tie(std::vector<std::string> names);
  /// lower ≤ value ≤ upper; either may be infinite.
  Constraints& bound(std::string name, double lower, double upper);
  /// Each is at most the next.
  Constraints& order(std::vector<std::string> names);

  /// The same in text: "NAME=VALUE" (or NAME alone), "A,B,…", "NAME=LO..HI" with either end left out, "A,B,…". Commas
  /// inside brackets belong to the name. Throw ArgumentError for what cannot be read so.
  Constraints& read_fix(std::string_view text);
  Constraints& read_tie(std::string_view text);
  Constraints& read_bound(std::string_view text);
  Constraints& read_order(std::string_view text);

  bool empty() const { return fixed_.empty() && tied_.empty() && bounded_.empty() && ordered_.empty(); }

  struct Fixed {
    std::string name;
    std::optional<double> value;
  };
  struct Bounded {
    std::string name;
    double lower, upper;
  };
  const std::vector<Fixed>& fixed() const { return fixed_; }
  const std::vector<std::vector<std::string>>& tied() const { return tied_; }
  const std::vector<Bounded>& bounded() const { return bounded_; }
  const std::vector<std::vector<std::string>>& ordered() const { return ordered_; }

 private:
  std::vector<Fixed> fixed_;
  std::vector<std::vector<std::string>> tied_;
  std::vector<Bounded> bounded_;
  std::vector<std::vector<std::string>> ordered_;
};

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
  bool resolved(const Statistics& s, double negligible) const override { return inner_->resolved(s, negligible); }
  void maximize(const Statistics& s) override;
  bool tentative() const override { return tentative_; }
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

/// fit() under constraints, which may be none; the model returned is the inner one. The start is moved to the nearest
/// parameters that satisfy them.
FittedModel fit(const Model& start, const Data& data, const Constraints& constraints, const Options& options = {});

template <LatentModel M>
Fitted<M> fit(M start, const Data& data, const Constraints& constraints, const Options& options = {}) {
  auto fitted = fit(static_cast<const Model&>(Erased<M>(std::move(start))), data, constraints, options);
  return {static_cast<const Erased<M>&>(*fitted.model).get(), std::move(fitted.report)};
}

}  // namespace jensen
