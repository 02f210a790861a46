// What the kernels of every instruction set are told about a product over rows.
#pragma once

#include <cstddef>
#include <span>

#include <jensen/math/panel_kernels.h>

namespace jensen::kernels {

template <class T>
struct Product {
  const T* columns;
  std::size_t stride;
  const ColumnPair* pairs;
  std::size_t pair_count;
  const T* const* r;
  std::size_t states;
  double* sums;  // [pair][state]
};

// A product (r c_a) c_b costs a multiplication for each component and a, r (c_a c_b) one for each pair: the former is
// for many columns and few components. Never for those that have tiles of their own (most_few_states).
inline bool weighs_first(std::span<const ColumnPair> pairs, std::size_t states) {
  constexpr std::size_t most_few_pairs = 15;
  if (pairs.size() <= most_few_pairs) return false;
  std::size_t runs = 1;  // of pairs with the same a
  for (std::size_t f = 1; f < pairs.size(); ++f) runs += pairs[f].a != pairs[f - 1].a ? 1 : 0;
  return 2 * runs * states <= pairs.size();
}

// Rows that a product over rows runs through at once: what a tile reads stays in the first-level cache. Where columns
// are weighed first a tile reads less, and adding up its sums, few of which are side by side, costs more.
template <class T>
constexpr std::size_t product_rows_of(bool weighing) {
  return (weighing ? 4096 : 2048) / sizeof(T);
}

}  // namespace jensen::kernels
