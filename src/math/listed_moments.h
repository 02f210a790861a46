// Memory and worth of moments that are summed over the rows that count, component by component.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace jensen::kernels {

// Where row a of a lower triangle begins whose rows are filled up to whole virtual lanes; how long it is, with as many
// rows as a.
constexpr std::size_t padded_triangle(std::size_t a) {
  constexpr std::size_t line = 8;
  const std::size_t block = a / line;
  return line * line * block * (block + 1) / 2 + a % line * line * (block + 1);
}

// After so many rows of a block it is judged whether few enough components count.
constexpr std::size_t trial_rows = 32;

// A portion of rows, of which each component lists those that count.
struct ListedShape {
  static constexpr std::size_t line = 8;
  static constexpr double most_worth = 0.65;
  std::size_t rows, dimensions, states;
  bool triangular;  // moments of all pairs of columns, or of each with itself

  std::size_t length() const { return (dimensions + line - 1) / line * line; }  // of a row, filled up with zeros
  std::size_t second_size() const { return triangular ? padded_triangle(length()) : length(); }
  // Numbers: rows one by one, once more if each component centres them; of each component what was left out, room for
  // exponentials that are looked at, weight, first and second moments; lists, which are written by whole lines.
  std::size_t by_row_size() const { return rows * length(); }
  std::size_t left_out_size() const { return line * states; }
  std::size_t some_size() const { return (line + 1) * (states + 1); }           // vectors and their states
  std::size_t moments_size() const { return line + length() + second_size(); }  // of a component
  std::size_t lists_size() const { return (rows * states + line) * sizeof(std::uint16_t) / sizeof(double) + 1; }
  std::size_t size() const {
    return 2 * by_row_size() + left_out_size() + some_size() + states * moments_size() + lists_size();
  }

  // The share of all pairs of rows and components that may count, if lists are to be faster than a product over all
  // rows. Multiply-adds of eight lanes, of a pair either way, and what was measured beside them: `fixed` is for lists,
  // and for rows laid side by side, which all components share.
  double worth() const {
    const std::size_t pairs = triangular ? (dimensions + 1) * (dimensions + 2) / 2 : 1 + 2 * dimensions;
    const double product = 9.0 / 8 * static_cast<double>(pairs) / line;
    const double fixed = 1.8 + 2.2 * static_cast<double>(dimensions) / static_cast<double>(states);
    const std::size_t lines = length() / line;
    const auto vectors = static_cast<double>(lines);
    const double listed =
        triangular ? line * vectors * (vectors + 1) / 2 + vectors * vectors / 2 + 2 * vectors + 4 : 3 * vectors + 6;
    return std::clamp(1.1 * (product - fixed) / listed, 0.0, most_worth);
  }
};

// Rows chosen of one component: so many are centred at a time that they stay in the cache.
inline ListedShape shape_of_chosen(std::size_t columns, bool triangular) {
  constexpr std::size_t cells = 8192;
  ListedShape shape{1, columns, 1, triangular};
  shape.rows = std::max<std::size_t>(1, cells / shape.length());
  return shape;
}

}  // namespace jensen::kernels
