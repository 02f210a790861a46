// Moments as a product over rows, in tiles of components and pairs. Included once for each instruction set.
#if defined(JENSEN_MATH_PRODUCT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef JENSEN_MATH_PRODUCT_INL_H_
#undef JENSEN_MATH_PRODUCT_INL_H_
#else
#define JENSEN_MATH_PRODUCT_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>

#include "math/lanes-inl.h"
#include "math/product.h"

HWY_BEFORE_NAMESPACE();
namespace jensen::kernels::HWY_NAMESPACE {

// What a tile fetches into the cache meanwhile: fetch() is called once for each group of virtual lanes.
struct NothingAhead {
  HWY_INLINE void fetch() const {}
};

// Responsibilities of C components, virtual lanes by virtual lanes: one stream with fixed distances, which needs one
// pointer.
template <std::size_t C, class T>
void pack(const Product<T>& p, std::size_t k, std::size_t first, std::size_t end, T* to) {
  const LaneOf<T> d;
  constexpr std::size_t together = virtual_lanes_of<T>;
  for (std::size_t c = 0; c < C; ++c) {
    const T* r = p.r[k + c];
    std::size_t i = first;
    for (; i + together <= end; i += together) {
      T* group = to + (i - first) * C + c * together;
      for (std::size_t part = 0; part < together; part += lanes_of<T>) {
        hn::Store(hn::LoadU(d, r + i + part), d, group + part);
      }
    }
    if (i < end) {
      T* group = to + (i - first) * C + c * together;
      for (std::size_t lane = 0; lane < together; ++lane) group[lane] = i + lane < end ? r[i + lane] : T{0};
    }
  }
}

// The products of the columns of F pairs, from `f` on. Pairs beyond the last are formed and thrown away, so that no
// remainder needs code.
template <std::size_t F, class T>
struct FormedFeatures {
  const T* left[F];
  const T* right[F];

  HWY_INLINE FormedFeatures(const Product<T>& p, std::size_t f, std::size_t first) {
    for (std::size_t t = 0; t < F; ++t) {
      const ColumnPair pair = f + t < p.pair_count ? p.pairs[f + t] : ColumnPair{};
      left[t] = p.columns + static_cast<std::size_t>(pair.a) * p.stride + first;
      right[t] = p.columns + static_cast<std::size_t>(pair.b) * p.stride + first;
    }
  }
  HWY_INLINE VectorOf<T> operator()(std::size_t t, std::size_t i) const {
    const LaneOf<T> d;
    return hn::Mul(hn::Load(d, left[t] + i), hn::Load(d, right[t] + i));
  }
};

// F columns from b on, of which `count` exist. The last one stands for those beyond it.
template <std::size_t F, class T>
struct PlainColumns {
  const T* column[F];

