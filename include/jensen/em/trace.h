// The record of a climb, and the judgement whether it is over.
#pragma once

#include <functional>
#include <limits>
#include <optional>
#include <vector>

#include <jensen/em/result.h>
#include <jensen/em/state.h>

namespace jensen {

void save(StateWriter& out, const Step& step);
Step load_step(StateReader& in);

/// Differences below this between objectives near this one are rounding: what a whole M-step may lose.
/// weight: Σ w_i; precision: Model::rounding().
double rounding(double objective, double weight, double precision);

class Trace {
 public:
  /// tolerance per unit of weight; see Options. `weight` = Σ w_i; `precision`: Model::rounding().
  Trace(double tolerance, int max_iterations, double weight, double precision = std::numeric_limits<double>::epsilon())
      : tolerance_(tolerance * weight), max_iterations_(max_iterations), weight_(weight), precision_(precision) {}

  /// Takes the reading at the next θ (`plain`: it is one EM step behind the last one; only such steps feed Aitken's
  /// estimate). Returns why the climb is over, or nothing. A fall beyond rounding and a value that is not finite are
  /// not recorded: the last accepted step stands. `promised_gain` (what Q's gradient says is still to be had, NaN where
  /// unknown) is asked only when the readings say "converged".
  std::optional<Outcome> record(Step step, bool plain, const std::function<double()>& promised_gain);

  void save(StateWriter& out) const;
  void load(StateReader& in);

  bool empty() const { return steps_.empty(); }
  /// The objective of the last accepted θ; −∞ before there is one.
  double reached() const;
  /// Whether a reading may be compared with the last one.
  bool compares(const Reading& reading) const { return !empty() && steps_.back().reading.epoch == reading.epoch; }
  /// What repeating the same sums in other numbers may change: far below rounding().
  double noise() const;

  /// The last gain lies below the tolerance, but was no plain step's: plain steps must tell what is left.
  bool wants_plain_steps() const;

  const std::vector<Step>& steps() const { return steps_; }
  bool monotone() const { return monotone_; }
  /// No step on trial climbs any more, however short: converged where the last gain and what is promised are within the
  /// tolerance, so that what is left is rounding; else stalled.
  Outcome at_rest(const std::function<double()>& promised_gain);

  double promised_gain() const { return promised_gain_; }  ///< the last answer; NaN if never asked
  double fall() const { return fall_; }                    ///< by how much the objective fell when it did

 private:
  double rounding(double objective) const { return jensen::rounding(objective, weight_, precision_); }
  double aitken(double gain) const;
  std::optional<Outcome> judge(double gain, const std::function<double()>& promised_gain);

  double tolerance_;
  int max_iterations_;
  double weight_;
  double precision_;
  std::vector<Step> steps_;
  int plain_steps_ = 0;     // consecutive ones up to now
  int settled_ = 0;         // consecutive steps whose estimate lay below the tolerance
  int contradictions_ = 0;  // times that the gradient disagreed although the objective no longer moved
  bool monotone_ = true;
  double promised_gain_ = std::numeric_limits<double>::quiet_NaN();
  double fall_ = 0;
};

}  // namespace jensen
