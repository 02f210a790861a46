// The E-step over all data: q ← p(z | x; θ) block by block, folded into statistics and evidence.
#pragma once

#include <memory>
#include <vector>

#include <jensen/data/data.h>
#include <jensen/em/model.h>
#include <jensen/em/result.h>
#include <jensen/execution/workers.h>

namespace jensen {

struct Expected {
  Statistics statistics;
  Evidence evidence;

  Expected& operator+=(const Expected& other) {
    statistics += other.statistics;
    evidence += other.evidence;
    return *this;
  }
};

class EStep {
 public:
  EStep(const Data& data, Workers& workers) : data_(data), workers_(workers) {}

  /// One pass over the data. Statistics are about the model's own reference points.
  Expected operator()(const Model& model, const Rule& rule = Posterior{});
  int evaluations() const { return evaluations_; }

 private:
  const Data& data_;
  Workers& workers_;
  std::vector<std::unique_ptr<Model::Scratch>> scratch_;  // one a worker
  int evaluations_ = 0;
};

/// Q and the bound at `theta`, from an E-step made at any parameters; NaN where the model cannot say.
Bound bound_of(const Model& theta, const Expected& expected);

}  // namespace jensen
