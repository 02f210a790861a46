// One source for all instruction sets, as kernels.cpp.
#include "math/neighbourhood_posterior.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>

#include "math/aligned.h"
#include "math/posterior_moments.h"

#include "data/instruction_sets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "math/neighbourhood_posterior.cpp"
// foreach_target.h must come before highway.h
// clang-format off
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "math/lanes-inl.h"
#include "math/densities-inl.h"
#include "math/normalize-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace jensen::kernels::HWY_NAMESPACE {

// Those of all terms that are listed.
struct ListedTerms {
  const DiagonalTerm* all;
  const std::int32_t* states;
  HWY_INLINE const DiagonalTerm& operator[](std::size_t t) const { return all[states[t]]; }
  HWY_INLINE ListedTerms operator+(std::size_t t) const { return {all, states + t}; }
};

// Groups of gathered rows, one after the other, from log-joints to shares. What is added up over rows waits for
// collect(), which has them in their order.
class Posterior {
 public:
  Posterior(const NeighbourhoodPosterior& p, NeighbourhoodMemory& memory)
      : p_(p),
        m_(memory),
        states_(p.triangular.size() + p.diagonal.size()),
        dimensions_(static_cast<std::size_t>(p.columns)),
        limits_{p.near, memory.limits.data(), memory.far_limits.data()},
        spare_(aligned(memory.spare, dimensions_ * group_rows_of<double>)) {}

  // The rows of component j, or those of which none is known, where j is the number of components.
  void add_rows_of(std::size_t j) {
    std::size_t i = m_.begin[j];
    const std::size_t end = i + m_.count[j];
    const auto group = [&]<std::size_t V>(std::integral_constant<std::size_t, V>) HWY_ATTR {
      for (; i + V * lanes < end + lanes; i += V * lanes) {
        const std::size_t rows = std::min(V * lanes, end - i);
        if (j < states_) {
          add_near<V>(i, rows, j);
        } else {
          add_any<V>(i, rows);
        }
      }
    };
    group(std::integral_constant<std::size_t, register_vectors>());
    group(std::integral_constant<std::size_t, 1>());
  }

 private:
  static constexpr std::uint32_t ones(std::size_t count) { return static_cast<std::uint32_t>((1ULL << count) - 1); }

  template <std::size_t V>
  HWY_INLINE void store_log_joint(std::size_t at, std::size_t k, double constant, const Vector* squares) {
    const Lane d;
    const Vector start = hn::Set(d, p_.log_weights[k]);
    const Vector top = hn::Set(d, constant);
    double* to = m_.log_joint.data() + at * V * lanes;
    unrolled<V>([&](auto v) JENSEN_INLINED {
      hn::StoreU(hn::Add(start, hn::MulAdd(hn::Set(d, -0.5), squares[v], top)), d, to + v * lanes);
    });
  }

  // ‖W_k (x − μ_k)‖² of the group from place i on.
  template <std::size_t V>
  HWY_INLINE void squares_of(std::size_t i, std::size_t k, Vector* squares) {
    const Lane d;
    const double* columns = m_.gathered.column(1) + i;
    const std::size_t stride = m_.gathered.stride();
    if (p_.triangular.empty()) {
      diagonal_group<1, V, true>(columns, stride, dimensions_, p_.diagonal.data() + k,
                                 [&](std::size_t, const Vector* s) JENSEN_INLINED { std::copy_n(s, V, squares); });
      return;
    }
    const TriangularTerm& term = p_.triangular[k];
    for (std::size_t j = 0; j < dimensions_; ++j) {
      const Vector mean = hn::Set(d, term.offset[j]);
      unrolled<V>([&](auto v) JENSEN_INLINED {
        hn::Store(hn::Sub(hn::Load(d, columns + j * stride + v * lanes), mean), d, spare_ + (j * V + v) * lanes);
      });
    }
    triangular_squares<0, V>(spare_, V * lanes, dimensions_,
                             TriangularTerm{term.inverse_factor, m_.zeros.data(), 0, nullptr}, squares);
  }

  // Log-joints of listed components at places from `at` on.
  template <std::size_t V>
  HWY_INLINE void add_log_joints(std::size_t i, const std::int32_t* states, std::size_t count, std::size_t at) {
    if (p_.triangular.empty()) {
      diagonal_groups<V, true>(m_.gathered.column(1) + i, m_.gathered.stride(), dimensions_,
                               ListedTerms{p_.diagonal.data(), states}, count,
                               [&](std::size_t t, const Vector* squares) JENSEN_INLINED {
                                 const auto k = static_cast<std::size_t>(states[t]);
                                 store_log_joint<V>(at + t, k, p_.diagonal[k].constant, squares);
                               });
      return;
    }
    for (std::size_t t = 0; t < count; ++t) {
      const auto k = static_cast<std::size_t>(states[t]);
      Vector squares[V];
      squares_of<V>(i, k, squares);
      store_log_joint<V>(at + t, k, p_.triangular[k].constant, squares);
    }
  }

