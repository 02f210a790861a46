#include <jensen/em/constraints.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace jensen {

namespace {

constexpr const char* function = "constraints";

double number(std::string_view text, std::string_view whole) {
  double value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || stop != text.data() + text.size() || std::isnan(value)) {
    throw ArgumentError(function, whole, fmt::format("'{}' is no number", text));
  }
  return value;
}

// At commas outside brackets.
std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> names(1);
  int depth = 0;
  for (char c : text) {
    depth += c == '[' ? 1 : (c == ']' ? -1 : 0);
    if (c == ',' && depth == 0) {
      names.emplace_back();
    } else {
      names.back() += c;
    }
  }
  for (const auto& name : names) {
    if (name.empty()) throw ArgumentError(function, text, "holds an empty name");
  }
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
  if (equals == std::string_view::npos) return fix(std::string(text));
  return fix(std::string(text.substr(0, equals)), number(text.substr(equals + 1), text));
}

Constraints& Constraints::read_tie(std::string_view text) { return tie(split(text)); }
Constraints& Constraints::read_order(std::string_view text) { return order(split(text)); }

Constraints& Constraints::read_bound(std::string_view text) {
  const auto equals = text.rfind('=');
  const auto dots = equals == std::string_view::npos ? equals : text.find("..", equals);
  if (dots == std::string_view::npos) throw ArgumentError(function, text, "is not of the form NAME=LOWER..UPPER");
  const auto low = text.substr(equals + 1, dots - equals - 1);
  const auto high = text.substr(dots + 2);
  if (low.empty() && high.empty()) throw ArgumentError(function, text, "gives neither a lower nor an upper bound");
  constexpr double infinity = std::numeric_limits<double>::infinity();
  return bound(std::string(text.substr(0, equals)), low.empty() ? -infinity : number(low, text),
               high.empty() ? infinity : number(high, text));
}

}  // namespace jensen
