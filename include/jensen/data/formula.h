// Regressions as R writes them: "y ~ a + b", and as flexmix does: "y ~ a + b | group".
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace jensen {

struct Formula {
  std::string response;  ///< empty where the text has no ~
  std::string trials;    ///< of "hits / trials ~ …": the column of what the response is a count of; empty: none
  /// Columns, each with its own coefficient; "log(a)", "lag(a)", "lag(a,2)" and "factor(a)" as below.
  std::vector<std::string> terms;
  bool intercept = true;
  std::string offset;  ///< a column, or its logarithm, whose coefficient is 1; empty: none
  std::string group;   ///< column that says which rows share their component; empty: none
};

/// The column of "log(column)"; empty where the name is of another form.
std::string logarithm_of(std::string_view name);
/// The column of "factor(column)"; empty where the name is of another form.
std::string factor_of(std::string_view name);

/// A column of words among the terms. Each level but the reference has an indicator: a column that is 1 where the cell
/// is that level, 0 where it is another.
struct Factor {
  std::string column;
  std::vector<std::string> levels;  ///< in their order; the first is the reference

  /// "column[level]"
  std::string indicator(std::size_t level) const { return column + "[" + levels[level] + "]"; }
};

/// The terms with indicators in place of "column" and "factor(column)" of the factors: of all levels but the first
/// (treatment coding), of all levels for the first factor of a formula without an intercept, whose columns would
/// otherwise leave the reference no mean of its own.
std::vector<std::string> coded_terms(const std::vector<std::string>& terms, const std::vector<Factor>& factors,
                                     bool intercept);

/// The column of "lag(column)" and "lag(column,steps)"; steps 0 where the name is of another form.
struct LaggedColumn {
  std::string column;
  int steps = 0;
};
LaggedColumn lag_of(std::string_view name);
/// What "log(column)" or "lag(column,steps)" is computed from; empty where the name is of another form.
std::string computed_from(std::string_view name);

/// Reads terms joined by +: a column, 1 (the intercept, there anyway), 0 or − 1 (no intercept), offset(column), and
/// log(column), lag(column), lag(column, steps) or factor(column) in place of a column; after them | and the column of
/// groups. Names with spaces or any of ~ + - ( ) : * ^ go in double quotes. Throws ArgumentError that quotes what it
/// cannot understand; interactions, powers and other functions of columns are refused by name: make columns of them.
Formula parse_formula(std::string_view text);

}  // namespace jensen
