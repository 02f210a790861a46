// One climb from one start: the loop of expectation–maximization.
#pragma once

#include <functional>
#include <memory>

#include <jensen/data/data.h>
#include <jensen/em/e_step.h>
#include <jensen/em/options.h>
#include <jensen/em/stride.h>
#include <jensen/em/trace.h>

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

/// Climbs from `start` until the trace says that it is over. `watch` sees every accepted step.
Climb climb(const Model& start, const Data& data, Workers& workers, const Options& options, Stride& stride,
            const std::function<Verdict(const Step&)>& watch);

}  // namespace jensen
