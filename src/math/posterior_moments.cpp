// One source for all instruction sets, as kernels.cpp.
#include "math/posterior_moments.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include <jensen/math/panel_kernels.h>

#include "math/aligned.h"
#include "math/product.h"

#include "data/instruction_sets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "math/posterior_moments.cpp"
// foreach_target.h must come before highway.h
// clang-format off
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "math/lanes-inl.h"
#include "math/densities-inl.h"
#include "math/exponentials-inl.h"
#include "math/normalize-inl.h"
#include "math/product-inl.h"
#include "math/rows_ahead-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace jensen::kernels::HWY_NAMESPACE {

// Up to four columns and so many components, moments have tiles of their own: what the others leave over would weigh
// too much.
constexpr std::size_t most_few_states = 16;

// Where the responsibilities of a component lie: those of row i at offset + ⌊i / virtual_lanes⌋ distance +
// i mod virtual_lanes.
struct Place {
  std::size_t offset, distance;
};

// A component and the rows of a vector to which it matters.
struct Hit {
  std::uint32_t state;
  std::uint16_t row;   // the first one
  std::uint16_t rows;  // a bit each
};

constexpr std::size_t whole_lanes(std::size_t count) {
  return (count + virtual_lanes - 1) / virtual_lanes * virtual_lanes;
}

// What a portion of rows needs: centred columns, responsibilities as pack() lays them out, weights, the log-joints of
// two groups, what weigh() makes of a tile; and where few components matter to a row, which, the centred rows one by
// one, and the moments.
struct PosteriorMemory {
  static constexpr std::size_t small_part = 4;  // a quarter of all pairs of rows and components
  PosteriorMemory(double* memory, std::size_t dimensions, std::size_t states, bool weighing)
      : rows(product_rows_of<double>(weighing)),
        stride(rows + virtual_lanes),
        length(whole_lanes(dimensions)),
        most_hits(rows * states / small_part),
        columns(memory),
        packed(columns + (1 + dimensions) * stride),
        weights(packed + rows * states),
        log_joint(weights + rows),
        weighted(log_joint + 2 * group_rows_of<double> * states),
        by_row(weighted + most_states_of_tile * rows),
        moments(by_row + rows * length),
        hits(reinterpret_cast<Hit*>(moments + states * (2 * length + virtual_lanes))) {}
  std::size_t rows, stride, length, most_hits;
  double* columns;
  double* packed;
  double* weights;
  double* log_joint;
  double* weighted;
  double* by_row;
  double* moments;  // of a component: first ones, second ones, weight
  Hit* hits;
};

// After so many rows, again and again, it is judged whether few components matter.
constexpr std::size_t trial_rows = 32;

// Writes down who matters, as long as that is a small part.
struct HitList {
  static constexpr bool by_vector = true;
  double lowest;
  std::size_t first_row;  // of the group
  std::size_t end;        // of the rows that there are
  const PosteriorMemory& own;
  std::size_t& hits;
  std::size_t& pairs;

  HWY_INLINE void found(std::size_t k, std::size_t v, hn::Mask<Lane> rows) const {
    const Lane d;
    std::uint8_t bits[8] = {};
    hn::StoreMaskBits(d, rows, bits);
    const std::size_t first = first_row + v * lanes;
    const std::size_t count = std::min(lanes, end - std::min(end, first));
    const unsigned existing = bits[0] & ((1U << count) - 1);
    pairs += static_cast<std::size_t>(std::popcount(existing));
    if (pairs > own.most_hits || existing == 0) return;
    own.hits[hits++] = {static_cast<std::uint32_t>(k), static_cast<std::uint16_t>(first),
                        static_cast<std::uint16_t>(existing)};
  }
};

// Adds the moments of the rows of each hit to own.moments, one row after the other.
void add_hits(const PosteriorMemory& own, std::size_t dimensions, std::size_t rows, const std::vector<Place>& place,
              std::size_t hits) {
  const Lane d;
  for (std::size_t i = 0; i < rows; ++i) {
    double* row = own.by_row + i * own.length;
    const double* column = own.columns + own.stride + i;
    for (std::size_t j = 0; j < dimensions; ++j) row[j] = column[j * own.stride];
  }
  for (std::size_t h = 0; h < hits; ++h) {
    const Hit hit = own.hits[h];
    double* moments = own.moments + hit.state * (2 * own.length + virtual_lanes);
    const double* responsibilities = own.packed + place[hit.state].offset;
    for (unsigned rest = hit.rows; rest != 0; rest &= rest - 1) {
      const std::size_t i = hit.row + static_cast<std::size_t>(std::countr_zero(rest));
      const double r = responsibilities[i / virtual_lanes * place[hit.state].distance + i % virtual_lanes];
      const Vector weight = hn::Set(d, r);
      const double* row = own.by_row + i * own.length;
      for (std::size_t j = 0; j < own.length; j += lanes) {
        const Vector value = hn::Load(d, row + j);
        const Vector weighted = hn::Mul(weight, value);
        hn::Store(hn::Add(hn::Load(d, moments + j), weighted), d, moments + j);
        double* second = moments + own.length + j;
        hn::Store(hn::MulAdd(weighted, value, hn::Load(d, second)), d, second);
      }
      moments[2 * own.length] += r;
    }
  }
}

