#include <jensen/error.h>
#include <jensen/math/assignment.h>

#include <limits>
#include <string>

namespace jensen {

std::vector<int> cheapest_assignment(std::span<const double> cost, int n) {
  const auto size = static_cast<std::size_t>(n);
  if (n < 0 || cost.size() != size * size) {
    throw ArgumentError("cheapest_assignment", "cost", "must hold n² numbers, got " + std::to_string(cost.size()));
  }
  // Rows and columns are counted from 1; column 0 holds the row for which a column is being looked for.
  std::vector<double> row_price(size + 1);
  std::vector<double> column_price(size + 1);
  std::vector<std::size_t> row_of(size + 1);
  std::vector<std::size_t> previous(size + 1);
  for (std::size_t i = 1; i <= size; ++i) {
    row_of[0] = i;
    std::size_t column = 0;
    std::vector<double> shortest(size + 1, std::numeric_limits<double>::infinity());
    std::vector<bool> reached(size + 1);
    do {
      reached[column] = true;
      const std::size_t row = row_of[column];
      std::size_t next = 0;
      double step = std::numeric_limits<double>::infinity();
      for (std::size_t j = 1; j <= size; ++j) {
        if (reached[j]) continue;
        const double reduced = cost[(row - 1) * size + j - 1] - row_price[row] - column_price[j];
        if (reduced < shortest[j]) {
          shortest[j] = reduced;
          previous[j] = column;
        }
        if (shortest[j] < step) {
          step = shortest[j];
          next = j;
        }
      }
      for (std::size_t j = 0; j <= size; ++j) {
        if (reached[j]) {
          row_price[row_of[j]] += step;
          column_price[j] -= step;
        } else {
          shortest[j] -= step;
        }
      }
      column = next;
    } while (row_of[column] != 0);
    for (; column != 0; column = previous[column]) row_of[column] = row_of[previous[column]];
  }
  std::vector<int> assigned(size);
  for (std::size_t j = 1; j <= size; ++j) assigned[row_of[j] - 1] = static_cast<int>(j) - 1;
  return assigned;
}

}  // namespace jensen
