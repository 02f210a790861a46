// Online EM (Cappé and Moulines 2009): for each batch of rows s̄ ← (1 − γ_t) s̄ + γ_t s_batch, γ_t = (t +
// offset)^−exponent, with s_batch scaled to the weight of all rows, then θ ← argmax Q(θ | s̄). The first batch of all
// sets s̄. After some passes exact EM polishes what was found. Batches are taken in an order drawn anew for each pass,
// so that sorted rows do not mislead it.
#include <jensen/math/random.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "em/variants/list.h"

namespace jensen {

namespace {

class Online final : public Variant {
 public:
  Online(const VariantOptions& options, std::uint64_t seed) : options_(options), seed_(seed) {}
  std::string name() const override { return "online EM"; }
  bool ascends() const override { return pass_ == options_.passes; }

  Expectation expect(const Model& model, EStep& e_step) override {
    if (pass_ == options_.passes) return {e_step(model), pass_};
    const Data& data = e_step.data();
    if (weight_ == 0) weight_ = e_step.weight(0, data.rows());
    if (order_.empty()) shuffle(data);
    const auto batch = order_.back();
    order_.pop_back();
    const std::int64_t first = e_step.unit_begin(batch * batch_rows(data));
    const std::int64_t last = e_step.unit_begin((batch + 1) * batch_rows(data));
    Expected drawn = e_step.rows(model, Posterior{}, first, last);
    log_likelihood_ += drawn.evidence.log_likelihood;
    forget(model, drawn.statistics, e_step.weight(first, last));
    const int epoch = pass_;
    if (order_.empty()) ++pass_;
    Expectation e{{average_, {std::nan(""), std::nan(""), std::nan(""), weight_}}, epoch};
    e.whole = order_.empty();
    if (e.whole) e.surrogate = std::exchange(log_likelihood_, 0.0);
    return e;
  }
  double promise(const Model& next, const Expectation& e) const override {
    return std::isnan(e.surrogate) && e.whole ? Variant::promise(next, e) : std::nan("");
  }

  void save(StateWriter& out) const override {
    out.put(pass_);
    out.put(steps_);
    jensen::save(out, average_);
    out.put(weight_);
  }
  void load(StateReader& in) override {  // between two passes: order_ is empty and nothing is summed up yet
    pass_ = in.number();
    steps_ = in.number();
    average_ = load_statistics(in);
    weight_ = in.real();
  }

 protected:
  std::vector<Capability> needs() const override { return {Capability::move}; }

 private:
  std::int64_t batch_rows(const Data& data) const {
    if (options_.batch_rows > 0) return options_.batch_rows;
    return std::clamp<std::int64_t>(data.rows() / 20, 64, 512);
  }

  void shuffle(const Data& data) {
    order_.resize(static_cast<std::size_t>((data.rows() + batch_rows(data) - 1) / batch_rows(data)));
    std::iota(order_.begin(), order_.end(), 0);
    Stream stream(seed_, Purpose::batch_order, 0, static_cast<std::uint64_t>(pass_));
    for (std::size_t i = order_.size(); i > 1; --i) {
      const auto j = static_cast<std::size_t>(stream.uniform() * static_cast<double>(i));
      std::swap(order_[i - 1], order_[std::min(j, i - 1)]);
    }
  }

  void forget(const Model& model, Statistics& drawn, double weight) {
    if (!(weight > 0)) {
      if (average_.sum.empty()) average_ = model.no_statistics();
      return;
    }
    const double gamma = steps_ == 0 ? 1 : std::pow(steps_ + options_.offset, -options_.exponent);
    drawn *= gamma * weight_ / weight;
    if (steps_ > 0) {
      Statistics kept = model.move(average_);
      kept *= 1 - gamma;
      drawn += kept;
    }
    average_ = std::move(drawn);
    ++steps_;
  }

  VariantOptions options_;
  std::uint64_t seed_;
  int pass_ = 0;
  int steps_ = 0;
  std::vector<std::int64_t> order_;  // batches still to come in this pass, the next one last
  Statistics average_;
  double weight_ = 0;
  double log_likelihood_ = 0;  // Σ over this pass, each batch at the θ of its turn
};

}  // namespace

std::unique_ptr<Variant> online_variant(const VariantOptions& options, std::uint64_t seed) {
  return std::make_unique<Online>(options, seed);
}

}  // namespace jensen
