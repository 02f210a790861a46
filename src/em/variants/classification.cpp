// Classification EM (Celeux and Govaert 1992): q puts all mass on ẑ_i = argmax_k p(x_i, z = k; θ), whose entropy is 0,
// so that F(q, θ) = Σ w_i log p(x_i, ẑ_i; θ), the classification likelihood. Both steps climb it.
#include "em/variants/list.h"

namespace jensen {

namespace {

class Classification final : public Variant {
 public:
  std::string name() const override { return "classification EM"; }
  Expectation expect(const Model& model, EStep& e_step) override {
    Expectation e{e_step(model, Mode{})};
    e.surrogate = bound_of(model, e.expected).value();
    return e;
  }

 protected:
  std::vector<Capability> needs() const override { return {Capability::rules, Capability::expected_log_joint}; }
};

}  // namespace

std::unique_ptr<Variant> classification_variant() { return std::make_unique<Classification>(); }

}  // namespace jensen