// Moments of variances alone, in the order 1, c_1, c_1², c_2, …
void add_hit_moments(const PosteriorMemory& own, std::size_t dimensions, std::size_t states, double* sums) {
  for (std::size_t k = 0; k < states; ++k) {
    const double* moments = own.moments + k * (2 * own.length + virtual_lanes);
    sums[k] += moments[2 * own.length];
    for (std::size_t j = 0; j < dimensions; ++j) {
      sums[(1 + 2 * j) * states + k] += moments[j];
      sums[(2 + 2 * j) * states + k] += moments[own.length + j];
    }
  }
}

// Log-joints of one group of rows: out[k · group + i].
template <std::size_t D>
HWY_INLINE void log_joint_of_group(const PosteriorMoments& p, const double* columns, std::size_t stride, double* out) {
  const Lane d;
  constexpr std::size_t group = group_rows_of<double>;
  const auto dimensions = static_cast<std::size_t>(p.x.columns);
  const auto finish = [&](std::size_t k, double constant, const Vector* squares) JENSEN_INLINED {
    const Vector start = hn::Set(d, p.log_weights[k]);
    const Vector top = hn::Set(d, constant);
    unrolled<register_vectors>([&](auto v) JENSEN_INLINED {
      hn::Store(hn::Add(start, hn::MulAdd(hn::Set(d, -0.5), squares[v], top)), d, out + k * group + v * lanes);
    });
  };
  for (std::size_t k = 0; k < p.triangular.size(); ++k) {
    Vector squares[register_vectors];
    triangular_squares<D, register_vectors>(columns, stride, dimensions, p.triangular[k], squares);
    finish(k, p.triangular[k].constant, squares);
  }
  diagonal_groups<register_vectors>(columns, stride, dimensions, p.diagonal.data(), p.diagonal.size(),
                                    [&](std::size_t k, const Vector* squares)
                                        JENSEN_INLINED { finish(k, p.diagonal[k].constant, squares); });
}

// Responsibilities of the group of rows from i on, to where their components are.
HWY_INLINE void store_responsibilities(const double* exponentials, const Vector* scale, const std::vector<Place>& place,
                                       std::size_t i, double* packed) {
  const Lane d;
  for (const Place of : place) {
    double* to = packed + of.offset + i / virtual_lanes * of.distance;
    unrolled<register_vectors>([&](auto v) JENSEN_INLINED {
      constexpr std::size_t at = v * lanes;
      const Vector r = hn::Mul(hn::Load(d, exponentials + at), scale[v]);
      hn::Store(r, d, to + at / virtual_lanes * of.distance + (i + at) % virtual_lanes);
    });
    exponentials += group_rows_of<double>;
  }
}

// The moments of C components from `k` on.
template <std::size_t C, std::size_t D>
HWY_INLINE void few_columns_tiles(const Product<double>& p, const double* packed, std::size_t states, std::size_t k,
                                  std::size_t rows, RowsAhead& rows_ahead) {
  constexpr std::size_t pairs = (D + 1) * (D + 2) / 2;
#if HWY_MAX_BYTES == 64
  constexpr std::size_t at_once = C > 4 || pairs == 3 ? 3 : pairs == 6 ? 6 : 5;
#else
  constexpr std::size_t at_once = C > 2 ? 2 : pairs == 10 ? 4 : 3;
#endif
  for (std::size_t f = 0; f < p.pair_count; f += at_once) {
    add_formed_tile<C, at_once>(p, packed + k * virtual_lanes, states, k, f, 0, rows, rows_ahead.next_piece());
  }
}

