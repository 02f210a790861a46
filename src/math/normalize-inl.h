// From log-densities to responsibilities, for whoever has rows in vectors. Included once for each instruction set.
#if defined(JENSEN_MATH_NORMALIZE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef JENSEN_MATH_NORMALIZE_INL_H_
#undef JENSEN_MATH_NORMALIZE_INL_H_
#else
#define JENSEN_MATH_NORMALIZE_INL_H_
#endif

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "math/lanes-inl.h"
#include "math/posterior_moments.h"

HWY_BEFORE_NAMESPACE();
namespace jensen::kernels::HWY_NAMESPACE {

// log Σ exp p = largest + log total; a row of −∞ alone has largest −∞ and total 1, one that holds NaN or +∞ has NaN.
// mean = Σ q (p − largest), so that its entropy is log total − mean. `largest` may be any other number near it.
template <class T>
struct RowVector {
  VectorOf<T> largest, total, mean;
};

template <class T>
HWY_INLINE VectorOf<T> log_normalizer(const RowVector<T>& row) {
  return hn::Add(row.largest, hn::Log(LaneOf<T>(), row.total));
}

// Which states of normalize_rows() count as 0. None but those whose exponential would be 0:
struct EveryState {
  static constexpr bool cuts = false, few = false;
};

// Exponentials of what is below a limit by more than this are not even looked at.
constexpr double unseen = 26 * 0.6931471805599453094;

// How far below the largest of its row a log-joint may be and count: by state, in rows whose largest is `near` or more,
// and in others.
struct Limits {
  double near;
  const double* limits;
  const double* far_limits;
  HWY_INLINE hn::Mask<Lane> far(Vector largest) const { return hn::Lt(largest, hn::Set(Lane(), near)); }
  HWY_INLINE Vector lowest(std::size_t k, hn::Mask<Lane> far_rows) const {
    return hn::IfThenElse(far_rows, hn::Set(Lane(), far_limits[k]), hn::Set(Lane(), limits[k]));
  }
};

// What is less than its state's weight by more than `span` does not count, in far rows by more than that and far_span.
// Exponentials bear no less than the lowest exponent.
inline void append_limits(double log_weight, double span, std::vector<double>& limits,
                          std::vector<double>& far_limits) {
  const double limit = std::min(0.0, log_weight) - span;
  limits.push_back(std::max(lowest_exponent, limit));
  far_limits.push_back(std::max(lowest_exponent, limit - far_span));
}

// Those below these limits, none of which is lower than that. few: most states, so that whole vectors of rows are. What
// is left out between a limit and `unseen` below it is counted, weights times exponentials, in the virtual lanes
// left_out[k · virtual_lanes] and following; `part` of these is where the first row goes. `some` and `some_states` have
// room for a vector and a number of each state, and one more.
struct Cut : Limits {
  static constexpr bool cuts = true;
  bool few;
  double* left_out;
  std::size_t part;
  double* some;
  std::uint32_t* some_states;
  HWY_INLINE Vector unseen_below(Vector limit) const {
    return hn::Max(hn::Sub(limit, hn::Set(Lane(), unseen)), hn::Set(Lane(), lowest_exponent));
  }
  // Of vector v of the rows.
  HWY_INLINE void count(std::size_t k, std::size_t v, Vector out, Vector weight) const {
    const Lane d;
    double* to = left_out + k * virtual_lanes + (part + v) % parts * lanes;
    hn::Store(hn::MulAdd(out, weight, hn::Load(d, to)), d, to);
  }
};

// Of N vectors of rows, as normalize_rows() has them: whether all of p are finite and none is below its row's largest
// by more than exponentials bear. Then p ← e^(p − largest), with the sums of `total` and `mean` but for their scale,
// needs no limits. Otherwise nothing is changed.
template <std::size_t N, class T, class Counting>
HWY_INLINE bool exponentiate_narrow(T* p, std::size_t stride, std::size_t states, const VectorOf<T>* weight,
                                    const Counting& counting, RowVector<T>* row) {
  using V = VectorOf<T>;
  const LaneOf<T> d;
  const V lowest = hn::Set(d, lowest_exponent_of<T>());
  constexpr std::size_t width = lanes_of<T>;
  V largest[N], smallest[N], sum[N];  // Max and Min may lose a NaN, a sum does not
  unrolled<N>([&](auto v) JENSEN_INLINED { largest[v] = smallest[v] = sum[v] = hn::LoadU(d, p + v * width); });
  for (std::size_t k = 1; k < states; ++k) {
    unrolled<N>([&](auto v) JENSEN_INLINED {
      const V value = in_register(hn::LoadU(d, p + k * stride + v * width));
      largest[v] = hn::Max(largest[v], value);
      smallest[v] = hn::Min(smallest[v], value);
      sum[v] = hn::Add(sum[v], value);
    });
  }
  auto narrow = hn::IsFinite(sum[0]);
  unrolled<N - 1>([&](auto v) JENSEN_INLINED { narrow = hn::And(narrow, hn::IsFinite(sum[v + 1])); });
  unrolled<N>([&](auto v)
                  JENSEN_INLINED { narrow = hn::And(narrow, hn::Ge(hn::Sub(smallest[v], largest[v]), lowest)); });
  if (!hn::AllTrue(d, narrow)) return false;
  V total[N], weighted[N];
  [[maybe_unused]] hn::Mask<LaneOf<T>> far[N];
  unrolled<N>([&](auto v) JENSEN_INLINED {
    total[v] = weighted[v] = hn::Zero(d);
    if constexpr (Counting::cuts) far[v] = counting.far(largest[v]);
  });
  for (std::size_t k = 0; k < states; ++k) {
    unrolled<N>([&](auto v) JENSEN_INLINED {
      const V t = hn::Sub(hn::LoadU(d, p + k * stride + v * width), largest[v]);
      V e = exp_inside(t);
      if constexpr (Counting::cuts) {
        const auto counts = hn::Ge(t, counting.lowest(k, far[v]));
        counting.count(k, v, hn::IfThenZeroElse(counts, e), weight[v]);
        e = hn::IfThenElseZero(counts, e);
      }
      hn::StoreU(e, d, p + k * stride + v * width);
      total[v] = hn::Add(total[v], e);
      weighted[v] = hn::MulAdd(e, t, weighted[v]);
    });
  }
  unrolled<N>([&](auto v) JENSEN_INLINED { row[v] = {largest[v], total[v], weighted[v]}; });
  return true;
}

// Of N vectors of rows that hold whatever there is: what is taken from all their log-joints before exponentials, and
// what says whether a row was sound.
template <std::size_t N, class T>
struct Largest {
  VectorOf<T> shift[N];  // 0 where nothing is possible
  VectorOf<T> value[N];  // NaN where there is NaN or +∞

