// Labels of some states seen as labels of more, or of fewer.
#include "data/labels_among.h"

#include <jensen/data/table.h>

#include <gtest/gtest.h>

#include "support/refusal.h"

namespace jensen {
namespace {

TEST(LabelsAmong, FurtherStatesAreOpenToRowsWithoutALabel) {
  // Row 0 is of state 1, row 1 of 0 or 1, row 2 of any.
  const Table table = Table({1, 2, 3}, 3, 1).with_allowed({0, 1, -1}, {2, {0, 1, 1, 1}});
  const LabelsAmong three(table, 3);
  BlockBuffer buffer;
  const Block block = three.block(0, 3, buffer);
  const bool expected[3][3] = {{false, true, false}, {true, true, false}, {true, true, true}};
  for (int i = 0; i < 3; ++i) {
    for (int k = 0; k < 3; ++k) EXPECT_EQ(block.allows(i, k), expected[i][k]) << i << " " << k;
  }
  EXPECT_EQ(support::refusal<ArgumentError>([&] { LabelsAmong(table, 1); }),
            "labels: states: row 1 is labelled as of a state beyond the 1");
  const Table plain({1, 2, 3}, 3, 1);
  EXPECT_TRUE(LabelsAmong(plain, 5).block(0, 3, buffer).allowed.empty());
}

}  // namespace
}  // namespace jensen
