// The layout of moments over listed rows, and when lists are worth their while. The sums themselves are tested where
// they are asked for: posterior_moments_test.cpp and chosen_rows_test.cpp.
#include "math/listed_moments.h"

#include <gtest/gtest.h>

namespace jensen {
namespace {

using kernels::ListedShape;
using kernels::padded_triangle;

TEST(ListedMoments, RowsOfTheTriangleFollowEachOtherInWholeLanes) {
  for (std::size_t a = 0; a < 100; ++a) {
    const std::size_t width = padded_triangle(a + 1) - padded_triangle(a);
    EXPECT_EQ(width % 8, 0U) << a;
    EXPECT_GE(width, a + 1);
    EXPECT_LT(width, a + 1 + 8);
  }
}

TEST(ListedMoments, ShapesHoldWhatTheySay) {
  for (const std::size_t d : {1, 7, 8, 9, 100}) {
    for (const bool triangular : {false, true}) {
      const ListedShape shape{256, d, 5, triangular};
      EXPECT_EQ(shape.length() % 8, 0U);
      EXPECT_GE(shape.length(), d);
      EXPECT_EQ(shape.second_size(), triangular ? padded_triangle(shape.length()) : shape.length());
      const std::size_t bytes_of_lists = (256 * 5 + 8) * sizeof(std::uint16_t);  // the last line may lie beyond the end
      EXPECT_GE(shape.lists_size() * sizeof(double), bytes_of_lists);
      EXPECT_GE(shape.size(), 2 * 256 * shape.length() + 5 * (8 + shape.length() + shape.second_size()));
    }
  }
  for (const std::size_t d : {1, 64, 8192, 10000}) {
    const ListedShape chosen = kernels::shape_of_chosen(d);
    EXPECT_GE(chosen.rows, 1U);
    EXPECT_LE(chosen.rows, 65535U);  // lists hold 16 bits
  }
}

// With few columns a row that is listed costs many times as much as in a product.
TEST(ListedMoments, AreWorthMoreTheMoreColumnsThereAre) {
  for (const bool triangular : {false, true}) {
    double before = 0;
    for (const std::size_t d : {1, 2, 4, 8, 16, 32, 64, 128}) {
      const double worth = ListedShape{256, d, 64, triangular}.worth();
      EXPECT_GE(worth, before) << d;
      EXPECT_LE(worth, ListedShape::most_worth);
      before = worth;
    }
    EXPECT_EQ((ListedShape{256, 2, 16, triangular}.worth()), 0);
    EXPECT_GT((ListedShape{256, 64, 64, triangular}.worth()), 1.0 / 2);
    // What all components share weighs less where there are many.
    EXPECT_LT((ListedShape{256, 16, 16, triangular}.worth()), (ListedShape{256, 16, 64, triangular}.worth()));
  }
}

}  // namespace
}  // namespace jensen
