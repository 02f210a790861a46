#include <jensen/em/variants/variant.h>

namespace jensen {

void Variant::check(const Model& model) const {
  for (Capability capability : needs()) model.require(capability, name());
  if (!ascends() && model.tentative()) {
    throw UnsupportedError(model.name(), "do an M-step that climbs for certain", name());
  }
}

void Variant::maximize(Model& next, const Expectation& e, EStep&) { next.maximize(e.expected.statistics); }

double Variant::promise(const Model& next, const Expectation& e) const { return bound_of(next, e.expected).value(); }

Expectation ExactVariant::expect(const Model& model, EStep& e_step) { return {e_step(model)}; }

}  // namespace jensen
