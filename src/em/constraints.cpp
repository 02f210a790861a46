#include <jensen/em/constraints.h>
#include <jensen/error.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace jensen {

namespace {

constexpr const char* function = "constraints";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

double number(std::string_view untidy, std::string_view whole) {
  const std::string_view text = trimmed(untidy);
  double value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || stop != text.data() + text.size() || std::isnan(value)) {
    throw ArgumentError(function, whole, fmt::format("'{}' is no number", text));
  }
  return value;
}

std::string name_in(std::string_view text, std::string_view whole) {
  const std::string_view name = trimmed(text);
  if (name.empty()) throw ArgumentError(function, whole, "holds an empty name");
  return std::string(name);
}

// At the separators outside brackets.
std::vector<std::string> split(std::string_view text, std::string_view separators) {
  std::vector<std::string> names;
  int depth = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    depth += text[i] == '[' ? 1 : (text[i] == ']' ? -1 : 0);
    if (depth != 0 || separators.find(text[i]) == std::string_view::npos) continue;
    names.push_back(name_in(text.substr(begin, i - begin), text));
    begin = i + 1;
  }
  names.push_back(name_in(text.substr(begin), text));
  return names;
}

}  // namespace

Constraints& Constraints::fix(std::string name, std::optional<double> value) {
  if (value && !std::isfinite(*value)) throw ArgumentError(function, name, fmt::format("fixed at {}", *value));
  fixed_.push_back({std::move(name), value});
  return *this;
}

Constraints& Constraints::tie(std::vector<std::string> names) {
  if (names.empty()) throw ArgumentError(function, "tie", "names no parameter");
  tied_.push_back(std::move(names));
  return *this;
}

Constraints& Constraints::bound(std::string name, double lower, double upper) {
  if (!(lower <= upper)) throw ArgumentError(function, name, fmt::format("no number lies in {} … {}", lower, upper));
  bounded_.push_back({std::move(name), lower, upper});
  return *this;
}

Constraints& Constraints::order(std::vector<std::string> names) {
  if (names.empty()) throw ArgumentError(function, "order", "names no parameter");
  ordered_.push_back(std::move(names));
  return *this;
}

Constraints& Constraints::read_fix(std::string_view text) {
  const auto equals = text.rfind('=');
  if (equals == std::string_view::npos) return fix(name_in(text, text));
  return fix(name_in(text.substr(0, equals), text), number(text.substr(equals + 1), text));
}

Constraints& Constraints::read_tie(std::string_view text) { return tie(split(text, ",")); }
Constraints& Constraints::read_order(std::string_view text) { return order(split(text, ",<")); }

Constraints& Constraints::read_bound(std::string_view text) {
  const auto equals = text.rfind('=');
  const auto dots = equals == std::string_view::npos ? equals : text.find("..", equals);
  if (dots == std::string_view::npos) throw ArgumentError(function, text, "is not of the form NAME=LOWER..UPPER");
  const auto low = trimmed(text.substr(equals + 1, dots - equals - 1));
  const auto high = trimmed(text.substr(dots + 2));
  if (low.empty() && high.empty()) throw ArgumentError(function, text, "gives neither a lower nor an upper bound");
  constexpr double infinity = std::numeric_limits<double>::infinity();
  return bound(name_in(text.substr(0, equals), text), low.empty() ? -infinity : number(low, text),
               high.empty() ? infinity : number(high, text));
}

std::vector<std::string> texts(const std::vector<Constraints::Fixed>& fixed) {
  std::vector<std::string> result;
  for (const auto& [name, value] : fixed) result.push_back(value ? fmt::format("{}={}", name, *value) : name);
  return result;
}

std::vector<std::string> texts(const std::vector<Constraints::Bounded>& bounded) {
  const auto end = [](double limit) { return std::isfinite(limit) ? fmt::format("{}", limit) : std::string(); };
  std::vector<std::string> result;
  for (const auto& [name, lower, upper] : bounded) {
    result.push_back(fmt::format("{}={}..{}", name, end(lower), end(upper)));
  }
  return result;
}

std::vector<std::string> texts(const std::vector<std::vector<std::string>>& lists, std::string_view separator) {
  std::vector<std::string> result;
  for (const auto& list : lists) result.push_back(fmt::format("{}", fmt::join(list, separator)));
  return result;
}

std::string to_string(const Constraints& constraints) {
  std::vector<std::string> all;
  const auto add = [&](const char* verb, const std::vector<std::string>& lines) {
    if (!lines.empty()) all.push_back(fmt::format("{} {}", verb, fmt::join(lines, ", ")));
  };
  add("fixed", texts(constraints.fixed()));
  add("tied", texts(constraints.tied(), " = "));
  add("bounded", texts(constraints.bounded()));
  add("ordered", texts(constraints.ordered(), " < "));
  return fmt::format("{}", fmt::join(all, "; "));
}

}  // namespace jensen
