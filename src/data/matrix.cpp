#include "data/matrix.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>

#include "data/columns_of_rows.h"

namespace jensen {
namespace {

template <class T>
const T* cell_address(const MatrixView& m, std::int64_t row, int column) {
  return static_cast<const T*>(m.data) + (row * m.row_stride + column * m.column_stride);
}

// Every exponent bit of a NaN or an infinity is set. Adding one there carries into the sign's place, so that an OR over
// a run of cells answers for all of them at once, in integer arithmetic that compilers vectorise.
template <class T>
bool finite_run(const T* x, std::int64_t count, std::int64_t stride) {
  using Bits = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;
  constexpr int mantissa_bits = std::numeric_limits<T>::digits - 1;
  constexpr Bits top = Bits{1} << (8 * sizeof(T) - 1);
  constexpr Bits one = Bits{1} << mantissa_bits;
  Bits carried = 0;
  if (stride == 1) {
    for (std::int64_t i = 0; i < count; ++i) carried |= (std::bit_cast<Bits>(x[i]) & ~top) + one;
  } else {
    for (std::int64_t i = 0; i < count; ++i) carried |= (std::bit_cast<Bits>(x[i * stride]) & ~top) + one;
  }
  return (carried & top) == 0;
}

template <class T>
void scan_run(const T* x, std::int64_t count, std::int64_t stride, Oddities& found) {
  constexpr std::int64_t step = 4096;
  for (std::int64_t first = 0; first < count; first += step) {
    const std::int64_t length = std::min(step, count - first);
    const T* run = x + first * stride;
    if (finite_run(run, length, stride)) continue;
    for (std::int64_t i = 0; i < length; ++i) {
      found.missing |= std::isnan(run[i * stride]);
      found.infinite |= std::isinf(run[i * stride]);
    }
  }
}

template <class T>
Oddities scan_as(const MatrixView& m) {
  Oddities found;
  const bool rows_are_runs = m.column_stride == 1 && m.row_stride != 1;
  if (rows_are_runs && m.row_stride == m.columns) {
    scan_run(static_cast<const T*>(m.data), m.rows * m.columns, 1, found);
  } else if (rows_are_runs) {
    for (std::int64_t i = 0; i < m.rows; ++i) scan_run(cell_address<T>(m, i, 0), m.columns, 1, found);
  } else {
    for (int j = 0; j < m.columns; ++j) scan_run(cell_address<T>(m, 0, j), m.rows, m.row_stride, found);
  }
  return found;
}

template <class T>
void gather_as(const MatrixView& m, std::int64_t first, Panel out) {
  const T* from = cell_address<T>(m, first, 0);
  if (m.column_stride == 1) return columns_of_rows(from, m.row_stride, out);
  for (int j = 0; j < out.columns; ++j) {
    for (std::int64_t i = 0; i < out.rows; ++i) {
      out(i, j) = static_cast<double>(from[i * m.row_stride + j * m.column_stride]);
    }
  }
}

}  // namespace

bool all_finite(const double* x, std::int64_t count) { return finite_run(x, count, 1); }

Oddities scan(const MatrixView& matrix) { return matrix.single ? scan_as<float>(matrix) : scan_as<double>(matrix); }

Panel block_panel(std::int64_t rows, int columns, std::vector<double>& memory) {
  // Columns a large power of two apart would compete for the same cache sets.
  const std::int64_t stride = rows % 64 == 0 ? rows + 8 : rows;
  memory.resize(static_cast<std::size_t>(stride * columns));
  return {memory.data(), rows, columns, stride};
}

Block with_columns(const Block& block, std::vector<double>& memory) {
  if (block.by_row.data == nullptr) return block;
  Block whole = block;
  const Panel panel = block_panel(block.rows(), block.columns(), memory);
  columns_of_rows(block.by_row.data, block.by_row.stride, panel);
  whole.x = panel;
  whole.by_row = {};
  return whole;
}

void gather(const MatrixView& matrix, std::int64_t first, Panel out) {
  matrix.single ? gather_as<float>(matrix, first, out) : gather_as<double>(matrix, first, out);
}

std::span<const std::byte> memory_of_rows(const MatrixView& m, std::int64_t first, std::int64_t count) {
  if (m.column_stride != 1 || m.row_stride != m.columns || first >= m.rows) return {};
  const std::int64_t cell = m.single ? sizeof(float) : sizeof(double);
  const std::int64_t row = cell * m.row_stride;
  return {static_cast<const std::byte*>(m.data) + first * row,
          static_cast<std::size_t>(std::min(count, m.rows - first) * row)};
}

double read_cell(const MatrixView& matrix, std::int64_t row, int column) {
  return matrix.single ? static_cast<double>(*cell_address<float>(matrix, row, column))
                       : *cell_address<double>(matrix, row, column);
}

}  // namespace jensen
