#include <jensen/em/state.h>
#include <jensen/error.h>

#include <cstring>

namespace jensen {

void StateWriter::put(std::int64_t value) {
  char raw[sizeof value];
  std::memcpy(raw, &value, sizeof value);
  bytes_.append(raw, sizeof raw);
}

void StateWriter::put(double value) {
  char raw[sizeof value];
  std::memcpy(raw, &value, sizeof value);
  bytes_.append(raw, sizeof raw);
}

void StateWriter::put(std::string_view text) {
  put(static_cast<std::int64_t>(text.size()));
  bytes_.append(text);
}

void StateWriter::put(std::span<const double> values) {
  put(static_cast<std::int64_t>(values.size()));
  for (double value : values) put(value);
}

std::string_view StateReader::take(std::size_t count) {
  if (count > bytes_.size()) throw DataError("the checkpoint ends too early");
  const auto taken = bytes_.substr(0, count);
  bytes_.remove_prefix(count);
  return taken;
}

std::int64_t StateReader::integer() {
  std::int64_t value = 0;
  std::memcpy(&value, take(sizeof value).data(), sizeof value);
  return value;
}

double StateReader::real() {
  double value = 0;
  std::memcpy(&value, take(sizeof value).data(), sizeof value);
  return value;
}

std::size_t StateReader::length(std::size_t item) {
  const std::int64_t count = integer();
  if (count < 0 || static_cast<std::uint64_t>(count) > bytes_.size() / item) {
    throw DataError("the checkpoint ends too early");
  }
  return static_cast<std::size_t>(count);
}

std::string StateReader::text() { return std::string(take(length(1))); }

std::vector<double> StateReader::reals() {
  std::vector<double> values(length(sizeof(double)));
  for (double& value : values) value = real();
  return values;
}

}  // namespace jensen
