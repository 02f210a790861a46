#include <jensen/models/chain_posterior.h>
#include <jensen/models/discrete_posterior.h>
#include <jensen/models/viterbi.h>

#include <algorithm>
#include <cmath>

#include "models/chain_recursions.h"
#include "models/chain_steps.h"
#include "models/panel_segments.h"

namespace jensen {

namespace {

// Transitions that are the same at every step.
class ConstantSteps final : public ChainSteps {
 public:
  explicit ConstantSteps(const MarkovChain& chain, std::span<double> counts = {})
      : exact_(potentials(chain)), logs_(exact_.transitions), counts_(counts) {
    for (double& a : logs_) a = std::log(a);
  }

  int states() const override { return exact_.states; }
  std::span<const double> initial(std::int64_t) override { return exact_.initial; }
  std::span<const double> into(std::int64_t) override { return exact_.transitions; }
  std::span<const double> log_into(std::int64_t) override { return logs_; }
  double filter(const Stretch& x, ChainScratch& scratch, double* step) override {
    bool in_logs = false;
    return jensen::filter(exact_, x, scratch, step, in_logs);
  }
  void add_first(std::int64_t, int state, double weight) override {
    counts_[static_cast<std::size_t>(state)] += weight;
  }
  void add_move(std::int64_t, int from, int to, double weight) override {
    const auto states = static_cast<std::size_t>(exact_.states);
    counts_[states + static_cast<std::size_t>(from) * states + static_cast<std::size_t>(to)] += weight;
  }

 private:
  ChainPotentials exact_;
  std::vector<double> logs_;
  std::span<double> counts_;
};

}  // namespace

Evidence chain_posterior(const Block& x, const Rule& rule, const MarkovChain& chain, Panel log_density,
                         std::span<double> counts, ChainScratch& scratch) {
  if (std::holds_alternative<Posterior>(rule)) {
    rule_out_states(x, log_density);
    PanelSegments segments(log_density);
    ChainPlan plan;
    plan.memory = PanelSegments::memory(x.rows());
    return chain_posterior(x, rule, chain, segments, plan, Slice{counts, {}}, scratch);
  }
  ConstantSteps steps(chain, counts);
  return posterior_by_steps(x, rule, steps, log_density, scratch);
}

void chain_score(const Block& x, const MarkovChain& chain, Panel log_density, std::span<double> out,
                 ChainScratch& scratch) {
  ConstantSteps steps(chain);
  score_by_steps(x, steps, log_density, out, scratch);
}

void chain_filter(const Block& x, const MarkovChain& chain, Panel log_density, ChainScratch& scratch) {
  ConstantSteps steps(chain);
  filter_by_steps(x, steps, log_density, scratch);
}

void viterbi(const Block& x, const MarkovChain& chain, Panel log_density, std::span<std::int32_t> path,
             std::span<double> value) {
  ConstantSteps steps(chain);
  viterbi_by_steps(x, steps, log_density, path, value);
}

void chain_predict(const Block& x, const MarkovChain& chain, Panel log_density, ChainScratch& scratch) {
  ConstantSteps steps(chain);
  predict_by_steps(x, steps, log_density, scratch);
}

}  // namespace jensen
