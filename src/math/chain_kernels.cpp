#include "math/chain_kernels.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

// One source for all instruction sets, as kernels.cpp.
#include "data/instruction_sets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "math/chain_kernels.cpp"
// foreach_target.h must come before highway.h
// clang-format off
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "data/turn-inl.h"
#include "math/lanes-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace jensen::kernels::HWY_NAMESPACE {

constexpr std::size_t group = virtual_lanes;         // states, or steps, of a group
constexpr std::size_t partial_sums = 4;              // over states: what a multiply-add waits for is not the one before
constexpr std::size_t vectors = lanes == 8 ? 4 : 2;  // of columns that share a factor

namespace {

HWY_INLINE double sum_of_lanes(const Vector* sums) {
#if HWY_MAX_BYTES >= 16
  const PairLane d;
  const auto pair = fold(sums);
  return hn::GetLane(hn::Add(pair, hn::Reverse(d, pair)));
#else
  return add_lanes(sums);
#endif
}

// Σ_i factor[i] matrix(i, column …) for V vectors of columns from `column` on; rows of the matrix beyond the states
// are 0.
template <std::size_t V>
struct Products {
  Vector v[V];

  HWY_INLINE Products(const double* factor, const double* matrix, const ChainShape& shape, std::size_t column) {
    const Lane d;
    Vector sum[partial_sums][V];
    for (auto& row : sum) {
      for (Vector& s : row) s = hn::Zero(d);
    }
    const double* row = matrix + column;
    for (std::size_t i = 0; i < shape.states; i += partial_sums) {
      for (std::size_t c = 0; c < partial_sums; ++c, row += shape.width) {
        const Vector f = in_register(hn::Set(d, factor[i + c]));
        for (std::size_t k = 0; k < V; ++k) sum[c][k] = hn::MulAdd(f, hn::LoadU(d, row + k * lanes), sum[c][k]);
      }
    }
    for (std::size_t k = 0; k < V; ++k) v[k] = hn::Add(hn::Add(sum[0][k], sum[1][k]), hn::Add(sum[2][k], sum[3][k]));
  }
};

// The numbers of one step, of which a recursion makes those of the next. W: the width where registers hold them, so
// that no step waits for memory; 0 where it is greater, and they are in memory.
template <std::size_t W>
struct Row {
  static constexpr std::size_t count = W / lanes;
  Vector v[count];

  HWY_INLINE void read(const double* from) {
    for (std::size_t k = 0; k < count; ++k) v[k] = hn::LoadU(Lane(), from + k * lanes);
  }
  HWY_INLINE void write(double* to) const {
    for (std::size_t k = 0; k < count; ++k) hn::StoreU(v[k], Lane(), to + k * lanes);
  }
  HWY_INLINE Vector load(std::size_t j) const { return v[j / lanes]; }
  HWY_INLINE void store(std::size_t j, Vector value) { v[j / lanes] = value; }

  // take(column, a vector of columns of the product of the row with a matrix).
  template <class Take>
  HWY_INLINE void combine(const double* matrix, const ChainShape& shape, Take take) const {
    const Lane d;
    Vector sum[partial_sums][count];
    for (auto& row : sum) {
      for (Vector& s : row) s = hn::Zero(d);
    }
    for (std::size_t i = 0; i < W; i += partial_sums) {
      if (i >= shape.states) break;
      for (std::size_t c = 0; c < partial_sums; ++c) {
        const Vector f = broadcast(i + c);
        for (std::size_t k = 0; k < count; ++k) {
          sum[c][k] = hn::MulAdd(f, hn::LoadU(d, matrix + (i + c) * W + k * lanes), sum[c][k]);
        }
      }
    }
    for (std::size_t k = 0; k < count; ++k) {
      take(k * lanes, hn::Add(hn::Add(sum[0][k], sum[1][k]), hn::Add(sum[2][k], sum[3][k])));
    }
  }

 private:
  HWY_INLINE Vector broadcast(std::size_t i) const {
    const auto lane = hn::Set(hn::RebindToSigned<Lane>(), static_cast<std::int64_t>(i % lanes));
    return hn::TableLookupLanes(v[i / lanes], hn::IndicesFromVec(Lane(), lane));
  }
};

template <>
struct Row<0> {
  double* v;

