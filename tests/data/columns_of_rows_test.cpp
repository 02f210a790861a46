// Rows as columns, cell by cell, on every instruction set that this processor has.
#include "data/columns_of_rows.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/instruction_sets.h"
#include "support/normals.h"

namespace jensen {
namespace {

template <class T>
void check(std::int64_t rows, int columns, std::int64_t row_stride, const std::string& where) {
  const auto values = support::normals(static_cast<std::size_t>(rows * row_stride + columns), 1);
  const std::vector<T> cells(values.begin(), values.end());
  const std::int64_t stride = rows + 3;
  constexpr double untouched = 7;
  std::vector<double> out(static_cast<std::size_t>(stride * columns), untouched);
  columns_of_rows(cells.data(), row_stride, Panel{out.data(), rows, columns, stride});
  for (std::int64_t i = 0; i < stride; ++i) {
    for (int j = 0; j < columns; ++j) {
      const double expected =
          i < rows ? static_cast<double>(cells[static_cast<std::size_t>(i * row_stride + j)]) : untouched;
      ASSERT_EQ(out[static_cast<std::size_t>(j * stride + i)], expected) << where << ", cell " << i << " " << j;
    }
  }
}

TEST(ColumnsOfRows, EveryCellComesToItsPlace) {
  support::on_every_instruction_set([](const std::string& name) {
    for (const std::int64_t rows : {0, 1, 3, 4, 7, 8, 31, 32, 33, 70}) {
      for (int columns = 1; columns <= 13; ++columns) {
        for (const std::int64_t gap : {0, 1, 5}) {
          const std::string where =
              name + ", " + std::to_string(rows) + " x " + std::to_string(columns) + ", gap " + std::to_string(gap);
          check<double>(rows, columns, columns + gap, where);
          check<float>(rows, columns, columns + gap, where + ", float");
        }
      }
    }
  });
}

TEST(ColumnsOfRows, RowsMayLieBackwardsOrUponEachOther) {
  const std::vector<double> cells{1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  std::vector<double> out(10);
  columns_of_rows(cells.data() + 8, -2, Panel{out.data(), 5, 2, 5});
  EXPECT_EQ(out, (std::vector<double>{9, 7, 5, 3, 1, 10, 8, 6, 4, 2}));
  columns_of_rows(cells.data(), 0, Panel{out.data(), 5, 2, 5});
  EXPECT_EQ(out, (std::vector<double>{1, 1, 1, 1, 1, 2, 2, 2, 2, 2}));
}

}  // namespace
}  // namespace jensen
