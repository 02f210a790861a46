// From rows of few columns to the exponentials of their log-joints without a stop between. Included once for each
// instruction set.
#if defined(JENSEN_MATH_EXPONENTIALS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef JENSEN_MATH_EXPONENTIALS_INL_H_
#undef JENSEN_MATH_EXPONENTIALS_INL_H_
#else
#define JENSEN_MATH_EXPONENTIALS_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

#include "math/densities-inl.h"
#include "math/lanes-inl.h"
#include "math/normalize-inl.h"
#include "math/posterior_moments.h"

HWY_BEFORE_NAMESPACE();
namespace jensen::kernels::HWY_NAMESPACE {

// The log-joint of component k of a row is top(k) − ½ its squares, plus shift(): with top(k) ≤ 0 no exponential
// overflows, and no row has to be looked through for its largest log-joint before its exponentials are taken.
class ShiftedLogJoint {
 public:
  explicit ShiftedLogJoint(const PosteriorMoments& p) : shift_(-std::numeric_limits<double>::infinity()) {
    const auto add = [&](double constant) { tops_.push_back(p.log_weights[tops_.size()] + constant); };
    for (const auto& term : p.triangular) add(term.constant);
    for (const auto& term : p.diagonal) add(term.constant);
    for (const double top : tops_) shift_ = std::max(shift_, top);
    for (double& top : tops_) top -= shift_;
  }
  double shift() const { return shift_; }
  double top(std::size_t k) const { return tops_[k]; }

 private:
  double shift_;
  std::vector<double> tops_;
};

// out[k · group + i] = e^(log-joint − shift) of one group of rows of D columns, and what normalize_rows() says of them.
// False where a log-joint is too small for that, or not finite; then `out` and `row` hold anything.
template <std::size_t D>
HWY_INLINE bool exponentials_of_group(const PosteriorMoments& p, const ShiftedLogJoint& shifted, const double* columns,
                                      std::size_t stride, const Vector* weight, double* out, RowVector<double>* row,
                                      Vector* scale) {
  const Lane d;
  constexpr std::size_t vectors = register_vectors, group = group_rows_of<double>;
  Vector smallest = hn::Zero(d);
  Vector total[vectors], mean[vectors];
  unrolled<vectors>([&](auto v) JENSEN_INLINED { total[v] = mean[v] = hn::Zero(d); });
  const auto log_joint = [&](std::size_t k, const Vector* squares, Vector* t) JENSEN_INLINED {
    const Vector top = hn::Set(d, shifted.top(k));
    unrolled<vectors>([&](auto v) JENSEN_INLINED { t[v] = hn::MulAdd(hn::Set(d, -0.5), squares[v], top); });
  };
  const auto take = [&](std::size_t k, const Vector* t, const Vector* e) JENSEN_INLINED {
    unrolled<vectors>([&](auto v) JENSEN_INLINED {
      total[v] = hn::Add(total[v], e[v]);
      mean[v] = hn::MulAdd(e[v], t[v], mean[v]);
      hn::Store(e[v], d, out + k * group + v * lanes);
      smallest = hn::Min(smallest, t[v]);
    });
  };
  const std::size_t count = p.triangular.size();
  std::size_t k = 0;
  for (; k + 2 <= count; k += 2) {  // two chains of dependent operations for each vector of rows
    Vector squares[vectors], t[2 * vectors], e[2 * vectors];
    unrolled<2>([&](auto c) JENSEN_INLINED {
      triangular_squares<D, vectors>(columns, stride, D, p.triangular[k + c], squares);
      log_joint(k + c, squares, t + c * vectors);
    });
    exp_inside<2 * vectors>(t, e);
    unrolled<2>([&](auto c) JENSEN_INLINED { take(k + c, t + c * vectors, e + c * vectors); });
  }
  const auto one = [&](std::size_t at, const Vector* squares) JENSEN_INLINED {
    Vector t[vectors], e[vectors];
    log_joint(at, squares, t);
    exp_inside<vectors>(t, e);
    take(at, t, e);
  };
  if (k < count) {
    Vector squares[vectors];
    triangular_squares<D, vectors>(columns, stride, D, p.triangular[k], squares);
    one(k, squares);
  }
  diagonal_groups<vectors>(columns, stride, D, p.diagonal.data(), p.diagonal.size(), one);

  auto sound = hn::Ge(smallest, hn::Set(d, lowest_exponent));
  for (std::size_t v = 0; v < vectors; ++v) {
    sound = hn::And(sound, hn::IsFinite(mean[v]));  // Min may lose a NaN
    sound = hn::And(sound, hn::Ge(total[v], hn::Set(d, 0x1p-1000)));
    const Vector inverse = reciprocal(total[v]);
    scale[v] = hn::Mul(inverse, weight[v]);
    row[v] = {hn::Set(d, shifted.shift()), total[v], hn::Mul(mean[v], inverse)};
  }
  return hn::AllTrue(d, sound);
}

}  // namespace jensen::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
