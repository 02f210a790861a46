// From log-densities to responsibilities, for whoever has rows in vectors. Included once for each instruction set.
#if defined(JENSEN_MATH_NORMALIZE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef JENSEN_MATH_NORMALIZE_INL_H_
#undef JENSEN_MATH_NORMALIZE_INL_H_
#else
#define JENSEN_MATH_NORMALIZE_INL_H_
#endif

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include <cstddef>
#include <limits>

#include "math/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace jensen::kernels::HWY_NAMESPACE {

// log Σ exp p = largest + log total with total ≥ 1; a row of −∞ alone has largest −∞ and total 1, one that holds NaN or
// +∞ has NaN. mean = Σ q (p − largest), so that its entropy is log total − mean.
template <class T>
struct RowVector {
  VectorOf<T> largest, total, mean;
};

template <class T>
HWY_INLINE VectorOf<T> log_normalizer(const RowVector<T>& row) {
  return hn::Add(row.largest, hn::Log(LaneOf<T>(), row.total));
}

// No state of normalize_rows() is left out.
template <class T>
struct EveryState {
  static constexpr bool by_vector = false;
  T lowest = lowest_exponent_of<T>();  // e to the power of less is 0
};

// N vectors of rows of normalize(): column k of vector v lies at p + k · stride + v · lanes. Several at once, because
// what is done to one row is a long chain of dependent operations. store(k, v, r) gets the responsibilities. States
// below a row's largest by more than −relevant.lowest count as 0; if these are to be many (by_vector),
// relevant.found(k, v, rows) gets the others.
template <std::size_t N, class T, class Store, class Relevant = EveryState<T>>
HWY_INLINE void normalize_rows(T* p, std::size_t stride, std::size_t states, const VectorOf<T>* weight,
                               RowVector<T>* row, const Store& store, const Relevant& relevant = {}) {
  using V = VectorOf<T>;
  const LaneOf<T> d;
  constexpr std::size_t width = lanes_of<T>;
  const V infinity = hn::Set(d, std::numeric_limits<T>::infinity());
  const V lowest = hn::Set(d, relevant.lowest);  // 0 · −∞ must not arise below
  V largest[N], shift[N], total[N], weighted[N];
  auto sound = hn::Lt(hn::Zero(d), infinity);
  for (std::size_t v = 0; v < N; ++v) {
    largest[v] = hn::Neg(infinity);
    total[v] = weighted[v] = hn::Zero(d);  // weighted: Σ e^t t with t = p − max ≤ 0
  }
  hn::Mask<LaneOf<T>> sound_rows[N];
  for (auto& s : sound_rows) s = sound;  // neither NaN nor +∞ among them
  for (std::size_t k = 0; k < states; ++k) {
    for (std::size_t v = 0; v < N; ++v) {
      const V value = hn::LoadU(d, p + k * stride + v * width);
      sound_rows[v] = hn::And(sound_rows[v], hn::Lt(value, infinity));
      largest[v] = hn::Max(largest[v], value);
    }
  }
  for (std::size_t v = 0; v < N; ++v) {
    shift[v] = hn::IfThenElse(hn::Eq(largest[v], hn::Neg(infinity)), hn::Zero(d), largest[v]);
  }
  for (std::size_t k = 0; k < states; ++k) {
    T* column = p + k * stride;
    V raw[N];
    auto any = hn::Lt(infinity, infinity);
    for (std::size_t v = 0; v < N; ++v) {
      raw[v] = hn::Sub(hn::LoadU(d, column + v * width), shift[v]);
      any = hn::Or(any, hn::Ge(raw[v], lowest));
    }
    if (hn::AllFalse(d, any)) {
      for (std::size_t v = 0; v < N; ++v) hn::StoreU(hn::Zero(d), d, column + v * width);
      continue;
    }
    for (std::size_t v = 0; v < N; ++v) {
      if constexpr (Relevant::by_vector) {
        const auto rows = hn::Ge(raw[v], lowest);
        if (hn::AllFalse(d, rows)) {
          hn::StoreU(hn::Zero(d), d, column + v * width);
          continue;
        }
        relevant.found(k, v, rows);
      }
      const V t = hn::Max(raw[v], lowest);
      const V e = hn::IfThenElseZero(hn::Ge(raw[v], lowest), exp_inside(t));
      hn::StoreU(e, d, column + v * width);
      total[v] = hn::Add(total[v], e);
      weighted[v] = hn::MulAdd(e, t, weighted[v]);
    }
  }
  V scale[N];
  for (std::size_t v = 0; v < N; ++v) {
    const auto possible = hn::Gt(total[v], hn::Zero(d));
    const V inverse = hn::IfThenElse(possible, hn::Div(hn::Set(d, T{1}), total[v]), hn::Zero(d));
    scale[v] = hn::Mul(inverse, weight[v]);
    row[v].largest = hn::IfThenElse(possible, shift[v], hn::Neg(infinity));
    row[v].largest = hn::IfThenElse(sound_rows[v], row[v].largest, hn::Set(d, std::numeric_limits<T>::quiet_NaN()));
    row[v].total = hn::IfThenElse(possible, total[v], hn::Set(d, T{1}));
    row[v].mean = hn::Mul(weighted[v], inverse);
  }
  for (std::size_t k = 0; k < states; ++k) {
    for (std::size_t v = 0; v < N; ++v) {
      store(k, v, hn::Mul(hn::LoadU(d, p + k * stride + v * width), scale[v]));
    }
  }
}

// So many rows have the logarithm of their totals taken as one. Eight virtual lanes of them multiply up to 32 totals of
// at most 2³¹ states.
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
    product_[to] = hn::Mul(product_[to], total);
    if ((i + lanes) % rows_of_one_logarithm == 0) take_logarithms();
  }
  void write(Normalized* result) {
    take_logarithms();
    const double logarithms = add_lanes(logarithms_);
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

  bool counts_rows_;
  Vector largest_[parts], logarithms_[parts], product_[parts], mean_[parts], weight_[parts];
};

}  // namespace jensen::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
