// One source for all instruction sets, as src/math/kernels.cpp.
#include "machine_limits.h"

#include <time.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "data/instruction_sets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "machine_limits.cpp"
// foreach_target.h must come before highway.h
// clang-format off
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include <hwy/contrib/math/math-inl.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace jensen::benchmarks::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Lane = hn::ScalableTag<double>;
using Vector = hn::Vec<Lane>;
constexpr std::size_t lanes = HWY_LANES(double);

// A block of 1 + 16 + 16 · 17 / 2 features of 480 rows, which tiles of 3 × 8 and of 2 × 4 rows divide, and 16
// components.
constexpr std::size_t block_rows = 480, inner = 153, columns = 16;
constexpr std::size_t tile_vectors = lanes == 8 ? 3 : 2;
constexpr std::size_t tile_columns = lanes == 8 ? 8 : 4;
constexpr std::size_t tile_rows = tile_vectors * lanes;

// c = a b with a in tiles of tile_rows rows, each inner × tile_rows, and b in groups of tile_columns columns.
void multiply(const double* a, const double* b, double* c) {
  const Lane d;
  for (std::size_t first = 0; first < block_rows; first += tile_rows) {
    for (std::size_t column = 0; column < columns; column += tile_columns) {
      Vector sums[tile_columns][tile_vectors];
      for (auto& row : sums) {
        for (auto& s : row) s = hn::Zero(d);
      }
      const double* left = a + first * inner;
      const double* right = b + column * inner;
      for (std::size_t k = 0; k < inner; ++k, left += tile_rows, right += tile_columns) {
        Vector rows[tile_vectors];
        for (std::size_t v = 0; v < tile_vectors; ++v) rows[v] = hn::Load(d, left + v * lanes);
        for (std::size_t j = 0; j < tile_columns; ++j) {
          const Vector factor = hn::Set(d, right[j]);
          for (std::size_t v = 0; v < tile_vectors; ++v) sums[j][v] = hn::MulAdd(factor, rows[v], sums[j][v]);
        }
      }
      for (std::size_t j = 0; j < tile_columns; ++j) {
        for (std::size_t v = 0; v < tile_vectors; ++v) {
          hn::StoreU(sums[j][v], d, c + (column + j) * block_rows + first + v * lanes);
        }
      }
    }
  }
}

void exponentials(const double* x, double* y, std::size_t count) {
  const Lane d;
  for (std::size_t i = 0; i < count; i += 2 * lanes) {  // two at a time hide each other's latency
    const Vector first = hn::Exp(d, hn::Load(d, x + i));
    const Vector second = hn::Exp(d, hn::Load(d, x + i + lanes));
    hn::Store(first, d, y + i);
    hn::Store(second, d, y + i + lanes);
  }
}

}  // namespace jensen::benchmarks::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace jensen::benchmarks {
namespace {

HWY_EXPORT(multiply);
HWY_EXPORT(exponentials);

constexpr std::size_t rows_of_block = 480, features = 153, components = 16, numbers = 2048;

struct alignas(64) Cache {
  std::array<double, rows_of_block * features> left;
  std::array<double, features * components> right;
  std::array<double, rows_of_block * components> product;
  std::array<double, numbers> arguments, results;
};

// Of this thread: what other programs take does not count.
double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// How often `once` runs in a second, at best.
template <class Once>
double rate(Once once) {
  double best = 0;
  for (int attempt = 0; attempt < 15; ++attempt) {
    const double begun = processor_seconds();
    int runs = 0;
    double seconds = 0;
    do {
      once();
      ++runs;
      seconds = processor_seconds() - begun;
    } while (seconds < 0.01);
    best = std::max(best, runs / seconds);
  }
  return best;
}

MachineLimits measure_here() {
  const auto memory = std::make_unique<Cache>();
  memory->left.fill(1.5);
  memory->right.fill(0.5);
  for (std::size_t i = 0; i < numbers; ++i) memory->arguments[i] = -30.0 * static_cast<double>(i) / numbers;
  const double products = rate([&] {
    HWY_DYNAMIC_DISPATCH(multiply)
    (memory->left.data(), memory->right.data(), memory->product.data());
  });
  const double runs = rate([&] {
    HWY_DYNAMIC_DISPATCH(exponentials)
    (memory->arguments.data(), memory->results.data(), numbers);
  });
  return {products * 2.0 * rows_of_block * features * components, runs * numbers};
}

}  // namespace

MachineLimits measure_machine_limits(int threads) {
  std::vector<MachineLimits> limits(static_cast<std::size_t>(threads));
  std::vector<std::thread> others;
  for (auto& limit : limits) others.emplace_back([&limit] { limit = measure_here(); });
  for (auto& thread : others) thread.join();
  MachineLimits total;
  for (const auto& limit : limits) total.product_flops += limit.product_flops, total.exps += limit.exps;
  return total;
}

const MachineLimits& machine_limits(int threads) {
  static std::map<int, MachineLimits> known;
  const auto found = known.find(threads);
  return found != known.end() ? found->second : known.emplace(threads, measure_machine_limits(threads)).first->second;
}

Work work_of_an_iteration(std::int64_t rows, int columns_of_data, int states, Covariance structure) {
  const double n = static_cast<double>(rows);
  const double d = columns_of_data;
  const bool matrices = structure == Covariance::full || structure == Covariance::tied;
  const double size = 1 + d + (matrices ? d * (d + 1) / 2 : d);
  return {4 * n * size * states, n * states};
}

}  // namespace jensen::benchmarks
#endif
