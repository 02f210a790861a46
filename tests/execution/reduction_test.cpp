#include <gtest/gtest.h>
#include <jensen/data/table.h>
#include <jensen/execution/reduction.h>
#include <jensen/math/random.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <stdexcept>

namespace jensen {
namespace {

// Not associative in floating point, and it remembers what was added to what.
struct Total {
  double sum = 0;
  std::string expression;
  Total& operator+=(const Total& other) {
    sum += other.sum;
    expression = "(" + expression + " " + other.expression + ")";
    return *this;
  }
};

Total merged(int chunks, std::vector<int> order) {
  MergeTree<Total> tree(chunks);
  for (int chunk : order) tree.add(chunk, {1.0 / (1 + chunk), std::to_string(chunk)});
  return std::move(tree).result();
}

std::vector<int> in_order(int chunks) {
  std::vector<int> order(static_cast<std::size_t>(chunks));
  std::iota(order.begin(), order.end(), 0);
  return order;
}

TEST(MergeTreeReduction, NeighboursFirst) {
  EXPECT_EQ(merged(1, in_order(1)).expression, "0");
  EXPECT_EQ(merged(2, in_order(2)).expression, "(0 1)");
  EXPECT_EQ(merged(5, in_order(5)).expression, "(((0 1) (2 3)) 4)");
  EXPECT_EQ(merged(7, in_order(7)).expression, "(((0 1) (2 3)) ((4 5) 6))");
}

TEST(MergeTreeReduction, AnyOrderOfArrivalGivesTheSameTree) {
  for (int chunks = 1; chunks <= 5; ++chunks) {
    auto order = in_order(chunks);
    const Total expected = merged(chunks, order);
    do {
      const Total total = merged(chunks, order);
      ASSERT_EQ(total.expression, expected.expression);
      ASSERT_EQ(total.sum, expected.sum);
    } while (std::next_permutation(order.begin(), order.end()));
  }
  Stream stream(1, Purpose::test);
  for (const int chunks : {13, 33, 63, 64}) {
    auto order = in_order(chunks);
    const std::string expected = merged(chunks, order).expression;
    for (int shuffle = 0; shuffle < 50; ++shuffle) {
      for (std::size_t i = order.size() - 1; i > 0; --i) {
        std::swap(order[i], order[static_cast<std::size_t>(stream.uniform() * static_cast<double>(i + 1))]);
      }
      ASSERT_EQ(merged(chunks, order).expression, expected);
    }
  }
}

TEST(ChunkLayout, CoversEveryRowOnce) {
  EXPECT_EQ(chunk_layout(48 * 1024, 2).block_rows, 1024);
  EXPECT_EQ(chunk_layout(47 * 1024, 2).block_rows, 512);
  EXPECT_EQ(chunk_layout(70 * 1024, 2).block_rows, 512);  // 35 chunks of two
  EXPECT_EQ(chunk_layout(1'000'000, 128).block_rows, 1024);
  EXPECT_EQ(chunk_layout(1'000'000, 129).block_rows, 256);
  for (const int columns : {1, 16, 48, 49, 500}) {
    for (const std::int64_t rows : {1, 255, 256, 257, 511, 512, 513, 5000, 32768, 32769, 100000, 12345678}) {
      const ChunkLayout layout = chunk_layout(rows, columns);
      EXPECT_LE(layout.chunks(), ChunkLayout::most_chunks);
      EXPECT_EQ(layout.chunk_rows % layout.block_rows, 0);
      EXPECT_TRUE(layout.block_rows <= 512 || layout.chunks() >= ChunkLayout::enough_chunks);
      EXPECT_EQ(layout.chunk_begin(0), 0);
      for (int c = 0; c + 1 < layout.chunks(); ++c) EXPECT_EQ(layout.chunk_end(c), layout.chunk_begin(c + 1));
      EXPECT_EQ(layout.chunk_end(layout.chunks() - 1), rows);
      EXPECT_LT(layout.chunk_begin(layout.chunks() - 1), rows);
    }
  }
  EXPECT_EQ(chunk_layout(0, 3).chunks(), 0);
}

TEST(ChunkLayout, LongBlocksStayWithinTheirChunk) {
  ChunkLayout layout = chunk_layout(1'000'000, 2);
  layout.lengthen_blocks();
  EXPECT_EQ(layout.block_rows, 4096);
  EXPECT_EQ(layout.block_end(0, layout.chunk_end(0)), 4096);
  const std::int64_t last = layout.chunk_end(0) / 4096 * 4096;
  EXPECT_EQ(layout.block_end(last - 100, layout.chunk_end(0)), layout.chunk_end(0));
  layout = chunk_layout(2000, 2);  // a chunk is a block
  layout.lengthen_blocks();
  EXPECT_EQ(layout.block_rows, 512);
  const std::vector<std::int64_t> sequences{0, 1000, 100'000};
  layout = chunk_layout(100'000, 2, sequences);
  const std::int64_t before = layout.block_rows;
  layout.lengthen_blocks();
  EXPECT_EQ(layout.block_rows, before);
}

TEST(ChunkLayout, NeverCutsASequence) {
  for (const std::int64_t longest : {3, 400, 2000, 100000}) {
    std::vector<std::int64_t> begins{0};
    for (std::int64_t s = 0; begins.back() < 200000; ++s) begins.push_back(begins.back() + 1 + s * 7919 % longest);
    const std::int64_t rows = begins.back();
    const ChunkLayout layout = chunk_layout(rows, 2, begins);
    EXPECT_LE(layout.chunks(), ChunkLayout::most_chunks);
    EXPECT_EQ(layout.chunk_end(layout.chunks() - 1), rows);
    std::int64_t first = 0;
    for (int c = 0; c < layout.chunks(); ++c) {
      EXPECT_EQ(layout.chunk_begin(c), first);
      while (first < layout.chunk_end(c)) {
        const std::int64_t next = layout.block_end(first, layout.chunk_end(c));
        ASSERT_GT(next, first);
        EXPECT_TRUE(std::binary_search(begins.begin(), begins.end(), next));
        const bool single = next == *std::upper_bound(begins.begin(), begins.end(), first);
        EXPECT_TRUE(next - first <= layout.block_rows || single);
        first = next;
      }
    }
    EXPECT_EQ(first, rows);
  }
}

Table numbers(std::int64_t rows) {
  std::vector<double> values(static_cast<std::size_t>(rows));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = 1.0 / static_cast<double>(i + 1);
  return Table(std::move(values), rows, 1);
}

double sum_of(const Data& data, int threads) {
  Workers workers(threads);
  return reduce(data, workers, 0.0, [](double& total, const Block& block, int) {
    for (std::int64_t i = 0; i < block.rows(); ++i) total += block.x(i, 0);
  });
}

TEST(Reduction, ThreadsChangeNoBit) {
  for (const std::int64_t rows : {1, 512, 513, 3000, 40000, 200001}) {
    const Table data = numbers(rows);
    const double one = sum_of(data, 1);
    for (const int threads : {2, 3, 7}) {
      for (int repeat = 0; repeat < 5; ++repeat) ASSERT_EQ(sum_of(data, threads), one) << rows << " rows, " << threads;
    }
  }
}

TEST(Reduction, EveryRowIsVisitedOnceAndInOrderWithinAChunk) {
  const Table data = numbers(70000);
  Workers workers(3);
  struct Rows {
    std::vector<std::int64_t> first, count;
    Rows& operator+=(const Rows& other) {
      first.insert(first.end(), other.first.begin(), other.first.end());
      count.insert(count.end(), other.count.begin(), other.count.end());
      return *this;
    }
  };
  const Rows rows = reduce(data, workers, Rows{}, [&](Rows& total, const Block& block, int worker) {
    EXPECT_GE(worker, 0);
    EXPECT_LT(worker, 3);
    total.first.push_back(block.first_row);
    total.count.push_back(block.rows());
  });
  std::int64_t next = 0;
  for (std::size_t b = 0; b < rows.first.size(); ++b) {
    EXPECT_EQ(rows.first[b], next);
    EXPECT_LE(rows.count[b], 512);
    next += rows.count[b];
  }
  EXPECT_EQ(next, 70000);
}

TEST(Reduction, NoRowsGiveZero) {
  const Table none(std::vector<double>{}, 0, 1);
  EXPECT_EQ(sum_of(none, 2), 0);
}

TEST(Reduction, ExceptionsComeFromTheFirstChunkThatThrew) {
  const Table data = numbers(20000);
  for (const int threads : {1, 4}) {
    Workers workers(threads);
    try {
      reduce(data, workers, 0.0, [](double&, const Block& block, int) {
        if (block.first_row >= 5120) throw std::runtime_error(std::to_string(block.first_row));
      });
      FAIL();
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "5120");
    }
  }
}

TEST(Reduction, VisitsBlocksInOrderUntilToldToStop) {
  const Table data = numbers(5000);
  for (const std::int64_t enough : {5000, 1024, 1}) {
    std::int64_t seen = 0;
    visit_blocks(data, [&](const Block& block) {
      EXPECT_EQ(block.first_row, seen);
      seen += block.rows();
      return seen < enough;
    });
    EXPECT_EQ(seen, enough == 1 ? 512 : enough);
  }
}

}  // namespace
}  // namespace jensen
