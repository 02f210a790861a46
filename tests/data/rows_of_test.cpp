#include <jensen/data/rows_of.h>

#include <gtest/gtest.h>

#include <vector>

namespace jensen {
namespace {

TEST(RowsOf, ABlockKeepsWhatBelongsToThem) {
  const std::vector<double> values{1, 2, 3, 4, 5, 6};
  const std::vector<double> weights{7, 8, 9};
  const std::vector<std::int32_t> allowed{-1, 0, 1};
  Block x;
  x.x = {values.data(), 3, 2, 3};
  x.first_row = 10;
  x.weights = weights;
  x.allowed = allowed;
  const Block rows = rows_of(x, 1, 2);
  EXPECT_EQ(rows.rows(), 2);
  EXPECT_EQ(rows.x(0, 1), 5);
  EXPECT_EQ(rows.first_row, 11);
  EXPECT_EQ(rows.weight(1), 9);
  EXPECT_EQ(rows.allowed[0], 0);
}

TEST(RowsOf, ABlockWhoseRowsLieSideBySide) {
  const std::vector<double> values{1, 2, 0, 3, 4, 0, 5, 6, 0};
  Block x;
  x.x = {nullptr, 3, 2, 0};
  x.by_row = {values.data(), 3};
  const Block rows = rows_of(x, 1, 2);
  EXPECT_EQ(rows.rows(), 2);
  EXPECT_EQ(rows.columns(), 2);
  EXPECT_EQ(rows.x.data, nullptr);
  EXPECT_EQ(rows.by_row.row(1)[1], 6);
}

}  // namespace
}  // namespace jensen
