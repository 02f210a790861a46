// Checks of values that several options share.
#include <charconv>
#include <utility>

#include "arguments/options.h"

CLI::IsMember one_of(std::vector<std::string> names) {
  CLI::IsMember member(std::move(names));
  member.description("");
  return member;
}

std::string refuse_unless_whole(const std::string& text) {
  std::uint64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc{} && stop == text.data() + text.size()) return {};
  return text + " is no whole number from 0 to 18446744073709551615";
}
