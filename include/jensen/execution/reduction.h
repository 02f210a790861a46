// The one reduction: a pass over all rows that sums something, with the same bits for any number of threads.
#pragma once

#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <jensen/data/data.h>
#include <jensen/execution/chunk_layout.h>
#include <jensen/execution/workers.h>

namespace jensen {

/// Merges the totals of numbered chunks in a fixed tree (left += right, neighbours first), as soon as both sides are
/// there, so that few totals are alive at a time.
template <class Total>
class MergeTree {
 public:
  explicit MergeTree(int chunks) : chunks_(chunks), waiting_(static_cast<std::size_t>(chunks)) {}

  void add(int chunk, Total total) {
    int width = 1;  // the total covers chunks [chunk, chunk + width)
    while (width < chunks_) {
      const bool is_left = chunk % (2 * width) == 0;
      const int sibling = is_left ? chunk + width : chunk - width;
      if (sibling < chunks_) {
        std::optional<Total> other = take(sibling, width);
        if (!other) {
          if (!park(chunk, width, sibling, total, other)) return;
        }
        if (is_left) {
          total += *other;
        } else {
          *other += total;
          total = std::move(*other);
          chunk = sibling;
        }
      }
      width *= 2;
    }
    result_ = std::move(total);
  }

  Total result() && { return std::move(*result_); }

 private:
  struct Waiting {
    std::optional<Total> total;
    int width = 0;
  };

  std::optional<Total> take_unlocked(int chunk, int width) {
    Waiting& waiting = waiting_[static_cast<std::size_t>(chunk)];
    if (!waiting.total || waiting.width != width) return std::nullopt;
    return std::exchange(waiting.total, std::nullopt);
  }
  std::optional<Total> take(int chunk, int width) {
    const std::lock_guard lock(mutex_);
    return take_unlocked(chunk, width);
  }
  // Leaves the total for its sibling to find, unless the sibling has come meanwhile (then true, with it in `other`).
  bool park(int chunk, int width, int sibling, Total& total, std::optional<Total>& other) {
    const std::lock_guard lock(mutex_);
    other = take_unlocked(sibling, width);
    if (other) return true;
    waiting_[static_cast<std::size_t>(chunk)] = {std::move(total), width};
    return false;
  }

  int chunks_;
  std::mutex mutex_;
  std::vector<Waiting> waiting_;
  std::optional<Total> result_;
};

/// Σ over all rows: visit(total, block, worker) is called for every block of every chunk, in order within a chunk, with
/// a total that starts as a copy of `zero`; Total needs +=. Data without rows give `zero`. `by_row`: visit() is content
/// with Block::by_row, and with long blocks.
template <class Total, class Visit>
Total reduce(const Data& data, Workers& workers, const Total& zero, Visit visit, bool by_row = false) {
  ChunkLayout layout = chunk_layout(data.rows(), data.columns(), data.sequences());
  if (layout.rows == 0) return zero;
  if (by_row) layout.lengthen_blocks();
  std::vector<BlockBuffer> buffers(static_cast<std::size_t>(workers.count()));
  for (auto& buffer : buffers) buffer.by_row = by_row;
  MergeTree<Total> tree(layout.chunks());
  workers.run(layout.chunks(), [&](int chunk, int worker) {
    Total total = zero;
    const std::int64_t end = layout.chunk_end(chunk);
    for (std::int64_t first = layout.chunk_begin(chunk); first < end;) {
      const std::int64_t next = layout.block_end(first, end);
      visit(total, data.block(first, next - first, buffers[static_cast<std::size_t>(worker)]), worker);
      first = next;
    }
    tree.add(chunk, std::move(total));
  });
  return std::move(tree).result();
}

/// Calls visit(block) for the blocks in order, on this thread, until it returns false: for looks at the data that may
/// end early, and so are no sum.
template <class Visit>
void visit_blocks(const Data& data, Visit visit) {
  const ChunkLayout layout = chunk_layout(data.rows(), data.columns(), data.sequences());
  BlockBuffer buffer;
  for (std::int64_t first = 0; first < data.rows();) {
    const std::int64_t next = layout.block_end(first, data.rows());
    if (!visit(data.block(first, next - first, buffer))) return;
    first = next;
  }
}

}  // namespace jensen
