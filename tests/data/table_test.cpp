#include <jensen/data/table.h>

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <optional>

#include <jensen/error.h>

namespace jensen {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

template <class Error, class Action>
std::string message(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  ADD_FAILURE() << "nothing of the expected type was thrown";
  return {};
}

void expect_says(const std::string& text, std::initializer_list<const char*> parts) {
  for (const char* part : parts) EXPECT_NE(text.find(part), std::string::npos) << "'" << part << "' in: " << text;
}

// rows × columns cells with value 1000 i + j, laid out by any strides, read back block by block.
template <class T>
void expect_blocks(std::int64_t rows, int columns, std::int64_t row_stride, std::int64_t column_stride, bool in_place) {
  SCOPED_TRACE(testing::Message() << rows << " x " << columns << ", strides " << row_stride << ", " << column_stride);
  std::int64_t lowest = 0, highest = 0;
  for (const std::int64_t i : {std::int64_t{0}, rows - 1}) {
    for (const std::int64_t j : {0, columns - 1}) {
      lowest = std::min(lowest, i * row_stride + j * column_stride);
      highest = std::max(highest, i * row_stride + j * column_stride);
    }
  }
  std::vector<T> memory(static_cast<std::size_t>(highest - lowest + 1), T{-1});
  T* origin = memory.data() - lowest;
  for (std::int64_t i = 0; i < rows; ++i) {
    for (int j = 0; j < columns; ++j) origin[i * row_stride + j * column_stride] = static_cast<T>(1000 * i + j);
  }
  const Table table(MatrixView{.data = origin,
                               .single = sizeof(T) == 4,
                               .rows = rows,
                               .columns = columns,
                               .row_stride = row_stride,
                               .column_stride = column_stride,
                               .owner = nullptr});
  BlockBuffer buffer;
  for (std::int64_t count : {rows, std::int64_t{1}, std::int64_t{7}, std::int64_t{64}}) {
    for (std::int64_t first = 0; first < rows; first += count) {
      const Block block = table.block(first, std::min(count, rows - first), buffer);
      ASSERT_EQ(block.first_row, first);
      ASSERT_EQ(block.rows(), std::min(count, rows - first));
      ASSERT_EQ(block.columns(), columns);
      ASSERT_FALSE(block.has_missing);
      ASSERT_GE(std::abs(block.x.stride), 1);
      for (std::int64_t i = 0; i < block.rows(); ++i) {
        for (int j = 0; j < columns; ++j) {
          ASSERT_EQ(block.x(i, j), static_cast<double>(1000 * (first + i) + j));
          ASSERT_EQ(table.cell(first + i, j), block.x(i, j));
        }
      }
    }
  }
  EXPECT_EQ(buffer.x.empty(), in_place);
}

TEST(Table, ReadsAnyLayout) {
  for (const std::int64_t rows : {1, 5, 8, 64, 131}) {
    for (const int columns : {2, 3, 17}) {
      expect_blocks<double>(rows, columns, 1, rows, true);
      expect_blocks<double>(rows, columns, 1, rows + 3, true);
      expect_blocks<float>(rows, columns, 1, rows, false);
      if (rows > 1) {
        expect_blocks<double>(rows, columns, columns, 1, false);
        expect_blocks<double>(rows, columns, columns + 2, 1, false);
        expect_blocks<double>(rows, columns, 2, 2 * rows, false);
        expect_blocks<double>(rows, columns, -1, rows, false);
        expect_blocks<double>(rows, columns, 1, -rows, false);
        expect_blocks<double>(rows, columns, -columns, -1, false);
        expect_blocks<float>(rows, columns, columns, 1, false);
        expect_blocks<float>(rows, columns, -2 * columns, 2, false);
      }
    }
  }
}

TEST(Table, LeavesRowsAsTheyLieForWhoeverIsContentWithThem) {
  constexpr std::int64_t rows = 40, apart = 5;
  constexpr int columns = 3;
  std::vector<double> values(static_cast<std::size_t>(rows * apart));
  std::iota(values.begin(), values.end(), 0.0);
  const auto table_of = [&] { return Table(MatrixView{values.data(), false, rows, columns, apart, 1, nullptr}); };
  BlockBuffer buffer;
  buffer.by_row = true;
  const Block block = table_of().block(4, 20, buffer);
  EXPECT_TRUE(buffer.x.empty());
  EXPECT_EQ(block.x.data, nullptr);
  EXPECT_EQ(block.rows(), 20);
  EXPECT_EQ(block.columns(), columns);
  EXPECT_EQ(block.by_row.row(7)[2], static_cast<double>((4 + 7) * apart + 2));
  std::vector<double> memory;
  const Block whole = with_columns(block, memory);
  EXPECT_EQ(whole.by_row.data, nullptr);
  EXPECT_EQ(whole.x(7, 2), static_cast<double>((4 + 7) * apart + 2));
  EXPECT_EQ(with_columns(whole, memory).x.data, whole.x.data);

  // Columns all the same: floats, other layouts, and where cells are missing.
  const std::vector<float> singles(static_cast<std::size_t>(rows * columns), 1.0F);
  const Table single(MatrixView{singles.data(), true, rows, columns, columns, 1, nullptr});
  EXPECT_NE(single.block(0, rows, buffer).x.data, nullptr);
  const Table scattered(MatrixView{values.data(), false, rows, 2, apart, 2, nullptr});
  EXPECT_NE(scattered.block(0, rows, buffer).x.data, nullptr);
  values[6] = std::nan("");
  const Block holes = table_of().block(0, rows, buffer);
  EXPECT_NE(holes.x.data, nullptr);
  EXPECT_TRUE(holes.has_missing);
  EXPECT_EQ(holes.by_row.data, nullptr);
}

TEST(Table, OneColumnNeedsNoColumnStride) {
  const std::vector<double> values = {1, 2, 3};
  for (const std::int64_t column_stride : {0, 1, -5}) {
    const Table table(MatrixView{values.data(), false, 3, 1, 1, column_stride, nullptr});
    BlockBuffer buffer;
    EXPECT_EQ(table.block(1, 2, buffer).x.data, values.data() + 1);
  }
}

TEST(Table, OverlappingColumnsAreAView) {
  std::vector<double> series(20);
  std::iota(series.begin(), series.end(), 0.0);
  const Table lags(MatrixView{series.data(), false, 18, 3, 1, 1, nullptr});
  BlockBuffer buffer;
  const Block block = lags.block(4, 3, buffer);
  EXPECT_EQ(block.x(2, 1), 7);
  EXPECT_TRUE(buffer.x.empty());
  const double five = 5;
  const Table broadcast(MatrixView{&five, false, 100, 2, 0, 0, nullptr});
  EXPECT_EQ(broadcast.block(10, 80, buffer).x(79, 1), 5);
}

TEST(Table, ViewsColumnMajorMemoryInPlace) {
  std::vector<double> values(24);
  const double* memory = values.data();
  std::optional<Table> table(std::in_place, std::move(values), 12, 2);
  const Table copy = *table;
  table.reset();
  BlockBuffer buffer;
  EXPECT_EQ(copy.block(4, 8, buffer).x.data, memory + 4);
  EXPECT_EQ(copy.block(4, 8, buffer).x.stride, 12);
}

TEST(Table, KeepsItsMemoryAlive) {
  auto owner = std::make_shared<std::vector<double>>(std::vector<double>{1, 2, 3, 4});
  const std::weak_ptr<std::vector<double>> watch = owner;
  {
    Table table(MatrixView{owner->data(), false, 2, 2, 1, 2, owner});
    owner.reset();
    const Table copy = table.with_weights({1, 2});
    table = Table::from_rows(std::vector<double>{0.0}, 1, 1);
    EXPECT_FALSE(watch.expired());
    EXPECT_EQ(copy.cell(1, 1), 4);
  }
  EXPECT_TRUE(watch.expired());
}

TEST(Table, FromRowsCopiesByRow) {
  const std::array<double, 6> rows = {1, 2, 3, 4, 5, 6};
  const Table table = Table::from_rows(rows, 2, 3);
  EXPECT_EQ(table.cell(0, 2), 3);
  EXPECT_EQ(table.cell(1, 0), 4);
  EXPECT_EQ(table.column_name(2), "x3");
}

TEST(Table, NamesColumns) {
  const Table table({1, 2}, 1, 2, {"a", "b"});
  EXPECT_EQ(table.column_name(1), "b");
  EXPECT_THROW(table.column_name(2), ArgumentError);
  EXPECT_THROW(Table({1, 2}, 1, 2, {"a"}), ArgumentError);
}

TEST(Table, KnowsWhichBlocksHaveMissingCells) {
  for (const bool by_row : {false, true}) {
    std::vector<double> values(3000, 1.5);
    values[by_row ? 2 * 700 + 1 : 1500 + 700] = nan;
    const Table table(MatrixView{values.data(), false, 1500, 2, by_row ? 2 : 1, by_row ? 1 : 1500, nullptr});
    EXPECT_TRUE(table.has_missing());
    BlockBuffer buffer;
    EXPECT_FALSE(table.block(0, 700, buffer).has_missing);
    EXPECT_TRUE(table.block(700, 1, buffer).has_missing);
    EXPECT_TRUE(std::isnan(table.block(600, 200, buffer).x(100, 1)));
    EXPECT_FALSE(table.block(701, 799, buffer).has_missing);
  }
}

TEST(Table, EveryNanIsMissingAndEveryFiniteValueIsNot) {
  const auto payload = std::bit_cast<double>(std::uint64_t{0xfff0000000000001});
  EXPECT_TRUE(Table({payload}, 1, 1).has_missing());
  EXPECT_TRUE(Table({-nan}, 1, 1).has_missing());
  const double largest = std::numeric_limits<double>::max();
  EXPECT_FALSE(Table({largest, -largest, 5e-324, -0.0}, 4, 1).has_missing());
}

TEST(Table, FindsMissingCellsWithAnyStride) {
  for (const std::size_t missing : {0u, 5u, 27u}) {
    std::vector<float> values(30, 1.0f);
    values[missing] = std::numeric_limits<float>::quiet_NaN();
    // Every other row and column of a 6 × 5 matrix by row, from the last to the first.
    const Table table(MatrixView{values.data() + 29, true, 3, 3, -10, -2, nullptr});
    const std::size_t row = missing / 5, column = missing % 5;
    EXPECT_EQ(table.has_missing(), row % 2 == 1 && column % 2 == 0) << missing;
  }
}

TEST(Table, RefusesInfinityByRowAndColumn) {
  for (const double value : {infinity, -infinity}) {
    for (const std::int64_t bad : {0, 5, 4999, 9999}) {
      std::vector<double> values(20000, 1.0);
      values[static_cast<std::size_t>(10000 + bad)] = value;
      values[static_cast<std::size_t>(bad / 2)] = nan;
      const std::string text = message<DataError>([&] { Table(values, 10000, 2, {"a", "height"}); });
      expect_says(text, {("row " + std::to_string(bad + 1) + ",").c_str(), "'height'", "infinite"});
    }
  }
  const std::vector<float> single = {1, 2, 3, std::numeric_limits<float>::infinity()};
  const auto by_row = [&] { Table(MatrixView{single.data(), true, 2, 2, 2, 1, nullptr}); };
  expect_says(message<DataError>(by_row), {"row 2", "'x2'"});
  const auto backwards = [&] { Table(MatrixView{single.data() + 3, true, 4, 1, -1, 0, nullptr}); };
  expect_says(message<DataError>(backwards), {"row 1,", "'x1'"});
}

TEST(Table, RefusesImpossibleMatrices) {
  const double value = 1;
  EXPECT_THROW(Table(MatrixView{nullptr, false, 1, 1, 1, 1, nullptr}), ArgumentError);
  EXPECT_THROW(Table(MatrixView{&value, false, -1, 1, 1, 1, nullptr}), ArgumentError);
  EXPECT_THROW(Table(MatrixView{&value, false, 1, 0, 1, 1, nullptr}), ArgumentError);
  EXPECT_THROW(Table({1, 2, 3}, 2, 2), ArgumentError);
  EXPECT_THROW(Table({1, 2, 3, 4}, -2, -2), ArgumentError);
  EXPECT_THROW(Table({1}, std::int64_t{1} << 62, 4), ArgumentError);
  EXPECT_THROW(Table::from_rows(std::vector<double>{1, 2, 3}, 2, 2), ArgumentError);
  alignas(double) std::array<char, 32> bytes{};
  EXPECT_THROW(Table(MatrixView{bytes.data() + 4, false, 2, 1, 1, 2, nullptr}), ArgumentError);
  EXPECT_NO_THROW(Table(MatrixView{bytes.data() + 4, true, 2, 1, 1, 2, nullptr}));
}

TEST(Table, MayHaveNoRows) {
  const Table table({}, 0, 3);
  BlockBuffer buffer;
  EXPECT_EQ(table.rows(), 0);
  EXPECT_FALSE(table.has_missing());
  EXPECT_EQ(table.block(0, 0, buffer).rows(), 0);
  EXPECT_NO_THROW(table.with_weights({}));
  EXPECT_NO_THROW(table.with_labels({}, 2));
}

TEST(Table, RefusesRowsOutsideOfIt) {
  const Table table({1, 2, 3}, 3, 1);
  BlockBuffer buffer;
  EXPECT_EQ(table.block(3, 0, buffer).rows(), 0);
  EXPECT_THROW(table.block(-1, 1, buffer), ArgumentError);
  EXPECT_THROW(table.block(2, 2, buffer), ArgumentError);
  EXPECT_THROW(table.block(0, -1, buffer), ArgumentError);
  EXPECT_THROW(table.block(1, std::numeric_limits<std::int64_t>::max(), buffer), ArgumentError);
  EXPECT_THROW(table.cell(3, 0), ArgumentError);
  EXPECT_THROW(table.cell(0, -1), ArgumentError);
}

TEST(Table, CarriesWeights) {
  const Table plain({1, 2, 3}, 3, 1);
  const Table table = plain.with_weights({0, 2.5, 1}, WeightKind::sampling);
  BlockBuffer buffer;
  EXPECT_EQ(table.weight_kind(), WeightKind::sampling);
  EXPECT_EQ(table.block(1, 2, buffer).weight(0), 2.5);
  EXPECT_EQ(table.block(1, 2, buffer).weight(1), 1);
  EXPECT_EQ(plain.block(1, 2, buffer).weight(0), 1);
  EXPECT_TRUE(plain.block(0, 3, buffer).weights.empty());
}

TEST(Table, RefusesBadWeights) {
  const Table table({1, 2, 3}, 3, 1);
  EXPECT_THROW(table.with_weights({1, 2}), ArgumentError);
  expect_says(message<DataError>([&] { table.with_weights({1, -1e-9, 1}); }), {"row 2", "-1e-09", "negative"});
  expect_says(message<DataError>([&] { table.with_weights({1, 1, nan}); }), {"row 3", "finite"});
  expect_says(message<DataError>([&] { table.with_weights({infinity, 1, 1}); }), {"row 1", "finite"});
  expect_says(message<DataError>([&] { table.with_weights({0, -0.0, 0}); }), {"all weights are zero"});
  expect_says(message<DataError>([&] { table.with_weights({1e308, 1e308, 1e308}); }), {"sum"});
}

TEST(Table, LabelsAllowOneState) {
  const std::vector<std::int32_t> labels = {2, -1, 0};
  const Table table = Table({1, 2, 3}, 3, 1).with_labels(labels, 3);
  BlockBuffer buffer;
  const Block block = table.block(0, 3, buffer);
  for (int state = 0; state < 3; ++state) {
    EXPECT_EQ(block.allows(0, state), state == 2);
    EXPECT_TRUE(block.allows(1, state));
    EXPECT_EQ(block.allows(2, state), state == 0);
  }
  EXPECT_TRUE(table.block(2, 1, buffer).allows(0, 0));
  EXPECT_FALSE(table.block(2, 1, buffer).allows(0, 1));
}

TEST(Table, RefusesBadLabels) {
  const Table table({1, 2, 3}, 3, 1);
  using Labels = std::vector<std::int32_t>;
  expect_says(message<DataError>([&] { table.with_labels(Labels{0, 2, 1}, 2); }), {"row 2", "label 2"});
  expect_says(message<DataError>([&] { table.with_labels(Labels{0, 1, -2}, 2); }), {"row 3", "label -2"});
  EXPECT_THROW(table.with_labels(Labels{0, 0}, 2), ArgumentError);
  EXPECT_THROW(table.with_labels(Labels{0, 0, 0}, 0), ArgumentError);
  EXPECT_THROW(table.with_labels(Labels{0, 0, 0}, 1000000), ArgumentError);
}

TEST(Table, SetsOfStates) {
  const StateSets sets{3, {1, 1, 0, 0, 0, 1}};
  const Table table = Table({1, 2, 3}, 3, 1).with_allowed({1, 0, -1}, sets);
  BlockBuffer buffer;
  const Block block = table.block(0, 3, buffer);
  EXPECT_FALSE(block.allows(0, 0));
  EXPECT_TRUE(block.allows(0, 2));
  EXPECT_TRUE(block.allows(1, 1));
  EXPECT_FALSE(block.allows(1, 2));
  EXPECT_TRUE(block.allows(2, 2));
}

TEST(Table, RefusesBadSetsOfStates) {
  const Table table({1, 2, 3}, 3, 1);
  const StateSets good{2, {1, 0, 1, 1}};
  expect_says(message<DataError>([&] { table.with_allowed({0, 2, 0}, good); }), {"row 2", "no set 2"});
  expect_says(message<DataError>([&] { table.with_allowed({-2, 0, 0}, good); }), {"row 1"});
  EXPECT_THROW(table.with_allowed({0, 0}, good), ArgumentError);
  expect_says(message<ArgumentError>([&] { table.with_allowed({0, 0, 0}, {2, {1, 1, 0, 0}}); }), {"set 1 allows no"});
  EXPECT_THROW(table.with_allowed({0, 0, 0}, {2, {1, 1, 1}}), ArgumentError);
  EXPECT_THROW(table.with_allowed({-1, -1, -1}, {0, {}}), ArgumentError);
  EXPECT_THROW(table.with_allowed({0, 0, 0}, {2, {}}), DataError);
}

TEST(Table, CarriesSequences) {
  const Table table = Table({1, 2, 3, 4, 5}, 5, 1).with_sequences({0, 2, 5});
  EXPECT_EQ(table.sequences().size(), 3U);
  BlockBuffer buffer;
  const Block second = table.block(2, 3, buffer);
  ASSERT_EQ(second.sequences.size(), 2U);
  EXPECT_EQ(second.sequences[0], 2);
  EXPECT_EQ(second.sequences[1], 5);
  EXPECT_EQ(table.block(0, 5, buffer).sequences.size(), 3U);
  EXPECT_TRUE(table.block(1, 2, buffer).sequences.empty());  // cut: rows to look at, no units
  EXPECT_TRUE(Table({1, 2}, 2, 1).sequences().empty());
}

TEST(Table, RefusesBadSequences) {
  const Table table({1, 2, 3}, 3, 1);
  EXPECT_THROW(table.with_sequences({0, 2}), ArgumentError);
  EXPECT_THROW(table.with_sequences({1, 3}), ArgumentError);
  EXPECT_THROW(table.with_sequences({}), ArgumentError);
  expect_says(message<ArgumentError>([&] { table.with_sequences({0, 2, 2, 3}); }), {"sequence 2 has no rows"});
  const Table weighted = table.with_weights({1, 1, 2});
  expect_says(message<DataError>([&] { weighted.with_sequences({0, 3}); }), {"row 3", "one weight"});
  EXPECT_THROW(table.with_sequences({0, 3}).with_weights({1, 2, 1}), DataError);
  EXPECT_NO_THROW(weighted.with_sequences({0, 2, 3}));
}

TEST(Table, BlocksSayWhereTheRowsAfterThemLie) {
  std::vector<double> cells(40);
  BlockBuffer buffer;
  const auto ahead = [&](const MatrixView& view, std::int64_t first, std::int64_t count) {
    return Table(view).block(first, count, buffer).ahead;
  };
  const MatrixView by_row{cells.data(), false, 20, 2, 2, 1, nullptr};
  const auto next = ahead(by_row, 4, 6);
  EXPECT_EQ(static_cast<const void*>(next.data()), cells.data() + 20);
  EXPECT_EQ(next.size(), 12 * sizeof(double));
  EXPECT_EQ(ahead(by_row, 10, 8).size(), 4 * sizeof(double)) << "no more rows than there are";
  EXPECT_TRUE(ahead(by_row, 10, 10).empty());
  EXPECT_TRUE(ahead({cells.data(), false, 10, 2, 4, 1, nullptr}, 0, 5).empty()) << "rows with gaps";
  EXPECT_TRUE(ahead({cells.data(), false, 20, 2, 1, 20, nullptr}, 0, 5).empty()) << "columns are read in place";
  const std::vector<float> single(40);
  EXPECT_EQ(ahead({single.data(), true, 20, 2, 2, 1, nullptr}, 4, 6).size(), 12 * sizeof(float));
}

}  // namespace
}  // namespace jensen