  HWY_INLINE void write(double*) const {}
  HWY_INLINE Vector load(std::size_t j) const { return hn::LoadU(Lane(), v + j); }
  HWY_INLINE void store(std::size_t j, Vector value) { hn::StoreU(value, Lane(), v + j); }

  template <class Take>
  HWY_INLINE void combine(const double* matrix, const ChainShape& shape, Take take) const {
    std::size_t column = 0;
    for (; column + vectors * lanes <= shape.width; column += vectors * lanes) {
      const Products<vectors> products(v, matrix, shape, column);
      for (std::size_t k = 0; k < vectors; ++k) take(column + k * lanes, products.v[k]);
    }
    for (; column < shape.width; column += lanes) take(column, Products<1>(v, matrix, shape, column).v[0]);
  }
};

// A group of rows and columns becomes columns and rows.
HWY_INLINE void turn_tile(const double* from, std::ptrdiff_t from_distance, double* to, std::ptrdiff_t to_distance) {
  constexpr auto side = static_cast<std::ptrdiff_t>(jensen::HWY_NAMESPACE::side);
  for (std::ptrdiff_t i = 0; i < static_cast<std::ptrdiff_t>(group); i += side) {
    for (std::ptrdiff_t j = 0; j < static_cast<std::ptrdiff_t>(group); j += side) {
      jensen::HWY_NAMESPACE::turn(from + i * from_distance + j, from_distance, to + j * to_distance + i, to_distance);
    }
  }
}

// From a row of a panel's to the next one's step.
std::ptrdiff_t row_distance(const ChainShape& shape) {
  const auto width = static_cast<std::ptrdiff_t>(shape.width);
  return shape.reversed ? -width : width;
}

// visit(the width), if it is one that registers hold, else visit(0).
template <class Visit>
auto for_width(std::size_t width, const Visit& visit) {
  if constexpr (lanes >= 4) {
    if (width == 8) return visit(std::integral_constant<std::size_t, 8>());
  }
  if constexpr (lanes == 8) {
    if (width == 16) return visit(std::integral_constant<std::size_t, 16>());
  }
  return visit(std::integral_constant<std::size_t, 0>());
}

}  // namespace

bool chain_densities(ConstPanel p, const ChainShape& shape, double* density, double* shift) {
  const Lane d;
  const Vector lowest = hn::Set(d, lowest_exponent);
  const Vector largest = hn::Set(d, std::numeric_limits<double>::max());
  auto finite = hn::Eq(lowest, lowest);
  alignas(64) double tile[group * group];
  for (std::size_t t = 0; t < shape.steps; t += group) {
    Vector top[parts];
    for (std::size_t v = 0; v < parts; ++v) {
      top[v] = hn::LoadU(d, p.data + t + v * lanes);
      for (std::size_t k = 1; k < shape.states; ++k) {
        top[v] = hn::Max(top[v], hn::LoadU(d, p.column(static_cast<int>(k)) + t + v * lanes));
      }
      hn::StoreU(top[v], d, shift + t + v * lanes);
      const auto here = hn::Le(hn::Abs(top[v]), largest);
      finite = t + (v + 1) * lanes <= shape.steps ? hn::And(finite, here) : finite;
    }
    for (std::size_t first = 0; first < shape.width; first += group) {
      const std::size_t count = std::min(group, shape.states - first);
      for (std::size_t k = 0; k < count; ++k) {
        const double* column = p.column(static_cast<int>(first + k)) + t;
        for (std::size_t v = 0; v < parts; ++v) {
          const Vector x = hn::Sub(hn::LoadU(d, column + v * lanes), top[v]);
          const Vector e = hn::IfThenElseZero(hn::Ge(x, lowest), exp_inside(hn::Max(x, lowest)));
          hn::Store(hn::IfThenElse(hn::IsNaN(x), x, e), d, tile + k * group + v * lanes);
        }
      }
      std::fill(tile + count * group, tile + group * group, 0.0);
      double* rows = density + shape.step_of(t) * shape.width + first;
      if (t + group <= shape.steps) {
        turn_tile(tile, group, rows, row_distance(shape));
        continue;
      }
      for (std::size_t r = 0; t + r < shape.steps; ++r) {
        double* row = rows + static_cast<std::ptrdiff_t>(r) * row_distance(shape);
        for (std::size_t k = 0; k < group; ++k) row[k] = tile[k * group + r];
      }
    }
  }
  if (!hn::AllTrue(d, finite)) return false;
  for (std::size_t t = shape.steps / lanes * lanes; t < shape.steps; ++t) {
    if (!std::isfinite(shift[t])) return false;
  }
  return true;
}

