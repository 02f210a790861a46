#include "math/stay_kernels.h"

#include <cmath>
#include <cstddef>

// One source for all instruction sets, as kernels.cpp.
#include "data/instruction_sets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "math/stay_kernels.cpp"
// foreach_target.h must come before highway.h
// clang-format off
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "math/lanes-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace jensen::kernels::HWY_NAMESPACE {

namespace {

constexpr std::size_t groups = 4;  // of partial sums: what a multiply-add waits for is not the one before

// Eight partial sums in each group; whole steps go round the groups, what does not fill one stays in the first.
struct PartialSums {
  Vector v[groups][parts];

  PartialSums() {
    for (auto& group : v) {
      for (Vector& sum : group) sum = hn::Zero(Lane());
    }
  }
  double total(double rest) {
    for (std::size_t p = 0; p < parts; ++p) v[0][p] = hn::Add(hn::Add(v[0][p], v[1][p]), hn::Add(v[2][p], v[3][p]));
    return sum_lanes(v[0]) + rest;
  }
};

// step(group, part, place) for vectors of places, then one(place) for each place that is left.
template <class Step, class One>
HWY_INLINE void over_stays(std::size_t count, Step step, One one) {
  std::size_t i = 0;
  for (; i + groups * virtual_lanes <= count; i += groups * virtual_lanes) {
    for (std::size_t g = 0; g < groups; ++g) {
      for (std::size_t p = 0; p < parts; ++p) step(g, p, i + g * virtual_lanes + p * lanes);
    }
  }
  for (; i + virtual_lanes <= count; i += virtual_lanes) {
    for (std::size_t p = 0; p < parts; ++p) step(0, p, i + p * lanes);
  }
  for (; i < count; ++i) one(i);
}

}  // namespace

StaySums stay_sums(std::size_t count, const double* weight, const double* ended, const double* unfinished) {
  const Lane d;
  PartialSums of_ended;
  PartialSums of_unfinished;
  StaySums rest;
  over_stays(
      count,
      [&](std::size_t g, std::size_t p, std::size_t i) HWY_ATTR {
        const Vector w = hn::LoadU(d, weight + i);
        of_ended.v[g][p] = hn::MulAdd(w, hn::LoadU(d, ended + i), of_ended.v[g][p]);
        of_unfinished.v[g][p] = hn::MulAdd(w, hn::LoadU(d, unfinished + i), of_unfinished.v[g][p]);
      },
      [&](std::size_t i) {
        rest.ended += weight[i] * ended[i];
        rest.unfinished += weight[i] * unfinished[i];
      });
  return {of_ended.total(rest.ended), of_unfinished.total(rest.unfinished)};
}

double stay_sum(std::size_t count, const double* weight, const double* factor) {
  const Lane d;
  PartialSums sums;
  double rest = 0;
  over_stays(
      count,
      [&](std::size_t g, std::size_t p, std::size_t i)
          HWY_ATTR { sums.v[g][p] = hn::MulAdd(hn::LoadU(d, weight + i), hn::LoadU(d, factor + i), sums.v[g][p]); },
      [&](std::size_t i) { rest += weight[i] * factor[i]; });
  return sums.total(rest);
}

double add_stays(std::size_t count, double share, const double* weight, const double* factor, double* by_duration,
                 double* by_end) {
  const Lane d;
  const Vector shares = hn::Set(d, share);
  PartialSums sums;
  double rest = 0;
  over_stays(
      count,
      [&](std::size_t g, std::size_t p, std::size_t i) HWY_ATTR {
        const Vector w = hn::Mul(shares, hn::LoadU(d, weight + i));
        const Vector f = hn::LoadU(d, factor + i);
        sums.v[g][p] = hn::MulAdd(w, f, sums.v[g][p]);
        hn::StoreU(hn::MulAdd(w, f, hn::LoadU(d, by_duration + i)), d, by_duration + i);
        hn::StoreU(hn::MulAdd(w, f, hn::LoadU(d, by_end + i)), d, by_end + i);
      },
      [&](std::size_t i) {
        const double own = share * weight[i] * factor[i];
        rest += own;
        by_duration[i] += own;
        by_end[i] += own;
      });
  return sums.total(rest);
}

void scale_stays(std::size_t count, double factor, double least, double* weight) {
  const Lane d;
  const Vector factors = hn::Set(d, factor);
  const Vector lowest = hn::Set(d, least);
  over_stays(
      count,
      [&](std::size_t, std::size_t, std::size_t i) HWY_ATTR {
        const Vector w = hn::Mul(factors, hn::LoadU(d, weight + i));
        hn::StoreU(hn::IfThenElseZero(hn::Ge(w, lowest), w), d, weight + i);
      },
      [&](std::size_t i) {
        const double w = factor * weight[i];
        weight[i] = w >= least ? w : 0;
      });
}

}  // namespace jensen::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace jensen::kernels {

HWY_EXPORT(stay_sums);
HWY_EXPORT(stay_sum);
HWY_EXPORT(add_stays);
HWY_EXPORT(scale_stays);

StaySums stay_sums(std::size_t count, const double* weight, const double* ended, const double* unfinished) {
  return HWY_DYNAMIC_DISPATCH(stay_sums)(count, weight, ended, unfinished);
}

double stay_sum(std::size_t count, const double* weight, const double* factor) {
  return HWY_DYNAMIC_DISPATCH(stay_sum)(count, weight, factor);
}

double add_stays(std::size_t count, double share, const double* weight, const double* factor, double* by_duration,
                 double* by_end) {
  return HWY_DYNAMIC_DISPATCH(add_stays)(count, share, weight, factor, by_duration, by_end);
}

void scale_stays(std::size_t count, double factor, double least, double* weight) {
  HWY_DYNAMIC_DISPATCH(scale_stays)(count, factor, least, weight);
}

}  // namespace jensen::kernels
#endif  // HWY_ONCE
