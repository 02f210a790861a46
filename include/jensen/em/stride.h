// From the θ accepted last and the M-step's θ to the θ tried next: where accelerators plug into the loop.
#pragma once

#include <memory>

#include <jensen/em/model.h>

namespace jensen {

/// A θ that the loop is about to evaluate. On trial, it is kept only if the objective does not fall below what the last
/// accepted θ reached; otherwise the loop asks for a retreat.
struct Candidate {
  std::unique_ptr<Model> model;
  bool trial = false;
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

}  // namespace jensen
