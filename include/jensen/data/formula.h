// Regressions as R writes them: "y ~ a + b", and as flexmix does: "y ~ a + b | group".
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace jensen {

struct Formula {
  std::string response;            ///< empty where the text has no ~
  std::vector<std::string> terms;  ///< columns, each with its own coefficient; "log(a)", "lag(a)", "lag(a,2)" as below
  bool intercept = true;
  std::string offset;  ///< a column, or its logarithm, whose coefficient is 1; empty: none
  std::string group;   ///< column that says which rows share their component; empty: none
};

/// The column of "log(column)"; empty where the name is of another form.
std::string logarithm_of(std::string_view name);

/// The column of "lag(column)" and "lag(column,steps)"; steps 0 where the name is of another form.
struct LaggedColumn {
  std::string column;
  int steps = 0;
};
LaggedColumn lag_of(std::string_view name);
/// What "log(column)" or "lag(column,steps)" is computed from; empty where the name is of another form.
std::string computed_from(std::string_view name);

/// Reads terms joined by +: a column, 1 (the intercept, there anyway), 0 or − 1 (no intercept), offset(column), and
/// log(column), lag(column) or lag(column, steps) in place of a column; after them | and the column of groups. Names with
/// spaces or any of ~ + - ( ) : * ^ go in double quotes. Throws ArgumentError that quotes what it cannot understand;
/// interactions, powers and other functions of columns are refused by name: make columns of them.
Formula parse_formula(std::string_view text);

}  // namespace jensen
