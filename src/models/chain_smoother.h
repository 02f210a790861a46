// Filtering and smoothing of one sequence by linear recursions, segment by segment.
//
// Forward: emissions are shifted by their largest, filtered distributions sum to 1 (Rabiner 1989, eq. 92 ff.). A
// segment's last filtered row is kept, from which the segment can be made again. Backward: with
// beta_t(i) = p(x_{t+1} … x_T | z_t = i) / p(x_{t+1} … x_T | x_1 … x_t) smoothed_t = filtered_t × beta_t, and
// Σ_i filtered_t(i) beta_t(i) = 1, which is restored at the end of each segment.
//
// As beta_t(i) ≤ 1 / filtered_t(i), a large beta says that a state was lost to underflow, or nearly, and that the rows
// after make it likely again: the sequence then needs recursions in logs. That cannot happen where every state can
// follow every other.
//
// A sequence may be smoothed from both its ends at once. Seen from its last row it is a chain, too: with potentials 1
// of that row's states and the transposed transitions, whose filtered rows are υ_t(j) ∝ p(x_t … x_T | z_t = j). Where
// two smoothers meet, between rows m and m + 1, what one has filtered is all that the other needs to know of the rows
// beyond:
//
//     Σ over all paths = Σ before × Σ after × c,   c = Σ_ij filtered_m(i) A_ij υ_{m+1}(j)
//     beta_m(i) = Σ_j A_ij υ_{m+1}(j) / c          towards the first row
//     beta_{m+1}(j) = Σ_i filtered_m(i) A_ij / c   towards the last
//
// and each goes back over its own rows alone.
#pragma once

#include <jensen/models/chain_segments.h>

#include "math/chain_kernels.h"
#include "models/chain_recursions.h"

namespace jensen {

/// The smallest sum of a step that the linear recursion goes on from.
constexpr double least_normalizer = 1e-100;
/// What lies below the smallest double, 1e-308, beside such a sum is 1e-208 of it; times this it is still nothing.
constexpr double largest_beta = 1e180;
/// A chain all of whose moves are more likely has no larger beta than its inverse.
constexpr double least_move = 1e-90;

class ChainSmoother {
 public:
  /// Rows [first, first + steps) of the block that `segments` speaks of, or from the last of them to the first where
  /// `reversed`. log-densities are divided by `temperature` after `exact`, if there is one, has read them.
  struct Task {
    const ChainPotentials& chain;
    const ChainPotentials* exact = nullptr;
    double temperature = 1;
    ChainSegments& segments;
    ChainMemory memory = ChainMemory::log_densities;
    std::int64_t first = 0;
    std::int64_t steps = 0;
    bool reversed = false;
  };
  ChainSmoother(const Task& task, ChainScratch::Segments& scratch);

  /// Σ over all paths, in logs. False where the linear recursion is not safe, or no path has positive potential.
  /// filtered (steps × width) and step (steps), if not null, receive what filter() (chain_recursions.h) says.
  bool forward(double* filtered = nullptr, double* step = nullptr);
  double log_sum() const { return log_sum_; }
  double exact_log_sum() const { return task_.exact == nullptr ? log_sum_ : exact_log_sum_; }

  /// After forward(): the last filtered row, K, and the same for the exact potentials.
  std::span<const double> last() const { return {checkpoint(count()), states_}; }
  std::span<const double> exact_last() const {
    return task_.exact == nullptr ? last() : std::span<const double>(exact_before_, states_);
  }
  /// beta of the last row, which is 1 unless said before safe().
  void set_later(std::span<const double> beta);

  /// After forward(): whether no beta is too large.
  bool safe();

  struct Smoothed {
    double expected_log_density = 0;  ///< Σ_t Σ_k p(z_t = k | x) log p(x_t | k) / temperature
    std::vector<double> first;        ///< p(z of the first step | x), K
  };
  /// After safe(): hands the posterior, times weight, to the segments and adds the expected moves to counts (K × K).
  Smoothed backward(double weight, double* counts);

 private:
  std::int64_t count() const { return (task_.steps + length_ - 1) / length_; }
  kernels::ChainShape shape(std::int64_t s) const;
  std::int64_t row(std::int64_t s) const;  // the first of the block's rows that segment s is made of
  // Where the numbers of a segment lie: those of all, or of the one last computed.
  double* density(std::int64_t s) const { return density_ + (keeps_all_ ? s * length_ * width() : 0); }
  double* filtered(std::int64_t s) const { return filtered_ + (keeps_all_ ? s * length_ * width() : 0); }
  double* checkpoint(std::int64_t s) const { return checkpoints_ + s * width(); }
  std::int64_t width() const { return static_cast<std::int64_t>(width_); }
  Panel panel(std::int64_t s) const;

  Panel log_densities(std::int64_t s);
  bool filter(std::int64_t s, ConstPanel p, double& log_sum, double* step);
  void ready(std::int64_t s);
  bool filter_exactly(std::int64_t s, ConstPanel p);
  void scale_beta(std::int64_t s);

  Task task_;
  std::size_t states_, width_;
  std::int64_t length_;  // steps of a segment
  bool keeps_all_;
  std::int64_t computed_ = -1;  // the segment whose numbers are there, where not all are kept
  double log_sum_ = 0, exact_log_sum_ = 0;
  double *panel_, *density_, *filtered_, *smoothed_, *checkpoints_, *exact_before_, *shift_, *normalizer_, *initial_,
      *exact_initial_, *later_, *beta_, *memory_, *transitions_, *exact_transitions_, *transposed_, *counts_;
};

/// What two smoothers tell one another.
struct Meeting {
  std::vector<double> later;    ///< beta of the last row before, K
  std::vector<double> earlier;  ///< beta of the first row after, as the reversed chain has it, K
  std::vector<double> moves;    ///< p(z of the one, z of the other | x), K × K
};
/// c above; what it is divided by is not looked at. before, after: the filtered rows on both sides.
double meet(const ChainPotentials& chain, std::span<const double> before, std::span<const double> after,
            Meeting& meeting);

}  // namespace jensen