  // Rows that are likely to be of component j: those that are near it need no more than its neighbours.
  template <std::size_t V>
  HWY_INLINE void add_near(std::size_t i, std::size_t rows, std::size_t j) {
    const Lane d;
    Vector squares[V];
    squares_of<V>(i, j, squares);
    const double constant = p_.triangular.empty() ? p_.diagonal[j].constant : p_.triangular[j].constant;
    store_log_joint<V>(0, j, constant, squares);
    const Vector furthest = hn::Set(d, p_.neighbourhoods->furthest);
    const Vector near = hn::Set(d, p_.near);
    std::uint32_t sure = 0;
    Vector distance = hn::Zero(d);
    unrolled<V>([&](auto v) JENSEN_INLINED {
      const Vector log_joint = hn::LoadU(d, m_.log_joint.data() + v * lanes);
      const auto inside = hn::And(hn::Le(squares[v], furthest), hn::Ge(log_joint, near));
      distance = hn::Max(distance, hn::IfThenElseZero(inside, squares[v]));
      sure |= bits_of(inside) << v * lanes;
    });
    sure &= ones(rows);
    for (std::uint32_t others = ones(rows) & ~sure; others != 0; others &= others - 1) {
      m_.elsewhere.push_back(m_.order[i + static_cast<std::size_t>(std::countr_zero(others))]);
    }
    if (sure == 0) return;
    const double far = hn::GetLane(hn::MaxOfLanes(d, distance));
    const Neighbourhoods& n = *p_.neighbourhoods;
    const std::size_t begin = n.begin[j];
    std::size_t end = begin;
    while (end < n.begin[j + 1] && n.reach[end] < far) ++end;
    add_log_joints<V>(i, n.states.data() + begin, end - begin, 1);
    m_.some.assign(1, static_cast<std::int32_t>(j));
    m_.some.insert(m_.some.end(), n.states.begin() + static_cast<std::ptrdiff_t>(begin),
                   n.states.begin() + static_cast<std::ptrdiff_t>(end));
    normalize_group<V>(i, sure, m_.some.data(), m_.some.size());
  }

  // Rows of which nothing is known.
  template <std::size_t V>
  HWY_INLINE void add_any(std::size_t i, std::size_t rows) {
    m_.some.resize(states_);
    std::iota(m_.some.begin(), m_.some.end(), 0);
    add_log_joints<V>(i, m_.some.data(), states_, 0);
    normalize_group<V>(i, ones(rows), m_.some.data(), states_);
  }

  static HWY_INLINE std::uint32_t bits_of(hn::Mask<Lane> mask) {
    std::uint8_t bits[8] = {};
    hn::StoreMaskBits(Lane(), mask, bits);
    return bits[0];
  }

  // From log-joints of these components, and of none that counts beside them, to shares: of the rows whose bits are
  // set.
  template <std::size_t V>
  HWY_INLINE void normalize_group(std::size_t i, std::uint32_t rows, const std::int32_t* states, std::size_t count) {
    const Largest<V, double> largest(m_.log_joint.data(), V * lanes, count);
    for (std::size_t v = 0; v < V; ++v) {
      const std::uint32_t own = rows >> v * lanes & ones(lanes);
      if (own == 0) continue;
      normalize_vector(i + v * lanes, own, states, count, m_.log_joint.data() + v * lanes, V * lanes, largest.shift[v],
                       largest.value[v]);
    }
  }

