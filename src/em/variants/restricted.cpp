// q from a family of the caller's. F(q, θ) = ℓ(θ) − Σ w_i KL(q_i ‖ p(z | x_i; θ)) is climbed; the gap stays.
#include "em/variants/list.h"

namespace jensen {

namespace {

class Restricted final : public Variant {
 public:
  explicit Restricted(const VariantOptions& options) : q_(options.restricted_q) {}
  std::string name() const override { return "EM with a restricted q"; }
  Expectation expect(const Model& model, EStep& e_step) override {
    Expectation e{e_step(model, Given{[&](const Block& x, Panel q) { q_(model, x, q); }})};
    e.surrogate = bound_of(model, e.expected).value();
    return e;
  }

 protected:
  std::vector<Capability> needs() const override {
    return {Capability::states, Capability::rules, Capability::expected_log_joint};
  }

 private:
  std::function<void(const Model&, const Block&, Panel)> q_;
};

}  // namespace

std::unique_ptr<Variant> restricted_variant(const VariantOptions& options) {
  return std::make_unique<Restricted>(options);
}

}  // namespace jensen
