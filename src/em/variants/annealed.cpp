// Deterministic annealing (Ueda and Nakano 1998): q_T ∝ p(z | x; θ)^(1/T) maximises F_T(q, θ) = E_q[log p(x, z; θ)] + T
// H(q), which both steps climb while T stands still; T falls to 1, where F_1 touches ℓ. Only the entropy of the
// discrete states is tempered: what else is hidden (missing cells) keeps its exact conditional.
#include "em/variants/list.h"

#include <algorithm>
#include <cmath>

namespace jensen {

namespace {

class Annealed final : public Variant {
 public:
  explicit Annealed(const VariantOptions& options)
      : first_(options.first_temperature), cooling_(options.cooling), steps_(options.steps_per_temperature) {}
  std::string name() const override { return "annealed EM"; }

  Expectation expect(const Model& model, EStep& e_step) override {
    if (temperature() > 1 && taken_ == steps_) cool();
    ++taken_;
    const double t = temperature();
    Expectation e{e_step(model, Posterior{t}), level_};
    if (t > 1) e.surrogate = free_energy(model, e.expected);
    return e;
  }
  double promise(const Model& next, const Expectation& e) const override { return free_energy(next, e.expected); }

  bool proceed() override {
    if (temperature() == 1) return false;
    cool();
    return true;
  }

  void save(StateWriter& out) const override {
    out.put(level_);
    out.put(taken_);
  }
  void load(StateReader& in) override {
    level_ = in.number();
    taken_ = in.number();
  }

 protected:
  std::vector<Capability> needs() const override { return {Capability::rules, Capability::expected_log_joint}; }

 private:
  double temperature() const { return std::max(1.0, first_ * std::pow(cooling_, level_)); }
  void cool() {
    ++level_;
    taken_ = 0;
  }
  double free_energy(const Model& theta, const Expected& expected) const {
    return bound_of(theta, expected).value() + (temperature() - 1) * expected.evidence.state_entropy;
  }

  double first_;
  double cooling_;
  int steps_;
  int level_ = 0;
  int taken_ = 0;
};

}  // namespace

std::unique_ptr<Variant> annealed_variant(const VariantOptions& options) { return std::make_unique<Annealed>(options); }

}  // namespace jensen
