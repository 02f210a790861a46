// Monte Carlo EM, ascent-based (Caffo, Jank and Jones 2005). m draws of z, in eight independent batches, give Q̃; after
// the M-step the rise ΔQ̃ = Q̃(θ_new) − Q̃(θ) has the standard error sd(ΔQ̃_b)/√8 over batches. The step is taken when ΔQ̃
// − 1.645 se > 0, so that Q rose with about 95% confidence; else more draws are added to the same batches. The climb is
// over when even the largest m shows no rise.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "em/variants/list.h"

namespace jensen {

namespace {

constexpr int batches = 8;
constexpr double quantile = 1.645;

class MonteCarlo final : public Variant {
 public:
  MonteCarlo(const VariantOptions& options, std::uint64_t seed)
      : draws_(options.draws), most_(options.most_draws), seed_(seed) {}
  std::string name() const override { return "Monte Carlo EM"; }
  bool ascends() const override { return false; }

  Expectation expect(const Model& model, EStep& e_step) override {
    ++turn_;
    held_ = 0;
    return {sample(model, e_step, draws_), turn_};
  }

  void maximize(Model& next, const Expectation& e, EStep& e_step) override {
    const auto at = next.clone();
    Statistics all = e.expected.statistics;
    for (;;) {
      next.maximize(all);
      const auto [rise, error] = rise_of_q(*at, next);
      if (rise - quantile * error > 0) return;
      if (held_ >= most_) {
        exhausted_ = true;
        return;
      }
      draws_ = std::min(2 * held_, most_);
      all = sample(*at, e_step, draws_ - held_).statistics;
    }
  }

  double promise(const Model&, const Expectation&) const override { return std::nan(""); }
  std::string finished(const Step& step) const override {
    if (!exhausted_) return {};
    return fmt::format("done after {} iterations: with {} draws no further step is significant", step.iteration,
                       batches * held_);
  }

  void save(StateWriter& out) const override {
    for (int value : {draws_, held_, turn_}) out.put(value);
    out.put(exhausted_);
    for (const auto& s : batch_) jensen::save(out, s);
  }
  void load(StateReader& in) override {
    for (int* value : {&draws_, &held_, &turn_}) *value = in.number();
    exhausted_ = in.flag();
    for (auto& s : batch_) s = load_statistics(in);
  }

 protected:
  std::vector<Capability> needs() const override { return {Capability::rules, Capability::global_bound}; }

 private:
  // Adds `more` draws to each batch (which held none at a new θ); the mean over all batches.
  Expected sample(const Model& model, EStep& e_step, int more) {
    Expected all;
    for (int b = 0; b < batches; ++b) {
      const auto key = static_cast<std::uint64_t>(batches) * static_cast<std::uint64_t>(held_) +
                       static_cast<std::uint64_t>(b);  // no two calls at one θ share it
      Expected drawn = e_step(model, Draws{more, seed_, key, static_cast<std::uint64_t>(turn_)});
      auto& held = batch_[static_cast<std::size_t>(b)];
      if (held_ == 0) {
        held = drawn.statistics;
      } else {
        held *= static_cast<double>(held_) / (held_ + more);
        drawn.statistics *= static_cast<double>(more) / (held_ + more);
        held += drawn.statistics;
      }
      drawn.statistics = held;
      drawn.statistics *= 1.0 / batches;
      if (b == 0) {
        all = drawn;
      } else {
        all.statistics += drawn.statistics;
      }
    }
    held_ += more;
    return all;
  }

  std::pair<double, double> rise_of_q(const Model& from, const Model& to) const {
    std::array<double, batches> rise{};
    double mean = 0;
    for (std::size_t b = 0; b < batches; ++b) {
      rise[b] = to.expected_log_joint(batch_[b]) - from.expected_log_joint(batch_[b]);
      mean += rise[b] / batches;
    }
    double variance = 0;
    for (double r : rise) variance += (r - mean) * (r - mean) / (batches - 1);
    return {mean + to.log_prior() - from.log_prior(), std::sqrt(variance / batches)};
  }

  int draws_;  // a batch begins with at the next θ
  int most_;
  std::uint64_t seed_;
  int held_ = 0;  // draws in each batch
  int turn_ = 0;
  bool exhausted_ = false;
  std::array<Statistics, batches> batch_;
};

}  // namespace

std::unique_ptr<Variant> monte_carlo_variant(const VariantOptions& options, std::uint64_t seed) {
  return std::make_unique<MonteCarlo>(options, seed);
}

}  // namespace jensen