template <std::size_t D>
HWY_INLINE void few_columns_moments(const Product<double>& p, const double* packed, std::size_t states,
                                    std::size_t rows, RowsAhead& rows_ahead) {
  constexpr std::size_t most = HWY_MAX_BYTES == 64 ? 8 : 4;
  for (std::size_t k = 0; k < states; k += most) {
    switch (std::min(most, states - k)) {
      case 1: few_columns_tiles<1, D>(p, packed, states, k, rows, rows_ahead); break;
      case 2: few_columns_tiles<2, D>(p, packed, states, k, rows, rows_ahead); break;
      case 3: few_columns_tiles<3, D>(p, packed, states, k, rows, rows_ahead); break;
#if HWY_MAX_BYTES == 64
      case 5: few_columns_tiles<5, D>(p, packed, states, k, rows, rows_ahead); break;
      case 6: few_columns_tiles<6, D>(p, packed, states, k, rows, rows_ahead); break;
      case 7: few_columns_tiles<7, D>(p, packed, states, k, rows, rows_ahead); break;
      case 8: few_columns_tiles<8, D>(p, packed, states, k, rows, rows_ahead); break;
#endif
      default: few_columns_tiles<4, D>(p, packed, states, k, rows, rows_ahead); break;
    }
  }
}

// At least so many tiles make up the moments.
std::size_t tiles_of(const Product<double>& p) {
  std::size_t tiles = 0;
  in_tiles(p.states, [&](std::size_t, auto tile) HWY_ATTR { tiles += p.pair_count / tile.pairs; });
  return tiles;
}

// Moments of the components in own.packed, laid out tile by tile, or as for few columns.
template <std::size_t D>
HWY_INLINE void dense_moments(const Product<double>& p, const PosteriorMemory& own, bool few, bool weighing,
                              std::size_t rows, RowsAhead& rows_ahead) {
  if (few) return few_columns_moments<D>(p, own.packed, p.states, rows, rows_ahead);
  in_tiles(p.states, [&](std::size_t k, auto tile) HWY_ATTR {
    constexpr std::size_t states = decltype(tile)::states, pairs = decltype(tile)::pairs;
    const double* packed = own.packed + k * own.rows;
    if (weighing) {
      return add_weighted_tiles<states, pairs>(p, packed, k, 0, rows, own.weighted,
                                               [&] { return rows_ahead.next_piece(); });
    }
    for (std::size_t f = 0; f < p.pair_count; f += pairs) {
      add_formed_tile<states, pairs>(p, packed, states, k, f, 0, rows, rows_ahead.next_piece());
    }
  });
}

