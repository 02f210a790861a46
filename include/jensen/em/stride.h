// From the θ accepted last and the M-step's θ to the θ tried next: where accelerators plug into the loop.
#pragma once

#include <memory>
#include <vector>

#include <jensen/em/model.h>
#include <jensen/em/state.h>

namespace jensen {

/// A θ that the loop is about to evaluate. On trial, it is kept only if the objective does not fall below what the last
/// accepted θ reached; otherwise the loop asks for a retreat.
struct Proposal {
  std::unique_ptr<Model> model;  ///< null: there is nothing left to try
  bool trial = false;
  double share = 0;  ///< on trial: 1 is the model's own M-step, ½, ¼ … that share of the way to it, 0 a stride's leap

  bool plain() const { return !trial || share == 1; }  ///< one EM step behind the θ accepted last
};

class Stride {
 public:
  virtual ~Stride() = default;
  /// `accepted` is the θ accepted last, `next` what its M-step returned.
  virtual Proposal propose(const Model& accepted, std::unique_ptr<Model> next) = 0;
  /// The last proposal was on trial and fell short: something more careful. Must end in a proposal that is not on
  /// trial.
  virtual Proposal retreat() = 0;
  /// Steps were taken without asking: what was remembered of the path no longer leads here.
  virtual void restart() {}

  /// What must outlive an interruption between two proposals.
  virtual void save(StateWriter&) const {}
  virtual void load(StateReader&) {}
};

/// Plain EM: θ is what the M-step says.
class PlainStride final : public Stride {
 public:
  Proposal propose(const Model&, std::unique_ptr<Model> next) override { return {std::move(next), false}; }
  Proposal retreat() override { return {}; }  // never asked: nothing is on trial
};

/// Around any stride: an M-step that is tentative (concepts.h, HasTentative) goes on trial itself, once the inner
/// stride has nothing bolder left. Each retreat halves the way to it from the θ accepted last, in unconstrained
/// coordinates; after `most_halvings` nothing is left to try. Throws UnsupportedError where the model has no such
/// coordinates.
class HalvingStride final : public Stride {
 public:
  static constexpr int most_halvings = 30;

  explicit HalvingStride(Stride& inner) : inner_(inner) {}
  Proposal propose(const Model& accepted, std::unique_ptr<Model> next) override;
  Proposal retreat() override;
  void restart() override { inner_.restart(); }
  void save(StateWriter& out) const override { inner_.save(out); }
  void load(StateReader& in) override { inner_.load(in); }
  /// The M-step's θ as it is, on trial where it is tentative: a step without the inner stride.
  Proposal plain(const Model& accepted, std::unique_ptr<Model> next);

 private:
  void look_at(const Model& accepted, const Model& next);
  Proposal on_trial(Proposal candidate);

  Stride& inner_;
  bool tentative_ = false;  // the M-step is
  double share_ = 0;        // of it that was tried last; 0 while the inner stride has proposals of its own
  bool lost_way_ = false;   // its θ has other coordinates than the one it came from
  std::vector<double> from_;
  std::vector<double> to_;
  std::unique_ptr<Model> model_;  // whatever of θ is not in the coordinates
};

}  // namespace jensen
