// Reading: bytes of text, and of NPY files, a second.
#include <jensen/data/csv.h>
#include <jensen/data/npy.h>
#include <jensen/math/random.h>

#include <benchmark/benchmark.h>

#include <array>
#include <charconv>
#include <filesystem>
#include <string>
#include <vector>

namespace jensen::benchmarks {
namespace {

// Normal numbers with so many significant digits; 0 means as many as it takes to read the same double back.
std::string csv_text(std::int64_t rows, int columns, int digits) {
  Stream stream(1, Purpose::test);
  std::string text;
  for (int j = 0; j < columns; ++j) text.append(j > 0 ? ",x" : "x").append(std::to_string(j + 1));
  std::array<char, 64> number{};
  char* const end = number.data() + number.size();
  for (std::int64_t i = 0; i < rows; ++i) {
    for (int j = 0; j < columns; ++j) {
      const double value = stream.normal();
      const auto written = digits == 0 ? std::to_chars(number.data(), end, value)
                                       : std::to_chars(number.data(), end, value, std::chars_format::general, digits);
      text += j == 0 ? '\n' : ',';
      text.append(number.data(), written.ptr);
    }
  }
  return text += '\n';
}

void csv(benchmark::State& state) {
  const std::string text = csv_text(400000, 16, static_cast<int>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(read_csv_text(text, "text").table.rows());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(csv)->ArgName("digits")->Arg(6)->Arg(0)->Unit(benchmark::kMillisecond);

// Opening includes the look at every cell.
void npy(benchmark::State& state) {
  const std::string path = std::filesystem::temp_directory_path() / "jensen_benchmark.npy";
  constexpr std::int64_t rows = 1000000;
  constexpr int columns = 16;
  const std::vector<double> values(static_cast<std::size_t>(rows * columns), 1.5);
  write_npy(path, {values.data(), rows, columns, rows});
  for (auto _ : state) benchmark::DoNotOptimize(read_npy(path).rows());
  std::filesystem::remove(path);
  state.SetBytesProcessed(state.iterations() * rows * columns * static_cast<std::int64_t>(sizeof(double)));
}
BENCHMARK(npy)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace jensen::benchmarks