// D: the number of columns, if that is at most four, else 0.
template <std::size_t D>
void posterior_of(const PosteriorMoments& p, double* memory, PosteriorSums* result) {
  const Lane d;
  constexpr std::size_t group = group_rows_of<double>;
  const std::size_t states = p.triangular.size() + p.diagonal.size();
  const std::size_t dimensions = D > 0 ? D : static_cast<std::size_t>(p.x.columns);
  const bool weighing = weighs_first(p.pairs, states);
  const PosteriorMemory own(memory, dimensions, states, weighing);
  const bool few = D > 0 && states <= most_few_states;
  std::vector<Place> place;
  place.reserve(states);
  if (few) {
    for (std::size_t k = 0; k < states; ++k) place.push_back({k * virtual_lanes, states * virtual_lanes});
  } else {
    in_tiles(states, [&](std::size_t k, auto tile) HWY_ATTR {
      for (std::size_t c = 0; c < tile.states; ++c) {
        place.push_back({k * own.rows + c * virtual_lanes, tile.states * virtual_lanes});
      }
    });
  }
  std::fill_n(own.columns, own.stride, 1.0);
  const Product<double> moments{own.columns, own.stride, p.pairs.data(), p.pairs.size(), nullptr, states, p.sums};
  const std::size_t tiles = tiles_of(moments);
  NormalizedSums total(p.weights == nullptr);
  bool sparse = !p.diagonal.empty() && p.span < -lowest_exponent;
  bool any_hits = false;
  const ShiftedLogJoint shifted(p);
  bool narrow = D > 0;  // until a row says otherwise
  const auto all = static_cast<std::size_t>(p.x.rows);
  for (std::size_t first = 0; first < all; first += own.rows) {
    const std::size_t rows = std::min(own.rows, all - first);
    constexpr std::size_t whole = std::max(group, virtual_lanes);
    const std::size_t padded = (rows + whole - 1) / whole * whole;
    if (p.x.data == nullptr) {
      const RowsInMemory x{p.by_row.row(static_cast<std::int64_t>(first)), p.by_row.stride};
      center_rows_on(x, rows, dimensions, p.point, own.columns, own.stride, padded);
    } else {
      const ConstPanel x{p.x.data + first, static_cast<std::int64_t>(rows), p.x.columns, p.x.stride};
      center_rows_on(x, p.point, own.columns, own.stride, padded);
    }
    for (std::size_t i = 0; i < rows; ++i) own.weights[i] = p.weights == nullptr ? 1.0 : p.weights[first + i];
    std::fill(own.weights + rows, own.weights + padded, 0.0);
    RowsAhead rows_ahead(p, first, rows, own.rows);
    std::size_t hits = 0;
    std::size_t pairs = 0;
    Vector scale[register_vectors];
    for (auto& s : scale) s = hn::Zero(d);
    double* log_joint = own.log_joint;
    for (std::size_t i = 0; i < padded; i += group) {
      if (sparse && i % trial_rows == 0 && pairs * own.small_part > i * states) {  // no small part, as it seems
        result->left_out |= pairs < std::min(i, rows) * states;
        sparse = false;
      }
      rows_ahead.fetch(rows_ahead.share_of_group(sparse ? 0 : tiles));
      const double* before = log_joint;
      log_joint = own.log_joint + i / group % 2 * group * states;
      Vector weight[register_vectors];
      RowVector<double> row[register_vectors];
      for (std::size_t v = 0; v < register_vectors; ++v) weight[v] = hn::Load(d, own.weights + i + v * lanes);
      Vector next_scale[register_vectors];
      const double* columns = own.columns + own.stride + i;
      if constexpr (D > 0) {
        narrow = narrow && (sparse || exponentials_of_group<D>(p, shifted, columns, own.stride, weight, log_joint, row,
                                                               next_scale));
      }
      const bool done = narrow && !sparse;
      if (!done) log_joint_of_group<D>(p, columns, own.stride, log_joint);
      // The group before waited for its divisions meanwhile.
      if (i > 0) store_responsibilities(before, scale, place, i - group, own.packed);
      if (sparse) {
        const HitList relevant{-p.span, i, rows, own, hits, pairs};
        normalize_rows<register_vectors>(log_joint, group, states, weight, row, next_scale, relevant);
      } else if (!done) {
        normalize_rows<register_vectors>(log_joint, group, states, weight, row, next_scale);
      }
      std::copy_n(next_scale, register_vectors, scale);
      for (std::size_t v = 0; v < register_vectors; ++v) total.add(first + i + v * lanes, weight[v], row[v]);
    }
    store_responsibilities(log_joint, scale, place, padded - group, own.packed);
    result->left_out |= sparse && pairs < rows * states;
    sparse = sparse && pairs <= own.most_hits;
    if (sparse) {
      if (!any_hits) std::fill(own.by_row, reinterpret_cast<double*>(own.hits), 0.0);
      add_hits(own, dimensions, rows, place, hits);
      any_hits = true;
    } else {
      dense_moments<D>(moments, own, few, weighing, whole_lanes(rows), rows_ahead);
    }
  }
  if (any_hits) add_hit_moments(own, dimensions, states, p.sums);
  total.write(&result->sums);
}

void posterior(const PosteriorMoments& p, double* memory, PosteriorSums* result) {
  switch (p.x.columns) {
    case 1: return posterior_of<1>(p, memory, result);
    case 2: return posterior_of<2>(p, memory, result);
    case 3: return posterior_of<3>(p, memory, result);
    case 4: return posterior_of<4>(p, memory, result);
    default: return posterior_of<0>(p, memory, result);
  }
}

}  // namespace jensen::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace jensen::kernels {

HWY_EXPORT(posterior);

PosteriorSums add_posterior_moments(const PosteriorMoments& p, Workspace& workspace) {
  constexpr std::size_t line = 8, most_group = 32;
  const auto columns = static_cast<std::size_t>(p.x.columns);
  const std::size_t states = p.triangular.size() + p.diagonal.size();
  const std::size_t portion = product_rows_of<double>(weighs_first(p.pairs, states));
  const std::size_t length = (columns + line - 1) / line * line;
  constexpr std::size_t tile = 8;
  const std::size_t size = (1 + columns) * (portion + line) + portion * (states + 1 + tile) + 2 * most_group * states +
                           portion * length + states * (2 * length + line) + portion * states / 4 + line;
  PosteriorSums result;
  HWY_DYNAMIC_DISPATCH(posterior)(p, aligned(workspace, size), &result);
  return result;
}

}  // namespace jensen::kernels
#endif  // HWY_ONCE
