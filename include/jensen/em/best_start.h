// Which of the ends of several starts is the best, whatever the order in which they come in.
#pragma once

#include <jensen/em/climb.h>

#include <span>
#include <vector>

namespace jensen {

/// A start whose climb is over.
struct EndedStart {
  int start = 0;             ///< its number, from 0
  double start_seconds = 0;  ///< finding the start
  Climb climb;
};

/// Finite before not finite, sound before degenerate, then by objective. Objectives that differ by rounding alone are
/// the same optimum, and the first start (by number) that reached it stands for it: another processor, whose sums
/// differ in their last digits, picks the same. More precisely the best is the first of all starts that no other beats
/// by more than rounding(); as that is no order, the few ends that may still become it are kept.
class BestStart {
 public:
  /// precision: Model::rounding().
  explicit BestStart(double precision) : precision_(precision) {}

  void offer(EndedStart end);
  bool empty() const { return kept_.empty(); }
  const EndedStart& best() const { return kept_.front(); }  ///< of at least one
  EndedStart& best() { return kept_.front(); }
  /// By number of the start; the first is the best.
  std::span<const EndedStart> kept() const { return kept_; }

 private:
  bool beats(const Climb& a, const Climb& b) const;  // by more than rounding

  double precision_;
  std::vector<EndedStart> kept_;
};

}  // namespace jensen
