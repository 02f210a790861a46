// A variant of EM: how q is chosen, what is climbed by that, and which M-step follows. A policy of the one loop.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include <jensen/em/e_step.h>
#include <jensen/em/model.h>
#include <jensen/em/result.h>
#include <jensen/em/state.h>

namespace jensen {

/// What a variant's E-step leaves behind.
struct Expectation {
  Expected expected;
  int epoch = 0;  ///< readings of different epochs do not compare
  /// What is climbed (the log prior aside) where that is not ℓ(θ): F(q, θ) for a q that is not the posterior; see
  /// Reading::surrogate. NaN: it is ℓ(θ) = expected.evidence.log_likelihood.
  double surrogate = std::numeric_limits<double>::quiet_NaN();
  bool whole = true;  ///< false: some rows, or a part of θ, have yet to come; no reading is taken
};

class Variant {
 public:
  virtual ~Variant() = default;

  /// As it stands in messages: "incremental EM".
  virtual std::string name() const = 0;
  /// Throws UnsupportedError, naming model and capability, where the model lacks what this variant needs.
  virtual void check(const Model& model) const;
  /// Whether the objective never falls, so that steps on trial (accelerators, tentative M-steps) can be compared.
  virtual bool ascends() const { return true; }

  /// E: chooses q at `model` and folds it into statistics about the model's own reference points.
  virtual Expectation expect(const Model& model, EStep& e_step) = 0;
  /// M: `next`, a copy of the θ at which `e` was taken, is moved to the θ that follows.
  virtual void maximize(Model& next, const Expectation& e, EStep& e_step);
  /// What the M-step promised: F(q, next), the log prior aside. NaN where nothing was.
  virtual double promise(const Model& next, const Expectation& e) const;

  /// The readings say "converged". True: only a phase is over, and the next one has begun.
  virtual bool proceed() { return false; }
  /// Why the work is done although nothing converged (a schedule that has ended), as a sentence; empty: it is not.
  virtual std::string finished(const Step&) const { return {}; }

  /// What must outlive an interruption, beside θ and the last Expectation.
  virtual void save(StateWriter&) const {}
  virtual void load(StateReader&) {}

 protected:
  virtual std::vector<Capability> needs() const { return {}; }
};

/// q = p(z | x; θ): the bound touches ℓ, which is what is climbed.
class ExactVariant final : public Variant {
 public:
  std::string name() const override { return "EM"; }
  Expectation expect(const Model& model, EStep& e_step) override;
};

}  // namespace jensen
