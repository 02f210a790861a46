#include <jensen/data/csv_records.h>
#include <jensen/error.h>

#include <fmt/format.h>

#include <charconv>

#include "arguments.h"

std::vector<std::string> split_list(const std::string& text, const char* option) {
  jensen::CsvRecords records(text, option, ',');
  std::vector<std::string> list;
  std::string scratch;
  if (!records.next()) return {""};
  for (const auto& field : records.fields()) list.emplace_back(field.text(scratch));
  if (records.next()) throw jensen::Error(fmt::format("{}: a list must be on one line", option));
  return list;
}

namespace {

int number(std::string_view text, const char* option) {
  int value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || stop != text.data() + text.size()) {
    throw jensen::Error(fmt::format("{}: '{}' is not a number; write 3, 1..6 or 2,4,6", option, text));
  }
  return value;
}

}  // namespace

std::vector<int> split_numbers(const std::string& text, const char* option) {
  constexpr int most = 10000;
  std::vector<int> numbers;
  for (const std::string& part : split_list(text, option)) {
    const auto dots = part.find("..");
    const int first = number(std::string_view(part).substr(0, dots), option);
    const int last = dots == std::string::npos ? first : number(std::string_view(part).substr(dots + 2), option);
    if (first < 1) throw jensen::Error(fmt::format("{}: must be ≥ 1, got {}", option, first));
    if (last < first) throw jensen::Error(fmt::format("{}: the range {} is empty", option, part));
    if (last - first >= most) throw jensen::Error(fmt::format("{}: the range {} is too long", option, part));
    for (int value = first; value <= last; ++value) numbers.push_back(value);
  }
  return numbers;
}
