// One source for all instruction sets, as kernels.cpp.
#include "math/posterior_moments.h"

#include <algorithm>
#include <vector>

#include <jensen/math/panel_kernels.h>

#include "math/aligned.h"
#include "math/listed_moments.h"
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
#include "math/listed_moments-inl.h"
#include "math/normalize-inl.h"
#include "math/product-inl.h"
#include "math/rows_ahead-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace jensen::kernels::HWY_NAMESPACE {

// Up to four columns and so many components, moments have tiles of their own: what the others leave over would weigh
// too much.
constexpr std::size_t most_few_states = 16;

constexpr std::size_t whole_lanes(std::size_t count) {
  return (count + virtual_lanes - 1) / virtual_lanes * virtual_lanes;
}

// What a portion of rows needs: centred columns, responsibilities as pack() lays them out, weights, the log-joints of
// two groups, what weigh() makes of a tile, and what listed moments need.
struct PosteriorMemory {
  PosteriorMemory(double* memory, std::size_t dimensions, std::size_t states, bool weighing)
      : rows(product_rows_of<double>(weighing)),
        stride(rows + virtual_lanes),
        columns(memory),
        packed(columns + (1 + dimensions) * stride),
        weights(packed + rows * states),
        log_joint(weights + rows),
        weighted(log_joint + 2 * group_rows_of<double> * states),
        listed(weighted + most_states_of_tile * rows) {}
  std::size_t rows, stride;
  double* columns;
  double* packed;
  double* weights;
  double* log_joint;
  double* weighted;
  double* listed;
};

// squares ← ‖W (x_i − mean)‖² of one group of rows, the mean being the term's offset. `spare`: room for the group.
HWY_INLINE void triangular_squares_about_mean(const double* columns, std::size_t stride, std::size_t dimensions,
                                              const TriangularTerm& term, const double* zeros, double* spare,
                                              Vector* squares) {
  const Lane d;
  constexpr std::size_t group = group_rows_of<double>;
  for (std::size_t j = 0; j < dimensions; ++j) {
    const Vector mean = hn::Set(d, term.offset[j]);
    unrolled<register_vectors>([&](auto v) JENSEN_INLINED {
      hn::Store(hn::Sub(hn::Load(d, columns + j * stride + v * lanes), mean), d, spare + j * group + v * lanes);
    });
  }
  triangular_squares<0, register_vectors>(spare, group, dimensions,
                                          TriangularTerm{term.inverse_factor, zeros, 0, nullptr}, squares);
}

