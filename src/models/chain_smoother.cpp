#include "models/chain_smoother.h"

#include <jensen/math/kernels.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <span>

namespace jensen {

namespace {

constexpr std::int64_t group = 8;           // segments are made of whole groups of steps
constexpr std::int64_t line = 8;            // numbers of a cache line
constexpr std::size_t kept = 1 << 19;       // numbers: what is worth keeping rather than making again
constexpr std::int64_t in_cache = 1 << 14;  // numbers of a segment: four such arrays stay in the second-level cache

std::int64_t rounded_up(std::int64_t n) { return (n + group - 1) / group * group; }

std::int64_t length_of_segment(std::size_t width) {
  return std::clamp<std::int64_t>(in_cache / static_cast<std::int64_t>(width) / group * group, 64, 512);
}

// `size` numbers from a boundary of 64 bytes on.
double* aligned(std::vector<double>& memory, std::int64_t size) {
  constexpr std::size_t boundary = 64;
  const std::size_t needed = static_cast<std::size_t>(size) + boundary / sizeof(double);
  if (memory.size() < needed) memory.resize(needed);
  const auto beyond = reinterpret_cast<std::uintptr_t>(memory.data()) % boundary;
  return memory.data() + (beyond == 0 ? 0 : (boundary - beyond) / sizeof(double));
}

void write_padded(const std::vector<double>& matrix, std::size_t states, std::size_t width, bool transposed,
                  double* out) {
  std::fill_n(out, width * width, 0.0);
  for (std::size_t i = 0; i < states; ++i) {
    for (std::size_t j = 0; j < states; ++j) {
      out[transposed ? j * width + i : i * width + j] = matrix[i * states + j];
    }
  }
}

bool has_small_moves(const ChainPotentials& chain) {
  return std::any_of(chain.transitions.begin(), chain.transitions.end(), [](double a) { return !(a >= least_move); });
}

}  // namespace

ChainSmoother::ChainSmoother(const Task& task, ChainScratch::Segments& scratch)
    : task_(task),
      states_(static_cast<std::size_t>(task.chain.states)),
      width_(kernels::chain_width(task.chain.states)),
      length_(std::min(length_of_segment(width_), rounded_up(task.steps))) {
  auto& own = scratch;
  const std::int64_t w = width();
  const std::int64_t all = count() * length_ * w;
  keeps_all_ = count() == 1 || (task.memory == ChainMemory::log_densities && 2 * static_cast<std::size_t>(all) <= kept);
  const std::int64_t slots = keeps_all_ ? count() : 1;
  const std::int64_t panels = task.memory == ChainMemory::log_densities ? count() : 1;
  panel_ = aligned(own.panel, panels * task.chain.states * (length_ + line));
  density_ = aligned(own.density, slots * length_ * w);
  filtered_ = aligned(own.filtered, slots * length_ * w);
  smoothed_ = aligned(own.smoothed, length_ * w);
  checkpoints_ = aligned(own.checkpoints, (count() + 1) * w);
  shift_ = aligned(own.shift, length_);
  normalizer_ = aligned(own.normalizer, length_);
  initial_ = aligned(own.rows, 7 * w);
  exact_initial_ = initial_ + w;
  exact_before_ = exact_initial_ + w;
  later_ = exact_before_ + w;
  beta_ = later_ + w;
  memory_ = beta_ + w;
  transitions_ = aligned(own.transitions, 2 * w * w);
  exact_transitions_ = transitions_ + w * w;
  transposed_ = aligned(own.transposed, w * w);
  counts_ = aligned(own.counts, w * w);
  write_padded(task.chain.transitions, states_, width_, false, transitions_);
  std::fill_n(initial_, w, 0.0);
  std::copy(task.chain.initial.begin(), task.chain.initial.end(), initial_);
  std::fill_n(later_, w, 1.0);
  if (task.exact == nullptr) return;
  write_padded(task.exact->transitions, states_, width_, false, exact_transitions_);
  std::fill_n(exact_initial_, w, 0.0);
  std::copy(task.exact->initial.begin(), task.exact->initial.end(), exact_initial_);
}

kernels::ChainShape ChainSmoother::shape(std::int64_t s) const {
  return {static_cast<std::size_t>(std::min(length_, task_.steps - s * length_)), states_, width_, task_.reversed};
}

std::int64_t ChainSmoother::row(std::int64_t s) const {
  const std::int64_t before = s * length_;
  if (!task_.reversed) return task_.first + before;
  return task_.first + task_.steps - before - static_cast<std::int64_t>(shape(s).steps);
}

Panel ChainSmoother::panel(std::int64_t s) const {
  const std::int64_t stride = length_ + line;
  const bool one = task_.memory == ChainMemory::checkpoints;
  return {panel_ + (one ? 0 : s * stride * task_.chain.states), static_cast<std::int64_t>(shape(s).steps),
          task_.chain.states, stride};
}

Panel ChainSmoother::log_densities(std::int64_t s) {
  const Panel p = panel(s);
  for (int k = 0; k < p.columns; ++k) std::fill_n(p.column(k), p.rows, 0.0);
  task_.segments.add_log_density(row(s), p);
  return p;
}

// Adds up log Σ of the scales of a segment's steps; false where that is not safe.
bool ChainSmoother::filter(std::int64_t s, ConstPanel p, double& log_sum, double* step) {
  const auto own = shape(s);
  if (!kernels::chain_densities(p, own, density(s), shift_)) return false;
  if (task_.reversed) std::reverse(shift_, shift_ + own.steps);
  const double smallest = kernels::chain_forward(own, s == 0 ? initial_ : nullptr, checkpoint(s), transitions_,
                                                 least_normalizer, density(s), filtered(s), normalizer_, memory_);
  if (!(smallest >= least_normalizer)) return false;
  computed_ = s;
  std::copy_n(filtered(s) + (own.steps - 1) * width_, width_, checkpoint(s + 1));
  const std::span<double> scales(normalizer_, own.steps);
  kernels::log(scales);
  for (std::size_t t = 0; t < own.steps; ++t) scales[t] += shift_[t];
  if (step != nullptr) std::copy(scales.begin(), scales.end(), step + s * length_);
  log_sum += kernels::sum(scales);
  return true;
}

// The same for the exact potentials, of which nothing is kept but the sum.
bool ChainSmoother::filter_exactly(std::int64_t s, ConstPanel p) {
  std::swap(initial_, exact_initial_);
  std::swap(transitions_, exact_transitions_);
  std::vector<double> tempered(checkpoint(s), checkpoint(s) + width_);
  std::copy_n(exact_before_, width_, checkpoint(s));
  const bool is_safe = filter(s, p, exact_log_sum_, nullptr);
  if (is_safe) std::copy_n(checkpoint(s + 1), width_, exact_before_);
  std::copy(tempered.begin(), tempered.end(), checkpoint(s));
  std::swap(initial_, exact_initial_);
  std::swap(transitions_, exact_transitions_);
  return is_safe;
}

bool ChainSmoother::forward(double* filtered_rows, double* step) {
  for (std::int64_t s = 0; s < count(); ++s) {
    const Panel p = log_densities(s);
    if (task_.exact != nullptr) {
      if (!filter_exactly(s, p)) return false;
      for (int k = 0; k < p.columns; ++k) {
        for (std::int64_t t = 0; t < p.rows; ++t) p(t, k) /= task_.temperature;
      }
    }
    if (!filter(s, p, log_sum_, step)) return false;
    if (filtered_rows == nullptr) continue;
    std::copy_n(filtered(s), shape(s).steps * width_, filtered_rows + s * length_ * width());
  }
  return true;
}

// Makes the numbers of a segment again where they are not there any more.
void ChainSmoother::ready(std::int64_t s) {
  if (keeps_all_ || computed_ == s) return;
  if (task_.memory == ChainMemory::checkpoints) {
    const Panel p = log_densities(s);
    for (int k = 0; task_.exact != nullptr && k < p.columns; ++k) {
      for (std::int64_t t = 0; t < p.rows; ++t) p(t, k) /= task_.temperature;
    }
  }
  double known = 0;
  filter(s, panel(s), known, nullptr);
}

// Σ_i filtered(i) beta(i) = 1 for the step before segment s.
void ChainSmoother::scale_beta(std::int64_t s) {
  double total = 0;
  for (std::size_t k = 0; k < width_; ++k) total += checkpoint(s)[k] * beta_[k];
  for (std::size_t k = 0; k < width_; ++k) beta_[k] /= total;
}

void ChainSmoother::set_later(std::span<const double> beta) {
  std::fill_n(later_, width_, 0.0);
  std::copy(beta.begin(), beta.end(), later_);
}

bool ChainSmoother::safe() {
  write_padded(task_.chain.transitions, states_, width_, true, transposed_);
  if (!has_small_moves(task_.chain)) return true;
  std::copy_n(later_, width_, beta_);
  for (std::int64_t s = count(); s-- > 0;) {
    ready(s);
    const double* own = density(s);
    std::vector<double> weights(own, own + shape(s).steps * width_);
    if (!(kernels::chain_largest_beta(shape(s), transposed_, weights.data(), beta_) <= largest_beta)) return false;
    if (s > 0) scale_beta(s);
  }
  return true;
}

ChainSmoother::Smoothed ChainSmoother::backward(double weight, double* counts) {
  Smoothed result;
  std::copy_n(later_, width_, beta_);
  for (std::int64_t s = count(); s-- > 0;) {
    ready(s);
    const auto own = shape(s);
    std::fill_n(counts_, width_ * width_, 0.0);
    kernels::chain_backward(own, transposed_, filtered(s), density(s), beta_, smoothed_);
    computed_ = -1;  // the densities are used up
    if (s > 0) {
      scale_beta(s);
      kernels::chain_counts({1, states_, width_}, checkpoint(s), density(s), counts_);
    } else {
      result.first.assign(smoothed_, smoothed_ + states_);
    }
    kernels::chain_counts({own.steps - 1, states_, width_}, filtered(s), density(s) + width_, counts_);
    const Panel p = panel(s);
    result.expected_log_density += kernels::chain_responsibilities(own, smoothed_, weight, p);
    task_.segments.take(row(s), p);
    for (std::size_t i = 0; i < states_; ++i) {
      for (std::size_t j = 0; j < states_; ++j) {
        counts[i * states_ + j] += task_.chain.transitions[i * states_ + j] * counts_[i * width_ + j];
      }
    }
  }
  return result;
}

double meet(const ChainPotentials& chain, std::span<const double> before, std::span<const double> after,
            Meeting& meeting) {
  const auto states = static_cast<std::size_t>(chain.states);
  meeting.later.assign(states, 0.0);
  meeting.earlier.assign(states, 0.0);
  meeting.moves.resize(states * states);
  double total = 0;
  for (std::size_t i = 0; i < states; ++i) {
    for (std::size_t j = 0; j < states; ++j) {
      const double move = chain.transitions[i * states + j];
      meeting.later[i] += move * after[j];
      meeting.earlier[j] += before[i] * move;
      meeting.moves[i * states + j] = before[i] * move * after[j];
    }
    total += before[i] * meeting.later[i];
  }
  for (auto* all : {&meeting.later, &meeting.earlier, &meeting.moves}) {
    for (double& value : *all) value /= total;
  }
  return total;
}

}  // namespace jensen