// The powers of two that keep a recursion's sums near 1. That of a step comes from the sum two steps before and the
// power since, so that no step waits for the sum of the one before it; the sums then are about the product of the last
// two normalizers.
class StepScale {
 public:
  // The scale of this step, times the sum of the step before.
  double mass() const { return sum_ * scale_; }
  double inverse_mass() const { return inverse_ * inverse_power(scale_); }
  double scale() const { return scale_; }

  void next(double sum, double inverse) {
    scale_ = inverse_power(sum_) * inverse_power(scale_);
    sum_ = sum;
    inverse_ = inverse;
  }

 private:
  // 2^−⌊log2 x⌋
  static HWY_INLINE double inverse_power(double x) {
    constexpr std::uint64_t exponent = 0x7ff0000000000000U, of_two = 0x7fe0000000000000U;
    return std::bit_cast<double>(of_two - (std::bit_cast<std::uint64_t>(x) & exponent));
  }
  double sum_ = 1, inverse_ = 1, scale_ = 1;
};

template <std::size_t W>
double forward_of(ChainShape shape, const double* initial, const double* before, const double* transitions,
                  double least, double* density, double* filtered, double* normalizer, double* memory) {
  const Lane d;
  if constexpr (W > 0) shape.width = W;
  double smallest = std::numeric_limits<double>::infinity();
  StepScale of_step;
  Row<W> last, joint;
  if constexpr (W > 0) {
    if (initial == nullptr) last.read(before);
  } else {
    std::copy_n(before == nullptr ? initial : before, shape.width, memory);
    last.v = memory;
    joint.v = memory + shape.width;
  }
  for (std::size_t t = 0; t < shape.steps; ++t) {
    const std::size_t at = t * shape.width;
    Vector total[parts];
    for (Vector& sum : total) sum = hn::Zero(d);
    const Vector scale = hn::Set(d, of_step.scale());
    const auto take = [&](std::size_t j, Vector product) HWY_ATTR {
      const Vector value = hn::Mul(product, hn::Mul(hn::LoadU(d, density + at + j), scale));
      joint.store(j, value);
      Vector& sum = total[j / lanes % parts];
      sum = hn::Add(sum, value);
    };
    if (t == 0 && initial != nullptr) {
      for (std::size_t j = 0; j < shape.width; j += lanes) take(j, hn::LoadU(d, initial + j));
    } else {
      last.combine(transitions, shape, take);
    }
    const double sum = sum_of_lanes(total);
    normalizer[t] = sum * of_step.inverse_mass();
    const double smaller = std::min(sum, normalizer[t]);
    if (!(smaller >= least)) return smaller > 0 ? smaller : 0;
    smallest = std::min(smallest, smaller);
    const double inverse = 1 / sum;
    const Vector of_filtered = hn::Set(d, inverse);
    const Vector of_density = hn::Set(d, inverse * of_step.mass());
    for (std::size_t j = 0; j < shape.width; j += lanes) {
      hn::StoreU(hn::Mul(joint.load(j), of_filtered), d, filtered + at + j);
      hn::StoreU(hn::Mul(hn::LoadU(d, density + at + j), of_density), d, density + at + j);
    }
    of_step.next(sum, inverse);
    std::swap(last, joint);
  }
  return smallest;
}

double chain_forward(const ChainShape& shape, const double* initial, const double* before, const double* transitions,
                     double least, double* density, double* filtered, double* normalizer, double* memory) {
  return for_width(shape.width, [&](auto width) {
    return forward_of<width.value>(shape, initial, before, transitions, least, density, filtered, normalizer, memory);
  });
}