// Log-joints of one group of rows: out[k · group + i]. meanwhile() is called with each component. Means: each is served
// about its own; then `zeros` are columns many and `spare` has room for the group.
template <std::size_t D, bool Means, class Meanwhile>
HWY_INLINE void log_joint_of_group(const PosteriorMoments& p, const double* columns, std::size_t stride,
                                   const double* zeros, double* spare, double* out, const Meanwhile& meanwhile) {
  const Lane d;
  constexpr std::size_t group = group_rows_of<double>;
  const auto dimensions = static_cast<std::size_t>(p.x.columns);
  const auto finish = [&](std::size_t k, double constant, const Vector* squares) JENSEN_INLINED {
    meanwhile();
    const Vector start = hn::Set(d, p.log_weights[k]);
    const Vector top = hn::Set(d, constant);
    unrolled<register_vectors>([&](auto v) JENSEN_INLINED {
      hn::Store(hn::Add(start, hn::MulAdd(hn::Set(d, -0.5), squares[v], top)), d, out + k * group + v * lanes);
    });
  };
  for (std::size_t k = 0; k < p.triangular.size(); ++k) {
    Vector squares[register_vectors];
    if constexpr (Means) {
      triangular_squares_about_mean(columns, stride, dimensions, p.triangular[k], zeros, spare, squares);
    } else {
      triangular_squares<D, register_vectors>(columns, stride, dimensions, p.triangular[k], squares);
    }
    finish(k, p.triangular[k].constant, squares);
  }
  diagonal_groups<register_vectors, Means>(columns, stride, dimensions, p.diagonal.data(), p.diagonal.size(),
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

// D: the number of columns, if that is at most four, else 0. Listing: portions of which little counts have their rows
// listed; false, and nothing done, where the first rows say that too much counts.
template <std::size_t D, bool Listing>
bool posterior_of(const PosteriorMoments& p, double* memory, Normalized* result) {
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
  ListedMoments listed(p, {own.rows, dimensions, states, !p.triangular.empty()}, Listing ? own.listed : nullptr);
  const std::vector<double> zeros(p.point == nullptr ? dimensions : 0, 0.0);
  const double* point = p.point == nullptr ? zeros.data() : p.point;
  const ShiftedLogJoint shifted(p);
  bool narrow = D > 0;  // until a row says otherwise
  const auto all = static_cast<std::size_t>(p.x.rows);
  for (std::size_t first = 0, rows = 0; first < all; first += rows) {
    rows = std::min(Listing && first == 0 ? trial_rows : own.rows, all - first);
    constexpr std::size_t whole = std::max(group, virtual_lanes);
    const std::size_t padded = (rows + whole - 1) / whole * whole;
    if (p.x.data == nullptr) {
      const RowsInMemory x{p.by_row.row(static_cast<std::int64_t>(first)), p.by_row.stride};
      center_rows_on(x, rows, dimensions, point, own.columns, own.stride, padded);
    } else {
      const ConstPanel x{p.x.data + first, static_cast<std::int64_t>(rows), p.x.columns, p.x.stride};
      center_rows_on(x, point, own.columns, own.stride, padded);
    }
    for (std::size_t i = 0; i < rows; ++i) own.weights[i] = p.weights == nullptr ? 1.0 : p.weights[first + i];
    std::fill(own.weights + rows, own.weights + padded, 0.0);
    RowsAhead rows_ahead(p, first, rows, own.rows);
    Vector scale[register_vectors];
    for (auto& s : scale) s = hn::Zero(d);
    double* log_joint = own.log_joint;
    for (std::size_t i = 0; i < padded; i += group) {
      const std::size_t lines = rows_ahead.share_of_group(Listing && listed.trying() ? 0 : tiles);
      if (!Listing) rows_ahead.fetch(lines);
      const double* before = log_joint;
      log_joint = own.log_joint + i / group % 2 * group * states;
      Vector weight[register_vectors];
      RowVector<double> row[register_vectors];
      for (std::size_t v = 0; v < register_vectors; ++v) weight[v] = hn::Load(d, own.weights + i + v * lanes);
      Vector next_scale[register_vectors];
      const double* columns = own.columns + own.stride + i;
      if constexpr (D > 0) {
        narrow =
            narrow && exponentials_of_group<D>(p, shifted, columns, own.stride, weight, log_joint, row, next_scale);
      }
      if (!narrow) {
        const std::size_t lines_of_state = (lines + states - 1) / states;
        const auto meanwhile = [&]() JENSEN_INLINED {
          if (Listing) rows_ahead.fetch(lines_of_state);
        };
        if (Listing && p.point == nullptr) {
          log_joint_of_group<D, true>(p, columns, own.stride, point, listed.spare(), log_joint, meanwhile);
        } else {
          log_joint_of_group<D, false>(p, columns, own.stride, nullptr, nullptr, log_joint, meanwhile);
        }
      }
      // The group before waited for its divisions meanwhile.
      if (i > 0) store_responsibilities(before, scale, place, i - group, own.packed);
      if constexpr (Listing) {
        normalize_rows<register_vectors>(log_joint, group, states, weight, row, next_scale, listed.cut(first + i));
        if (first + i < trial_rows && !listed.look<group>(log_joint, first + i + group)) return false;
      } else if (!narrow) {
        normalize_rows<register_vectors>(log_joint, group, states, weight, row, next_scale);
      }
      std::copy_n(next_scale, register_vectors, scale);
      for (std::size_t v = 0; v < register_vectors; ++v) total.add(first + i + v * lanes, weight[v], row[v]);
    }
    store_responsibilities(log_joint, scale, place, padded - group, own.packed);
    if (Listing && listed.take(first, rows, point, own.columns + own.stride, own.stride, own.packed, place)) continue;
    dense_moments<D>(moments, own, few, weighing, whole_lanes(rows), rows_ahead);
  }
  total.write(result);
  if (Listing) {
    listed.write();
    listed.bound_left_out(result->weight);
  }
  return true;
}

// Whether what counts may be so little that it is listed, as far as is known without a row.
bool may_list(const PosteriorMoments& p) {
  if (p.point == nullptr) return true;
  if (!(p.span < -lowest_exponent) || p.x.rows < static_cast<std::int64_t>(trial_rows)) return false;
  const std::size_t states = p.triangular.size() + p.diagonal.size();
  const ListedShape shape{trial_rows, static_cast<std::size_t>(p.x.columns), states, !p.triangular.empty()};
  return shape.worth() * static_cast<double>(states) > 1;  // a row has one component at least
}

void posterior(const PosteriorMoments& p, double* memory, Normalized* result) {
  if (may_list(p) && posterior_of<0, true>(p, memory, result)) return;
  switch (p.x.columns) {
    case 1: posterior_of<1, false>(p, memory, result); break;
    case 2: posterior_of<2, false>(p, memory, result); break;
    case 3: posterior_of<3, false>(p, memory, result); break;
    case 4: posterior_of<4, false>(p, memory, result); break;
    default: posterior_of<0, false>(p, memory, result); break;
  }
}

}  // namespace jensen::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace jensen::kernels {

HWY_EXPORT(posterior);

Normalized add_posterior_moments(const PosteriorMoments& p, Workspace& workspace) {
  constexpr std::size_t line = 8, most_group = 32, tile = 8;
  const auto columns = static_cast<std::size_t>(p.x.columns);
  const std::size_t states = p.triangular.size() + p.diagonal.size();
  const std::size_t portion = product_rows_of<double>(weighs_first(p.pairs, states));
  const ListedShape listed{portion, columns, states, !p.triangular.empty()};
  const std::size_t size =
      (1 + columns) * (portion + line) + portion * (states + 1 + tile) + 2 * most_group * states + listed.size();
  Normalized result;
  HWY_DYNAMIC_DISPATCH(posterior)(p, aligned(workspace, size), &result);
  return result;
}

}  // namespace jensen::kernels
#endif  // HWY_ONCE
