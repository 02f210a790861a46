// Sparse EM (Neal and Hinton 1998): a full pass finds, row by row, the states S_i whose posterior probability is at
// least `threshold`, and the most probable one whatever it is; the E-steps that follow let q_i live on S_i alone. With
// q_i ∝ p(x_i, k; θ) on S_i the bound is F(q, θ) = Σ w_i log Σ_{k ∈ S_i} p(x_i, k; θ), a likelihood with known sets of
// states, which both steps climb. New sets begin a new epoch; exact EM finishes.
#include <jensen/data/data.h>
#include <jensen/execution/reduction.h>

#include <cmath>
#include <map>

#include "data/data_view.h"
#include "em/variants/list.h"

namespace jensen {

namespace {

// The same rows with what each row may be cut down to its active states.
class ActiveStates final : public DataView {
 public:
  ActiveStates(const Data& data, int states)
      : DataView(data), sets_{states, {}}, set_(static_cast<std::size_t>(data.rows()), -1) {}
  Block block(std::int64_t first, std::int64_t count, BlockBuffer& buffer) const override {
    Block block = data().block(first, count, buffer);
    block.allowed = std::span(set_).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
    block.state_sets = &sets_;
    return block;
  }

  void find(const Model& model, double threshold) {
    std::map<std::string, std::int32_t> known;
    std::vector<double> values;
    std::string active(static_cast<std::size_t>(sets_.states), 0);
    sets_.allowed.clear();
    visit_blocks(data(), [&](const Block& block) {
      values.assign(static_cast<std::size_t>(block.rows()) * active.size(), 0);
      const Panel p{values.data(), block.rows(), sets_.states, block.rows()};
      model.responsibilities(block, p);
      for (std::int64_t i = 0; i < block.rows(); ++i) {
        int most = 0;
        for (int k = 0; k < sets_.states; ++k) {
          active[static_cast<std::size_t>(k)] = p(i, k) > 0 && p(i, k) >= threshold ? 1 : 0;
          most = p(i, k) > p(i, most) ? k : most;
        }
        active[static_cast<std::size_t>(most)] = 1;
        const auto [at, is_new] = known.try_emplace(active, static_cast<std::int32_t>(known.size()));
        if (is_new) sets_.allowed.insert(sets_.allowed.end(), active.begin(), active.end());
        set_[static_cast<std::size_t>(block.first_row + i)] = at->second;
      }
      return true;
    });
  }

  void save(StateWriter& out) const {
    std::string sets(sets_.allowed.begin(), sets_.allowed.end());
    out.put(std::string_view(sets));
    out.put(std::string_view(reinterpret_cast<const char*>(set_.data()), set_.size() * sizeof(std::int32_t)));
  }
  void load(StateReader& in) {
    const std::string sets = in.text();
    sets_.allowed.assign(sets.begin(), sets.end());
    const std::string set = in.text();
    if (set.size() != set_.size() * sizeof(std::int32_t)) throw DataError("the checkpoint is of other data");
    std::copy_n(set.data(), set.size(), reinterpret_cast<char*>(set_.data()));
  }

 private:
  StateSets sets_;
  std::vector<std::int32_t> set_;
};

class Sparse final : public Variant {
 public:
  explicit Sparse(const VariantOptions& options) : threshold_(options.threshold), steps_(options.sparse_steps) {}
  std::string name() const override { return "sparse EM"; }

  Expectation expect(const Model& model, EStep& e_step) override {
    if (exact_) return {e_step(model), epoch_ + 1};
    if (!active_) active_ = std::make_unique<ActiveStates>(e_step.data(), model.states());
    if (!saved_.empty()) {
      StateReader in(saved_);
      active_->load(in);
      saved_.clear();
    }
    if (taken_ == 0) {
      active_->find(model, threshold_);
      ++epoch_;
    }
    taken_ = (taken_ + 1) % steps_;
    Expectation e{e_step.view(*active_, model), epoch_};
    e.surrogate = std::exchange(e.expected.evidence.log_likelihood, std::nan(""));
    return e;
  }

  bool proceed() override {
    if (exact_) return false;
    active_.reset();
    return exact_ = true;
  }

  void save(StateWriter& out) const override {
    out.put(exact_);
    out.put(epoch_);
    out.put(taken_);
    StateWriter active;
    if (active_) active_->save(active);
    out.put(std::string_view(active.bytes()));
  }
  void load(StateReader& in) override {
    exact_ = in.flag();
    epoch_ = in.number();
    taken_ = in.number();
    saved_ = in.text();
  }

 protected:
  std::vector<Capability> needs() const override { return {Capability::states, Capability::rules}; }

 private:
  double threshold_;
  int steps_;
  int epoch_ = 0;
  int taken_ = 0;
  bool exact_ = false;
  std::unique_ptr<ActiveStates> active_;
  std::string saved_;  // of a checkpoint, until the data are at hand
};

}  // namespace

std::unique_ptr<Variant> sparse_variant(const VariantOptions& options) { return std::make_unique<Sparse>(options); }

}  // namespace jensen
