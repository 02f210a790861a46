// Incremental EM (Neal and Hinton 1998): the rows are cut into parts whose statistics are kept, each about the θ at
// which it was last renewed. A turn renews one part's q at the present θ and maximises over the sum of all, so that
// F(q, θ) = Q(θ | Σ_c s_c) + Σ_c H_c climbs with every turn; F has the same fixed points as ℓ. A reading is taken once
// every part has had its turn. Exact EM finishes, so that the likelihood reported is the one at θ.
#include <jensen/execution/workers.h>

#include <algorithm>
#include <cmath>

#include "em/variants/list.h"

namespace jensen {

namespace {

constexpr std::int64_t least_rows = 16;

class Incremental final : public Variant {
 public:
  explicit Incremental(const VariantOptions& options) : most_parts_(options.parts) {}
  std::string name() const override { return "incremental EM"; }

  Expectation expect(const Model& model, EStep& e_step) override {
    if (exact_) return {e_step(model), 1};
    if (parts_.empty()) return {first_pass(model, e_step), 0};
    Expected& part = parts_[turn_];
    Expected renewed = e_step.rows(model, Posterior{}, begin(turn_, e_step), begin(turn_ + 1, e_step));
    turn_ = (turn_ + 1) % parts_.size();
    replace(model, part, renewed);
    part = std::move(renewed);
    Expectation e{turn_ == 0 ? total(model) : sum_, 0};
    e.whole = turn_ == 0;
    e.surrogate = bound_of(model, e.expected).value();
    e.expected.evidence.log_likelihood = std::nan("");  // the parts' were taken at different θ
    return e;
  }

  bool proceed() override {
    if (exact_) return false;
    parts_.clear();
    return exact_ = true;
  }

  void save(StateWriter& out) const override {
    out.put(exact_);
    out.put(static_cast<std::int64_t>(turn_));
    out.put(static_cast<std::int64_t>(parts_.size()));
    jensen::save(out, sum_.statistics);
    jensen::save(out, sum_.evidence);
    for (const auto& part : parts_) {
      jensen::save(out, part.statistics);
      jensen::save(out, part.evidence);
    }
  }
  void load(StateReader& in) override {
    exact_ = in.flag();
    turn_ = static_cast<std::size_t>(in.integer());
    parts_.resize(static_cast<std::size_t>(in.integer()));
    sum_.statistics = load_statistics(in);
    sum_.evidence = load_evidence(in);
    for (auto& part : parts_) {
      part.statistics = load_statistics(in);
      part.evidence = load_evidence(in);
    }
  }

 protected:
  std::vector<Capability> needs() const override { return {Capability::move, Capability::expected_log_joint}; }

 private:
  std::int64_t count(const Data& data) const {
    return std::clamp<std::int64_t>(data.rows() / least_rows, 1, most_parts_);
  }
  std::int64_t begin(std::size_t part, const EStep& e_step) const {
    const Data& data = e_step.data();
    return e_step.unit_begin(data.rows() * static_cast<std::int64_t>(part) / count(data));
  }

  Expected first_pass(const Model& model, EStep& e_step) {
    for (std::size_t c = 0; c < static_cast<std::size_t>(count(e_step.data())); ++c) {
      parts_.push_back(e_step.rows(model, Posterior{}, begin(c, e_step), begin(c + 1, e_step)));
    }
    return total(model);
  }

  // Anew from all parts, once a round: the differences of replace() leave no rounding behind.
  const Expected& total(const Model& model) {
    sum_ = {model.no_statistics(), {}};
    for (const auto& part : parts_) {
      sum_.statistics += model.move(part.statistics);
      sum_.evidence += part.evidence;
    }
    return sum_;
  }

  void replace(const Model& model, const Expected& old, const Expected& renewed) {
    Statistics less = model.move(old.statistics);
    less *= -1;
    sum_.statistics = model.move(sum_.statistics);
    sum_.statistics += less;
    sum_.statistics += renewed.statistics;
    sum_.evidence.entropy += renewed.evidence.entropy - old.evidence.entropy;
    sum_.evidence.state_entropy += renewed.evidence.state_entropy - old.evidence.state_entropy;
  }

  int most_parts_;
  std::vector<Expected> parts_;
  Expected sum_;
  std::size_t turn_ = 0;  // the part that is next
  bool exact_ = false;
};

}  // namespace

std::unique_ptr<Variant> incremental_variant(const VariantOptions& options) {
  return std::make_unique<Incremental>(options);
}

}  // namespace jensen