  HWY_INLINE Largest(const T* p, std::size_t stride, std::size_t states) {
    using V = VectorOf<T>;
    const LaneOf<T> d;
    const V infinity = hn::Set(d, std::numeric_limits<T>::infinity());
    V largest[N];
    hn::Mask<LaneOf<T>> sound[N];  // neither NaN nor +∞ among them
    for (std::size_t v = 0; v < N; ++v) {
      largest[v] = hn::Neg(infinity);
      sound[v] = hn::Lt(hn::Zero(d), infinity);
    }
    for (std::size_t k = 0; k < states; ++k) {
      for (std::size_t v = 0; v < N; ++v) {
        const V here = hn::LoadU(d, p + k * stride + v * lanes_of<T>);
        sound[v] = hn::And(sound[v], hn::Lt(here, infinity));
        largest[v] = hn::Max(largest[v], here);
      }
    }
    for (std::size_t v = 0; v < N; ++v) {
      shift[v] = hn::IfThenElse(hn::Eq(largest[v], hn::Neg(infinity)), hn::Zero(d), largest[v]);
      value[v] = hn::IfThenElse(sound[v], shift[v], hn::Set(d, std::numeric_limits<T>::quiet_NaN()));
    }
  }
};

// What exponentiate_narrow() does, of rows that hold whatever there is: total is 0 where nothing is possible.
template <std::size_t N, class T>
HWY_INLINE void exponentiate_any(T* p, std::size_t stride, std::size_t states, RowVector<T>* row) {
  using V = VectorOf<T>;
  const LaneOf<T> d;
  constexpr std::size_t width = lanes_of<T>;
  const V lowest = hn::Set(d, lowest_exponent_of<T>());
  const Largest<N, T> largest(p, stride, states);
  V total[N], weighted[N];
  for (std::size_t v = 0; v < N; ++v) total[v] = weighted[v] = hn::Zero(d);
  for (std::size_t k = 0; k < states; ++k) {
    T* column = p + k * stride;
    V raw[N];  // 0 · −∞ must not arise below
    auto any = hn::Lt(lowest, lowest);
    for (std::size_t v = 0; v < N; ++v) {
      raw[v] = hn::Sub(hn::LoadU(d, column + v * width), largest.shift[v]);
      any = hn::Or(any, hn::Ge(raw[v], lowest));
    }
    if (hn::AllFalse(d, any)) {
      for (std::size_t v = 0; v < N; ++v) hn::StoreU(hn::Zero(d), d, column + v * width);
      continue;
    }
    for (std::size_t v = 0; v < N; ++v) {
      const V t = hn::Max(raw[v], lowest);
      const V e = hn::IfThenElseZero(hn::Ge(raw[v], lowest), exp_inside(t));
      hn::StoreU(e, d, column + v * width);
      total[v] = hn::Add(total[v], e);
      weighted[v] = hn::MulAdd(e, t, weighted[v]);
    }
  }
  for (std::size_t v = 0; v < N; ++v) row[v] = {largest.value[v], total[v], weighted[v]};
}

// The same of rows of which few states count: those whose exponentials are looked at are first put side by side, so
// that the processor has nothing to guess.
template <std::size_t N>
HWY_INLINE void exponentiate_few(double* p, std::size_t stride, std::size_t states, const Vector* weight,
                                 const Cut& cut, RowVector<double>* row) {
  const Lane d;
  const Largest<N, double> largest(p, stride, states);
  for (std::size_t v = 0; v < N; ++v) {
    double* column = p + v * lanes;
    const Vector shift = largest.shift[v];
    const auto far = cut.far(shift);
    std::size_t count = 0;
    for (std::size_t k = 0; k < states; ++k) {
      const Vector raw = hn::Sub(hn::LoadU(d, column + k * stride), shift);
      hn::StoreU(hn::Zero(d), d, column + k * stride);
      hn::Store(raw, d, cut.some + count * lanes);
      cut.some_states[count] = static_cast<std::uint32_t>(k);
      count += hn::AllFalse(d, hn::Ge(raw, cut.unseen_below(cut.lowest(k, far)))) ? 0 : 1;
    }
    Vector total = hn::Zero(d), weighted = hn::Zero(d);
    for (std::size_t s = 0; s < count; ++s) {
      const std::size_t k = cut.some_states[s];
      const Vector raw = hn::Load(d, cut.some + s * lanes);
      const Vector limit = cut.lowest(k, far);
      const Vector lowest = cut.unseen_below(limit);
      const Vector t = hn::Max(raw, lowest);  // 0 · −∞ must not arise below
      const Vector seen = hn::IfThenElseZero(hn::Ge(raw, lowest), exp_inside(t));
      const auto counts = hn::Ge(raw, limit);
      const Vector e = hn::IfThenElseZero(counts, seen);
      cut.count(k, v, hn::IfThenZeroElse(counts, seen), weight[v]);
      hn::StoreU(e, d, column + k * stride);
      total = hn::Add(total, e);
      weighted = hn::MulAdd(e, t, weighted);
    }
    row[v] = {largest.value[v], total, weighted};
  }
}

// Of sums of exponentials, which are 0 where nothing is possible: the row, and what makes responsibilities of them.
template <class T>
HWY_INLINE VectorOf<T> finish_row(VectorOf<T> weight, RowVector<T>* row) {
  const LaneOf<T> d;
  const auto one = hn::Set(d, T{1});
  const auto possible = hn::Gt(row->total, hn::Zero(d));
  const auto inverse = hn::IfThenElseZero(possible, hn::Div(one, row->total));
  const auto nowhere = hn::AndNot(possible, hn::Eq(row->largest, row->largest));
  row->largest = hn::IfThenElse(nowhere, hn::Set(d, -std::numeric_limits<T>::infinity()), row->largest);
  row->total = hn::IfThenElse(possible, row->total, one);
  row->mean = hn::Mul(row->mean, inverse);
  return hn::Mul(inverse, weight);
}

// N vectors of rows of normalize(): column k of vector v lies at p + k · stride + v · lanes. Several at once, because
// what is done to one row is a long chain of dependent operations. p becomes what scale_rows() makes responsibilities
// of. `counting` says which states count as 0.
template <std::size_t N, class T, class Counting = EveryState>
HWY_INLINE void normalize_rows(T* p, std::size_t stride, std::size_t states, const VectorOf<T>* weight,
                               RowVector<T>* row, VectorOf<T>* scale, const Counting& counting = {}) {
  using V = VectorOf<T>;
  const LaneOf<T> d;
  const V one = hn::Set(d, T{1});
  if (!counting.few && exponentiate_narrow<N>(p, stride, states, weight, counting, row)) {
    for (std::size_t v = 0; v < N; ++v) {
      const V inverse = hn::Div(one, row[v].total);
      scale[v] = hn::Mul(inverse, weight[v]);
      row[v].mean = hn::Mul(row[v].mean, inverse);
    }
    return;
  }
  if constexpr (Counting::cuts) {
    exponentiate_few<N>(p, stride, states, weight, counting, row);
  } else {
    exponentiate_any<N>(p, stride, states, row);
  }
  for (std::size_t v = 0; v < N; ++v) scale[v] = finish_row(weight[v], &row[v]);
}

// store(k, v, r) gets the responsibilities of N vectors of rows, of what normalize_rows() left.
template <std::size_t N, class T, class Store>
HWY_INLINE void scale_rows(const T* p, std::size_t stride, std::size_t states, const VectorOf<T>* scale,
                           const Store& store) {
  for (std::size_t k = 0; k < states; ++k) {
    unrolled<N>([&](auto v) JENSEN_INLINED {
      store(k, v, hn::Mul(hn::LoadU(LaneOf<T>(), p + k * stride + v * lanes_of<T>), scale[v]));
    });
  }
}

// So many rows have the logarithm of their totals taken as one. Eight virtual lanes of them multiply 32 numbers in [1,
// 2).
constexpr std::size_t rows_of_one_logarithm = 256;

// Sums over rows of w log Σ exp p, w H(q) and w, in the eight virtual lanes of double. Rows must come in their order.
class NormalizedSums {
 public:
  // Whether all weights are 0 or 1: then Σ log total is the logarithm of a product.
  HWY_INLINE explicit NormalizedSums(bool counts_rows) : counts_rows_(counts_rows) {
    const Lane d;
    for (std::size_t p = 0; p < parts; ++p) {
      largest_[p] = logarithms_[p] = mean_[p] = weight_[p] = hn::Zero(d);
      product_[p] = hn::Set(d, 1.0);
      exponents_[p] = hn::Zero(Bits());
    }
  }

