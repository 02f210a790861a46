#include <jensen/data/formula.h>
#include <jensen/error.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "data/text.h"

namespace jensen {

namespace {

[[noreturn]] void refuse(const std::string& problem) { throw ArgumentError("formula", "terms", problem); }

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::string column(std::string_view text) {
  text = trim(text);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
    return std::string(text.substr(1, text.size() - 2));
  if (text.empty()) refuse("a term is empty");
  const auto at = text.find_first_of("~:*^/%|()\" ");
  if (at == std::string_view::npos) return std::string(text);
  refuse(excerpt(text) +
         " is no column: interactions, powers and functions but log(column), lag(column) and factor(column) are not "
         "computed here; make columns of them");
}

// What stands in the brackets of "function(…)".
std::optional<std::string_view> argument_of(std::string_view text, std::string_view function) {
  if (!text.starts_with(function) || !text.ends_with(")")) return std::nullopt;
  text.remove_prefix(function.size());
  if (!text.starts_with("(")) return std::nullopt;
  return text.substr(1, text.size() - 2);
}

// "a" or "a, 2", the inside of lag().
std::string lagged(std::string_view text) {
  const auto comma = text.rfind(',');
  const bool inside_quotes = comma < text.size() && text.find('"', comma) != std::string_view::npos;
  if (comma == std::string_view::npos || inside_quotes) return "lag(" + column(text) + ")";
  const std::string_view count = trim(text.substr(comma + 1));
  int steps = 0;
  const auto [stop, error] = std::from_chars(count.data(), count.data() + count.size(), steps);
  if (error != std::errc{} || stop != count.data() + count.size() || steps < 1) {
    refuse(excerpt(text) + ": lag is a number of rows, at least 1");
  }
  const std::string name = column(text.substr(0, comma));
  return steps == 1 ? "lag(" + name + ")" : "lag(" + name + "," + std::to_string(steps) + ")";
}

// A column, its logarithm, or what it was before.
std::string variable(std::string_view text) {
  text = trim(text);
  if (const auto argument = argument_of(text, "lag")) return lagged(*argument);
  if (const auto argument = argument_of(text, "log")) return "log(" + column(*argument) + ")";
  return column(text);
}

std::string term(std::string_view text) {
  text = trim(text);
  if (const auto argument = argument_of(text, "factor")) return "factor(" + column(*argument) + ")";
  return variable(text);
}

// Pieces between + and −, with the sign before each; quotes and brackets keep theirs together.
struct Piece {
  bool minus;
  std::string_view text;
};
std::vector<Piece> pieces(std::string_view text) {
  std::vector<Piece> result;
  std::size_t begin = 0;
  bool minus = false;
  bool quoted = false;
  int depth = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const char c = i < text.size() ? text[i] : '+';
    if (c == '"') quoted = !quoted;
    if (quoted && i < text.size()) continue;
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if ((c != '+' && c != '-') || (depth > 0 && i < text.size())) continue;
    const std::string_view piece = trim(text.substr(begin, i - begin));
    const bool leading_sign = piece.empty() && result.empty() && i < text.size() && c == '-';
    if (!leading_sign) result.push_back({minus, piece});
    minus = c == '-';
    begin = i + 1;
  }
  return result;
}

// Where c stands outside of quotes; npos where it does not.
std::size_t position_of(char c, std::string_view text) {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (text[i] == c && !quoted) return i;
  }
  return std::string_view::npos;
}

}  // namespace

std::string logarithm_of(std::string_view name) { return std::string(argument_of(name, "log").value_or("")); }
std::string factor_of(std::string_view name) { return std::string(argument_of(name, "factor").value_or("")); }

std::vector<std::string> coded_terms(const std::vector<std::string>& terms, const std::vector<Factor>& factors,
                                     bool intercept) {
  std::vector<std::string> coded;
  bool reference_too = !intercept;
  for (const std::string& name : terms) {
    const std::string marked = factor_of(name);
    const auto found = std::find_if(factors.begin(), factors.end(),
                                    [&](const Factor& f) { return f.column == (marked.empty() ? name : marked); });
    if (found == factors.end()) {
      coded.push_back(name);
      continue;
    }
    for (std::size_t l = reference_too ? 0 : 1; l < found->levels.size(); ++l) coded.push_back(found->indicator(l));
    reference_too = false;
  }
  return coded;
}

LaggedColumn lag_of(std::string_view name) {
  if (!name.starts_with("lag(") || !name.ends_with(")") || name.size() < 6) return {};
  const std::string_view inside = name.substr(4, name.size() - 5);
  const auto comma = inside.rfind(',');
  if (comma == std::string_view::npos) return {std::string(inside), 1};
  LaggedColumn lag{std::string(inside.substr(0, comma)), 0};
  const char* end = inside.data() + inside.size();
  const auto [stop, error] = std::from_chars(inside.data() + comma + 1, end, lag.steps);
  if (error == std::errc{} && stop == end && lag.steps >= 1 && !lag.column.empty()) return lag;
  return {std::string(inside), 1};  // a name with a comma
}

std::string computed_from(std::string_view name) {
  const std::string logarithm = logarithm_of(name);
  return logarithm.empty() ? lag_of(name).column : logarithm;
}

Formula parse_formula(std::string_view text) {
  Formula formula;
  if (const auto tilde = position_of('~', text); tilde != std::string_view::npos) {
    const std::string_view response = text.substr(0, tilde);
    const auto slash = std::min(position_of('/', response), response.size());
    formula.response = column(response.substr(0, slash));
    if (slash < response.size()) formula.trials = column(response.substr(slash + 1));
    text = text.substr(tilde + 1);
  }
  if (const auto bar = position_of('|', text); bar != std::string_view::npos) {
    formula.group = column(text.substr(bar + 1));
    text = text.substr(0, bar);
  }
  for (const auto& [minus, piece] : pieces(text)) {
    if (piece == "1" || piece == "0") {
      formula.intercept = (piece == "1") != minus;
      continue;
    }
    if (minus) refuse("only 1 can be taken away, not " + excerpt(piece));
    if (piece.starts_with("offset(") && piece.ends_with(")")) {
      if (!formula.offset.empty()) refuse("there are two offsets");
      formula.offset = variable(piece.substr(7, piece.size() - 8));
      continue;
    }
    formula.terms.push_back(term(piece));
    if (std::count(formula.terms.begin(), formula.terms.end(), formula.terms.back()) > 1) {
      refuse(excerpt(formula.terms.back()) + " comes twice");
    }
  }
  return formula;
}

}  // namespace jensen
