#include <jensen/em/best_start.h>

#include <jensen/em/trace.h>

#include <algorithm>
#include <cmath>

namespace jensen {

namespace {

int rank(const Climb& climb) {
  if (!std::isfinite(climb.reading.objective())) return 0;
  if (climb.outcome == Outcome::objective_fell) return 1;
  return climb.degeneracies.empty() ? 3 : 2;
}

// Among ends of one rank; those that are not finite are all alike.
double height(const Climb& climb) { return rank(climb) == 0 ? 0 : climb.reading.objective(); }

}  // namespace

bool BestStart::beats(const Climb& a, const Climb& b) const {
  return height(a) - height(b) > rounding(height(a), a.evidence.weight, precision_);
}

void BestStart::offer(EndedStart end) {
  const Climb& mine = end.climb;
  if (!kept_.empty() && rank(mine) != rank(best().climb)) {
    if (rank(mine) < rank(best().climb)) return;
    kept_.clear();
  }
  // One that comes before another and is as high can never lose to it.
  for (const EndedStart& other : kept_) {
    if (beats(other.climb, mine)) return;
    if (other.start < end.start && height(other.climb) >= height(mine)) return;
  }
  std::erase_if(kept_, [&](const EndedStart& other) {
    return beats(mine, other.climb) || (other.start > end.start && height(other.climb) <= height(mine));
  });
  const auto after =
      std::find_if(kept_.begin(), kept_.end(), [&](const EndedStart& other) { return other.start > end.start; });
  kept_.insert(after, std::move(end));
}

}  // namespace jensen