  HWY_INLINE PlainColumns(const Product<T>& p, std::size_t b, std::size_t first, std::size_t count) {
    for (std::size_t t = 0; t < F; ++t) column[t] = p.columns + (b + std::min(t, count - 1)) * p.stride + first;
  }
  HWY_INLINE VectorOf<T> operator()(std::size_t t, std::size_t i) const {
    return in_register(hn::Load(LaneOf<T>(), column[t] + i));
  }
};

// `packed` holds packed_states components, of which the first C are meant: sums[f · states + c] += … for C
// components from `k` on and F pairs from `f` on, of which those before `end` count, over as many rows as there are
// virtual lanes at a time.
template <std::size_t C, std::size_t F, class T, class Features, class Ahead>
HWY_INLINE void add_tile(const Product<T>& p, const T* packed, std::size_t packed_states, std::size_t k, std::size_t f,
                         std::size_t end, std::size_t rows, const Features& features, Ahead ahead) {
  const LaneOf<T> d;
  constexpr std::size_t together = virtual_lanes_of<T>, width = lanes_of<T>;
  VectorOf<T> sums[F][C][parts_of<T>];
  for (std::size_t part = 0; part < parts_of<T>; ++part) {
    VectorOf<T> tile[C][F];
    for (auto& row : tile) {
      for (auto& s : row) s = hn::Zero(d);
    }
    for (std::size_t i = part * width; i < rows; i += together) {
      ahead.fetch();
      VectorOf<T> feature[F];
      for (std::size_t t = 0; t < F; ++t) feature[t] = features(t, i);
      const T* r = packed + (i - part * width) * packed_states + part * width;
      for (std::size_t c = 0; c < C; ++c) {
        const auto weight = in_register(hn::Load(d, r + c * together));
        for (std::size_t t = 0; t < F; ++t) tile[c][t] = hn::MulAdd(weight, feature[t], tile[c][t]);
      }
    }
    for (std::size_t c = 0; c < C; ++c) {
      for (std::size_t t = 0; t < F; ++t) sums[t][c][part] = tile[c][t];
    }
  }
  for (std::size_t t = 0; t < F && f + t < end; ++t) add_sums<C>(sums[t], p.sums + (f + t) * p.states + k);
}

template <std::size_t C, std::size_t F, class T, class Ahead = NothingAhead>
void add_formed_tile(const Product<T>& p, const T* packed, std::size_t packed_states, std::size_t k, std::size_t f,
                     std::size_t first, std::size_t rows, Ahead ahead = {}) {
  add_tile<C, F>(p, packed, packed_states, k, f, p.pair_count, rows, FormedFeatures<F, T>(p, f, first), ahead);
}

// to ← packed responsibilities of C components times a column.
template <std::size_t C, class T>
void weigh(const T* packed, const T* column, std::size_t rows, T* to) {
  const LaneOf<T> d;
  constexpr std::size_t together = virtual_lanes_of<T>;
  for (std::size_t i = 0; i < rows; i += lanes_of<T>) {
    const auto value = hn::Load(d, column + i);
    const std::size_t at = i / together * together * C + i % together;
    for (std::size_t c = 0; c < C; ++c) {
      hn::Store(hn::Mul(hn::Load(d, packed + at + c * together), value), d, to + at + c * together);
    }
  }
}

// All pairs, for C components from `k` on: for each a, r c_a is formed, in `weighted`, and multiplied with c_0, c_1, …
template <std::size_t C, std::size_t F, class T, class NextAhead>
void add_weighted_tiles(const Product<T>& p, const T* packed, std::size_t k, std::size_t first, std::size_t rows,
                        T* weighted, const NextAhead& next_ahead) {
  for (std::size_t f = 0; f < p.pair_count;) {
    const auto a = static_cast<std::size_t>(p.pairs[f].a);
    const std::size_t end = f + 1 + a;
    weigh<C>(packed, p.columns + a * p.stride + first, rows, weighted);
    for (std::size_t b = 0; f < end; f += F, b += F) {
      add_tile<C, F>(p, weighted, C, k, f, end, rows, PlainColumns<F, T>(p, b, first, end - f), next_ahead());
    }
    f = end;
  }
}

constexpr std::size_t most_states_of_tile = HWY_MAX_BYTES == 64 ? 8 : 4;

// Components and pairs that one tile serves: as many as the registers hold sums for.
template <std::size_t C, std::size_t F>
struct Tile {
  static constexpr std::size_t states = C, pairs = F;
};

// visit(k, tile) for tiles of neighbouring components, from k on, that cover all of them.
template <class Visit>
HWY_INLINE void in_tiles(std::size_t components, const Visit& visit) {
  std::size_t k = 0;
  const auto visited = [&](std::size_t from, auto tile) HWY_ATTR {
    visit(from, tile);
    return from + tile.states;
  };
  while (k < components) {
    const std::size_t left = components - k;
#if HWY_MAX_BYTES == 64  // 32 registers
    if (left >= 8 && left != 9 && left != 10) {
      k = visited(k, Tile<8, 3>());
    } else if (left >= 5) {
      k = visited(k, Tile<5, 4>());
    } else if (left == 4) {
      k = visited(k, Tile<4, 5>());
    } else if (left == 3) {
      k = visited(k, Tile<3, 6>());
    } else if (left == 2) {
      k = visited(k, Tile<2, 6>());
    }
#else
    if (left >= 4) {
      k = visited(k, Tile<4, 2>());
    } else if (left >= 2) {
      k = visited(k, Tile<2, 4>());
    }
#endif
    else {
      k = visited(k, Tile<1, 8>());
    }
  }
}

// `memory`: room for 2 × 8 × product_rows_of<T>(true) numbers.
template <class T>
HWY_INLINE void product(const Product<T>& p, std::size_t rows, T* memory) {
  const bool weighing = weighs_first({p.pairs, p.pair_count}, p.states);
  const std::size_t at_once = product_rows_of<T>(weighing);
  T* packed = memory;
  T* weighted = memory + 8 * at_once;
  for (std::size_t first = 0; first < rows; first += at_once) {
    const std::size_t end = std::min(rows, first + at_once);
    in_tiles(p.states, [&](std::size_t k, auto tile) HWY_ATTR {
      constexpr std::size_t states = decltype(tile)::states, pairs = decltype(tile)::pairs;
      pack<states>(p, k, first, end, packed);
      if (weighing) {
        return add_weighted_tiles<states, pairs>(p, packed, k, first, end - first, weighted,
                                                 [] { return NothingAhead(); });
      }
      for (std::size_t f = 0; f < p.pair_count; f += pairs) {
        add_formed_tile<states, pairs>(p, packed, states, k, f, first, end - first);
      }
    });
  }
}

}  // namespace jensen::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
