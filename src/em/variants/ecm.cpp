// Expectation–conditional maximisation (Meng and Rubin 1993): θ falls into parts, each maximised with the others held.
// Every part raises F(q, ·). One E-step serves all parts, or, multi-cycle, each part has its own; a model whose
// augmentation depends on the part that comes next (augments_by_part) makes that AECM (Meng and van Dyk 1997), and one
// whose part climbs ℓ itself, ECME (Liu and Rubin 1994): it always has an E-step for each.
#include "em/variants/list.h"

namespace jensen {

namespace {

class Ecm final : public Variant {
 public:
  explicit Ecm(const VariantOptions& options) : multicycle_(options.multicycle) {}
  std::string name() const override { return "ECM"; }
  Expectation expect(const Model& model, EStep& e_step) override {
    Expectation e{e_step(model)};
    e.whole = part_ == 0;
    return e;
  }
  void maximize(Model& next, const Expectation& e, EStep&) override {
    const int parts = next.parts();
    if (multicycle_ || next.augments_by_part()) {
      next.maximize_part(e.expected.statistics, part_);
      part_ = (part_ + 1) % parts;
    } else {
      for (int part = 0; part < parts; ++part) next.maximize_part(e.expected.statistics, part);
    }
  }
  // The parts' augmentations have no F in common; that ℓ climbs is what certifies them.
  double promise(const Model& next, const Expectation& e) const override {
    return next.augments_by_part() ? std::numeric_limits<double>::quiet_NaN() : Variant::promise(next, e);
  }
  void save(StateWriter& out) const override { out.put(part_); }
  void load(StateReader& in) override { part_ = in.number(); }

 protected:
  std::vector<Capability> needs() const override { return {Capability::parts}; }

 private:
  bool multicycle_;
  int part_ = 0;  // whose turn it is
};

}  // namespace

std::unique_ptr<Variant> ecm_variant(const VariantOptions& options) { return std::make_unique<Ecm>(options); }

}  // namespace jensen
