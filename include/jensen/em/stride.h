// From the θ accepted last and the M-step's θ to the θ tried next: where accelerators plug into the loop.
#pragma once

#include <memory>
#include <vector>

#include <jensen/em/model.h>

namespace jensen {

/// A θ that the loop is about to evaluate. On trial, it is kept only if the objective does not fall below what the last
/// accepted θ reached; otherwise the loop asks for a retreat.
struct Candidate {
  std::unique_ptr<Model> model;  ///< null: there is nothing left to try
  bool trial = false;
  double share = 0;  ///< on trial: 1 is the model's own M-step, ½, ¼ … that share of the way to it, 0 a stride's leap

  bool plain() const { return !trial || share == 1; }  ///< one EM step behind the θ accepted last
};

class Stride {
 public:
  virtual ~Stride() = default;
  /// `accepted` is the θ accepted last, `next` what its M-step returned.
  virtual Candidate propose(const Model& accepted, std::unique_ptr<Model> next) = 0;
  /// The last proposal was on trial and fell short: something more careful. Must end in a proposal that is not on
  /// trial.
  virtual Candidate retreat() = 0;
};

/// Plain EM: θ is what the M-step says.
class PlainStride final : public Stride {
 public:
  Candidate propose(const Model&, std::unique_ptr<Model> next) override { return {std::move(next), false}; }
  Candidate retreat() override { return {}; }  // never asked: nothing is on trial
};

/// Around any stride: an M-step that is tentative (concepts.h, HasTentative) goes on trial itself, once the inner stride
/// has nothing bolder left. Each retreat halves the way to it from the θ accepted last, in unconstrained coordinates;
/// after `most_halvings` nothing is left to try. Throws UnsupportedError where the model has no such coordinates.
class HalvingStride final : public Stride {
 public:
  static constexpr int most_halvings = 30;

  explicit HalvingStride(Stride& inner) : inner_(inner) {}
  Candidate propose(const Model& accepted, std::unique_ptr<Model> next) override;
  Candidate retreat() override;

 private:
  Candidate on_trial(Candidate candidate);

  Stride& inner_;
  bool tentative_ = false;  // the M-step is
  double share_ = 0;        // of it that was tried last; 0 while the inner stride has proposals of its own
  std::vector<double> from_;
  std::vector<double> to_;
  std::unique_ptr<Model> model_;  // whatever of θ is not in the coordinates
};

}  // namespace jensen