template <std::size_t W>
void backward_of(ChainShape shape, const double* transposed, const double* filtered, double* density, double* beta,
                 double* smoothed) {
  const Lane d;
  if constexpr (W > 0) shape.width = W;
  Row<W> later, weight;
  if constexpr (W > 0) {
    later.read(beta);
  } else {
    later.v = beta;
  }
  for (std::size_t t = shape.steps; t-- > 0;) {
    const std::size_t at = t * shape.width;
    if constexpr (W == 0) weight.v = density + at;
    for (std::size_t j = 0; j < shape.width; j += lanes) {
      const Vector own = later.load(j);
      weight.store(j, hn::Mul(own, hn::LoadU(d, density + at + j)));
      hn::StoreU(hn::Mul(own, hn::LoadU(d, filtered + at + j)), d, smoothed + at + j);
    }
    weight.write(density + at);
    weight.combine(transposed, shape, [&](std::size_t i, Vector value) HWY_ATTR { later.store(i, value); });
  }
  later.write(beta);
}

void chain_backward(const ChainShape& shape, const double* transposed, const double* filtered, double* density,
                    double* beta, double* smoothed) {
  for_width(shape.width,
            [&](auto width) { backward_of<width.value>(shape, transposed, filtered, density, beta, smoothed); });
}

double chain_largest_beta(const ChainShape& shape, const double* transposed, double* density, double* beta) {
  const Lane d;
  Vector largest = hn::Zero(d);
  const Vector infinity = hn::Set(d, std::numeric_limits<double>::infinity());
  for (std::size_t t = shape.steps; t-- > 0;) {
    double* weight = density + t * shape.width;
    for (std::size_t j = 0; j < shape.width; j += lanes) {
      hn::StoreU(hn::Mul(hn::LoadU(d, beta + j), hn::LoadU(d, weight + j)), d, weight + j);
    }
    Row<0>{weight}.combine(transposed, shape, [&](std::size_t i, Vector value) HWY_ATTR {
      hn::StoreU(value, d, beta + i);
      largest = hn::IfThenElse(hn::Ge(value, hn::Zero(d)), hn::Max(largest, value), infinity);
    });
  }
  alignas(64) double values[lanes];
  hn::Store(largest, d, values);
  return *std::max_element(values, values + lanes);
}

namespace {

// counts(i, ·) += Σ_t left_t(i) right_t(·) for R rows i and V vectors of columns.
template <std::size_t R, std::size_t V>
HWY_INLINE void add_outer(const double* left, const double* right, std::size_t steps, std::size_t width,
                          double* counts) {
  const Lane d;
  Vector sum[R][V];
  for (std::size_t r = 0; r < R; ++r) {
    for (std::size_t v = 0; v < V; ++v) sum[r][v] = hn::LoadU(d, counts + r * width + v * lanes);
  }
  for (std::size_t t = 0; t < steps; ++t, left += width, right += width) {
    Vector column[V];
    for (std::size_t v = 0; v < V; ++v) column[v] = in_register(hn::LoadU(d, right + v * lanes));
    for (std::size_t r = 0; r < R; ++r) {
      const Vector f = hn::Set(d, left[r]);
      for (std::size_t v = 0; v < V; ++v) sum[r][v] = hn::MulAdd(f, column[v], sum[r][v]);
    }
  }
  for (std::size_t r = 0; r < R; ++r) {
    for (std::size_t v = 0; v < V; ++v) hn::StoreU(sum[r][v], d, counts + r * width + v * lanes);
  }
}

// All rows of V vectors of columns; rows of the counts beyond the states are there, too.
template <std::size_t V>
HWY_INLINE void add_columns(const ChainShape& shape, const double* left, const double* right, std::size_t steps,
                            double* counts) {
  constexpr std::size_t rows = lanes == 8 ? 8 : 4;
  for (std::size_t i = 0; i < shape.states; i += rows) {
    add_outer<rows, V>(left + i, right, steps, shape.width, counts + i * shape.width);
  }
}

}  // namespace

