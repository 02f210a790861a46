// Cells that are words, and labels that are sets.
#include <jensen/data/csv.h>

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "support/refusal.h"

namespace jensen {
namespace {

using Names = std::vector<std::string>;

CsvTable read(std::string_view text, const CsvOptions& options) { return read_csv_text(text, "t.csv", options); }

TEST(CsvLevels, WordsBecomeNumbersInTheirOrder) {
  CsvOptions options;
  options.levels = {{"b", {}}};
  const auto csv = read("a,b\n1,y\n2, x \n3,NA\n4,y\n", options);
  EXPECT_EQ(csv.levels[0], Names{});
  EXPECT_EQ(csv.levels[1], (Names{"x", "y"}));
  EXPECT_EQ(csv.table.cell(0, 1), 1);
  EXPECT_EQ(csv.table.cell(1, 1), 0);
  EXPECT_TRUE(std::isnan(csv.table.cell(2, 1)));
}

TEST(CsvLevels, NumbersAreOrderedAsNumbersAndEqualOnesAreOne) {
  CsvOptions options;
  options.levels = {{"a", {}}};
  const auto csv = read("a\n10\n9\n9.0\n", options);
  EXPECT_EQ(csv.levels[0], (Names{"9", "10"}));
  EXPECT_EQ(csv.table.cell(0, 0), 1);
  EXPECT_EQ(csv.table.cell(1, 0), 0);
  EXPECT_EQ(csv.table.cell(2, 0), 0);
}

TEST(CsvLevels, KnownLevelsAreKept) {
  CsvOptions options;
  options.levels = {{"a", {"z", "x", "y"}}};
  const auto csv = read("a\nx\nz\n", options);
  EXPECT_EQ(csv.table.cell(0, 0), 1);
  EXPECT_EQ(csv.table.cell(1, 0), 0);
  const auto refusal = support::refusal<DataError>([&] { read("a\nx\nw\n", options); });
  EXPECT_NE(refusal.find("row 2"), std::string::npos) << refusal;
  EXPECT_NE(refusal.find("'w' is none of the levels z, x, y"), std::string::npos) << refusal;
  options.levels = {{"b", {}}};
  EXPECT_NE(support::refusal<ArgumentError>([&] { read("a\nx\n", options); }).find("'b' is no column"),
            std::string::npos);
}

TEST(CsvLevels, HolesAreFilledWithNames) {
  CsvOptions options;
  options.levels = {{"b", {"no", "so,so"}}};
  std::ostringstream out;
  fill_csv_text("a,b\n1,no\n2,NA\nNA,no\n", "t.csv", options, out,
                [](std::int64_t, int column) -> std::optional<double> { return column == 1 ? 1 : 7; });
  EXPECT_EQ(out.str(), "a,b\n1,no\n2,\"so,so\"\n7,no\n");
}

TEST(CsvLabels, SetsOfLabels) {
  CsvOptions options;
  options.labels = "z";
  options.states = 3;
  const auto csv = read("x,z\n1,a\n2,b|c\n3,\n4,c\n", options);
  EXPECT_EQ(csv.label_names, (Names{"a", "b", "c"}));
  BlockBuffer buffer;
  const Block block = csv.table.block(0, 4, buffer);
  const bool expected[4][3] = {{true, false, false}, {false, true, true}, {true, true, true}, {false, false, true}};
  for (std::int64_t i = 0; i < 4; ++i) {
    for (int k = 0; k < 3; ++k) EXPECT_EQ(block.allows(i, k), expected[i][k]) << i << " " << k;
  }
  EXPECT_NE(support::refusal<DataError>([&] { read("x,z\n1,a|\n", options); }).find("names nothing on one side of |"),
            std::string::npos);
}

}  // namespace
}  // namespace jensen
