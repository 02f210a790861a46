// The E-step over all data: q ← p(z | x; θ) block by block, folded into statistics and evidence.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
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

  /// One pass over the data, or two where a state lives on traces alone (Model::resolved). Statistics are about the
  /// model's own reference points.
  Expected operator()(const Model& model, const Rule& rule = Posterior{}) { return view(data_, model, rule); }
  /// One pass over another view of the same rows.
  Expected view(const Data& data, const Model& model, const Rule& rule = Posterior{});
  /// Rows [first, last), which cut no unit, alone and on this thread: that share of a pass.
  Expected rows(const Model& model, const Rule& rule, std::int64_t first, std::int64_t last);

  /// The first row ≥ `row` at which a unit begins, or the number of rows.
  std::int64_t unit_begin(std::int64_t row) const;

  const Data& data() const { return data_; }
  /// Σ w_i over rows [first, last), which cut no unit, without an E-step.
  double weight(std::int64_t first, std::int64_t last) const;
  /// Passes over the data so far; a pass begun counts as one.
  int evaluations() const;
  /// Rows seen so far, of which evaluations() makes passes: what a checkpoint keeps.
  std::int64_t rows_seen() const { return rows_seen_; }
  void set_rows_seen(std::int64_t rows) { rows_seen_ = rows; }

 private:
  struct Free {
    void operator()(std::uint16_t* memory) const { std::free(memory); }
  };

  Model::Scratch& scratch_of(int worker, const Model& model);
  std::span<std::uint16_t> likely_states();

  const Data& data_;
  Workers& workers_;
  std::unique_ptr<std::uint16_t[], Free> likely_;         // Model::Scratch::note_likely_states()
  std::vector<std::unique_ptr<Model::Scratch>> scratch_;  // one a worker
  std::int64_t rows_seen_ = 0;
};

/// Q and the bound at `theta`, from an E-step made at any parameters; NaN where the model cannot say.
Bound bound_of(const Model& theta, const Expected& expected);

}  // namespace jensen
