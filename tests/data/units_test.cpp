#include <gtest/gtest.h>
#include <jensen/data/units.h>

#include <cmath>

#include "support/refusal.h"

namespace jensen {
namespace {

TEST(Units, GatherRowsOfAGroupSideBySide) {
  const Table long_form({7, 3, 7, 7, 3, 1, 2, 3, 4, 5, 10, 20, 30, 40, 50}, 5, 3, {"id", "x", "y"});
  const Table wide = units(long_form, 0);
  ASSERT_EQ(wide.rows(), 2);
  ASSERT_EQ(wide.columns(), 6);
  EXPECT_EQ(wide.column_name(3), "y.1");
  BlockBuffer buffer;
  const Block x = wide.block(0, 2, buffer);
  const double first[] = {1, 10, 3, 30, 4, 40};
  const double second[] = {2, 20, 5, 50};
  for (int j = 0; j < 6; ++j) EXPECT_EQ(x.x(0, j), first[j]);
  for (int j = 0; j < 4; ++j) EXPECT_EQ(x.x(1, j), second[j]);
  EXPECT_TRUE(std::isnan(x.x(1, 4)) && std::isnan(x.x(1, 5)));
  EXPECT_TRUE(x.has_missing);
  EXPECT_TRUE(x.weights.empty());
}

TEST(Units, KeepTheWeightOfTheirGroup) {
  const Table rows = Table({1, 2, 1, 5, 6, 7}, 3, 2).with_weights({2, 3, 2});
  BlockBuffer buffer;
  const Table wide = units(rows, 0);
  const Block x = wide.block(0, 2, buffer);
  EXPECT_EQ(x.weight(0), 2);
  EXPECT_EQ(x.weight(1), 3);
}

TEST(Units, RefuseByRow) {
  using support::refusal;
  const Table rows({1, 2, 1, 5, 6, 7}, 3, 2);
  EXPECT_NE(refusal([&] { units(rows, 2); }).find("2 is not in 0 … 1"), std::string::npos);
  EXPECT_NE(refusal([&] { units(rows.with_weights({2, 3, 1}), 0); }).find("rows 1 and 3"), std::string::npos);
  EXPECT_NE(refusal([&] { units(Table({1, NAN, 5, 6}, 2, 2), 0); }).find("row 2 has no group"), std::string::npos);
}

}  // namespace
}  // namespace jensen
