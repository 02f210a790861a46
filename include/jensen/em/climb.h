// One climb from one start: the loop of expectation–maximization.
#pragma once

#include <functional>
#include <memory>

#include <jensen/data/data.h>
#include <jensen/em/e_step.h>
#include <jensen/em/options.h>
#include <jensen/em/stride.h>
#include <jensen/em/trace.h>
#include <jensen/em/variants/variant.h>

namespace jensen {

/// Where a climb ended. Everything belongs to `model`.
struct Climb {
  std::unique_ptr<Model> model;
  Outcome outcome = Outcome::not_finite;
  std::string message;
  Reading reading;
  Evidence evidence;
  Bound bound;
  int iterations = 0;
  int evaluations = 0;
  std::vector<Step> trace;
  bool monotone = true;
  double gradient = 0;  ///< see Report
  std::vector<Degeneracy> degeneracies;
};

/// Keeps what is needed to go on after an interruption. `state` is called to write it, when it is wanted.
using Keep = std::function<void(const std::function<void(StateWriter&)>& state)>;

/// Climbs from `start` until the trace says that it is over. `watch` sees every accepted step. `variant` is exact EM if
/// null. `keep` is called after every accepted whole step; `resume`, what it wrote, goes on from there with the same
/// bits, given the same start, data, options and fresh policies.
Climb climb(const Model& start, const Data& data, Workers& workers, const Options& options, Stride& stride,
            const std::function<Verdict(const Step&)>& watch, Variant* variant = nullptr, const Keep& keep = nullptr,
            StateReader* resume = nullptr);

/// A finished climb as bytes, and back into a copy of `prototype`.
void save(StateWriter& out, const Climb& climb);
Climb load_climb(StateReader& in, const Model& prototype);

}  // namespace jensen
