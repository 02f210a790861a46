// Regressions as R writes them: "y ~ a + b".
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace jensen {

struct Formula {
  std::string response;            ///< empty where the text has no ~
  std::vector<std::string> terms;  ///< columns, each with its own coefficient
  bool intercept = true;
  std::string offset;  ///< a column whose coefficient is 1; empty: none
};

/// Reads terms joined by +: a column, 1 (the intercept, there anyway), 0 or − 1 (no intercept), offset(column). Names
/// with spaces or any of ~ + - ( ) : * ^ go in double quotes. Throws ArgumentError that quotes what it cannot
/// understand; interactions, powers and functions of columns are refused by name: make columns of them.
Formula parse_formula(std::string_view text);

}  // namespace jensen
