// What the kernels of every instruction set are told about a product over rows.
#pragma once

#include <cstddef>

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

}  // namespace jensen::kernels
