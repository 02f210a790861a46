// M-step of the Student-t emissions, and the expected log-density that it maximises.
#include <jensen/emissions/student_t.h>
#include <jensen/math/special.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "emissions/family_support.h"

namespace jensen {

// Statistics: N_k = Σ r, U_k = Σ r E[u], L_k = Σ r E[log u], and, where the degrees of freedom come next, the first two
// derivatives in ν of Σ r log p(x | k), K each; then Σ r E[u (x − a)] and
// Σ r E[u (x − a)(x − a)ᵀ] as a Gaussian lays them out, whose weights would be U.

void StudentT::move(ConstSlice from, Slice to) const {
  const std::size_t state_count = components();
  std::copy_n(from.sum.begin(), state_count, to.sum.begin());
  std::copy_n(from.sum.begin() + static_cast<std::ptrdiff_t>(2 * state_count), (heads - 2) * state_count,
              to.sum.begin() + static_cast<std::ptrdiff_t>(2 * state_count));
  std::vector<double> weighted(from.sum.size() - (heads - 1) * state_count);
  std::copy_n(from.sum.begin() + static_cast<std::ptrdiff_t>(state_count), state_count, weighted.begin());
  std::copy(from.sum.begin() + static_cast<std::ptrdiff_t>(heads * state_count), from.sum.end(),
            weighted.begin() + static_cast<std::ptrdiff_t>(state_count));
  std::vector<double> moved(weighted.size());
  normal_.move({weighted, from.about}, {moved, to.about});
  std::copy_n(moved.begin(), state_count, to.sum.begin() + static_cast<std::ptrdiff_t>(state_count));
  std::copy(moved.begin() + static_cast<std::ptrdiff_t>(state_count), moved.end(),
            to.sum.begin() + static_cast<std::ptrdiff_t>(heads * state_count));
}

std::vector<double> StudentT::gaussian_statistics(ConstSlice s, std::span<const double> centers) const {
  const std::size_t state_count = components();
  std::vector<double> moved(s.sum.size());
  std::vector<double> about(centers.begin(), centers.end());
  move(s, {moved, about});
  std::vector<double> normal(s.sum.begin(), s.sum.begin() + static_cast<std::ptrdiff_t>(state_count));
  normal.insert(normal.end(), state_count * static_cast<std::size_t>(columns()), 0.0);
  normal.insert(
      normal.end(),
      moved.begin() + static_cast<std::ptrdiff_t>(state_count * (heads + static_cast<std::size_t>(columns()))),
      moved.end());
  return normal;
}

std::vector<double> StudentT::maximizing_centers(ConstSlice s) const {
  const std::size_t state_count = components();
  const auto d = static_cast<std::size_t>(columns());
  std::vector<double> centers(normal_.means().begin(), normal_.means().end());
  for (std::size_t k = 0; k < state_count; ++k) {
    const double weighted = s.sum[state_count + k];
    for (std::size_t j = 0; j < d && s.sum[k] > 0 && weighted > 0; ++j) {
      centers[k * d + j] = s.about[k * d + j] + s.sum[heads * state_count + k * d + j] / weighted;
    }
  }
  return centers;
}

// Everything is in component 0. Moments over Σ E[u], as all rows of a t at its maximum weigh one on average (Kent,
// Tyler and Vardi 1994): the same place as over n, but from any scale, and in fewer passes.
bool StudentT::regularize(ConstSlice pooled, double rows) {
  const double weighted = pooled.sum[components()];
  if (!(weighted > 0)) return false;
  const auto centers = maximizing_centers(pooled);
  auto normal = gaussian_statistics(pooled, centers);
  const std::size_t second = components() * (1 + static_cast<std::size_t>(columns()));
  for (std::size_t j = second; j < normal.size(); ++j) normal[j] *= pooled.sum[0] / weighted;
  const bool done = normal_.regularize({normal, centers}, rows);
  derive();
  return done;
}

void StudentT::maximize_locations(ConstSlice s) {
  const auto centers = maximizing_centers(s);
  const auto normal = gaussian_statistics(s, centers);
  normal_.maximize({normal, centers});
}

void StudentT::maximize(ConstSlice s) {
  tentative_ = degrees_next_ = false;
  maximize_locations(s);
  maximize_degrees(s);
  derive();
}

void StudentT::maximize(ConstSlice s, int part) {
  tentative_ = false;
  degrees_next_ = part == 0;
  if (part == 0) {
    maximize_locations(s);
    derive();
  } else {
    step_degrees(s);
  }
}

// A Newton step in log ν of what the statistics hold the derivatives of, at most a factor of e.
void StudentT::step_degrees(ConstSlice s) {
  if (mode_ == DegreesOfFreedom::fixed) return;
  const std::size_t state_count = components();
  for (std::size_t i = 0; i < nu_.size(); ++i) {
    const auto total = [&](std::size_t head) {
      const auto own = s.sum.subspan(head * state_count, state_count);
      return mode_ == DegreesOfFreedom::own ? own[i] : std::accumulate(own.begin(), own.end(), 0.0);
    };
    const double slope = nu_[i] * total(3);
    const double bend = slope + nu_[i] * nu_[i] * total(4);
    if (!std::isfinite(slope) || !std::isfinite(bend) || slope == 0) continue;
    const double newton = bend < 0 ? -slope / bend : std::copysign(1.0, slope);
    nu_[i] = std::clamp(nu_[i] * std::exp(std::clamp(newton, -1.0, 1.0)), lower_, upper_);
    tentative_ = true;
  }
}

// N [h log h − log Γ(h)] + h (L − U), h = ν/2, is largest where log h − ψ(h) = (U − L)/N − 1, which is ≥ 0 as
// u − log u ≥ 1; it is concave, so that beyond a limit the limit is best.
void StudentT::maximize_degrees(ConstSlice s) {
  if (mode_ == DegreesOfFreedom::fixed) return;
  const std::size_t state_count = components();
  const auto total = [&](std::size_t part, std::size_t i) {
    const auto begin = s.sum.begin() + static_cast<std::ptrdiff_t>(part * state_count);
    if (mode_ == DegreesOfFreedom::own) return begin[static_cast<std::ptrdiff_t>(i)];
    return std::accumulate(begin, begin + static_cast<std::ptrdiff_t>(state_count), 0.0);
  };
  for (std::size_t i = 0; i < nu_.size(); ++i) {
    const double weight = total(0, i);
    if (!(weight > 0)) continue;
    const double gap = (total(1, i) - total(2, i)) / weight - 1;
    if (std::isnan(gap)) continue;
    const auto at = [](double h) { return std::log(h) - digamma(h); };
    nu_[i] = gap <= at(0.5 * upper_) ? upper_
           : gap >= at(0.5 * lower_) ? lower_
                                     : std::clamp(2 * gamma_shape(gap), lower_, upper_);
  }
}

double StudentT::expected_log_density(ConstSlice s) const {
  const std::size_t state_count = components();
  const auto normal = gaussian_statistics(s, normal_.means());
  double total = normal_.expected_log_density({normal, normal_.means()});
  for (std::size_t k = 0; k < state_count; ++k) {
    if (!(s.sum[k] > 0)) continue;
    const double h = 0.5 * nu(static_cast<int>(k));
    total += s.sum[k] * (h * std::log(h) - log_gamma(h)) + (h - 1) * s.sum[2 * state_count + k] -
             h * s.sum[state_count + k] + 0.5 * columns() * s.sum[2 * state_count + k];
  }
  return total;
}

}  // namespace jensen
