// What the columns of a table are, as a person says it: "age:gaussian, sex:categorical, visits:poisson(exposure=days)".
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace jensen {

/// One column, or several that are modelled together, and the kind of distribution. Which kinds and options there are
/// is not known here: see emissions/schema_emissions.h.
struct SchemaPart {
  std::vector<std::string> columns;
  std::string kind;
  /// In the order given; a word alone, as in gaussian(diagonal), has an empty value.
  std::vector<std::pair<std::string, std::string>> options;
  /// Names of the levels 0, 1, … of each column, where cells are words; empty until the data are read, or where cells
  /// are the numbers themselves.
  std::vector<std::vector<std::string>> levels;

  /// The option's value; nullptr where it is not given.
  const std::string* option(std::string_view name) const;
};
using Schema = std::vector<SchemaPart>;

/// Reads a list of items, separated by commas:
///
///     age:gaussian                        a column and its kind
///     (height, weight):gaussian           columns that are modelled jointly
///     height + weight:gaussian(diagonal)  the same, with options
///     visits:poisson(exposure=days)       an option with a value
///     [earliest, latest]:weibull          a cell between two: earliest:weibull(upper=latest)
///     age, income                         without any kind: jointly `default_kind`
///
/// Names that hold any of , : ( ) [ ] + = " or outer spaces go in double quotes, doubled inside. Throws ArgumentError
/// that quotes the text where it cannot be understood: an empty name, a kind that only some items have, brackets that
/// do not close, a column that comes twice.
Schema parse_schema(std::string_view text, std::string_view default_kind = "gaussian");

/// Text that parse_schema reads as the same schema (levels aside).
std::string to_string(const Schema& schema);

}  // namespace jensen