  // A vector of rows of which the first is row i of the block. A row of weight 0 says nothing, whatever it holds.
  HWY_INLINE void add(std::size_t i, Vector weight, const RowVector<double>& row) {
    const Lane d;
    const std::size_t to = i / lanes % parts;
    const auto without = hn::Eq(weight, hn::Zero(d));
    const Vector total = hn::IfThenElse(without, hn::Set(d, 1.0), row.total);
    const Vector largest = hn::IfThenZeroElse(without, row.largest);
    largest_[to] = hn::MulAdd(weight, largest, largest_[to]);
    mean_[to] = hn::MulAdd(weight, row.mean, mean_[to]);
    weight_[to] = hn::Add(weight_[to], weight);
    if (!counts_rows_) {
      logarithms_[to] = hn::MulAdd(weight, hn::Log(d, total), logarithms_[to]);
      return;
    }
    const auto bits = hn::BitCast(Bits(), total);  // normal, as everything from 2⁻¹⁰²² on
    exponents_[to] = hn::Add(exponents_[to], hn::ShiftRight<52>(bits));
    const auto one = hn::Set(Bits(), exponent_of_one << 52);
    const auto mantissa = hn::OrAnd(one, bits, hn::Set(Bits(), (std::uint64_t{1} << 52) - 1));
    product_[to] = hn::Mul(product_[to], hn::BitCast(d, mantissa));
    ++vectors_;
    if ((i + lanes) % rows_of_one_logarithm == 0) take_logarithms();
  }
  void write(Normalized* result) {
    take_logarithms();
    const double logarithms = add_lanes(logarithms_) + exponents() * 0.6931471805599453094;
    result->log_likelihood = add_lanes(largest_) + logarithms;
    result->entropy = logarithms - add_lanes(mean_);
    result->weight = add_lanes(weight_);
  }

 private:
  void take_logarithms() {
    const Lane d;
    for (std::size_t p = 0; p < parts; ++p) {
      logarithms_[p] = hn::Add(logarithms_[p], hn::Log(d, product_[p]));
      product_[p] = hn::Set(d, 1.0);
    }
  }

  // Σ ⌊log₂ total⌋
  double exponents() const {
    alignas(64) std::uint64_t values[lanes];
    std::int64_t sum = -static_cast<std::int64_t>(vectors_ * lanes * exponent_of_one);
    for (const auto& part : exponents_) {
      hn::Store(part, Bits(), values);
      for (const std::uint64_t value : values) sum += static_cast<std::int64_t>(value);
    }
    return static_cast<double>(sum);
  }

  using Bits = hn::RebindToUnsigned<Lane>;
  static constexpr std::uint64_t exponent_of_one = 1023;

  bool counts_rows_;
  std::size_t vectors_ = 0;
  hn::Vec<Bits> exponents_[parts];
  Vector largest_[parts], logarithms_[parts], product_[parts], mean_[parts], weight_[parts];
};

}  // namespace jensen::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