  HWY_INLINE void normalize_vector(std::size_t i, std::uint32_t rows, const std::int32_t* states, std::size_t count,
                                   const double* log_joint, std::size_t stride, Vector shift, Vector value) {
    const Lane d;
    const auto far = limits_.far(shift);
    // Which of them count for a row, in the order of components.
    const std::size_t begin = m_.vector_states.size();
    for (std::size_t t = 0; t < count; ++t) {
      const auto k = static_cast<std::size_t>(states[t]);
      const Vector raw = hn::Sub(hn::LoadU(d, log_joint + t * stride), shift);
      if (hn::AllFalse(d, hn::Ge(raw, limits_.lowest(k, far)))) continue;
      std::size_t at = m_.vector_states.size();
      m_.vector_states.push_back(states[t]);
      m_.shares.resize(m_.shares.size() + lanes);
      double* shares = m_.shares.data() + at * lanes;
      for (; at > begin && m_.vector_states[at - 1] > states[t]; --at, shares -= lanes) {
        m_.vector_states[at] = m_.vector_states[at - 1];
        hn::StoreU(hn::LoadU(d, shares - lanes), d, shares);
      }
      m_.vector_states[at] = states[t];
      hn::StoreU(raw, d, shares);
    }
    const std::size_t end = m_.vector_states.size();
    const std::size_t vector = m_.vector_begin.size();
    m_.vector_begin.push_back(begin);

    Vector total = hn::Zero(d), weighted = hn::Zero(d), best = hn::Zero(d);
    for (std::size_t e = begin; e < end; ++e) {
      const auto k = static_cast<std::size_t>(m_.vector_states[e]);
      double* shares = m_.shares.data() + e * lanes;
      const Vector raw = hn::LoadU(d, shares);
      const Vector limit = limits_.lowest(k, far);
      const Vector t = hn::Max(raw, limit);  // 0 · −∞ must not arise below
      const Vector share = hn::IfThenElseZero(hn::Ge(raw, limit), exp_inside(t));
      hn::StoreU(share, d, shares);
      total = hn::Add(total, share);
      weighted = hn::MulAdd(share, t, weighted);
      best = hn::IfThenElse(hn::Eq(raw, hn::Zero(d)), hn::Set(d, static_cast<double>(1 + k)), best);
    }
    RowVector<double> row_vector{value, total, weighted};
    const Vector scale = finish_row(hn::LoadU(d, m_.weights.data() + i), &row_vector);
    for (std::size_t e = begin; e < end; ++e) {
      double* shares = m_.shares.data() + e * lanes;
      const Vector r = hn::Mul(hn::LoadU(d, shares), scale);
      hn::StoreU(r, d, shares);
      const std::uint32_t some = bits_of(hn::Ne(r, hn::Zero(d))) & rows;
      m_.entries[static_cast<std::size_t>(m_.vector_states[e])] += static_cast<std::size_t>(std::popcount(some));
    }
    alignas(64) double values[4][lanes];
    hn::Store(row_vector.largest, d, values[0]);
    hn::Store(row_vector.total, d, values[1]);
    hn::Store(row_vector.mean, d, values[2]);
    hn::Store(best, d, values[3]);
    for (; rows != 0; rows &= rows - 1) {
      const auto lane = static_cast<std::size_t>(std::countr_zero(rows));
      const auto row = static_cast<std::size_t>(m_.order[i + lane]);
      m_.place[row] = static_cast<std::int32_t>(vector * lanes + lane);
      m_.largest[row] = values[0][lane];
      m_.total[row] = values[1][lane];
      m_.mean[row] = values[2][lane];
      if (p_.likely != nullptr) p_.likely[row] = static_cast<std::uint16_t>(values[3][lane]);
    }
  }

  const NeighbourhoodPosterior& p_;
  NeighbourhoodMemory& m_;
  std::size_t states_, dimensions_;
  Limits limits_;
  double* spare_;
};

void add_rows(const NeighbourhoodPosterior& p, std::size_t first, std::size_t last, NeighbourhoodMemory& memory) {
  Posterior posterior(p, memory);
  for (std::size_t j = first; j < last; ++j) posterior.add_rows_of(j);
}

// What was found vector by vector, row by row.
void collect(const NeighbourhoodPosterior& p, NeighbourhoodMemory& m, SparsePanel& r, Normalized* result) {
  r.begin.assign(1, 0);
  for (const std::size_t count : m.entries) r.begin.push_back(r.begin.back() + count);
  r.rows.resize(r.begin.back());
  r.values.resize(r.begin.back());
  auto& next = m.entries;
  std::copy(r.begin.begin(), r.begin.end() - 1, next.begin());
  m.vector_begin.push_back(m.vector_states.size());
  for (std::size_t row = 0; row < p.rows; ++row) {
    const std::size_t vector = static_cast<std::size_t>(m.place[row]) / lanes;
    const std::size_t lane = static_cast<std::size_t>(m.place[row]) % lanes;
    for (std::size_t e = m.vector_begin[vector]; e < m.vector_begin[vector + 1]; ++e) {
      const double share = m.shares[e * lanes + lane];
      if (share == 0) continue;
      const std::size_t at = next[static_cast<std::size_t>(m.vector_states[e])]++;
      r.rows[at] = static_cast<std::int32_t>(row);
      r.values[at] = share;
    }
  }
  const Lane d;
  NormalizedSums sums(p.weights == nullptr);
  for (std::size_t row = 0; row < p.rows; row += lanes) {
    alignas(64) double weights[lanes] = {};
    for (std::size_t lane = 0; lane < lanes && row + lane < p.rows; ++lane) {
      weights[lane] = p.weights == nullptr ? 1.0 : p.weights[row + lane];
    }
    sums.add(
        row, hn::Load(d, weights),
        {hn::LoadU(d, m.largest.data() + row), hn::LoadU(d, m.total.data() + row), hn::LoadU(d, m.mean.data() + row)});
  }
  sums.write(result);
}

}  // namespace jensen::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace jensen::kernels {

