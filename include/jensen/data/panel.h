// A view of a column-major matrix with a stride between columns. It owns nothing.
#pragma once

#include <cstdint>
#include <type_traits>

namespace jensen {

template <class T>
struct BasicPanel {
  T* data = nullptr;
  std::int64_t rows = 0;
  int columns = 0;
  std::int64_t stride = 0;  ///< distance, in elements, from one column to the next

  T* column(int j) const { return data + j * stride; }
  T& operator()(std::int64_t i, int j) const { return data[i + j * stride]; }

  operator BasicPanel<const T>() const requires(!std::is_const_v<T>) { return {data, rows, columns, stride}; }
};

using Panel = BasicPanel<double>;
using ConstPanel = BasicPanel<const double>;

/// Rows of float64 that lie side by side in memory: cell (i, j) at data[i · stride + j].
struct RowsInMemory {
  const double* data = nullptr;
  std::int64_t stride = 0;

  const double* row(std::int64_t i) const { return data + i * stride; }
};

}  // namespace jensen
