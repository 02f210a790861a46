// Numbers and texts in the order in which they were written, to the bit: what a checkpoint is made of.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace jensen {

/// Writes values one after the other. Doubles keep every bit.
class StateWriter {
 public:
  void put(std::int64_t value);
  void put(int value) { put(static_cast<std::int64_t>(value)); }
  void put(bool value) { put(static_cast<std::int64_t>(value)); }
  void put(double value);
  void put(std::string_view text);
  void put(const char* text) { put(std::string_view(text)); }
  void put(std::span<const double> values);
  void put(const std::vector<double>& values) { put(std::span<const double>(values)); }

  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

/// Reads them back in the same order. Throws DataError where the bytes end before they should.
class StateReader {
 public:
  explicit StateReader(std::string_view bytes) : bytes_(bytes) {}

  std::int64_t integer();
  int number() { return static_cast<int>(integer()); }
  bool flag() { return integer() != 0; }
  double real();
  std::string text();
  std::vector<double> reals();
  bool at_end() const { return bytes_.empty(); }

 private:
  std::string_view take(std::size_t count);
  std::size_t length(std::size_t item);

  std::string_view bytes_;
};

}  // namespace jensen
