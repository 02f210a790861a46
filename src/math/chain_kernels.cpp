#include "math/chain_kernels.h"

#include <algorithm>
#include <cstddef>

// One source for all instruction sets, as kernels.cpp.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV | HWY_AVX3_DL | HWY_SSSE3)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "math/chain_kernels.cpp"
// foreach_target.h must come before highway.h
// clang-format off
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "math/lanes-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace jensen::kernels::HWY_NAMESPACE {

constexpr std::size_t group = virtual_lanes;  // states of a group

namespace {

// result = Σ_i factor[i] × matrix(i, ·) for one group of columns; even and odd i apart, which halves the wait.
HWY_INLINE void combine(const double* factor, const double* matrix, std::size_t states, std::size_t width,
                        Vector* result) {
  const Lane d;
  Vector odd[parts];
  for (std::size_t p = 0; p < parts; ++p) result[p] = odd[p] = hn::Zero(d);
  std::size_t i = 0;
  for (; i + 2 <= states; i += 2) {
    const Vector even_factor = hn::Set(d, factor[i]);
    const Vector odd_factor = hn::Set(d, factor[i + 1]);
    for (std::size_t p = 0; p < parts; ++p) {
      result[p] = hn::MulAdd(even_factor, hn::LoadU(d, matrix + i * width + p * lanes), result[p]);
      odd[p] = hn::MulAdd(odd_factor, hn::LoadU(d, matrix + (i + 1) * width + p * lanes), odd[p]);
    }
  }
  if (i < states) {
    for (std::size_t p = 0; p < parts; ++p) {
      result[p] = hn::MulAdd(hn::Set(d, factor[i]), hn::LoadU(d, matrix + i * width + p * lanes), result[p]);
    }
  }
  for (std::size_t p = 0; p < parts; ++p) result[p] = hn::Add(result[p], odd[p]);
}

}  // namespace

double chain_forward(const ChainShape& shape, const double* initial, const double* transitions, const double* density,
                     double least, double* filtered, double* predicted, double* normalizer) {
  const Lane d;
  double smallest = 1;
  for (std::size_t t = 0; t < shape.steps; ++t) {
    const std::size_t at = t * shape.width;
    Vector total[parts];
    for (Vector& sum_of_lanes : total) sum_of_lanes = hn::Zero(d);
    for (std::size_t j = 0; j < shape.width; j += group) {
      Vector prior[parts];
      if (t == 0) {
        for (std::size_t p = 0; p < parts; ++p) prior[p] = hn::LoadU(d, initial + j + p * lanes);
      } else {
        combine(filtered + at - shape.width, transitions + j, shape.states, shape.width, prior);
      }
      for (std::size_t p = 0; p < parts; ++p) {
        const std::size_t lane = at + j + p * lanes;
        const Vector joint = hn::Mul(prior[p], hn::LoadU(d, density + lane));
        hn::StoreU(prior[p], d, predicted + lane);
        hn::StoreU(joint, d, filtered + lane);
        total[p] = hn::Add(total[p], joint);
      }
    }
    const double sum = add_lanes(total);
    normalizer[t] = sum;
    if (!(sum >= least)) return sum > 0 ? sum : 0;
    smallest = std::min(smallest, sum);
    const Vector scale = hn::Set(d, 1 / sum);
    for (std::size_t j = 0; j < shape.width; j += lanes) {
      hn::StoreU(hn::Mul(hn::LoadU(d, filtered + at + j), scale), d, filtered + at + j);
    }
  }
  return smallest;
}

namespace {

// counts(i, ·) += Σ_t left_t(i) right_t(·) for R rows i and one group of columns.
template <std::size_t R>
HWY_INLINE void add_outer(const double* left, const double* right, std::size_t steps, std::size_t width,
                          double* counts) {
  const Lane d;
  Vector sum[R][parts];
  for (std::size_t r = 0; r < R; ++r) {
    for (std::size_t p = 0; p < parts; ++p) sum[r][p] = hn::LoadU(d, counts + r * width + p * lanes);
  }
  for (std::size_t t = 0; t < steps; ++t) {
    for (std::size_t p = 0; p < parts; ++p) {
      const Vector column = hn::LoadU(d, right + t * width + p * lanes);
      for (std::size_t r = 0; r < R; ++r) sum[r][p] = hn::MulAdd(hn::Set(d, left[t * width + r]), column, sum[r][p]);
    }
  }
  for (std::size_t r = 0; r < R; ++r) {
    for (std::size_t p = 0; p < parts; ++p) hn::StoreU(sum[r][p], d, counts + r * width + p * lanes);
  }
}

void add_counts(const ChainShape& shape, const double* filtered, const double* ratio, double* counts) {
  constexpr std::size_t at_once = 128;  // steps whose rows stay in the first-level cache while all tiles pass
  for (std::size_t first = 0; first + 1 < shape.steps; first += at_once) {
    const std::size_t steps = std::min(at_once, shape.steps - 1 - first);
    const double* left = filtered + first * shape.width;
    const double* right = ratio + (first + 1) * shape.width;
    for (std::size_t j = 0; j < shape.width; j += group) {
      std::size_t i = 0;
      for (; i + 4 <= shape.states; i += 4) {
        add_outer<4>(left + i, right + j, steps, shape.width, counts + i * shape.width + j);
      }
      for (; i < shape.states; ++i) {
        add_outer<1>(left + i, right + j, steps, shape.width, counts + i * shape.width + j);
      }
    }
  }
}

}  // namespace

void chain_backward(const ChainShape& shape, const double* transposed, const double* filtered, double* predicted,
                    double* smoothed, double* counts) {
  const Lane d;
  const Vector least = hn::Set(d, 1e-300);
  const std::size_t last = (shape.steps - 1) * shape.width;
  std::copy_n(filtered + last, shape.width, smoothed + last);
  for (std::size_t t = shape.steps - 1; t > 0; --t) {
    const std::size_t at = t * shape.width;
    for (std::size_t j = 0; j < shape.width; j += lanes) {
      const Vector prior = hn::LoadU(d, predicted + at + j);
      const Vector ratio = hn::Div(hn::LoadU(d, smoothed + at + j), prior);
      hn::StoreU(hn::IfThenElseZero(hn::Ge(prior, least), ratio), d, predicted + at + j);
    }
    for (std::size_t i = 0; i < shape.width; i += group) {
      Vector weight[parts];
      combine(predicted + at, transposed + i, shape.states, shape.width, weight);
      for (std::size_t p = 0; p < parts; ++p) {
        const std::size_t lane = at - shape.width + i + p * lanes;
        hn::StoreU(hn::Mul(hn::LoadU(d, filtered + lane), weight[p]), d, smoothed + lane);
      }
    }
  }
  add_counts(shape, filtered, predicted, counts);
}

}  // namespace jensen::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace jensen::kernels {

HWY_EXPORT(chain_forward);
HWY_EXPORT(chain_backward);

double chain_forward(const ChainShape& shape, const double* initial, const double* transitions, const double* density,
                     double least, double* filtered, double* predicted, double* normalizer) {
  return HWY_DYNAMIC_DISPATCH(chain_forward)(shape, initial, transitions, density, least, filtered, predicted,
                                             normalizer);
}

void chain_backward(const ChainShape& shape, const double* transposed, const double* filtered, double* predicted,
                    double* smoothed, double* counts) {
  HWY_DYNAMIC_DISPATCH(chain_backward)(shape, transposed, filtered, predicted, smoothed, counts);
}

}  // namespace jensen::kernels
#endif  // HWY_ONCE
