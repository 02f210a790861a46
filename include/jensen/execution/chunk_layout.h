// How units (rows, or sequences of rows) are cut into chunks and blocks: a function of the data's shape alone, never of
// threads or machines, so that sums come out the same to the last bit wherever they are done. Changing these constants
// changes bits.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace jensen {

struct ChunkLayout {
  std::int64_t rows = 0;
  std::int64_t block_rows = 0;  ///< rows that an E-step sees at once: small enough to stay in the second-level cache
  std::int64_t chunk_rows = 0;  ///< a multiple of block_rows, unless these are lengthened; meaningless with sequences
  std::span<const std::int64_t> sequences;  ///< see Data::sequences
  std::vector<std::int64_t> bounds;         ///< with sequences: where chunks begin, and the end of the last one

  static constexpr std::int64_t most_chunks = 64;
  static constexpr std::int64_t enough_chunks = 48;  // for threads to share

  int chunks() const {
    if (!bounds.empty()) return static_cast<int>(bounds.size()) - 1;
    return static_cast<int>((rows + chunk_rows - 1) / chunk_rows);
  }
  std::int64_t chunk_begin(int chunk) const {
    return bounds.empty() ? chunk * chunk_rows : bounds[static_cast<std::size_t>(chunk)];
  }
  std::int64_t chunk_end(int chunk) const {
    return bounds.empty() ? std::min(rows, (chunk + 1) * chunk_rows) : bounds[static_cast<std::size_t>(chunk) + 1];
  }
  /// For an E-step that sees to its caches itself: what a block costs beside its rows is paid a quarter as often.
  void lengthen_blocks() {
    if (sequences.empty()) block_rows = std::min(4 * block_rows, chunk_rows);
  }
  /// Where the block that begins at row `first` ends, in a chunk that ends at `end`: after block_rows rows, or with the
  /// last sequence that ends by then; a longer sequence is a block of its own.
  std::int64_t block_end(std::int64_t first, std::int64_t end) const {
    const std::int64_t full = std::min(first + block_rows, end);
    if (sequences.empty()) return full;
    const auto beyond = std::upper_bound(sequences.begin(), sequences.end(), full);
    const std::int64_t last = *(beyond - 1);
    return last > first ? last : *beyond;
  }
};

inline ChunkLayout chunk_layout(std::int64_t rows, int columns, std::span<const std::int64_t> sequences = {}) {
  ChunkLayout layout;
  layout.rows = rows;
  const auto set_block_rows = [&](std::int64_t block_rows) {
    const std::int64_t blocks = (rows + block_rows - 1) / block_rows;
    const std::int64_t blocks_per_chunk = (blocks + ChunkLayout::most_chunks - 1) / ChunkLayout::most_chunks;
    layout.block_rows = block_rows;
    layout.chunk_rows = std::max<std::int64_t>(1, blocks_per_chunk) * block_rows;
  };
  set_block_rows(columns <= 128 ? 512 : 256);
  if (sequences.empty() && columns <= 128) {  // what a block costs beside its rows is better paid half as often
    const ChunkLayout small = layout;
    set_block_rows(1024);
    if (layout.chunks() < ChunkLayout::enough_chunks) layout = small;
  }
  if (sequences.empty() || rows == 0) return layout;
  layout.sequences = sequences;
  layout.bounds = {0};
  for (const std::int64_t end : sequences.subspan(1)) {
    if (end - layout.bounds.back() >= layout.chunk_rows || end == rows) layout.bounds.push_back(end);
  }
  return layout;
}

}  // namespace jensen