HWY_EXPORT(add_rows);
HWY_EXPORT(collect);

namespace {

constexpr std::size_t line = 8;  // rows: whole vectors of every instruction set

// Where each component's rows go, and those of which none is known: count[j] of them from begin[j] on.
void make_room(NeighbourhoodMemory& m) {
  m.begin.assign(1, 0);
  for (const std::size_t count : m.count) m.begin.push_back(m.begin.back() + (count + line - 1) / line * line);
  m.order.resize(m.begin.back());
}

void fill_up_and_gather(const NeighbourhoodPosterior& p, NeighbourhoodMemory& m) {
  for (std::size_t j = 0; j < m.count.size(); ++j) {
    const std::size_t end = m.begin[j] + m.count[j];
    for (std::size_t i = end; i < m.begin[j + 1]; ++i) m.order[i] = m.order[end - 1];
  }
  m.gathered.assign(p.x, p.columns, m.zeros.data(), m.order);
  m.weights.assign(m.order.size(), 1.0);
  if (p.weights == nullptr) return;
  for (std::size_t i = 0; i < m.order.size(); ++i) m.weights[i] = p.weights[m.order[i]];
}

// By the component that rows are likely to belong to.
void order_by_likely(const NeighbourhoodPosterior& p, NeighbourhoodMemory& m, std::size_t states) {
  const auto likely = [&](std::size_t row) {
    if (p.likely == nullptr || p.likely[row] == 0 || p.likely[row] > states) return states;
    const std::size_t k = p.likely[row] - std::size_t{1};
    return p.log_weights[k] < p.least_log_weight ? states : k;
  };
  m.count.assign(states + 1, 0);
  for (std::size_t row = 0; row < p.rows; ++row) ++m.count[likely(row)];
  make_room(m);
  auto& next = m.entries;
  next.assign(m.begin.begin(), m.begin.end() - 1);
  for (std::size_t row = 0; row < p.rows; ++row) m.order[next[likely(row)]++] = static_cast<std::int32_t>(row);
  fill_up_and_gather(p, m);
}

// Rows that were not near are looked at as if nothing were known.
void order_elsewhere(const NeighbourhoodPosterior& p, NeighbourhoodMemory& m, std::size_t states) {
  m.count.assign(states + 1, 0);
  m.count.back() = m.elsewhere.size();
  make_room(m);
  std::copy(m.elsewhere.begin(), m.elsewhere.end(), m.order.begin());
  fill_up_and_gather(p, m);
}

}  // namespace

Normalized posterior_among_neighbours(const NeighbourhoodPosterior& p, SparsePanel& r, NeighbourhoodMemory& m) {
  const std::size_t states = p.triangular.size() + p.diagonal.size();
  const std::size_t padded = (p.rows + line - 1) / line * line;
  constexpr std::size_t most_group = 32;
  m.zeros.assign(static_cast<std::size_t>(p.columns), 0.0);
  m.log_joint.resize((states + 1) * most_group);
  m.place.resize(padded);
  m.largest.assign(padded, 0.0);
  m.total.assign(padded, 1.0);
  m.mean.assign(padded, 0.0);
  m.vector_begin.clear();
  m.vector_states.clear();
  m.shares.clear();
  m.elsewhere.clear();
  m.limits.clear();
  m.far_limits.clear();
  for (std::size_t k = 0; k < states; ++k) {
    HWY_NAMESPACE::append_limits(p.log_weights[k], p.span, m.limits, m.far_limits);
  }

  order_by_likely(p, m, states);
  m.entries.assign(states, 0);
  HWY_DYNAMIC_DISPATCH(add_rows)(p, 0, states + 1, m);
  if (!m.elsewhere.empty()) {
    order_elsewhere(p, m, states);
    HWY_DYNAMIC_DISPATCH(add_rows)(p, states, states + 1, m);
  }
  Normalized result;
  HWY_DYNAMIC_DISPATCH(collect)(p, m, r, &result);
  return result;
}

}  // namespace jensen::kernels
#endif  // HWY_ONCE
