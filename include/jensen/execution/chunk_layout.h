// How rows are cut into chunks and blocks: a function of the data's shape alone, never of threads or machines, so that
// sums come out the same to the last bit wherever they are done. Changing these constants changes bits.
#pragma once

#include <algorithm>
#include <cstdint>

namespace jensen {

struct ChunkLayout {
  std::int64_t rows = 0;
  std::int64_t block_rows = 0;  ///< rows that an E-step sees at once: small enough to stay in the second-level cache
  std::int64_t chunk_rows = 0;  ///< a multiple of block_rows

  static constexpr std::int64_t most_chunks = 64;

  int chunks() const { return static_cast<int>((rows + chunk_rows - 1) / chunk_rows); }
  std::int64_t chunk_begin(int chunk) const { return chunk * chunk_rows; }
  std::int64_t chunk_end(int chunk) const { return std::min(rows, (chunk + 1) * chunk_rows); }
};

inline ChunkLayout chunk_layout(std::int64_t rows, int columns) {
  ChunkLayout layout;
  layout.rows = rows;
  layout.block_rows = columns <= 48 ? 512 : 256;
  const std::int64_t blocks = (rows + layout.block_rows - 1) / layout.block_rows;
  const std::int64_t blocks_per_chunk = (blocks + ChunkLayout::most_chunks - 1) / ChunkLayout::most_chunks;
  layout.chunk_rows = std::max<std::int64_t>(1, blocks_per_chunk) * layout.block_rows;
  return layout;
}

}  // namespace jensen
