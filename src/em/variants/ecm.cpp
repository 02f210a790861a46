// Expectation–conditional maximisation (Meng and Rubin 1993): θ falls into parts, each maximised with the others held.
// Every part raises F(q, ·). One E-step serves all parts, or, multi-cycle, each part has its own; a model whose
// augmentation depends on the part that comes next makes that AECM (Meng and van Dyk 1997), and one whose part climbs
// ℓ itself, ECME (Liu and Rubin 1994).
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
    if (multicycle_) {
      next.maximize_part(e.expected.statistics, part_);
      part_ = (part_ + 1) % parts;
    } else {
      for (int part = 0; part < parts; ++part) next.maximize_part(e.expected.statistics, part);
    }
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
