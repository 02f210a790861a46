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

template <class T>
struct RowVector {
  VectorOf<T> log_normalizer, entropy;
};

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
    const V log_total = hn::Log(d, hn::IfThenElse(possible, total[v], hn::Set(d, T{1})));
    const V inverse = hn::IfThenElse(possible, hn::Div(hn::Set(d, T{1}), total[v]), hn::Zero(d));
    scale[v] = hn::Mul(inverse, weight[v]);
    const V nan = hn::Set(d, std::numeric_limits<T>::quiet_NaN());
    row[v].log_normalizer = hn::IfThenElse(possible, hn::Add(shift[v], log_total), hn::Neg(infinity));
    row[v].log_normalizer = hn::IfThenElse(sound_rows[v], row[v].log_normalizer, nan);
    row[v].entropy = hn::IfThenElse(possible, hn::Sub(log_total, hn::Mul(weighted[v], inverse)), hn::Zero(d));
  }
  for (std::size_t k = 0; k < states; ++k) {
    for (std::size_t v = 0; v < N; ++v) {
      store(k, v, hn::Mul(hn::LoadU(d, p + k * stride + v * width), scale[v]));
    }
  }
}

// Sums over rows of w log Σ exp p, w H(q) and w, in the eight virtual lanes of double.
struct NormalizedSums {
  Vector sums[3][parts];

  HWY_INLINE NormalizedSums() {
    for (auto& measure : sums) {
      for (auto& s : measure) s = hn::Zero(Lane());
    }
  }
  // A vector of rows of which the first is row i of the block.
  HWY_INLINE void add(std::size_t i, Vector weight, const RowVector<double>& row) {
    const std::size_t to = i / lanes % parts;
    const Vector counted = hn::IfThenElse(hn::Eq(weight, hn::Zero(Lane())), hn::Zero(Lane()), row.log_normalizer);
    sums[0][to] = hn::MulAdd(weight, counted, sums[0][to]);
    sums[1][to] = hn::MulAdd(weight, row.entropy, sums[1][to]);
    sums[2][to] = hn::Add(sums[2][to], weight);
  }
  void write(Normalized* result) const {
    result->log_likelihood = add_lanes(sums[0]);
    result->entropy = add_lanes(sums[1]);
    result->weight = add_lanes(sums[2]);
  }
};

}  // namespace jensen::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