void chain_counts(const ChainShape& shape, const double* left, const double* right, double* counts) {
  constexpr std::size_t at_once = 64;  // steps whose rows stay in the first-level cache while all tiles pass
  for (std::size_t first = 0; first < shape.steps; first += at_once) {
    const std::size_t steps = std::min(at_once, shape.steps - first);
    const double* from = left + first * shape.width;
    const double* to = right + first * shape.width;
    std::size_t j = 0;
    for (; j + 2 * lanes <= shape.width; j += 2 * lanes) add_columns<2>(shape, from, to + j, steps, counts + j);
    if (j < shape.width) add_columns<1>(shape, from, to + j, steps, counts + j);
  }
}

double chain_responsibilities(const ChainShape& shape, const double* q, double weight, Panel p) {
  const Lane d;
  const Vector factor = hn::Set(d, weight);
  Vector total[parts];
  for (Vector& sum : total) sum = hn::Zero(d);
  alignas(64) double tile[group * group];
  for (std::size_t t = 0; t < shape.steps; t += group) {
    const std::size_t steps = std::min(group, shape.steps - t);
    for (std::size_t first = 0; first < shape.states; first += group) {
      const double* rows = q + shape.step_of(t) * shape.width + first;
      if (steps == group) {
        turn_tile(rows, row_distance(shape), tile, group);
      } else {
        std::fill_n(tile, group * group, 0.0);
        for (std::size_t r = 0; r < steps; ++r) {
          const double* row = rows + static_cast<std::ptrdiff_t>(r) * row_distance(shape);
          for (std::size_t k = 0; k < group; ++k) tile[k * group + r] = row[k];
        }
      }
      for (std::size_t k = 0; k < std::min(group, shape.states - first); ++k) {
        double* column = p.column(static_cast<int>(first + k)) + t;
        for (std::size_t v = 0; v < parts; ++v) {
          const Vector own = hn::Load(d, tile + k * group + v * lanes);
          const Vector product = hn::Mul(own, hn::LoadU(d, column + v * lanes));
          total[v] = hn::Add(total[v], hn::IfThenElseZero(hn::Gt(own, hn::Zero(d)), product));
          hn::StoreU(hn::Mul(own, factor), d, column + v * lanes);
        }
      }
    }
  }
  return sum_of_lanes(total);
}

}  // namespace jensen::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace jensen::kernels {

HWY_EXPORT(chain_densities);
HWY_EXPORT(chain_forward);
HWY_EXPORT(chain_backward);
HWY_EXPORT(chain_largest_beta);
HWY_EXPORT(chain_counts);
HWY_EXPORT(chain_responsibilities);

bool chain_densities(ConstPanel p, const ChainShape& shape, double* density, double* shift) {
  return HWY_DYNAMIC_DISPATCH(chain_densities)(p, shape, density, shift);
}

double chain_forward(const ChainShape& shape, const double* initial, const double* before, const double* transitions,
                     double least, double* density, double* filtered, double* normalizer, double* memory) {
  return HWY_DYNAMIC_DISPATCH(chain_forward)(shape, initial, before, transitions, least, density, filtered, normalizer,
                                             memory);
}

void chain_backward(const ChainShape& shape, const double* transposed, const double* filtered, double* density,
                    double* beta, double* smoothed) {
  HWY_DYNAMIC_DISPATCH(chain_backward)(shape, transposed, filtered, density, beta, smoothed);
}

double chain_largest_beta(const ChainShape& shape, const double* transposed, double* density, double* beta) {
  return HWY_DYNAMIC_DISPATCH(chain_largest_beta)(shape, transposed, density, beta);
}

void chain_counts(const ChainShape& shape, const double* left, const double* right, double* counts) {
  HWY_DYNAMIC_DISPATCH(chain_counts)(shape, left, right, counts);
}

double chain_responsibilities(const ChainShape& shape, const double* q, double weight, Panel p) {
  return HWY_DYNAMIC_DISPATCH(chain_responsibilities)(shape, q, weight, p);
}

}  // namespace jensen::kernels
#endif  // HWY_ONCE
