// Stochastic EM (Celeux and Diebolt 1985): z is drawn from p(z | x; θ) and the M-step takes it for observed. After the
// burn-in the statistics are averaged, s̄ ← s̄ + γ (s − s̄) with γ = 1/t, which turns the wandering chain into stochastic
// approximation EM (Delyon, Lavielle and Moulines 1999). Where statistics cannot move to other reference points the
// M-step's θ is averaged in unconstrained coordinates by the same γ.
#include <fmt/format.h>

#include <cmath>

#include "em/variants/list.h"

namespace jensen {

namespace {

class Stochastic final : public Variant {
 public:
  Stochastic(const VariantOptions& options, std::uint64_t seed)
      : burn_in_(options.burn_in), averaged_(options.averaged), seed_(seed) {}
  std::string name() const override { return "stochastic EM"; }
  bool ascends() const override { return false; }

  void check(const Model& model) const override {
    Variant::check(model);
    if (!model.can(Capability::move)) model.require(Capability::unconstrained, name());
  }

  Expectation expect(const Model& model, EStep& e_step) override {
    const auto turn = static_cast<std::uint64_t>(++turn_);
    return {e_step(model, Draws{1, seed_, 0, turn}), turn_};  // an epoch each: the likelihood may fall
  }

  void maximize(Model& next, const Expectation& e, EStep&) override {
    const double gamma = turn_ <= burn_in_ + 1 ? 1 : 1.0 / (turn_ - burn_in_);
    if (next.can(Capability::move)) {
      average_ = averaged(next, e.expected.statistics, gamma);
      next.maximize(average_);
      return;
    }
    const auto from = next.unconstrained();
    next.maximize(e.expected.statistics);
    auto u = next.unconstrained();
    for (std::size_t j = 0; j < u.size(); ++j) u[j] = from[j] + gamma * (u[j] - from[j]);
    next.set_unconstrained(u);
  }

  double promise(const Model&, const Expectation&) const override { return std::nan(""); }
  std::string finished(const Step& step) const override {
    if (step.iteration < burn_in_ + averaged_) return {};
    return fmt::format("done: {} stochastic iterations, the last {} averaged", step.iteration, averaged_);
  }

  void save(StateWriter& out) const override {
    out.put(turn_);
    jensen::save(out, average_);
  }
  void load(StateReader& in) override {
    turn_ = in.number();
    average_ = load_statistics(in);
  }

 protected:
  std::vector<Capability> needs() const override { return {Capability::rules}; }

 private:
  Statistics averaged(const Model& about, Statistics now, double gamma) const {
    if (gamma == 1) return now;
    Statistics moved = about.move(average_);
    moved *= 1 - gamma;
    now *= gamma;
    return moved += now;
  }

  int burn_in_;
  int averaged_;
  std::uint64_t seed_;
  int turn_ = 0;  // E-steps so far
  Statistics average_;
};

}  // namespace

std::unique_ptr<Variant> stochastic_variant(const VariantOptions& options, std::uint64_t seed) {
  return std::make_unique<Stochastic>(options, seed);
}

}  // namespace jensen
