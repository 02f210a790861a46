#include <jensen/models/chain_segments.h>
#include <jensen/models/viterbi.h>

#include <algorithm>
#include <cmath>

#include "models/chain_recursions.h"
#include "models/viterbi_step.h"

namespace jensen {

namespace {

// One sequence after the other, 512 rows at a time: log p(best path into each state) is kept for the row before each
// segment, and which states the best paths come from is found again for one segment at a time, from the last one back.
class SegmentedPath {
 public:
  SegmentedPath(const MarkovChain& chain, ChainSegments& segments)
      : states_(static_cast<std::size_t>(chain.states())),
        segments_(segments),
        memory_(states_ * static_cast<std::size_t>(length)),
        from_(memory_.size()),
        next_(states_) {
    for (const double p : chain.initial()) log_initial_.push_back(std::log(p));
    for (const double p : chain.transitions()) log_moves_.push_back(std::log(p));
  }

  // The path of rows [first, first + path.size()).
  double find(std::int64_t first, std::span<std::int32_t> path) {
    const auto rows = static_cast<std::int64_t>(path.size());
    const std::int64_t count = (rows + length - 1) / length;
    before_.assign(static_cast<std::size_t>(count) * states_, 0.0);
    for (std::int64_t s = 0; s < count; ++s) {
      if (s > 0) std::copy(reached_.begin(), reached_.end(), checkpoint(s).begin());
      go_through(first, s, rows);
    }
    const PathEnd end = path_end(reached_);
    if (end.state < 0) {
      std::fill(path.begin(), path.end(), -1);
      return end.value;
    }
    std::int32_t state = end.state;
    for (std::int64_t s = count; s-- > 0;) {
      if (s + 1 < count) {  // the last one is there still
        const auto known = checkpoint(s);
        reached_.assign(known.begin(), known.end());
        go_through(first, s, rows);
      }
      for (std::int64_t t = std::min(rows, (s + 1) * length); t-- > s * length;) {
        path[static_cast<std::size_t>(t)] = state;
        state = from_[static_cast<std::size_t>(t - s * length) * states_ + static_cast<std::size_t>(state)];
      }
    }
    return end.value;
  }

 private:
  static constexpr std::int64_t length = 512;

  // reached_ of the row before segment s.
  std::span<double> checkpoint(std::int64_t s) {
    return std::span(before_).subspan(static_cast<std::size_t>(s) * states_, states_);
  }

  // From reached_ of the row before the segment, where there is one, to that of its last row; writes from_.
  void go_through(std::int64_t first, std::int64_t s, std::int64_t rows) {
    const Panel p{memory_.data(), std::min(length, rows - s * length), static_cast<int>(states_), length};
    std::fill(memory_.begin(), memory_.end(), 0.0);
    segments_.add_log_density(first + s * length, p);
    std::int64_t t = 0;
    if (s == 0) {
      reached_ = log_initial_;
      for (std::size_t k = 0; k < states_; ++k) reached_[k] += p(0, static_cast<int>(k));
      t = 1;
    }
    for (; t < p.rows; ++t) {
      viterbi_step(log_moves_, p, t, reached_, next_, from_.data() + static_cast<std::size_t>(t) * states_);
      reached_.swap(next_);
    }
  }

  std::size_t states_;
  ChainSegments& segments_;
  std::vector<double> log_initial_, log_moves_;
  std::vector<double> memory_;      // log-densities of a segment
  std::vector<std::int32_t> from_;  // rows of a segment × K
  std::vector<double> reached_, next_;
  std::vector<double> before_;  // segments × K
};

}  // namespace

void viterbi(const Block& x, const MarkovChain& chain, ChainSegments& segments, std::span<std::int32_t> path,
             std::span<double> value) {
  SegmentedPath best(chain, segments);
  const auto bounds = sequence_bounds(x);
  for (std::size_t s = 0; s + 1 < bounds.size(); ++s) {
    const auto count = static_cast<std::size_t>(bounds[s + 1] - bounds[s]);
    const double reached = best.find(bounds[s], path.subspan(static_cast<std::size_t>(bounds[s]), count));
    if (!value.empty()) value[s] = reached;
  }
}

std::vector<std::int64_t> sequence_bounds(const Block& x) {
  if (x.sequences.empty()) return x.rows() == 0 ? std::vector<std::int64_t>{0} : std::vector<std::int64_t>{0, x.rows()};
  std::vector<std::int64_t> bounds;
  for (const std::int64_t row : x.sequences) bounds.push_back(row - x.first_row);
  return bounds;
}

}  // namespace jensen
